//! Walks through a row's steps and tells what the platform says of them, in the test's own order.
//!
//! The walk begins at the first step each time, and passes over what has been told. It stops where
//! the platform has not said anything yet.

use std::collections::HashMap;
use std::time::Duration;

use etude::v1::{
    BlockPosition, BlockResult, BlockSection, CheckpointFinished, CheckpointStarted, ErrorReason,
    Failure, Outcome, Step, StepResult, UseBlock, block::Kind, run_event::Payload,
};
use etude_language::natural;

use super::super::clock;
use super::super::context::RunContext;
use super::super::log::event;
use super::super::outcome::{weigh, worse};
use super::super::place::Place;
use super::super::plan::Part;
use super::super::row::previous_error;
use super::super::step::{self, flags};
use super::told::{Key, ToldRow};
use crate::error::failure;
use crate::remote::RemoteStep;
use crate::store::NewEvent;

/// How the platform's work on a row has ended.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// It went through all steps.
    Whole,
    /// It did not come to its end, and this is why.
    Cut(Failure),
}

/// The steps of a row, as far as they have been told.
pub(super) struct Walk<'a> {
    run: &'a RunContext,
    row: u32,
    pub(super) told: ToldRow,
    /// What the platform says, and nobody has been told.
    results: HashMap<Key, RemoteStep>,
    end: Option<End>,
    pending: Vec<NewEvent>,
    /// What keeps steps from being reached, as far as the walk has come.
    stop: Option<Failure>,
    /// Something is missing that should be there.
    pub(super) missing: Option<Failure>,
}

/// What a step comes to in the walk.
struct Came {
    outcome: Outcome,
    /// The outcome that counts.
    counted: Outcome,
    /// Why it did not pass, unless it was told by an earlier process.
    failure: Option<Failure>,
    duration: Option<prost_types::Duration>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(run: &'a RunContext, row: u32, told: ToldRow) -> Self {
        Self {
            run,
            row,
            told,
            results: HashMap::new(),
            end: None,
            pending: Vec::new(),
            stop: None,
            missing: None,
        }
    }

    /// Whether it is news what has come of a step.
    pub(super) fn is_news(&self, step: &RemoteStep) -> bool {
        let key = Key::new(&step.path, &step.within);
        !self.told.steps.contains_key(&key) && !self.results.contains_key(&key)
    }

    /// Adds what has come of a step.
    pub(super) fn add(&mut self, step: RemoteStep) {
        self.results
            .insert(Key::new(&step.path, &step.within), step);
    }

    /// How many steps are known to have ended.
    pub(super) fn steps(&self) -> usize {
        self.told.steps.len() + self.results.len()
    }

    /// Nothing more will come of any step.
    pub(super) fn end(&mut self, end: End) {
        self.end = Some(end);
    }

    /// The events that can be told now, and once everything has been told, the outcome of all.
    pub(super) fn go(&mut self) -> (Vec<NewEvent>, Option<Outcome>) {
        self.stop = None;
        let run = self.run;
        let mut outcome = Some(Outcome::Unspecified);
        for part in &run.plan.parts {
            let came = self.part(part);
            outcome = outcome.zip(came).map(|(all, part)| worse(all, part));
            if outcome.is_none() {
                break;
            }
        }
        (std::mem::take(&mut self.pending), outcome)
    }

    fn part(&mut self, part: &Part) -> Option<Outcome> {
        let mut outcome = Outcome::Unspecified;
        for (number, step) in (1..).zip(&part.steps) {
            let place = Place::new(part, part.path(self.row, number, self.told.attempt));
            let came = self.step(&place, step)?;
            outcome = worse(outcome, came.counted);
            // Whatever the test's config says: the platform stops there.
            if weigh(came.outcome, &flags(step), false).stops {
                self.stop
                    .get_or_insert_with(|| previous_error(part, number));
            }
        }
        let path = part.path(self.row, 0, self.told.attempt);
        if self.told.parts.insert(Key::new(&path, &[])) {
            self.push(Payload::CheckpointFinished(CheckpointFinished {
                path: Some(path),
                outcome: outcome.into(),
                name: part.name.clone(),
            }));
        }
        Some(outcome)
    }

    /// What came of a step; `None`: it is not known yet.
    fn step(&mut self, place: &Place<'_>, step: &Step) -> Option<Came> {
        let key = Key::new(&place.path, &place.within);
        if let Some(outcome) = self.told.steps.get(&key) {
            return Some(came(step, &step::unexecuted(step, *outcome, None)));
        }
        let block = step.block.as_ref().and_then(|block| block.kind.as_ref());
        let (result, block) = match block {
            Some(Kind::UseBlock(used)) => self.used(place, step, used)?,
            _ => (self.leaf(place, step, &key)?, None),
        };
        let came = came(step, &result);
        let uncounted = came.counted != came.outcome;
        self.pending
            .push(step::finished(place, step, result, block, uncounted));
        self.told.steps.insert(key, came.outcome);
        Some(came)
    }

    /// What came of a command.
    fn leaf(&mut self, place: &Place<'_>, step: &Step, key: &Key) -> Option<StepResult> {
        let Some(told) = self.results.remove(key) else {
            return match self.end.clone() {
                Some(end) => Some(self.left_out(place, step, &end)),
                // A platform may pass over it without a word.
                None if self.is_skipped(step) => Some(self.skipped(place, step)),
                None => None,
            };
        };
        let mut result = told.result;
        result.text = natural::step(step);
        match result.outcome() {
            Outcome::Pass | Outcome::Fail | Outcome::Error => {
                self.begin(place, step);
                result.attempts = result.attempts.max(1);
            }
            Outcome::NotReached => {
                let unsaid = result.failure.take();
                result.failure = Some(self.why_not_reached(unsaid));
            }
            Outcome::Skip | Outcome::Unspecified => self.begin_part(place.part),
        }
        Some(result)
    }

    /// Whether the platform has gone on behind a step that is not to be executed.
    fn is_skipped(&self, step: &Step) -> bool {
        flags(step).skip && !self.results.is_empty()
    }

    fn skipped(&mut self, place: &Place<'_>, step: &Step) -> StepResult {
        self.begin_part(place.part);
        step::unexecuted(step, Outcome::Skip, None)
    }

    /// What came of a block that uses a definition: on the platform its steps stand by themselves.
    fn used(
        &mut self,
        place: &Place<'_>,
        step: &Step,
        used: &UseBlock,
    ) -> Option<(StepResult, Option<BlockResult>)> {
        let run = self.run;
        let steps = run.definition(&used.block);
        let steps = steps.map_or(&[][..], |definition| &definition.steps);
        let mut sum = Sum::default();
        for (number, inner) in (1..).zip(steps) {
            let inside = place.inside(position(number));
            let key = Key::new(&inside.path, &inside.within);
            if self.is_passed_over(&key, inner) {
                sum.outcome = worse(sum.outcome, Outcome::NotReached);
                break;
            }
            // Whether it is known, before its block is said to have begun.
            if !self.is_known(&inside, inner) {
                return None;
            }
            self.begin(place, step);
            sum.add(self.step(&inside, inner)?);
        }
        let mut result = step::unexecuted(step, sum.outcome(), sum.failure.take());
        if result.outcome() == Outcome::NotReached {
            result.failure = Some(self.why_not_reached(None));
        }
        result.duration = Some(clock::message(sum.duration));
        result.attempts = 1;
        let block = BlockResult {
            kind: step
                .block
                .as_ref()
                .map_or(0, |block| block.block_kind().into()),
            inherited: matches!(sum.outcome, Outcome::Fail | Outcome::Error),
            ..BlockResult::default()
        };
        Some((result, Some(block)))
    }

    /// Whether the platform did not come to a step in a block, which then has no events.
    fn is_passed_over(&self, key: &Key, step: &Step) -> bool {
        if self.told.steps.contains_key(key) || step.block.is_some() {
            return false;
        }
        match self.results.get(key) {
            Some(told) => told.result.outcome() == Outcome::NotReached,
            None => self.end.is_some() && !flags(step).skip,
        }
    }

    /// Whether something can be told of a step now.
    fn is_known(&self, place: &Place<'_>, step: &Step) -> bool {
        let key = Key::new(&place.path, &place.within);
        self.end.is_some()
            || self.is_skipped(step)
            || step.block.is_some()
            || self.results.contains_key(&key)
            || self.told.steps.contains_key(&key)
    }

    /// The result of a step that the platform says nothing of, and will not.
    fn left_out(&mut self, place: &Place<'_>, step: &Step, end: &End) -> StepResult {
        if flags(step).skip && self.stop.is_none() {
            return self.skipped(place, step);
        }
        let known = self.stop.is_some() || matches!(end, End::Cut(_));
        if known {
            let failure = self.why_not_reached(None);
            return step::unexecuted(step, Outcome::NotReached, Some(failure));
        }
        let message = "the platform ended the execution and does not say what came of this step";
        let failure = failure(ErrorReason::PlatformBadResponse, message);
        self.missing.get_or_insert_with(|| failure.clone());
        self.begin(place, step);
        step::unexecuted(step, Outcome::Error, Some(failure))
    }

    fn why_not_reached(&self, said: Option<Failure>) -> Failure {
        let cut = match &self.end {
            Some(End::Cut(failure)) => Some(failure.clone()),
            _ => None,
        };
        self.stop.clone().or(cut).or(said).unwrap_or_else(|| {
            let message = "the platform did not come to this step, and does not say why";
            failure(ErrorReason::PlatformExecutionEnded, message)
        })
    }

    // === Beginnings ===

    /// Says that a step has begun, and its part.
    fn begin(&mut self, place: &Place<'_>, step: &Step) {
        self.begin_part(place.part);
        if self.told.begun.insert(Key::new(&place.path, &place.within)) {
            self.pending.push(step::started(place, step));
        }
    }

    fn begin_part(&mut self, part: &Part) {
        let path = part.path(self.row, 0, self.told.attempt);
        if self.told.begun.insert(Key::new(&path, &[])) {
            self.push(Payload::CheckpointStarted(CheckpointStarted {
                path: Some(path),
                name: part.name.clone(),
                steps: u32::try_from(part.steps.len()).unwrap_or(u32::MAX),
            }));
        }
    }

    fn push(&mut self, payload: Payload) {
        self.pending.push(event(payload));
    }
}

fn came(step: &Step, result: &StepResult) -> Came {
    let outcome = result.outcome();
    Came {
        outcome,
        counted: weigh(outcome, &flags(step), false).counted,
        failure: result.failure.clone(),
        duration: result.duration,
    }
}

/// What the steps of a block come to.
#[derive(Default)]
struct Sum {
    outcome: Outcome,
    failure: Option<Failure>,
    duration: Duration,
}

impl Sum {
    fn add(&mut self, came: Came) {
        let sum = worse(self.outcome, came.counted);
        if sum != self.outcome {
            self.failure = came.failure;
        }
        self.outcome = sum;
        let duration: Option<Duration> = came.duration.and_then(|span| span.try_into().ok());
        self.duration += duration.unwrap_or_default();
    }

    /// A block whose steps are all skipped has done what it should.
    fn outcome(&self) -> Outcome {
        match self.outcome {
            Outcome::Unspecified | Outcome::Skip => Outcome::Pass,
            outcome => outcome,
        }
    }
}

fn position(step: u32) -> BlockPosition {
    BlockPosition {
        section: BlockSection::Used.into(),
        branch: 0,
        iteration: 0,
        step,
    }
}
