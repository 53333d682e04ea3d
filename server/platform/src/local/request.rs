//! What handlers take from a request, and who may send one.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode, Uri, header};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Local;
use super::answer::Problem;
use crate::model::Object;

/// The name by which the reference CLI introduces itself.
const REFERENCE_CLI: &str = "api-cli-generator";

/// How the `User-Agent` of the library begins by which it calls.
const REFERENCE_LIBRARY: &str = "go-resty/";

/// The headers in which clients introduce themselves.
const CLIENT_HEADERS: [&str; 2] = ["x-virtuoso-client-name", "x-virtuoso-client-id"];

/// A request's body as JSON. An empty body is an empty object: the platform's clients send both.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Local> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, local: &Local) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, local).await;
        let bytes = bytes.map_err(|error| {
            Problem::new(
                error.status(),
                "400",
                format!("the body cannot be read: {error}"),
            )
        })?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        // An array would be read as the fields of the object in their order.
        if text.trim_ascii_start().first() == Some(&b'[') {
            let message = "the body is not as expected: it must be an object, not an array";
            return Err(Problem::invalid(message));
        }
        let read = serde_json::from_slice(text);
        read.map(Self)
            .map_err(|error| wrong_body::<T>(text, &error))
    }
}

/// What is wrong with a body, by the field that is.
fn wrong_body<T: DeserializeOwned>(text: &[u8], error: &serde_json::Error) -> Problem {
    let alone = |(name, value): (String, Value)| {
        let body = Object::from_iter([(name.clone(), value)]);
        let error = serde_json::from_value::<T>(Value::Object(body)).err()?;
        // A field that has to be there is named by the error itself.
        let names_another = error.to_string().starts_with("missing field");
        (!names_another).then(|| (name, error.to_string()))
    };
    let fields: Option<Object> = serde_json::from_slice(text).ok();
    match fields.and_then(|fields| fields.into_iter().find_map(alone)) {
        Some((name, wrong)) => {
            let what = format!("the body is not as expected: {name}: {wrong}");
            Problem::invalid(what).about(&name)
        }
        None => Problem::invalid(format!("the body is not as expected: {error}")),
    }
}

/// The ids in a request's path.
pub(super) struct Ids<const N: usize>(pub(super) [i64; N]);

impl<const N: usize> FromRequestParts<Local> for Ids<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, local: &Local) -> Result<Self, Problem> {
        let Pieces(pieces) = Pieces::<N>::from_request_parts(parts, local).await?;
        let mut ids = [0; N];
        for (place, (name, text)) in ids.iter_mut().zip(&pieces) {
            *place = id(name, text)?;
        }
        Ok(Self(ids))
    }
}

/// The parameters in a request's path, with their names.
pub(super) struct Pieces<const N: usize>(pub(super) [(String, String); N]);

impl<const N: usize> FromRequestParts<Local> for Pieces<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, local: &Local) -> Result<Self, Problem> {
        let path = Path::<Vec<(String, String)>>::from_request_parts(parts, local).await;
        let Path(pieces) = path.map_err(|error| Problem::invalid(error.to_string()))?;
        let pieces = pieces.try_into();
        pieces
            .map(Self)
            .map_err(|_| etude_engine::Error::internal("a route has other parameters").into())
    }
}

/// An id as it stands in a path or a query.
pub(super) fn id(name: &str, text: &str) -> Result<i64, Problem> {
    let number = text.trim().parse().ok().filter(|id| *id > 0);
    number
        .ok_or_else(|| Problem::invalid(format!("{name} must be a positive number, not `{text}`")))
}

/// A request's query.
#[derive(Debug, Clone, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// The query of an address.
    pub(super) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self(
            pairs
                .map(|(key, value)| (key.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// The first value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter that is an id, if it is given.
    pub(super) fn some_id(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.get(name).map(|text| id(name, text)).transpose()
    }

    /// A parameter that is an id and must be given.
    pub(super) fn id(&self, name: &str) -> Result<i64, Problem> {
        let id = self.some_id(name)?;
        id.ok_or_else(|| Problem::invalid(format!("the query parameter {name} is missing")))
    }

    /// The ids of an array parameter: `name[]=1&name[]=2`, also `name=1`.
    pub(super) fn ids(&self, name: &str) -> Result<Vec<i64>, Problem> {
        let bracketed = format!("{name}[]");
        let values = self
            .0
            .iter()
            .filter(|(key, _)| *key == bracketed || key == name);
        values.map(|(key, value)| id(key, value)).collect()
    }

    /// A parameter that is a count.
    pub(super) fn count(&self, name: &str) -> Result<Option<usize>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let wrong = |_| Problem::invalid(format!("{name} must be a number of 0 or more"));
        text.parse().map(Some).map_err(wrong)
    }

    /// Whether a parameter is `true`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }
}

impl FromRequestParts<Local> for Params {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &Local,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

/// The address by which the caller reached this server, such as `http://127.0.0.1:7433`; of a caller in
/// this process the one at which it is served, if it is.
#[derive(Debug, Clone)]
pub(super) struct Base(pub(super) Option<String>);

impl FromRequestParts<Local> for Base {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        local: &Local,
    ) -> Result<Self, std::convert::Infallible> {
        let host = parts.headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        let address = host.map(|host| format!("http://{host}"));
        Ok(Self(address.or_else(|| local.address().cloned())))
    }
}

/// Whether the reference CLI calls: it expects other types than the platform's in some answers. Some
/// of its commands introduce themselves as its configuration says: then what its HTTP library says of
/// itself, with both headers, tells it from others.
pub(super) fn is_reference_cli(headers: &HeaderMap) -> bool {
    let names = CLIENT_HEADERS.map(|name| headers.get(name));
    let library = headers.get(header::USER_AGENT);
    let library = library.and_then(|agent| agent.to_str().ok());
    names.iter().flatten().any(|name| *name == REFERENCE_CLI)
        || names.iter().all(Option::is_some)
            && library.is_some_and(|agent| agent.starts_with(REFERENCE_LIBRARY))
}

/// Refuses requests without the token, if one is needed.
pub(super) async fn authorize(
    State(local): State<Local>,
    request: Request,
    next: Next,
) -> Response {
    let Some(token) = local.token() else {
        return next.run(request).await;
    };
    let sent = request.headers().get(header::AUTHORIZATION);
    let sent = sent.and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
    // Digests are compared, so that the time tells nothing of the token.
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    match sent {
        Some(sent) if digest(sent) == digest(token.expose_secret()) => next.run(request).await,
        _ => Problem::new(
            StatusCode::UNAUTHORIZED,
            "401",
            "Unauthorized: send the server's token as `Authorization: Bearer …`",
        )
        .into_response(),
    }
}

/// Refuses web pages of other sites: a page that a browser on this machine shows can reach a
/// loopback port too, by the address or by a DNS name of its own.
pub(super) async fn refuse_pages(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name| {
        headers
            .get(name)
            .map(|value: &http::HeaderValue| value.to_str())
    };
    let foreign = match (text(header::HOST), text(header::ORIGIN)) {
        (Some(Ok(host)), _) if !is_loopback(&format!("http://{host}")) => Some(host.to_owned()),
        (_, Some(Ok(origin))) if !is_loopback(origin) => Some(origin.to_owned()),
        (Some(Err(_)), _) | (_, Some(Err(_))) => Some("(not text)".to_owned()),
        _ => None,
    };
    match foreign {
        None => next.run(request).await,
        Some(name) => Problem::new(
            StatusCode::FORBIDDEN,
            "403",
            format!("`{name}` may not call: this server answers programs of its own machine only"),
        )
        .into_response(),
    }
}

fn is_loopback(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
