//! Executes one data row: opens a browser, walks through the parts, says what came of it.

use std::sync::Arc;
use std::time::Duration;

use etude::v1::{
    BlockResult, CheckpointFinished, CheckpointStarted, ErrorReason, Failure, Outcome, RowFinished,
    RowStarted, Step, StepResult, TestPart, run_event::Payload,
};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};

use super::clock;
use super::context::RunContext;
use super::interrupt::Cause;
use super::log::event;
use super::outcome::{Counts, weigh, worse};
use super::place::Place;
use super::plan::Part;
use super::step::{self, flags};
use crate::error::{Error, Result, failure};
use crate::executor::Scope;
use crate::store::{NewEvent, RunUpdate};

/// Events that are gathered before they are appended, when nothing is executed between them.
const FLUSH_EVENTS: usize = 200;

/// What the teardown may take at least, even when the row's time is up.
const TEARDOWN_TIME: Duration = Duration::from_secs(60);

/// What came of a row.
#[derive(Debug)]
pub(super) struct RowEnd {
    pub(super) row: u32,
    pub(super) outcome: Outcome,
    /// Why it ended ERROR when the cause lies outside its steps.
    pub(super) failure: Option<Failure>,
    /// Whether it was interrupted before its end.
    pub(super) interrupted: bool,
}

/// Executes a row, again and again while it does not pass and retries are left.
///
/// # Errors
///
/// The log cannot be written.
pub(super) async fn execute(
    run: Arc<RunContext>,
    row: u32,
    permit: OwnedSemaphorePermit,
) -> Result<RowEnd> {
    let first = run.earlier_attempts(row) + 1;
    let last = first + run.config.retries;
    let mut attempt = first;
    loop {
        let mut execution = RowExecution::new(&run, row, attempt);
        let scope = execution.walk_through(attempt < last).await;
        let (end, scope) = scope?;
        if !execution.will_retry {
            // The run need not wait until the browser has been closed.
            run.tasks.spawn(async move {
                close(scope).await;
                drop(permit);
            });
            return Ok(end);
        }
        close(scope).await;
        attempt += 1;
    }
}

async fn close(scope: Option<Scope>) {
    if let Some(scope) = scope {
        scope.close().await;
    }
}

/// Why the steps that follow are not executed.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    pub(super) failure: Failure,
    /// Whether this is so for the teardown too.
    teardown_too: bool,
}

/// What a step came to.
pub(super) struct StepEnd {
    /// The outcome that counts.
    pub(super) counted: Outcome,
    /// Why it did not pass.
    pub(super) failure: Option<Failure>,
    /// Whether the steps that follow it are not executed.
    pub(super) stops: bool,
}

pub(super) struct RowExecution<'a> {
    pub(super) run: &'a RunContext,
    row: u32,
    attempt: u32,
    name: String,
    pub(super) deadline: Instant,
    /// How many blocks around the present step deal with its failure.
    pub(super) catching: u32,
    /// Events that have happened and are not appended yet.
    pending: Vec<NewEvent>,
    counts: Counts,
    outcome: Outcome,
    stop: Option<Stop>,
    failure: Option<Failure>,
    pub(super) interrupted: bool,
    will_retry: bool,
}

impl<'a> RowExecution<'a> {
    fn new(run: &'a RunContext, row: u32, attempt: u32) -> Self {
        Self {
            run,
            row,
            attempt,
            name: run.row_name(row),
            deadline: Instant::now() + run.row_timeout,
            catching: 0,
            pending: Vec::new(),
            counts: Counts::default(),
            outcome: Outcome::Unspecified,
            stop: None,
            failure: None,
            interrupted: false,
            will_retry: false,
        }
    }

    async fn walk_through(&mut self, may_retry: bool) -> Result<(RowEnd, Option<Scope>)> {
        let mut scope = self.open().await;
        self.push(Payload::RowStarted(RowStarted {
            row: self.row,
            name: self.name.clone(),
            attempt: self.attempt,
            browser: scope
                .as_ref()
                .map(Scope::browser)
                .unwrap_or_default()
                .to_owned(),
        }));
        let walked = self.parts(&mut scope).await;
        let walked = match walked {
            Ok(()) => self.finish(may_retry).await,
            Err(error) => Err(error),
        };
        match walked {
            Ok(end) => Ok((end, scope)),
            Err(error) => {
                close(scope).await;
                Err(error)
            }
        }
    }

    /// Opens the row's browser; without one nothing of the row is reached.
    async fn open(&mut self) -> Option<Scope> {
        let opened = tokio::select! {
            biased;
            () = self.run.interrupt.thrown() => None,
            () = sleep_until(self.deadline) => Some(Err(self.out_of_time())),
            opened = self.run.open_scope(self.row, self.attempt) => Some(opened.map_err(|error: Error| error.to_failure())),
        };
        match opened {
            Some(Ok(scope)) => Some(scope),
            Some(Err(failure)) => {
                self.fail(failure, true);
                None
            }
            None => {
                self.note_interrupt();
                None
            }
        }
    }

    async fn parts(&mut self, scope: &mut Option<Scope>) -> Result<()> {
        for part in &self.run.plan.parts {
            if self.is_given_up() {
                return self.flush().await;
            }
            if part.part == TestPart::Teardown {
                self.deadline = self.deadline.max(Instant::now() + TEARDOWN_TIME);
            }
            let outcome = self.part(part, scope).await?;
            self.outcome = worse(self.outcome, outcome);
            let spoiled = matches!(outcome, Outcome::Fail | Outcome::Error);
            if part.part == TestPart::Setup
                && spoiled
                && self.failure.is_none()
                && !self.interrupted
            {
                let message = "the setup did not pass, so the checkpoints were not reached";
                self.stop(failure(ErrorReason::SetupFailed, message), false);
            }
        }
        Ok(())
    }

    async fn part(&mut self, part: &Part, scope: &mut Option<Scope>) -> Result<Outcome> {
        if self.blocks(part).is_none() {
            self.push(Payload::CheckpointStarted(CheckpointStarted {
                path: Some(part.path(self.row, 0, self.attempt)),
                name: part.name.clone(),
                steps: u32::try_from(part.steps.len()).unwrap_or(u32::MAX),
            }));
        }
        let mut outcome = Outcome::Unspecified;
        for (number, step) in (1..).zip(&part.steps) {
            if self.is_given_up() {
                return Ok(outcome);
            }
            let counted = self.step(part, number, step, scope).await?;
            outcome = worse(outcome, counted);
        }
        self.push(Payload::CheckpointFinished(CheckpointFinished {
            path: Some(part.path(self.row, 0, self.attempt)),
            outcome: outcome.into(),
            name: part.name.clone(),
        }));
        Ok(outcome)
    }

    /// Executes or passes over a step of a part; returns the outcome that counts.
    async fn step(
        &mut self,
        part: &Part,
        number: u32,
        step: &Step,
        scope: &mut Option<Scope>,
    ) -> Result<Outcome> {
        let place = Place::new(part, part.path(self.row, number, self.attempt));
        let end = self.step_at(&place, step, scope).await?;
        if end.stops && self.stop.is_none() {
            self.stop(previous_error(part, number), false);
        }
        Ok(end.counted)
    }

    /// Executes or passes over a step, wherever it stands.
    pub(super) async fn step_at(
        &mut self,
        place: &Place<'_>,
        step: &Step,
        scope: &mut Option<Scope>,
    ) -> Result<StepEnd> {
        self.note_interrupt();
        let flags = flags(step);
        let mut block = None;
        let mut block_stops = true;
        let result = match (self.blocks(place.part), scope.as_mut()) {
            (Some(stop), _) => {
                let failure = stop.failure.clone();
                step::unexecuted(step, Outcome::NotReached, Some(failure))
            }
            (None, _) if flags.skip => step::unexecuted(step, Outcome::Skip, None),
            (None, Some(open)) if self.run.may_step() => {
                self.pending.push(step::started(place, step));
                self.flush().await?;
                match &step.block {
                    None => self.execute(place.part, step, open).await,
                    Some(inner) => {
                        let end = self.block(place, step, inner, scope).await?;
                        block = Some(end.block);
                        block_stops = end.stops;
                        end.result
                    }
                }
            }
            (None, _) => {
                self.note_interrupt();
                step::unexecuted(step, Outcome::NotReached, None)
            }
        };
        let outcome = result.outcome();
        let verdict = weigh(outcome, &flags, self.run.config.continue_on_error);
        let end = StepEnd {
            counted: verdict.counted,
            failure: result.failure.clone(),
            stops: verdict.stops && block_stops && place.part.part != TestPart::Teardown,
        };
        self.finish_step(place, step, result, block, verdict.counted)
            .await?;
        Ok(end)
    }

    async fn finish_step(
        &mut self,
        place: &Place<'_>,
        step: &Step,
        result: StepResult,
        block: Option<BlockResult>,
        counted: Outcome,
    ) -> Result<()> {
        let outcome = result.outcome();
        if !place.is_nested() {
            self.counts.add(outcome);
        }
        let spoils = matches!(outcome, Outcome::Fail | Outcome::Error);
        let caught = self.catching > 0 && self.blocks(place.part).is_none();
        let uncounted = spoils && (counted != outcome || caught);
        let finished = step::finished(place, step, result, block, uncounted);
        self.pending.push(finished);
        if self.pending.len() >= FLUSH_EVENTS {
            self.flush().await?;
        }
        Ok(())
    }

    /// Executes a step until it ends, the row's time is up or the run is interrupted.
    async fn execute(&mut self, part: &Part, step: &Step, scope: &mut Scope) -> StepResult {
        let began = (clock::now(), Instant::now());
        let result = tokio::select! {
            biased;
            () = self.run.interrupt.thrown() => None,
            () = sleep_until(self.deadline) => Some(Err(self.out_of_time())),
            result = self.run.executor.execute(scope, step) => Some(Ok(result)),
        };
        let (outcome, failure) = match result {
            Some(Ok(result)) => {
                self.note_crash(scope);
                return result;
            }
            Some(Err(failure)) => {
                self.time_is_up(part);
                (Outcome::Error, Some(failure))
            }
            None => {
                self.note_interrupt();
                let failure = self.stop.as_ref().map(|stop| stop.failure.clone());
                (Outcome::NotReached, failure)
            }
        };
        StepResult {
            start_time: Some(began.0),
            duration: Some(clock::message(began.1.elapsed())),
            attempts: 1,
            ..step::unexecuted(step, outcome, failure)
        }
    }

    async fn finish(&mut self, may_retry: bool) -> Result<RowEnd> {
        if self.failure.is_some() {
            self.outcome = Outcome::Error;
        }
        let spoiled = matches!(self.outcome, Outcome::Fail | Outcome::Error);
        self.will_retry = spoiled && may_retry && !self.interrupted && !self.run.is_halted();
        if !self.is_given_up() {
            self.push(Payload::RowFinished(RowFinished {
                row: self.row,
                outcome: self.outcome.into(),
                attempt: self.attempt,
                will_retry: self.will_retry,
                failure: self.failure.clone(),
                name: self.name.clone(),
            }));
        }
        let update = RunUpdate {
            statistics: (!self.will_retry).then(|| self.run.advance(&self.counts)),
            ..RunUpdate::default()
        };
        let events = std::mem::take(&mut self.pending);
        self.run.log.append(events, update).await?;
        Ok(RowEnd {
            row: self.row,
            outcome: self.outcome,
            failure: self.failure.clone(),
            interrupted: self.interrupted,
        })
    }

    // === What stops a row ===

    /// What keeps a part from being executed.
    pub(super) fn blocks(&self, part: &Part) -> Option<&Stop> {
        let stop = self.stop.as_ref()?;
        (stop.teardown_too || part.part != TestPart::Teardown).then_some(stop)
    }

    fn stop(&mut self, failure: Failure, teardown_too: bool) {
        self.stop = Some(Stop {
            failure,
            teardown_too,
        });
    }

    /// The row ends ERROR for a cause outside its steps.
    fn fail(&mut self, failure: Failure, teardown_too: bool) {
        self.stop(failure.clone(), teardown_too);
        self.failure.get_or_insert(failure);
    }

    /// The row ends ERROR because its time is up.
    pub(super) fn time_is_up(&mut self, part: &Part) {
        self.fail(self.out_of_time(), part.part == TestPart::Teardown);
    }

    pub(super) fn note_interrupt(&mut self) {
        let Some(cause) = self.run.interrupt.cause() else {
            return;
        };
        if !self.interrupted {
            self.interrupted = true;
            let failure = cause.failure();
            match cause {
                Cause::Cancelled => self.stop(failure, true),
                Cause::Shutdown | Cause::LogLost(_) => self.fail(failure, true),
            }
        }
    }

    /// When the browser has gone, no step can be executed, whatever the flags say; those of the
    /// teardown are tried, for not all of them need one.
    pub(super) fn note_crash(&mut self, scope: &Scope) {
        if !scope.is_alive() && self.failure.is_none() {
            let message = "the browser ended while the row was executed";
            self.fail(failure(ErrorReason::BrowserCrashed, message), false);
        }
    }

    pub(super) fn out_of_time(&self) -> Failure {
        let message = format!(
            "the row took longer than {} s, its timeout",
            self.run.row_timeout.as_secs_f64()
        );
        failure(ErrorReason::RunTimeout, message)
    }

    /// Whether the run begins again later, so that this execution leaves no further trace.
    pub(super) fn is_given_up(&self) -> bool {
        self.interrupted && self.run.begins_again()
    }

    // === Events ===

    fn push(&mut self, payload: Payload) {
        self.pending.push(event(payload));
    }

    /// Appends what has happened so far.
    async fn flush(&mut self) -> Result<()> {
        let events = std::mem::take(&mut self.pending);
        if events.is_empty() {
            return Ok(());
        }
        self.run.log.append(events, RunUpdate::default()).await
    }
}

/// Why the steps behind one that ended ERROR were not reached.
pub(super) fn previous_error(part: &Part, number: u32) -> Failure {
    let place = match (part.part, part.name.as_str()) {
        (TestPart::Setup, _) => format!("step {number} of the setup"),
        (_, "") => format!("step {number}"),
        (_, name) => format!("step {number} of {name:?}"),
    };
    let message = format!("{place} ended ERROR, so the row's remaining steps were not reached");
    failure(ErrorReason::PreviousStepError, message)
}
