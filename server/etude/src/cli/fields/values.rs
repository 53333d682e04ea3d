//! From matched arguments to the values of fields.

use std::path::Path;
use std::time::Duration;

use clap::ArgMatches;
use etude::catalog::enum_words;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value,
};

use super::super::exec;
use super::super::problem::Problem;
use super::{Flag, IN_PLACE};

/// The most bytes of a file that stands for a text of one call.
pub(crate) const MOST_BYTES: usize = 1 << 20;

/// The id of the argument by which a flag was given, if it was.
pub(crate) fn given(flag: &Flag, matches: &ArgMatches) -> Option<String> {
    let ids = [flag.name.clone(), format!("{IN_PLACE}{}", flag.name)];
    let is_given = |id: &String| {
        matches.try_contains_id(id).unwrap_or(false) && matches.value_source(id).is_some()
    };
    ids.into_iter().find(is_given)
}

/// Sets the value at the end of a path of fields.
pub(crate) fn set(message: &mut DynamicMessage, path: &[FieldDescriptor], value: Value) {
    match path {
        [] => {}
        [field] => message.set_field(field, value),
        [field, rest @ ..] => {
            if let Value::Message(inner) = message.get_field_mut(field) {
                set(inner, rest, value);
            }
        }
    }
}

/// What was given for a flag, by the id of its argument.
pub(crate) fn value(flag: &Flag, matches: &ArgMatches, id: &str) -> Result<Value, Problem> {
    let Some(field) = flag.path.last() else {
        return Err(Problem::bad_input(format!("--{} has no field", flag.name)));
    };
    if field.is_map() {
        return map(flag, matches, id);
    }
    let mut values = scalars(field, matches, id, flag)?;
    match field.is_list() {
        true => Ok(Value::List(values)),
        false => values
            .pop()
            .ok_or_else(|| Problem::bad_input(format!("--{} needs a value", flag.name))),
    }
}

fn scalars(
    field: &FieldDescriptor,
    matches: &ArgMatches,
    id: &str,
    flag: &Flag,
) -> Result<Vec<Value>, Problem> {
    let texts = || matches.get_many::<String>(id).into_iter().flatten();
    Ok(match field.kind() {
        Kind::Bool => all::<bool>(matches, id)
            .map(|flag| Value::Bool(*flag))
            .collect(),
        Kind::Enum(list) => {
            let words = enum_words(&list);
            let number = |text: &String| words.iter().find(|(word, _)| word == text);
            texts()
                .filter_map(|text| Some(Value::EnumNumber(number(text)?.1)))
                .collect()
        }
        Kind::Message(message) if message.full_name() != super::DURATION => texts()
            .map(|text| Ok(Value::Message(written(&message, text, flag)?)))
            .collect::<Result<_, Problem>>()?,
        Kind::Message(message) => all::<Duration>(matches, id)
            .map(|duration| {
                let duration = prost_types::Duration::try_from(*duration).unwrap_or_default();
                let mut dynamic = DynamicMessage::new(message.clone());
                // The one message that is written as one value is a duration.
                let _ = dynamic.transcode_from(&duration);
                Value::Message(dynamic)
            })
            .collect(),
        Kind::String => texts().map(|text| Value::String(text.clone())).collect(),
        kind => all::<i64>(matches, id)
            .map(|number| integer(&kind, *number, flag))
            .collect::<Result<_, _>>()?,
    })
}

fn all<'a, T: Clone + Send + Sync + 'static>(
    matches: &'a ArgMatches,
    id: &str,
) -> impl Iterator<Item = &'a T> {
    matches.get_many::<T>(id).into_iter().flatten()
}

fn integer(kind: &Kind, number: i64, flag: &Flag) -> Result<Value, Problem> {
    let fitting = match kind {
        Kind::Int32 => i32::try_from(number).map(Value::I32).ok(),
        Kind::Int64 => Some(Value::I64(number)),
        Kind::Uint32 => u32::try_from(number).map(Value::U32).ok(),
        Kind::Uint64 => u64::try_from(number).map(Value::U64).ok(),
        _ => None,
    };
    fitting.ok_or_else(|| Problem::bad_input(format!("--{} cannot be {number}", flag.name)))
}

fn map(flag: &Flag, matches: &ArgMatches, id: &str) -> Result<Value, Problem> {
    let entries = all::<String>(matches, id).map(|text| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((
            MapKey::String(name.to_owned()),
            Value::String(value.to_owned()),
        )),
        _ => Err(Problem::bad_input(format!(
            "--{} {text:?} is not of the form NAME=VALUE",
            flag.name
        ))),
    });
    Ok(Value::Map(entries.collect::<Result<_, _>>()?))
}

/// A message that is written as one value: a step as in a test file, `NAME=VALUE` where the message
/// has these two, or its fields as YAML. `@FILE` stands for what a file holds.
fn written(
    message: &MessageDescriptor,
    text: &str,
    flag: &Flag,
) -> Result<DynamicMessage, Problem> {
    let option = format!("--{}", flag.name);
    let text = contents(&option, text, MOST_BYTES)?;
    if message.full_name() == super::STEP {
        let step = exec::yaml::step(&option, text.as_bytes())?;
        return Ok(step.transcode_to_dynamic());
    }
    let wrong = |error: &dyn std::fmt::Display| {
        let names: Vec<_> = message
            .fields()
            .map(|field| field.name().to_owned())
            .collect();
        let names = names.join(", ");
        Problem::bad_input(format!("{option} {text:?} is not right: {error}")).with_detail(format!(
            "write its fields as YAML, such as '{{NAME: VALUE}}': {names}"
        ))
    };
    let pair = ["name", "value"].map(|name| message.get_field_by_name(name));
    if let ([Some(name), Some(value)], Some((key, content))) = (pair, text.split_once('='))
        && !text.starts_with('{')
    {
        let mut written = DynamicMessage::new(message.clone());
        written.set_field(&name, Value::String(key.to_owned()));
        written.set_field(&value, Value::String(content.to_owned()));
        return Ok(written);
    }
    let value = serde_yaml::from_str(&text).map_err(|error| wrong(&error))?;
    etude::json::dynamic_from_value(message.clone(), value).map_err(|error| wrong(&error))
}

/// A text as it is, or what it stands for: `@FILE` for a file of at most so many bytes, `-` for stdin;
/// `@@` begins a text with an at sign.
pub(crate) fn contents(option: &str, text: &str, most: usize) -> Result<String, Problem> {
    let file = match (text, text.strip_prefix('@')) {
        ("-", _) => "-",
        (_, None) => return Ok(text.to_owned()),
        (_, Some(rest)) if rest.starts_with('@') => return Ok(rest.to_owned()),
        (_, Some(file)) => file,
    };
    let bytes = super::super::files::read_until(Path::new(file), most as u64 + 1)?;
    if bytes.len() > most {
        return Err(Problem::bad_input(format!(
            "{option} {text}: the file is larger than {} MiB, which is the most that is taken",
            most >> 20
        )));
    }
    String::from_utf8(bytes).map_err(|_| {
        Problem::bad_input(format!("{option} {text}: the file is not UTF-8"))
            .with_reason(etude::v1::ErrorReason::NotUtf8)
    })
}

/// A duration of the command line: `500ms`, `5s`, `1m30s`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = etude_language::duration::parse(text)
        .map_err(|error| format!("{}; {}", error.message, error.suggestion))?;
    Duration::try_from(parsed).map_err(|_| "a duration is never negative".to_owned())
}
