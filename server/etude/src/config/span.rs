//! Durations as people write them: `500ms`, `30s`, `10m`, `1h`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de};

const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

/// Writes a duration in the largest unit that divides it.
pub(super) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let whole = UNITS.iter().rev().find(|(_, size)| millis % size == 0);
    let (unit, size) = whole.unwrap_or(&UNITS[0]);
    to.serialize_str(&format!("{}{unit}", millis / size))
}

/// Reads a whole number with its unit.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Number(f64),
    }
    match Written::deserialize(from)? {
        Written::Text(text) => parse(&text).ok_or_else(|| {
            de::Error::custom(format_args!(
                "`{text}` is not a duration; write a whole number and ms, s, m or h, such as 30s"
            ))
        }),
        Written::Number(number) => Err(de::Error::custom(format_args!(
            "`{number}` has no unit; write ms, s, m or h after it, such as {number}s"
        ))),
    }
}

fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let (_, size) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    let millis = number.parse::<u64>().ok()?.checked_mul(*size)?;
    Some(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn a_number_needs_a_known_unit() {
        assert_eq!(parse("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse(" 10 m "), Some(Duration::from_secs(600)));
        for wrong in ["", "10", "s", "-1s", "1.5s", "1d", "99999999999999999999h"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
