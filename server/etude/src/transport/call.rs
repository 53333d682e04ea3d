//! What every call has: a place at the gate, a deadline, a span, and details on its error.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::routing::future::RouteFuture;
use etude::v1::ErrorReason;
use etude_engine::Error;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service;
use tracing::error;

use super::body::CallBody;
use super::deadline;
use super::gate::{Gate, Place};
use super::record::Record;
use crate::status::{complete, to_status};

const DETAILS: &str = "grpc-status-details-bin";

/// The services, with what every call has around them.
#[derive(Debug, Clone)]
pub(crate) struct CallService {
    inner: Router,
    gate: Arc<Gate>,
}

impl CallService {
    pub(crate) fn new(inner: Router, gate: Arc<Gate>) -> Self {
        Self { inner, gate }
    }

    fn admit(&self, request: &Request<Body>) -> Result<Admitted, Error> {
        let path = request.uri().path();
        let stream = self.gate.is_stream(path);
        let place = self.gate.admit(path, stream)?;
        let timeout = deadline::timeout(request.headers())
            .map_err(|error| Error::invalid("grpc-timeout", "header", error.to_string()))?;
        Ok(Admitted {
            place,
            deadline: timeout.map(|timeout| Instant::now() + timeout),
            ending: stream.then(|| Arc::clone(&self.gate)),
        })
    }
}

struct Admitted {
    place: Place,
    deadline: Option<Instant>,
    ending: Option<Arc<Gate>>,
}

impl Service<Request<Body>> for CallService {
    type Response = Response<CallBody>;
    type Error = Infallible;
    type Future = CallFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.inner, context)
    }

    fn call(&mut self, request: Request<Body>) -> CallFuture {
        let record = Record::new(&request);
        match self.admit(&request) {
            Ok(admitted) => CallFuture {
                answer: Some(record.span().in_scope(|| self.inner.call(request))),
                expiry: admitted.deadline.map(sleep_until),
                parts: Some(Parts {
                    record,
                    refusal: None,
                    deadline: admitted.deadline,
                    place: Some(admitted.place),
                    ending: admitted.ending,
                }),
            },
            Err(error) => CallFuture {
                answer: None,
                expiry: None,
                parts: Some(Parts {
                    record,
                    refusal: Some(to_status(error)),
                    deadline: None,
                    place: None,
                    ending: None,
                }),
            },
        }
    }
}

/// What moves from the call's future to its body.
pub(super) struct Parts {
    pub(super) record: Record,
    refusal: Option<Status>,
    pub(super) deadline: Option<Instant>,
    pub(super) place: Option<Place>,
    pub(super) ending: Option<Arc<Gate>>,
}

pin_project! {
    /// Answers one call.
    pub(crate) struct CallFuture {
        #[pin]
        answer: Option<RouteFuture<Infallible>>,
        #[pin]
        expiry: Option<Sleep>,
        parts: Option<Parts>,
    }
}

impl Future for CallFuture {
    type Output = Result<Response<CallBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(parts) = this.parts.as_mut() else {
            return Poll::Pending;
        };
        let response = match (parts.refusal.take(), this.answer.as_mut().as_pin_mut()) {
            (Some(status), _) => status.into_http(),
            (None, None) => return Poll::Pending,
            (None, Some(answer)) => match parts.record.span().in_scope(|| poll(answer, context)) {
                Poll::Ready(response) => response,
                Poll::Pending => {
                    let Some(expiry) = this.expiry.as_mut().as_pin_mut() else {
                        return Poll::Pending;
                    };
                    ready!(expiry.poll(context));
                    deadline_exceeded().into_http()
                }
            },
        };
        // What was being done for the call stops here, also when it is the deadline that ended it.
        this.answer.set(None);
        let Some(mut parts) = this.parts.take() else {
            return Poll::Pending;
        };
        let response = with_details(response);
        parts.record.end_by(response.headers());
        Poll::Ready(Ok(response.map(|body| CallBody::new(body, parts))))
    }
}

/// Polls the services; a panic of theirs is an INTERNAL error of this call and of no other.
fn poll(
    answer: Pin<&mut RouteFuture<Infallible>>,
    context: &mut Context<'_>,
) -> Poll<Response<axum::body::Body>> {
    match catch_unwind(AssertUnwindSafe(|| answer.poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Ok(response))) => Poll::Ready(response),
        Ok(Poll::Ready(Err(never))) => match never {},
        Err(_) => {
            error!("a service panicked; this is a defect of the server");
            let error = Error::internal("the server has a defect; its log says more");
            Poll::Ready(to_status(error).into_http())
        }
    }
}

/// The status of a call whose deadline has passed.
pub(super) fn deadline_exceeded() -> Status {
    to_status(Error::new(
        ErrorReason::DeadlineExceeded,
        "the deadline that the caller set has passed; what was being done was stopped",
    ))
}

/// Gives an error that tonic made the details that ours have.
fn with_details(response: Response<axum::body::Body>) -> Response<axum::body::Body> {
    let headers = response.headers();
    let Some(status) = Status::from_header_map(headers) else {
        return response;
    };
    match status.code() == Code::Ok || headers.contains_key(DETAILS) {
        true => response,
        false => complete(status.code(), status.message()).into_http(),
    }
}
