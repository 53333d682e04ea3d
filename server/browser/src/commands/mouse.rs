//! The pointer by itself: moving, pressing and releasing without the checks of a click.

use etude::v1::{self, ClickPosition};

use super::Context;
use super::interact::{point_of, press_query};
use crate::page::{Button, Checks, Found, Outcome, Page, PointerAction, StepError};

/// Finds the middle of an element that is visible, whatever covers it.
async fn middle(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Result<Found, StepError> {
    let mut query = press_query(target, ClickPosition::Center, "any", context)?;
    query.checks = Checks {
        visible: true,
        stable: true,
        ..Checks::default()
    };
    page.require(&query).await
}

pub(super) async fn move_to(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    let found = middle(page, target, context).await?;
    let (x, y) = point_of(&found);
    page.point(&found.frame, &[PointerAction::Move(x, y)], &[])
        .await?;
    page.pointer = (x, y);
    Ok(None)
}

/// Moves the pointer from a point of the viewport.
pub(super) async fn move_by(page: &mut Page, from: (f64, f64), x: i32, y: i32) -> Outcome {
    page.settle().await?;
    let to = (from.0 + f64::from(x), from.1 + f64::from(y));
    let frame = page.tab().clone();
    page.point(&frame, &[PointerAction::Move(to.0, to.1)], &[])
        .await?;
    page.pointer = to;
    Ok(None)
}

/// Presses or releases the primary button, on an element or where the pointer is.
pub(super) async fn button(
    page: &mut Page,
    target: Option<&v1::Target>,
    down: bool,
    context: &Context<'_>,
) -> Outcome {
    let button = Button::Primary;
    let action = if down {
        PointerAction::Down(button)
    } else {
        PointerAction::Up(button)
    };
    if target.is_none() {
        page.settle().await?;
        let frame = page.tab().clone();
        page.point(&frame, &[action], &[]).await?;
        return Ok(None);
    }
    let found = middle(page, target, context).await?;
    let (x, y) = point_of(&found);
    page.point(&found.frame, &[PointerAction::Move(x, y), action], &[])
        .await?;
    page.pointer = (x, y);
    Ok(None)
}

/// Moves into an element from outside, so that its enter and over events fire in any case.
pub(super) async fn enter(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    let found = middle(page, target, context).await?;
    let (x, y) = point_of(&found);
    let report = page
        .notes
        .target
        .as_ref()
        .and_then(|target| target.r#box.as_ref());
    let outside = report.map_or((0.0, 0.0), outside);
    let moves = [
        PointerAction::Move(outside.0, outside.1),
        PointerAction::Move(x, y),
    ];
    page.point(&found.frame, &moves, &[]).await?;
    page.pointer = (x, y);
    Ok(None)
}

/// A point of the viewport that is not in the box, near one of its corners.
fn outside(shape: &v1::Box) -> (f64, f64) {
    let before = |start: f64, size: f64| {
        if start >= 2.0 {
            start - 2.0
        } else {
            start + size + 2.0
        }
    };
    (before(shape.x, shape.width), before(shape.y, shape.height))
}
