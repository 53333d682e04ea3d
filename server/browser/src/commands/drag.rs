//! Dragging, with pointer moves that a page's own drag code and HTML5 drag-and-drop both see.

use std::time::Duration;

use etude::v1::{ClickPosition, DragAndDrop, DragAndDropBy, ErrorReason, WarningKind};
use serde_json::{Value, json};

use super::interact::press_query;
use super::{Context, place};
use crate::page::{Button, Checks, Found, Outcome, Page, PointerAction, StepError};
use crate::protocol::ProtocolError;

/// The way is gone in this many moves: libraries look for one that leaves a threshold behind, and
/// for several over the destination.
const MOVES: u32 = 8;

pub(super) async fn drag_and_drop(
    page: &mut Page,
    command: &DragAndDrop,
    context: &Context<'_>,
) -> Outcome {
    let source = handle(page, command.target.as_ref(), context).await?;
    let resolved = page.notes.target.take();
    let mut query = press_query(
        command.destination.as_ref(),
        ClickPosition::Center,
        "any",
        context,
    )?;
    query.checks = Checks {
        visible: true,
        stable: true,
        ..Checks::default()
    };
    let destination = page.require(&query).await?;
    page.notes.target = resolved;
    let end = place::of(page, &destination).await?.point;
    // The search for the destination may have scrolled: both points must hold at the same time.
    let (_, start) = watch(page, &source).await?;
    drag(page, start, end).await?;
    let inside = (source.frame == destination.frame).then(|| point_of(&destination.data));
    finish(page, &source, inside.flatten()).await
}

pub(super) async fn drag_and_drop_by(
    page: &mut Page,
    command: &DragAndDropBy,
    context: &Context<'_>,
) -> Outcome {
    let source = handle(page, command.target.as_ref(), context).await?;
    let (inside, start) = watch(page, &source).await?;
    let moved = |(x, y): (f64, f64)| (x + f64::from(command.x), y + f64::from(command.y));
    drag(page, start, moved(start)).await?;
    finish(page, &source, Some(moved(inside))).await
}

/// Finds what is dragged.
async fn handle(
    page: &mut Page,
    target: Option<&etude::v1::Target>,
    context: &Context<'_>,
) -> Result<Found, StepError> {
    let mut query = press_query(target, ClickPosition::Center, "any", context)?;
    query.checks.guard = false;
    page.require(&query).await
}

/// Watches whether the browser begins an HTML drag of the element; tells where the element is, in
/// its own frame and in the tab.
async fn watch(page: &Page, source: &Found) -> Result<((f64, f64), (f64, f64)), StepError> {
    let request = json!({ "page": "watchDrag", "params": { "handle": source.handle } });
    let answer = page.ask(&source.frame, &request).await?;
    let inside = point_of(&answer["data"])
        .or_else(|| point_of(&source.data))
        .unwrap_or_default();
    Ok((inside, place::in_tab(page, source, inside).await?.point))
}

fn point_of(data: &Value) -> Option<(f64, f64)> {
    Some((data["x"].as_f64()?, data["y"].as_f64()?))
}

/// Makes sure that a draggable element has been dragged: by script where the browser has not.
async fn finish(page: &mut Page, source: &Found, end: Option<(f64, f64)>) -> Outcome {
    let end = end.map(|(x, y)| json!({ "x": x, "y": y }));
    let request = json!({ "page": "endDrag", "params": { "end": end } });
    let answer = match page.ask(&source.frame, &request).await {
        Ok(answer) => answer,
        // The drop has opened a dialog or left the page: so it has reached it.
        Err(ProtocolError::DialogOpen | ProtocolError::PageLeft(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if let Some(failed) = answer["data"]["failed"].as_str() {
        return Err(StepError::new(ErrorReason::TargetNotActionable, failed)
            .hint("use Chromium for this test, or the page's own buttons or keys"));
    }
    if let Some(dragged) = answer["data"]["byScript"].as_str() {
        let message =
            format!("this browser cannot drag {dragged} itself; it was dragged by script");
        page.warn(WarningKind::Forced, message);
    }
    Ok(None)
}

async fn drag(page: &mut Page, start: (f64, f64), end: (f64, f64)) -> Result<(), StepError> {
    let mut actions = vec![
        PointerAction::Move(start.0, start.1),
        PointerAction::Down(Button::Primary),
    ];
    for step in 1..=MOVES {
        let share = f64::from(step) / f64::from(MOVES);
        let x = start.0 + (end.0 - start.0) * share;
        let y = start.1 + (end.1 - start.1) * share;
        actions.push(PointerAction::Glide(x, y, 16));
    }
    // One more move on the spot: a page that decides by `dragover` sees the destination for sure.
    actions.push(PointerAction::Move(end.0, end.1));
    actions.push(PointerAction::Pause(
        Duration::from_millis(32).as_millis() as u64
    ));
    actions.push(PointerAction::Up(Button::Primary));
    page.point(&actions, &[]).await
}
