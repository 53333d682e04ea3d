//! Turns BiDi events into [`Events`].

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::FrameId;
use crate::page::{
    ConsoleLine, Dialog, DialogKind, Download, DownloadState, EventState, FailedRequest, FrameInfo,
    Navigation, Request,
};

/// The events that a session listens to.
pub(super) const SUBSCRIPTIONS: [&str; 6] = [
    "browsingContext",
    "log.entryAdded",
    "network.beforeRequestSent",
    "network.responseStarted",
    "network.responseCompleted",
    "network.fetchError",
];

/// Longest console text that is kept, in bytes.
const LONGEST_TEXT: usize = 4096;

/// Longest address that is kept, in bytes.
const LONGEST_URL: usize = 2048;

/// Takes note of one event.
pub(super) fn apply(state: &mut EventState, method: &str, params: &Value) {
    let Some((module, name)) = method.split_once('.') else {
        return;
    };
    match (module, name) {
        ("browsingContext", _) => apply_context(state, name, params),
        ("network", _) => apply_network(state, name, params),
        ("log", "entryAdded") => state.log(console_line(params)),
        _ => {}
    }
}

fn apply_context(state: &mut EventState, name: &str, params: &Value) {
    let Some(frame) = id(&params["context"]) else {
        return;
    };
    if matches!(
        name,
        "navigationCommitted" | "load" | "fragmentNavigated" | "historyUpdated"
    ) {
        moved(state, &frame, &params["url"]);
    }
    match name {
        "contextCreated" => created(state, frame, params),
        "contextDestroyed" => destroyed(state, &frame),
        "navigationStarted" => started(state, frame, params),
        "navigationCommitted" => {
            if let Some(navigation) = state.navigations.get_mut(&frame) {
                navigation.committed = true;
            }
        }
        "domContentLoaded" => {
            if let Some(navigation) = state.navigations.get_mut(&frame) {
                navigation.parsed = Some(Instant::now());
            }
        }
        "load" | "fragmentNavigated" | "navigationFailed" | "navigationAborted" => {
            ended(state, &frame, params);
        }
        "userPromptOpened" => prompt_opened(state, &frame, params),
        "userPromptClosed" => {
            let tab = state.tab_of(&frame);
            state.dialogs.retain(|dialog| dialog.tab != tab);
        }
        "downloadWillBegin" => {
            ended(state, &frame, params);
            download_began(state, params);
        }
        "downloadEnd" => download_ended(state, params),
        _ => {}
    }
}

fn id(value: &Value) -> Option<FrameId> {
    value.as_str().map(FrameId::from)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn cut(text: &str, longest: usize) -> String {
    let end = (0..=longest.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    text[..end.unwrap_or(0)].to_owned()
}

fn created(state: &mut EventState, frame: FrameId, params: &Value) {
    let parent = id(&params["parent"]);
    match &parent {
        Some(parent) => {
            if let Some(info) = state.frames.get_mut(parent) {
                info.children += 1;
            }
        }
        None if !state.tabs.contains(&frame) => state.tabs.push(frame.clone()),
        None => {}
    }
    state.frames.insert(
        frame,
        FrameInfo {
            parent,
            children: 0,
            url: text(&params["url"]),
        },
    );
}

fn destroyed(state: &mut EventState, frame: &FrameId) {
    let within: Vec<FrameId> = state
        .frames
        .keys()
        .filter(|other| is_within(state, other, frame))
        .cloned()
        .collect();
    if let Some(parent) = state.frames.get(frame).and_then(|info| info.parent.clone())
        && let Some(info) = state.frames.get_mut(&parent)
    {
        info.children = info.children.saturating_sub(1);
    }
    for gone in within {
        state.frames.remove(&gone);
        state.navigations.remove(&gone);
        state.tabs.retain(|tab| *tab != gone);
        state.dialogs.retain(|dialog| dialog.tab != gone);
    }
}

fn is_within(state: &EventState, frame: &FrameId, ancestor: &FrameId) -> bool {
    let mut at = Some(frame.clone());
    while let Some(current) = at {
        if current == *ancestor {
            return true;
        }
        at = state
            .frames
            .get(&current)
            .and_then(|info| info.parent.clone());
    }
    false
}

fn moved(state: &mut EventState, frame: &FrameId, url: &Value) {
    if let (Some(info), Some(url)) = (state.frames.get_mut(frame), url.as_str()) {
        info.url = cut(url, LONGEST_URL);
    }
}

fn started(state: &mut EventState, frame: FrameId, params: &Value) {
    if state.tabs.contains(&frame) {
        state.console_errors.clear();
    }
    state.departures += 1;
    let navigation = Navigation {
        id: optional(&params["navigation"]),
        url: text(&params["url"]),
        committed: false,
        parsed: None,
    };
    state.navigations.insert(frame, navigation);
}

fn optional(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The end of a navigation that a newer one has replaced says nothing about the newer one.
fn ended(state: &mut EventState, frame: &FrameId, params: &Value) {
    let which = optional(&params["navigation"]);
    let same = state.navigations.get(frame).is_some_and(|navigation| {
        which.is_none() || navigation.id.is_none() || navigation.id == which
    });
    if same {
        state.navigations.remove(frame);
    }
}

fn prompt_opened(state: &mut EventState, frame: &FrameId, params: &Value) {
    let kind = match params["type"].as_str() {
        Some("alert") => DialogKind::Alert,
        Some("confirm") => DialogKind::Confirm,
        Some("prompt") => DialogKind::Prompt,
        // The session's capabilities let the browser leave the page without asking.
        Some("beforeunload") => DialogKind::Leave,
        _ => DialogKind::Unknown,
    };
    let tab = state.tab_of(frame);
    state.dialogs.retain(|dialog| dialog.tab != tab);
    let (text, proposal) = (text(&params["message"]), optional(&params["defaultValue"]));
    state.dialogs.push(Dialog {
        tab,
        kind,
        text,
        proposal,
    });
}

fn download_began(state: &mut EventState, params: &Value) {
    state.downloads.push(Download {
        id: download_id(params),
        url: text(&params["url"]),
        name: text(&params["suggestedFilename"]),
        state: DownloadState::Running,
    });
}

fn download_ended(state: &mut EventState, params: &Value) {
    let which = download_id(params);
    let Some(download) = state.downloads.iter_mut().rev().find(|d| d.id == which) else {
        return;
    };
    download.state = match (params["status"].as_str(), params["filepath"].as_str()) {
        (Some("complete"), Some(path)) => DownloadState::Done(PathBuf::from(path)),
        _ => DownloadState::Failed,
    };
}

fn download_id(params: &Value) -> String {
    optional(&params["download"])
        .or_else(|| optional(&params["navigation"]))
        .unwrap_or_default()
}

fn console_line(params: &Value) -> ConsoleLine {
    let frame = &params["stackTrace"]["callFrames"][0];
    let source = match frame["url"].as_str() {
        Some(url) if !url.is_empty() => {
            let line = frame["lineNumber"].as_i64().unwrap_or(0) + 1;
            let column = frame["columnNumber"].as_i64().unwrap_or(0) + 1;
            format!("{}:{line}:{column}", cut(url, LONGEST_URL))
        }
        _ => String::new(),
    };
    ConsoleLine {
        level: text(&params["level"]),
        text: cut(params["text"].as_str().unwrap_or_default(), LONGEST_TEXT),
        source,
        time: time(&params["timestamp"]),
    }
}

/// BiDi counts milliseconds since 1970.
fn time(value: &Value) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(value.as_u64().unwrap_or(0))
}

fn apply_network(state: &mut EventState, name: &str, params: &Value) {
    let request = text(&params["request"]["request"]);
    let now = Instant::now();
    state.network_active = Some(now);
    match name {
        "beforeRequestSent" => {
            state.requests.insert(
                request,
                Request {
                    begun: now,
                    answered: None,
                },
            );
        }
        "responseStarted" => {
            let begun = state.requests.get_mut(&request).map(|request| {
                request.answered = Some(now);
                request.begun
            });
            if status(params) >= 400 {
                state.request_failed(failed(params, begun));
            }
        }
        "fetchError" => {
            let begun = state.requests.remove(&request).map(|request| request.begun);
            state.request_failed(failed(params, begun));
        }
        _ => drop(state.requests.remove(&request)),
    }
}

fn status(params: &Value) -> u32 {
    params["response"]["status"].as_u64().unwrap_or(0) as u32
}

fn failed(params: &Value, begun: Option<Instant>) -> FailedRequest {
    FailedRequest {
        method: text(&params["request"]["method"]),
        url: cut(
            params["request"]["url"].as_str().unwrap_or_default(),
            LONGEST_URL,
        ),
        status: status(params),
        error: text(&params["errorText"]),
        time: time(&params["timestamp"]),
        duration: begun.map(|begun| begun.elapsed()).unwrap_or_default(),
    }
}
