//! The local platform's HTTP API on a loopback port.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use etude_platform::local::{Options, router};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::assembly;
use crate::config::Config;
use crate::server::StartError;
use crate::services::Engine;

/// How long requests that have begun may take once the server stops.
const GRACE: Duration = Duration::from_millis(250);

/// The port, being served.
pub(crate) struct PlatformPort {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl PlatformPort {
    /// Begins to serve it, if the configuration names a port, until `stop`.
    pub(crate) async fn open(
        config: &Config,
        engine: &Engine,
        stop: CancellationToken,
    ) -> Result<Option<Self>, StartError> {
        let Some(port) = config.platform.port else {
            return Ok(None);
        };
        let local = engine.local.with(options(config)?);
        let listener = bind(port).await?;
        let address = listener.local_addr().map_err(|cause| StartError::Bind {
            address: asked(port),
            cause,
        })?;
        local.serve_at(address);
        let serve = axum::serve(listener, router(local));
        let serve = serve.with_graceful_shutdown(stop.cancelled_owned());
        let serving = tokio::spawn(async move {
            if let Err(error) = serve.await {
                warn!(%error, "the local platform is no longer served");
            }
        });
        info!(%address, "serving the local platform");
        Ok(Some(Self { address, serving }))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends what is left. The stop must have been called.
    pub(crate) async fn close(mut self) {
        if timeout(GRACE, &mut self.serving).await.is_err() {
            // Clients keep connections open that they do not use.
            self.serving.abort();
        }
    }
}

fn options(config: &Config) -> Result<Options, StartError> {
    let Some(name) = &config.platform.port_token_secret else {
        return Ok(Options::default());
    };
    match assembly::secrets(config).get(name) {
        Some(token) => Ok(Options { token: Some(token) }),
        None => Err(StartError::SecretMissing {
            option: "platform.port_token_secret".to_owned(),
            secret: name.clone(),
        }),
    }
}

fn asked(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

async fn bind(port: u16) -> Result<TcpListener, StartError> {
    let address = asked(port);
    TcpListener::bind(address)
        .await
        .map_err(|cause| match cause.kind() {
            ErrorKind::AddrInUse => StartError::PortInUse {
                address,
                option: "platform.port",
            },
            _ => StartError::Bind { address, cause },
        })
}
