//! `etude serve`: the gRPC server.

use std::net::SocketAddr;
use std::path::PathBuf;

use etude_server::Server;
use etude_server::config::{Config, Sources};

use super::connect::sources;
use super::interrupt::Interrupt;
use super::output::note;
use super::problem::{Exit, Problem};
use super::style::Style;

/// Serve web tests over gRPC
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address and port to listen on; port 0 takes any free one [default: 127.0.0.1:50051]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<SocketAddr>,

    /// Configuration file [default: $ETUDE_CONFIG, else ~/.config/etude/config.yaml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Folder for the database, artifacts and browser profiles
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,

    /// Start Chromium without its sandbox, which it needs as root
    #[arg(long)]
    browser_no_sandbox: bool,

    /// Show the browsers' windows
    #[arg(long)]
    headed: bool,

    /// Drive the browsers of this WebDriver endpoint, such as a Selenium Grid
    #[arg(long, value_name = "URL")]
    webdriver_url: Option<String>,

    /// Serve the local platform, compatible with Virtuoso's HTTP API, on this port of 127.0.0.1;
    /// port 0 takes any free one
    #[arg(long, value_name = "PORT")]
    platform_port: Option<u16>,

    /// Accept an address that other machines can reach, because a proxy or mesh in front checks
    /// who calls
    #[arg(long)]
    insecure_bind_behind_proxy: bool,

    /// Any option of docs/configuration.md, such as sessions.max=4
    #[arg(long = "set", value_name = "OPTION=VALUE", value_parser = option)]
    options: Vec<(String, String)>,
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    let config = Config::load(&with_flags(&args))?;
    etude_server::log::start(&config.log);
    let mut interrupt = Interrupt::listen()?;
    let server = Server::start(config).await?;
    greet(server.local_addr());
    if let Some(address) = server.platform_addr() {
        note(&format!(
            "the local platform is at http://{address}/api (docs/platform.md)"
        ));
    }
    tokio::select! {
        () = interrupt.wait() => note("shutting down; again to stop at once"),
        () = server.wait() => {
            server.shutdown().await;
            return Err(Problem::could_not_run("the server stopped accepting calls"));
        }
    }
    interrupt.unless_again(server.shutdown()).await;
    Ok(Exit::Passed)
}

fn with_flags(args: &Args) -> Sources {
    let mut sources = sources(args.config.clone());
    for (option, value) in &args.options {
        sources = sources.flag(option, value);
    }
    if let Some(address) = args.listen {
        sources = sources.flag("server.listen", address);
    }
    if let Some(port) = args.platform_port {
        sources = sources.flag("platform.port", port);
    }
    if let Some(folder) = &args.data_dir {
        sources = sources.flag("data_dir", folder.display());
    }
    if let Some(url) = &args.webdriver_url {
        sources = sources.flag("browser.webdriver_url", url);
    }
    let switches = [
        (args.browser_no_sandbox, "browser.no_sandbox", true),
        (args.headed, "browser.headless", false),
        (
            args.insecure_bind_behind_proxy,
            "server.allow_insecure_bind",
            true,
        ),
    ];
    for (given, name, value) in switches {
        if given {
            sources = sources.flag(name, value);
        }
    }
    sources
}

fn greet(address: SocketAddr) {
    let style = Style::of_stderr();
    let address = style.bold(&address.to_string());
    note(&format!(
        "etude serves at {address}\n\
         \x20 etude run --server http://{address} test.yaml\n\
         \x20 grpcurl -plaintext {address} list"
    ));
}

fn option(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write OPTION=VALUE, such as sessions.max=4".to_owned()),
    }
}
