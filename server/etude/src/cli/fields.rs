//! Options of the command line for the fields of any message, built from its descriptor.

mod values;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};
use etude::catalog::{self, enum_words};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

pub(crate) use values::{MOST_BYTES, contents, duration, given, set, value};

/// The prefix of the ids of values that are given in place.
pub(crate) const IN_PLACE: &str = "in-place:";

/// The message of a step, which is written as in a test file.
pub(crate) const STEP: &str = "etude.v1.Step";

const DURATION: &str = "google.protobuf.Duration";

/// One flag: the way to a value within the command's message.
#[derive(Debug, Clone)]
pub(crate) struct Flag {
    /// The name without dashes, such as `target-css`. Also the argument's id.
    pub(crate) name: String,
    /// Other names.
    aliases: Vec<String>,
    /// The fields from the message down.
    pub(crate) path: Vec<FieldDescriptor>,
    /// Whether it is given in place, without its name.
    pub(crate) in_place: bool,
    pub(crate) help: String,
}

/// The flags of a field of a message; of a field that is a message itself, those of its fields.
pub(crate) fn flags_of(field: &FieldDescriptor, in_place: bool) -> Vec<Flag> {
    let mut flags = Vec::new();
    add(&mut flags, Vec::new(), field, "", in_place);
    flags
}

/// The flags of a field of the message that `outer` holds, without the name of `outer`.
pub(crate) fn flags_within(outer: &FieldDescriptor, field: &FieldDescriptor) -> Vec<Flag> {
    let mut flags = Vec::new();
    add(&mut flags, vec![outer.clone()], field, "", false);
    flags
}

/// Adds the flags of a field below a path.
fn add(
    flags: &mut Vec<Flag>,
    mut path: Vec<FieldDescriptor>,
    field: &FieldDescriptor,
    prefix: &str,
    in_place: bool,
) {
    let options = catalog::field_options(field);
    let word = field.name().replace('_', "-");
    let name = match prefix {
        "" => word,
        // `target.role.role` is `--target-role`.
        _ if prefix.ends_with(&format!("-{word}")) => prefix.to_owned(),
        _ => format!("{prefix}-{word}"),
    };
    path.push(field.clone());
    match nested(field) {
        None => flags.push(Flag {
            name,
            aliases: match path.len() {
                1 => options
                    .aliases
                    .iter()
                    .map(|a| a.replace('_', "-"))
                    .collect(),
                _ => Vec::new(),
            },
            path,
            in_place,
            help: options.description,
        }),
        Some(message) => {
            for inner in message.fields() {
                add(flags, path.clone(), &inner, &name, false);
            }
            shorten(flags, &path, &message, &name, &options.aliases, in_place);
        }
    }
}

/// The first way to give a message is what its name alone means: `--target` is the hint.
fn shorten(
    flags: &mut [Flag],
    path: &[FieldDescriptor],
    message: &MessageDescriptor,
    name: &str,
    aliases: &[String],
    in_place: bool,
) {
    let first = message
        .oneofs()
        .next()
        .and_then(|oneof| oneof.fields().next());
    let shortened = flags.iter_mut().find(|flag| {
        flag.path.len() == path.len() + 1
            && flag.path.starts_with(path)
            && flag.path.last() == first.as_ref()
    });
    if let Some(flag) = shortened {
        flag.name = name.to_owned();
        flag.aliases = aliases
            .iter()
            .map(|alias| alias.replace('_', "-"))
            .collect();
        flag.in_place = in_place;
    }
}

/// The message whose fields have flags of their own; none for what is written as one value.
fn nested(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(message) if !field.is_list() && !field.is_map() => {
            let is_ours = message.package_name() == "etude.v1";
            (is_ours && message.full_name() != STEP).then_some(message)
        }
        _ => None,
    }
}

/// Adds the options of a flag to a command: by its name and, where it may, in place.
pub(crate) fn add_to(command: Command, flag: &Flag) -> Command {
    let command = command.arg(argument(flag));
    match flag.in_place {
        true => command.arg(in_place(flag)),
        false => command,
    }
}

pub(crate) fn argument(flag: &Flag) -> Arg {
    let argument = Arg::new(flag.name.clone())
        .long(flag.name.clone())
        .aliases(flag.aliases.clone())
        .help(flag.help.clone());
    shape(argument, flag)
}

/// The same value without the flag's name.
pub(crate) fn in_place(flag: &Flag) -> Arg {
    let argument = Arg::new(format!("{IN_PLACE}{}", flag.name))
        .value_name(flag.name.to_uppercase())
        .help(format!("As --{}", flag.name))
        .conflicts_with(flag.name.clone());
    shape(argument, flag).num_args(1)
}

fn shape(argument: Arg, flag: &Flag) -> Arg {
    let Some(field) = flag.path.last() else {
        return argument;
    };
    if field.is_map() {
        return argument
            .action(ArgAction::Append)
            .value_name("NAME=VALUE")
            .allow_hyphen_values(true);
    }
    let action = match field.is_list() {
        true => ArgAction::Append,
        false => ArgAction::Set,
    };
    let argument = argument.action(action);
    match field.kind() {
        Kind::Bool => argument
            .num_args(0..=1)
            .require_equals(true)
            .value_name("true|false")
            .hide_possible_values(true)
            .default_missing_value("true")
            .value_parser(clap::value_parser!(bool)),
        Kind::Enum(list) => {
            let words = enum_words(&list).into_iter().map(|(word, _)| word);
            argument.value_parser(PossibleValuesParser::new(words))
        }
        Kind::Message(message) if message.full_name() == DURATION => argument
            .value_name("DURATION")
            .value_parser(values::duration),
        Kind::Message(_) => argument.value_name("YAML"),
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 => argument
            .value_name("NUMBER")
            .allow_negative_numbers(true)
            .value_parser(clap::value_parser!(i64)),
        // A text is any text: `--text -x` and `--text ""` too.
        _ => argument.value_name("TEXT").allow_hyphen_values(true),
    }
}
