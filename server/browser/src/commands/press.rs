//! One gesture of the pointer on one element, and whether it arrived.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use etude::v1::{ErrorReason, WarningKind};
use serde::Deserialize;
use serde_json::json;

use super::place;
use crate::page::{Button, Found, Outcome, Page, Query, StepError, clicks};
use crate::protocol::{ProtocolError, Reply, World};
use crate::script::{PRESSED, UNGUARD};

/// The pointer presses of one gesture.
#[derive(Clone, Copy)]
pub(super) struct Gesture {
    pub(super) button: Button,
    pub(super) presses: u8,
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
        let place = place::of(page, &found).await?;
        if let Some(cover) = place.cover {
            force(page, &query, &cover).await?;
            return Ok(None);
        }
        let departures = page.departures();
        let missed = match press_at(page, &found, place.point, gesture, held).await? {
            Report::Unknown => return Ok(None),
            Report::Landed { leaves, .. } => {
                if leaves {
                    page.wait_for_departure(departures).await;
                }
                return Ok(None);
            }
            // Over classic the script comes after the page's own, which may hide the press from it.
            Report::Unseen if !page.protocol.is_bidi() => return Ok(None),
            Report::Unseen => {
                release(page, &found).await;
                return Err(unseen());
            }
            Report::Missed { hit } => hit,
        };
        if page.time_left().is_zero() {
            let message = format!("the press did not reach the element but {missed}");
            return Err(StepError::new(ErrorReason::TargetNotActionable, message));
        }
    }
}

fn unseen() -> StepError {
    let message = "the pointer was pressed on the element, but its page has not seen that";
    StepError::new(ErrorReason::TargetNotActionable, message)
        .hint("docs/browsers.md tells where browsers do not deliver the pointer")
}

/// Presses the pointer, and waits until it is known what it has hit.
///
/// The page's report is asked for at once, behind the press. Once it says that the press has
/// reached its element and is over, the browser's own answer, which may come much later, adds
/// nothing.
async fn press_at(
    page: &mut Page,
    found: &Found,
    point: (f64, f64),
    gesture: Gesture,
    held: &[String],
) -> Result<Report, StepError> {
    let (protocol, events) = (Arc::clone(&page.protocol), Arc::clone(&page.events));
    let tab = page.tab().clone();
    let ask = || protocol.call(&found.frame, World::Ours, PRESSED, "");
    let mut report = pin!(ask());
    let mut early = None;
    {
        let mut pressing = pin!(send_press(page, point, gesture, held));
        loop {
            tokio::select! {
                biased;
                done = &mut pressing => break done?,
                answer = &mut report, if early.is_none() => {
                    let answer = Report::read(answer);
                    if held.is_empty() && matches!(answer, Report::Landed { over: true, .. }) {
                        return Ok(answer);
                    }
                    early = Some(answer);
                }
            }
        }
    }
    let last = async {
        match early {
            None => Report::read(report.await),
            // It was given up before a busy page came to see the press.
            Some(Report::Unseen) => Report::read(ask().await),
            Some(report) => report,
        }
    };
    Ok(tokio::select! {
        report = tokio::time::timeout(REPORT_LIMIT, last) => report.unwrap_or(Report::Unknown),
        // It keeps the page from reporting.
        _ = events.dialog_opened(&tab) => Report::Unknown,
    })
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

/// What became of a press.
#[derive(Debug)]
enum Report {
    /// It reached its element.
    Landed {
        /// Whether the page has seen the end of it.
        over: bool,
        /// Whether it made the page leave for another document.
        leaves: bool,
    },
    /// It reached something else, which was kept from seeing it.
    Missed { hit: String },
    /// The page has seen no press.
    Unseen,
    /// The page cannot tell, because the press has made it leave or has opened a dialog.
    Unknown,
}

/// A report as the page gives it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    landed: Option<bool>,
    hit: String,
    over: bool,
    leaves: bool,
}

impl Report {
    fn read(answer: Reply<String>) -> Self {
        let Some(told) = answer
            .ok()
            .and_then(|text| serde_json::from_str::<Told>(&text).ok())
        else {
            return Self::Unknown;
        };
        match told.landed {
            Some(true) => Self::Landed {
                over: told.over,
                leaves: told.leaves,
            },
            Some(false) => Self::Missed { hit: told.hit },
            None => Self::Unseen,
        }
    }
}

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

/// Ends the watch on a press that is not going to happen.
pub(super) async fn release(page: &Page, found: &Found) {
    match page.call(&found.frame, World::Ours, UNGUARD, "").await {
        Ok(_) | Err(ProtocolError::PageLeft(_)) => {}
        Err(error) => tracing::debug!(%error, "the watch on a press could not be ended"),
    }
}
