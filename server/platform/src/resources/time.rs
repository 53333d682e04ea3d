//! The platform's times, which are milliseconds.

use prost_types::{Duration, Timestamp};

/// A moment, from milliseconds since 1970.
pub(crate) fn timestamp(millis: Option<i64>) -> Option<Timestamp> {
    let millis = millis.filter(|millis| *millis > 0)?;
    Some(Timestamp {
        seconds: millis.div_euclid(1000),
        nanos: (millis.rem_euclid(1000) * 1_000_000) as i32,
    })
}

/// A span, from milliseconds.
pub(crate) fn duration(millis: i64) -> Duration {
    Duration {
        seconds: millis / 1000,
        nanos: (millis % 1000 * 1_000_000) as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_become_seconds_and_nanoseconds() {
        let time = timestamp(Some(1_700_000_000_123)).unwrap();
        assert_eq!((time.seconds, time.nanos), (1_700_000_000, 123_000_000));
        assert_eq!(timestamp(Some(0)), None, "0 says that it is unknown");
        assert_eq!(duration(1500).nanos, 500_000_000);
    }
}
