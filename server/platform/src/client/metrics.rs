//! What a client has done, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers of a client since it was made, and its present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metrics {
    /// Reads that were answered from the cache.
    pub cache_hits: u64,
    /// Reads that may be kept and were not in the cache.
    pub cache_misses: u64,
    /// Requests that were sent, repetitions included.
    pub requests: u64,
    /// Requests that repeated an earlier one.
    pub retries: u64,
    /// Requests that failed on the way or with a fault of the platform.
    pub failures: u64,
    /// Requests that the platform answered with 429.
    pub throttled: u64,
    /// Calls that waited for the rate limit of the token.
    pub rate_limited: u64,
    /// Calls that were refused because the queue was full.
    pub queue_refused: u64,
    /// Calls that were refused because the breaker was open.
    pub breaker_refused: u64,
    /// How often the breaker has opened.
    pub breaker_opened: u64,
    /// Creations whose answer was lost and that reading back has found.
    pub settled: u64,
    /// State of the breaker.
    pub breaker: BreakerState,
    /// Calls on their way.
    pub in_flight: u64,
    /// Calls that wait for a place.
    pub queued: u64,
}

/// State of a circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BreakerState {
    /// Calls pass.
    #[default]
    Closed,
    /// Calls are refused.
    Open,
    /// A few calls pass to see whether the platform is back.
    HalfOpen,
}

/// The numbers that only grow.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) cache_hits: Counter,
    pub(super) cache_misses: Counter,
    pub(super) requests: Counter,
    pub(super) retries: Counter,
    pub(super) failures: Counter,
    pub(super) throttled: Counter,
    pub(super) rate_limited: Counter,
    pub(super) queue_refused: Counter,
    pub(super) breaker_refused: Counter,
    pub(super) breaker_opened: Counter,
    pub(super) settled: Counter,
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(super) fn snapshot(&self, breaker: BreakerState, in_flight: u64, queued: u64) -> Metrics {
        Metrics {
            cache_hits: self.cache_hits.get(),
            cache_misses: self.cache_misses.get(),
            requests: self.requests.get(),
            retries: self.retries.get(),
            failures: self.failures.get(),
            throttled: self.throttled.get(),
            rate_limited: self.rate_limited.get(),
            queue_refused: self.queue_refused.get(),
            breaker_refused: self.breaker_refused.get(),
            breaker_opened: self.breaker_opened.get(),
            settled: self.settled.get(),
            breaker,
            in_flight,
            queued,
        }
    }
}
