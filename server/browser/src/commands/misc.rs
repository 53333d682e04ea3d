//! Scripts and screenshots.

use std::collections::BTreeMap;
use std::time::Duration;

use etude::v1::{ErrorReason, ExecuteScript, ScreenshotScope, TakeScreenshot};
use serde_json::{Value, json};

use super::Context;
use crate::page::{Outcome, Page, Query, StepError};
use crate::protocol::{ProtocolError, Shot, World};

/// Runs a script as the body of an async function in the page's own world. `variables` is the
/// object of all variables, and each is bound to `$name` too. The result comes back as JSON; what
/// JSON cannot hold comes as text. It ends by itself when its time is up: over the classic protocol
/// nothing else could end it.
const RUN_SCRIPT: &str = r#"async (given) => {
    const { script, variables, limitMs } = JSON.parse(given);
    const names = Object.keys(variables).map((name) => "$" + name);
    const AsyncFunction = (async () => {}).constructor;
    const body = new AsyncFunction("variables", ...names, script);
    const limit = new Promise((_, reject) =>
        setTimeout(() => reject(new Error("etude: out of time")), limitMs));
    const result = await Promise.race([body(variables, ...Object.values(variables)), limit]);
    const plain = (value) =>
        value instanceof Node ? (value.innerText ?? value.textContent) : value;
    const safe = (_, value) => {
        if (typeof value === "bigint" || typeof value === "symbol") return String(value);
        if (typeof value === "string" && value.toWellFormed) return value.toWellFormed();
        return value instanceof Node ? plain(value) : value;
    };
    return JSON.stringify(plain(result), safe) ?? "null";
}"#;

pub(super) async fn execute(
    page: &mut Page,
    command: &ExecuteScript,
    context: &Context<'_>,
) -> Outcome {
    Ok(Some(
        run_script(page, &command.script, &context.options.variables).await?,
    ))
}

/// Runs a script in the current frame, within the step's time. A script that leaves the page, or
/// opens a dialog, has done what it was asked to.
async fn run_script(
    page: &mut Page,
    script: &str,
    variables: &BTreeMap<String, Value>,
) -> Result<Value, StepError> {
    page.settle().await?;
    match call_script(page, script, variables).await? {
        Err(ProtocolError::PageLeft(_)) => Ok(Value::Null),
        Err(ProtocolError::DialogOpen) => {
            page.suspect_dialog();
            Ok(Value::Null)
        }
        answer => Ok(answer?),
    }
}

/// Evaluates an expression in the current frame. It yields a value: when the page goes away under
/// it, it is evaluated again in the next one.
pub(crate) async fn evaluate(
    page: &mut Page,
    expression: &str,
    variables: &BTreeMap<String, Value>,
) -> Result<Value, StepError> {
    let script = format!("return (\n{expression}\n);");
    loop {
        page.settle().await?;
        match call_script(page, &script, variables).await? {
            Err(error) if page.can_try_again(&error) && !page.time_left().is_zero() => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            answer => return Ok(answer?),
        }
    }
}

/// One call of a script. The outer error is the step's, the inner one the call's.
async fn call_script(
    page: &Page,
    script: &str,
    variables: &BTreeMap<String, Value>,
) -> Result<Result<Value, ProtocolError>, StepError> {
    let limit = page.time_left();
    let argument = json!({
        "script": script, "variables": variables, "limitMs": limit.as_millis() as u64,
    });
    let argument = argument.to_string();
    let call = page.call(page.frame(), World::Page, RUN_SCRIPT, &argument);
    match tokio::time::timeout(limit + END_GRACE, call).await {
        Err(_) => Err(late()),
        Ok(Err(ProtocolError::Script(words))) if words.contains("etude: out of time") => {
            Err(late())
        }
        Ok(Err(error)) => Ok(Err(error)),
        Ok(Ok(answer)) => serde_json::from_str(&answer).map(Ok).map_err(|error| {
            let message = format!("the script's result is unreadable: {error}");
            StepError::new(ErrorReason::ScriptFailed, message)
        }),
    }
}

/// How long a script may take to notice that its time is up.
const END_GRACE: Duration = Duration::from_millis(500);

fn late() -> StepError {
    StepError::new(ErrorReason::StepTimeout, "the script has not ended in time")
}

pub(super) async fn screenshot(
    page: &mut Page,
    command: &TakeScreenshot,
    context: &Context<'_>,
) -> Outcome {
    let shot = match command.scope() {
        ScreenshotScope::Unspecified | ScreenshotScope::Viewport => Shot::Viewport,
        ScreenshotScope::FullPage => Shot::FullPage,
        ScreenshotScope::Element => element_box(page, command, context).await?,
    };
    page.settle().await?;
    let tab = page.tab().clone();
    let image = page.protocol.screenshot(&tab, shot).await?;
    page.notes.shots.push(image);
    Ok(None)
}

async fn element_box(
    page: &mut Page,
    command: &TakeScreenshot,
    context: &Context<'_>,
) -> Result<Shot, StepError> {
    let mut query = Query::new(context.target(command.target.as_ref())?, "any", "box");
    query.checks.visible = true;
    let found = page.require(&query).await?;
    let side = |name: &str| found.data[name].as_f64().unwrap_or(0.0);
    let mut corner = (side("x"), side("y"));
    let mut on_page = (side("pageX"), side("pageY"));
    // A frame's own coordinates begin at its corner: add where the frames around it lie.
    for (frame, index) in page.frames_around(&found.path).await?.iter().rev() {
        let params = json!({ "index": index, "x": corner.0, "y": corner.1 });
        let answer = page
            .ask(frame, &json!({ "page": "frameHit", "params": params }))
            .await?;
        let at = |name: &str| answer["data"][name].as_f64().unwrap_or(0.0);
        (corner, on_page) = ((at("x"), at("y")), (at("pageX"), at("pageY")));
    }
    let (width, height) = (side("width").max(1.0), side("height").max(1.0));
    Ok(Shot::Box(on_page.0, on_page.1, width, height))
}
