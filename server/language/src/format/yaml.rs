//! Documents as YAML: blocks outside, short maps and lists on one line inside.

use super::document::{Document, Value};
use super::scalar::{is_block, scalar};

/// The greatest width of a line with a map or list in it.
const WIDTH: usize = 88;

/// Printed lines.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) lines: Vec<Line>,
}

/// A printed line, and the field that begins on it.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) indent: usize,
    pub(crate) text: String,
    pub(crate) path: String,
}

impl Page {
    pub(crate) fn into_text(self) -> String {
        let mut out = String::new();
        for line in self.lines {
            if !line.text.is_empty() {
                out.extend(std::iter::repeat_n(' ', line.indent));
                out.push_str(&line.text);
            }
            out.push('\n');
        }
        out
    }

    fn push(&mut self, indent: usize, text: String, path: &str) {
        self.lines.push(Line {
            indent,
            text,
            path: path.to_owned(),
        });
    }
}

/// Prints a document whose root is a map.
pub(crate) fn print(document: &Document) -> Page {
    let mut page = Page::default();
    if let Value::Map(entries) = &document.value {
        for (key, value) in entries {
            let start = Start {
                before: "",
                indent: 0,
                // A section of the test is a block, however short.
                block: matches!(value.value, Value::Map(_)) || holds_maps(&value.value),
            };
            page.entry(start, key, value);
        }
    }
    page
}

/// How an entry of a map begins.
#[derive(Clone, Copy)]
struct Start {
    /// `- ` for the first entry of an item.
    before: &'static str,
    /// The indentation of the line.
    indent: usize,
    /// Whether a list or map is a block even when it fits on the line.
    block: bool,
}

impl Page {
    /// `key: value`.
    fn entry(&mut self, start: Start, key: &str, value: &Document) {
        let head = format!("{}{}:", start.before, scalar(key, true));
        let inner = start.indent + start.before.len() + 2;
        let inline = |text: String| format!("{head} {text}");
        let path = &value.path;
        match &value.value {
            Value::Text(text) if is_block(text) => {
                self.push(start.indent, format!("{head} {}", block_header(text)), path);
                self.block(text, inner);
            }
            Value::Text(text) => self.push(start.indent, inline(scalar(text, false)), path),
            Value::Literal(text) => self.push(start.indent, inline(text.clone()), path),
            other if is_empty(other) || !start.block && fits(other, start.indent + head.len()) => {
                self.push(start.indent, inline(flow(other)), path);
            }
            Value::List(items) => {
                self.push(start.indent, head, path);
                self.items(items, inner);
            }
            Value::Map(entries) => {
                self.push(start.indent, head, path);
                for (key, value) in entries {
                    let start = Start {
                        before: "",
                        indent: inner,
                        block: holds_maps(&value.value),
                    };
                    self.entry(start, key, value);
                }
            }
        }
    }

    fn items(&mut self, items: &[Document], indent: usize) {
        for item in items {
            match &item.value {
                Value::Map(entries)
                    if !entries.is_empty() && !is_row(item) && !is_record(item, indent) =>
                {
                    self.map_item(item, entries, indent);
                }
                // A row stays on one line, as in a table, and so does a record where it fits.
                value => self.push(indent, format!("- {}", flow(value)), &item.path),
            }
        }
    }

    /// `- key: value`, and further keys below the first.
    fn map_item(&mut self, item: &Document, entries: &[(String, Document)], indent: usize) {
        let first = self.lines.len();
        let mut start = Start {
            before: "- ",
            indent,
            block: false,
        };
        for (key, value) in entries {
            start.block = holds_maps(&value.value);
            self.entry(start, key, value);
            (start.before, start.indent) = ("", indent + 2);
        }
        if let Some(line) = self.lines.get_mut(first) {
            line.path.clone_from(&item.path);
        }
    }

    fn block(&mut self, text: &str, indent: usize) {
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            self.push(indent, line.to_owned(), "");
        }
    }
}

fn block_header(text: &str) -> &'static str {
    if text.ends_with('\n') { "|" } else { "|-" }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        Value::Text(_) | Value::Literal(_) => false,
    }
}

/// A list of steps, rows or checkpoints: one of maps, or of the names of commands.
fn holds_maps(value: &Value) -> bool {
    matches!(value, Value::List(items) if items.iter().any(|item| !item.path.is_empty()))
}

fn is_row(item: &Document) -> bool {
    item.path.starts_with("data_rows[")
}

fn is_record(item: &Document, indent: usize) -> bool {
    item.path.is_empty() && fits(&item.value, indent + 1)
}

/// Whether a value stands well on one line of which some is taken.
fn fits(value: &Value, taken: usize) -> bool {
    !has_block(value) && !has_steps(value) && taken + 1 + flow(value).chars().count() <= WIDTH
}

/// Whether a value stands well on one line with so many letters.
pub(crate) fn is_short(value: &Value, most: usize) -> bool {
    !has_block(value) && !has_steps(value) && flow(value).chars().count() <= most
}

/// Whether a map has lists of steps in it.
fn has_steps(value: &Value) -> bool {
    match value {
        Value::Map(entries) => entries
            .iter()
            .any(|(_, document)| holds_maps(&document.value) || has_steps(&document.value)),
        _ => false,
    }
}

fn has_block(value: &Value) -> bool {
    match value {
        Value::Text(text) => is_block(text),
        Value::Literal(_) => false,
        Value::List(items) => items.iter().any(|item| has_block(&item.value)),
        Value::Map(entries) => entries.iter().any(|(_, value)| has_block(&value.value)),
    }
}

/// The value on one line.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::Text(text) => scalar(text, true),
        Value::Literal(text) => text.clone(),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(|item| flow(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let entry = |(key, value): &(String, Document)| {
                format!("{}: {}", scalar(key, true), flow(&value.value))
            };
            let entries: Vec<_> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
