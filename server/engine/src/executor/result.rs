//! From an execution to a step's result.

use std::time::{Duration, SystemTime};

use etude::v1::{
    self, ErrorReason, Failure, Outcome, StepResult, Warning, WarningKind, command::Action,
};
use etude_language::natural;
use serde_json::Value;
use tokio::time::Instant;

use super::scope::Scope;
use super::shown;
use super::templates::Used;
use crate::backend::{Execution, Verdict};
use crate::error::failure;
use crate::mask;
use crate::variables::Layer;

/// What one attempt came to.
pub(super) struct Attempt {
    pub(super) execution: Execution,
    pub(super) used: Used,
    /// Resource names of the files that were downloaded.
    pub(super) artifacts: Vec<String>,
    /// The variable that was set.
    pub(super) set_variable: String,
    /// It failed here, so that the backend has taken no screenshot of the page.
    pub(super) lacks_picture: bool,
    /// The output was computed from a secret.
    secret_output: bool,
}

impl Attempt {
    /// What the command's execution came to.
    pub(super) fn new(command: &v1::Command, execution: Execution, used: Used) -> Self {
        let passed = execution.verdict == Verdict::Pass;
        Self {
            lacks_picture: !passed && is_executed_here(command),
            execution,
            used,
            artifacts: Vec::new(),
            set_variable: String::new(),
            secret_output: false,
        }
    }

    /// What writing a step down came to.
    pub(super) fn written(execution: Execution) -> Self {
        Self::new(&v1::Command::default(), execution, Used::default())
    }

    /// What did not come to an execution by the backend.
    pub(super) fn error(failure: Failure, used: Used) -> Self {
        Self {
            lacks_picture: true,
            ..Self::new(&v1::Command::default(), super::errored(failure), used)
        }
    }

    /// What had to be stopped: a page that has not answered until now gives no picture either.
    pub(super) fn stopped(failure: Failure) -> Self {
        Self {
            lacks_picture: false,
            ..Self::error(failure, Used::default())
        }
    }

    /// Takes over what the attempt before this one, number `number`, has left.
    pub(super) fn follow(&mut self, earlier: Self, number: u32) {
        let earlier = earlier.execution;
        let why = match earlier.verdict {
            Verdict::Pass => String::new(),
            Verdict::Fail(failure) => format!("FAIL: {}", failure.message),
            Verdict::Error(failure) => format!("ERROR: {}", failure.message),
        };
        let mut warnings = earlier.warnings;
        warnings.push(warning(
            WarningKind::Retried,
            format!("attempt {number} ended {why}"),
        ));
        let execution = &mut self.execution;
        prepend(&mut execution.warnings, warnings);
        prepend(&mut execution.console, earlier.console);
        prepend(&mut execution.network, earlier.network);
        prepend(&mut execution.downloads, earlier.downloads);
    }
}

/// Whether a command needs no page and is executed by the executor itself.
fn is_executed_here(command: &v1::Command) -> bool {
    matches!(
        command.action,
        Some(
            Action::Comment(_)
                | Action::Log(_)
                | Action::SetVariable(_)
                | Action::WaitTime(_)
                | Action::AssertVariable(_)
                | Action::CallApi(_)
        )
    )
}

fn prepend<T>(list: &mut Vec<T>, mut earlier: Vec<T>) {
    if !earlier.is_empty() {
        earlier.append(list);
        *list = earlier;
    }
}

/// Puts the output of a command that stores into its variable.
pub(super) fn store_output(scope: &mut Scope, command: &v1::Command, attempt: &mut Attempt) {
    if let (Some(Action::Download(_)), Some(name)) = (&command.action, attempt.artifacts.last()) {
        attempt.execution.output = Some(Value::String(name.clone()));
    }
    // Only what the user computed from a secret is one; a response to it is not.
    attempt.secret_output = attempt.used.secret
        && matches!(
            command.action,
            Some(Action::SetVariable(_) | Action::StoreExpression(_))
        );
    let stored = !matches!(attempt.execution.verdict, Verdict::Error(_));
    let Some(name) = command.sets_variable().filter(|_| stored) else {
        return;
    };
    let Some(value) = attempt.execution.output.clone() else {
        return;
    };
    if attempt.secret_output {
        scope.variables.set_derived(Layer::Stored, name, value);
    } else {
        scope.variables.set(Layer::Stored, name, value);
    }
    attempt.set_variable = name.to_owned();
}

/// A command in words, masked and bounded.
pub(super) fn text(scope: &Scope, command: &v1::Command) -> String {
    let mut text = natural::text(command);
    scope.variables.masking().scrub(&mut text);
    mask::cut(&mut text, shown::TEXT_BYTES);
    text
}

/// A step whose execution has begun.
pub(super) struct Started {
    text: String,
    start: SystemTime,
    clock: Instant,
}

impl Started {
    pub(super) fn now(text: String) -> Self {
        Self {
            text,
            start: SystemTime::now(),
            clock: Instant::now(),
        }
    }

    /// The result of a step that was not executed.
    pub(super) fn unexecuted(
        self,
        scope: &Scope,
        outcome: Outcome,
        failure: Option<Failure>,
    ) -> StepResult {
        let mut result = StepResult {
            failure,
            url: scope.url.clone(),
            ..self.result(outcome)
        };
        shown::scrub(&mut result, scope.variables.masking());
        result
    }

    /// The result of a step that was executed.
    pub(super) fn executed(
        self,
        scope: &mut Scope,
        attempt: Attempt,
        attempts: u32,
        screenshots: Vec<v1::Screenshot>,
    ) -> StepResult {
        let execution = attempt.execution;
        let (outcome, failure) = match execution.verdict {
            Verdict::Pass => (Outcome::Pass, None),
            Verdict::Fail(failure) => (Outcome::Fail, Some(failure)),
            Verdict::Error(failure) => (Outcome::Error, Some(failure)),
        };
        let mask = scope.variables.masking();
        let mut warnings = execution.warnings;
        let output = execution.output.as_ref().map(|value| {
            if attempt.secret_output {
                return shown::string(mask::DOTS.to_owned());
            }
            shown::output(value, mask, &mut warnings)
        });
        if !execution.url.is_empty() {
            scope.url = shown::url(&execution.url, mask);
        }
        let mut result = StepResult {
            failure,
            target: execution.target,
            warnings,
            output,
            used_variables: attempt.used.shown,
            set_variable: attempt.set_variable,
            screenshots,
            artifacts: attempt.artifacts,
            console: execution.console,
            network: execution.network,
            attempts,
            url: scope.url.clone(),
            authored_step: execution.authored,
            ..self.result(outcome)
        };
        shown::bound(&mut result);
        shown::scrub(&mut result, scope.variables.masking());
        result
    }

    fn result(self, outcome: Outcome) -> StepResult {
        StepResult {
            outcome: outcome.into(),
            start_time: Some(self.start.into()),
            // Only a duration beyond 292 billion years does not fit.
            duration: self.clock.elapsed().try_into().ok(),
            text: self.text,
            ..StepResult::default()
        }
    }
}

pub(super) fn warning(kind: WarningKind, message: impl Into<String>) -> Warning {
    Warning {
        kind: kind.into(),
        message: message.into(),
    }
}

/// The failure of an attempt that had to be stopped from outside.
pub(super) fn timed_out(scope: &Scope, after: Duration) -> Failure {
    if !scope.is_alive() {
        return crashed();
    }
    let message = format!("the step was not done after {after:?} and has been stopped");
    failure(ErrorReason::StepTimeout, message)
}

/// The failure of a step whose browser has gone.
pub(super) fn crashed() -> Failure {
    failure(
        ErrorReason::BrowserCrashed,
        "the browser or its driver ended by itself",
    )
}
