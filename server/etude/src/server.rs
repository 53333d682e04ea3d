//! Puts a server together from its configuration, and takes it apart again.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use etude::v1::ErrorReason;
use etude_engine::backend::Backend;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::assembly::{self, DataFolder};
use crate::config::{Config, ConfigError};
use crate::health::HealthBoard;
use crate::monitor::Monitor;
use crate::platforms::PlatformPort;
use crate::services::{self, Engine};
use crate::transport::{self, connection, gate::Gate, listen};
use crate::webhooks::Receiver;

// A shutdown takes 5 seconds at most: clients hear of it and sessions and runs are ended side by
// side, then the browsers are, then the store.

/// How long runs may take to be recorded.
pub(crate) const RUNS_GRACE: Duration = Duration::from_millis(1800);

/// How long sessions and runs may take to end.
const ENGINE_GRACE: Duration = Duration::from_millis(2200);

/// How long streams have for an end of their own.
const STREAMS_GRACE: Duration = Duration::from_millis(250);

/// How long browsers may take to be ended.
const BACKEND_GRACE: Duration = Duration::from_millis(1500);

/// How long the store may take to be closed.
const STORE_GRACE: Duration = Duration::from_millis(1000);

/// How long clients may take to hear of it before their connections are cut.
const CLIENTS_GRACE: Duration = Duration::from_millis(3500);

/// A running server.
pub struct Server {
    address: SocketAddr,
    gate: Arc<Gate>,
    engine: Engine,
    backend: Arc<dyn Backend>,
    /// Thrown to begin the shutdown.
    draining: CancellationToken,
    /// Thrown when no more calls are accepted, whatever the reason.
    stopped: CancellationToken,
    accepting: JoinHandle<()>,
    platform: Option<PlatformPort>,
    monitor: JoinHandle<()>,
    folder: DataFolder,
}

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration has mistakes.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address can be reached from other machines, and nothing protects it.
    #[error(
        "{address} can be reached from other machines, and this server checks no credentials; \
         listen on 127.0.0.1, or, behind a proxy or mesh that does, set \
         server.allow_insecure_bind (flag --insecure-bind-behind-proxy)"
    )]
    BindRefused {
        /// The address.
        address: SocketAddr,
    },
    /// Another program listens on the port.
    #[error(
        "another program listens on {address}; stop it (`ss -ltnp 'sport = :{port}'` names it), or \
         set {option} to another port or to port 0 for any free one",
        port = address.port()
    )]
    PortInUse {
        /// The address.
        address: SocketAddr,
        /// The option that says so.
        option: &'static str,
    },
    /// The system does not let the server listen.
    #[error("cannot listen on {address}: {cause}; set server.listen to an address of this machine")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// A folder for data cannot be used.
    #[error("cannot use the folder {path}: {cause}; set data_dir to one that can be written", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A secret that the configuration names is not there.
    #[error(
        "{option} names the secret `{secret}`, which is not there; set the variable \
         ETUDE_SECRET_{secret} or put the file {secret} into secrets.folder"
    )]
    SecretMissing {
        /// The option.
        option: String,
        /// The secret.
        secret: String,
    },
    /// A part of the server could not be started.
    #[error("{}", .0.message)]
    Part(etude_engine::Error),
}

impl StartError {
    /// The reason by which programs tell these errors apart.
    pub fn reason(&self) -> ErrorReason {
        match self {
            Self::Config(_) | Self::SecretMissing { .. } => ErrorReason::ConfigInvalid,
            Self::BindRefused { .. } => ErrorReason::BindRefused,
            Self::PortInUse { .. } => ErrorReason::PortInUse,
            Self::Bind { .. } => ErrorReason::ConfigInvalid,
            Self::Folder { cause, .. } if cause.kind() == io::ErrorKind::StorageFull => {
                ErrorReason::StorageFull
            }
            Self::Folder { .. } => ErrorReason::StorageFailed,
            Self::Part(error) => error.reason,
        }
    }

    /// A defect of ours.
    pub(crate) fn defect(error: &dyn std::error::Error) -> Self {
        Self::Part(etude_engine::Error::internal(error.to_string()))
    }
}

impl Server {
    /// Starts a server; it answers calls when this returns. Browsers are looked for and warmed up
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// The configuration is wrong, the address is refused or taken, or the data folder cannot be
    /// used. A missing browser is no error: the health service and `GetServerInfo` tell of it.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let (listener, folder) = prepare(&config).await?;
        let backend = assembly::browsers(&config, &folder)?;
        Self::assemble(config, listener, folder, backend).await
    }

    /// As [`Server::start`], with a backend of the caller's own in place of browsers.
    ///
    /// # Errors
    ///
    /// As for [`Server::start`].
    pub async fn start_with_backend(
        config: Config,
        backend: Arc<dyn Backend>,
    ) -> Result<Self, StartError> {
        let (listener, folder) = prepare(&config).await?;
        Self::assemble(config, listener, folder, backend).await
    }

    async fn assemble(
        config: Config,
        listener: TcpListener,
        folder: DataFolder,
        backend: Arc<dyn Backend>,
    ) -> Result<Self, StartError> {
        let address = listener.local_addr().map_err(|cause| StartError::Bind {
            address: config.server.listen,
            cause,
        })?;
        let store = assembly::store(&folder).await?;
        let engine = assembly::engine(&config, &folder, store, Arc::clone(&backend))?;
        let draining = CancellationToken::new();
        let platform = PlatformPort::open(&config, &engine, draining.clone()).await?;
        engine.sessions.recover().await.map_err(StartError::Part)?;
        let (board, health) = HealthBoard::new();
        let monitor = watch_parts(board, &engine, &*backend, &draining).await;
        let gate = Arc::new(Gate::new(&config.server, draining.clone()));
        let routes = services::routes(&engine, health)?;
        let webhooks = Receiver::new(
            engine.inboxes.clone(),
            engine.platforms.clone(),
            Arc::clone(&gate),
        );
        let app = transport::app(routes, webhooks, &gate, &config.server.allowed_origins);
        let stopped = CancellationToken::new();
        let age = config.server.max_connection_age;
        let accept = connection::serve(listener, app, age, draining.clone(), CLIENTS_GRACE);
        let guard = stopped.clone().drop_guard();
        let accepting = tokio::spawn(async move {
            accept.await;
            drop(guard);
        });
        execute_runs(&engine, &draining);
        warm_up();
        info!(%address, version = crate::VERSION, commit = crate::COMMIT, "serving");
        Ok(Self {
            address,
            gate,
            engine,
            backend,
            draining,
            stopped,
            accepting,
            platform,
            monitor,
            folder,
        })
    }

    /// Where it listens; with port 0 configured, the port that was free.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where the local platform's HTTP API is, if it is served.
    pub fn platform_addr(&self) -> Option<SocketAddr> {
        self.platform.as_ref().map(PlatformPort::address)
    }

    /// Returns when the server no longer accepts calls.
    pub async fn wait(&self) {
        self.stopped.cancelled().await;
    }

    /// Ends the server within 5 seconds, whatever its clients do: health becomes NOT_SERVING, new
    /// calls are refused, streams end UNAVAILABLE with their cursor, sessions and browsers are
    /// closed, and then the store is.
    pub async fn shutdown(self) {
        self.draining.cancel();
        let _ = self.monitor.await;
        // Ending sessions and runs ends the streams that watch them, with their cursors.
        let engine = async {
            tokio::join!(self.engine.sessions.shutdown(), self.engine.runs.shutdown());
        };
        within(ENGINE_GRACE, "sessions and runs", engine).await;
        // Those that know their cursor have told it by now.
        let others = async {
            sleep(STREAMS_GRACE).await;
            self.gate.end_streams();
        };
        let browsers = within(BACKEND_GRACE, "browsers", self.backend.shutdown());
        tokio::join!(browsers, others);
        let _ = self.accepting.await;
        if let Some(platform) = self.platform {
            platform.close().await;
        }
        within(STORE_GRACE, "the store", self.engine.store.close()).await;
        drop(self.folder);
        info!(address = %self.address, "stopped");
    }
}

async fn prepare(config: &Config) -> Result<(TcpListener, DataFolder), StartError> {
    config.check()?;
    let listener = listen::bind(config.server.listen, config.server.allow_insecure_bind).await?;
    Ok((listener, DataFolder::open(config)?))
}

async fn watch_parts(
    board: HealthBoard,
    engine: &Engine,
    backend: &dyn Backend,
    stop: &CancellationToken,
) -> JoinHandle<()> {
    let (info, store) = (Arc::clone(&engine.info), Arc::clone(&engine.store));
    let mut monitor = Monitor::new(board, info, store, backend);
    monitor.start().await;
    tokio::spawn(monitor.watch(stop.clone()))
}

/// Decides upon the runs of an earlier process, then executes what waits.
fn execute_runs(engine: &Engine, stop: &CancellationToken) {
    let (runs, stop) = (engine.runs.clone(), stop.clone());
    tokio::spawn(async move {
        if let Err(error) = runs.recover().await {
            error!(%error, "some runs of an earlier process could not be recovered");
        }
        runs.work(stop).await;
    });
}

/// Reads the descriptors before the first run needs what is derived from them, which would make
/// that one wait. In a thread of its own: it takes a tenth of a second and holds nothing up.
fn warm_up() {
    let thread = std::thread::Builder::new().name("warm-up".to_owned());
    let spawned = thread.spawn(etude_language::prepare);
    if let Err(error) = spawned {
        warn!(%error, "the first run will take a moment longer");
    }
}

/// Waits for a part of the shutdown, but not for ever.
async fn within(grace: Duration, what: &str, work: impl Future<Output = ()>) {
    if timeout(grace, work).await.is_err() {
        warn!(what, "did not end in time");
    }
}
