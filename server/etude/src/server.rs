//! Puts a server together from its configuration, and takes it apart again.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use etude::v1::ErrorReason;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::config::{Config, ConfigError};
use crate::health::{HealthBoard, Parts};
use crate::services;
use crate::transport::{self, connection, gate::Gate, listen};

/// How long clients may take to hear of the shutdown before their connections are cut.
const DRAIN: Duration = Duration::from_secs(3);

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    gate: Arc<Gate>,
    health: HealthBoard,
    draining: CancellationToken,
    stopped: CancellationToken,
    accepting: JoinHandle<()>,
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
         set server.listen to another port or to port 0 for any free one",
        port = address.port()
    )]
    PortInUse {
        /// The address.
        address: SocketAddr,
    },
    /// The system does not let the server listen.
    #[error("cannot listen on {address}: {cause}; set server.listen to an address of this machine")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// A part of the server could not be started.
    #[error("{0}")]
    Part(etude_engine::Error),
}

impl StartError {
    /// The reason by which programs tell these errors apart.
    pub fn reason(&self) -> ErrorReason {
        match self {
            Self::Config(_) => ErrorReason::ConfigInvalid,
            Self::BindRefused { .. } => ErrorReason::BindRefused,
            Self::PortInUse { .. } => ErrorReason::PortInUse,
            Self::Bind { .. } => ErrorReason::ConfigInvalid,
            Self::Part(error) => error.reason,
        }
    }

    /// A defect of ours.
    pub(crate) fn defect(error: &dyn std::error::Error) -> Self {
        Self::Part(etude_engine::Error::internal(error.to_string()))
    }
}

impl Server {
    /// Starts a server; it answers calls when this returns.
    ///
    /// # Errors
    ///
    /// The configuration is wrong, the address is refused or taken, or the data folder cannot be
    /// used. A missing browser is no error: the health service and `GetServerInfo` tell of it.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        config.check()?;
        let listener =
            listen::bind(config.server.listen, config.server.allow_insecure_bind).await?;
        let address = listener.local_addr().map_err(|cause| StartError::Bind {
            address: config.server.listen,
            cause,
        })?;
        let (reporter, health_service) = tonic_health::server::health_reporter();
        let mut health = HealthBoard::new(reporter);
        health
            .publish(Parts {
                browser: true,
                store: true,
            })
            .await;
        let draining = CancellationToken::new();
        let gate = Arc::new(Gate::new(&config.server, draining.clone()));
        let services = services::routes(health_service)?;
        let app = transport::app(services, &gate, &config.server.allowed_origins);
        let age = config.server.max_connection_age;
        let stopped = CancellationToken::new();
        let accept = connection::serve(listener, app, age, draining.clone(), DRAIN);
        let done = stopped.clone().drop_guard();
        let accepting = tokio::spawn(async move {
            accept.await;
            drop(done);
        });
        info!(%address, version = crate::VERSION, commit = crate::COMMIT, "serving");
        Ok(Self {
            address,
            gate,
            health,
            draining,
            stopped,
            accepting,
        })
    }

    /// Where it listens; with port 0 configured, the port that was free.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns when the server no longer accepts calls.
    pub async fn wait(&self) {
        self.stopped.cancelled().await;
    }

    /// Ends the server within 5 seconds, whatever its clients do: health becomes NOT_SERVING, new
    /// calls are refused, streams end UNAVAILABLE with their cursor, sessions and browsers are
    /// closed, and the store is.
    pub async fn shutdown(mut self) {
        self.health.close().await;
        self.draining.cancel();
        self.gate.end_streams();
        let _ = self.accepting.await;
        info!(address = %self.address, "stopped");
    }
}
