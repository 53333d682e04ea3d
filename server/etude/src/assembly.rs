//! The parts of a server, put together from its configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use etude::v1::ServerLimits;
use etude_browser::{BrowserBackend, BrowserConfig, BrowserKind, ProtocolChoice};
use etude_engine::Error;
use etude_engine::backend::Backend;
use etude_engine::executor::{Executor, ExecutorOptions};
use etude_engine::records::Records;
use etude_engine::runs::{Runs, RunsOptions};
use etude_engine::secrets::Secrets;
use etude_engine::sessions::{Sessions, SessionsOptions};
use etude_engine::store::Store;
use etude_platform::authoring::Authors;
use etude_platform::local::{self, Local};
use etude_platform::remote;
use etude_store::{Options, SqliteStore};
use tempfile::TempDir;

use crate::answers::Answers;
use crate::config::{self, BrowserSection, Config, SECRET_PREFIX};
use crate::platforms;
use crate::server::{RUNS_GRACE, StartError};
use crate::services::{Engine, Info, MESSAGE_BYTES};
use crate::webhooks::Inboxes;

/// Longest gap between two messages of a stream, in seconds; the contract promises it.
const HEARTBEAT_SECONDS: u64 = 15;

/// The fields of requests that name the platform of a run and of an authoring session.
const OF_RUNS: &str = "spec.platform.platform";
const OF_SESSIONS: &str = "authoring.platform";

/// Where a server keeps its data.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// Removes the folder when the server has ended.
    _temporary: Option<TempDir>,
}

impl DataFolder {
    /// The configured folder, or one that disappears with the server.
    pub(crate) fn open(config: &Config) -> Result<Self, StartError> {
        if !config.temporary {
            return Ok(Self {
                path: config.data_dir()?,
                _temporary: None,
            });
        }
        let folder = tempfile::Builder::new().prefix("etude-").tempdir();
        let folder = folder.map_err(|cause| StartError::Folder {
            path: std::env::temp_dir(),
            cause,
        })?;
        Ok(Self {
            path: folder.path().to_owned(),
            _temporary: Some(folder),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn subfolder(&self, name: &str) -> Result<PathBuf, StartError> {
        let path = self.path.join(name);
        match std::fs::create_dir_all(&path) {
            Ok(()) => Ok(path),
            Err(cause) => Err(StartError::Folder { path, cause }),
        }
    }
}

/// Opens the database and the artifacts.
pub(crate) async fn store(folder: &DataFolder) -> Result<Arc<SqliteStore>, StartError> {
    let store = SqliteStore::open(Options::new(folder.path())).await;
    Ok(Arc::new(store.map_err(StartError::Part)?))
}

/// The backend that executes commands in browsers.
pub(crate) fn browsers(
    config: &Config,
    folder: &DataFolder,
) -> Result<Arc<dyn Backend>, StartError> {
    let options = browser_options(config, folder.subfolder("browsers")?);
    let backend = BrowserBackend::open(options);
    let backend = backend.map_err(|error| Error::new(error.reason(), error.to_string()));
    Ok(Arc::new(backend.map_err(StartError::Part)?))
}

fn browser_options(config: &Config, state_dir: PathBuf) -> BrowserConfig {
    let BrowserSection {
        kind,
        path,
        driver_path,
        webdriver_url,
        headless,
        no_sandbox,
        arguments,
        protocol,
        warm,
        start_timeout,
    } = config.browser.clone();
    let sessions = config.sessions.max.saturating_add(config.runs.max_parallel);
    BrowserConfig {
        kind: match kind {
            config::BrowserKind::Chromium => BrowserKind::Chromium,
            config::BrowserKind::Firefox => BrowserKind::Firefox,
        },
        browser_path: path,
        driver_path,
        remote_url: webdriver_url,
        headless,
        no_sandbox,
        arguments,
        protocol: match protocol {
            config::Protocol::Auto => ProtocolChoice::Auto,
            config::Protocol::Classic => ProtocolChoice::Classic,
        },
        warm,
        most_sessions: sessions as usize,
        start_timeout,
        ..BrowserConfig::new(state_dir)
    }
}

/// Sessions, runs and platforms over a store and a backend.
pub(crate) fn engine(
    config: &Config,
    folder: &DataFolder,
    sqlite: Arc<SqliteStore>,
    backend: Arc<dyn Backend>,
) -> Result<Engine, StartError> {
    let store: Arc<dyn Store> = sqlite.clone();
    let secrets = Arc::new(secrets(config));
    let executor = Executor::new(ExecutorOptions {
        scratch: folder.subfolder("scratch")?,
        ..ExecutorOptions::new(Arc::clone(&store), Arc::clone(&secrets))
    });
    let runs = Runs::new(
        runs_options(config),
        Arc::clone(&backend),
        executor.clone(),
        Arc::clone(&store),
    );
    let answers = Answers::new(sqlite.clone());
    let records: Arc<dyn Records> = sqlite.clone();
    let inboxes = Inboxes::open(&config.platform, &secrets, &records)?;
    let local =
        Local::new(local::Options::default(), sqlite).executing(runs.clone(), Arc::clone(&store));
    let platforms = platforms::open(&config.platform, &secrets, local.clone())?;
    let of_runs = platforms.clone();
    let remote = remote::Platforms::new(move |name| of_runs.client(OF_RUNS, name));
    runs.set_remote(Arc::new(remote));
    let of_sessions = platforms.clone();
    let authors = Authors::new(move |name| of_sessions.client(OF_SESSIONS, name));
    let sessions = Sessions::new(
        sessions_options(config),
        backend,
        Some(Arc::new(authors)),
        executor,
        Arc::clone(&store),
    );
    Ok(Engine {
        sessions,
        runs,
        store,
        info: Info::new(limits(config)),
        platforms,
        inboxes,
        local,
        answers,
    })
}

fn sessions_options(config: &Config) -> SessionsOptions {
    SessionsOptions {
        max_sessions: config.sessions.max as usize,
        default_ttl: config.sessions.ttl,
        default_idle: config.sessions.idle_timeout,
        ..SessionsOptions::default()
    }
}

fn runs_options(config: &Config) -> RunsOptions {
    RunsOptions {
        max_browsers: config.runs.max_parallel as usize,
        max_remote: config.runs.max_on_platform as usize,
        max_queued: config.runs.max_queued,
        heartbeat: std::time::Duration::from_secs(HEARTBEAT_SECONDS),
        shutdown_grace: RUNS_GRACE,
        ..RunsOptions::default()
    }
}

/// The secrets that the server holds.
pub(crate) fn secrets(config: &Config) -> Secrets {
    let secrets = Secrets::from_env(SECRET_PREFIX);
    match &config.secrets.folder {
        Some(folder) => secrets.with_folder(folder),
        None => secrets,
    }
}

fn limits(config: &Config) -> ServerLimits {
    ServerLimits {
        max_sessions: config.sessions.max,
        max_browsers: config.runs.max_parallel,
        max_message_bytes: u32::try_from(MESSAGE_BYTES).unwrap_or(u32::MAX),
        max_queued_runs: config.runs.max_queued,
        heartbeat_interval: Some(prost_types::Duration {
            seconds: HEARTBEAT_SECONDS.cast_signed(),
            nanos: 0,
        }),
    }
}
