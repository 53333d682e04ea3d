//! Navigation and scrolling: `NAVIGATE`, `SCROLL`.

use etude::v1::{self, LoadState, ScrollAlignment, command::Action};
use serde_json::json;

use super::typed;
use super::unsupported::{Refusal, Refused, refuse_if};
use super::wire::{Draft, Meta, Wire};

/// What ScrollUp and ScrollDown scroll by when they do not say.
const PAGE: i32 = 1000;

pub(super) fn encode(action: &Action) -> Refused<Draft> {
    match action {
        Action::Navigate(command) => navigate(command),
        Action::ScrollToTop(_) => Ok(scroll("TOP")),
        Action::ScrollToBottom(_) => Ok(scroll("BOTTOM")),
        Action::ScrollToElement(command) => scroll_to_element(command),
        Action::ScrollToPosition(v1::ScrollToPosition { x, y }) => {
            Ok(scroll("POSITION").meta("x", *x).meta("y", *y))
        }
        Action::ScrollBy(v1::ScrollBy { x, y }) => Ok(scroll_by(*x, *y)),
        Action::ScrollUp(command) => Ok(scroll_by(0, -distance(command.pixels))),
        Action::ScrollDown(command) => Ok(scroll_by(0, distance(command.pixels))),
        _ => Err(Refusal::command()),
    }
}

pub(super) fn decode(wire: &Wire<'_>) -> Option<v1::Command> {
    if wire.action == "NAVIGATE" {
        return decode_navigate(wire);
    }
    let meta = wire.meta("SCROLL", &["x", "y"])?;
    if meta.kind() == "ELEMENT" {
        return typed(v1::ScrollToElement {
            target: Some(wire.target()?),
            ..v1::ScrollToElement::default()
        });
    }
    wire.without_target()?;
    let (x, y) = (coordinate(&meta, "x"), coordinate(&meta, "y"));
    match meta.kind() {
        "TOP" => typed(v1::ScrollToTop {}),
        "BOTTOM" => typed(v1::ScrollToBottom {}),
        "POSITION" => typed(v1::ScrollToPosition { x: x?, y: y? }),
        "OFFSET" => typed(v1::ScrollBy { x: x?, y: y? }),
        _ => None,
    }
}

fn navigate(command: &v1::Navigate) -> Refused<Draft> {
    refuse_if(
        ![LoadState::Unspecified, LoadState::Complete].contains(&command.wait_until()),
        "`wait_until`",
        "leave it out: the platform waits until the page has loaded",
    )?;
    let draft = Draft::new("NAVIGATE", "NAVIGATE")
        .meta("type", "URL")
        .template(&command.url)?;
    if draft.has_variable_or_expression() {
        return Ok(draft.meta("useNewTab", command.new_tab));
    }
    let url = draft.text().to_owned();
    if !has_scheme(&url) {
        return Err(Refusal::part(
            format!("the relative address {url:?}"),
            "write the whole address, with its scheme",
        ));
    }
    Ok(draft
        .meta("value", json!(url))
        .meta("url", json!(url))
        .meta("useNewTab", command.new_tab))
}

fn has_scheme(url: &str) -> bool {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(plain)
}

fn decode_navigate(wire: &Wire<'_>) -> Option<v1::Command> {
    wire.without_target()?;
    let meta = wire.meta("NAVIGATE", &["value", "url", "useNewTab"])?;
    if !["", "URL"].contains(&meta.kind()) {
        return None;
    }
    let url = wire.template()?;
    // The address stands three times; when they differ nobody knows which one is meant.
    let agrees = |key| meta.text(key).is_none_or(|text| text == wire.value);
    (agrees("url") && agrees("value")).then_some(())?;
    typed(v1::Navigate {
        url,
        new_tab: meta.flag("useNewTab")?,
        ..v1::Navigate::default()
    })
}

fn scroll(kind: &str) -> Draft {
    Draft::new("SCROLL", "SCROLL").meta("type", kind)
}

fn scroll_by(x: i32, y: i32) -> Draft {
    scroll("OFFSET").meta("x", x).meta("y", y)
}

fn distance(pixels: u32) -> i32 {
    match i32::try_from(pixels) {
        Ok(0) | Err(_) => PAGE,
        Ok(pixels) => pixels,
    }
}

fn scroll_to_element(command: &v1::ScrollToElement) -> Refused<Draft> {
    let usual = [ScrollAlignment::Unspecified, ScrollAlignment::Start].contains(&command.block())
        && [ScrollAlignment::Unspecified, ScrollAlignment::Nearest].contains(&command.inline());
    refuse_if(
        !usual,
        "where the element ends up",
        "leave `block` and `inline` out",
    )?;
    scroll("ELEMENT").target(command.target.as_ref())
}

fn coordinate(meta: &Meta<'_>, key: &str) -> Option<i32> {
    meta.number(key)
}
