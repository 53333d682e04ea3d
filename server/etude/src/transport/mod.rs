//! Everything between the socket and the services.
//!
//! A call passes, from the outside in: [`listen`] (which addresses are allowed), [`connection`]
//! (accepting, HTTP/2 limits, age, shutdown), [`origin`] (which web pages may call),
//! [`webhooks`](crate::webhooks), which are answered at once, gRPC-Web translation, and [`call`] (limits, deadline, span, details on every error).

use std::sync::Arc;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{Layer, util::BoxCloneSyncService};

pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod connection;
pub(crate) mod deadline;
pub(crate) mod gate;
pub(crate) mod io;
pub(crate) mod listen;
pub(crate) mod origin;
pub(crate) mod record;

use call::CallService;
use gate::Gate;
use origin::OriginLayer;

use crate::webhooks::{Receiver, WebhookLayer};

/// What answers the requests of a connection.
pub(crate) type App =
    BoxCloneSyncService<Request<Incoming>, http::Response<Body>, std::convert::Infallible>;

/// Puts the layers around the services.
pub(crate) fn app(
    services: Router,
    webhooks: Receiver,
    gate: &Arc<Gate>,
    allowed_origins: &[String],
) -> App {
    // Innermost: it sees gRPC only, whichever protocol the client speaks.
    let calls = CallService::new(services, Arc::clone(gate));
    let web = GrpcWebLayer::new().layer(calls);
    // Around gRPC-Web, which refuses what else is sent over HTTP/1.
    let webhooks = WebhookLayer(webhooks).layer(web);
    // Outermost: a page that may not call costs nothing more.
    let origins = OriginLayer::new(allowed_origins).layer(webhooks);
    BoxCloneSyncService::new(origins)
}
