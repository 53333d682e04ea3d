//! Bounds of rules that a project may set.

use std::collections::BTreeMap;

use prost_types::Duration;

use super::rules::Rule;
use crate::diagnose::shown;
use crate::duration;

/// A bound of a rule.
#[derive(Debug)]
pub(super) struct RuleOption {
    pub(super) rule: &'static str,
    pub(super) name: &'static str,
    /// What it bounds.
    pub(super) summary: &'static str,
    default: Bound,
}

/// The value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Milliseconds(i64),
    Count(usize),
}

pub(super) static SHORTEST_SLEEP: RuleOption = RuleOption {
    rule: "fixed-sleep",
    name: "above",
    summary: "only waits longer than this are found",
    default: Bound::Milliseconds(0),
};

pub(super) static LONGEST_SLEEP: RuleOption = RuleOption {
    rule: "long-wait",
    name: "wait",
    summary: "the longest fixed wait that is not found",
    default: Bound::Milliseconds(10_000),
};

pub(super) static LONGEST_LIMIT: RuleOption = RuleOption {
    rule: "long-wait",
    name: "limit",
    summary: "the longest limit that is not found",
    default: Bound::Milliseconds(120_000),
};

pub(super) static MOST_LEVELS: RuleOption = RuleOption {
    rule: "brittle-selector",
    name: "levels",
    summary: "the most elements that a chain may name",
    default: Bound::Count(4),
};

static ALL: [&RuleOption; 4] = [
    &SHORTEST_SLEEP,
    &LONGEST_SLEEP,
    &LONGEST_LIMIT,
    &MOST_LEVELS,
];

/// The options of a rule.
pub(super) fn of(rule: &Rule) -> impl Iterator<Item = &'static RuleOption> {
    ALL.into_iter().filter(|option| option.rule == rule.name)
}

impl RuleOption {
    /// Its default value as a configuration file has it.
    pub(super) fn default(&self) -> String {
        match self.default {
            Bound::Count(count) => count.to_string(),
            Bound::Milliseconds(millis) => duration::format(&of_millis(millis)).unwrap_or_default(),
        }
    }

    fn read(&self, text: &str) -> Result<Bound, OptionError> {
        let bound = match self.default {
            Bound::Count(_) => text.parse().ok().map(Bound::Count),
            Bound::Milliseconds(_) => {
                let duration = duration::parse(text).ok();
                duration.map(|duration| Bound::Milliseconds(super::context::millis(&duration)))
            }
        };
        bound.ok_or_else(|| OptionError::Value {
            text: shown(text),
            example: self.default(),
        })
    }
}

/// Why an option cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// No rule has this name.
    #[error(transparent)]
    Rule(#[from] super::UnknownRule),
    /// The rule has no such option.
    #[error("\"{rule}\" has no option \"{name}\"; {hint}")]
    Name {
        /// The rule.
        rule: &'static str,
        /// The name.
        name: String,
        /// The options that it has.
        hint: String,
    },
    /// The value is none of the option.
    #[error("\"{text}\" is no value of this option; write it like {example}")]
    Value {
        /// The value.
        text: String,
        /// One that is.
        example: String,
    },
}

/// The options that are set.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    set: BTreeMap<(&'static str, &'static str), Bound>,
}

impl Options {
    pub(super) fn set(
        &mut self,
        rule: &'static Rule,
        name: &str,
        text: &str,
    ) -> Result<(), OptionError> {
        let Some(option) = of(rule).find(|option| option.name == name) else {
            let known: Vec<_> = of(rule).map(|option| option.name).collect();
            return Err(OptionError::Name {
                rule: rule.name,
                name: shown(name),
                hint: match known.is_empty() {
                    true => "it has none but \"level\"".to_owned(),
                    false => format!("it has level, {}", known.join(", ")),
                },
            });
        };
        let bound = option.read(text)?;
        self.set.insert((option.rule, option.name), bound);
        Ok(())
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.set.extend(&other.set);
    }

    /// Whether a duration is longer than an option says.
    pub(super) fn exceeds(&self, option: &RuleOption, duration: &Duration) -> bool {
        match self.bound(option) {
            Bound::Milliseconds(most) => super::context::millis(duration) > most,
            Bound::Count(_) => false,
        }
    }

    /// Whether there are more than an option says.
    pub(super) fn exceeds_count(&self, option: &RuleOption, count: usize) -> bool {
        match self.bound(option) {
            Bound::Count(most) => count > most,
            Bound::Milliseconds(_) => false,
        }
    }

    fn bound(&self, option: &RuleOption) -> Bound {
        let set = self.set.get(&(option.rule, option.name));
        set.copied().unwrap_or(option.default)
    }
}

fn of_millis(millis: i64) -> Duration {
    Duration {
        seconds: millis / 1000,
        // Less than a second, so it fits.
        nanos: i32::try_from(millis % 1000 * 1_000_000).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::rules;

    #[test]
    fn every_option_is_one_of_a_rule_and_reads_its_default() {
        for option in ALL {
            let rule = rules::find(option.rule).unwrap();
            assert_eq!(rule.name, option.rule);
            assert_eq!(
                option.read(&option.default()),
                Ok(option.default),
                "{option:?}"
            );
            assert_ne!(option.name, "level");
        }
    }

    #[test]
    fn what_cannot_be_set_is_told() {
        let rule = rules::find("long-wait").unwrap();
        let mut options = Options::default();
        let mut error = |name, text| options.set(rule, name, text).unwrap_err().to_string();
        assert_eq!(
            error("longest", "1m"),
            "\"long-wait\" has no option \"longest\"; it has level, wait, limit"
        );
        assert_eq!(
            error("wait", "20"),
            "\"20\" is no value of this option; write it like 10s"
        );
    }
}
