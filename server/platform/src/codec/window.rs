//! Windows, tabs and frames: `WINDOW`, `SWITCH`.

use etude::v1::{self, command::Action};
use serde_json::{Value, json};

use super::typed;
use super::unsupported::{Refusal, Refused};
use super::wire::{Draft, Wire};

pub(super) fn encode(action: &Action) -> Refused<Draft> {
    match action {
        Action::ResizeWindow(v1::ResizeWindow { width, height }) => {
            Ok(window("RESIZE").meta("dimension", json!({"width": width, "height": height})))
        }
        Action::MaximizeWindow(_) => Ok(window("MAXIMIZE")),
        Action::SwitchToNextTab(_) => Ok(switch("NEXT_TAB")),
        Action::SwitchToPreviousTab(_) => Ok(switch("PREV_TAB")),
        Action::SwitchToTab(command) => Ok(switch("TAB").value(command.index)),
        Action::SwitchToFrame(command) => {
            switch("FRAME_BY_ELEMENT").target(command.target.as_ref())
        }
        Action::SwitchToParentFrame(_) => Ok(switch("PARENT_FRAME")),
        _ => Err(Refusal::command()),
    }
}

pub(super) fn decode(wire: &Wire<'_>) -> Option<v1::Command> {
    match wire.action {
        "WINDOW" => decode_window(wire),
        _ => decode_switch(wire),
    }
}

fn window(kind: &str) -> Draft {
    Draft::new("WINDOW", "WINDOW").meta("type", kind)
}

fn switch(kind: &str) -> Draft {
    Draft::new("SWITCH", "SWITCH").meta("type", kind)
}

fn decode_window(wire: &Wire<'_>) -> Option<v1::Command> {
    wire.without_target()?;
    let meta = wire.meta("WINDOW", &["dimension"])?;
    match (meta.kind(), meta.get("dimension")) {
        ("RESIZE", Some(dimension)) => typed(v1::ResizeWindow {
            width: side(dimension, "width")?,
            height: side(dimension, "height")?,
        }),
        ("MAXIMIZE", None) => typed(v1::MaximizeWindow {}),
        _ => None,
    }
}

fn side(dimension: &Value, key: &str) -> Option<u32> {
    u32::try_from(dimension.get(key)?.as_u64()?).ok()
}

fn decode_switch(wire: &Wire<'_>) -> Option<v1::Command> {
    let meta = wire.meta("SWITCH", &[])?;
    if meta.kind() == "FRAME_BY_ELEMENT" {
        let target = Some(wire.target()?);
        return typed(v1::SwitchToFrame { target });
    }
    wire.without_target()?;
    match meta.kind() {
        "NEXT_TAB" => typed(v1::SwitchToNextTab {}),
        "PREV_TAB" => typed(v1::SwitchToPreviousTab {}),
        "TAB" => typed(v1::SwitchToTab {
            index: wire.literal()?.trim().parse().ok()?,
        }),
        "PARENT_FRAME" => typed(v1::SwitchToParentFrame {}),
        _ => None,
    }
}
