//! Commands in words: what a step reads like in events, logs and reports.

use etude::catalog::{self, CommandSpec, FieldSpec};
use etude::v1::{self, VariableUse, target::Locator};
use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};

use crate::duration;
use crate::template::{self, Part};

/// The most characters of a value that are shown.
const MAX_VALUE: usize = 200;

/// The natural-language text of a command, on one line: `write $user in "Username"`. Empty when
/// the command is.
///
/// Values are shown as written, before variables are resolved, so that no secret can stand in
/// them; a value longer than 200 characters is cut.
pub fn text(command: &v1::Command) -> String {
    let Some((spec, message)) = crate::action(command) else {
        return String::new();
    };
    let mut sentence = Sentence::default();
    sentence.form(&spec.natural, spec, &message, Mode::Always);
    sentence.text
}

/// The words for a target: `top left button "Save"`.
pub fn target(target: &v1::Target) -> String {
    let mut words = Vec::new();
    let descriptor = target.descriptor();
    for (name, number) in [("position", target.position), ("kind", target.kind)] {
        let kind = descriptor.get_field_by_name(name).map(|field| field.kind());
        if let Some(Kind::Enum(descriptor)) = kind {
            words.extend(catalog::natural_words(&descriptor, number));
        }
    }
    if target.nth != 0 {
        words.insert(0, ordinal(target.nth));
    }
    words.extend(target.locator.as_ref().map(locator));
    words.join(" ")
}

fn locator(locator: &Locator) -> String {
    let named = |word: &str, text: &str| format!("{word} {}", template_text(text));
    match locator {
        Locator::Hint(text) => template_text(text),
        Locator::Css(text) => named("css", text),
        Locator::Xpath(text) => named("xpath", text),
        Locator::Id(text) => named("id", text),
        Locator::TestId(text) => named("test id", text),
        Locator::Label(text) => named("label", text),
        Locator::Placeholder(text) => named("placeholder", text),
        Locator::Text(text) => named("text", text),
        Locator::Variable(name) => format!("${name}"),
        Locator::Role(role) if role.name.is_empty() => format!("role {}", shown(&role.role)),
        Locator::Role(role) => named(&shown(&role.role), &role.name),
    }
}

fn ordinal(nth: i32) -> String {
    let count = nth.unsigned_abs();
    let suffix = match (count % 10, count % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    match nth {
        -1 => "last".to_owned(),
        ..=-2 => format!("{count}{suffix} last"),
        _ => format!("{count}{suffix}"),
    }
}

/// Whether a field with its default value is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It is.
    Always,
    /// It is left out with the words around it: the form has it in brackets.
    Given,
}

#[derive(Default)]
struct Sentence {
    text: String,
    space: bool,
}

impl Sentence {
    fn form(&mut self, form: &str, spec: &CommandSpec, message: &DynamicMessage, mode: Mode) {
        let mut rest = form;
        while let Some(at) = rest.find(['{', '[']) {
            self.words(&rest[..at]);
            let close = if rest[at..].starts_with('{') {
                '}'
            } else {
                ']'
            };
            let end = rest[at..].find(close).map_or(rest.len(), |end| at + end);
            let inside = &rest[at + 1..end];
            if close == '}' {
                self.value(inside, spec, message, mode);
            } else if is_given(inside, message) {
                self.form(inside, spec, message, Mode::Given);
            }
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        self.words(rest);
    }

    /// Words of the form; the space around a part that is left out is not doubled.
    fn words(&mut self, words: &str) {
        if words.starts_with(' ') {
            self.space = true;
        }
        let trimmed = words.trim();
        if !trimmed.is_empty() {
            self.push(trimmed);
            self.space = words.ends_with(' ');
        }
    }

    fn push(&mut self, text: &str) {
        if self.space && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.space = false;
    }

    fn value(&mut self, name: &str, spec: &CommandSpec, message: &DynamicMessage, mode: Mode) {
        let Some(field) = spec.fields.iter().find(|field| field.name == name) else {
            return;
        };
        let value = message.get_field(&field.descriptor);
        if matches!(value.as_ref(), Value::Bool(_)) && mode == Mode::Given {
            return;
        }
        let text = value_text(field, &value);
        if !text.is_empty() {
            self.push(&text);
        }
    }
}

/// Whether the field that the bracket's content names differs from its default.
fn is_given(inside: &str, message: &DynamicMessage) -> bool {
    let name = inside
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .map_or("", |(name, _)| name);
    message.has_field_by_name(name)
}

fn value_text(field: &FieldSpec, value: &Value) -> String {
    match value {
        Value::String(text) => string_text(field, text),
        Value::Bool(accept) => if *accept { "ok" } else { "cancel" }.to_owned(),
        Value::I32(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::EnumNumber(number) => match field.descriptor.kind() {
            Kind::Enum(descriptor) => {
                catalog::natural_words(&descriptor, *number).unwrap_or_default()
            }
            _ => String::new(),
        },
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(|item| value_text(field, item)).collect();
            items.join(" and ")
        }
        Value::Message(message) => message_text(message),
        _ => String::new(),
    }
}

fn message_text(message: &DynamicMessage) -> String {
    if message.descriptor().full_name() == "etude.v1.Target" {
        return message
            .transcode_to::<v1::Target>()
            .map_or(String::new(), |found| target(&found));
    }
    let part = |name| {
        let value = message.get_field_by_name(name);
        value.and_then(|value| value.as_i64().or(value.as_i32().map(i64::from)))
    };
    match (part("seconds"), part("nanos")) {
        (Some(seconds), Some(nanos)) => duration::words(&prost_types::Duration {
            seconds,
            nanos: i32::try_from(nanos).unwrap_or_default(),
        }),
        _ => String::new(),
    }
}

fn string_text(field: &FieldSpec, text: &str) -> String {
    if field.variable != VariableUse::Unspecified {
        format!("${}", shown(text))
    } else if field.expression {
        format!("${{{}}}", shown(text))
    } else if field.template {
        template_text(text)
    } else if field.bare {
        shown(text)
    } else {
        quoted(text)
    }
}

/// A single variable or expression as it is, any other text in quotes.
fn template_text(text: &str) -> String {
    let alone = !template::is_literal(text)
        && text.len() <= MAX_VALUE
        && template::parse(text).is_ok_and(|template| {
            matches!(
                template.parts.as_slice(),
                [Part::Variable { .. } | Part::Expression(_)]
            )
        });
    if alone { shown(text) } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in shown_letters(text) {
        if letter == '"' || letter == '\\' {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
    out
}

fn shown(text: &str) -> String {
    shown_letters(text).collect()
}

/// The text's beginning on one line.
fn shown_letters(text: &str) -> impl Iterator<Item = char> {
    let more = text.chars().nth(MAX_VALUE).map(|_| '…');
    text.chars()
        .take(MAX_VALUE)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .chain(more)
}

#[cfg(test)]
mod tests;
