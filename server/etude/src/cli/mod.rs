//! The command line: one file per verb.
//!
//! Data goes to stdout, everything else to stderr. The exit code is 0 when all is well, 1 when a
//! test failed, 2 when the input is wrong, 3 when something could not be run and 130 when the user
//! stopped it.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

mod commands;
mod completions;
mod config;
mod confirm;
mod connect;
mod convert;
mod demo;
mod deploy;
mod detect;
mod diagnostics;
mod exec;
mod explain;
mod explain_test;
mod fields;
mod files;
mod fmt;
mod headers;
mod health;
mod interrupt;
mod lint;
mod one_place;
mod output;
mod platform;
mod platform_calls;
mod problem;
mod pull;
mod reference;
mod resources;
mod run;
mod runs;
mod schema;
mod serve;
mod sessions;
mod sources;
mod style;
mod validate;
mod version;
mod watch;

use problem::{Exit, Problem};

/// Runs web tests as a gRPC service.
#[derive(Debug, Parser)]
#[command(
    name = "etude",
    version = version::SHORT,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 passed, 1 a test failed, 2 wrong input, 3 could not run, 130 stopped.\n\
                  Data goes to stdout, everything else to stderr. NO_COLOR turns colours off."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Args),
    Validate(validate::Args),
    Fmt(fmt::Args),
    Lint(lint::Args),
    Detect(detect::Args),
    Convert(convert::Args),
    ExplainTest(explain_test::Args),
    Deploy(deploy::Args),
    Pull(pull::Args),
    Demo(demo::Args),
    Serve(serve::Args),
    Watch(watch::Args),
    Runs(runs::Args),
    Sessions(sessions::Args),
    Exec(exec::Args),
    Platform(platform::Args),
    Commands(commands::Args),
    Schema(schema::Args),
    Explain(explain::Args),
    HealthCheck(health::Args),
    Config(config::Args),
    Version(version::Args),
    Completions(completions::Args),
    #[command(name = "reference", hide = true)]
    Reference(reference::Args),
}

/// Parses the arguments of this process and does what they say.
pub(crate) fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let matches =
        command(arguments.get(1).and_then(|verb| verb.to_str())).get_matches_from(arguments);
    let outcome = match matches.subcommand() {
        // What is no verb of its own is a noun of resources.
        Some((noun, matches)) if Cli::command().find_subcommand(noun).is_none() => {
            wait_for(resources::run(noun, matches))
        }
        _ => match Cli::from_arg_matches(&matches) {
            Ok(cli) => dispatch(cli.verb, &matches),
            Err(error) => error.exit(),
        },
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(problem) => {
            problem.print();
            problem.exit.into()
        }
    }
}

/// The command line as far as the first word needs it: what is built from the descriptors costs a
/// few milliseconds.
fn command(verb: Option<&str>) -> clap::Command {
    let command = Cli::command();
    match verb {
        Some("exec") => command.mut_subcommand("exec", exec::with_commands),
        Some(verb) if command.find_subcommand(verb).is_some() => command,
        verb => resources::with_nouns(command, Some(verb.unwrap_or_default())),
    }
}

/// The whole command line: with a subcommand of `exec` for every command of the catalogue, and with
/// all verbs of resources.
fn whole() -> clap::Command {
    let command = resources::with_nouns(Cli::command(), None);
    command.mut_subcommand("exec", exec::with_commands)
}

fn dispatch(verb: Verb, matches: &ArgMatches) -> Result<Exit, Problem> {
    match verb {
        Verb::Run(args) => wait_for(run::run(args)),
        Verb::Validate(args) => validate::run(&args),
        Verb::Fmt(args) => fmt::run(&args),
        Verb::Lint(args) => lint::run(&args),
        Verb::Detect(args) => detect::run(&args),
        Verb::Convert(args) => convert::run(&args),
        Verb::ExplainTest(args) => explain_test::run(&args),
        Verb::Deploy(args) => wait_for(deploy::run(args)),
        Verb::Pull(args) => wait_for(pull::run(args)),
        Verb::Demo(args) => wait_for(demo::run(args)),
        Verb::Serve(args) => wait_for(serve::run(args)),
        Verb::Watch(args) => wait_for(watch::run(args)),
        Verb::Runs(args) => wait_for(runs::run(args)),
        Verb::Sessions(args) => wait_for(sessions::run(args)),
        Verb::Exec(args) => wait_for(exec::run(args, matches)),
        Verb::Platform(args) => wait_for(platform::run(args)),
        Verb::Commands(args) => commands::run(&args),
        Verb::Schema(args) => schema::run(&args),
        Verb::Explain(args) => explain::run(&args),
        Verb::HealthCheck(args) => wait_for(health::run(args)),
        Verb::Config(args) => config::run(&args),
        Verb::Version(args) => version::run(&args),
        Verb::Completions(args) => completions::run(&args),
        Verb::Reference(args) => reference::run(&args),
    }
}

/// Does a verb that waits for the network.
fn wait_for(work: impl Future<Output = Result<Exit, Problem>>) -> Result<Exit, Problem> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Problem::could_not_run(format!("the system gives no threads or sockets: {error}"))
        })?;
    let outcome = runtime.block_on(work);
    // What still runs is of no interest any more; blocking reads of stdin would never end.
    runtime.shutdown_background();
    outcome
}
