//! A platform that fails is left alone for a while.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::Instant;

use super::Layer;
use crate::calls::ApiRequest;
use crate::client::metrics::Counters;
use crate::client::{BreakerOptions, BreakerState, Failure};

/// Opens when of the last calls too many have failed, and closes when a few have succeeded after a
/// pause. What the platform refuses in good order is no failure.
pub(crate) struct Breaker<S> {
    inner: S,
    options: BreakerOptions,
    state: Mutex<State>,
    counters: Arc<Counters>,
}

enum State {
    /// The last outcomes: whether each was a failure.
    Closed(VecDeque<bool>),
    Open {
        until: Instant,
    },
    /// How many calls were let through, and how many of these have succeeded.
    HalfOpen {
        admitted: usize,
        succeeded: usize,
    },
}

impl<S> Breaker<S> {
    pub(super) fn new(inner: S, options: BreakerOptions, counters: Arc<Counters>) -> Self {
        Self {
            inner,
            options,
            state: Mutex::new(State::Closed(VecDeque::new())),
            counters,
        }
    }

    pub(super) fn state(&self) -> BreakerState {
        match *self.state.lock() {
            State::Closed(_) => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Lets a call pass, or says why not.
    fn admit(&self) -> Result<Admitted<'_, S>, Failure> {
        let mut state = self.state.lock();
        if let State::Open { until } = *state {
            let now = Instant::now();
            if now < until {
                self.counters.breaker_refused.add();
                return Err(Failure::CircuitOpen(until - now));
            }
            *state = State::HalfOpen {
                admitted: 0,
                succeeded: 0,
            };
        }
        if let State::HalfOpen { admitted, .. } = &mut *state {
            if *admitted >= self.options.probes.max(1) {
                self.counters.breaker_refused.add();
                return Err(Failure::CircuitOpen(self.options.pause / 10));
            }
            *admitted += 1;
        }
        Ok(Admitted {
            breaker: self,
            told: false,
        })
    }

    fn record(&self, failed: bool) {
        let mut state = self.state.lock();
        let opens = match &mut *state {
            State::Open { .. } => false,
            State::HalfOpen { .. } if failed => true,
            State::HalfOpen { succeeded, .. } => {
                *succeeded += 1;
                if *succeeded >= self.options.probes.max(1) {
                    *state = State::Closed(VecDeque::new());
                }
                false
            }
            State::Closed(last) => {
                last.push_back(failed);
                if last.len() > self.options.window.max(1) {
                    last.pop_front();
                }
                let failures = last.iter().filter(|failed| **failed).count();
                failed && failures >= self.options.failures.max(1)
            }
        };
        if opens {
            self.counters.breaker_opened.add();
            *state = State::Open {
                until: Instant::now() + self.options.pause,
            };
        }
    }

    /// A call that was given up says nothing about the platform; the next one may probe.
    fn withdraw(&self) {
        if let State::HalfOpen { admitted, .. } = &mut *self.state.lock() {
            *admitted = admitted.saturating_sub(1);
        }
    }
}

impl<S: Layer> Layer for Breaker<S> {
    async fn send(&self, request: &ApiRequest) -> Result<Value, Failure> {
        let admitted = self.admit()?;
        let result = self.inner.send(request).await;
        admitted.tell(result.as_ref().is_err_and(Failure::is_fault));
        result
    }
}

/// A call that was let through and has to be counted.
struct Admitted<'a, S> {
    breaker: &'a Breaker<S>,
    told: bool,
}

impl<S> Admitted<'_, S> {
    fn tell(mut self, failed: bool) {
        self.told = true;
        self.breaker.record(failed);
    }
}

impl<S> Drop for Admitted<'_, S> {
    fn drop(&mut self) {
        if !self.told {
            self.breaker.withdraw();
        }
    }
}
