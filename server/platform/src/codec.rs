//! Typed steps to the platform's steps, and back.
//!
//! [`encode`] turns a step into the `parsedStep` that the platform takes, or says what the platform
//! cannot hold and what to use instead. [`decode`] reads a step of the platform, in the form that
//! is sent and in the form that is stored, with all the liberties that clients take. One file a
//! group of commands holds both directions, side by side.
//!
//! What is encoded is decoded to the same step, with these exceptions, where several commands are
//! one to the platform:
//!
//! - ScrollUp and ScrollDown become ScrollBy, SelectIndex -1 becomes SelectLast, and the modifiers
//!   of PressKey become part of its key
//! - StoreText, StoreValue and StoreElement are the same on the wire; [`decode_steps`] reads a
//!   StoreElement where a later step uses the variable as its target, else a StoreText
//! - fields that say their default in words are left out, and so is a step's name, for which the
//!   platform has no place

mod assert;
mod data;
mod dialog;
mod executable;
mod file;
mod flags;
mod interact;
mod misc;
mod navigate;
mod target;
mod text;
mod unsupported;
mod wait;
mod window;
mod wire;
mod words;

use std::collections::HashSet;

use etude::v1;
use serde_json::Value;

use crate::model::{self, ParsedStep};
pub use executable::executables;
use unsupported::{Refusal, Refused};
pub use unsupported::{Unsupported, alternative};
use wire::{Draft, Wire};
pub use words::in_words;
pub(crate) use words::raw_in_words;

/// What a step of the platform is.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// The typed step says the same as what was read.
    Exact(v1::Step),
    /// The typed step does the same as far as is known, and was written in another way: a client's
    /// own spelling, or an option that the command does not have.
    Near(v1::Step),
    /// No typed command describes it. It is kept as it was received.
    Opaque(Box<ParsedStep>),
}

impl Decoded {
    /// The typed step, if there is one.
    pub fn step(&self) -> Option<&v1::Step> {
        match self {
            Self::Exact(step) | Self::Near(step) => Some(step),
            Self::Opaque(_) => None,
        }
    }

    /// The step as it is sent.
    ///
    /// # Errors
    ///
    /// Never for what [`decode`] returned.
    pub fn encode(&self) -> Result<ParsedStep, Unsupported> {
        match self {
            Self::Exact(step) | Self::Near(step) => encode(step),
            Self::Opaque(raw) => Ok(raw.as_ref().clone()),
        }
    }
}

/// The step as the platform takes it.
///
/// # Errors
///
/// The platform cannot hold the command, or something that the step says.
pub fn encode(step: &v1::Step) -> Result<ParsedStep, Unsupported> {
    let refused = |problem| Unsupported::new(step, problem);
    let draft = match (&step.command, &step.block) {
        (Some(command), None) => encode_command(command).map_err(refused)?,
        _ => return Err(refused(Refusal::block())),
    };
    flags::encode(step.flags.as_ref(), draft)
        .map(Draft::into_step)
        .map_err(refused)
}

fn encode_command(command: &v1::Command) -> Refused<Draft> {
    let Some(action) = &command.action else {
        return Err(Refusal::command());
    };
    let group = etude::catalog::of(command).map_or("", |spec| spec.group.as_str());
    match group {
        "navigate" => navigate::encode(action),
        "interact" => interact::encode(action),
        "assert" => assert::encode(action),
        "data" => data::encode(action),
        "dialog" => dialog::encode(action),
        "wait" => wait::encode(action),
        "window" => window::encode(action),
        "file" => file::encode(action),
        "misc" => misc::encode(action),
        _ => Err(Refusal::command()),
    }
}

/// Reads a step in the form that is sent.
pub fn decode(step: &ParsedStep) -> Decoded {
    let wire = Wire::sent(step);
    let Some(command) = decode_command(&wire) else {
        return Decoded::Opaque(Box::new(step.clone()));
    };
    let typed = v1::Step {
        command: Some(command),
        flags: flags::decode(&wire),
        ..v1::Step::default()
    };
    match encode(&typed) {
        Ok(again) if says_the_same(&Wire::sent(&again), &wire) => Decoded::Exact(typed),
        Ok(_) => Decoded::Near(typed),
        Err(_) => Decoded::Opaque(Box::new(step.clone())),
    }
}

/// Reads a step in the form that is stored.
pub fn decode_stored(step: &model::Step) -> Decoded {
    decode(&sendable(step))
}

/// Reads the steps of a journey, in order: a variable that a later step has as its target holds an
/// element.
pub fn decode_steps<'s>(steps: impl IntoIterator<Item = &'s model::Step>) -> Vec<Decoded> {
    let steps: Vec<_> = steps.into_iter().map(sendable).collect();
    let mut decoded: Vec<_> = steps.iter().map(decode).collect();
    let mut targets = HashSet::new();
    for (one, sent) in decoded.iter_mut().zip(&steps).rev() {
        if let Decoded::Exact(step) | Decoded::Near(step) = one {
            data::store_element(step, &targets);
            targets.extend(target::variable_of(sent));
        }
    }
    decoded
}

/// A stored step in the form that is sent, with everything that belongs to it.
pub fn sendable(step: &model::Step) -> ParsedStep {
    let yes = |flag: bool| flag.then_some(true);
    ParsedStep {
        action: step.action.clone(),
        value: Some(step.value.clone()),
        target: step
            .element
            .as_ref()
            .and_then(|element| element.target.clone()),
        element: None,
        variable: step.variable.clone(),
        expression: step.expression.clone(),
        meta: step.meta.clone(),
        optional: yes(step.optional),
        ignore_outcome: yes(step.ignore_outcome),
        skip: yes(step.skip),
        rest: model::Object::new(),
    }
}

/// Whether the properties of a stored step can be set to what is wanted: where it acts, and on which
/// variable, stays.
pub(crate) fn can_become(stored: &model::Step, wanted: &ParsedStep) -> bool {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    acts_as(stored, wanted)
        && text(&stored.variable) == text(&wanted.variable)
        && text(&stored.expression) == text(&wanted.expression)
}

/// Whether a stored step does the same to the same element, with whatever value.
pub(crate) fn acts_as(stored: &model::Step, wanted: &ParsedStep) -> bool {
    let same = ParsedStep {
        value: Some(stored.value.clone()),
        meta: stored.meta.clone(),
        variable: stored.variable.clone(),
        expression: stored.expression.clone(),
        optional: Some(stored.optional),
        ignore_outcome: Some(stored.ignore_outcome),
        skip: Some(stored.skip),
        ..wanted.clone()
    };
    is_stored_as(&same, stored)
}

/// Whether a stored step is the one that was sent. The platform may add to it: a kind, what a run
/// has found.
pub fn is_stored_as(sent: &ParsedStep, stored: &model::Step) -> bool {
    let stored = sendable(stored);
    let (sent, stored) = (Wire::sent(sent), Wire::sent(&stored));
    let same_target = match (sent.target, stored.target) {
        (Some(sent), Some(stored)) => target::is_stored_as(sent, stored),
        (sent, stored) => sent.is_none() && stored.is_none(),
    };
    same_target
        && sent.action == stored.action
        && sent.value == stored.value
        && sent.variable == stored.variable
        && sent.expression == stored.expression
        && (sent.optional, sent.ignore_outcome, sent.skip)
            == (stored.optional, stored.ignore_outcome, stored.skip)
        && sent
            .meta
            .iter()
            .all(|(key, value)| value.is_null() || stored.meta.get(key) == Some(value))
}

/// The typed command. A step that breaks a rule of the contract (an empty address) is none.
fn decode_command(wire: &Wire<'_>) -> Option<v1::Command> {
    let command = read_command(wire)?;
    etude::validate::Validated::new(command.clone())
        .is_ok()
        .then_some(command)
}

fn read_command(wire: &Wire<'_>) -> Option<v1::Command> {
    match wire.action {
        "NAVIGATE" | "SCROLL" => navigate::decode(wire),
        "CLICK" | "WRITE" | "PICK" | "MOUSE" | "KEY" => interact::decode(wire),
        "STORE" | "ENVIRONMENT" => data::decode(wire),
        "DISMISS" => dialog::decode(wire),
        "WAIT" => wait::decode(wire),
        "SWITCH" | "WINDOW" => window::decode(wire),
        "UPLOAD" => file::decode(wire),
        "COMMENT" | "EXECUTE" => misc::decode(wire),
        action if action.starts_with("ASSERT_") => assert::decode(wire),
        _ => None,
    }
}

/// Whether `ours` says all that `theirs` says; ours may be more explicit.
fn says_the_same(ours: &Wire<'_>, theirs: &Wire<'_>) -> bool {
    let same_target = match (ours.target, theirs.target) {
        (Some(ours), Some(theirs)) => target::is_stored_as(ours, theirs),
        (ours, theirs) => ours.is_none() && theirs.is_none(),
    };
    let same_meta = theirs
        .meta
        .iter()
        .all(|(key, value)| ours.meta.get(key) == Some(value) || is_nothing(key, value));
    same_target
        && same_meta
        && ours.value == theirs.value
        && ours.variable == theirs.variable
        && ours.expression == theirs.expression
}

/// How often a wait looks is not a command's to say; what is null is not said.
fn is_nothing(key: &str, value: &Value) -> bool {
    key == "poll" || value.is_null()
}

/// One action and its typed command, as the files of the groups write it.
fn typed(command: impl Into<v1::Command>) -> Option<v1::Command> {
    Some(command.into())
}

#[cfg(test)]
mod tests;
