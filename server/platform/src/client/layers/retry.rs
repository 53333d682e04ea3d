//! Repeating what may be repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use http::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::Layer;
use crate::calls::{ApiRequest, Kind};
use crate::client::metrics::Counters;
use crate::client::{Failure, Limits};

/// Repeats a call after a failure that may pass: each call that reads or that does the same when
/// it is done twice, and of the others those that have certainly done nothing.
///
/// A `Retry-After` is kept to; one that is longer than the longest wait ends the call. No attempt
/// begins when the time for two has passed since the first.
pub(crate) struct Retry<S> {
    inner: S,
    limits: Limits,
    counters: Arc<Counters>,
}

impl<S> Retry<S> {
    pub(super) fn new(inner: S, limits: &Limits, counters: Arc<Counters>) -> Self {
        Self {
            inner,
            limits: limits.clone(),
            counters,
        }
    }

    fn backoff(&self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_min_delay(self.limits.first_delay)
            .with_max_delay(self.limits.longest_delay)
            .with_max_times(self.limits.retries)
            .with_jitter()
    }

    fn may_repeat(&self, request: &ApiRequest, failure: &Failure) -> bool {
        let short = |wait: Duration| wait <= self.limits.longest_delay;
        let harmless = request.kind != Kind::Create || failure.did_nothing();
        failure.is_transient() && harmless && failure.retry_after().is_none_or(short)
    }
}

impl<S: Layer> Layer for Retry<S> {
    async fn send(&self, request: &ApiRequest) -> Result<Value, Failure> {
        let budget = self.limits.attempt(request) * 2;
        let started = Instant::now();
        let lost_one = AtomicBool::new(false);
        let result = (|| self.inner.send(request))
            .retry(self.backoff())
            .when(|failure| {
                lost_one.fetch_or(failure.may_have_happened(), Ordering::Relaxed);
                started.elapsed() < budget && self.may_repeat(request, failure)
            })
            .adjust(|failure, planned| {
                let asked = failure.retry_after();
                planned.map(|planned| asked.map_or(planned, |asked| asked.max(planned)))
            })
            .notify(|_, _| self.counters.retries.add())
            .await;
        match result {
            // The attempt whose answer was lost has removed it.
            Err(Failure::Refused(refused))
                if refused.status == 404
                    && request.method == Method::DELETE
                    && lost_one.load(Ordering::Relaxed) =>
            {
                Ok(Value::Null)
            }
            result => result,
        }
    }
}
