//! Steps of the platform in words.

use etude_language::natural;

use super::{decode_stored, sendable};
use crate::model::{self, ParsedStep};

/// What a stored step does; of one that no typed command describes, its action and value.
pub fn in_words(step: &model::Step) -> String {
    let decoded = decode_stored(step);
    let command = decoded.step().and_then(|step| step.command.as_ref());
    match command {
        Some(command) => natural::text(command),
        None => raw_in_words(&sendable(step)),
    }
}

/// A step that has no words: its action and value.
pub(crate) fn raw_in_words(raw: &ParsedStep) -> String {
    match raw.value.as_deref().unwrap_or_default() {
        "" => raw.action.clone(),
        value => format!("{} {value:?}", raw.action),
    }
}
