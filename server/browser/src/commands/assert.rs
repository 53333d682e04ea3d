//! Assertions about elements and the page. Each is tried until it holds or the step's time is up.

use std::time::Duration;

use etude::v1::{
    self, AssertAttribute, AssertCount, AssertNoConsoleErrors, AssertSelected, AssertTitle,
    AssertUrl, ErrorReason,
};
use regex::RegexSet;
use serde_json::{Value, json};

use super::{Context, compare, data, navigate};
use crate::page::{Outcome, Page, Query, Reply, StepError};
use crate::target::describe;

/// How long to wait before the next look at something that the page does not tell of.
const LOOK_AGAIN: Duration = Duration::from_millis(30);

pub(super) async fn exists(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    let query = Query::new(context.target(target)?, "any", "exists");
    match page.find(&query).await? {
        Ok(_) => Ok(None),
        Err(reply) => Err(absent_failure(page, &query, &reply)),
    }
}

/// An element that should be there and is not: a failure, with what comes near as a hint.
fn absent_failure(page: &Page, query: &Query, reply: &Reply) -> StepError {
    let failure = page.not_ready(query, reply).into_failure();
    if failure.reason == ErrorReason::InvalidSelector.name() {
        return StepError::Error(failure);
    }
    StepError::fail(failure.message, describe(&query.target), "nothing").hint(failure.hint)
}

/// That nothing matches (`any`) or nothing that matches is visible (`visible`).
pub(super) async fn absent(
    page: &mut Page,
    target: Option<&v1::Target>,
    which: &'static str,
    context: &Context<'_>,
) -> Outcome {
    let mut query = Query::new(context.target(target)?, "any", "exists");
    query.absent = Some(which);
    match page.find(&query).await? {
        Ok(_) => Ok(None),
        Err(reply) if reply.body["final"] == true => Err(page.not_ready(&query, &reply)),
        Err(reply) => {
            let what = describe(&query.target);
            let message = format!("expected {what} to be gone, but {}", reply.detail());
            Err(StepError::fail(
                message,
                "nothing",
                reply.body["report"]["element"].as_str().unwrap_or_default(),
            ))
        }
    }
}

pub(super) async fn visible(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    let mut query = Query::new(context.target(target)?, "any", "state");
    query.params = json!({ "state": "visible" });
    match page.find(&query).await? {
        Ok(_) => Ok(None),
        Err(reply) if reply.status() == "none" => Err(absent_failure(page, &query, &reply)),
        Err(reply) => Err(StepError::fail(reply.detail(), "visible", "hidden")),
    }
}

/// Compares the element's value.
pub(super) async fn value(
    page: &mut Page,
    target: &Option<v1::Target>,
    how: &'static str,
    expected: &str,
    context: &Context<'_>,
) -> Outcome {
    let mut query = Query::new(context.target(target.as_ref())?, "any", "compare");
    query.params = json!({ "what": "text", "how": how, "expected": expected });
    compare_found(page, &query, how, expected).await
}

pub(super) async fn attribute(
    page: &mut Page,
    command: &AssertAttribute,
    context: &Context<'_>,
) -> Outcome {
    let how = compare::of_comparison(command.comparison());
    let mut query = Query::new(context.target(command.target.as_ref())?, "any", "compare");
    query.params = json!({
        "what": "attribute", "attribute": command.attribute, "how": how, "expected": command.value,
    });
    compare_found(page, &query, how, &command.value).await
}

async fn compare_found(page: &mut Page, query: &Query, how: &str, expected: &str) -> Outcome {
    match page.find(query).await? {
        Ok(found) => Ok(Some(found.data["actual"].clone())),
        Err(reply) if reply.reason() == "DIFFERENT" => {
            let message = format!(
                "expected {} {} “{expected}”, but {}",
                describe(&query.target),
                compare::words(how),
                reply.detail()
            );
            Err(StepError::fail(
                message,
                expected,
                text(&reply.body["actual"]),
            ))
        }
        Err(reply) => Err(page.not_ready(query, &reply)),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(
        || {
            if value.is_null() {
                String::new()
            } else {
                value.to_string()
            }
        },
        str::to_owned,
    )
}

/// That the element is checked, unchecked, enabled or disabled.
pub(super) async fn state(
    page: &mut Page,
    target: &Option<v1::Target>,
    state: &'static str,
    context: &Context<'_>,
) -> Outcome {
    let need = if state.ends_with("checked") {
        "check"
    } else {
        "click"
    };
    let mut query = Query::new(context.target(target.as_ref())?, need, "state");
    query.params = json!({ "state": state });
    state_holds(page, &query, state).await
}

pub(super) async fn selected(
    page: &mut Page,
    command: &AssertSelected,
    context: &Context<'_>,
) -> Outcome {
    let need = if command.option.is_empty() {
        "any"
    } else {
        "select"
    };
    let mut query = Query::new(context.target(command.target.as_ref())?, need, "state");
    query.params = json!({ "state": "selected", "option": command.option });
    let wanted = if command.option.is_empty() {
        "selected"
    } else {
        &command.option
    };
    state_holds(page, &query, wanted).await
}

async fn state_holds(page: &mut Page, query: &Query, expected: &str) -> Outcome {
    match page.find(query).await? {
        Ok(_) => Ok(None),
        Err(reply) if reply.reason() == "DIFFERENT" => {
            let message = format!(
                "expected {} to be {expected}, but {}",
                describe(&query.target),
                reply.detail()
            );
            Err(StepError::fail(message, expected, reply.detail()))
        }
        Err(reply) => Err(page.not_ready(query, &reply)),
    }
}

pub(super) async fn count(
    page: &mut Page,
    command: &AssertCount,
    context: &Context<'_>,
) -> Outcome {
    let how = compare::of_comparison(command.comparison());
    loop {
        let count = data::count_now(page, command.target.as_ref(), context).await?;
        let expected = u64::from(command.count);
        if count_holds(how, count, expected) {
            return Ok(Some(json!(count)));
        }
        if page.time_left().is_zero() {
            let what = describe(&context.target(command.target.as_ref())?);
            let message = format!(
                "expected the number of matches of {what} {} {expected}, but there are {count}",
                compare::words(how)
            );
            return Err(StepError::fail(
                message,
                expected.to_string(),
                count.to_string(),
            ));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn count_holds(how: &str, count: u64, expected: u64) -> bool {
    match how {
        "not-equals" => count != expected,
        "less" => count < expected,
        "less-or-equal" => count <= expected,
        "greater" => count > expected,
        "greater-or-equal" => count >= expected,
        _ => count == expected,
    }
}

pub(super) async fn url(page: &mut Page, command: &AssertUrl, context: &Context<'_>) -> Outcome {
    let how = compare::of_match(command.r#match());
    let expected = match how {
        "equals" => navigate::absolute(&command.url, &context.options.base_url)?,
        _ => command.url.clone(),
    };
    of_page(page, "url", how, &expected).await
}

pub(super) async fn title(page: &mut Page, command: &AssertTitle) -> Outcome {
    of_page(
        page,
        "title",
        compare::of_match(command.r#match()),
        &command.title,
    )
    .await
}

async fn of_page(page: &mut Page, what: &str, how: &str, expected: &str) -> Outcome {
    match data::page_until(page, what, how, expected).await? {
        Ok(actual) => Ok(Some(actual)),
        Err(answer) => {
            let detail = answer["detail"].as_str().unwrap_or_default();
            if answer["reason"] != "DIFFERENT" {
                return Err(StepError::new(ErrorReason::InvalidPattern, detail));
            }
            let message = format!(
                "expected the {what} {} “{expected}”, but {detail}",
                compare::words(how)
            );
            Err(StepError::fail(message, expected, text(&answer["actual"])))
        }
    }
}

pub(super) async fn no_console_errors(page: &mut Page, command: &AssertNoConsoleErrors) -> Outcome {
    if !page.protocol.is_bidi() {
        let message = "the console cannot be seen over the classic protocol";
        return Err(StepError::new(ErrorReason::CommandUnsupported, message)
            .hint("use a browser and driver that grant BiDi"));
    }
    let ignored = RegexSet::new(&command.ignore)
        .map_err(|error| StepError::new(ErrorReason::InvalidPattern, error.to_string()))?;
    page.settle().await?;
    // The script's answer comes after everything that the page has logged before.
    let frame = page.frame().clone();
    page.ask(&frame, &json!({ "page": "state" })).await?;
    let errors: Vec<String> = {
        let state = page.events.read();
        let texts = state.console_errors.iter().map(|line| line.text.clone());
        texts.filter(|text| !ignored.is_match(text)).collect()
    };
    match errors.first() {
        None => Ok(None),
        Some(first) => {
            let message = format!(
                "the page has logged {} errors, first: {first}",
                errors.len()
            );
            Err(StepError::fail(message, "no errors", errors.join("\n")))
        }
    }
}
