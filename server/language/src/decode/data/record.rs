//! Records: maps as items, which stand in a test as JSON.

use etude::v1::ErrorReason;
use serde_json::Value;

use crate::decode::Decoder;
use crate::diagnose::Mistake;
use crate::source::Span;
use crate::template::{self, Part};
use crate::tree::{Content, NodeId, Scalar, Tree};

impl Decoder<'_, '_> {
    /// A record: the JSON text of a map. Its cells are no templates, because a value with a quote in
    /// it would make other JSON of it.
    pub(super) fn record(&mut self, id: NodeId) -> Option<String> {
        if let Some(span) = self.templated(id) {
            let message = "a value of a record cannot hold a variable or an expression".to_owned();
            let mistake = Mistake::error(span, ErrorReason::InvalidValue, message);
            self.refuse(mistake.suggest("use it in the step, or write $$ for a dollar sign"));
            return None;
        }
        let text = json(self.tree, id, &|text| unescaped(text)).to_string();
        Some(template::escape(&text).into_owned())
    }

    /// The first text below that is more than a text.
    fn templated(&self, id: NodeId) -> Option<Span> {
        let node = self.tree.node(id);
        match &node.content {
            Content::Scalar(scalar) => is_templated(&scalar.text).then_some(node.span),
            Content::List(items) => items.iter().find_map(|item| self.templated(*item)),
            Content::Map(entries) => entries.iter().find_map(|e| self.templated(e.value)),
        }
    }
}

fn is_templated(text: &str) -> bool {
    let parts = template::parse(text).map(|template| template.parts);
    let is_text = |part: &Part| matches!(part, Part::Text(_));
    !parts.is_ok_and(|parts| parts.iter().all(is_text))
}

/// The text that a template without variables stands for.
fn unescaped(text: &str) -> String {
    let parts = template::parse(text).unwrap_or_default().parts;
    let texts = parts.into_iter().filter_map(|part| match part {
        Part::Text(text) => Some(text),
        _ => None,
    });
    texts.collect()
}

/// A single value as it is written, anything else as JSON.
pub(super) fn as_text(tree: &Tree<'_>, id: NodeId) -> String {
    match &tree.node(id).content {
        Content::Scalar(scalar) => scalar.text.clone().into_owned(),
        _ => json(tree, id, &str::to_owned).to_string(),
    }
}

fn json(tree: &Tree<'_>, id: NodeId, text: &dyn Fn(&str) -> String) -> Value {
    match &tree.node(id).content {
        Content::Scalar(scalar) => json_scalar(scalar, text),
        Content::List(items) => {
            Value::Array(items.iter().map(|id| json(tree, *id, text)).collect())
        }
        Content::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|e| (e.key.clone().into_owned(), json(tree, e.value, text)));
            Value::Object(entries.collect())
        }
    }
}

/// A number only where it is written as JSON writes it: `007` stays a text.
fn json_scalar(scalar: &Scalar<'_>, text: &dyn Fn(&str) -> String) -> Value {
    if scalar.is_null() {
        return Value::Null;
    }
    if let Some(value) = scalar.as_bool() {
        return Value::Bool(value);
    }
    let number = match scalar.quoted {
        true => None,
        false => serde_json::from_str::<serde_json::Number>(&scalar.text).ok(),
    };
    let number = number.filter(|number| number.to_string() == scalar.text);
    number.map_or_else(|| Value::String(text(&scalar.text)), Value::Number)
}
