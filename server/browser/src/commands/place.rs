//! Where a point of an element lies in the viewport of its tab, through the frames around it. The
//! pointer is always moved there: the browser itself finds the frame that is hit.

use std::time::Duration;

use serde_json::{Value, json};

use crate::page::{Found, Page, StepError};
use crate::protocol::FrameId;

/// A point in the viewport of the tab.
pub(super) struct Place {
    pub(super) point: (f64, f64),
    /// What covers the element there, in its own frame or in one around it.
    pub(super) cover: Option<String>,
}

/// The place of the point that the script has found.
pub(super) async fn of(page: &Page, found: &Found) -> Result<Place, StepError> {
    let side = |name: &str| found.data[name].as_f64().unwrap_or(0.0);
    in_tab(page, found, (side("x"), side("y"))).await
}

/// The place of a point of the found element's frame.
pub(super) async fn in_tab(
    page: &Page,
    found: &Found,
    point: (f64, f64),
) -> Result<Place, StepError> {
    let cover = found.data["covered"].as_str().map(str::to_owned);
    let mut place = Place { point, cover };
    if found.path.is_empty() && page.frame() == page.tab() {
        return Ok(place);
    }
    for (frame, index) in page.frames_around(&found.path).await?.iter().rev() {
        let data = in_outer_frame(page, frame, *index, place.point).await?;
        let at = |name: &str| data[name].as_f64().unwrap_or(0.0);
        place.point = (at("x"), at("y"));
        let cover = match data["outside"] == true {
            true => Some("the edge of the page's view".to_owned()),
            false => data["covered"].as_str().map(str::to_owned),
        };
        place.cover = place.cover.or(cover);
    }
    Ok(place)
}

/// Where a point of a frame lies in the document around it. The browser scrolls that document to
/// the frame, where it is of another site, some moments later.
async fn in_outer_frame(
    page: &Page,
    frame: &FrameId,
    index: u32,
    (x, y): (f64, f64),
) -> Result<Value, StepError> {
    let params = json!({ "index": index, "x": x, "y": y });
    let request = json!({ "page": "frameHit", "params": params });
    let mut data = Value::Null;
    for _ in 0..SCROLL_LOOKS {
        data = page.ask(frame, &request).await?["data"].take();
        if data["outside"] != true {
            break;
        }
        tokio::time::sleep(SCROLL_LOOK_EVERY).await;
    }
    Ok(data)
}

/// How long a scroll of the document around a frame is waited for.
const SCROLL_LOOKS: u32 = 20;
const SCROLL_LOOK_EVERY: Duration = Duration::from_millis(20);
