//! The backend: opens sessions in browsers of the pool.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use etude::v1::{self, BrowserName, WindowMode};
use etude_engine::backend::{Backend, BackendSession, Health, SessionSpec};
use etude_engine::{Error, Result};
use tokio::sync::watch;

use crate::browser::{DEFAULT_VIEWPORT, Shape};
use crate::config::{BrowserConfig, BrowserKind};
use crate::error::LaunchError;
use crate::pool::{Pool, Ready};
use crate::protocol::ProtocolError;
use crate::session::BrowserSession;

/// Executes commands in browsers, one browser per session.
pub struct BrowserBackend {
    pool: Arc<Pool>,
}

impl BrowserBackend {
    /// Opens the backend: ends what an earlier server has left running, and starts to warm
    /// browsers up. Must be called in a Tokio runtime. Never waits for a browser: whether one can
    /// be started shows in [`Backend::health`].
    ///
    /// # Errors
    ///
    /// [`LaunchError::Storage`] when the state folder cannot be used.
    pub fn open(config: BrowserConfig) -> std::result::Result<Self, LaunchError> {
        Ok(Self {
            pool: Pool::open(config)?,
        })
    }

    fn shape(&self, options: &v1::BrowserOptions) -> Shape {
        let usual = self.pool.usual_shape();
        Shape {
            kind: match options.name() {
                BrowserName::Unspecified => usual.kind,
                BrowserName::Chromium => BrowserKind::Chromium,
                BrowserName::Firefox => BrowserKind::Firefox,
            },
            headless: match options.window_mode() {
                WindowMode::Unspecified => usual.headless,
                WindowMode::Headless => true,
                WindowMode::Headed => false,
            },
            languages: options.languages.clone(),
        }
    }
}

#[async_trait]
impl Backend for BrowserBackend {
    fn kind(&self) -> v1::Backend {
        v1::Backend::Browser
    }

    fn capacity(&self) -> usize {
        self.pool.config().most_sessions
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.pool.health()
    }

    async fn open(&self, spec: SessionSpec) -> Result<Box<dyn BackendSession>> {
        let shape = self.shape(&spec.browser);
        let ready = self.pool.take(shape).await.map_err(unavailable)?;
        resize(&ready, spec.viewport.as_ref()).await?;
        add_headers(&ready, &spec.headers).await?;
        let session = BrowserSession::new(Arc::clone(&self.pool), ready, spec.keep_dialogs);
        Ok(Box::new(session))
    }

    async fn shutdown(&self) {
        self.pool.close().await;
    }
}

async fn resize(ready: &Ready, viewport: Option<&v1::Viewport>) -> Result<()> {
    let (width, height) = viewport.map_or(DEFAULT_VIEWPORT, |v| (v.width, v.height));
    // Warm BiDi places have the usual viewport already.
    if (width, height) == DEFAULT_VIEWPORT && ready.place.protocol.is_bidi() {
        return Ok(());
    }
    let resized = ready
        .place
        .protocol
        .resize(&ready.place.tab, width, height)
        .await;
    resized.map_err(|error| {
        Error::new(
            v1::ErrorReason::BrowserUnavailable,
            format!("the viewport cannot be set: {error}"),
        )
    })
}

/// Adds headers to the requests of a place in which nothing has been loaded yet. What the driver
/// says of a refusal is not told: it may have a value in it.
async fn add_headers(ready: &Ready, headers: &BTreeMap<String, String>) -> Result<()> {
    if headers.is_empty() {
        return Ok(());
    }
    let unsupported = |why: String| {
        let message = format!("headers cannot be added to the browser's requests: {why}");
        Error::new(v1::ErrorReason::CommandUnsupported, message)
    };
    let Some(bidi) = &ready.place.bidi else {
        let why = "the classic protocol has no way to do so; use a browser that speaks WebDriver \
                   BiDi, and do not set browser.protocol to classic";
        return Err(unsupported(why.to_owned()));
    };
    bidi.set_headers(headers).await.map_err(|error| match error {
        ProtocolError::Refused { code, .. } => unsupported(format!(
            "the driver answers `{code}` to network.setExtraHeaders; a newer browser and driver may know it"
        )),
        other => Error::new(
            v1::ErrorReason::BrowserUnavailable,
            format!("headers cannot be added to the browser's requests: {other}"),
        ),
    })
}

fn unavailable(error: LaunchError) -> Error {
    Error::new(error.reason(), error.to_string())
}
