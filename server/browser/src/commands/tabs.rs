//! The window, its tabs and the frames of a page.

use std::time::Duration;

use etude::v1::{self, ErrorReason, NewTab, TextMatch};
use serde_json::{Value, json};

use super::{Context, compare, navigate};
use crate::page::{Outcome, Page, Query, StepError};
use crate::protocol::{FrameId, Load, ProtocolError};

/// How long to wait before looking for a tab or frame again.
const LOOK_AGAIN: Duration = Duration::from_millis(30);

pub(super) async fn resize(page: &mut Page, width: u32, height: u32) -> Outcome {
    page.settle().await?;
    let tab = page.tab().clone();
    page.protocol.resize(&tab, width, height).await?;
    Ok(None)
}

pub(super) async fn maximize(page: &mut Page) -> Outcome {
    page.settle().await?;
    let tab = page.tab().clone();
    page.protocol.maximize(&tab).await?;
    Ok(None)
}

pub(super) async fn open(page: &mut Page, command: &NewTab, context: &Context<'_>) -> Outcome {
    let url = match command.url.as_str() {
        "" => None,
        url => Some(navigate::absolute(url, &context.options.base_url)?),
    };
    if let Some(url) = &url {
        navigate::allowed(url)?;
    }
    page.clear_way().await?;
    let tab = page.protocol.open_tab().await?;
    page.switch_tab(tab).await?;
    match url {
        Some(url) => navigate::open(page, &url, Load::Complete).await,
        None => Ok(None),
    }
}

pub(super) async fn close(page: &mut Page) -> Outcome {
    page.clear_way().await?;
    if page.protocol.tabs().await?.len() < 2 {
        return Err(
            StepError::new(ErrorReason::LastTab, "the last tab cannot be closed")
                .hint("end the session instead"),
        );
    }
    let tab = page.tab().clone();
    page.protocol.close_tab(&tab).await?;
    page.leave_closed_tab().await?;
    Ok(None)
}

/// The next (1) or previous (-1) tab, all around.
pub(super) async fn neighbour(page: &mut Page, step: i64) -> Outcome {
    page.clear_way().await?;
    let tabs = page.protocol.tabs().await?;
    let at = tabs.iter().position(|tab| tab == page.tab()).unwrap_or(0) as i64;
    let next = (at + step).rem_euclid(tabs.len().max(1) as i64) as usize;
    match tabs.get(next) {
        Some(tab) => switch(page, tab.clone()).await,
        None => Err(StepError::new(
            ErrorReason::TabNotFound,
            "there is no other tab",
        )),
    }
}

async fn switch(page: &mut Page, tab: FrameId) -> Outcome {
    page.switch_tab(tab).await?;
    page.settle().await?;
    Ok(None)
}

pub(super) async fn by_index(page: &mut Page, index: u32) -> Outcome {
    page.clear_way().await?;
    loop {
        let tabs = page.protocol.tabs().await?;
        if let Some(tab) = tabs.get(index as usize) {
            return switch(page, tab.clone()).await;
        }
        if page.time_left().is_zero() {
            let message = format!("there is no tab {index}; {} are open, from 0", tabs.len());
            return Err(StepError::new(ErrorReason::TabNotFound, message));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The first tab whose `title` or `url` matches.
pub(super) async fn matching(
    page: &mut Page,
    what: &str,
    expected: &str,
    how: TextMatch,
) -> Outcome {
    page.clear_way().await?;
    let how = compare::of_match(how);
    let request = json!({ "page": what, "params": { "how": how, "expected": expected } });
    loop {
        let mut seen = Vec::new();
        for tab in page.protocol.tabs().await? {
            match page.ask(&tab, &request).await {
                Ok(answer) if answer["status"] == "done" => return switch(page, tab).await,
                Ok(answer) if answer["final"] == true => {
                    let detail = answer["detail"].as_str().unwrap_or_default();
                    return Err(StepError::new(ErrorReason::InvalidPattern, detail));
                }
                Ok(answer) => seen.push(format!("“{}”", text(&answer["actual"]))),
                Err(ProtocolError::PageLeft(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if page.time_left().is_zero() {
            let message = format!(
                "no tab has a {what} {} “{expected}”; there are {}",
                compare::words(how),
                seen.join(", ")
            );
            return Err(StepError::new(ErrorReason::TabNotFound, message));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) async fn frame(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    let query = Query::new(context.target(target)?, "frame", "frame");
    let found = page.require(&query).await?;
    // A frame that was found inside other frames is entered through them.
    for index in &found.path {
        enter(page, *index).await?;
    }
    let index = found.data["index"].as_u64().unwrap_or(0) as u32;
    enter(page, index).await?;
    page.settle().await?;
    Ok(None)
}

async fn enter(page: &mut Page, index: u32) -> Result<(), StepError> {
    let children = page.protocol.children(page.frame()).await?;
    let frame = children
        .get(index as usize)
        .cloned()
        .ok_or_else(|| no_frame(index, &children))?;
    page.enter_frame(frame, index);
    Ok(())
}

fn no_frame(index: u32, children: &[FrameId]) -> StepError {
    let message = format!(
        "there is no frame {index}; there are {}, from 0",
        children.len()
    );
    StepError::new(ErrorReason::FrameNotFound, message)
}

pub(super) async fn frame_by_index(page: &mut Page, index: u32) -> Outcome {
    loop {
        page.settle().await?;
        match enter(page, index).await {
            Err(_) if !page.time_left().is_zero() => tokio::time::sleep(LOOK_AGAIN).await,
            Err(error) => return Err(error),
            Ok(()) => {
                page.settle().await?;
                return Ok(None);
            }
        }
    }
}

pub(super) async fn frame_by_name(page: &mut Page, name: &str) -> Outcome {
    loop {
        page.settle().await?;
        let frame = page.frame().clone();
        let answer = page.ask(&frame, &json!({ "page": "frames" })).await?;
        let names = answer["data"]["names"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let wanted = |names: &Value| names.as_array().into_iter().flatten().any(|n| n == name);
        if let Some(index) = names.iter().position(wanted) {
            return frame_by_index(page, index as u32).await;
        }
        if page.time_left().is_zero() {
            let known: Vec<_> = names
                .iter()
                .flat_map(|names| names.as_array().into_iter().flatten())
                .filter_map(Value::as_str)
                .filter(|name| !name.is_empty())
                .collect();
            let message = format!(
                "no frame has the name or id “{name}”; there are: {}",
                known.join(", ")
            );
            return Err(StepError::new(ErrorReason::FrameNotFound, message));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

pub(super) async fn parent_frame(page: &mut Page) -> Outcome {
    page.leave_frame();
    page.settle().await?;
    Ok(None)
}

pub(super) async fn main_frame(page: &mut Page) -> Outcome {
    page.leave_frames();
    page.settle().await?;
    Ok(None)
}
