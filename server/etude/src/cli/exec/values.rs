//! From matched arguments to a command.

use std::time::Duration;

use clap::ArgMatches;
use etude::catalog::{CommandSpec, enum_words};
use etude::texts::{TextKind, Texts as _};
use etude::v1;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value};

use super::super::problem::Problem;
use super::arguments::{Flag, IN_PLACE, flags};

/// The command that a subcommand of `exec` spells.
pub(super) fn command(name: &str, matches: &ArgMatches) -> Result<v1::Command, Problem> {
    let (spec, matches) = match matches.subcommand() {
        Some((inner, matches)) => (super::spec_of(&format!("{name}/{inner}"))?, matches),
        None => (super::spec_of(name)?, matches),
    };
    let mut message = DynamicMessage::new(spec.message.clone());
    for flag in flags(spec) {
        let in_place = format!("{IN_PLACE}{}", flag.name);
        let ids = [flag.name.as_str(), in_place.as_str()];
        let given = ids
            .into_iter()
            .find(|id| matches.try_contains_id(id).unwrap_or(false));
        if let Some(id) = given.filter(|id| matches.value_source(id).is_some()) {
            set(&mut message, &flag.path, &value(&flag, matches, id)?);
        }
    }
    wrap(spec, message)
}

fn wrap(spec: &CommandSpec, message: DynamicMessage) -> Result<v1::Command, Problem> {
    let mut command = v1::Command::default().transcode_to_dynamic();
    command.set_field(&spec.action, Value::Message(message));
    command.transcode_to().map_err(|error| {
        Problem::bad_input(format!(
            "the arguments of {} do not fit: {error}",
            spec.path()
        ))
    })
}

fn set(message: &mut DynamicMessage, path: &[FieldDescriptor], value: &Value) {
    match path {
        [] => {}
        [field] => message.set_field(field, value.clone()),
        [field, rest @ ..] => {
            if let Value::Message(inner) = message.get_field_mut(field) {
                set(inner, rest, value);
            }
        }
    }
}

fn value(flag: &Flag, matches: &ArgMatches, id: &str) -> Result<Value, Problem> {
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

/// Doubles the dollar signs of all templates, so that they stand for themselves.
pub(super) fn escape_templates(command: &mut v1::Command) {
    command.visit_texts_mut(&mut |kind, text| {
        if kind == TextKind::Template {
            *text = etude::literal(text);
        }
    });
}

/// A duration of the command line: `500ms`, `5s`, `1m30s`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = etude_language::duration::parse(text)
        .map_err(|error| format!("{}; {}", error.message, error.suggestion))?;
    Duration::try_from(parsed).map_err(|_| "a duration is never negative".to_owned())
}
