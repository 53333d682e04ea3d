//! One span and one log line per call.

use std::time::Instant;

use http::{HeaderMap, Request};
use tonic::Code;
use tracing::field::Empty;
use tracing::{Span, debug, error, info, info_span, warn};

/// What is told of a call when it has ended: method, status and duration, within a span that the
/// services complete by session or run. Never arguments: they may hold secrets.
#[derive(Debug)]
pub(crate) struct Record {
    span: Span,
    started: Instant,
    open: bool,
}

impl Record {
    pub(crate) fn new<B>(request: &Request<B>) -> Self {
        let method = request.uri().path();
        Self {
            span: info_span!("call", method, session = Empty, run = Empty),
            started: Instant::now(),
            open: true,
        }
    }

    /// The call's span.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Notes the end, once.
    pub(crate) fn end(&mut self, code: Code) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let _entered = self.span.enter();
        let millis = self.started.elapsed().as_secs_f64() * 1000.0;
        match code {
            Code::Ok => debug!(status = "OK", millis, "call ended"),
            // Defects of ours, for somebody to look at.
            Code::Internal | Code::Unknown | Code::DataLoss => {
                error!(status = ?code, millis, "call failed");
            }
            // The server's state, for an operator.
            Code::Unavailable | Code::ResourceExhausted => {
                warn!(status = ?code, millis, "call refused");
            }
            // The caller's doing.
            _ => info!(status = ?code, millis, "call ended"),
        }
    }

    /// Notes the end by the status in headers or trailers, if they have one.
    pub(crate) fn end_by(&mut self, headers: &HeaderMap) {
        if let Some(code) = code_of(headers) {
            self.end(code);
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // Nobody waited for the end.
        self.end(Code::Cancelled);
    }
}

/// The status in headers or trailers.
fn code_of(headers: &HeaderMap) -> Option<Code> {
    let status = headers.get("grpc-status")?;
    Some(Code::from_bytes(status.as_bytes()))
}
