//! The subcommands of `etude exec`, built from the descriptors: `interact click` and, by the key
//! of test files, `click`; a flag for every field, and the field of the short form in place.

use std::collections::BTreeMap;

use clap::Command;
use etude::catalog::{self, CommandSpec, FieldSpec};

use super::super::fields::{self, Flag};

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
    flags(spec).iter().fold(command, fields::add_to)
}

/// The flags of a command.
pub(super) fn flags(spec: &CommandSpec) -> Vec<Flag> {
    let of_field = |field: &FieldSpec| {
        let in_place = spec.scalar.as_ref() == Some(&field.name);
        fields::flags_of(&field.descriptor, in_place)
    };
    spec.fields.iter().flat_map(of_field).collect()
}

#[cfg(test)]
mod tests {
    use prost_reflect::Kind;

    use super::*;

    #[test]
    fn the_whole_tree_is_consistent() {
        crate::cli::whole().debug_assert();
    }

    #[test]
    fn every_kind_of_field_has_a_flag() {
        for spec in catalog::commands() {
            for flag in flags(spec) {
                let field = flag.path.last().unwrap();
                let known = match field.kind() {
                    Kind::Message(message) => {
                        // Each message of a list is written as YAML.
                        let is_many = field.is_map() || field.is_list();
                        is_many || message.full_name() == "google.protobuf.Duration"
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
