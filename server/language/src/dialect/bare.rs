//! Durations as the dialects spell them: with a unit, or as a number without one.
//!
//! A number without a unit counts milliseconds, as the command-line tools took it, unless every
//! wait of the file that is such a number is at most 60: then all of them count seconds.

use std::borrow::Cow;

use etude::v1::ErrorReason;

use super::Rewriter;
use crate::diagnose::BareDuration;
use crate::duration;
use crate::source::Span;
use crate::tree::{Content, Entry, NodeId, Tree};

/// The largest wait that is taken for seconds.
const MOST_SECONDS: f64 = 60.0;

/// A wait in milliseconds below this was probably meant otherwise.
const FEW_MILLISECONDS: f64 = 10.0;

/// What a number without a unit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Milliseconds,
    Seconds,
}

/// The unit of a file, by its waits.
pub(super) fn unit(tree: &Tree<'_>, root: NodeId) -> Unit {
    let mut waits = Vec::new();
    collect(tree, root, &mut waits);
    match !waits.is_empty() && waits.iter().all(|wait| *wait <= MOST_SECONDS) {
        true => Unit::Seconds,
        false => Unit::Milliseconds,
    }
}

/// The numbers without a unit that a file's waits have.
fn collect(tree: &Tree<'_>, id: NodeId, waits: &mut Vec<f64>) {
    match &tree.node(id).content {
        Content::List(items) => items.iter().for_each(|item| collect(tree, *item, waits)),
        Content::Map(entries) => {
            let is_wait = |entry: &Entry<'_>| {
                matches!(
                    entry.key.as_ref(),
                    "type" | "action" | "stepType" | "command"
                ) && word(tree, entry.value).is_some_and(|w| w == "wait" || w == "step-wait")
            };
            let of_step = entries.iter().any(is_wait);
            for entry in entries {
                let key = entry.key.as_ref();
                let is_time = matches!(key, "time" | "ms" | "milliseconds" | "duration" | "value");
                if key == "wait" || of_step && is_time {
                    waits.extend(word(tree, entry.value).and_then(|text| number(&text)));
                }
                collect(tree, entry.value, waits);
            }
        }
        Content::Scalar(_) => {
            let text = word(tree, id).unwrap_or_default();
            let wait = text
                .strip_prefix("step-wait ")
                .map(|w| w.trim_start_matches("time "));
            waits.extend(wait.and_then(number));
        }
    }
}

fn word<'s>(tree: &Tree<'s>, id: NodeId) -> Option<Cow<'s, str>> {
    match &tree.node(id).content {
        Content::Scalar(scalar) if !scalar.is_null() => Some(scalar.text.clone()),
        _ => None,
    }
}

/// A number as YAML spells it: `1000`, `1_000`, `1.5e3`, `0x3E8`, `0o1750`.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.replace('_', "");
    let whole = |radix, digits: &str| u32::from_str_radix(digits, radix).ok().map(f64::from);
    if let Some(hex) = digits.strip_prefix("0x") {
        return whole(16, hex);
    }
    if let Some(octal) = digits.strip_prefix("0o") {
        return whole(8, octal);
    }
    let numeric = digits.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let number: f64 = digits.parse().ok().filter(|_| numeric)?;
    number.is_finite().then_some(number)
}

impl<'s> Rewriter<'_, 's> {
    /// A duration with its unit. What is no duration is left for the check of durations.
    pub(super) fn duration(&mut self, given: Option<Entry<'s>>) -> Option<Entry<'s>> {
        self.time(given, self.unit)
    }

    /// As [`Self::duration`], of a key that names the unit itself.
    pub(super) fn time(&mut self, given: Option<Entry<'s>>, unit: Unit) -> Option<Entry<'s>> {
        let given = given?;
        let Some(text) = self.word(given.value) else {
            return Some(given);
        };
        let span = self.span(given.value);
        let Some(number) = number(&text) else {
            let text = spelled_out(&text)?;
            let value = self.text(text, span);
            return Some(Entry { value, ..given });
        };
        let nanos = match unit {
            Unit::Milliseconds => number * 1e6,
            Unit::Seconds => number * 1e9,
        };
        if !(0.0..=1e18).contains(&nanos) {
            self.error(
                span,
                ErrorReason::InvalidDuration,
                format!("\"{text}\" is no duration"),
                "a duration is 0 to 10 minutes",
            );
            return None;
        }
        self.doubt(span, number, unit);
        let nanos = nanos.round() as i64;
        let duration = prost_types::Duration {
            seconds: nanos / 1_000_000_000,
            nanos: (nanos % 1_000_000_000) as i32,
        };
        let value = self.text(duration::format(&duration)?, span);
        Some(Entry { value, ..given })
    }

    /// Warns of a number whose unit was probably meant otherwise.
    fn doubt(&mut self, span: Span, number: f64, unit: Unit) {
        let few = number > 0.0 && number < FEW_MILLISECONDS;
        self.mistakes.note_bare(BareDuration {
            span,
            number,
            unit: match unit {
                Unit::Milliseconds => "ms",
                Unit::Seconds => "s",
            },
            is_doubtful: few && unit == Unit::Milliseconds,
        });
        let (taken, other) = match unit {
            Unit::Milliseconds if few => ("milliseconds", "s"),
            Unit::Seconds => ("seconds", "ms"),
            Unit::Milliseconds => return,
        };
        let unit = if taken == "seconds" { "s" } else { "ms" };
        self.warn(
            span,
            ErrorReason::InvalidDuration,
            format!("{number} without a unit is taken as {number} {taken}"),
            format!("write {number}{unit}, or {number}{other} if that is meant"),
        );
    }
}

/// `2 seconds`, `2 s` as `2s`; anything else as it is.
fn spelled_out(text: &str) -> Option<String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (count, unit) = text.split_at(split.unwrap_or(text.len()));
    let unit = match unit.trim() {
        "second" | "seconds" | "sec" | "secs" | "s" => "s",
        "minute" | "minutes" | "min" | "mins" | "m" => "m",
        "millisecond" | "milliseconds" | "msec" | "ms" => "ms",
        _ => return Some(text.to_owned()),
    };
    Some(format!("{count}{unit}"))
}

/// Whether a text is a duration, with or without a unit.
pub(super) fn is_duration(text: &str) -> bool {
    number(text).is_some() || spelled_out(text).is_some_and(|text| duration::parse(&text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_spellings_of_yaml() {
        for text in ["1000", "1_000", "1e3", "1.0e3", "0x3E8", "0o1750", " 1000 "] {
            assert_eq!(number(text), Some(1000.0), "{text}");
        }
        for text in ["", "a", "1s", "inf", "NaN", "0x", "--1"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn durations_have_units_or_not() {
        for text in ["2", "2s", "2000", "2000ms", "1m", "2 seconds", "1m30s"] {
            assert!(is_duration(text), "{text}");
        }
        for text in [".spinner", "h1", "2 apples", ""] {
            assert!(!is_duration(text), "{text}");
        }
    }
}
