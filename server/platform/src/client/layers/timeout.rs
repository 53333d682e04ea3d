//! How long an attempt may take.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Layer;
use crate::calls::ApiRequest;
use crate::client::metrics::Counters;
use crate::client::{Failure, Limits};

/// Ends an attempt that takes too long, and counts what is sent.
pub(crate) struct Timeout<S> {
    inner: S,
    limits: Limits,
    counters: Arc<Counters>,
}

impl<S> Timeout<S> {
    pub(super) fn new(inner: S, limits: &Limits, counters: Arc<Counters>) -> Self {
        Self {
            inner,
            limits: limits.clone(),
            counters,
        }
    }
}

impl Limits {
    /// How long one attempt of this request may take.
    pub(super) fn attempt(&self, request: &ApiRequest) -> Duration {
        match request.slow {
            true => self.slow_timeout,
            false => self.timeout,
        }
    }
}

impl<S: Layer> Layer for Timeout<S> {
    async fn send(&self, request: &ApiRequest) -> Result<Value, Failure> {
        self.counters.requests.add();
        let limit = self.limits.attempt(request);
        let result = match tokio::time::timeout(limit, self.inner.send(request)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Timeout(limit)),
        };
        if let Err(failure) = &result {
            if failure.is_fault() {
                self.counters.failures.add();
            }
            if matches!(failure, Failure::Refused(refused) if refused.status == 429) {
                self.counters.throttled.add();
            }
        }
        result
    }
}
