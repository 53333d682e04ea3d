//! A browser that runs: started or reached, connected, and used by one session at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::WebDriver;
use thirtyfour::common::capabilities::desiredcapabilities::Capabilities;
use tokio::sync::watch;

use crate::config::{BrowserConfig, BrowserKind, ProtocolChoice};
use crate::error::LaunchError;
use crate::launch::{DriverProcess, Programs, Registry};
use crate::page::Events;
use crate::protocol::{Bidi, Classic, Connection, FrameId, Protocol, ProtocolError, World};

/// The viewport of a session that asks for no other.
pub(crate) const DEFAULT_VIEWPORT: (u32, u32) = (1280, 800);

/// The longest that one HTTP request to a driver may take: classic commands wait in the driver.
const REQUEST_LIMIT: Duration = Duration::from_secs(620);

/// How a browser is started; sessions that ask for the same share warm ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) kind: BrowserKind,
    pub(crate) headless: bool,
    pub(crate) languages: String,
}

/// A running browser.
pub(crate) struct Browser {
    /// Present when it runs on this machine. Dropping it ends the browser.
    process: Option<DriverProcess>,
    driver: WebDriver,
    bidi: Option<Connection>,
    events: Arc<Events>,
    gone: watch::Receiver<bool>,
    /// Its name and version.
    pub(crate) name: String,
    /// How it was started.
    pub(crate) shape: Shape,
    /// How many sessions it has had.
    pub(crate) sessions: u32,
}

/// A session's place in a browser.
pub(crate) struct Place {
    pub(crate) protocol: Arc<dyn Protocol>,
    pub(crate) events: Arc<Events>,
    pub(crate) tab: FrameId,
    /// The session's folder of files, where the browser runs on this machine.
    pub(crate) files: Option<PathBuf>,
    /// The connection over BiDi, if it is one.
    pub(crate) bidi: Option<Arc<Bidi>>,
}

impl Browser {
    /// Starts a browser on this machine.
    pub(crate) async fn start(
        config: &BrowserConfig,
        shape: Shape,
        programs: &Programs,
        registry: &Registry,
    ) -> Result<Self, LaunchError> {
        let limit = config.start_timeout;
        LaunchError::unless_room(registry.folder())?;
        let process = DriverProcess::start(&programs.driver, shape.kind, registry, limit).await?;
        let profile = process.profile();
        let capabilities = capabilities(config, &shape, Some((programs, &profile)));
        let url = process.url().to_owned();
        let ended = process.ended();
        let sandboxed_root = shape.kind == BrowserKind::Chromium && is_sandboxed_root(config);
        match Self::connect(config, shape, url, capabilities, ended).await {
            Ok(browser) => Ok(Self {
                process: Some(process),
                ..browser
            }),
            // The profile is still there: what it takes of the disk counts.
            Err(error) => Err(match error.or_disk_full(registry.folder()) {
                LaunchError::Session { cause, .. } if sandboxed_root => {
                    LaunchError::SandboxedRoot { cause }
                }
                error => error,
            }),
        }
    }

    /// Asks a remote driver or grid for a browser.
    pub(crate) async fn reach(
        config: &BrowserConfig,
        shape: Shape,
        url: &str,
    ) -> Result<Self, LaunchError> {
        let capabilities = capabilities(config, &shape, None);
        // A remote driver's end shows in the connection alone: this never changes.
        let (_, never) = watch::channel(false);
        let url = format!("{}/", url.trim_end_matches('/'));
        Self::connect(config, shape, url, capabilities, never).await
    }

    async fn connect(
        config: &BrowserConfig,
        shape: Shape,
        url: String,
        capabilities: Value,
        ended: watch::Receiver<bool>,
    ) -> Result<Self, LaunchError> {
        let limit = config.start_timeout;
        let late = |_| LaunchError::Timeout {
            seconds: limit.as_secs(),
        };
        let session = new_session(&url, capabilities);
        let driver = tokio::time::timeout(limit, session).await.map_err(late)??;
        let name = name_of(&driver);
        let events = Arc::new(Events::default());
        let granted = match config.protocol {
            ProtocolChoice::Auto => capability(&driver, "webSocketUrl"),
            ProtocolChoice::Classic => None,
        };
        let (bidi, gone) = match granted {
            None => (None, ended),
            Some(socket) => {
                let opened = Bidi::connect(&socket, &events);
                let opened = tokio::time::timeout(limit, opened).await.map_err(late)?;
                let bidi = opened.map_err(|error| refused(&url, error.to_string()))?;
                let gone = either(ended, bidi.gone());
                (Some(bidi), gone)
            }
        };
        Ok(Self {
            process: None,
            driver,
            bidi,
            events,
            gone,
            name,
            shape,
            sessions: 0,
        })
    }

    /// Opens a place for a session: over BiDi a user context with a tab, over classic the browser's
    /// only window.
    pub(crate) async fn open_place(&self) -> Result<Place, LaunchError> {
        let failed = |error: ProtocolError| LaunchError::Session {
            url: String::from("the browser"),
            cause: error.to_string(),
        };
        let files = self.new_folder().await?;
        let events = Arc::clone(&self.events);
        let Some(bidi) = &self.bidi else {
            let (classic, tab) = Classic::open(self.driver.clone(), self.gone.clone())
                .await
                .map_err(failed)?;
            let protocol: Arc<dyn Protocol> = Arc::new(classic);
            return Ok(Place {
                protocol,
                events,
                tab,
                files,
                bidi: None,
            });
        };
        let (bidi, tab) = Bidi::open(bidi.clone(), Arc::clone(&events), files.as_deref())
            .await
            .map_err(failed)?;
        let bidi = Arc::new(bidi);
        let (width, height) = DEFAULT_VIEWPORT;
        bidi.resize(&tab, width, height).await.map_err(failed)?;
        let protocol: Arc<dyn Protocol> = Arc::clone(&bidi) as _;
        Ok(Place {
            protocol,
            events,
            tab,
            files,
            bidi: Some(bidi),
        })
    }

    /// A folder for the files of a session. It lies in the browser's profile, so that whatever ends
    /// the browser removes it too. A browser on another machine has none.
    async fn new_folder(&self) -> Result<Option<PathBuf>, LaunchError> {
        let Some(process) = &self.process else {
            return Ok(None);
        };
        let id = uuid::Uuid::new_v4().simple().to_string();
        let folder = process.profile().join("files").join(id);
        match tokio::fs::create_dir_all(&folder).await {
            Ok(()) => Ok(Some(folder)),
            Err(cause) => Err(LaunchError::Storage {
                path: folder,
                cause,
            }),
        }
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&self) -> bool {
        !*self.gone.borrow()
    }

    /// Whether another session may follow: only a user context can be removed without trace.
    pub(crate) fn is_reusable(&self) -> bool {
        self.bidi.is_some() && self.process.is_some() && self.is_alive()
    }

    /// Becomes true when it is gone.
    pub(crate) fn gone(&self) -> watch::Receiver<bool> {
        self.gone.clone()
    }

    /// Ends it; when this returns nothing of it is left on this machine.
    pub(crate) async fn stop(self) {
        match self.process {
            Some(process) => process.stop().await,
            None => {
                let quit = tokio::time::timeout(
                    Duration::from_secs(10),
                    self.driver
                        .handle()
                        .cmd(thirtyfour::common::command::Command::DeleteSession),
                );
                if !matches!(quit.await, Ok(Ok(_))) {
                    tracing::warn!(
                        "a remote browser could not be ended; its grid will time it out"
                    );
                }
            }
        }
    }
}

impl Place {
    /// Whether its page answers, at once: a browser that has just gone may not be known to have.
    pub(crate) async fn answers(&self) -> bool {
        let ping = self.protocol.call(&self.tab, World::Ours, "() => ''", "");
        matches!(
            tokio::time::timeout(Duration::from_secs(2), ping).await,
            Ok(Ok(_))
        )
    }

    /// Removes everything that the session has left. False when that did not succeed.
    pub(crate) async fn close(self) -> bool {
        let closed = match &self.bidi {
            Some(bidi) => bidi.close_context().await.is_ok(),
            None => false,
        };
        match &self.files {
            Some(files) => closed && tokio::fs::remove_dir_all(files).await.is_ok(),
            None => closed,
        }
    }
}

/// Whether Chromium, which wants its sandbox on, would be started as root, which it refuses.
fn is_sandboxed_root(config: &BrowserConfig) -> bool {
    !config.no_sandbox && rustix::process::geteuid().is_root()
}

async fn new_session(url: &str, capabilities: Value) -> Result<WebDriver, LaunchError> {
    let Value::Object(capabilities) = capabilities else {
        return Err(refused(url, "its capabilities are no object".to_owned()));
    };
    let driver = WebDriver::builder(url, Capabilities::from(capabilities))
        .request_timeout(REQUEST_LIMIT)
        .connect()
        .await
        .map_err(|error| refused(url, ProtocolError::from(error).to_string()))?;
    // Ending the session is our own business: the library's drop would block the runtime.
    let _ = driver.clone().leak();
    Ok(driver)
}

fn refused(url: &str, cause: String) -> LaunchError {
    LaunchError::Session {
        url: without_credentials(url),
        cause,
    }
}

fn without_credentials(url: &str) -> String {
    let Ok(mut parsed) = reqwest::Url::parse(url) else {
        return "the configured address".to_owned();
    };
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.to_string()
}

/// True as soon as one of the two is.
fn either(mut a: watch::Receiver<bool>, mut b: watch::Receiver<bool>) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            Ok(_) = a.wait_for(|gone| *gone) => {}
            _ = b.wait_for(|gone| *gone) => {}
        }
        let _ = sender.send(true);
    });
    receiver
}

fn name_of(driver: &WebDriver) -> String {
    let name = capability(driver, "browserName").unwrap_or_default();
    let name = match name.as_str() {
        "chrome" | "chromium" | "chrome-headless-shell" => "Chromium",
        "firefox" => "Firefox",
        other => other,
    };
    let version = capability(driver, "browserVersion").unwrap_or_default();
    format!("{name} {version}")
}

/// A capability that the driver has granted, where it is a text.
fn capability(driver: &WebDriver, name: &str) -> Option<String> {
    let capabilities = driver.handle().capabilities();
    Some(capabilities.get(name)?.as_str()?.to_owned())
}

/// The capabilities of a session; a local one names its program and profile.
fn capabilities(config: &BrowserConfig, shape: &Shape, local: Option<(&Programs, &Path)>) -> Value {
    let mut capabilities = match shape.kind {
        BrowserKind::Chromium => chromium(config, shape, local),
        BrowserKind::Firefox => firefox(config, shape, local),
    };
    capabilities["unhandledPromptBehavior"] = json!("ignore");
    if config.protocol == ProtocolChoice::Auto {
        capabilities["webSocketUrl"] = json!(true);
    }
    capabilities
}

/// What every Chromium is started with.
const CHROMIUM_ARGUMENTS: [&str; 12] = [
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    // Tabs in the background are looked at too.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    // Pages from the back-forward cache come back without events.
    "--disable-features=BackForwardCache,Translate,MediaRouter,OptimizationHints",
    "--password-store=basic",
    "--mute-audio",
];

fn chromium(config: &BrowserConfig, shape: &Shape, local: Option<(&Programs, &Path)>) -> Value {
    let (width, height) = DEFAULT_VIEWPORT;
    let mut arguments: Vec<String> = CHROMIUM_ARGUMENTS.map(String::from).into();
    arguments.push(format!("--window-size={width},{height}"));
    if shape.headless {
        // Scroll bars would be cut off screenshots, and differ from system to system.
        let headless = ["--headless=new", "--disable-gpu", "--hide-scrollbars"];
        arguments.extend(headless.map(String::from));
    }
    if config.no_sandbox {
        arguments.push("--no-sandbox".to_owned());
    }
    if !shape.languages.is_empty() {
        arguments.push(format!("--accept-lang={}", shape.languages));
    }
    arguments.extend(config.arguments.iter().cloned());
    let mut options = json!({ "prefs": {
        "credentials_enable_service": false,
        "profile.password_manager_enabled": false,
        "profile.password_manager_leak_detection": false,
        "download.prompt_for_download": false,
    } });
    if let Some((programs, profile)) = local {
        if is_shared_memory_small() {
            arguments.push("--disable-dev-shm-usage".to_owned());
        }
        arguments.push(format!("--user-data-dir={}", profile.display()));
        options["binary"] = json!(programs.browser);
    }
    options["args"] = json!(arguments);
    json!({ "browserName": "chrome", "goog:chromeOptions": options })
}

/// Containers often have 64 MiB of shared memory, on which Chromium's tabs crash.
fn is_shared_memory_small() -> bool {
    const ENOUGH: u64 = 256 * 1024 * 1024;
    rustix::fs::statvfs("/dev/shm").is_ok_and(|shm| shm.f_blocks * shm.f_frsize < ENOUGH)
}

fn firefox(config: &BrowserConfig, shape: &Shape, local: Option<(&Programs, &Path)>) -> Value {
    let (width, height) = DEFAULT_VIEWPORT;
    let mut arguments = vec![format!("--width={width}"), format!("--height={height}")];
    if shape.headless {
        arguments.push("-headless".to_owned());
    }
    arguments.extend(config.arguments.iter().cloned());
    let mut options = json!({});
    let mut preferences = json!({
        "browser.shell.checkDefaultBrowser": false,
        // A page in the back-forward cache never answers a script that was asked of it before.
        "browser.sessionhistory.max_total_viewers": 0,
        "fission.bfcacheInParent": false,
    });
    if !shape.languages.is_empty() {
        preferences["intl.accept_languages"] = json!(shape.languages);
    }
    if let Some((programs, profile)) = local {
        arguments.extend([
            "-profile".to_owned(),
            profile.to_string_lossy().into_owned(),
        ]);
        options["binary"] = json!(programs.browser);
    }
    options["args"] = json!(arguments);
    options["prefs"] = preferences;
    json!({ "browserName": "firefox", "moz:firefoxOptions": options })
}
