//! Items of loops that are records: JSON in a test, maps in a file.

use serde_json::{Number, Value as Json};

use super::document::{Document, Value};
use crate::template::{self, Part};
use crate::tree::Scalar;

/// How deep a record that is written as a map nests; others stay the texts that they are.
const MAX_DEPTH: usize = 20;

/// The item as a person would write it: a map where it is the JSON text of one and is read back as
/// that, else a text.
pub(super) fn item(text: &str) -> Document {
    match map(text) {
        Some(json) => value(&json).into(),
        None => Document::text("", text),
    }
}

/// The map that an item without variables is the text of.
fn map(item: &str) -> Option<Json> {
    let parts = template::parse(item).ok()?.parts;
    let [Part::Text(text)] = parts.as_slice() else {
        return None;
    };
    let json: Json = serde_json::from_str(text).ok()?;
    let printed = json.to_string();
    let is_same = json.is_object() && printed == *text;
    (is_same && is_flat(&json, MAX_DEPTH)).then_some(json)
}

fn is_flat(json: &Json, depth: usize) -> bool {
    let inner = |json: &Json| depth > 0 && is_flat(json, depth - 1);
    match json {
        Json::Array(items) => items.iter().all(inner),
        Json::Object(entries) => entries.values().all(inner),
        _ => true,
    }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Array(items) => Value::List(items.iter().map(|item| value(item).into()).collect()),
        Json::Object(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, json)| (key.clone(), value(json).into()));
            Value::Map(entries.collect())
        }
        Json::String(text) if !is_word(text) => Value::Text(template::escape(text).into_owned()),
        // In quotes such a text stays one.
        json => Value::Literal(json.to_string()),
    }
}

/// Whether a text would be read as a number or as true or false.
fn is_word(text: &str) -> bool {
    let scalar = Scalar {
        text: text.into(),
        quoted: false,
    };
    scalar.as_bool().is_some() || serde_json::from_str::<Number>(text).is_ok()
}
