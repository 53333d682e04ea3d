//! What the server is told: one schema for the file, the environment and the flags.
//!
//! The values come, each hiding those before it, from the defaults, the YAML file, the
//! environment and the flags. A name that the schema does not know is an error that suggests the
//! nearest one; all mistakes are reported at once.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

mod error;
mod load;
mod options;
mod platform;
mod span;

pub use error::{ConfigError, Problem};
pub use load::{FILE_VARIABLE, SECRET_PREFIX, Sources};
pub use options::{OPTIONS, OptionInfo, markdown, names};
pub use platform::{AccountConfig, PlatformConfig, is_platform_name};
pub(crate) use platform::{LOCAL, VIRTUOSO, either};

/// The whole configuration of a server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where and how it listens.
    pub server: ServerConfig,
    /// The folder for the database, artifacts and browser profiles.
    pub data_dir: Option<PathBuf>,
    /// Keep everything in a folder of its own that disappears with the server. Not an option of
    /// the file: only embedders set it.
    #[serde(skip)]
    pub temporary: bool,
    /// Which browser executes commands.
    pub browser: BrowserSection,
    /// Live sessions.
    pub sessions: SessionsConfig,
    /// Runs.
    pub runs: RunsConfig,
    /// Platforms that hold projects, goals, journeys and steps.
    pub platform: PlatformConfig,
    /// What is logged to stderr.
    pub log: LogConfig,
    /// Where secrets come from.
    pub secrets: SecretsConfig,
}

/// Where and how the server listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Accept an address that other machines can reach, though nothing here protects it.
    pub allow_insecure_bind: bool,
    /// Origins, besides loopback ones, whose pages may call over gRPC-Web.
    pub allowed_origins: Vec<String>,
    /// Calls that may be answered at the same time; further ones are refused at once.
    pub max_concurrent_calls: usize,
    /// Streams that may be open at the same time; further ones are refused at once.
    pub max_concurrent_streams: usize,
    /// How long a connection lives before its client is asked to open a new one.
    #[serde(with = "span")]
    pub max_connection_age: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 50051)),
            allow_insecure_bind: false,
            allowed_origins: Vec::new(),
            max_concurrent_calls: 1024,
            max_concurrent_streams: 20_000,
            max_connection_age: Duration::from_secs(30 * 60),
        }
    }
}

/// Which browser executes commands, and how it is started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrowserSection {
    /// The browser.
    pub kind: BrowserKind,
    /// Its program.
    pub path: Option<PathBuf>,
    /// The program of its driver.
    pub driver_path: Option<PathBuf>,
    /// A WebDriver endpoint elsewhere.
    pub webdriver_url: Option<String>,
    /// Without a window.
    pub headless: bool,
    /// Start Chromium without its sandbox.
    pub no_sandbox: bool,
    /// Further command-line arguments.
    pub arguments: Vec<String>,
    /// The protocol that is asked for.
    pub protocol: Protocol,
    /// Idle browsers that are kept ready.
    pub warm: usize,
    /// How long a browser may take to start.
    #[serde(with = "span")]
    pub start_timeout: Duration,
}

impl Default for BrowserSection {
    fn default() -> Self {
        Self {
            kind: BrowserKind::default(),
            path: None,
            driver_path: None,
            webdriver_url: None,
            headless: true,
            no_sandbox: false,
            arguments: Vec::new(),
            protocol: Protocol::default(),
            warm: 1,
            start_timeout: Duration::from_secs(30),
        }
    }
}

/// A browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BrowserKind {
    /// Chromium or Chrome, through chromedriver.
    #[default]
    Chromium,
    /// Firefox, through geckodriver.
    Firefox,
}

/// A protocol by which browsers are driven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// BiDi where the driver grants it, else classic WebDriver.
    #[default]
    Auto,
    /// Classic WebDriver only.
    Classic,
}

/// Live sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsConfig {
    /// Sessions that may be active at the same time.
    pub max: u32,
    /// How long a session lives when its creator does not say.
    #[serde(with = "span")]
    pub ttl: Duration,
    /// How long a session may stay without a command when its creator does not say.
    #[serde(with = "span")]
    pub idle_timeout: Duration,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self {
            max: 16,
            ttl: Duration::from_secs(60 * 60),
            idle_timeout: Duration::from_secs(10 * 60),
        }
    }
}

/// Runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunsConfig {
    /// Runs that may wait.
    pub max_queued: u32,
    /// Browsers that runs may use at the same time.
    pub max_parallel: u32,
    /// Runs that platforms execute and that are followed at the same time.
    pub max_on_platform: u32,
}

impl Default for RunsConfig {
    fn default() -> Self {
        Self {
            max_queued: 10_000,
            max_parallel: 4,
            max_on_platform: 32,
        }
    }
}

/// What is logged to stderr.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// The least severe level that is logged.
    pub level: String,
    /// The form of a line.
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::default(),
        }
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Where secrets come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretsConfig {
    /// A folder with one file a secret.
    pub folder: Option<PathBuf>,
}

impl Config {
    /// The configuration of a server inside another program: any free loopback port, and nothing
    /// left on disk.
    pub fn embedded() -> Self {
        let mut config = Self::default();
        config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        config.temporary = true;
        config
    }

    /// The folder for everything on disk: `data_dir`, else `$XDG_DATA_HOME/etude`, else
    /// `~/.local/share/etude`.
    ///
    /// # Errors
    ///
    /// Nothing of these is set.
    pub fn data_dir(&self) -> Result<PathBuf, ConfigError> {
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        self.data_dir
            .clone()
            .or_else(|| folder("XDG_DATA_HOME").map(|base| PathBuf::from(base).join("etude")))
            .or_else(|| folder("HOME").map(|home| PathBuf::from(home).join(".local/share/etude")))
            .ok_or_else(|| {
                ConfigError::one(
                    "data_dir",
                    "is not set, and neither XDG_DATA_HOME nor HOME says where to keep data",
                    "set data_dir",
                )
            })
    }

    /// Checks what the types of the schema cannot say.
    ///
    /// # Errors
    ///
    /// Every mistake, at once.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut error = ConfigError::default();
        self.check_server(&mut error);
        self.check_browser(&mut error);
        self.check_limits(&mut error);
        self.platform.check(&mut error);
        if tracing_subscriber::EnvFilter::try_new(&self.log.level).is_err() {
            error.add(
                "log.level",
                format!("`{}` is not a level", self.log.level),
                "write error, warn, info, debug or trace",
            );
        }
        error.into_result()
    }

    fn check_server(&self, error: &mut ConfigError) {
        let server = &self.server;
        for origin in &server.allowed_origins {
            let rest = origin.strip_prefix("https://");
            let rest = rest.or_else(|| origin.strip_prefix("http://"));
            if rest.is_none_or(|rest| rest.is_empty() || rest.contains('/')) {
                error.add(
                    "server.allowed_origins",
                    format!("`{origin}` is not an origin"),
                    "write scheme, host and port only, such as https://tests.example.com",
                );
            }
        }
        if server.max_connection_age < Duration::from_secs(10) {
            error.add(
                "server.max_connection_age",
                "is below 10 s, so clients would reconnect all the time",
                "set at least 10s",
            );
        }
    }

    fn check_browser(&self, error: &mut ConfigError) {
        let Some(url) = &self.browser.webdriver_url else {
            return;
        };
        if !is_web_address(url) {
            error.add(
                "browser.webdriver_url",
                "is not an address of http or https",
                "write it like http://grid.example.com:4444",
            );
        }
        let local = [
            ("browser.path", self.browser.path.is_some()),
            ("browser.driver_path", self.browser.driver_path.is_some()),
        ];
        for (name, _) in local.into_iter().filter(|(_, set)| *set) {
            error.add(
                name,
                "is set together with browser.webdriver_url, whose browsers run elsewhere",
                "remove one of the two",
            );
        }
    }

    fn check_limits(&self, error: &mut ConfigError) {
        let day = Duration::from_secs(24 * 60 * 60);
        let spans = [
            ("sessions.ttl", self.sessions.ttl),
            ("sessions.idle_timeout", self.sessions.idle_timeout),
            ("browser.start_timeout", self.browser.start_timeout),
            ("platform.timeout", self.platform.timeout),
            ("platform.poll_interval", self.platform.poll_interval),
        ];
        for (name, span) in spans {
            if span.is_zero() || span > day {
                error.add(name, "is not within 1 ms and 24 h", "set it in between");
            }
        }
        let counts = [
            (
                "server.max_concurrent_calls",
                self.server.max_concurrent_calls,
            ),
            (
                "server.max_concurrent_streams",
                self.server.max_concurrent_streams,
            ),
            ("sessions.max", self.sessions.max as usize),
            ("runs.max_queued", self.runs.max_queued as usize),
            ("runs.max_parallel", self.runs.max_parallel as usize),
            ("runs.max_on_platform", self.runs.max_on_platform as usize),
            ("platform.max_concurrent", self.platform.max_concurrent),
            ("platform.max_queued", self.platform.max_queued),
        ];
        for (name, count) in counts {
            if count == 0 {
                error.add(
                    name,
                    "is 0, which would refuse everything",
                    "set at least 1",
                );
            }
        }
    }
}

fn is_web_address(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

#[cfg(test)]
mod tests;
