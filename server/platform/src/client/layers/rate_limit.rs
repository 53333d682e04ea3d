//! How many calls per second a token makes.

use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, MonotonicClock};
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use serde_json::Value;

use super::Layer;
use crate::calls::ApiRequest;
use crate::client::metrics::Counters;
use crate::client::{Failure, Limits};

type Limiter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock>;

/// Lets a second's worth of calls through at once, and then one by one.
pub(crate) struct RateLimit<S> {
    inner: S,
    limiter: Option<Limiter>,
    longest_wait: Duration,
    counters: Arc<Counters>,
}

impl<S> RateLimit<S> {
    pub(super) fn new(inner: S, limits: &Limits, counters: Arc<Counters>) -> Self {
        let limiter = limits.per_second.map(|per_second| {
            RateLimiter::direct_with_clock(Quota::per_second(per_second), MonotonicClock)
        });
        Self {
            inner,
            limiter,
            longest_wait: limits.longest_delay,
            counters,
        }
    }

    pub(super) fn inner(&self) -> &S {
        &self.inner
    }

    /// Waits for a place.
    async fn pass(&self, limiter: &Limiter) -> Result<(), Failure> {
        let mut waited = false;
        while let Err(not_until) = limiter.check() {
            let wait = not_until.wait_time_from(MonotonicClock.now());
            if wait > self.longest_wait {
                return Err(Failure::RateLimited(wait));
            }
            if !waited {
                self.counters.rate_limited.add();
                waited = true;
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }
}

impl<S: Layer> Layer for RateLimit<S> {
    async fn send(&self, request: &ApiRequest) -> Result<Value, Failure> {
        if let Some(limiter) = &self.limiter {
            self.pass(limiter).await?;
        }
        self.inner.send(request).await
    }
}
