//! The events of one step.

use etude::v1::{
    self, Failure, Outcome, StepFinished, StepFlags, StepPath, StepResult, StepStarted,
    run_event::Payload,
};
use etude::{catalog, v1::Step};
use etude_language::natural;

use super::log::event;
use crate::store::NewEvent;

/// A step began.
pub(super) fn started(path: StepPath, step: &Step) -> NewEvent {
    event(Payload::StepStarted(StepStarted {
        path: Some(path),
        text: text(step),
        command: command(step),
        location: step.location.clone(),
    }))
}

/// A step ended.
pub(super) fn finished(path: StepPath, step: &Step, result: StepResult) -> NewEvent {
    event(Payload::StepFinished(StepFinished {
        path: Some(path),
        result: Some(result),
        command: command(step),
    }))
}

/// A step was not reached because of `failure`.
pub(super) fn not_reached(path: StepPath, step: &Step, failure: &Failure) -> NewEvent {
    let result = unexecuted(step, Outcome::NotReached, Some(failure.clone()));
    finished(path, step, result)
}

/// The result of a step that was not executed to its end.
pub(super) fn unexecuted(step: &Step, outcome: Outcome, failure: Option<Failure>) -> StepResult {
    StepResult {
        outcome: outcome.into(),
        text: step.command.as_ref().map(natural::text).unwrap_or_default(),
        failure,
        ..StepResult::default()
    }
}

/// The outcome that an event tells.
pub(super) fn outcome(finished: &StepFinished) -> Outcome {
    finished
        .result
        .as_ref()
        .map_or(Outcome::Unspecified, v1::StepResult::outcome)
}

/// The step's name, else its natural-language text. Templates stand in it as they were written,
/// so it holds no secret.
pub(super) fn text(step: &Step) -> String {
    match (step.name.as_str(), &step.command) {
        ("", Some(command)) => natural::text(command),
        (name, _) => name.to_owned(),
    }
}

/// The step's flags; the defaults when it has none.
pub(super) fn flags(step: &Step) -> StepFlags {
    step.flags.unwrap_or_default()
}

fn command(step: &Step) -> String {
    let spec = step.command.as_ref().and_then(catalog::of);
    spec.map(catalog::CommandSpec::path).unwrap_or_default()
}
