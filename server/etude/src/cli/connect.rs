//! Which server a verb talks to: a running one, or one of its own.

use std::path::PathBuf;

use etude::Client;
use etude_server::Server;
use etude_server::config::{Config, Sources};
use prost_reflect::ReflectMessage;
use serde_json::Value;

use super::output::{self, Format, FormatArgs};
use super::problem::Problem;

/// The environment variable that names the server.
pub(crate) const SERVER_VARIABLE: &str = "ETUDE_SERVER";

/// The environment variable that names the authorities of the server's certificate.
pub(crate) const CA_VARIABLE: &str = "ETUDE_CA_FILE";

/// The environment variable that names the session of `etude exec`.
pub(crate) const SESSION_VARIABLE: &str = "ETUDE_SESSION";

/// The option that names a running server.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// Address of the server
    #[arg(
        long,
        value_name = "URL",
        env = SERVER_VARIABLE,
        default_value = "http://127.0.0.1:50051"
    )]
    server: String,

    #[command(flatten)]
    trust: TrustArgs,
}

impl ServerArgs {
    /// Connects to it.
    pub(crate) async fn connect(&self) -> Result<Client, Problem> {
        self.trust.connect(&self.server).await
    }
}

/// Whom a connection over TLS trusts.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TrustArgs {
    /// Authorities, as certificates in PEM, that an https server's certificate must come from
    /// [default: those that this machine or Mozilla trusts]
    #[arg(long, value_name = "FILE", env = CA_VARIABLE)]
    ca_file: Option<PathBuf>,
}

impl TrustArgs {
    /// Connects to a running server.
    pub(crate) async fn connect(&self, url: &str) -> Result<Client, Problem> {
        let mut builder = Client::builder(url);
        if let Some(file) = &self.ca_file {
            let pem = std::fs::read_to_string(file).map_err(|error| {
                let file = file.display();
                Problem::bad_input(format!(
                    "the certificates of --ca-file {file} cannot be read: {error}"
                ))
            })?;
            builder = builder.ca_certificate(pem);
        }
        builder.connect().await.map_err(explain_trust)
    }
}

/// Adds what to do when the server's certificate comes from an authority that is not trusted.
fn explain_trust(error: etude::Error) -> Problem {
    // The second: an authority of the same name, and another key, is trusted.
    let untrusted = ["UnknownIssuer", "BadSignature"];
    let untrusted = untrusted.iter().any(|why| error.message().contains(why));
    let problem = Problem::from(error);
    match untrusted {
        true => problem.with_detail(
            "the certificate comes from an authority that is not trusted; name the \
             authority's own certificate with --ca-file FILE",
        ),
        false => problem,
    }
}

/// Which server, and the form of what it answers.
#[derive(Debug, clap::Args)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    format: FormatArgs,
}

impl QueryArgs {
    /// Connects to the server.
    pub(crate) async fn connect(&self) -> Result<Client, Problem> {
        self.server.connect().await
    }

    /// The form that was asked for.
    pub(crate) fn form(&self) -> Format {
        self.format.output
    }

    /// Prints one message; for people as YAML.
    pub(crate) fn print_one<M: ReflectMessage>(&self, message: &M) -> Result<(), Problem> {
        let form = match self.form() {
            Format::Human => Format::Yaml,
            other => other,
        };
        output::print_message(message, form)
    }

    /// Prints messages; for people as a table of one row each.
    pub(crate) fn print_all<M: ReflectMessage>(
        &self,
        messages: &[M],
        head: &[&str],
        row: impl Fn(&M) -> Vec<String>,
    ) -> Result<(), Problem> {
        if self.form() == Format::Human {
            let rows: Vec<_> = messages.iter().map(row).collect();
            return output::print(&output::table(head, &rows));
        }
        let all = messages.iter().map(etude::json::to_value).collect();
        output::print_value(&Value::Array(all), self.form())
    }
}

/// The resource name in a collection such as `runs`, whose name may be left out.
pub(crate) fn full_name(collection: &str, name: &str) -> String {
    match name.strip_prefix(collection) {
        Some(rest) if rest.starts_with('/') => name.to_owned(),
        _ => format!("{collection}/{name}"),
    }
}

/// Options for the browsers of a server that runs inside the verb.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct EmbeddedArgs {
    /// Configuration file of the embedded server
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Keep runs and artifacts of the embedded server in this folder [default: a temporary one]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Start Chromium without its sandbox, which it needs as root
    #[arg(long)]
    pub(crate) browser_no_sandbox: bool,

    /// Drive the browsers of this WebDriver endpoint, such as a Selenium Grid
    #[arg(long, value_name = "URL")]
    pub(crate) webdriver_url: Option<String>,
}

impl EmbeddedArgs {
    /// The configuration: of the file and the environment, on a free loopback port, quiet, and
    /// without data that stay unless a folder is named.
    pub(crate) fn load(&self, parallel: usize, headed: bool) -> Result<Config, Problem> {
        let mut sources = sources(self.config.clone())
            .flag("server.listen", "127.0.0.1:0")
            .flag("runs.max_parallel", parallel)
            .flag("browser.warm", parallel.min(2));
        if std::env::var_os("ETUDE_LOG__LEVEL").is_none() && std::env::var_os("LOG_LEVEL").is_none()
        {
            sources = sources.flag("log.level", "error");
        }
        if self.browser_no_sandbox {
            sources = sources.flag("browser.no_sandbox", true);
        }
        if headed {
            sources = sources.flag("browser.headless", false);
        }
        if let Some(url) = &self.webdriver_url {
            sources = sources.flag("browser.webdriver_url", url);
        }
        if let Some(folder) = &self.data_dir {
            sources = sources.flag("data_dir", folder.display());
        }
        let mut config = Config::load(&sources)?;
        config.temporary = self.data_dir.is_none();
        Ok(config)
    }

    /// Whether an option is given that only an embedded server understands.
    pub(crate) fn any(&self) -> bool {
        self.config.is_some()
            || self.data_dir.is_some()
            || self.browser_no_sandbox
            || self.webdriver_url.is_some()
    }
}

/// The sources of a server's configuration, without what is meant for clients.
pub(crate) fn sources(file: Option<PathBuf>) -> Sources {
    let mut sources = Sources::of_process(file);
    let of_clients = [SERVER_VARIABLE, CA_VARIABLE, SESSION_VARIABLE];
    sources
        .env
        .retain(|(name, _)| !of_clients.contains(&name.as_str()));
    sources
}

/// A server and the connection to it.
pub(crate) struct Host {
    pub(crate) client: Client,
    embedded: Option<Server>,
}

impl Host {
    /// A connection to a running server.
    pub(crate) async fn remote(url: &str, trust: &TrustArgs) -> Result<Self, Problem> {
        Ok(Self {
            client: trust.connect(url).await?,
            embedded: None,
        })
    }

    /// A server of our own, and a real connection to it.
    pub(crate) async fn embedded(config: Config) -> Result<Self, Problem> {
        etude_server::log::start(&config.log);
        let server = Server::start(config).await?;
        let client = Client::connect(format!("http://{}", server.local_addr())).await?;
        Ok(Self {
            client,
            embedded: Some(server),
        })
    }

    /// Address of the embedded server.
    pub(crate) fn address(&self) -> Option<std::net::SocketAddr> {
        self.embedded.as_ref().map(Server::local_addr)
    }

    /// Ends the embedded server with its browsers.
    pub(crate) async fn close(self) {
        drop(self.client);
        if let Some(server) = self.embedded {
            server.shutdown().await;
        }
    }
}
