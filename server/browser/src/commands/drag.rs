//! Dragging, with pointer moves that a page's own drag code and HTML5 drag-and-drop both see.

use std::time::Duration;

use etude::v1::{ClickPosition, DragAndDrop, DragAndDropBy};
use serde_json::json;

use super::interact::press_query;
use super::{Context, place};
use crate::page::{Button, Checks, Found, Outcome, Page, PointerAction, StepError};

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
    // The search for the destination may have scrolled: both points must hold at the same time.
    let end = place::of(page, &destination).await?.point;
    let start = place_now(page, &source).await?;
    drag(page, start, end).await
}

pub(super) async fn drag_and_drop_by(
    page: &mut Page,
    command: &DragAndDropBy,
    context: &Context<'_>,
) -> Outcome {
    let source = handle(page, command.target.as_ref(), context).await?;
    let start = place::of(page, &source).await?.point;
    let end = (
        start.0 + f64::from(command.x),
        start.1 + f64::from(command.y),
    );
    drag(page, start, end).await
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

async fn place_now(page: &Page, source: &Found) -> Result<(f64, f64), StepError> {
    let request = json!({ "page": "where", "params": { "handle": source.handle } });
    let answer = page.ask(&source.frame, &request).await?;
    let side = |name: &str| answer["data"][name].as_f64();
    match (side("x"), side("y")) {
        (Some(x), Some(y)) => Ok(place::in_tab(page, source, (x, y)).await?.point),
        _ => Ok(place::of(page, source).await?.point),
    }
}

async fn drag(page: &mut Page, start: (f64, f64), end: (f64, f64)) -> Outcome {
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
    page.point(&actions, &[]).await?;
    Ok(None)
}
