//! Messages for people: a list as a table, one resource as its fields.

use etude::catalog::enum_words;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, Value};

use super::super::fields::STEP;
use super::super::output::{self, cut, width};
use super::super::style::{elapsed, one_line, plain};

/// Fields that are for machines; JSON and YAML have them.
const FOR_MACHINES: [&str; 3] = ["canonical_id", "wire", "platform_state"];

/// Fields whose text has lines of its own, and a place below the others.
const TEXTS: [&str; 1] = ["script"];

/// Resources as rows. What is empty in all of them has no column, nor what was asked for: the
/// goal whose journeys are listed.
pub(super) fn list(items: &[DynamicMessage], asked: &[String]) -> String {
    let Some(first) = items.first() else {
        return String::new();
    };
    let columns: Vec<_> = first
        .descriptor()
        .fields()
        .filter(|field| is_shown(field) && !TEXTS.contains(&field.name()))
        .filter(|field| has_news(field, items, asked))
        .collect();
    let head: Vec<_> = columns.iter().map(title).collect();
    let head: Vec<_> = head.iter().map(String::as_str).collect();
    let row = |item: &DynamicMessage| columns.iter().map(|field| cell(item, field)).collect();
    let rows: Vec<_> = items.iter().map(row).collect();
    output::table(&head, &rows)
}

/// One resource: a line for each of its fields, then what it holds.
pub(super) fn one(message: &DynamicMessage) -> String {
    let descriptor = message.descriptor();
    let fields = descriptor.fields();
    let (inner, short): (Vec<_>, Vec<_>) = fields
        .filter(|field| message.has_field(field) && is_shown(field))
        .partition(|field| {
            let below = TEXTS.contains(&field.name()) || is_messages(field);
            below || is_resource_in(message, field)
        });
    let mut out = lines(message, &short);
    for field in inner {
        out += &format!("\n{}\n", title(&field));
        out += &match message.get_field(&field).as_ref() {
            Value::Message(resource) => indented(&one(resource)),
            Value::String(text) => indented(&plain(text)),
            _ => tree(&messages(message, &field), 1),
        };
    }
    out.trim_start_matches('\n').to_owned()
}

/// Each field with its value on a line, the values below each other.
fn lines(message: &DynamicMessage, fields: &[FieldDescriptor]) -> String {
    let line = |field: &FieldDescriptor| (title(field), text(field, &message.get_field(field)));
    let lines = fields.iter().map(line);
    let lines: Vec<_> = lines.filter(|(_, value)| !value.is_empty()).collect();
    let widest = lines.iter().map(|(title, _)| width(title)).max();
    let mut out = String::new();
    for (title, value) in lines {
        let fill = widest.unwrap_or_default() - width(&title);
        out += &format!("{title}{}  {value}\n", " ".repeat(fill));
    }
    out
}

fn indented(text: &str) -> String {
    let indented = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("  {line}\n"),
    };
    text.lines().map(indented).collect()
}

/// Whether a field holds a resource, which has a part of its own.
fn is_resource_in(message: &DynamicMessage, field: &FieldDescriptor) -> bool {
    let value = message.get_field(field);
    let inner = value.as_message();
    inner.is_some_and(|inner| inner.descriptor().get_field_by_name("name").is_some())
}

/// One message of many, on a line.
pub(super) fn line(item: &DynamicMessage) -> String {
    let descriptor = item.descriptor();
    let fields = descriptor.fields().filter(is_shown);
    let cells = fields.map(|field| text(&field, &item.get_field(&field)));
    let cells: Vec<_> = cells.filter(|cell| !cell.is_empty()).collect();
    cells.join("  ") + "\n"
}

/// Messages with what they hold, each level further in.
fn tree(items: &[DynamicMessage], depth: usize) -> String {
    let rows = rows(items);
    let holds: Vec<_> = items.iter().map(held).collect();
    let indent = "  ".repeat(depth);
    if holds.iter().all(Vec::is_empty) {
        let lines = output::table(&[], &rows);
        return lines
            .lines()
            .map(|line| format!("{indent}{line}\n"))
            .collect();
    }
    let items = rows.iter().zip(holds).map(|(cells, held)| {
        let cells: Vec<_> = cells
            .iter()
            .filter(|cell| !cell.is_empty())
            .cloned()
            .collect();
        let inner = tree(&held, depth + 1);
        format!("{indent}{}\n{inner}", cells.join("  "))
    });
    items.collect()
}

/// A line of a tree for each message, without columns that are empty in all of them.
fn rows(items: &[DynamicMessage]) -> Vec<Vec<String>> {
    let Some(first) = items.first() else {
        return Vec::new();
    };
    let descriptor = first.descriptor();
    let columns = descriptor.fields().map(|field| {
        let cells = items.iter().map(|item| brief(item, &field));
        cells.collect::<Vec<_>>()
    });
    let columns = columns.filter(|cells| cells.iter().any(|cell| !cell.is_empty()));
    let mut rows = vec![Vec::new(); items.len()];
    for column in columns.collect::<Vec<_>>() {
        for (row, cell) in rows.iter_mut().zip(column) {
            row.push(cell);
        }
    }
    rows
}

/// The messages that a message holds, also by way of a resource in it.
fn held(item: &DynamicMessage) -> Vec<DynamicMessage> {
    let mut all = Vec::new();
    for field in item.descriptor().fields().filter(is_shown) {
        if is_messages(&field) {
            all.extend(messages(item, &field));
        } else if let Some(inner) = item.get_field(&field).as_message()
            && is_resource(inner)
        {
            all.extend(held(inner));
        }
    }
    all
}

/// What a line of a tree says of a field: not where the message belongs, which the tree shows.
fn brief(item: &DynamicMessage, field: &FieldDescriptor) -> String {
    let value = item.get_field(field);
    if let Some(inner) = value.as_message().filter(|inner| is_resource(inner)) {
        let parts = ["name", "display_name"].map(|name| inner.get_field_by_name(name));
        let parts = parts.iter().flatten().filter_map(|part| part.as_str());
        return one_line(&parts.collect::<Vec<_>>().join("  "));
    }
    let belongs = field.name() != "name" && value.as_str().is_some_and(is_name);
    let counts = field.name().ends_with("_count") || field.name() == "label";
    match value.as_ref() {
        _ if !is_shown(field) || is_messages(field) || belongs || counts => String::new(),
        // There is no head that says what is so.
        Value::Bool(true) => field.name().replace('_', " "),
        _ if !item.has_field(field) => String::new(),
        value => text(field, value),
    }
}

/// Whether a text is the name of a resource: `goals/7`.
fn is_name(text: &str) -> bool {
    let last = text.rsplit_once('/').map(|(_, last)| last);
    last.is_some_and(|last| !last.is_empty() && last.bytes().all(|letter| letter.is_ascii_digit()))
}

fn is_resource(message: &DynamicMessage) -> bool {
    let has = |name: &str| message.descriptor().get_field_by_name(name).is_some();
    has("name") && has("display_name")
}

fn is_shown(field: &FieldDescriptor) -> bool {
    let is_step = matches!(field.kind(), Kind::Message(message) if message.full_name() == STEP);
    !is_step && !FOR_MACHINES.contains(&field.name())
}

fn is_messages(field: &FieldDescriptor) -> bool {
    field.is_list() && matches!(field.kind(), Kind::Message(_))
}

/// The messages in a list.
pub(super) fn messages(message: &DynamicMessage, field: &FieldDescriptor) -> Vec<DynamicMessage> {
    let value = message.get_field(field);
    let items = value.as_list().unwrap_or_default().iter();
    items
        .filter_map(|item| item.as_message().cloned())
        .collect()
}

/// Whether a column says anything that is not known.
fn has_news(field: &FieldDescriptor, items: &[DynamicMessage], asked: &[String]) -> bool {
    let name = ["name", "display_name"].contains(&field.name());
    name || items.iter().any(|item| {
        let value = item.get_field(field);
        let known = value
            .as_str()
            .is_some_and(|text| asked.iter().any(|name| name == text));
        item.has_field(field) && !known
    })
}

/// The head of a column.
fn title(field: &FieldDescriptor) -> String {
    field.name().replace('_', " ").to_uppercase()
}

/// A cell of a table.
fn cell(item: &DynamicMessage, field: &FieldDescriptor) -> String {
    let text = match item.has_field(field) {
        true => text(field, &item.get_field(field)),
        false => String::new(),
    };
    match field.name() == "name" || is_name(&text) {
        true => text,
        false => cut(&text),
    }
}

/// A value on one line.
pub(super) fn text(field: &FieldDescriptor, value: &Value) -> String {
    match value {
        Value::String(text) => one_line(text),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => String::new(),
        Value::EnumNumber(number) => match field.kind() {
            Kind::Enum(list) => {
                let words = enum_words(&list).into_iter();
                let word = words.filter(|(_, of)| of == number).map(|(word, _)| word);
                word.collect::<String>().replace('_', " ")
            }
            _ => String::new(),
        },
        Value::F64(number) => format!("{number:.2}"),
        Value::List(items) if is_messages(field) => items.len().to_string(),
        Value::List(items) => {
            let items = items.iter().map(|item| text(field, item));
            items.collect::<Vec<_>>().join(", ")
        }
        Value::Map(entries) => {
            let pair = |(key, value): (&prost_reflect::MapKey, &Value)| {
                let key = key.as_str().unwrap_or_default();
                format!(
                    "{}={}",
                    one_line(key),
                    one_line(value.as_str().unwrap_or_default())
                )
            };
            let mut pairs: Vec<_> = entries.iter().map(pair).collect();
            pairs.sort();
            pairs.join(" ")
        }
        Value::Message(message) => of_message(message),
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::F32(number) => format!("{number:.2}"),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// A message on one line: a time, or its fields with their values.
fn of_message(message: &DynamicMessage) -> String {
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => message
            .transcode_to::<prost_types::Timestamp>()
            .map(|time| time.to_string())
            .unwrap_or_default(),
        "google.protobuf.Duration" => message
            .transcode_to::<prost_types::Duration>()
            .ok()
            .and_then(|time| time.try_into().ok())
            .map(elapsed)
            .unwrap_or_default(),
        _ => {
            let fields = message.fields();
            let pairs =
                fields.map(|(field, value)| format!("{}={}", field.name(), text(&field, value)));
            pairs.collect::<Vec<_>>().join(" ")
        }
    }
}
