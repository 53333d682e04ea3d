//! Chromium's own protocol, which its driver passes on over BiDi, for what BiDi does slowly.
//!
//! BiDi answers each action of a gesture before it sends the next, and a move of the pointer is
//! answered with the next frame that the page draws. Here all events of a click go out at once.

use std::collections::HashMap;

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{Connection, FrameId, Reply};
use crate::page::Button;

/// The DevTools sessions of a browser's tabs. A browser that grants none has none.
#[derive(Debug, Default)]
pub(super) struct DevTools {
    sessions: Mutex<HashMap<FrameId, String>>,
}

impl DevTools {
    /// Asks for the session of a tab.
    pub(super) async fn attach(&self, connection: &Connection, tab: &FrameId) {
        let asked = connection.send("goog:cdp.getSession", json!({ "context": &**tab }));
        match asked.await {
            Ok(answer) => {
                if let Some(session) = answer["session"].as_str() {
                    self.sessions.lock().insert(tab.clone(), session.to_owned());
                }
            }
            Err(error) => tracing::debug!(%error, "this browser grants no DevTools session"),
        }
    }

    pub(super) fn detach(&self, tab: &FrameId) {
        self.sessions.lock().remove(tab);
    }

    /// Sends a click, and then waits until the page has taken it.
    pub(super) fn click(
        &self,
        connection: &Connection,
        tab: &FrameId,
        point: (f64, f64),
        button: Button,
        count: u8,
    ) -> Option<BoxFuture<'static, Reply<()>>> {
        let session = self.sessions.lock().get(tab)?.clone();
        let sent: Vec<_> = mouse_events(point, button, count)
            .into_iter()
            .map(|event| {
                let params = json!({
                    "method": "Input.dispatchMouseEvent", "params": event, "session": session,
                });
                connection.send("goog:cdp.sendCommand", params)
            })
            .collect();
        Some(try_join_all(sent).map(|done| done.map(drop)).boxed())
    }
}

/// A move and `count` clicks. Each click tells how many there have been before it, as the mouse of
/// a quick hand does.
fn mouse_events((x, y): (f64, f64), button: Button, count: u8) -> Vec<Value> {
    let (x, y) = (x.floor(), y.floor());
    let (name, bit) = match button {
        Button::Primary => ("left", 1),
        Button::Secondary => ("right", 2),
    };
    let event = |kind: &str, button: &str, buttons: u8, click: u8| {
        json!({
            "type": kind, "x": x, "y": y, "pointerType": "mouse",
            "button": button, "buttons": buttons, "clickCount": click,
        })
    };
    let mut events = vec![event("mouseMoved", "none", 0, 0)];
    for click in 1..=count {
        events.push(event("mousePressed", name, bit, click));
        events.push(event("mouseReleased", name, 0, click));
    }
    events
}
