//! The values of built-in variables.

use etude_language::builtins::Builtin;
use serde_json::Value;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const TIME: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]:[second]");
const NOW: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// The most digits that JavaScript reads as a number without rounding.
const SAFE_DIGITS: u32 = 15;

/// What built-in variables tell of a scope. What is empty or 0 has no value.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The moment that all times and dates are of; `None`: the present one.
    pub time: Option<OffsetDateTime>,
    /// Name of the test.
    pub test_name: String,
    /// Name of the environment.
    pub environment: String,
    /// Number of the data row, from 1.
    pub row: u32,
    /// Name of the data row.
    pub row_name: String,
    /// How often the row has begun, from 1.
    pub attempt: u32,
}

impl Facts {
    /// The value of a built-in variable in the scope of `owner`, a run or session.
    pub(super) fn value(&self, builtin: Builtin, owner: &str) -> Option<Value> {
        let time = || self.time.unwrap_or_else(OffsetDateTime::now_utc);
        let words = |text: &str| (!text.is_empty()).then(|| Value::from(text));
        let count = |number: u32| (number > 0).then(|| Value::from(number));
        match builtin {
            Builtin::Timestamp => {
                let millis = time().unix_timestamp_nanos() / 1_000_000;
                i64::try_from(millis).ok().map(Value::from)
            }
            Builtin::Now => time().format(NOW).ok().map(Value::from),
            Builtin::Time => time().format(TIME).ok().map(Value::from),
            Builtin::Date(days) => {
                let date = time().checked_add(Duration::days(days))?;
                date.format(DATE).ok().map(Value::from)
            }
            Builtin::RunId => words(owner.rsplit('/').next().unwrap_or(owner)),
            Builtin::TestName => words(&self.test_name),
            Builtin::Environment => words(&self.environment),
            Builtin::Row => count(self.row),
            Builtin::RowName => words(&self.row_name).or_else(|| count(self.row)),
            Builtin::Attempt => count(self.attempt),
            Builtin::Uuid => Some(Value::from(Uuid::new_v4().to_string())),
            Builtin::RandomNumber(digits) => Some(number(digits)),
            Builtin::RandomString(letters) => Some(Value::from(string(letters))),
            Builtin::RandomEmail => Some(Value::from(format!("test-{}@example.com", string(12)))),
        }
    }
}

/// A date as an object of its parts, for paths such as `$TODAY.year`.
pub(super) fn parts_of_date(date: &str) -> Option<String> {
    let (year, rest) = date.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    Some(serde_json::json!({"year": year, "month": month, "day": day}).to_string())
}

fn number(digits: u32) -> Value {
    let first = 1 + below(9);
    let number = (1..digits).fold(first, |number, _| 10 * number + below(10));
    match digits {
        0..=SAFE_DIGITS => Value::from(number),
        _ => Value::from(number.to_string()),
    }
}

fn string(letters: u32) -> String {
    let letter = |_| char::from(b'a' + below(26).to_le_bytes()[0]);
    (0..letters).map(letter).collect()
}

/// A number from 0 to `bound` - 1 by chance: 62 bits of a version 4 UUID are.
fn below(bound: u64) -> u64 {
    let (_, low) = Uuid::new_v4().as_u64_pair();
    (low & (u64::MAX >> 2)) % bound
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use time::macros::datetime;

    use super::*;

    fn facts() -> Facts {
        Facts {
            time: Some(datetime!(2026-02-28 23:59:58.5 UTC)),
            test_name: "Pay".into(),
            environment: "staging".into(),
            row: 2,
            row_name: String::new(),
            attempt: 1,
        }
    }

    fn text(facts: &Facts, name: &str) -> Option<String> {
        let builtin = Builtin::parse(name).unwrap();
        let value = facts.value(builtin, "runs/r1")?;
        Some(crate::variables::text_of(&value).into_owned())
    }

    #[test]
    fn time_and_run_are_told() {
        for (name, value) in [
            ("TIMESTAMP", "1772323198500"),
            ("NOW", "2026-02-28T23:59:58Z"),
            ("TIME", "23:59:58"),
            ("TODAY", "2026-02-28"),
            ("TOMORROW", "2026-03-01"),
            ("YESTERDAY", "2026-02-27"),
            ("DATE_PLUS_365", "2027-02-28"),
            ("DATE_MINUS_59", "2025-12-31"),
            ("RUN_ID", "r1"),
            ("TEST_NAME", "Pay"),
            ("ENVIRONMENT", "staging"),
            ("ROW", "2"),
            ("ROW_NAME", "2"),
            ("ATTEMPT", "1"),
        ] {
            assert_eq!(text(&facts(), name).as_deref(), Some(value), "{name}");
        }
    }

    #[test]
    fn what_a_session_does_not_have_has_no_value() {
        for name in ["TEST_NAME", "ENVIRONMENT", "ROW", "ROW_NAME", "ATTEMPT"] {
            assert_eq!(text(&Facts::default(), name), None, "{name}");
        }
        assert!(text(&Facts::default(), "TODAY").is_some());
    }

    #[test]
    fn chance_keeps_the_form_and_differs() {
        let all = |name: &str| {
            (0..20)
                .filter_map(|_| text(&facts(), name))
                .collect::<HashSet<_>>()
        };
        for (name, length) in [("RANDOM_NUMBER", 6), ("RANDOM_NUMBER_18", 18)] {
            for number in all(name) {
                assert_eq!(number.len(), length, "{number}");
                assert!(!number.starts_with('0') && number.parse::<u64>().is_ok());
            }
        }
        for (name, length) in [("RANDOM_STRING", 8), ("RANDOM_STRING_40", 40)] {
            for word in all(name) {
                assert_eq!(word.len(), length, "{word}");
                assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()));
            }
        }
        for name in ["UUID", "RANDOM_EMAIL", "RANDOM_STRING"] {
            assert_eq!(all(name).len(), 20, "{name}");
        }
    }

    #[test]
    fn a_date_has_parts() {
        let parts = parts_of_date("2026-02-28").unwrap();
        assert_eq!(parts, r#"{"year":"2026","month":"02","day":"28"}"#);
    }
}
