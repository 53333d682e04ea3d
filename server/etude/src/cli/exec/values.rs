//! From matched arguments to a command.

use clap::ArgMatches;
use etude::catalog::CommandSpec;
use etude::texts::{TextKind, Texts as _};
use etude::v1;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};

use super::super::fields;
use super::super::problem::Problem;
use super::arguments::flags;

/// The command that a subcommand of `exec` spells.
pub(super) fn command(name: &str, matches: &ArgMatches) -> Result<v1::Command, Problem> {
    let (spec, matches) = match matches.subcommand() {
        Some((inner, matches)) => (super::spec_of(&format!("{name}/{inner}"))?, matches),
        None => (super::spec_of(name)?, matches),
    };
    let mut message = DynamicMessage::new(spec.message.clone());
    for flag in flags(spec) {
        if let Some(id) = fields::given(&flag, matches) {
            let value = fields::value(&flag, matches, &id)?;
            fields::set(&mut message, &flag.path, value);
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

/// Doubles the dollar signs of all templates, so that they stand for themselves.
pub(super) fn escape_templates(command: &mut v1::Command) {
    command.visit_texts_mut(&mut |kind, text| {
        if kind == TextKind::Template {
            *text = etude::literal(text);
        }
    });
}
