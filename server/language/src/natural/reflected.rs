//! The natural-language form read by reflection from the contract's options: what the compiled
//! form is compared with.

use etude::DESCRIPTOR_POOL;
use etude::catalog::{CommandSpec, FieldSpec, enum_words};
use etude::v1::{self, VariableUse};
use prost_reflect::{DynamicMessage, EnumDescriptor, Kind, ReflectMessage, Value};

use super::{Manner, Sentence};
use crate::duration;

/// As [`super::text`].
pub(super) fn text(command: &v1::Command) -> String {
    let Some((spec, message)) = crate::action(command) else {
        return String::new();
    };
    let mut sentence = Sentence::default();
    form_of(&mut sentence, &spec.natural, spec, &message, Mode::Always);
    sentence.text
}

/// Whether a field with its default value is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It is.
    Always,
    /// It is left out with the words around it: the form has it in brackets.
    Given,
}

fn form_of(
    sentence: &mut Sentence,
    form: &str,
    spec: &CommandSpec,
    message: &DynamicMessage,
    mode: Mode,
) {
    let mut rest = form;
    while let Some(at) = rest.find(['{', '[']) {
        sentence.words(&rest[..at]);
        let close = if rest[at..].starts_with('{') {
            '}'
        } else {
            ']'
        };
        let end = rest[at..].find(close).map_or(rest.len(), |end| at + end);
        let inside = &rest[at + 1..end];
        if close == '}' {
            value(sentence, inside, spec, message, mode);
        } else if is_given(inside, message) {
            form_of(sentence, inside, spec, message, Mode::Given);
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    sentence.words(rest);
}

fn value(
    sentence: &mut Sentence,
    name: &str,
    spec: &CommandSpec,
    message: &DynamicMessage,
    mode: Mode,
) {
    let Some(field) = spec.fields.iter().find(|field| field.name == name) else {
        return;
    };
    let value = message.get_field(&field.descriptor);
    if matches!(value.as_ref(), Value::Bool(_)) && mode == Mode::Given {
        return;
    }
    let text = value_text(field, &value);
    if !text.is_empty() {
        sentence.value(&text);
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
            Kind::Enum(descriptor) => natural_words(&descriptor, *number).unwrap_or_default(),
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
            .map_or(String::new(), |found| super::target(&found));
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
        format!("${}", super::shown(text, Manner::Shown))
    } else if field.expression {
        format!("${{{}}}", super::shown(text, Manner::Shown))
    } else if field.template {
        super::template_text(text, Manner::Shown)
    } else if field.bare {
        super::shown(text, Manner::Shown)
    } else {
        super::quoted(text, Manner::Shown)
    }
}

/// The words of an enum's value, as its options say them.
pub(super) fn natural_words(descriptor: &EnumDescriptor, number: i32) -> Option<String> {
    let extension = DESCRIPTOR_POOL.get_extension_by_name("etude.v1.words");
    let value = descriptor.get_value(number)?;
    let options = value.options();
    let own = options.get_extension(&extension?);
    match own.as_str() {
        Some(words) if !words.is_empty() => Some(words.to_owned()),
        _ => enum_words(descriptor)
            .into_iter()
            .find(|(_, other)| *other == number)
            .map(|(word, _)| word.replace('_', " ")),
    }
}
