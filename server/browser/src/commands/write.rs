//! Writing text into a field.

use std::time::Duration;

use etude::v1::{Clear, Write};
use serde_json::{Value, json};

use super::Context;
use crate::page::{Checks, Found, Outcome, Page, Query, StepError};

const CHECKS: Checks = Checks {
    visible: true,
    stable: false,
    enabled: true,
    editable: true,
    hit: false,
    guard: false,
};

pub(super) async fn write(page: &mut Page, command: &Write, context: &Context<'_>) -> Outcome {
    let delay = command
        .delay
        .and_then(|delay| Duration::try_from(delay).ok())
        .unwrap_or_default();
    let params =
        json!({ "text": command.text, "append": command.append, "keys": !delay.is_zero() });
    let found = put(page, command.target.as_ref(), params, context).await?;
    if found.data["keys"] == true {
        page.press(&found.frame, &presses(&command.text), delay)
            .await?;
    }
    Ok(None)
}

pub(super) async fn clear(page: &mut Page, command: &Clear, context: &Context<'_>) -> Outcome {
    let params = json!({ "text": "", "append": false, "keys": false });
    put(page, command.target.as_ref(), params, context).await?;
    Ok(None)
}

async fn put(
    page: &mut Page,
    target: Option<&etude::v1::Target>,
    params: Value,
    context: &Context<'_>,
) -> Result<Found, StepError> {
    let mut query = Query::new(context.target(target)?, "write", "write");
    query.checks = CHECKS;
    query.params = params;
    page.require(&query).await
}

/// One press per character. A line break is the Enter key, a tab the Tab key, as when typed.
fn presses(text: &str) -> Vec<Vec<String>> {
    text.replace("\r\n", "\n")
        .chars()
        .map(|character| match character {
            '\n' | '\r' => vec!['\u{E007}'.to_string()],
            '\t' => vec!['\u{E004}'.to_string()],
            other => vec![other.to_string()],
        })
        .collect()
}
