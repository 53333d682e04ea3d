//! Reads `grpc-timeout`.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

/// The header's name.
const TIMEOUT: &str = "grpc-timeout";

/// How long the caller waits; `None` when it does not say.
///
/// # Errors
///
/// The header is not what the protocol says: at most eight digits and a unit.
pub(crate) fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Malformed> {
    headers.get(TIMEOUT).map(read).transpose()
}

/// A `grpc-timeout` that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("grpc-timeout must be at most eight digits and one of H, M, S, m, u, n")]
pub(crate) struct Malformed;

fn read(value: &HeaderValue) -> Result<Duration, Malformed> {
    let (unit, digits) = value.as_bytes().split_last().ok_or(Malformed)?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    let number = digits
        .iter()
        .fold(0u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    Ok(match unit {
        b'H' => Duration::from_secs(number * 3600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return Err(Malformed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read() {
        let read = |text| read(&HeaderValue::from_static(text));
        assert_eq!(read("2H"), Ok(Duration::from_secs(7200)));
        assert_eq!(read("3M"), Ok(Duration::from_secs(180)));
        assert_eq!(read("99999999S"), Ok(Duration::from_secs(99_999_999)));
        assert_eq!(read("250m"), Ok(Duration::from_millis(250)));
        assert_eq!(read("7u"), Ok(Duration::from_micros(7)));
        assert_eq!(read("0n"), Ok(Duration::ZERO));
    }

    #[test]
    fn what_the_protocol_does_not_know_is_malformed() {
        for text in ["", "S", "1", "1s", "-1S", "1.5S", "123456789S", "+1S"] {
            assert_eq!(
                read(&HeaderValue::from_static(text)),
                Err(Malformed),
                "{text}"
            );
        }
        assert_eq!(timeout(&HeaderMap::new()), Ok(None));
    }
}
