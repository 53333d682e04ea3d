//! Answers that are kept for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::Layer;
use crate::calls::{ApiRequest, Kind};
use crate::client::metrics::Counters;
use crate::client::{Failure, Limits};

/// Keeps what [`Kind::Read`] reads, and forgets all of it with each call that writes: which reads
/// a write changes is the platform's to know.
pub(crate) struct Cache<S> {
    inner: S,
    kept: Option<moka::sync::Cache<String, Arc<[u8]>>>,
    /// Grows with each write. What was read across a write is not kept.
    writes: AtomicU64,
    counters: Arc<Counters>,
}

impl<S> Cache<S> {
    pub(super) fn new(inner: S, limits: &Limits, counters: Arc<Counters>) -> Self {
        let kept = (!limits.cache_for.is_zero()).then(|| {
            moka::sync::Cache::builder()
                .weigher(|key: &String, answer: &Arc<[u8]>| {
                    u32::try_from(key.len() + answer.len()).unwrap_or(u32::MAX)
                })
                .max_capacity(limits.cache_bytes)
                .time_to_live(limits.cache_for)
                .build()
        });
        Self {
            inner,
            kept,
            writes: AtomicU64::new(0),
            counters,
        }
    }

    pub(super) fn inner(&self) -> &S {
        &self.inner
    }

    fn forget(&self) {
        self.writes.fetch_add(1, Ordering::SeqCst);
        if let Some(kept) = &self.kept {
            kept.invalidate_all();
        }
    }
}

impl<S: Layer> Layer for Cache<S> {
    async fn send(&self, request: &ApiRequest) -> Result<Value, Failure> {
        let kept = match (request.kind, &self.kept) {
            (Kind::Watch, _) | (Kind::Read, None) => return self.inner.send(request).await,
            (Kind::Write | Kind::Create, _) => {
                // Also when the call is given up on its way: it may have written.
                let _forget = Forget(self);
                return self.inner.send(request).await;
            }
            (Kind::Read, Some(kept)) => kept,
        };
        let key = format!("{} {:?}", request.path, request.query);
        if let Some(answer) = kept.get(&key)
            && let Ok(answer) = serde_json::from_slice(&answer)
        {
            self.counters.cache_hits.add();
            return Ok(answer);
        }
        self.counters.cache_misses.add();
        let before = self.writes.load(Ordering::SeqCst);
        let answer = self.inner.send(request).await?;
        if self.writes.load(Ordering::SeqCst) == before
            && let Ok(bytes) = serde_json::to_vec(&answer)
        {
            kept.insert(key, bytes.into());
        }
        Ok(answer)
    }
}

struct Forget<'a, S>(&'a Cache<S>);

impl<S> Drop for Forget<'_, S> {
    fn drop(&mut self) {
        self.0.forget();
    }
}
