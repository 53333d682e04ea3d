//! The rules: one file each, one table.

mod bare_duration;

mod brittle_position;
mod brittle_selector;
mod checkpoint_without_assertion;
mod doubtful_duration;
mod doubtful_value;
mod duplicate_checkpoint;
mod duplicate_row;
mod empty_checkpoint;
mod fixed_sleep;
mod foreign_template;
pub(super) mod hardcoded_credential;
mod ignored_assertion;
mod legacy_format;
mod legacy_spelling;
mod long_wait;
mod missing_assertion;
mod no_start;
mod only_negative_assertions;
mod repeated_step;
mod selector_in_hint;
mod skipped_step;
mod timeout_too_short;
mod undefined_variable;
mod uneven_rows;
mod unknown_allow;
mod unknown_key;
mod unreachable_step;
mod unused_allow;
mod unused_variable;

use etude::v1::{ErrorReason, LintLevel};

use super::allow::Allows;
use super::context::Context;
use super::finding::Found;
use crate::suggest;

/// A rule.
pub(super) struct Rule {
    /// Its name. Comments and configuration files hold it, so it never changes.
    pub(super) name: &'static str,
    /// Unless set otherwise.
    pub(super) level: LintLevel,
    /// What it finds, in one line.
    pub(super) summary: &'static str,
    /// Why that is worth a word.
    pub(super) why: &'static str,
    /// What to do, and what the fix does.
    pub(super) instead: &'static str,
    /// Whether it can be wrong about a file of which a part was refused.
    pub(super) needs_whole: bool,
    /// Something that it finds.
    pub(super) bad: Example,
    /// The same done well.
    pub(super) good: Example,
    pub(super) check: Check,
}

/// A part of the documentation that the tests try.
pub(super) enum Example {
    /// Steps of a test.
    Steps(&'static str),
    /// A whole file.
    File(&'static str),
}

/// How a rule looks.
pub(super) enum Check {
    /// At the test.
    Test(fn(&Context<'_>, &mut Found)),
    /// At the warnings of the file's check that have these reasons; none: at those that no other
    /// rule takes.
    Warnings(&'static [ErrorReason]),
    /// At the comments that allow findings, when all others have looked.
    Allows(fn(&Allows, &Context<'_>, &mut Found)),
}

/// Every rule, by name.
pub(super) static ALL: [&Rule; 30] = [
    &bare_duration::RULE,
    &brittle_position::RULE,
    &brittle_selector::RULE,
    &checkpoint_without_assertion::RULE,
    &doubtful_duration::RULE,
    &doubtful_value::RULE,
    &duplicate_checkpoint::RULE,
    &duplicate_row::RULE,
    &empty_checkpoint::RULE,
    &fixed_sleep::RULE,
    &foreign_template::RULE,
    &hardcoded_credential::RULE,
    &ignored_assertion::RULE,
    &legacy_format::RULE,
    &legacy_spelling::RULE,
    &long_wait::RULE,
    &missing_assertion::RULE,
    &no_start::RULE,
    &only_negative_assertions::RULE,
    &repeated_step::RULE,
    &selector_in_hint::RULE,
    &skipped_step::RULE,
    &timeout_too_short::RULE,
    &undefined_variable::RULE,
    &uneven_rows::RULE,
    &unknown_allow::RULE,
    &unknown_key::RULE,
    &unreachable_step::RULE,
    &unused_allow::RULE,
    &unused_variable::RULE,
];

/// The rule with this name, however it is separated.
pub(super) fn find(name: &str) -> Option<&'static Rule> {
    let mut all = ALL.into_iter();
    all.find(|rule| suggest::same_word(name, rule.name))
}

/// Whether a rule of its own takes the warnings with this reason.
pub(super) fn is_adopted(reason: ErrorReason) -> bool {
    // Of durations the file's check warns in a test of another tool only; two rules tell more.
    let by_check = reason == ErrorReason::InvalidDuration;
    by_check
        || ALL.iter().any(|rule| match rule.check {
            Check::Warnings(reasons) => reasons.contains(&reason),
            _ => false,
        })
}

impl Example {
    /// What a document shows.
    pub(super) fn shown(&self) -> &'static str {
        match self {
            Self::Steps(text) | Self::File(text) => text,
        }
    }

    /// The whole file.
    #[cfg(test)]
    pub(super) fn file(&self) -> String {
        match self {
            Self::Steps(steps) => super::testing::steps(steps),
            Self::File(text) => (*text).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
