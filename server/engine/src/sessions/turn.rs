//! One command's turn in its session.

use std::time::SystemTime;

use etude::v1::{
    self, ErrorReason, Outcome, SessionStepFinished, SessionStepStarted, StepResult,
    session_event::Payload,
};
use etude::validate::Validated;
use tokio::time::Instant;

use super::entry::Entry;
use super::{ended, requests};
use crate::backend::Placement;
use crate::error::{Result, failure};
use crate::executor::{Executor, Scope};

/// Executes a command when its turn has come. Dropping the future leaves the queue, or stops the
/// step and records that.
pub(super) async fn take(
    entry: &Entry,
    executor: &Executor,
    context: v1::CommandContext,
    command: Validated<v1::Command>,
) -> Result<StepResult> {
    let request = (!context.request_id.is_empty()).then(|| {
        let step = v1::Step {
            command: Some(v1::Command::clone(&command)),
            flags: context.flags,
            ..v1::Step::default()
        };
        (context.request_id, requests::fingerprint(&step))
    });
    let placement = Placement {
        flags: context.flags.unwrap_or_default(),
        position: context.position,
    };
    let mut taken = entry.take().await?;
    if let Some((id, fingerprint)) = &request
        && let Some(answer) = entry.answers.lock().recall(id, *fingerprint)?
    {
        return Ok(answer);
    }
    let scope = taken.scope();
    let text = executor.text(scope, &command);
    let turn = Turn::begin(entry, scope.steps() + 1, text, request);
    tokio::select! {
        biased;
        // First, since a command that needs no page is done at once.
        result = perform(executor, scope, &command, placement, turn.text.clone()) => {
            let now = SystemTime::now();
            entry.used(scope, &result, now);
            if !scope.is_alive() {
                entry.end(ErrorReason::BrowserCrashed);
            }
            Ok(turn.finish(now, result))
        }
        reason = entry.ends() => {
            turn.stop(reason);
            Err(ended(entry.name(), reason.name()))
        }
    }
}

/// Executes a command, or adds it to the checkpoint of an authoring session.
async fn perform(
    executor: &Executor,
    scope: &mut Scope,
    command: &Validated<v1::Command>,
    placement: Placement,
    text: String,
) -> StepResult {
    if scope.is_authoring() {
        return executor.author(scope, command, placement, text).await;
    }
    let flags = &placement.flags;
    executor.execute_valid(scope, command, flags, text).await
}

/// A step that has begun. However it ends, its end is recorded.
struct Turn<'a> {
    entry: &'a Entry,
    number: u64,
    text: String,
    start: SystemTime,
    clock: Instant,
    request: Option<(String, u64)>,
    recorded: bool,
}

impl<'a> Turn<'a> {
    fn begin(entry: &'a Entry, number: u64, text: String, request: Option<(String, u64)>) -> Self {
        let start = SystemTime::now();
        let started = SessionStepStarted { step: number, text };
        let pushed = entry.events().push_at(start, Payload::StepStarted(started));
        let text = match pushed.event.payload {
            Some(Payload::StepStarted(started)) => started.text,
            _ => String::new(),
        };
        Self {
            entry,
            number,
            text,
            start,
            clock: Instant::now(),
            request,
            recorded: false,
        }
    }

    fn finish(mut self, now: SystemTime, result: StepResult) -> StepResult {
        self.record(now, result)
    }

    fn stop(mut self, reason: ErrorReason) {
        self.record_stop(reason);
    }

    fn record_stop(&mut self, reason: ErrorReason) {
        let message = match reason {
            ErrorReason::Cancelled => "the caller gave the call up while the step was executed",
            _ => "the session ended while the step was executed",
        };
        self.entry.stopped(self.number);
        let result = StepResult {
            outcome: Outcome::Error.into(),
            start_time: Some(self.start.into()),
            duration: self.clock.elapsed().try_into().ok(),
            text: std::mem::take(&mut self.text),
            failure: Some(failure(reason, message)),
            attempts: 1,
            ..StepResult::default()
        };
        self.record(SystemTime::now(), result);
    }

    /// Records the step's end; gives the result back.
    fn record(&mut self, now: SystemTime, result: StepResult) -> StepResult {
        self.recorded = true;
        let finished = SessionStepFinished {
            step: self.number,
            result: Some(result),
        };
        let pushed = self
            .entry
            .events()
            .push_at(now, Payload::StepFinished(finished));
        if let Some((id, fingerprint)) = self.request.take() {
            let mut answers = self.entry.answers.lock();
            answers.keep(id, fingerprint, pushed.encoded);
        }
        requests::result_of(pushed.event).unwrap_or_default()
    }
}

/// The caller has gone. What the step did until then stays done, so a repetition of the request
/// gets this answer instead of a second execution.
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.recorded {
            self.record_stop(ErrorReason::Cancelled);
        }
    }
}
