//! Which web pages may call: CORS, and a refusal of every other origin.
//!
//! A browser names the page's origin in each request over gRPC-Web. Refusing unknown ones also
//! stops pages that reach a loopback server by a DNS name of their own.

use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use etude::v1::ErrorReason;
use etude_engine::Error;
use futures::TryFutureExt as _;
use futures::future::{BoxFuture, Either, ready};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::status::to_status;

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("POST");
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("grpc-status, grpc-message, grpc-status-details-bin");
const VARY: HeaderValue = HeaderValue::from_static("origin");

/// How long a browser may remember the answer to a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Adds the check of origins.
#[derive(Debug, Clone)]
pub(crate) struct OriginLayer {
    allowed: Arc<[String]>,
}

impl OriginLayer {
    pub(crate) fn new(allowed: &[String]) -> Self {
        let allowed = allowed.iter().map(|origin| origin.to_ascii_lowercase());
        Self {
            allowed: allowed.collect(),
        }
    }
}

impl<S> Layer<S> for OriginLayer {
    type Service = OriginService<S>;

    fn layer(&self, inner: S) -> OriginService<S> {
        OriginService {
            inner,
            allowed: Arc::clone(&self.allowed),
        }
    }
}

/// Answers preflights and refuses unknown origins.
#[derive(Debug, Clone)]
pub(crate) struct OriginService<S> {
    inner: S,
    allowed: Arc<[String]>,
}

impl<S, B> Service<Request<B>> for OriginService<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    // Calls without an origin are the rule, so only the others pay for a box.
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
            return Either::Left(self.inner.call(request));
        };
        if !origin.to_str().is_ok_and(|origin| self.knows(origin)) {
            return Either::Right(Box::pin(ready(Ok(refusal(&origin)))));
        }
        if request.method() == Method::OPTIONS {
            let answer = preflight(origin, request.headers());
            return Either::Right(Box::pin(ready(Ok(answer))));
        }
        let answer = self.inner.call(request);
        Either::Right(Box::pin(answer.map_ok(|mut response| {
            allow(response.headers_mut(), origin);
            response
        })))
    }
}

impl<S> OriginService<S> {
    fn knows(&self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        is_loopback(&origin) || self.allowed.contains(&origin)
    }
}

/// Whether an origin is a page of this machine, such as `http://localhost:3000`.
fn is_loopback(origin: &str) -> bool {
    let Ok(uri) = origin.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// The answer to a page that may not call. It has no CORS headers, so the page cannot read it.
fn refusal(origin: &HeaderValue) -> Response<Body> {
    let message = "a page of this origin may not call; add it to server.allowed_origins";
    let error = Error::new(ErrorReason::OriginRefused, message)
        .with("origin", origin.to_str().unwrap_or("(not text)"));
    let mut response = to_status(error).into_http();
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

fn preflight(origin: HeaderValue, asked: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    allow(headers, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    // Metadata of a call is free to choose, so whatever the page asks for is allowed.
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    response
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    headers.insert(header::VARY, VARY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_are_known() {
        for origin in [
            "http://localhost",
            "http://localhost:3000",
            "https://app.localhost:8443",
            "http://127.0.0.1:8000",
            "http://[::1]:8000",
        ] {
            assert!(is_loopback(origin), "{origin}");
        }
    }

    #[test]
    fn other_origins_are_not() {
        for origin in [
            "null",
            "https://example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.nip.io",
            "http://10.0.0.1",
            "file://",
        ] {
            assert!(!is_loopback(origin), "{origin}");
        }
    }
}
