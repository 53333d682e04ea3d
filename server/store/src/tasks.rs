//! Work beside the caller's task.

use std::future::Future;

use etude_engine::Result;

use crate::error::failed;

/// Does file work on a thread where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| failed(format!("file work ended early: {error}")))?
}

/// Does to its end what must not stop half-way, even when the caller gives up.
pub(crate) async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let done = tokio::spawn(work).await;
    done.map_err(|error| failed(format!("the operation ended early: {error}")))?
}
