//! What a request passes on its way, in the order in which it does:
//!
//! 1. [`Cache`]: what was read a short while ago needs no request
//! 2. [`RateLimit`]: the token makes no more calls per second than it may
//! 3. [`Bulkhead`]: so many calls are on their way at once; a bounded queue stands behind them
//! 4. [`Breaker`]: a platform that fails is left alone for a while
//! 5. [`Retry`]: what may be repeated is repeated, with longer and longer waits
//! 6. [`Timeout`]: an attempt takes no longer than this
//! 7. the transport
//!
//! The place in the bulkhead is kept while a call waits to be repeated: a platform that says that it
//! has too much to do gets fewer calls at once. The breaker sees calls, not attempts.

mod breaker;
mod bulkhead;
mod cache;
mod rate_limit;
mod retry;
mod timeout;

use std::future::Future;
use std::sync::Arc;

use serde_json::Value;

use super::metrics::{Counters, Metrics};
use super::{Failure, Limits, Transport};
use crate::calls::ApiRequest;
use breaker::Breaker;
use bulkhead::Bulkhead;
use cache::Cache;
use rate_limit::RateLimit;
use retry::Retry;
use timeout::Timeout;

/// Something that a request passes.
pub(super) trait Layer: Send + Sync {
    /// Sends the request on; the answer is out of its wrapping.
    fn send(&self, request: &ApiRequest) -> impl Future<Output = Result<Value, Failure>> + Send;
}

/// All layers over a transport.
pub(super) type Stack = Cache<RateLimit<Bulkhead<Breaker<Retry<Timeout<Transport>>>>>>;

pub(super) fn stack(transport: Transport, limits: &Limits, counters: &Arc<Counters>) -> Stack {
    let timeout = Timeout::new(transport, limits, counters.clone());
    let retry = Retry::new(timeout, limits, counters.clone());
    let breaker = Breaker::new(retry, limits.breaker, counters.clone());
    let bulkhead = Bulkhead::new(breaker, limits, counters.clone());
    let rate_limit = RateLimit::new(bulkhead, limits, counters.clone());
    Cache::new(rate_limit, limits, counters.clone())
}

impl Stack {
    pub(super) fn metrics(&self, counters: &Counters) -> Metrics {
        let bulkhead = self.inner().inner();
        let (in_flight, queued) = bulkhead.load();
        counters.snapshot(bulkhead.inner().state(), in_flight, queued)
    }
}
