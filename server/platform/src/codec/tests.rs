mod executable;
mod identity;
mod odd_forms;
mod refused;
mod rows;

use etude::v1;
use serde_json::{Value, json};

use super::*;

/// A step with this command.
fn step(command: impl Into<v1::Command>) -> v1::Step {
    v1::Step {
        command: Some(command.into()),
        ..v1::Step::default()
    }
}

/// A step as it was received.
fn received(wire: Value) -> ParsedStep {
    serde_json::from_value(wire).unwrap()
}

/// A step as it is sent.
fn sent(step: &v1::Step) -> Value {
    serde_json::to_value(encode(step).unwrap()).unwrap()
}

/// A hint as the wire has it.
fn guess(hint: Value) -> Value {
    json!({"selectors": [{"type": "GUESS", "value": hint.to_string()}]})
}

fn clue(text: &str) -> Value {
    guess(json!({"clue": text}))
}
