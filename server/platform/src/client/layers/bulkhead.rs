//! How many calls are on their way at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tokio::sync::Semaphore;

use super::Layer;
use crate::calls::ApiRequest;
use crate::client::metrics::Counters;
use crate::client::{Failure, Limits};

/// Gives each call a place, in the order in which they come. A call that is given up leaves its
/// place, or its place in the queue, at once.
pub(crate) struct Bulkhead<S> {
    inner: S,
    places: Semaphore,
    concurrency: usize,
    waiting: AtomicUsize,
    queue: usize,
    counters: Arc<Counters>,
}

impl<S> Bulkhead<S> {
    pub(super) fn new(inner: S, limits: &Limits, counters: Arc<Counters>) -> Self {
        let concurrency = limits.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            inner,
            places: Semaphore::new(concurrency),
            concurrency,
            waiting: AtomicUsize::new(0),
            queue: limits.queue,
            counters,
        }
    }

    pub(super) fn inner(&self) -> &S {
        &self.inner
    }

    /// How many calls are on their way, and how many wait.
    pub(super) fn load(&self) -> (u64, u64) {
        let in_flight = self.concurrency - self.places.available_permits();
        let waiting = self.waiting.load(Ordering::Relaxed);
        (in_flight as u64, waiting as u64)
    }

    async fn place(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Failure> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let Some(_waiting) = Waiting::join(&self.waiting, self.queue) else {
            self.counters.queue_refused.add();
            return Err(Failure::QueueFull(self.queue));
        };
        let place = self.places.acquire().await;
        place.map_err(|_| Failure::QueueFull(self.queue))
    }
}

impl<S: Layer> Layer for Bulkhead<S> {
    async fn send(&self, request: &ApiRequest) -> Result<Value, Failure> {
        let _place = self.place().await?;
        self.inner.send(request).await
    }
}

/// A place in the queue.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let join = |now| (now < most).then_some(now + 1);
        waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, join)
            .is_ok()
            .then(|| Self(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
