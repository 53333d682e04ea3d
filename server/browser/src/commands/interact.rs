//! Clicking, hovering, focusing, checking.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use etude::v1::WarningKind;
use etude::v1::{self, Click, ClickPosition, DoubleClick, ErrorReason, Focus, Hover, RightClick};
use serde_json::{Value, json};

use super::{Context, keys, place};
use crate::page::{Button, Checks, Found, Outcome, Page, PointerAction, Query, StepError, clicks};
use crate::protocol::{ProtocolError, Reply, World};
use crate::script::{PRESSED, UNGUARD};

/// Everything that must hold before the pointer is pressed.
pub(super) const PRESS_CHECKS: Checks = Checks {
    visible: true,
    stable: true,
    enabled: true,
    editable: false,
    hit: true,
    guard: true,
};

/// The pointer presses of one gesture.
#[derive(Clone, Copy)]
pub(super) struct Gesture {
    pub(super) button: Button,
    pub(super) presses: u8,
}

pub(super) async fn click(page: &mut Page, command: &Click, context: &Context<'_>) -> Outcome {
    let held = keys::modifiers(command.modifiers());
    let query = press_query(
        command.target.as_ref(),
        command.position(),
        "click",
        context,
    )?;
    press(
        page,
        query,
        Gesture {
            button: Button::Primary,
            presses: 1,
        },
        &held,
    )
    .await
}

pub(super) async fn double_click(
    page: &mut Page,
    command: &DoubleClick,
    context: &Context<'_>,
) -> Outcome {
    let query = press_query(
        command.target.as_ref(),
        command.position(),
        "click",
        context,
    )?;
    press(
        page,
        query,
        Gesture {
            button: Button::Primary,
            presses: 2,
        },
        &[],
    )
    .await
}

pub(super) async fn right_click(
    page: &mut Page,
    command: &RightClick,
    context: &Context<'_>,
) -> Outcome {
    let query = press_query(
        command.target.as_ref(),
        command.position(),
        "click",
        context,
    )?;
    press(
        page,
        query,
        Gesture {
            button: Button::Secondary,
            presses: 1,
        },
        &[],
    )
    .await
}

/// A question for the point to press.
pub(super) fn press_query(
    target: Option<&v1::Target>,
    position: ClickPosition,
    need: &'static str,
    context: &Context<'_>,
) -> Result<Query, StepError> {
    let mut query = Query::new(context.target(target)?, need, "point");
    query.checks = PRESS_CHECKS;
    query.params = json!({ "position": position_name(position) });
    Ok(query)
}

fn position_name(position: ClickPosition) -> &'static str {
    match position {
        ClickPosition::TopLeft => "top-left",
        ClickPosition::TopCenter => "top",
        ClickPosition::TopRight => "top-right",
        ClickPosition::CenterLeft => "left",
        ClickPosition::CenterRight => "right",
        ClickPosition::BottomLeft => "bottom-left",
        ClickPosition::BottomCenter => "bottom",
        ClickPosition::BottomRight => "bottom-right",
        ClickPosition::Unspecified | ClickPosition::Center => "center",
    }
}

/// Presses what the query finds, and makes sure that the press has reached it. A page that moves
/// at the last moment gets another try.
pub(super) async fn press(
    page: &mut Page,
    mut query: Query,
    gesture: Gesture,
    held: &[String],
) -> Outcome {
    query.params["presses"] = json!(gesture.presses);
    loop {
        let found = page.require(&query).await?;
        match press_found(page, &query, &found, gesture, held).await? {
            None => return Ok(None),
            Some(_) if !page.time_left().is_zero() => continue,
            Some(missed) => {
                return Err(StepError::new(
                    ErrorReason::TargetNotActionable,
                    format!("the press did not reach the element but {missed}"),
                ));
            }
        }
    }
}

/// Presses one found element; the answer names what the press would have hit instead.
pub(super) async fn press_found(
    page: &mut Page,
    query: &Query,
    found: &Found,
    gesture: Gesture,
    held: &[String],
) -> Result<Option<String>, StepError> {
    let place = place::of(page, found).await?;
    if let Some(cover) = place.cover {
        force(page, query, &cover).await?;
        return Ok(None);
    }
    let (protocol, frame) = (Arc::clone(&page.protocol), found.frame.clone());
    // Asked for at once, so that the report comes with the press and not a round trip later; but
    // behind it: the connection holds a second message back until the first has been answered.
    let mut report = pin!(protocol.call(&frame, World::Ours, PRESSED, ""));
    let mut reported = None;
    {
        let mut pressing = pin!(send_press(page, place.point, gesture, held));
        loop {
            tokio::select! {
                biased;
                done = &mut pressing => break done?,
                report = &mut report, if reported.is_none() => reported = Some(report),
            }
        }
    }
    let reported = match reported {
        None => tokio::time::timeout(REPORT_LIMIT, report).await.ok(),
        reported => reported,
    };
    Ok(reported.and_then(missed))
}

async fn send_press(
    page: &mut Page,
    point: (f64, f64),
    Gesture { button, presses }: Gesture,
    held: &[String],
) -> Result<(), StepError> {
    if held.is_empty() {
        return page.click_at(point, button, presses).await;
    }
    page.point(&clicks(point, button, presses), held).await
}

/// How long the report on a press may take after the press itself.
const REPORT_LIMIT: Duration = Duration::from_secs(1);

/// Sends the click by script where the pointer cannot reach.
async fn force(page: &mut Page, query: &Query, cover: &str) -> Result<(), StepError> {
    let mut forced = query.clone();
    forced.operation = "forceClick";
    forced.params = json!({});
    let target = page.notes.target.take();
    match page.require(&forced).await {
        Ok(_) => {}
        // A dialog that the click opens keeps the script from answering.
        Err(error) if is_dialog(&error) => {}
        Err(error) => return Err(error),
    }
    page.notes.target = target;
    page.warn(
        WarningKind::Forced,
        format!("{cover} covers the target; it was clicked by script"),
    );
    Ok(())
}

fn is_dialog(error: &StepError) -> bool {
    matches!(error, StepError::Error(failure)
        if failure.reason == ErrorReason::UnexpectedDialog.name())
}

/// The report on a press. A page that the press has left, or a dialog that it has opened, says that
/// it has reached its element.
fn missed(answer: Reply<String>) -> Option<String> {
    let answer: Value = serde_json::from_str(&answer.ok()?).ok()?;
    let hit = answer["hit"].as_str()?;
    (answer["landed"] == false).then(|| hit.to_owned())
}

pub(super) async fn hover(page: &mut Page, command: &Hover, context: &Context<'_>) -> Outcome {
    let target = command.target.as_ref();
    let mut query = press_query(target, ClickPosition::Center, "click", context)?;
    query.checks.guard = false;
    query.checks.enabled = false;
    let found = page.require(&query).await?;
    let (x, y) = place::of(page, &found).await?.point;
    page.point(&[PointerAction::Move(x, y)], &[]).await?;
    if let Some(rest) = command
        .duration
        .as_ref()
        .and_then(|d| Duration::try_from(*d).ok())
    {
        tokio::time::sleep(rest).await;
    }
    Ok(None)
}

pub(super) async fn focus(page: &mut Page, command: &Focus, context: &Context<'_>) -> Outcome {
    let mut query = Query::new(context.target(command.target.as_ref())?, "click", "focus");
    query.checks = Checks {
        visible: true,
        ..Checks::default()
    };
    page.require(&query).await?;
    Ok(None)
}

/// Clicks a checkbox, switch or radio button that is not in the wanted state, and makes sure that
/// it is afterwards.
pub(super) async fn check(
    page: &mut Page,
    target: Option<&v1::Target>,
    wanted: bool,
    context: &Context<'_>,
) -> Outcome {
    let query = press_query(target, ClickPosition::Center, "check", context)?;
    let found = page.require(&query).await?;
    if found.data["checked"] == wanted {
        release(page, &found).await;
        return Ok(None);
    }
    press(
        page,
        query.clone(),
        Gesture {
            button: Button::Primary,
            presses: 1,
        },
        &[],
    )
    .await?;
    let mut after = Query::new(query.target.clone(), "check", "state");
    after.params = json!({ "state": if wanted { "checked" } else { "unchecked" } });
    match page.find(&after).await? {
        Ok(_) => Ok(None),
        Err(reply) => {
            let message = format!("the element was clicked, but {}", reply.detail());
            Err(StepError::new(ErrorReason::TargetNotActionable, message))
        }
    }
}

/// Ends the watch on a press that is not going to happen.
async fn release(page: &Page, found: &Found) {
    match page.call(&found.frame, World::Ours, UNGUARD, "").await {
        Ok(_) | Err(ProtocolError::PageLeft(_)) => {}
        Err(error) => tracing::debug!(%error, "the watch on a press could not be ended"),
    }
}
