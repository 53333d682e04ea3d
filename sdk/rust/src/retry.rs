//! When a call is tried again.

use std::time::Duration;

use tokio::time::Instant;

/// How calls that failed for a passing reason are tried again: with a delay that doubles, half of
/// it random, so that many clients do not come back at the same moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Delay before the second attempt. Default 100 ms.
    pub first_delay: Duration,
    /// The longest delay. A longer one that the server asks for is kept. Default 5 s.
    pub max_delay: Duration,
    /// How long attempts go on without any answer. Default 60 s; zero means a single attempt.
    pub give_up_after: Duration,
}

impl RetryPolicy {
    /// Every call is made once.
    pub const NEVER: Self = Self {
        first_delay: Duration::ZERO,
        max_delay: Duration::ZERO,
        give_up_after: Duration::ZERO,
    };
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(5),
            give_up_after: Duration::from_secs(60),
        }
    }
}

/// The attempts of one call, or of one stream since it last moved on.
#[derive(Debug)]
pub(crate) struct Backoff {
    policy: RetryPolicy,
    failures: u32,
    first_failure: Option<Instant>,
}

impl Backoff {
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            failures: 0,
            first_failure: None,
        }
    }

    /// Forgets the failures, because an answer came.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
        self.first_failure = None;
    }

    /// The delay before the next attempt; `None` when there is to be none.
    pub(crate) fn next_delay(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let since = *self.first_failure.get_or_insert_with(Instant::now);
        let doubled = 2u32.saturating_pow(self.failures.min(20));
        self.failures += 1;
        let delay = self
            .policy
            .first_delay
            .saturating_mul(doubled)
            .min(self.policy.max_delay);
        let delay = jittered(delay).max(asked.unwrap_or_default());
        (since.elapsed() + delay <= self.policy.give_up_after && !self.policy.is_never())
            .then_some(delay)
    }
}

impl RetryPolicy {
    fn is_never(&self) -> bool {
        self.give_up_after.is_zero()
    }
}

/// Between half of `delay` and all of it.
fn jittered(delay: Duration) -> Duration {
    // A random UUID is the random number that this crate has anyway.
    let random = uuid::Uuid::new_v4().as_u64_pair().1 & 0xffff_ffff;
    let share = 0.5 + 0.5 * (random as f64 / f64::from(u32::MAX));
    delay.mul_f64(share.min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RetryPolicy {
        RetryPolicy {
            first_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(1),
            give_up_after: Duration::from_secs(3600),
        }
    }

    #[test]
    fn delays_double_up_to_the_longest_with_half_of_them_random() {
        let mut backoff = Backoff::new(policy());
        for expected in [100, 200, 400, 800, 1000, 1000] {
            let delay = backoff.next_delay(None).unwrap().as_millis();
            assert!(
                (expected / 2..=expected).contains(&delay),
                "{delay} of {expected}"
            );
        }
        backoff.reset();
        assert!(backoff.next_delay(None).unwrap() <= Duration::from_millis(100));
    }

    #[test]
    fn the_server_may_ask_for_a_longer_delay() {
        let mut backoff = Backoff::new(policy());
        let asked = Duration::from_secs(20);
        assert_eq!(backoff.next_delay(Some(asked)), Some(asked));
        assert!(backoff.next_delay(Some(Duration::ZERO)).unwrap() >= Duration::from_millis(100));
    }

    #[test]
    fn attempts_end() {
        let mut backoff = Backoff::new(RetryPolicy::NEVER);
        assert_eq!(backoff.next_delay(None), None);
        let mut backoff = Backoff::new(policy());
        assert_eq!(backoff.next_delay(Some(Duration::from_secs(4000))), None);
    }
}
