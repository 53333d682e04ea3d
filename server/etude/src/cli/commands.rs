//! `etude commands`: the catalogue.

use std::fmt::Write as _;

use etude::catalog::{self, CommandSpec};
use etude::v1::ErrorReason;
use serde_json::Value;

use super::output::{self, Format, FormatArgs};
use super::problem::{Exit, Problem};

/// How near a name must be to be suggested, of 1.
const NEAR: f64 = 0.8;

/// List the commands of a test, or tell all about one
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A group such as interact, or a command such as click or interact/click
    #[arg(value_name = "GROUP|COMMAND")]
    topic: Option<String>,

    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    let group = |spec: &&CommandSpec| args.topic.as_ref().is_none_or(|name| spec.group == *name);
    let listed: Vec<_> = catalog::commands().iter().filter(group).collect();
    match (&args.topic, listed.is_empty()) {
        (Some(topic), true) => one(find(topic)?, args.format.output)?,
        _ => list(&listed, args.format.output)?,
    }
    Ok(Exit::Passed)
}

fn list(specs: &[&CommandSpec], format: Format) -> Result<(), Problem> {
    if format != Format::Human {
        let infos = specs
            .iter()
            .map(|spec| etude::json::to_value(&spec.info()))
            .collect();
        return output::print_value(&Value::Array(infos), format);
    }
    let rows: Vec<_> = specs
        .iter()
        .map(|spec| {
            vec![
                spec.path(),
                spec.yaml.clone(),
                first_sentence(&spec.description),
            ]
        })
        .collect();
    output::print(&output::table(&["COMMAND", "KEY", "WHAT IT DOES"], &rows))
}

fn one(spec: &CommandSpec, format: Format) -> Result<(), Problem> {
    match format {
        Format::Human => output::print(&page(spec)),
        _ => output::print_message(&spec.info(), format),
    }
}

/// The command with this key, name, alias or path.
pub(crate) fn find(topic: &str) -> Result<&'static CommandSpec, Problem> {
    let topic = topic.trim_start_matches("commands/");
    let spelled = |spec: &&CommandSpec| {
        spec.path() == topic
            || std::iter::once(&spec.name)
                .chain(&spec.aliases)
                .any(|name| name == topic)
    };
    let of_path = topic
        .split_once(['/', ' '])
        .and_then(|(group, name)| catalog::by_name(group, name));
    catalog::by_yaml(topic)
        .or(of_path)
        .or_else(|| catalog::commands().iter().find(spelled))
        .ok_or_else(|| {
            let hint = match nearest(topic, keys()) {
                Some((_, near)) => format!("did you mean {near}?"),
                None => "`etude commands` lists all".to_owned(),
            };
            Problem::bad_input(format!("no group or command is called {topic:?}; {hint}"))
                .with_reason(ErrorReason::CommandNotFound)
        })
}

/// Names of all commands and groups.
pub(crate) fn keys() -> impl Iterator<Item = String> {
    catalog::commands()
        .iter()
        .flat_map(|spec| [spec.yaml.clone(), spec.path(), spec.group.clone()])
}

/// The name that is nearest, and how near it is.
pub(crate) fn nearest(topic: &str, names: impl Iterator<Item = String>) -> Option<(f64, String)> {
    let scored = names.map(|name| (strsim::jaro_winkler(topic, &name), name));
    scored
        .filter(|(score, _)| *score > NEAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
}

/// All that is known of a command.
pub(crate) fn page(spec: &CommandSpec) -> String {
    let info = spec.info();
    let backends = spec.backends.iter().map(|backend| {
        let name = backend.as_str_name();
        name.trim_start_matches("BACKEND_").to_lowercase()
    });
    let mut out = format!("{}\n\n{}\n\n", spec.path(), spec.description);
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "  {name:<10} {value}");
        }
    };
    line("key", &spec.yaml);
    line("also", &spec.yaml_aliases.join(", "));
    line("in words", &spec.natural);
    line("method", &spec.method);
    line("backends", &backends.collect::<Vec<_>>().join(", "));
    if info.fields.is_empty() {
        return out;
    }
    out += "\nFields:\n";
    for field in &info.fields {
        let required = if field.required { ", required" } else { "" };
        let short = match info.short_form_field == field.name {
            true => ", short form",
            false => "",
        };
        let _ = writeln!(
            out,
            "\n  {} ({}{required}{short})",
            field.name, field.r#type
        );
        let _ = writeln!(out, "      {}", field.description);
        if !field.aliases.is_empty() {
            let _ = writeln!(out, "      also: {}", field.aliases.join(", "));
        }
        if !field.enum_values.is_empty() {
            let _ = writeln!(out, "      values: {}", field.enum_values.join(", "));
        }
    }
    out
}

fn first_sentence(text: &str) -> String {
    match text.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => text.to_owned(),
    }
}
