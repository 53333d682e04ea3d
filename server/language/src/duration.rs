//! Durations as text: `2s`, `500ms`, `1m30s`, `1.5h`.

use std::fmt::Write as _;

use prost_types::Duration;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The units, largest first, with their length in nanoseconds.
const UNITS: [(&str, i128); 6] = [
    ("h", 3600 * NANOS_PER_SECOND),
    ("m", 60 * NANOS_PER_SECOND),
    ("s", NANOS_PER_SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Words that people write for a unit, for suggestions.
const UNIT_WORDS: [(&str, &[&str]); 4] = [
    ("h", &["hour", "hours", "hr", "hrs"]),
    ("m", &["min", "mins", "minute", "minutes"]),
    ("s", &["sec", "secs", "second", "seconds"]),
    ("ms", &["msec", "millis", "millisecond", "milliseconds"]),
];

/// Digits that are read of a number; more would not fit a duration.
const MAX_DIGITS: usize = 18;

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DurationError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub suggestion: String,
}

/// Parses a duration: one or more numbers, each with its unit (h, m, s, ms, us, ns), largest
/// unit first, without spaces.
///
/// # Errors
///
/// The text is no such sequence; a number without unit is refused, because it may have been meant
/// as seconds or as milliseconds.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let mut nanos: i128 = 0;
    let mut rest = text;
    let mut units = UNITS.as_slice();
    if text.is_empty() {
        return Err(refuse(text));
    }
    while !rest.is_empty() {
        let (count, after) = number(rest).ok_or_else(|| refuse(text))?;
        let letters = after
            .bytes()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let index = units
            .iter()
            .position(|(name, _)| *name == &after[..letters])
            .ok_or_else(|| refuse(text))?;
        nanos += count.times(units[index].1).ok_or_else(|| refuse(text))?;
        units = &units[index + 1..];
        rest = &after[letters..];
    }
    let seconds = i64::try_from(nanos / NANOS_PER_SECOND).map_err(|_| refuse(text))?;
    let nanos = i32::try_from(nanos % NANOS_PER_SECOND).map_err(|_| refuse(text))?;
    Ok(Duration { seconds, nanos })
}

/// The shortest text that [`parse`] reads as this duration. `None` for a negative one.
pub fn format(duration: &Duration) -> Option<String> {
    let mut left = i128::from(duration.seconds) * NANOS_PER_SECOND + i128::from(duration.nanos);
    if left < 0 {
        return None;
    }
    let mut out = String::new();
    for (name, length) in UNITS {
        let count = left / length;
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(out, "{count}{name}");
        }
        left %= length;
    }
    Some(if out.is_empty() { "0s".to_owned() } else { out })
}

/// The duration in words: `2 seconds`, `0.5 seconds`, `1 second`.
pub fn words(duration: &Duration) -> String {
    let nanos = i128::from(duration.seconds) * NANOS_PER_SECOND + i128::from(duration.nanos);
    let seconds = nanos / NANOS_PER_SECOND;
    let fraction = format!("{:09}", (nanos % NANOS_PER_SECOND).abs());
    let fraction = fraction.trim_end_matches('0');
    match (seconds, fraction) {
        (1, "") => "1 second".to_owned(),
        (_, "") => format!("{seconds} seconds"),
        _ => format!("{seconds}.{fraction} seconds"),
    }
}

/// A decimal number: `digits / 10^decimals`.
struct Number {
    digits: i128,
    decimals: u32,
}

impl Number {
    /// The number times a unit; `None` when that is no whole number of nanoseconds.
    fn times(&self, unit: i128) -> Option<i128> {
        let product = self.digits.checked_mul(unit)?;
        let divisor = 10_i128.checked_pow(self.decimals)?;
        (product % divisor == 0).then_some(product / divisor)
    }
}

fn number(text: &str) -> Option<(Number, &str)> {
    let length = text
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let (number, rest) = text.split_at(length);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let well_formed = !whole.is_empty() && !fraction.is_empty() && !fraction.contains('.');
    if !well_formed || whole.len() + fraction.len() > MAX_DIGITS {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let decimals = u32::try_from(fraction.len()).ok()?;
    let digits = format!("{whole}{fraction}").parse().ok()?;
    Some((Number { digits, decimals }, rest))
}

fn refuse(text: &str) -> DurationError {
    let shown: String = text.chars().take(40).collect();
    if let Ok(count) = text.trim().parse::<u32>() {
        return DurationError {
            message: format!("\"{shown}\" has no unit"),
            suggestion: bare_number(count),
        };
    }
    DurationError {
        message: format!("\"{shown}\" is not a duration"),
        suggestion: respelled(text)
            .unwrap_or_else(|| "write a number and a unit, such as 2s, 500ms or 1m30s".to_owned()),
    }
}

fn bare_number(count: u32) -> String {
    match count {
        0 => "write 0s".to_owned(),
        // Nobody waits for minutes by the second; a large number is milliseconds.
        1000.. => format!("write {count}ms or {count}s"),
        _ => format!("write {count}s or {}ms", u64::from(count) * 1000),
    }
}

/// `2 seconds` → `write 2s`.
fn respelled(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let split = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (count, unit) = text.split_at(split);
    let unit = unit.trim();
    let unit = UNIT_WORDS
        .iter()
        .find(|(name, words)| *name == unit || words.contains(&unit))?;
    let candidate = format!("{count}{}", unit.0);
    let helps = number(count).is_some() && candidate != text;
    helps.then(|| format!("write {candidate}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, seconds: i64, nanos: i32) {
        assert_eq!(parse(text), Ok(Duration { seconds, nanos }), "{text}");
    }

    #[test]
    fn numbers_with_units_are_durations() {
        check("2s", 2, 0);
        check("500ms", 0, 500_000_000);
        check("1m30s", 90, 0);
        check("1h", 3600, 0);
        check("1.5s", 1, 500_000_000);
        check("0s", 0, 0);
        check("1h0m3s7us", 3603, 7_000);
    }

    #[test]
    fn other_texts_are_refused_with_a_suggestion() {
        let suggestion = |text| parse(text).unwrap_err().suggestion;
        assert_eq!(suggestion("2"), "write 2s or 2000ms");
        assert_eq!(suggestion("5000"), "write 5000ms or 5000s");
        assert_eq!(suggestion("2 seconds"), "write 2s");
        assert_eq!(suggestion("1.5 min"), "write 1.5m");
        let general = "write a number and a unit, such as 2s, 500ms or 1m30s";
        for text in [
            "",
            "s",
            "-2s",
            "1s1m",
            "1s1s",
            "2x",
            "1.2.3s",
            ".5s",
            "5.s",
            "0.5ns",
            "9999999999999999999s",
            "99999999999999999h",
            "1 m 2 s",
            "é",
            "2é",
        ] {
            assert_eq!(suggestion(text), general, "{text}");
        }
    }

    #[test]
    fn words_are_seconds() {
        let words = |seconds, nanos| words(&Duration { seconds, nanos });
        assert_eq!(words(1, 0), "1 second");
        assert_eq!(words(90, 0), "90 seconds");
        assert_eq!(words(0, 500_000_000), "0.5 seconds");
    }

    proptest! {
        #[test]
        fn a_formatted_duration_is_parsed_back(seconds in 0..86_400_i64, nanos in 0..1_000_000_000_i32) {
            let duration = Duration { seconds, nanos };
            prop_assert_eq!(parse(&format(&duration).unwrap()), Ok(duration));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,12}") {
            let _ = parse(&text);
        }
    }
}
