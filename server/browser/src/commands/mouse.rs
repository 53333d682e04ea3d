//! The pointer by itself: moving, pressing and releasing without the checks of a click.

use etude::v1::{self, ClickPosition};

use super::interact::press_query;
use super::{Context, place};
use crate::page::{Button, Checks, Outcome, Page, PointerAction, StepError};

/// Finds the middle of an element that is visible, whatever covers it, in the tab's viewport.
async fn middle(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Result<(f64, f64), StepError> {
    let mut query = press_query(target, ClickPosition::Center, "any", context)?;
    query.checks = Checks {
        visible: true,
        stable: true,
        ..Checks::default()
    };
    let found = page.require(&query).await?;
    Ok(place::of(page, &found).await?.point)
}

pub(super) async fn move_to(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    let (x, y) = middle(page, target, context).await?;
    page.point(&[PointerAction::Move(x, y)], &[]).await?;
    Ok(None)
}

/// Moves the pointer from a point of the viewport.
pub(super) async fn move_by(page: &mut Page, from: (f64, f64), x: i32, y: i32) -> Outcome {
    page.settle().await?;
    let to = (from.0 + f64::from(x), from.1 + f64::from(y));
    page.point(&[PointerAction::Move(to.0, to.1)], &[]).await?;
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
        // The browser may know an older place: a click does not tell it where it was.
        let (x, y) = page.pointer;
        page.point(&[PointerAction::Move(x, y), action], &[])
            .await?;
        return Ok(None);
    }
    let (x, y) = middle(page, target, context).await?;
    page.point(&[PointerAction::Move(x, y), action], &[])
        .await?;
    Ok(None)
}

/// Moves into an element from outside, so that its enter and over events fire in any case.
pub(super) async fn enter(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    let (x, y) = middle(page, target, context).await?;
    let (width, height) = page
        .notes
        .target
        .as_ref()
        .and_then(|target| target.r#box.as_ref())
        .map_or((0.0, 0.0), |shape| (shape.width, shape.height));
    let outside = |middle: f64, size: f64| {
        let (before, after) = (middle - size / 2.0 - 2.0, middle + size / 2.0 + 2.0);
        if before >= 0.0 { before } else { after }
    };
    let away = PointerAction::Move(outside(x, width), outside(y, height));
    page.point(&[away, PointerAction::Move(x, y)], &[]).await?;
    Ok(None)
}
