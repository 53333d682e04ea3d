//! Alerts, confirm dialogs and prompts.

use std::time::Duration;

use etude::v1::{AssertAlertText, ErrorReason};
use serde_json::json;

use super::compare;
use crate::page::{Dialog, DialogKind, Outcome, Page, StepError};

/// How often the classic protocol is asked for a dialog.
const ASK_EVERY: Duration = Duration::from_millis(50);

pub(super) async fn alert(page: &mut Page) -> Outcome {
    let dialog = opened(page, &[DialogKind::Alert], "alert").await?;
    answer(page, &dialog, true, None).await
}

pub(super) async fn confirm(page: &mut Page, accept: bool) -> Outcome {
    let kinds = [DialogKind::Confirm, DialogKind::Leave];
    let dialog = opened(page, &kinds, "confirm dialog").await?;
    answer(page, &dialog, accept, None).await
}

pub(super) async fn prompt(page: &mut Page, accept: bool, text: Option<&str>) -> Outcome {
    let dialog = opened(page, &[DialogKind::Prompt], "prompt").await?;
    answer(page, &dialog, accept, text).await
}

async fn answer(page: &mut Page, dialog: &Dialog, accept: bool, text: Option<&str>) -> Outcome {
    page.protocol.answer(&dialog.tab, accept, text).await?;
    Ok(Some(json!(dialog.text)))
}

/// Waits for a dialog of one of the kinds.
async fn opened(page: &mut Page, kinds: &[DialogKind], wanted: &str) -> Result<Dialog, StepError> {
    let dialog = any(page, wanted).await?;
    if dialog.kind == DialogKind::Unknown || kinds.contains(&dialog.kind) {
        return Ok(dialog);
    }
    let is = match dialog.kind {
        DialogKind::Alert => "an alert",
        DialogKind::Confirm => "a confirm dialog",
        DialogKind::Prompt => "a prompt",
        DialogKind::Leave | DialogKind::Unknown => "another dialog",
    };
    let message = format!("no {wanted} is open but {is}: “{}”", dialog.text);
    Err(StepError::new(ErrorReason::DialogNotFound, message))
}

/// Waits for a dialog of any kind.
async fn any(page: &mut Page, wanted: &str) -> Result<Dialog, StepError> {
    let missing = || {
        let message = format!("no {wanted} has opened in time");
        StepError::new(ErrorReason::DialogNotFound, message)
    };
    if page.protocol.is_bidi() {
        let opened = page.events.dialog_opened(page.tab());
        return tokio::time::timeout(page.time_left(), opened)
            .await
            .map_err(|_| missing());
    }
    loop {
        if let Some(dialog) = page.protocol.dialog(page.tab()).await? {
            return Ok(dialog);
        }
        if page.time_left().is_zero() {
            return Err(missing());
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

pub(super) async fn assert_text(page: &mut Page, command: &AssertAlertText) -> Outcome {
    let how = compare::of_match(command.r#match());
    let actual = any(page, "dialog").await?.text;
    let holds = match how {
        "matches" => regex(&command.text)?.is_match(&actual),
        "contains" => collapse(&actual).contains(&collapse(&command.text)),
        "starts-with" => collapse(&actual).starts_with(&collapse(&command.text)),
        "ends-with" => collapse(&actual).ends_with(&collapse(&command.text)),
        _ => collapse(&actual) == collapse(&command.text),
    };
    if holds {
        return Ok(Some(json!(actual)));
    }
    let words = compare::words(how);
    let message = format!(
        "expected the dialog's text {words} “{}”, but it is “{actual}”",
        command.text
    );
    Err(StepError::fail(message, command.text.clone(), actual))
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// While a dialog is open no script runs in the page, so that this one pattern is matched here.
fn regex(pattern: &str) -> Result<regex::Regex, StepError> {
    let inner = pattern
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'));
    regex::Regex::new(inner.unwrap_or(pattern))
        .map_err(|error| StepError::new(ErrorReason::InvalidPattern, error.to_string()))
}
