//! One function a kind of rule; the generated checks call them.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::LazyLock;

use regex::Regex;

use super::{Path, Violations};

type Pattern = LazyLock<Result<Regex, regex::Error>>;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

pub(super) fn required(present: bool, at: &Path<'_>, found: &mut Violations) {
    if !present {
        found.add(at, "required", "must be given");
    }
}

pub(super) fn exactly_one(
    given: &[bool],
    names: &[&str],
    required: bool,
    at: &Path<'_>,
    found: &mut Violations,
) {
    let count = given.iter().filter(|given| **given).count();
    if count > 1 || (required && count == 0) {
        found.add(
            at,
            "message.oneof",
            format!("exactly one of {} must be given", names.join(", ")),
        );
    }
}

pub(super) fn text(
    value: &str,
    min: Option<usize>,
    max: Option<usize>,
    pattern: Option<(&Pattern, &'static str)>,
    allowed: &[&str],
    at: &Path<'_>,
    found: &mut Violations,
) {
    let over = |max: usize| value.len() > max && value.chars().count() > max;
    if min.is_some_and(|min| value.chars().take(min).count() < min) {
        let least = min.unwrap_or_default();
        let description = match value.is_empty() {
            true => "must not be empty".to_owned(),
            false => format!("must have at least {}", count(least, "character")),
        };
        found.add(at, "string.min_len", description);
    } else if let Some(max) = max.filter(|max| over(*max)) {
        found.add(
            at,
            "string.max_len",
            format!("must have at most {}", count(max, "character")),
        );
    } else if let Some((pattern, words)) = pattern
        && pattern.as_ref().is_ok_and(|one| !one.is_match(value))
    {
        found.add(at, "string.pattern", words);
    } else if !allowed.is_empty() && !allowed.contains(&value) {
        found.add(at, "string.in", format!("must be one of {allowed:?}"));
    }
}

pub(super) fn bytes(length: usize, max: Option<usize>, at: &Path<'_>, found: &mut Violations) {
    if let Some(max) = max.filter(|max| length > *max) {
        found.add(
            at,
            "bytes.max_len",
            format!("must have at most {}, has {length}", count(max, "byte")),
        );
    }
}

pub(super) fn enumeration(
    value: i32,
    defined: bool,
    excluded: &[i32],
    at: &Path<'_>,
    found: &mut Violations,
) {
    if !defined {
        found.add(
            at,
            "enum.defined_only",
            format!("{value} is not a value of this enum"),
        );
    } else if excluded.contains(&value) {
        found.add(at, "enum.not_in", "this value is not allowed here");
    }
}

/// Integers of all widths; `kind` names the rules of one.
pub(super) fn integer(
    kind: IntegerRules,
    value: i128,
    bounds: (Option<i128>, Option<i128>),
    excluded: &[i128],
    at: &Path<'_>,
    found: &mut Violations,
) {
    let (least, most) = bounds;
    if let Some(least) = least.filter(|least| value < *least) {
        found.add(
            at,
            kind.gte,
            format!("must be at least {least}, is {value}"),
        );
    } else if let Some(most) = most.filter(|most| value > *most) {
        found.add(at, kind.lte, format!("must be at most {most}, is {value}"));
    } else if excluded.contains(&value) {
        found.add(at, kind.not_in, format!("must not be {value}"));
    }
}

/// The names of the rules of one integer type.
#[derive(Debug, Clone, Copy)]
pub(super) struct IntegerRules {
    gte: &'static str,
    lte: &'static str,
    not_in: &'static str,
}

macro_rules! integer_rules {
    ($($name:ident $type:literal),*) => {$(
        pub(super) const $name: IntegerRules = IntegerRules {
            gte: concat!($type, ".gte"),
            lte: concat!($type, ".lte"),
            not_in: concat!($type, ".not_in"),
        };
    )*};
}
integer_rules!(INT32 "int32", INT64 "int64", UINT32 "uint32");

pub(super) fn items(
    length: usize,
    min: Option<usize>,
    max: Option<usize>,
    at: &Path<'_>,
    found: &mut Violations,
) {
    if let Some(min) = min.filter(|min| length < *min) {
        found.add(
            at,
            "repeated.min_items",
            format!("must have at least {}", count(min, "item")),
        );
    } else if let Some(max) = max.filter(|max| length > *max) {
        found.add(
            at,
            "repeated.max_items",
            format!("must have at most {}, has {length}", count(max, "item")),
        );
    }
}

pub(super) fn unique<T: Eq + Hash>(values: &[T], at: &Path<'_>, found: &mut Violations) {
    let mut seen = HashSet::with_capacity(values.len());
    if !values.iter().all(|value| seen.insert(value)) {
        found.add(at, "repeated.unique", "must not hold the same item twice");
    }
}

pub(super) fn duration(
    value: &prost_types::Duration,
    above: Option<i64>,
    least: Option<i64>,
    most: Option<i64>,
    at: &Path<'_>,
    found: &mut Violations,
) {
    let nanos = i128::from(value.seconds) * NANOS_PER_SECOND + i128::from(value.nanos);
    let bound = |seconds: i64| i128::from(seconds) * NANOS_PER_SECOND;
    if let Some(above) = above.filter(|above| nanos <= bound(*above)) {
        found.add(at, "duration.gt", format!("must be longer than {above}s"));
    } else if let Some(least) = least.filter(|least| nanos < bound(*least)) {
        found.add(at, "duration.gte", format!("must be at least {least}s"));
    } else if let Some(most) = most.filter(|most| nanos > bound(*most)) {
        found.add(at, "duration.lte", format!("must be at most {most}s"));
    }
}

/// `1 item`, `2 items`.
fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}
