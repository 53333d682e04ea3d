//! How requests travel: over HTTP to another host, or into a router in this process.

use std::time::Duration;

use axum::body::Body;
use futures::StreamExt as _;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Request, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::layers::Layer;
use super::{ClientOptions, Failure, answer, not_configured};
use crate::calls::ApiRequest;

/// Largest answer, in bytes.
const LARGEST: usize = 64 << 20;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

const DEAD_AFTER: Duration = Duration::from_secs(10);

/// Where requests go.
pub(super) enum Transport {
    /// To another host.
    Remote {
        http: reqwest::Client,
        base_url: String,
    },
    /// Into a router.
    Local(axum::Router),
}

impl Transport {
    pub(super) fn remote(options: &ClientOptions) -> etude_engine::Result<Self> {
        let base_url = options.base_url.trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&base_url)
            .ok()
            .filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
        if parsed.is_none() {
            return Err(not_configured(
                "the platform's base URL is not an http or https address",
            ));
        }
        let http = reqwest::Client::builder()
            .default_headers(headers(options)?)
            .user_agent(concat!("etude/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // A connection that is dead without saying so is noticed before a call's time is over.
            .tcp_keepalive(DEAD_AFTER)
            .http2_keep_alive_interval(DEAD_AFTER)
            .http2_keep_alive_timeout(DEAD_AFTER)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| not_configured(format!("no HTTP client can be made: {error}")))?;
        Ok(Self::Remote { http, base_url })
    }

    /// The address that paths are appended to; empty for a router.
    pub(super) fn base_url(&self) -> &str {
        match self {
            Self::Remote { base_url, .. } => base_url,
            Self::Local(_) => "",
        }
    }

    pub(super) fn local(router: axum::Router) -> Self {
        Self::Local(router)
    }
}

/// What every request says.
fn headers(options: &ClientOptions) -> etude_engine::Result<HeaderMap> {
    let token = options.token.expose_secret().trim();
    if token.is_empty() {
        return Err(not_configured("the platform's token is empty"));
    }
    let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
        not_configured("the platform's token has characters that no token has; was it cut?")
    })?;
    bearer.set_sensitive(true);
    Ok(HeaderMap::from_iter([
        (AUTHORIZATION, bearer),
        (
            HeaderName::from_static("x-virtuoso-client-name"),
            HeaderValue::from_static("etude"),
        ),
    ]))
}

impl Layer for Transport {
    async fn send(&self, request: &ApiRequest) -> Result<Value, Failure> {
        let (status, headers, body) = match self {
            Self::Remote { http, base_url } => send_remote(http, base_url, request).await?,
            Self::Local(router) => send_local(router, request).await?,
        };
        answer::read(status, &headers, &body)
    }
}

type Raw = (StatusCode, HeaderMap, Vec<u8>);

async fn send_remote(
    http: &reqwest::Client,
    base_url: &str,
    request: &ApiRequest,
) -> Result<Raw, Failure> {
    let url = format!("{base_url}{}{}", request.path, query(request));
    let mut builder = http.request(request.method.clone(), url);
    if let Some(body) = &request.body {
        builder = builder
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
    }
    let response = builder.send().await.map_err(failed)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(failed)?;
        if body.len() + chunk.len() > LARGEST {
            return Err(too_large(status));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, headers, body))
}

async fn send_local(router: &axum::Router, request: &ApiRequest) -> Result<Raw, Failure> {
    let body = request.body.as_ref().map(Value::to_string);
    let sent = Request::builder()
        .method(request.method.clone())
        .uri(format!("/api{}{}", request.path, query(request)))
        .header(CONTENT_TYPE, "application/json")
        .body(body.map_or_else(Body::empty, Body::from))
        .map_err(|error| Failure::Connect(error.to_string()))?;
    let response = match router.clone().oneshot(sent).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, LARGEST)
        .await
        .map_err(|_| too_large(parts.status))?;
    Ok((parts.status, parts.headers, body.to_vec()))
}

fn query(request: &ApiRequest) -> String {
    let pairs = request.query.iter();
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    match pairs.is_empty() {
        true => String::new(),
        false => format!("?{}", pairs.join("&")),
    }
}

fn encoded(text: &str) -> String {
    crate::calls::piece(text)
}

fn too_large(status: StatusCode) -> Failure {
    Failure::BadAnswer {
        success: status.is_success(),
        what: format!("it is larger than {} MiB", LARGEST >> 20),
    }
}

/// The address, which may hold names, and everything behind a `?` stay out of the text.
fn failed(error: reqwest::Error) -> Failure {
    let connect = error.is_connect();
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    match connect {
        true => Failure::Connect(text),
        false => Failure::Broken(text),
    }
}
