//! Finds webhooks among the calls.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::{BoxFuture, Either};
use http::{Request, Response};
use http_body::Body as HttpBody;
use tonic::body::Body;
use tower::{Layer, Service};

use super::Receiver;

/// What the path of a webhook begins with; the platform's name follows.
const PREFIX: &str = "/webhooks/";

/// Answers webhooks, and passes everything else on.
#[derive(Clone)]
pub(crate) struct WebhookLayer(pub(crate) Receiver);

impl<S> Layer<S> for WebhookLayer {
    type Service = WebhookService<S>;

    fn layer(&self, inner: S) -> WebhookService<S> {
        WebhookService {
            inner,
            receiver: self.0.clone(),
        }
    }
}

/// What [`WebhookLayer`] makes.
#[derive(Clone)]
pub(crate) struct WebhookService<S> {
    inner: S,
    receiver: Receiver,
}

impl<S, B> Service<Request<B>> for WebhookService<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<tonic::codegen::StdError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(platform) = request.uri().path().strip_prefix(PREFIX) else {
            return Either::Left(self.inner.call(request));
        };
        let (receiver, platform) = (self.receiver.clone(), platform.to_owned());
        Either::Right(Box::pin(async move {
            Ok(receiver.receive(&platform, request).await)
        }))
    }
}
