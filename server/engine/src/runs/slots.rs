//! How many runs of a pool are executed at a time, and what wakes the worker that claims them.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::store::Pool;

/// The slots of a pool; first come, first served.
pub(super) struct Slots {
    pub(super) pool: Pool,
    free: Arc<Semaphore>,
    /// Wakes the pool's worker: a run may wait that it does not know of.
    pub(super) run_waits: Notify,
}

impl Slots {
    pub(super) fn new(pool: Pool, count: usize) -> Self {
        Self {
            pool,
            free: Arc::new(Semaphore::new(count.max(1))),
            run_waits: Notify::new(),
        }
    }

    /// Takes a slot as soon as one is free; it is free again when the permit is dropped. `None`
    /// would say that there will never be one.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }
}
