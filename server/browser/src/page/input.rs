//! The pointer and the keyboard.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::step::StepError;
use super::tabs::Page;
use crate::protocol::{FrameId, ProtocolError, Reply};

/// A button of the pointer, by its W3C number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Button {
    Primary = 0,
    Secondary = 2,
}

/// One action of the pointer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PointerAction {
    /// To a point of the tab's viewport, at once.
    Move(f64, f64),
    /// The same, taking so many milliseconds.
    Glide(f64, f64, u64),
    Down(Button),
    Up(Button),
    Pause(u64),
}

impl PointerAction {
    /// Where it leaves the pointer, if it moves it.
    fn place(&self) -> Option<(f64, f64)> {
        match *self {
            Self::Move(x, y) | Self::Glide(x, y, _) => Some((x, y)),
            Self::Down(_) | Self::Up(_) | Self::Pause(_) => None,
        }
    }

    fn to_json(self) -> Value {
        match self {
            Self::Move(x, y) => move_to(x, y, 0),
            Self::Glide(x, y, duration) => move_to(x, y, duration),
            Self::Down(button) => json!({ "type": "pointerDown", "button": button as u8 }),
            Self::Up(button) => json!({ "type": "pointerUp", "button": button as u8 }),
            Self::Pause(duration) => json!({ "type": "pause", "duration": duration }),
        }
    }
}

/// The protocol takes whole pixels.
fn move_to(x: f64, y: f64, duration: u64) -> Value {
    json!({
        "type": "pointerMove", "x": x.floor() as i64, "y": y.floor() as i64,
        "origin": "viewport", "duration": duration,
    })
}

fn pointer_source(actions: &[PointerAction]) -> Value {
    let actions: Vec<Value> = actions.iter().map(|action| action.to_json()).collect();
    json!({
        "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" },
        "actions": actions,
    })
}

/// Key presses as one source. Several keys of one press are held together, as in a chord.
fn key_source(presses: &[Vec<String>], pause: Duration) -> Value {
    let mut actions = Vec::new();
    for (index, keys) in presses.iter().enumerate() {
        if index > 0 && !pause.is_zero() {
            actions.push(json!({ "type": "pause", "duration": pause.as_millis() as u64 }));
        }
        actions.extend(
            keys.iter()
                .map(|key| json!({ "type": "keyDown", "value": key })),
        );
        actions.extend(
            keys.iter()
                .rev()
                .map(|key| json!({ "type": "keyUp", "value": key })),
        );
    }
    json!({ "type": "key", "id": "keyboard", "actions": actions })
}

/// A move and `count` clicks.
pub(crate) fn clicks((x, y): (f64, f64), button: Button, count: u8) -> Vec<PointerAction> {
    let mut actions = vec![PointerAction::Move(x, y)];
    for _ in 0..count {
        actions.extend([PointerAction::Down(button), PointerAction::Up(button)]);
    }
    actions
}

impl Page {
    /// Moves and presses the pointer in the tab while `held` keys are down.
    pub(crate) async fn point(
        &mut self,
        actions: &[PointerAction],
        held: &[String],
    ) -> Result<(), StepError> {
        let tab = self.tab().clone();
        let pointer = pointer_source(actions);
        if let Some(place) = actions.iter().rev().find_map(PointerAction::place) {
            self.pointer = place;
        }
        if held.is_empty() {
            return self.perform(&tab, json!([pointer])).await;
        }
        let hold = |kind: &str| -> Value {
            let keys = held.iter().map(|key| json!({ "type": kind, "value": key }));
            let keys: Vec<Value> = keys.collect();
            json!([{ "type": "key", "id": "keyboard", "actions": keys }])
        };
        self.perform(&tab, hold("keyDown")).await?;
        let done = self.perform(&tab, json!([pointer])).await;
        self.perform(&tab, hold("keyUp")).await?;
        done
    }

    /// Clicks `count` times at a point of the tab's viewport.
    pub(crate) async fn click_at(
        &mut self,
        point: (f64, f64),
        button: Button,
        count: u8,
    ) -> Result<(), StepError> {
        let (tab, protocol) = (self.tab().clone(), Arc::clone(&self.protocol));
        self.pointer = point;
        if let Some(clicked) = protocol.click(&tab, point, button, count) {
            return self.deliver(clicked).await;
        }
        self.point(&clicks(point, button, count), &[]).await
    }

    /// Presses keys in a frame, one press after the other.
    pub(crate) async fn press(
        &mut self,
        frame: &FrameId,
        presses: &[Vec<String>],
        pause: Duration,
    ) -> Result<(), StepError> {
        self.perform(frame, json!([key_source(presses, pause)]))
            .await
    }

    async fn perform(&mut self, frame: &FrameId, actions: Value) -> Result<(), StepError> {
        let protocol = Arc::clone(&self.protocol);
        self.deliver(protocol.perform(frame, actions)).await
    }

    /// Waits until input has been delivered. A dialog that it opens ends it: the browser answers
    /// only once that has been closed. So does a page that it leaves.
    async fn deliver(&mut self, input: impl Future<Output = Reply<()>>) -> Result<(), StepError> {
        let tab = self.tab().clone();
        let done = tokio::select! {
            biased;
            done = input => done,
            _ = self.events.dialog_opened(&tab) => Ok(()),
        };
        match done {
            Err(ProtocolError::DialogOpen) => {
                self.dialog_suspected = true;
                Ok(())
            }
            Err(ProtocolError::PageLeft(_)) => Ok(()),
            other => Ok(other?),
        }
    }
}
