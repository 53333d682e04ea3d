//! From an execution to a step's result: nothing is lost that matters, nothing is shown that must
//! not be, and nothing exceeds the contract's bounds.

use std::time::{Duration, SystemTime};

use etude::v1::{
    self, ErrorReason, Failure, Outcome, StepResult, Warning, WarningKind, command::Action,
};
use etude_language::natural;
use prost_types::value::Kind;
use serde_json::Value;
use tokio::time::Instant;

use super::scope::Scope;
use super::templates::Used;
use crate::backend::{Execution, Verdict};
use crate::error::failure;
use crate::mask::{self, Mask};
use crate::variables::{Layer, text_of};

/// The most of an output that a result shows, in bytes.
const OUTPUT_BYTES: usize = 64 * 1024;

/// The deepest nesting of an output that is kept as a structure; decoders refuse what is nested
/// about twice as deep. A deeper one is shown as JSON text.
const OUTPUT_DEPTH: usize = 24;

/// The most of a text in a failure or of a step's own text, in bytes.
const TEXT_BYTES: usize = 16 * 1024;

/// The most console entries, network entries and warnings of a result.
const ENTRIES: usize = 50;

/// The most of a console entry's text, in bytes.
const CONSOLE_BYTES: usize = 4 * 1024;

/// The most of an address, in bytes.
const URL_BYTES: usize = 2 * 1024;

/// What one attempt came to.
pub(super) struct Attempt {
    pub(super) execution: Execution,
    pub(super) used: Used,
    /// Resource names of the files that were downloaded.
    pub(super) artifacts: Vec<String>,
    /// The variable that was set.
    pub(super) set_variable: String,
    /// The output was computed from a secret.
    secret_output: bool,
}

impl Attempt {
    pub(super) fn new(execution: Execution, used: Used) -> Self {
        Self {
            execution,
            used,
            artifacts: Vec::new(),
            set_variable: String::new(),
            secret_output: false,
        }
    }

    pub(super) fn error(failure: Failure) -> Self {
        Self::new(super::errored(failure), Used::default())
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
    mask::cut(&mut text, TEXT_BYTES);
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
        scrub(&mut result, scope.variables.masking());
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
                return string(mask::DOTS.to_owned());
            }
            shown_output(value, mask, &mut warnings)
        });
        if !execution.url.is_empty() {
            scope.url = shown_url(&execution.url, mask);
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
            ..self.result(outcome)
        };
        bound(&mut result);
        scrub(&mut result, scope.variables.masking());
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

/// An address as it is shown.
fn shown_url(url: &str, mask: &Mask) -> String {
    let mut url = mask.shown(url).into_owned();
    mask::cut(&mut url, URL_BYTES);
    url
}

/// The output as it is shown: masked, then cut.
fn shown_output(value: &Value, mask: &Mask, warnings: &mut Vec<Warning>) -> prost_types::Value {
    let masked = mask.value(value);
    let mut text = text_of(&masked).into_owned();
    if text.len() <= OUTPUT_BYTES && depth(&masked) <= OUTPUT_DEPTH {
        return to_prost(masked);
    }
    if mask::cut(&mut text, OUTPUT_BYTES) {
        let whole = text_of(value).len();
        let message = format!("the output of {whole} bytes is cut to {OUTPUT_BYTES}");
        warnings.push(warning(WarningKind::Truncated, message));
    }
    string(text)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn to_prost(value: Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(flag) => Kind::BoolValue(flag),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(items) => Kind::ListValue(prost_types::ListValue {
            values: items.into_iter().map(to_prost).collect(),
        }),
        Value::Object(entries) => Kind::StructValue(prost_types::Struct {
            fields: entries
                .into_iter()
                .map(|(key, value)| (key, to_prost(value)))
                .collect(),
        }),
    };
    prost_types::Value { kind: Some(kind) }
}

fn string(text: String) -> prost_types::Value {
    let kind = Some(Kind::StringValue(text));
    prost_types::Value { kind }
}

/// Leaves out what exceeds the contract's numbers, and says so.
fn bound(result: &mut StepResult) {
    let left_out = [
        ("console entries", truncate(&mut result.console)),
        ("network entries", truncate(&mut result.network)),
        ("warnings", truncate(&mut result.warnings)),
    ];
    for (what, count) in left_out {
        if count > 0 {
            let message = format!("{count} {what} are left out");
            result
                .warnings
                .push(warning(WarningKind::Truncated, message));
        }
    }
}

fn truncate<T>(list: &mut Vec<T>) -> usize {
    let over = list.len().saturating_sub(ENTRIES);
    list.truncate(ENTRIES);
    over
}

/// Masks every text of a result that comes from the page or the command, then cuts it.
fn scrub(result: &mut StepResult, mask: &Mask) {
    let clean = |text: &mut String, bytes: usize| {
        mask.scrub(text);
        mask::cut(text, bytes);
    };
    if let Some(failure) = &mut result.failure {
        for text in [
            &mut failure.message,
            &mut failure.expected,
            &mut failure.actual,
            &mut failure.hint,
        ] {
            clean(text, TEXT_BYTES);
        }
    }
    if let Some(target) = &mut result.target {
        scrub_target(target, &clean);
    }
    for warning in &mut result.warnings {
        clean(&mut warning.message, CONSOLE_BYTES);
    }
    for entry in &mut result.console {
        clean(&mut entry.text, CONSOLE_BYTES);
        clean(&mut entry.source, URL_BYTES);
    }
    for entry in &mut result.network {
        clean(&mut entry.url, URL_BYTES);
        clean(&mut entry.error, CONSOLE_BYTES);
    }
}

fn scrub_target(target: &mut v1::TargetResolution, clean: &impl Fn(&mut String, usize)) {
    clean(&mut target.element, CONSOLE_BYTES);
    if let Some(selector) = &mut target.selector {
        clean(&mut selector.value, CONSOLE_BYTES);
    }
    for failed in &mut target.failed_selectors {
        clean(&mut failed.reason, CONSOLE_BYTES);
        if let Some(selector) = &mut failed.selector {
            clean(&mut selector.value, CONSOLE_BYTES);
        }
    }
    for suggestion in &mut target.suggestions {
        clean(suggestion, CONSOLE_BYTES);
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
