//! Waiting for time to pass or something to happen.

use std::time::{Duration, Instant};

use etude::v1::{self, ErrorReason, TextMatch, WaitExpression, WaitNetworkIdle, WaitText};
use prost_types::Duration as ProtoDuration;
use serde_json::{Value, json};

use super::{Context, compare, data, misc};
use crate::page::{Outcome, Page, Query, StepError};
use crate::target::describe;

/// How long the network must stay quiet when the command does not say.
const QUIET: Duration = Duration::from_millis(500);

/// How often an expression is evaluated.
const EVALUATE_EVERY: Duration = Duration::from_millis(50);

/// Sets the step's time to the command's own, if it has one.
fn limit(page: &mut Page, max: &Option<ProtoDuration>) {
    if let Some(max) = max.and_then(|max| Duration::try_from(max).ok()) {
        page.notes.deadline = Instant::now() + max;
    }
}

/// The longest wait that a command asks for itself.
pub(crate) fn longest(command: &v1::Command) -> Option<Duration> {
    use etude::v1::command::Action as A;
    let max = match command.action.as_ref()? {
        A::WaitForElement(c) => c.max,
        A::WaitTime(c) => c.duration,
        A::WaitVisible(c) => c.max,
        A::WaitHidden(c) => c.max,
        A::WaitUrl(c) => c.max,
        A::WaitTitle(c) => c.max,
        A::WaitText(c) => c.max,
        A::WaitNetworkIdle(c) => c.max,
        A::WaitExpression(c) => c.max,
        A::Hover(c) => c.duration,
        _ => None,
    };
    max.and_then(|max| Duration::try_from(max).ok())
}

fn timed_out(what: impl Into<String>) -> StepError {
    StepError::new(ErrorReason::StepTimeout, what)
}

pub(super) async fn time(duration: Option<&ProtoDuration>) -> Outcome {
    let duration = duration
        .and_then(|d| Duration::try_from(*d).ok())
        .unwrap_or_default();
    tokio::time::sleep(duration).await;
    Ok(None)
}

pub(super) async fn visible(
    page: &mut Page,
    target: &Option<v1::Target>,
    max: &Option<ProtoDuration>,
    context: &Context<'_>,
) -> Outcome {
    limit(page, max);
    let mut query = Query::new(context.target(target.as_ref())?, "any", "state");
    query.params = json!({ "state": "visible" });
    match page.find(&query).await? {
        Ok(_) => Ok(None),
        Err(reply) if reply.status() == "none" => Err(page.not_ready(&query, &reply)),
        Err(reply) => Err(timed_out(format!("{} in time", reply.detail()))),
    }
}

pub(super) async fn hidden(
    page: &mut Page,
    target: &Option<v1::Target>,
    max: &Option<ProtoDuration>,
    context: &Context<'_>,
) -> Outcome {
    limit(page, max);
    let mut query = Query::new(context.target(target.as_ref())?, "any", "exists");
    query.absent = Some("visible");
    match page.find(&query).await? {
        Ok(_) => Ok(None),
        Err(reply) if reply.body["final"] == true => Err(page.not_ready(&query, &reply)),
        Err(_) => Err(timed_out(format!(
            "{} is still visible",
            describe(&query.target)
        ))),
    }
}

/// Until the page's `url` or `title` matches.
pub(super) async fn of_page(
    page: &mut Page,
    what: &str,
    expected: &str,
    how: TextMatch,
    max: &Option<ProtoDuration>,
) -> Outcome {
    limit(page, max);
    page_becomes(page, what, compare::of_match(how), expected).await
}

async fn page_becomes(page: &mut Page, what: &str, how: &str, expected: &str) -> Outcome {
    match data::page_until(page, what, how, expected).await? {
        Ok(actual) => Ok((what != "text").then_some(actual)),
        Err(answer) => {
            let detail = answer["detail"].as_str().unwrap_or_default();
            if answer["reason"] != "DIFFERENT" {
                return Err(StepError::new(ErrorReason::InvalidPattern, detail));
            }
            let words = compare::words(how);
            Err(timed_out(format!(
                "waited for the {what} {words} “{expected}”, but {detail}"
            )))
        }
    }
}

pub(super) async fn text(page: &mut Page, command: &WaitText, context: &Context<'_>) -> Outcome {
    limit(page, &command.max);
    let Some(target) = &command.target else {
        return page_becomes(page, "text", "contains", &command.text).await;
    };
    let mut query = Query::new(context.target(Some(target))?, "any", "compare");
    query.checks.visible = true;
    query.params = json!({ "what": "text", "how": "contains", "expected": command.text });
    match page.find(&query).await? {
        Ok(_) => Ok(None),
        Err(reply) if reply.reason() == "DIFFERENT" => {
            let what = describe(&query.target);
            Err(timed_out(format!(
                "waited for {what} to contain “{}”, but {}",
                command.text,
                reply.detail()
            )))
        }
        Err(reply) => Err(page.not_ready(&query, &reply)),
    }
}

pub(super) async fn network_idle(page: &mut Page, command: &WaitNetworkIdle) -> Outcome {
    limit(page, &command.max);
    if !page.protocol.is_bidi() {
        let message = "the network cannot be seen over the classic protocol";
        return Err(StepError::new(ErrorReason::CommandUnsupported, message)
            .hint("wait for an element or an expression instead"));
    }
    let idle = command.idle.and_then(|idle| Duration::try_from(idle).ok());
    let idle = idle.filter(|idle| !idle.is_zero()).unwrap_or(QUIET);
    loop {
        let (active, quiet) = {
            let state = page.events.read();
            let quiet = state.network_active.map(|active| active.elapsed());
            (state.active_requests(idle), quiet.unwrap_or(idle))
        };
        if active == 0 && quiet >= idle {
            return Ok(None);
        }
        if page.time_left().is_zero() {
            return Err(timed_out(format!(
                "the network has not been quiet for {} ms; {active} requests are under way",
                idle.as_millis()
            )));
        }
        let rest = if active > 0 {
            EVALUATE_EVERY
        } else {
            idle - quiet
        };
        tokio::time::sleep(rest.min(EVALUATE_EVERY).min(page.time_left())).await;
    }
}

pub(super) async fn expression(
    page: &mut Page,
    command: &WaitExpression,
    context: &Context<'_>,
) -> Outcome {
    limit(page, &command.max);
    loop {
        let value = misc::evaluate(page, &command.expression, &context.options.variables).await?;
        if is_truthy(&value) {
            return Ok(Some(value));
        }
        if page.time_left().is_zero() {
            let message = format!("`{}` is still {value}", command.expression);
            return Err(timed_out(message));
        }
        tokio::time::sleep(EVALUATE_EVERY).await;
    }
}

/// As JavaScript sees it.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
