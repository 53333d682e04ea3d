//! Documents as JSON.

use serde_json::Value as Json;

use super::document::{Document, Value};

/// The document with two spaces of indentation and a line end.
pub(crate) fn print(document: &Document) -> String {
    // A JSON value always has a text.
    let mut text = serde_json::to_string_pretty(&json(&document.value)).unwrap_or_default();
    text.push('\n');
    text
}

fn json(value: &Value) -> Json {
    match value {
        Value::Text(text) => Json::String(text.clone()),
        Value::Literal(literal) => serde_json::from_str(literal).unwrap_or(Json::Null),
        Value::List(items) => items.iter().map(|item| json(&item.value)).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), json(&value.value)))
            .collect(),
    }
}
