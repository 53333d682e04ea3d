//! Wall-clock times as the database keeps them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;

const NANOS: i64 = 1_000_000_000;

/// Now.
pub(crate) fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

/// Now, in milliseconds since 1970.
pub(crate) fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| saturate(since.as_millis()))
}

/// A time that far from now in the past, in nanoseconds since 1970.
pub(crate) fn nanos_ago(age: Duration) -> i64 {
    nanos(&now()).saturating_sub(saturate(age.as_nanos()))
}

/// A length of time in milliseconds.
pub(crate) fn millis(length: Duration) -> i64 {
    saturate(length.as_millis())
}

/// A time in nanoseconds since 1970. What lies centuries away becomes the nearest time that can
/// be represented.
pub(crate) fn nanos(time: &Timestamp) -> i64 {
    let seconds = time.seconds.saturating_mul(NANOS);
    seconds.saturating_add(i64::from(time.nanos))
}

/// The time that [`nanos`] gave.
pub(crate) fn timestamp(nanos: i64) -> Timestamp {
    Timestamp {
        seconds: nanos.div_euclid(NANOS),
        // The remainder is below a thousand million.
        nanos: nanos.rem_euclid(NANOS) as i32,
    }
}

fn saturate(value: u128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_database() {
        for (seconds, nanos_part) in [(0, 0), (1_700_000_000, 999_999_999), (-1, 5)] {
            let time = Timestamp {
                seconds,
                nanos: nanos_part,
            };
            assert_eq!(timestamp(nanos(&time)), time);
        }
    }

    #[test]
    fn distant_times_do_not_wrap() {
        let far = Timestamp {
            seconds: i64::MAX,
            nanos: 0,
        };
        assert_eq!(nanos(&far), i64::MAX);
        assert!(nanos_ago(Duration::MAX) < 0);
    }
}
