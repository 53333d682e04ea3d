//! `etude exec`: one command in a live session.

mod arguments;
mod values;
pub(crate) mod yaml;

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use etude::Session;
use etude::v1::{self, AuthoredStep, Outcome, StepFlags, StepResult};
use etude::validate::Validate as _;
use prost_reflect::ReflectMessage as _;
use serde_json::json;

pub(crate) use arguments::with_commands;

use super::connect::ServerArgs;
use super::output::{self, Format, FormatArgs};
use super::problem::{Exit, Problem};
use super::style::{Style, elapsed, one_line, plain};
use super::{commands, sessions};

/// Execute one command in a live session
#[derive(Debug, clap::Args)]
#[command(
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = false,
    after_help = "Examples:\n  \
        S=$(etude sessions create --url https://example.com)\n  \
        etude exec --session $S click \"More information\"\n  \
        etude exec --session $S interact write --text alice --target Username\n  \
        etude exec --session $S --step 'assert_title: Example'\n\n\
        `etude commands` lists the commands. A value that begins with a dash follows `--` or `=`."
)]
pub(crate) struct Args {
    /// The session: sessions/{id}, or its id
    #[arg(long, short, value_name = "NAME", env = super::connect::SESSION_VARIABLE, conflicts_with = "new")]
    session: Option<String>,

    /// Open a session first and print its name
    #[arg(long)]
    new: bool,

    /// Close the session afterwards
    #[arg(long)]
    close: bool,

    /// A step as in a test file, such as 'click: Log in'
    #[arg(long, value_name = "YAML", conflicts_with = "step_file")]
    step: Option<String>,

    /// A file that holds a step as in a test file; - for stdin
    #[arg(long, value_name = "FILE")]
    step_file: Option<PathBuf>,

    /// Take dollar signs in texts as they are, not as variables
    #[arg(long)]
    literal: bool,

    /// The longest that the step may take, such as 5s
    #[arg(long, value_name = "DURATION", value_parser = super::fields::duration)]
    timeout: Option<Duration>,

    /// How often the step is tried again after FAIL or ERROR
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    retries: u32,

    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) async fn run(args: Args, matches: &ArgMatches) -> Result<Exit, Problem> {
    let step = step(&args, matches.subcommand_matches("exec"))?;
    check(&step)?;
    let name = session_name(&args)?;
    let client = args.server.connect().await?;
    let session = match name {
        Some(name) => client.session(name),
        None => client.create_session(Default::default()).await?,
    };
    let result = execute(&session, step, &args).await;
    if args.close {
        session.clone().close().await?;
    }
    let result = result?;
    match args.format.output {
        Format::Human => print_human(&args, &session, &result)?,
        format => {
            let result = etude::json::to_value(&result);
            let value = json!({"session": session.name(), "result": result});
            output::print_value(&value, format)?;
        }
    }
    Ok(match result.outcome() {
        Outcome::Fail | Outcome::Error => Exit::Failed,
        _ => Exit::Passed,
    })
}

/// The command that the arguments spell, with the flags of the step.
fn step(args: &Args, matches: Option<&ArgMatches>) -> Result<v1::Step, Problem> {
    let subcommand = matches.and_then(ArgMatches::subcommand);
    let mut step = match (subcommand, &args.step, &args.step_file) {
        (Some((name, matches)), None, None) => v1::Step {
            command: Some(values::command(name, matches)?),
            ..Default::default()
        },
        (None, Some(text), None) => yaml::step("--step", text.as_bytes())?,
        (None, None, Some(file)) => {
            yaml::step(&super::files::name(file), &super::files::read(file)?)?
        }
        (None, ..) => {
            return Err(Problem::bad_input(
                "no command is given; name one as in `etude exec --session NAME click \"Log in\"`, \
                 or write it as --step 'click: Log in'",
            ));
        }
        (Some(_), ..) => {
            return Err(Problem::bad_input(
                "a command is given twice, by name and by --step or --step-file; give one",
            ));
        }
    };
    if args.literal
        && let Some(command) = &mut step.command
    {
        values::escape_templates(command);
    }
    Ok(step)
}

/// All violations of the contract's rules, before anything is opened.
fn check(step: &v1::Step) -> Result<(), Problem> {
    let violations = step.violations();
    if violations.is_empty() {
        return Ok(());
    }
    let problem = Problem::bad_input("the command is not complete or not right")
        .with_reason(v1::ErrorReason::InvalidRequest);
    let name = step.command.as_ref().and_then(etude::catalog::of);
    let problem = violations.iter().fold(problem, |problem, violation| {
        let field = violation.field.trim_start_matches("command.");
        problem.with_detail(format!("{field}: {}", violation.description))
    });
    Err(match name {
        Some(spec) => {
            problem.with_detail(format!("`etude explain {}` tells its fields", spec.yaml))
        }
        None => problem,
    })
}

/// The session that is given; `None` for a new one.
fn session_name(args: &Args) -> Result<Option<String>, Problem> {
    match &args.session {
        _ if args.new => Ok(None),
        Some(name) => Ok(Some(sessions::full_name(name))),
        None => Err(Problem::bad_input(
            "no session is given; name one by --session (`etude sessions list` lists them), or \
             open one by --new",
        )),
    }
}

async fn execute(
    session: &Session,
    step: v1::Step,
    args: &Args,
) -> Result<StepResult, etude::Error> {
    let mut flags: StepFlags = step.flags.unwrap_or_default();
    if let Some(timeout) = args.timeout {
        flags.timeout = prost_types::Duration::try_from(timeout).ok();
    }
    if args.retries > 0 {
        flags.retries = args.retries;
    }
    session
        .execute(step.command.unwrap_or_default(), flags)
        .await
}

fn print_human(args: &Args, session: &Session, result: &StepResult) -> Result<(), Problem> {
    let style = Style::of_stdout();
    let mut text = String::new();
    if args.new {
        text += &format!("{}\n", session.name());
    }
    let word = result.outcome().word();
    let word = match result.outcome() {
        Outcome::Pass => style.green(word),
        Outcome::Fail | Outcome::Error => style.red(word),
        _ => style.dim(word),
    };
    let took = result
        .duration
        .and_then(|took| Duration::try_from(took).ok());
    let took = took.map(elapsed).unwrap_or_default();
    text += &format!("{word} {} {}\n", one_line(&result.text), style.dim(&took));
    if let Some(failure) = &result.failure {
        text += &format!("  {} [{}]\n", plain(&failure.message), failure.reason);
        for (name, value) in [("expected", &failure.expected), ("actual", &failure.actual)] {
            if !value.is_empty() {
                text += &format!("  {name:<9} {}\n", one_line(value));
            }
        }
        if !failure.hint.is_empty() {
            text += &format!("  {}\n", plain(&failure.hint));
        }
    }
    for warning in &result.warnings {
        text += &format!(
            "  {} {}\n",
            style.yellow("warning:"),
            plain(&warning.message)
        );
    }
    if let Some(authored) = &result.authored_step {
        let AuthoredStep {
            step,
            checkpoint,
            position,
            ..
        } = authored;
        text += &format!("  {step} at position {position} of {checkpoint}\n");
    }
    if let Some(output) = &result.output {
        text += &format!("{}\n", value_text(output));
    }
    for name in result
        .artifacts
        .iter()
        .chain(result.screenshots.iter().map(|s| &s.artifact))
    {
        text += &format!("  {name}\n");
    }
    output::print(&text)
}

/// A text as it is, anything else as JSON.
fn value_text(value: &prost_types::Value) -> String {
    match &value.kind {
        Some(prost_types::value::Kind::StringValue(text)) => plain(text),
        _ => etude::json::dynamic_to_value(&value.transcode_to_dynamic()).to_string(),
    }
}

/// The command that a subcommand names: `click`, or `interact` with its own subcommand.
fn spec_of(name: &str) -> Result<&'static etude::catalog::CommandSpec, Problem> {
    commands::find(name)
}
