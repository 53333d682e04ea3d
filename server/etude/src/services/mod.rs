//! The gRPC services, one file each.
//!
//! Every unary method goes through [`answer`] and every method with a stream through [`check`], so
//! that no request reaches the engine unchecked; a test walks all methods with wrong requests.

use std::sync::Arc;

use etude::validate::{Validate, Validated};
use etude_engine::runs::Runs;
use etude_engine::sessions::Sessions;
use etude_engine::store::Store;
use etude_engine::{Error, Result};
use etude_platform::local::Local;
use tonic::{Request, Response, Status};
use tracing::Span;

use crate::answers::Answers;
use crate::platforms::Platforms;
use crate::status::to_status;
use crate::webhooks::Inboxes;

mod artifacts;
mod batch;
mod catalogue;
mod commands;
mod documents;
mod info;
mod platforms;
mod resources;
mod routes;
mod runs;
mod sessions;

pub(crate) use info::Info;
pub(crate) use routes::{MESSAGE_BYTES, routes};

/// What the services work with.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) sessions: Sessions,
    pub(crate) runs: Runs,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) info: Arc<Info>,
    pub(crate) platforms: Platforms,
    pub(crate) inboxes: Inboxes,
    pub(crate) local: Local,
    pub(crate) answers: Answers,
}

/// Checks a request by the contract's rules; all violations are reported at once.
fn check<M: Validate>(request: Request<M>) -> Result<M, Status> {
    let checked = check_message(request.into_inner());
    checked.map(Validated::into_inner).map_err(to_status)
}

fn check_message<M: Validate>(message: M) -> Result<Validated<M>> {
    Validated::new(message).map_err(Error::violated)
}

/// Checks a request, answers it, and turns an error into its status.
async fn answer<M, A, F>(
    request: Request<M>,
    handle: impl FnOnce(M) -> F,
) -> Result<Response<A>, Status>
where
    M: Validate,
    F: Future<Output = Result<A>>,
{
    let message = check(request)?;
    handle(message).await.map(Response::new).map_err(to_status)
}

/// Says in the call's span which session it is about.
fn note_session(name: &str) {
    Span::current().record("session", name);
}

/// Says in the call's span which run it is about.
fn note_run(name: &str) {
    Span::current().record("run", name);
}

/// The size of a page: 0 means 50, above 200 means 200.
fn page_size(asked: i32) -> usize {
    match usize::try_from(asked).unwrap_or_default() {
        0 => 50,
        size => size.min(200),
    }
}
