//! The body of a call's response: it holds the call's place and span until its end, and ends
//! streams at their deadline and on shutdown.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::{Code, Status};

use super::call::{Parts, deadline_exceeded};
use super::gate::{Place, shutdown};
use super::record::Record;
use crate::status::to_status;

pin_project! {
    /// The response of one call.
    pub(crate) struct CallBody {
        #[pin]
        inner: Body,
        record: Record,
        place: Option<Place>,
        // Only of streams: a unary response is there at once.
        limits: Option<Pin<Box<Limits>>>,
        ended: bool,
    }
}

pin_project! {
    struct Limits {
        #[pin]
        expiry: Option<Sleep>,
        #[pin]
        ending: WaitForCancellationFutureOwned,
    }
}

impl CallBody {
    pub(super) fn new(inner: Body, parts: Parts) -> Self {
        let limits = parts.ending.filter(|_| !inner.is_end_stream()).map(|gate| {
            Box::pin(Limits {
                expiry: parts.deadline.map(sleep_until),
                ending: gate.ending().cancelled_owned(),
            })
        });
        Self {
            inner,
            record: parts.record,
            place: parts.place,
            limits,
            ended: false,
        }
    }
}

impl Limits {
    /// The status that ends the stream now, if one does.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Option<Status> {
        let this = self.project();
        if let Some(expiry) = this.expiry.as_pin_mut()
            && expiry.poll(context).is_ready()
        {
            return Some(deadline_exceeded());
        }
        let ending = this.ending.poll(context).is_ready();
        ending.then(|| to_status(shutdown()))
    }
}

impl HttpBody for CallBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        // Before the inner body: a stream that is always ready must end as well.
        if let Some(limits) = this.limits
            && let Some(status) = limits.as_mut().poll(context)
        {
            *this.ended = true;
            this.record.end(status.code());
            *this.place = None;
            return Poll::Ready(Some(Ok(Frame::trailers(trailers(&status)))));
        }
        let polled = {
            let span = this.record.span().clone();
            let _entered = span.enter();
            this.inner.poll_frame(context)
        };
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    this.record.end_by(trailers);
                }
            }
            Poll::Ready(Some(Err(_))) => this.record.end(Code::Internal),
            Poll::Ready(None) => this.record.end(Code::Ok),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.limits {
            Some(_) => SizeHint::default(),
            None => self.inner.size_hint(),
        }
    }
}

fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // It fails on texts that are no header values only; tonic encodes them.
    let _ = status.add_header(&mut trailers);
    trailers
}
