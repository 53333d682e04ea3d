//! `etude reference`: docs/cli.md, from the definitions of the command line itself.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};

use super::output;
use super::problem::{Exit, Problem};

/// Print the reference of the command line, as in docs/cli.md
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

const HEAD: &str = "# The `etude` command\n\n\
    Printed by `etude reference`; a test holds this page to the program.\n\n\
    Data goes to stdout, everything else to stderr. `NO_COLOR` turns colours off; without a\n\
    terminal there are none.\n\n\
    | exit code | meaning |\n|---|---|\n\
    | 0 | all is well |\n\
    | 1 | a test failed, `fmt --check` found a file to format, or `convert` lost something |\n\
    | 2 | the arguments, a file or a name is wrong, or no test is selected |\n\
    | 3 | something could not be run: no server, no browser, a full disk |\n\n\
    `run`, `demo` and `serve` end cleanly on Ctrl-C and SIGTERM: runs are cancelled, browsers\n\
    closed. A second one ends the process at once.\n";

pub(crate) fn run(_: &Args) -> Result<Exit, Problem> {
    output::print(&page())?;
    Ok(Exit::Passed)
}

fn page() -> String {
    let mut out = HEAD.to_owned();
    let mut root = super::resources::with_nouns(super::Cli::command(), None);
    root.build();
    for verb in visible(&root) {
        section(verb, "etude", &mut out, &shown);
    }
    out
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|c| !c.is_hide_set())
}

fn section(command: &Command, parent: &str, out: &mut String, shown: &dyn Fn(&Arg) -> bool) {
    let name = format!("{parent} {}", command.get_name());
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n## `{name}`\n");
    if let Some(about) = command.get_about() {
        let _ = writeln!(out, "{about}.\n");
    }
    let aliases: Vec<_> = command.get_visible_aliases().collect();
    if !aliases.is_empty() {
        let _ = writeln!(out, "Also called `{}`.\n", aliases.join("`, `"));
    }
    let usage = command.clone().render_usage().to_string();
    let _ = writeln!(out, "```\n{}\n```", usage.trim_start_matches("Usage: "));
    let arguments: Vec<_> = command.get_arguments().filter(|a| shown(a)).collect();
    if !arguments.is_empty() {
        out.push_str("\n| argument | meaning |\n|---|---|\n");
        for argument in arguments {
            let _ = writeln!(out, "| `{}` | {} |", spelling(argument), meaning(argument));
        }
    }
    if let Some(after) = command.get_after_help() {
        let _ = writeln!(out, "\n```\n{after}\n```");
    }
    for inner in visible(command) {
        // What holds for a noun and all of its verbs stands at the noun.
        section(inner, &name, out, &|argument| {
            self::shown(argument) && !argument.is_global_set()
        });
    }
}

fn shown(argument: &Arg) -> bool {
    !argument.is_hide_set() && argument.get_id() != "help" && argument.get_id() != "version"
}

fn spelling(argument: &Arg) -> String {
    let takes_value = argument.get_action().takes_values();
    let value = argument.get_value_names().unwrap_or_default().join(" ");
    let text = match (argument.get_short(), argument.get_long()) {
        (_, None) => value,
        (short, Some(long)) => {
            let short = short.map(|short| format!("-{short}, ")).unwrap_or_default();
            match takes_value {
                true => format!("{short}--{long} {value}"),
                false => format!("{short}--{long}"),
            }
        }
    };
    text.replace('|', "\\|")
}

fn meaning(argument: &Arg) -> String {
    let mut text = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let values: Vec<_> = argument
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    let hidden = argument.is_hide_possible_values_set();
    if argument.get_action().takes_values() && !values.is_empty() && !hidden {
        text += &format!(": {}", values.join(", "));
    }
    if let Some(variable) = argument.get_env() {
        text += &format!(" (or `{}`)", variable.display());
    }
    let defaults: Vec<_> = argument
        .get_default_values()
        .iter()
        .map(|value| value.display().to_string())
        .filter(|value| !value.is_empty())
        .collect();
    if argument.get_action().takes_values() && !defaults.is_empty() {
        text += &format!("; default `{}`", defaults.join(", "));
    }
    text.replace('|', "\\|")
}
