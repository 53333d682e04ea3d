//! Pictures of executions: files at whole addresses, which need no token and get none.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use etude::v1::ErrorReason;
use etude_engine::{Error, Result};
use futures::StreamExt as _;
use http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::{Client, ClientOptions, not_configured};

/// Largest picture, in bytes.
const LARGEST: usize = 16 << 20;

/// The longest that one may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where the local platform has its pictures.
const LOCAL: &str = "/files/";

/// What every PNG begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Where pictures come from.
pub(super) enum Pictures {
    /// From anywhere, over TLS; without it from the platform's own host only.
    Remote {
        http: reqwest::Client,
        host: Option<String>,
    },
    /// From a router.
    Local(axum::Router),
}

impl Pictures {
    pub(super) fn remote(options: &ClientOptions) -> Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| not_configured(format!("no HTTP client can be made: {error}")))?;
        let url = reqwest::Url::parse(&options.base_url).ok();
        let host = url.and_then(|url| url.host_str().map(str::to_owned));
        Ok(Self::Remote { http, host })
    }
}

impl Client {
    /// The picture at an address that an execution's results tell, or of the local platform the artifact:
    /// a PNG of at most 16 MiB.
    ///
    /// # Errors
    ///
    /// PLATFORM_UNAVAILABLE; PLATFORM_NOT_FOUND; PLATFORM_BAD_RESPONSE: it is no picture, or the
    /// address is none to fetch pictures from.
    pub async fn picture(&self, address: &str) -> Result<Bytes> {
        let content = match &self.shared.pictures {
            Pictures::Local(router) => local(router, &local_path(address)?).await?,
            Pictures::Remote { http, host } => {
                let url = whole(address)?;
                let is_own = host.is_some() && url.host_str() == host.as_deref();
                if url.scheme() != "https" && !(url.scheme() == "http" && is_own) {
                    return Err(no_address());
                }
                remote(http, url).await?
            }
        };
        match content.starts_with(PNG) {
            true => Ok(Bytes::from(content)),
            false => Err(bad("it is no PNG")),
        }
    }
}

async fn remote(http: &reqwest::Client, url: reqwest::Url) -> Result<Vec<u8>> {
    let response = http.get(url).send().await.map_err(unavailable)?;
    found(response.status())?;
    let mut content = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(unavailable)?;
        if content.len() + chunk.len() > LARGEST {
            return Err(bad("it is larger than 16 MiB"));
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}

fn whole(address: &str) -> Result<reqwest::Url> {
    reqwest::Url::parse(address).map_err(|_| no_address())
}

/// The path of a picture of the local platform.
fn local_path(address: &str) -> Result<String> {
    if let Some(id) = address.strip_prefix("artifacts/") {
        return Ok(format!("{LOCAL}screenshots/{id}.png"));
    }
    let path = whole(address)?.path().to_owned();
    match path.starts_with(LOCAL) {
        true => Ok(path),
        false => Err(no_address()),
    }
}

async fn local(router: &axum::Router, path: &str) -> Result<Vec<u8>> {
    let request = Request::get(path).body(Body::empty());
    let request = request.map_err(|_| no_address())?;
    let response = match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    found(response.status())?;
    let content = axum::body::to_bytes(response.into_body(), LARGEST).await;
    content
        .map(Vec::from)
        .map_err(|_| bad("it is larger than 16 MiB"))
}

fn found(status: StatusCode) -> Result<()> {
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            let message = "the platform has the picture no more";
            Err(Error::new(ErrorReason::PlatformNotFound, message))
        }
        status => {
            let message = format!("a picture of the platform was answered with status {status}");
            Err(Error::new(ErrorReason::PlatformUnavailable, message))
        }
    }
}

fn unavailable(error: reqwest::Error) -> Error {
    let message = format!(
        "a picture of the platform cannot be fetched: {}",
        error.without_url()
    );
    Error::new(ErrorReason::PlatformUnavailable, message)
}

fn no_address() -> Error {
    bad("its address is none that pictures are fetched from")
}

fn bad(what: &str) -> Error {
    let message = format!("a picture of the platform is not taken over: {what}");
    Error::new(ErrorReason::PlatformBadResponse, message)
}
