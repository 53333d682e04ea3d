//! What handlers answer, and how it is written: envelopes, errors, and the HTML of unknown routes.

use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use etude::v1::ErrorReason;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use super::request::{Params, is_reference_cli};
use crate::model::envelope::{self, About, Shape};
use crate::model::{ApiError, Object};

/// What a handler returns.
pub(super) type Reply = Result<Answer, Problem>;

/// A successful answer, before anything is wrapped around it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    status: StatusCode,
    shape: Shape,
    value: Value,
    /// Fields beside the envelope, for clients that look there.
    beside: Object,
    /// What the reference CLI is told instead.
    reference_cli: Option<Instead>,
}

/// Makes what is answered instead, if it is.
#[derive(Clone)]
struct Instead(Arc<dyn Fn() -> Value + Send + Sync>);

impl fmt::Debug for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Instead")
    }
}

impl Answer {
    /// One object.
    pub(super) fn item(value: impl Serialize) -> Reply {
        Self::new(Shape::Item, value)
    }

    /// One object that was created.
    pub(super) fn created(value: impl Serialize) -> Reply {
        let answer = Self::new(Shape::Item, value)?;
        Ok(Self {
            status: StatusCode::CREATED,
            ..answer
        })
    }

    /// A list.
    pub(super) fn items(value: impl Serialize) -> Reply {
        Self::new(Shape::Items, value)
    }

    /// A collection by id.
    pub(super) fn map<T: Serialize>(items: impl IntoIterator<Item = (i64, T)>) -> Reply {
        let mut map = Object::new();
        for (id, item) in items {
            map.insert(id.to_string(), written(item)?);
        }
        Self::new(Shape::Map, Value::Object(map))
    }

    /// That it was done.
    pub(super) fn done() -> Reply {
        Self::new(Shape::Item, json!({}))
    }

    /// Adds a field beside the envelope.
    pub(super) fn beside(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.beside.insert(key.to_owned(), value.into());
        self
    }

    /// Says what the reference CLI is told instead: its types differ from the platform's.
    pub(super) fn for_reference_cli(
        mut self,
        value: impl Fn() -> Value + Send + Sync + 'static,
    ) -> Self {
        self.reference_cli = Some(Instead(Arc::new(value)));
        self
    }

    fn new(shape: Shape, value: impl Serialize) -> Reply {
        Ok(Self {
            status: StatusCode::OK,
            shape,
            value: written(value)?,
            beside: Object::new(),
            reference_cli: None,
        })
    }

    fn render(self, enveloped: bool, to_reference_cli: bool) -> Response {
        let value = match self.reference_cli {
            Some(Instead(value)) if to_reference_cli => value(),
            _ => self.value,
        };
        let mut body = if enveloped {
            envelope::wrap(self.shape, value)
        } else {
            value
        };
        if let Value::Object(fields) = &mut body {
            for (key, value) in self.beside {
                fields.entry(key).or_insert(value);
            }
        }
        json_response(self.status, &body)
    }
}

fn written(value: impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value)
        .map_err(|error| etude_engine::Error::internal(error.to_string()).into())
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes what handlers have answered as the request wants it.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let enveloped = Params::of(request.uri()).get("envelope") != Some("false");
    let to_reference_cli = is_reference_cli(request.headers());
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Answer>() {
        Some(answer) => answer.render(enveloped, to_reference_cli),
        None => response,
    }
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// The platform's code where one is known, else the status as text.
    pub(super) code: &'static str,
    pub(super) message: String,
    /// What of the request it is about.
    about: About,
}

impl Problem {
    /// Something in the request is wrong; the message names the field.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "400", message)
    }

    /// A field of the request is wrong.
    pub(super) fn of_field(field: &str, what: &str) -> Self {
        Self::invalid(format!("{field}: {what}")).about(field)
    }

    /// The same, with the field beside the message.
    pub(super) fn about(self, field: &str) -> Self {
        Self {
            about: About {
                field: Some(field.to_owned()),
                id: None,
            },
            ..self
        }
    }

    /// There is no such thing, or the caller may not see it.
    pub(super) fn not_found(what: &str) -> Self {
        let code = if what == "Checkpoint" { "2500" } else { "1403" };
        Self::new(StatusCode::NOT_FOUND, code, format!("{what} not found"))
    }

    /// There is no such thing of this id, or the caller may not see it.
    pub(super) fn missing(what: &str, id: i64) -> Self {
        Self {
            about: About {
                id: Some(id),
                field: None,
            },
            ..Self::not_found(what)
        }
    }

    /// The same with more words behind its own.
    pub(super) fn saying(self, why: impl fmt::Display) -> Self {
        Self {
            message: format!("{}: {why}", self.message),
            ..self
        }
    }

    /// A checkpoint that no journey leads to: the platform names the project that it did not find on
    /// the way.
    pub(super) fn unreachable(why: impl fmt::Display) -> Self {
        Self::not_found("Project").saying(why)
    }

    /// Something of this name exists.
    pub(super) fn exists(what: &str) -> Self {
        let message = format!("{what} with the specified name already exists");
        Self::new(StatusCode::BAD_REQUEST, "1501", message)
    }

    /// A step that the platform does not know.
    pub(super) fn step(message: impl std::fmt::Display) -> Self {
        let message = format!("Invalid test step command: {message}");
        Self::new(StatusCode::BAD_REQUEST, "2605", message)
    }

    /// The state of things forbids it.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "409", message)
    }

    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            about: About::default(),
        }
    }
}

impl From<etude_engine::Error> for Problem {
    fn from(error: etude_engine::Error) -> Self {
        let (status, code) = match error.reason {
            ErrorReason::InvalidRequest | ErrorReason::TestInvalid => {
                (StatusCode::BAD_REQUEST, "400")
            }
            ErrorReason::RunQueueFull => (StatusCode::TOO_MANY_REQUESTS, "429"),
            ErrorReason::StorageFull => (StatusCode::INSUFFICIENT_STORAGE, "507"),
            ErrorReason::StorageFailed | ErrorReason::ServerShutdown => {
                (StatusCode::SERVICE_UNAVAILABLE, "503")
            }
            _ => {
                tracing::error!(%error, "the local platform could not answer");
                (StatusCode::INTERNAL_SERVER_ERROR, "500")
            }
        };
        Self::new(status, code, error.message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = ApiError {
            code: self.code.to_owned(),
            message: self.message,
            about: self.about,
        };
        let mut response = json_response(self.status, &envelope::error_body(&error));
        if matches!(
            self.status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            let after = HeaderValue::from_static("1");
            response.headers_mut().insert(header::RETRY_AFTER, after);
        }
        response
    }
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// The page of an unknown route: the platform answers HTML there.
pub(super) async fn no_route() -> Response {
    const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
        <title>Error</title>\n</head>\n<body>\n<pre>Not Found</pre>\n</body>\n</html>\n";
    let mut response = Response::new(Body::from(PAGE));
    *response.status_mut() = StatusCode::NOT_FOUND;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}
