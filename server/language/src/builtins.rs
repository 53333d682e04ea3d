//! Variables that every test has without setting them: the time, the run, and values by chance.
//!
//! Here stand their names; the engine gives them values. A variable of the test with the same
//! name hides them.

use crate::suggest;

/// The most days that a date may lie before or after today.
const MAX_DAYS: i64 = 99_999;

/// The most digits of a number, so that it fits 64 bits.
const MAX_DIGITS: u32 = 18;

/// The most letters of a text.
const MAX_LETTERS: u32 = 1000;

/// A built-in variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    /// Milliseconds since 1970.
    Timestamp,
    /// Date and time, `2026-11-21T09:30:00Z`.
    Now,
    /// Time of day, `09:30:00`.
    Time,
    /// A date, so many days after today: `2026-11-21`.
    Date(i64),
    /// Id of the run or session.
    RunId,
    /// Name of the test.
    TestName,
    /// Name of the environment.
    Environment,
    /// Number of the data row.
    Row,
    /// Name of the data row, else its number.
    RowName,
    /// How often the row has begun.
    Attempt,
    /// A version 4 UUID.
    Uuid,
    /// A number of so many digits, of which the first is not 0.
    RandomNumber(u32),
    /// So many small letters.
    RandomString(u32),
    /// An address at example.com.
    RandomEmail,
}

/// How a built-in variable is written, and what it stands for.
const NAMES: [(&str, Builtin); 16] = [
    ("TIMESTAMP", Builtin::Timestamp),
    ("NOW", Builtin::Now),
    ("TIME", Builtin::Time),
    ("TODAY", Builtin::Date(0)),
    ("TOMORROW", Builtin::Date(1)),
    ("YESTERDAY", Builtin::Date(-1)),
    ("RUN_ID", Builtin::RunId),
    ("TEST_NAME", Builtin::TestName),
    ("ENVIRONMENT", Builtin::Environment),
    ("ROW", Builtin::Row),
    ("ROW_NAME", Builtin::RowName),
    ("ATTEMPT", Builtin::Attempt),
    ("UUID", Builtin::Uuid),
    ("RANDOM_NUMBER", Builtin::RandomNumber(6)),
    ("RANDOM_STRING", Builtin::RandomString(8)),
    ("RANDOM_EMAIL", Builtin::RandomEmail),
];

/// What stands before the number of a name that has one, with an example.
const FAMILIES: [(&str, &str); 4] = [
    ("DATE_PLUS_", "DATE_PLUS_30"),
    ("DATE_MINUS_", "DATE_MINUS_30"),
    ("RANDOM_NUMBER_", "RANDOM_NUMBER_4"),
    ("RANDOM_STRING_", "RANDOM_STRING_12"),
];

impl Builtin {
    /// The built-in variable of this name, without `$`.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some((_, builtin)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Some(*builtin);
        }
        let (family, digits) = name.split_at(name.rfind('_')? + 1);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse::<u32>().ok().filter(|_| is_number)?;
        let days = i64::from(number);
        match family {
            "DATE_PLUS_" if days <= MAX_DAYS => Some(Self::Date(days)),
            "DATE_MINUS_" if days <= MAX_DAYS => Some(Self::Date(-days)),
            "RANDOM_NUMBER_" if (1..=MAX_DIGITS).contains(&number) => {
                Some(Self::RandomNumber(number))
            }
            "RANDOM_STRING_" if (1..=MAX_LETTERS).contains(&number) => {
                Some(Self::RandomString(number))
            }
            _ => None,
        }
    }

    /// The names of all of them; those with a number with one for an example.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let fixed = NAMES.iter().map(|(name, _)| *name);
        fixed.chain(FAMILIES.iter().map(|(_, example)| *example))
    }

    /// The built-in variable that was probably meant by a name that is none.
    pub fn nearest(name: &str) -> Option<String> {
        let upper = name.to_ascii_uppercase();
        if Self::parse(&upper).is_some() {
            return Some(upper);
        }
        let stem = upper.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &upper[stem.len()..];
        let lower: Vec<_> = Self::names().map(str::to_ascii_lowercase).collect();
        let stems: Vec<_> = FAMILIES
            .iter()
            .map(|(family, _)| family.trim_end_matches('_').to_ascii_lowercase())
            .collect();
        if digits.is_empty() {
            let near = suggest::nearest(name, lower.iter().map(String::as_str))?;
            return Some(near.to_ascii_uppercase());
        }
        let stem = stem.trim_end_matches('_');
        let near = suggest::nearest(stem, stems.iter().map(String::as_str))?;
        let whole = format!("{}_{digits}", near.to_ascii_uppercase());
        Self::parse(&whole).is_some().then_some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        for name in Builtin::names() {
            assert!(Builtin::parse(name).is_some(), "{name}");
        }
        assert_eq!(Builtin::parse("DATE_PLUS_365"), Some(Builtin::Date(365)));
        assert_eq!(Builtin::parse("DATE_MINUS_1"), Some(Builtin::Date(-1)));
        assert_eq!(
            Builtin::parse("RANDOM_STRING_3"),
            Some(Builtin::RandomString(3))
        );
        for none in [
            "",
            "_",
            "today",
            "DATE_PLUS_",
            "DATE_PLUS_+1",
            "DATE_PLUS_100000",
            "RANDOM_NUMBER_0",
            "RANDOM_NUMBER_19",
            "RANDOM_STRING_99999999999",
        ] {
            assert_eq!(Builtin::parse(none), None, "{none}");
        }
    }

    #[test]
    fn a_near_miss_is_recognised() {
        for (written, meant) in [
            ("today", "TODAY"),
            ("TIMESTMAP", "TIMESTAMP"),
            ("DATE_PLUS30", "DATE_PLUS_30"),
            ("DATEPLUS_7", "DATE_PLUS_7"),
            ("date_minus_2", "DATE_MINUS_2"),
            ("RANDOM_EMIAL", "RANDOM_EMAIL"),
        ] {
            assert_eq!(Builtin::nearest(written).as_deref(), Some(meant));
        }
        for other in ["user", "password", "x", "DATE_PLUS_123456", ""] {
            assert_eq!(Builtin::nearest(other), None, "{other}");
        }
    }
}
