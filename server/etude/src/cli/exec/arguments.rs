//! The subcommands of `etude exec`, built from the descriptors: `interact click` and, by the key
//! of test files, `click`; a flag for every field, and the field of the short form in place.

use std::collections::BTreeMap;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};
use etude::catalog::{self, CommandSpec, enum_words};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// One flag: the way to a value within the command's message.
#[derive(Debug, Clone)]
pub(super) struct Flag {
    /// The name without dashes, such as `target-css`. Also the argument's id.
    pub(super) name: String,
    /// Other names.
    aliases: Vec<String>,
    /// The fields from the command's message down.
    pub(super) path: Vec<FieldDescriptor>,
    /// Whether it is given in place, without its name.
    pub(super) in_place: bool,
    help: String,
}

/// The prefix of the ids of values that are given in place.
pub(super) const IN_PLACE: &str = "in-place:";

/// Adds a subcommand for every command of the catalogue.
pub(crate) fn with_commands(exec: Command) -> Command {
    let mut groups: BTreeMap<&str, Vec<&CommandSpec>> = BTreeMap::new();
    for spec in catalog::commands() {
        groups.entry(&spec.group).or_default().push(spec);
    }
    let mut exec = exec
        .subcommand_help_heading("Commands, by group or by their key in test files")
        .subcommand_value_name("COMMAND");
    for (group, specs) in &groups {
        let about = format!("Commands of the group {group}");
        let of_group = Command::new(group.to_string())
            .about(about)
            .subcommand_required(true);
        let of_group = specs.iter().fold(of_group, |command, spec| {
            command.subcommand(subcommand(spec, spec.name.clone(), spec.aliases.clone()))
        });
        exec = exec.subcommand(of_group);
    }
    for spec in catalog::commands() {
        if groups.contains_key(spec.yaml.as_str()) {
            continue;
        }
        let aliases = spec.yaml_aliases.clone();
        exec = exec.subcommand(subcommand(spec, spec.yaml.clone(), aliases).hide(true));
    }
    exec
}

fn subcommand(spec: &CommandSpec, name: String, aliases: Vec<String>) -> Command {
    let command = Command::new(name)
        .about(spec.description.clone())
        .after_help(format!("In words: {}", spec.natural))
        .aliases(aliases);
    flags(spec).iter().fold(command, |command, flag| {
        let command = command.arg(argument(flag));
        match flag.in_place {
            true => command.arg(in_place(flag)),
            false => command,
        }
    })
}

/// The flags of a command.
pub(super) fn flags(spec: &CommandSpec) -> Vec<Flag> {
    let mut flags = Vec::new();
    for field in &spec.fields {
        let in_place = spec.scalar.as_ref() == Some(&field.name);
        add(&mut flags, Vec::new(), &field.descriptor, "", in_place);
    }
    flags
}

/// Adds the flag of a field, or those of the fields of its message.
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
        Kind::Message(message) if !field.is_map() && message.package_name() == "etude.v1" => {
            Some(message)
        }
        _ => None,
    }
}

fn argument(flag: &Flag) -> Arg {
    let argument = Arg::new(flag.name.clone())
        .long(flag.name.clone())
        .aliases(flag.aliases.clone())
        .help(flag.help.clone());
    shape(argument, flag)
}

/// The same value without the flag's name.
fn in_place(flag: &Flag) -> Arg {
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
            .default_missing_value("true")
            .value_parser(clap::value_parser!(bool)),
        Kind::Enum(list) => {
            let words = enum_words(&list).into_iter().map(|(word, _)| word);
            argument.value_parser(PossibleValuesParser::new(words))
        }
        Kind::Message(_) => argument
            .value_name("DURATION")
            .value_parser(super::values::duration),
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 => argument
            .value_name("NUMBER")
            .allow_negative_numbers(true)
            .value_parser(clap::value_parser!(i64)),
        // A text is any text: `--text -x` and `--text ""` too.
        _ => argument.value_name("TEXT").allow_hyphen_values(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_tree_is_consistent() {
        crate::cli::command(true).debug_assert();
    }

    #[test]
    fn every_kind_of_field_has_a_flag() {
        for spec in catalog::commands() {
            for flag in flags(spec) {
                let field = flag.path.last().unwrap();
                let known = match field.kind() {
                    Kind::Message(message) => {
                        field.is_map() || message.full_name() == "google.protobuf.Duration"
                    }
                    Kind::Bytes | Kind::Float | Kind::Double => false,
                    _ => true,
                };
                assert!(known, "{}: --{}", spec.yaml, flag.name);
            }
        }
    }

    #[test]
    fn a_target_has_a_flag_for_every_way_to_find_it() {
        let spec = catalog::by_yaml("click").unwrap();
        let names: Vec<_> = flags(spec).into_iter().map(|flag| flag.name).collect();
        for name in [
            "target",
            "target-css",
            "target-test-id",
            "target-role",
            "target-role-name",
            "target-nth",
            "position",
        ] {
            assert!(
                names.iter().any(|n| n == name),
                "{name} is not in {names:?}"
            );
        }
    }
}
