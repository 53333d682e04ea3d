//! The events of one step.

use etude::v1::{
    self, BlockResult, Failure, Outcome, StepFinished, StepFlags, StepResult, StepStarted,
    run_event::Payload,
};
use etude::{catalog, v1::Step};
use etude_language::natural;

use super::log::event;
use super::place::Place;
use crate::store::NewEvent;

/// A step began.
pub(super) fn started(place: &Place<'_>, step: &Step) -> NewEvent {
    event(Payload::StepStarted(StepStarted {
        path: Some(place.path),
        text: text(step),
        command: command(step),
        location: step.location.clone(),
        within: place.within.clone(),
        block: step
            .block
            .as_ref()
            .map_or(0, |block| block.block_kind().into()),
    }))
}

/// A step ended.
pub(super) fn finished(
    place: &Place<'_>,
    step: &Step,
    result: StepResult,
    block: Option<BlockResult>,
    uncounted: bool,
) -> NewEvent {
    event(Payload::StepFinished(StepFinished {
        path: Some(place.path),
        result: Some(result),
        command: command(step),
        within: place.within.clone(),
        block,
        uncounted,
    }))
}

/// A step was not reached because of `failure`.
pub(super) fn not_reached(place: &Place<'_>, step: &Step, failure: &Failure) -> NewEvent {
    let result = unexecuted(step, Outcome::NotReached, Some(failure.clone()));
    finished(place, step, result, None, false)
}

/// A step that began did not come to its end because of `failure`.
pub(super) fn broken_off(started: &StepStarted, failure: &Failure) -> NewEvent {
    event(Payload::StepFinished(StepFinished {
        path: started.path,
        result: Some(StepResult {
            outcome: Outcome::NotReached.into(),
            text: started.text.clone(),
            failure: Some(failure.clone()),
            ..StepResult::default()
        }),
        command: started.command.clone(),
        within: started.within.clone(),
        ..StepFinished::default()
    }))
}

/// The result of a step that was not executed to its end.
pub(super) fn unexecuted(step: &Step, outcome: Outcome, failure: Option<Failure>) -> StepResult {
    StepResult {
        outcome: outcome.into(),
        text: natural::step(step),
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
    match step.name.as_str() {
        "" => natural::step(step),
        name => name.to_owned(),
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
