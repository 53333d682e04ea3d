//! What the backend is told: which browser, where, and how it is started.

use std::path::PathBuf;
use std::time::Duration;

/// The options of [`BrowserBackend`](crate::BrowserBackend).
#[derive(Clone, Debug)]
pub struct BrowserConfig {
    /// Which browser is driven. Default Chromium.
    pub kind: BrowserKind,
    /// The browser's program. Default: looked for on `PATH` and in the usual places.
    pub browser_path: Option<PathBuf>,
    /// The driver's program (chromedriver, geckodriver). Default: looked for likewise.
    pub driver_path: Option<PathBuf>,
    /// A remote WebDriver endpoint such as a Selenium Grid's. When set, nothing is started on this
    /// machine, and no browser is kept warm.
    pub remote_url: Option<String>,
    /// Without a window. Default true.
    pub headless: bool,
    /// Turns Chromium's sandbox off. Needed only where the server runs as root in a container that
    /// isolates it; never a default.
    pub no_sandbox: bool,
    /// Further command-line arguments of the browser.
    pub arguments: Vec<String>,
    /// Which protocol is asked for. Default BiDi, falling back to classic.
    pub protocol: ProtocolChoice,
    /// How many idle browsers are kept ready; 0 to start each on demand. Default 1.
    pub warm: usize,
    /// How many sessions, each with a browser of its own, may be open at the same time. Default 4.
    pub most_sessions: usize,
    /// The folder for browser profiles, downloads and the registry of running drivers.
    pub state_dir: PathBuf,
    /// How long a browser may take to start. Default 30 seconds.
    pub start_timeout: Duration,
}

impl BrowserConfig {
    /// The defaults, with `state_dir` as the folder for everything on disk.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            kind: BrowserKind::Chromium,
            browser_path: None,
            driver_path: None,
            remote_url: None,
            headless: true,
            no_sandbox: false,
            arguments: Vec::new(),
            protocol: ProtocolChoice::Auto,
            warm: 1,
            most_sessions: 4,
            state_dir: state_dir.into(),
            start_timeout: Duration::from_secs(30),
        }
    }
}

/// A browser that can be driven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BrowserKind {
    /// Chromium or Google Chrome, through chromedriver.
    #[default]
    Chromium,
    /// Firefox, through geckodriver.
    Firefox,
}

/// The protocol that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProtocolChoice {
    /// BiDi where the driver grants it, else classic.
    #[default]
    Auto,
    /// Classic WebDriver only.
    Classic,
}
