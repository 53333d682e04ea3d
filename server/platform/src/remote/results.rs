//! What has come of a step on the platform, as a run tells it.

use std::time::Duration;

use etude::v1::{
    self, ErrorReason, Failure, Outcome, ScreenshotMoment, Selector, SelectorKind,
    TargetResolution, Warning, WarningKind,
};
use etude_engine::error::failure;
use serde_json::Value;

use crate::model;
use crate::model::execution::DiscoveredElement;
use crate::resources::executions::{outcome, pairs, texts};

/// What the platform's browsers throw, and what that means.
const EXCEPTIONS: [(&str, ErrorReason); 6] = [
    ("NoSuchElement", ErrorReason::TargetNotFound),
    ("ElementNotInteractable", ErrorReason::TargetNotActionable),
    ("ElementClickIntercepted", ErrorReason::TargetNotActionable),
    ("Timeout", ErrorReason::StepTimeout),
    ("NoAlert", ErrorReason::DialogNotFound),
    ("JavascriptError", ErrorReason::ScriptFailed),
];

/// What has come of a step; `None`: nothing yet. Its text is the test's to say.
pub(super) fn step(result: &model::StepResult, has_ended: bool) -> Option<v1::StepResult> {
    let word = result.outcome.as_deref().unwrap_or_default();
    let (outcome, failure) = match outcome(result.outcome.as_deref()) {
        Outcome::Unspecified if !has_ended || word.is_empty() => return None,
        Outcome::Unspecified => {
            let message = format!("the platform says `{word}` of this step, which nobody knows");
            let failure = failure(ErrorReason::PlatformBadResponse, message);
            (Outcome::Error, Some(failure))
        }
        outcome @ (Outcome::Pass | Outcome::Skip) => (outcome, None),
        outcome @ Outcome::NotReached => (outcome, said(result, None)),
        outcome @ Outcome::Fail => {
            let failure = said(result, Some(ErrorReason::AssertionFailed));
            (outcome, failure.or_else(|| Some(unsaid("FAIL"))))
        }
        outcome @ Outcome::Error => {
            let failure = said(result, Some(ErrorReason::PlatformStepError));
            (outcome, failure.or_else(|| Some(unsaid("ERROR"))))
        }
    };
    let was_executed = matches!(outcome, Outcome::Pass | Outcome::Fail | Outcome::Error);
    let effects = &result.side_effects;
    let took = Duration::from_millis(u64::try_from(result.duration).unwrap_or_default());
    Some(v1::StepResult {
        outcome: outcome.into(),
        duration: was_executed.then(|| took.try_into().unwrap_or_default()),
        failure,
        target: effects.get("discoveredElement").and_then(found),
        warnings: texts(effects.get("warnings"))
            .into_iter()
            .map(warning)
            .collect(),
        used_variables: pairs(effects.get("usedData")),
        attempts: u32::from(was_executed),
        ..v1::StepResult::default()
    })
}

/// The addresses of a step's pictures; of the local platform, when it is not served, their names.
pub(super) fn pictures(result: &model::StepResult) -> Vec<(ScreenshotMoment, String)> {
    let before = &result.before_screenshot_full_path;
    let before = before
        .as_ref()
        .or(result.before_screenshot_artifact.as_ref());
    let after = &result.screenshot_full_path;
    let after = after.as_ref().or(result.screenshot_artifact.as_ref());
    [
        (ScreenshotMoment::Before, before),
        (ScreenshotMoment::After, after),
    ]
    .into_iter()
    .filter_map(|(moment, address)| Some((moment, address?.clone())))
    .collect()
}

/// Why a step did not pass, in the platform's own words; `None`: it does not say.
fn said(result: &model::StepResult, usual: Option<ErrorReason>) -> Option<Failure> {
    let output = result.output.as_ref()?;
    let message = output.message.as_deref().unwrap_or_default();
    let exception = output.exception.as_deref().unwrap_or_default();
    // The local platform tells our own reasons, and what was compared.
    if let Some(reason) = ErrorReason::from_name(exception) {
        let field = |name: &str| output.rest.get(name).and_then(Value::as_str);
        let field = |name: &str| field(name).unwrap_or_default().to_owned();
        return Some(Failure {
            expected: field("expected"),
            actual: field("actual"),
            hint: field("hint"),
            ..failure(reason, message)
        });
    }
    let text = match (message, exception) {
        ("", "") => return None,
        (text, "") | ("", text) => text.to_owned(),
        (message, exception) => format!("{message} ({exception})"),
    };
    let mut known = EXCEPTIONS
        .iter()
        .filter(|(name, _)| exception.contains(name));
    let known = known.next().map(|(_, reason)| *reason);
    let reason = match usual {
        Some(ErrorReason::PlatformStepError) => known.or(usual),
        usual => usual,
    };
    Some(failure(
        reason.unwrap_or(ErrorReason::PlatformExecutionEnded),
        text,
    ))
}

/// Why the platform ended an execution.
pub(super) fn broken(name: &str, output: Option<&model::execution::Output>) -> Failure {
    let message = output.and_then(|output| output.message.as_deref());
    let reason = output.and_then(|output| ErrorReason::from_name(output.exception.as_deref()?));
    match (reason, message) {
        (Some(reason), Some(message)) => failure(reason, format!("{name} broke off: {message}")),
        _ => {
            let message = format!("the platform itself failed, and ended {name}");
            failure(ErrorReason::PlatformExecutionEnded, message)
        }
    }
}

fn unsaid(word: &str) -> Failure {
    let message = format!("the platform says {word} of this step, and not why");
    failure(ErrorReason::PlatformStepError, message)
}

/// How the element was found.
fn found(value: &Value) -> Option<TargetResolution> {
    let found: DiscoveredElement = serde_json::from_value(value.clone()).ok()?;
    let winner = found
        .selector
        .or_else(|| found.element.selectors.first().cloned());
    let text = |name: &str| found.element.rest.get(name).and_then(Value::as_str);
    let failed = found.failed_selectors.unwrap_or_default();
    let failed = failed.iter().map(|one| v1::FailedSelector {
        selector: Some(selector(one)),
        reason: "it led to no element on the platform".to_owned(),
    });
    Some(TargetResolution {
        selector: winner.as_ref().map(selector),
        failed_selectors: failed.collect(),
        element: text("outline")
            .or_else(|| text("text"))
            .unwrap_or_default()
            .chars()
            .take(512)
            .collect(),
        ..TargetResolution::default()
    })
}

fn selector(selector: &model::Selector) -> Selector {
    let clue = || {
        let hint: Value = serde_json::from_str(&selector.value).ok()?;
        Some(hint.get("clue")?.as_str()?.to_owned())
    };
    let (kind, value) = match selector.kind.as_str() {
        "CSS_SELECTOR" => (SelectorKind::Css, None),
        "XPATH" | "XPATH_ID" => (SelectorKind::Xpath, None),
        "ID" => (SelectorKind::Id, None),
        "GUESS" => (SelectorKind::Hint, clue()),
        _ => (SelectorKind::Unspecified, None),
    };
    Selector {
        kind: kind.into(),
        value: value.unwrap_or_else(|| selector.value.clone()),
    }
}

/// A warning of the platform is a sentence; the one that is known says that a click was forced.
fn warning(message: String) -> Warning {
    let kind = match message.to_ascii_lowercase().contains("force") {
        true => WarningKind::Forced,
        false => WarningKind::Unspecified,
    };
    Warning {
        kind: kind.into(),
        message,
    }
}
