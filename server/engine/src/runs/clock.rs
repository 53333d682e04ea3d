//! The time, as events carry it.

use std::time::{Duration, SystemTime};

use prost_types::Timestamp;

/// Now.
pub(crate) fn now() -> Timestamp {
    SystemTime::now().into()
}

/// The duration of a message; `None` when it is absent or not positive.
pub(crate) fn positive(duration: Option<&prost_types::Duration>) -> Option<Duration> {
    let duration = Duration::try_from(*duration?).ok()?;
    (!duration.is_zero()).then_some(duration)
}

/// A duration as a message.
pub(crate) fn message(duration: Duration) -> prost_types::Duration {
    prost_types::Duration::try_from(duration).unwrap_or_default()
}

/// From one moment to a later one; zero when either is unknown or their order is reversed.
pub(crate) fn between(from: Option<&Timestamp>, to: Option<&Timestamp>) -> Duration {
    let moment = |at: Option<&Timestamp>| at.and_then(|at| SystemTime::try_from(*at).ok());
    match (moment(from), moment(to)) {
        (Some(from), Some(to)) => to.duration_since(from).unwrap_or_default(),
        _ => Duration::ZERO,
    }
}
