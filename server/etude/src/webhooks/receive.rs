//! Answers a webhook.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use etude::v1::ErrorReason;
use etude_engine::Error;
use etude_platform::events::{Accepted, Delivery};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::json;
use tokio::time::timeout;
use tonic::Code;
use tonic::body::Body;
use tracing::{info, warn};

use super::{Door, Entrance, Inbox, Inboxes, count};
use crate::platforms::Platforms;
use crate::transport::gate::Gate;

/// Largest body, in bytes.
const BODY_BYTES: usize = 64 * 1024;

/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// Longest header that is kept, in bytes.
const HEADER_BYTES: usize = 255;

/// The headers by which senders name a delivery; the first that is there counts.
const DELIVERY_IDS: [&str; 2] = ["webhook-id", "idempotency-key"];

/// Receives webhooks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Receiver {
    inboxes: Inboxes,
    platforms: Platforms,
    gate: Arc<Gate>,
}

/// Why a request was not accepted.
struct Refusal {
    status: StatusCode,
    message: Cow<'static, str>,
    reason: Option<ErrorReason>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Receiver {
    pub(crate) fn new(inboxes: Inboxes, platforms: Platforms, gate: Arc<Gate>) -> Self {
        Self {
            inboxes,
            platforms,
            gate,
        }
    }

    /// Answers a request to a platform's address.
    pub(super) async fn receive<B>(self, platform: &str, request: Request<B>) -> Response<Body>
    where
        B: HttpBody<Data = Bytes>,
        B::Error: Into<tonic::codegen::StdError>,
    {
        let (head, body) = request.into_parts();
        let accepted = match self.door(platform, &head) {
            Ok((inbox, door)) => {
                let accepted = self.accept(inbox, door, &head, body).await;
                door.note(platform, &accepted);
                accepted
            }
            Err(refusal) => Err(refusal),
        };
        match accepted {
            Ok(event) => {
                // Also when it is repeated: its sender thinks that nobody has heard of it.
                self.platforms.wake(platform);
                answer(StatusCode::ACCEPTED, &json!({"name": event.name}))
            }
            Err(refusal) => refusal.into_response(),
        }
    }

    /// Where the webhooks of a platform come in.
    fn door(&self, platform: &str, head: &Parts) -> Result<(&Inbox, &Door), Refusal> {
        let inbox = self.inboxes.by_platform.get(platform);
        let open = inbox.and_then(|inbox| Some((inbox, inbox.entrance.as_ref()?)));
        let Some((inbox, entrance)) = open else {
            let message = "no platform of this name sends webhooks to this server";
            return Err(Refusal::new(StatusCode::NOT_FOUND, message));
        };
        if head.method != Method::POST {
            let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "send a POST request");
            return Err(refusal.with(header::ALLOW, "POST"));
        }
        match entrance {
            Entrance::Open(door) => Ok((inbox, door)),
            Entrance::Closed(option) => {
                let message = format!(
                    "webhooks of this platform are off; set {option} to the name of a secret to \
                     accept them"
                );
                Err(Refusal::new(StatusCode::NOT_FOUND, message))
            }
        }
    }

    /// Makes a request an event, which is durable then.
    async fn accept<B>(
        &self,
        inbox: &Inbox,
        door: &Door,
        head: &Parts,
        body: B,
    ) -> Result<Accepted, Refusal>
    where
        B: HttpBody<Data = Bytes>,
        B::Error: Into<tonic::codegen::StdError>,
    {
        let _place = self.gate.admit(head.uri.path(), false)?;
        if !token(head).is_some_and(|token| door.knows(&token)) {
            let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "the token is missing or wrong");
            return Err(refusal.with(header::WWW_AUTHENTICATE, "Bearer"));
        }
        // After the token: who has none must not keep out who has it.
        if door.rate.check().is_err() {
            let message = "too many webhooks; send it again later";
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, message);
            return Err(refusal.with(header::RETRY_AFTER, "1"));
        }
        let delivery = Delivery {
            id: delivery_id(&head.headers)?,
            content_type: text(&head.headers, "content-type")?.unwrap_or_default(),
            body: read(body).await?,
        };
        Ok(inbox.log.accept(delivery).await?)
    }
}

impl Door {
    /// Counts and logs what came of a request.
    fn note(&self, platform: &str, accepted: &Result<Accepted, Refusal>) {
        let counts = &self.counts;
        match accepted {
            Ok(Accepted { name, is_repeated }) => {
                count(match is_repeated {
                    true => &counts.repeated,
                    false => &counts.accepted,
                });
                info!(platform, event = name, is_repeated, "webhook accepted");
            }
            Err(Refusal {
                status, message, ..
            }) => {
                let status = status.as_u16();
                count(match status {
                    401 => &counts.unauthorized,
                    _ => &counts.refused,
                });
                match status {
                    500.. => warn!(platform, status, why = %message, "webhook refused"),
                    _ => info!(platform, status, why = %message, "webhook refused"),
                }
            }
        }
    }
}

/// The token that a request has: in its header, else in its address.
fn token(head: &Parts) -> Option<Cow<'_, str>> {
    let header = head.headers.get(header::AUTHORIZATION);
    let bearer = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    bearer.map(Cow::Borrowed).or_else(|| {
        let query = head.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key == "token")
            .map(|(_, value)| value)
    })
}

fn delivery_id(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    for name in DELIVERY_IDS {
        if let Some(id) = text(headers, name)?.filter(|id| !id.is_empty()) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// A header that is kept.
fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().ok();
    let text = text.filter(|text| text.len() <= HEADER_BYTES);
    text.map(|text| Some(text.to_owned())).ok_or_else(|| {
        let message =
            format!("the header {name} must be ASCII of at most {HEADER_BYTES} characters");
        Refusal::new(StatusCode::BAD_REQUEST, message)
    })
}

async fn read<B>(body: B) -> Result<Bytes, Refusal>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<tonic::codegen::StdError>,
{
    let whole = std::pin::pin!(Limited::new(body, BODY_BYTES).collect());
    match timeout(BODY_PATIENCE, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let message = format!("the body has more than {BODY_BYTES} bytes");
            Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
        Ok(Err(_)) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "the body ended before it was whole",
        )),
        Err(_) => {
            let message = format!("the body did not arrive within {BODY_PATIENCE:?}");
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, message))
        }
    }
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            message: message.into(),
            reason: None,
            header: None,
        }
    }

    fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self {
            header: Some((name, HeaderValue::from_static(value))),
            ..self
        }
    }

    fn into_response(self) -> Response<Body> {
        let body = match self.reason {
            Some(reason) => json!({"reason": reason.name(), "message": self.message}),
            None => json!({"message": self.message}),
        };
        let mut response = answer(self.status, &body);
        response.headers_mut().extend(self.header);
        response
    }
}

/// The server cannot accept it now.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = match error.reason.code() {
            Code::Unavailable | Code::ResourceExhausted => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self {
            reason: Some(error.reason),
            ..Self::new(status, error.message).with(header::RETRY_AFTER, "5")
        }
    }
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    let body = Bytes::from(format!("{body}\n"));
    let mut response = Response::new(Body::new(http_body_util::Full::new(body)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
