//! The forms in which a dialect says commands, in a notation of a line each:
//!
//! | part | what is written |
//! |---|---|
//! | the first word | the verb; of the extended dialect the type, and behind `/` the command |
//! | `=field` | the field as the verb's only value |
//! | `:word` | the word as the verb's only value |
//! | `key=field` | a key with the field's value, when that is given |
//! | `key:word` | a key with the word |
//! | `{field}=field` | a map whose key is one field and whose value is the other |
//! | `{field}` | a map whose key is the field; the parts behind it stand in a map there |
//! | `?field:word` | nothing; the form holds for this value of the field only |
//! | `@focus` | nothing; the form holds for the element that has the focus only |
//!
//! `@point`, `@size`, `@index`, `@tab`, `@comparison` and `@variable` are fields as the dialects
//! spell them: `10,20`, `800x600`, a place from 0, `tab-2`, a comparison that is always said, `$name`.

use etude::catalog::CommandSpec;
use etude::v1::Target;
use prost_reflect::{DynamicMessage, Value as Dynamic};

use crate::dialect::selector;
use crate::format::command;
use crate::format::document::{Document, Value};
use crate::format::test::Entries;
use crate::model::{self, Message, Shape};

/// A command, by its key, and a form for it.
pub(super) type Row = (&'static str, &'static str);

/// From this many milliseconds on a duration is a number: fewer could be taken for seconds.
const SURELY_MILLISECONDS: i64 = 600;

/// What a form says of a command.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) verb: &'static str,
    pub(super) value: Value,
    /// The fields that are given and not said.
    pub(super) unsaid: Vec<String>,
}

/// A command that is to be said.
pub(super) struct Saying<'c> {
    message: &'c DynamicMessage,
    model: &'static Message,
    path: &'c str,
    /// Whether selectors name their locator.
    explicit: bool,
    said: Vec<&'static str>,
}

impl<'c> Saying<'c> {
    pub(super) fn new(
        spec: &CommandSpec,
        message: &'c DynamicMessage,
        path: &'c str,
        explicit: bool,
    ) -> Self {
        Self {
            message,
            model: model::message(spec.message.full_name()),
            path,
            explicit,
            said: Vec::new(),
        }
    }

    /// The command in this form. `None`: it has no value that the form can hold.
    pub(super) fn say(mut self, form: &'static str) -> Option<Said> {
        let mut parts = form.split_whitespace();
        let verb = parts.next()?;
        let mut alone = None;
        let mut entries = Entries::new();
        let mut inside = None;
        for part in parts {
            if part == "@focus" {
                self.need_focus()?;
            } else if let Some((field, word)) =
                part.strip_prefix('?').and_then(|p| p.split_once(':'))
            {
                self.need_word(field, word)?;
            } else if let Some(word) = part.strip_prefix(':') {
                alone = Some(Value::Text(word.to_owned()));
            } else if let Some(field) = part.strip_prefix('=') {
                alone = Some(self.source(field)??.value);
            } else if let Some((key, field)) =
                part.strip_prefix('{').and_then(|p| p.split_once("}="))
            {
                let key = text_of(self.source(key)??.value)?;
                entries.push((key, self.source(field)??));
            } else if let Some(key) = part.strip_prefix('{') {
                inside = Some(text_of(self.source(key.trim_end_matches('}'))??.value)?);
            } else if let Some((key, field)) = part.split_once('=') {
                let value = self.source(field)?;
                entries.extend(value.map(|value| (key.to_owned(), value)));
            } else if let Some((key, word)) = part.split_once(':') {
                entries.push((key.to_owned(), word_value(word).into()));
            }
        }
        let value = alone.unwrap_or(Value::Map(entries));
        let value = match inside {
            Some(key) => Value::Map(vec![(key, value.into())]),
            None => value,
        };
        Some(Said {
            verb,
            value,
            unsaid: self.unsaid(),
        })
    }

    /// The given fields that no part has said.
    fn unsaid(&self) -> Vec<String> {
        let fields = self.model.fields.iter();
        let given = fields.filter(|field| self.message.has_field(&field.descriptor));
        given
            .map(|field| field.name())
            .filter(|name| !self.said.contains(name))
            .map(str::to_owned)
            .collect()
    }

    /// The value of a source. The outer `None`: the form cannot hold it; the inner: it is not given.
    fn source(&mut self, name: &'static str) -> Option<Option<Document>> {
        let one = |value: Value| Some(Some(Document::from(value)));
        match name {
            "@point" => {
                let (x, y) = (self.number("x"), self.number("y"));
                one(Value::Text(format!("{x},{y}")))
            }
            "@size" => {
                let (width, height) = (self.number("width"), self.number("height"));
                one(Value::Text(format!("{width}x{height}")))
            }
            "@index" => match self.number("index") {
                index @ 1.. => one(Value::Literal((index - 1).to_string())),
                _ => None,
            },
            "@tab" => one(Value::Text(format!("tab-{}", self.number("index")))),
            "@comparison" => match self.field("comparison")? {
                None => one(Value::Text("equals".to_owned())),
                given => Some(given),
            },
            "@variable" => {
                let name = text_of(self.field("variable")??.value)?;
                (!name.is_empty()).then(|| Some(Value::Text(format!("${name}")).into()))
            }
            field => self.field(field),
        }
    }

    fn number(&mut self, name: &'static str) -> i64 {
        self.said.push(name);
        let value = self.message.get_field_by_name(name);
        match value.as_deref() {
            Some(Dynamic::I32(number)) => i64::from(*number),
            Some(Dynamic::U32(number)) => i64::from(*number),
            _ => 0,
        }
    }

    /// The value of a field as the dialects spell it.
    fn field(&mut self, name: &'static str) -> Option<Option<Document>> {
        let field = self.model.field(name)?;
        self.said.push(name);
        let given = self.message.has_field(&field.descriptor);
        if !given && !command::is_printed(field, self.message) {
            return Some(None);
        }
        let value = self.message.get_field(&field.descriptor);
        let path = format!("{}.{name}", self.path);
        if let Dynamic::Message(message) = value.as_ref() {
            match &field.shape {
                Shape::Duration => {
                    let time = message.transcode_to().ok()?;
                    let value = match name {
                        // Taken as it is, so it needs its unit.
                        "max_age" => Value::Text(crate::duration::format(&time)?),
                        _ => milliseconds(&time)?,
                    };
                    return Some(Some(Document::new(&path, value)));
                }
                Shape::Message(_) => {
                    let target: Target = message.transcode_to().ok()?;
                    let text = selector(&target, self.explicit)?;
                    return Some(Some(Document::text(&path, &text)));
                }
                _ => {}
            }
        }
        Some(Some(command::value(field, &value, &path)))
    }

    /// Goes on only if the field has this value.
    fn need_word(&mut self, name: &'static str, word: &str) -> Option<()> {
        let value = self.field(name)??.value;
        let is_it = matches!(&value, Value::Text(text) | Value::Literal(text) if text == word);
        is_it.then_some(())
    }

    /// Goes on only if the target is the element that has the focus.
    fn need_focus(&mut self) -> Option<()> {
        let target = text_of(self.field("target")??.value)?;
        (target == ":focus").then_some(())
    }
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn word_value(word: &str) -> Value {
    match word {
        "true" => Value::Literal(word.to_owned()),
        _ => Value::Text(word.to_owned()),
    }
}

/// A duration as a number of milliseconds, or with its unit where that could be misread.
fn milliseconds(time: &prost_types::Duration) -> Option<Value> {
    let whole = time.nanos % 1_000_000 == 0;
    let count = time.seconds.checked_mul(1000)? + i64::from(time.nanos / 1_000_000);
    match whole && count >= SURELY_MILLISECONDS {
        true => Some(Value::Literal(count.to_string())),
        false => crate::duration::format(time).map(Value::Text),
    }
}
