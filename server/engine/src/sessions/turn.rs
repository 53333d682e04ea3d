//! One command's turn in its session.

use std::time::SystemTime;

use etude::v1::{
    self, ErrorReason, Outcome, SessionStepFinished, SessionStepStarted, StepResult,
    session_event::Payload,
};
use tokio::time::Instant;

use super::entry::Entry;
use super::{ended, requests};
use crate::error::{Result, failure};
use crate::executor::Executor;

/// Executes a command when its turn has come. Dropping the future leaves the queue, or stops the
/// step and records that.
pub(super) async fn take(
    entry: &Entry,
    executor: &Executor,
    context: v1::CommandContext,
    command: v1::Command,
) -> Result<StepResult> {
    let step = v1::Step {
        command: Some(command),
        flags: context.flags,
        ..v1::Step::default()
    };
    let request = (!context.request_id.is_empty())
        .then(|| (context.request_id, requests::fingerprint(&step)));
    let mut taken = entry.take().await?;
    if let Some((id, fingerprint)) = &request
        && let Some(answer) = entry.answers.lock().recall(id, *fingerprint)?
    {
        return Ok(answer);
    }
    let scope = taken.scope();
    let text = match &step.command {
        Some(command) => executor.text(scope, command),
        None => String::new(),
    };
    let turn = Turn::begin(entry, scope.steps() + 1, text.clone(), request);
    tokio::select! {
        biased;
        reason = entry.ends() => {
            turn.stop(reason);
            Err(ended(entry.name(), reason.name()))
        }
        result = executor.execute_titled(scope, &step, text) => {
            entry.used(scope, &result);
            if !scope.is_alive() {
                entry.end(ErrorReason::BrowserCrashed);
            }
            turn.finish(result.clone());
            Ok(result)
        }
    }
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
        let started = SessionStepStarted {
            step: number,
            text: text.clone(),
        };
        entry.events().push(Payload::StepStarted(started));
        Self {
            entry,
            number,
            text,
            start: SystemTime::now(),
            clock: Instant::now(),
            request,
            recorded: false,
        }
    }

    fn finish(mut self, result: StepResult) {
        self.record(result);
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
        self.record(result);
    }

    fn record(&mut self, result: StepResult) {
        self.recorded = true;
        let finished = SessionStepFinished {
            step: self.number,
            result: Some(result),
        };
        let event = self.entry.events().push(Payload::StepFinished(finished));
        if let Some((id, fingerprint)) = self.request.take() {
            self.entry.answers.lock().keep(id, fingerprint, event);
        }
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
