//! Commands, targets and other messages as documents.

use std::collections::BTreeMap;

use etude::catalog::CommandSpec;
use prost_reflect::{DynamicMessage, Value as Dynamic};

use super::document::{Document, Value};
use super::test::Entries;
use crate::decode::{HINT, ROLE_NAME, TARGET};
use crate::duration;
use crate::model::{self, Field, Message, Shape};

/// The value of a command's key: the short form when that carries everything.
pub(crate) fn command(spec: &CommandSpec, message: &DynamicMessage, path: &str) -> Value {
    let model = model::message(spec.message.full_name());
    let printed = model.fields.iter().filter(|f| is_printed(f, message));
    let fields = in_order(printed.collect());
    let document = |field: &Field| {
        let path = format!("{path}.{}", field.name());
        value(field, &message.get_field(&field.descriptor), &path)
    };
    if let [only] = fields.as_slice()
        && spec.scalar.as_deref() == Some(only.name())
        // A map would be taken for the command's own keys.
        && let short @ (Value::Text(_) | Value::Literal(_)) = document(only).value
    {
        return short;
    }
    // Beside a second element, as in `drag: {from: …, to: …}`, nobody would see whose keys they are.
    let alone = fields.iter().filter(|f| f.message().is_some()).count() == 1;
    let mut entries = Entries::new();
    for field in fields {
        let document = document(field);
        match document.value {
            Value::Map(keys)
                if alone && field.name() == TARGET && can_stand_beside(model, &keys) =>
            {
                entries.extend(keys);
            }
            _ => entries.push((field.printed_name().to_owned(), document)),
        }
    }
    Value::Map(entries)
}

/// Fields in the order of the contract, except for two that stand where the sentence says them: the
/// target after the text before it, as in `write: {text: Ada, into: Name}`, and a comparison before
/// what is compared, as in `assert_count: {of: Item, is: less_than, count: 5}`.
fn in_order(mut fields: Vec<&Field>) -> Vec<&Field> {
    if let Some((from, said)) = find_said(&fields, |field| field.name() == TARGET) {
        let is_before = |field: &&Field| field.said.is_some_and(|other| other < said);
        let last = fields
            .iter()
            .rposition(|field| is_before(field) && field.message().is_none());
        if let Some(to) = last.filter(|to| *to > from) {
            fields[from..=to].rotate_left(1);
        }
    }
    if let Some((from, said)) = find_said(&fields, |field| field.is_comparison()) {
        let first = fields.iter().position(|field| field.said > Some(said));
        if let Some(to) = first.filter(|to| *to < from) {
            fields[to..=from].rotate_right(1);
        }
    }
    fields
}

/// Where such a field is among these, and where the sentence says it.
fn find_said(fields: &[&Field], is_such: impl Fn(&Field) -> bool) -> Option<(usize, usize)> {
    let index = fields.iter().position(|field| is_such(field))?;
    Some((index, fields.get(index)?.said?))
}

/// Whether a target's keys may stand beside the command's: none of them is one of the command's.
fn can_stand_beside(model: &Message, keys: &Entries) -> bool {
    keys.iter().all(|(key, _)| model.field(key).is_none())
}

/// A field that differs from its default, or that a reader expects.
pub(crate) fn is_printed(field: &Field, message: &DynamicMessage) -> bool {
    let has_zero = matches!(field.shape, Shape::Text | Shape::Bool | Shape::Integer(..))
        && !field.descriptor.is_list()
        && field.descriptor.containing_oneof().is_none();
    message.has_field(&field.descriptor) || has_zero && (field.required || field.said.is_some())
}

/// The fields of a message that differ from their default.
pub(crate) fn given_fields(model: &Message, message: &DynamicMessage, path: &str) -> Entries {
    let given = model
        .fields
        .iter()
        .filter(|field| message.has_field(&field.descriptor));
    given
        .map(|field| {
            let path = format!("{path}.{}", field.name());
            let value = value(field, &message.get_field(&field.descriptor), &path);
            (field.name().to_owned(), value)
        })
        .collect()
}

/// The value of a field.
pub(crate) fn value(field: &Field, value: &Dynamic, path: &str) -> Document {
    let inner = |dynamic: &Dynamic| Document::from(single(field, dynamic, path));
    let value = match value {
        Dynamic::List(items) => Value::List(items.iter().map(inner).collect()),
        Dynamic::Map(entries) => {
            let sorted: BTreeMap<_, _> = entries
                .iter()
                .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value)))
                .collect();
            Value::Map(sorted.into_iter().map(|(key, v)| (key, inner(v))).collect())
        }
        one => single(field, one, path),
    };
    Document::new(path, value)
}

fn single(field: &Field, value: &Dynamic, path: &str) -> Value {
    match (value, &field.shape) {
        (Dynamic::String(text), _) => Value::Text(text.clone()),
        (Dynamic::EnumNumber(number), Shape::Word(words)) => {
            let word = words.iter().find(|(_, other)| other == number);
            Value::Text(word.map_or(String::new(), |(word, _)| word.clone()))
        }
        (Dynamic::Bool(value), _) => Value::Literal(value.to_string()),
        (Dynamic::I32(number), _) => Value::Literal(number.to_string()),
        (Dynamic::U32(number), _) => Value::Literal(number.to_string()),
        (Dynamic::Message(message), Shape::Duration) => {
            let duration = message.transcode_to::<prost_types::Duration>().ok();
            let text = duration.and_then(|duration| duration::format(&duration));
            Value::Text(text.unwrap_or_default())
        }
        (Dynamic::Message(message), Shape::Message(name)) => message_value(name, message, path),
        _ => Value::Literal("null".to_owned()),
    }
}

fn message_value(name: &str, message: &DynamicMessage, path: &str) -> Value {
    let entries = given_fields(model::message(name), message, path);
    match name {
        "etude.v1.Target" => target(entries),
        "etude.v1.Viewport" => {
            let side = |name| {
                let value = message.get_field_by_name(name);
                value.and_then(|value| value.as_u32()).unwrap_or_default()
            };
            Value::Text(format!("{}x{}", side("width"), side("height")))
        }
        "etude.v1.BrowserOptions" => match entries.as_slice() {
            [(key, only)] if key == "name" => only.value.clone(),
            _ => Value::Map(entries),
        },
        _ => Value::Map(entries),
    }
}

/// A hint alone, or a map in which the parts of a role stand beside each other.
fn target(entries: Entries) -> Value {
    if let [(key, hint)] = entries.as_slice()
        && key == HINT
    {
        return hint.value.clone();
    }
    let mut flat = Entries::new();
    for (key, document) in entries {
        match document.value {
            Value::Map(parts) if key == "role" => {
                flat.extend(parts.into_iter().map(|(part, value)| match part.as_str() {
                    "role" => (part, value),
                    _ => (ROLE_NAME.to_owned(), value),
                }));
            }
            value => flat.push((key, Document { value, ..document })),
        }
    }
    Value::Map(flat)
}
