//! Clicking, hovering, focusing, checking.

use std::time::Duration;

use etude::v1::{self, Click, ClickPosition, DoubleClick, ErrorReason, Focus, Hover, RightClick};
use serde_json::json;

use super::press::{Gesture, press, release};
use super::{Context, keys, place};
use crate::page::{Button, Checks, Outcome, Page, PointerAction, Query, StepError};

/// Everything that must hold before the pointer is pressed.
pub(super) const PRESS_CHECKS: Checks = Checks {
    visible: true,
    stable: true,
    enabled: true,
    editable: false,
    hit: true,
    guard: true,
};

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
