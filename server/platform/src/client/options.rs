//! Settings of a client.

use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::SecretString;

/// How a platform is reached.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// What the platform is called here. Default: `virtuoso`.
    pub name: String,
    /// The address of the API, with its `/api`: `https://api.virtuoso.qa/api`.
    pub base_url: String,
    /// The token. It is never printed.
    pub token: SecretString,
    /// The organization's id. Default: the only one that the token's user belongs to.
    pub organization: Option<i64>,
    /// Bounds and times.
    pub limits: Limits,
}

impl ClientOptions {
    /// Settings with the usual limits.
    pub fn new(base_url: impl Into<String>, token: SecretString) -> Self {
        Self {
            name: "virtuoso".to_owned(),
            base_url: base_url.into(),
            token,
            organization: None,
            limits: Limits::default(),
        }
    }
}

/// Bounds and times of a client.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long one attempt of a call may take. Default 30 seconds.
    pub timeout: Duration,
    /// The same for long operations. Default 5 minutes.
    pub slow_timeout: Duration,
    /// How often a call that may be repeated is tried again. Default 3.
    pub retries: usize,
    /// The wait before the first repetition; each further one is twice as long, with jitter.
    /// Default 200 ms.
    pub first_delay: Duration,
    /// The longest wait before a repetition, and the longest that a Retry-After may ask for; a
    /// longer one ends the call. Default 10 seconds.
    pub longest_delay: Duration,
    /// The wait before it is looked for what a creating call whose answer was lost has made; each
    /// of three further looks waits four times as long. Default 50 ms.
    pub first_look: Duration,
    /// How long until something that changes by itself, such as an execution, is read again. Default 2
    /// seconds.
    pub poll_interval: Duration,
    /// The least time between two such reads when [`Client::wake`](super::Client::wake) asks for
    /// them. Default 500 ms.
    pub poll_distance: Duration,
    /// How many calls are on their way at once. Default 128.
    pub concurrency: usize,
    /// How many calls wait behind them. Default 1024.
    pub queue: usize,
    /// How many calls per second the token may make. Default 500; `None`: no limit.
    pub per_second: Option<NonZeroU32>,
    /// How long what may be kept is kept. Default 5 minutes; zero keeps nothing.
    pub cache_for: Duration,
    /// How many bytes are kept. Default 64 MiB.
    pub cache_bytes: u64,
    /// When the platform is left alone.
    pub breaker: BreakerOptions,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            slow_timeout: Duration::from_secs(300),
            retries: 3,
            first_delay: Duration::from_millis(200),
            longest_delay: Duration::from_secs(10),
            first_look: Duration::from_millis(50),
            poll_interval: Duration::from_secs(2),
            poll_distance: Duration::from_millis(500),
            concurrency: 128,
            queue: 1024,
            per_second: NonZeroU32::new(500),
            cache_for: Duration::from_secs(300),
            cache_bytes: 64 << 20,
            breaker: BreakerOptions::default(),
        }
    }
}

impl Limits {
    /// For a platform in the same process, which needs neither cache nor protection.
    pub(super) fn within_process() -> Self {
        Self {
            per_second: None,
            cache_for: Duration::ZERO,
            poll_interval: Duration::from_millis(250),
            ..Self::default()
        }
    }
}

/// When the breaker opens and closes.
#[derive(Debug, Clone, Copy)]
pub struct BreakerOptions {
    /// How many of the last calls it looks at. Default 20.
    pub window: usize,
    /// How many of these must have failed for it to open. Default 10.
    pub failures: usize,
    /// How long it stays open. Default 10 seconds.
    pub pause: Duration,
    /// How many calls it lets through after that; when all succeed it closes, and when one fails
    /// it opens again. Default 3.
    pub probes: usize,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self {
            window: 20,
            failures: 10,
            pause: Duration::from_secs(10),
            probes: 3,
        }
    }
}
