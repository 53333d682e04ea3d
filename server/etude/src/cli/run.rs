//! `etude run`: tests, over gRPC, on a server of its own or a running one.

pub(crate) mod environment;
mod plan;
mod platform;
mod printer;
mod runner;
mod selection;
mod tags;
mod tally;
mod uploads;

pub(crate) mod artifacts;
pub(crate) mod junit;
pub(crate) mod summary;
pub(crate) mod variables;

use std::path::PathBuf;

use clap::ValueEnum;
use etude_language::ResolvedEnvironment;
use serde_json::json;

pub(crate) use plan::{Plan, plan};
pub(crate) use printer::Printer;
pub(crate) use tally::Tally;

use super::connect::{EmbeddedArgs, Host, SERVER_VARIABLE, TrustArgs};
use super::files;
use super::headers::HeaderArgs;
use super::interrupt::Interrupt;
use super::output::{self, Format};
use super::problem::{Exit, Problem};
use super::style;
use environment::EnvironmentArgs;
use platform::PlatformArgs;
use runner::Runner;
use selection::SelectionArgs;
use variables::Assignment;

const HELP: &str = "\
Examples:
  etude run tests/ --tags 'smoke and not slow' --workers 4
  etude run tests/ --env staging --shard 2/5 -o junit
  etude run tests/ --failed-first --data-dir ~/.local/share/etude
  etude run tests/ --on virtuoso --project Shop

Tags are joined by and, or, not, commas and parentheses; one with spaces stands in double quotes.
Several --tags are joined by or. A checkpoint has the tags of its test and its own; those that do
not fit are left out, and a test without any that fits is not run. A selection that no test fits
ends with exit code 2; a part that --shard leaves without a test ends with 0, because the other
parts have them.";

/// Run tests in a real browser and show every step as it ends
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Test files, folders of test files, or - for stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Run on this server instead of one of its own
    #[arg(long, value_name = "URL", env = SERVER_VARIABLE)]
    server: Option<String>,

    #[command(flatten)]
    trust: TrustArgs,

    #[command(flatten)]
    embedded: EmbeddedArgs,

    #[command(flatten)]
    how: HowArgs,

    /// Only tell which tests would be run, in their order
    #[arg(long)]
    list: bool,
}

/// What is run, and how it is shown.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct HowArgs {
    /// The form of the result on stdout; with other than human, progress goes to stderr
    #[arg(long, short, value_name = "FORM", default_value = "human")]
    pub(crate) output: RunFormat,

    /// Fetch the reports and screenshots of every run into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) report_dir: Option<PathBuf>,

    /// The address that relative addresses are completed with, instead of the tests' own
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// A variable that hides the tests' variables of this name
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variables::assignment)]
    pub(crate) variables: Vec<Assignment>,

    /// A label for finding the runs again
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = variables::label)]
    pub(crate) labels: Vec<(String, String)>,

    #[command(flatten)]
    pub(crate) headers: HeaderArgs,

    #[command(flatten)]
    pub(crate) platform: PlatformArgs,

    #[command(flatten)]
    pub(crate) environment: EnvironmentArgs,

    #[command(flatten)]
    pub(crate) selection: SelectionArgs,

    /// Show the browsers' windows
    #[arg(long)]
    pub(crate) headed: bool,

    /// How many browsers work at the same time
    #[arg(long, short, visible_alias = "workers", value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) parallel: u16,

    /// When screenshots are taken, instead of the tests' own policy
    #[arg(long, value_name = "WHEN")]
    pub(crate) screenshots: Option<Screenshots>,

    /// A folder outside the test's own whose files its steps may upload
    #[arg(long = "allow-uploads-from", value_name = "FOLDER")]
    pub(crate) upload_folders: Vec<PathBuf>,
}

impl HowArgs {
    /// The address that takes the place of the tests' own; empty: none.
    fn base_url<'a>(&'a self, environment: Option<&'a ResolvedEnvironment>) -> &'a str {
        let of_environment = environment.map(|named| named.base_url.as_str());
        let given = self.base_url.as_deref().or(of_environment);
        given.unwrap_or_default()
    }
}

/// The form of a run's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunFormat {
    /// Every step as it ends, then a summary
    Human,
    /// One JSON document with runs and steps
    Json,
    /// The same as YAML
    Yaml,
    /// JUnit XML
    Junit,
}

/// When screenshots are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Screenshots {
    /// Only by the screenshot command
    Never,
    /// After a step that did not pass
    OnFailure,
    /// Before and after every step
    EveryStep,
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    if args.server.is_some() && args.embedded.any() {
        return Err(Problem::bad_input(
            "--server runs on another server, whose browsers and data are its own; leave out \
             --config, --data-dir, --browser-no-sandbox and --webdriver-url, or --server",
        ));
    }
    let files: Vec<_> = files::find(&args.files)?
        .into_iter()
        .map(|file| (file.clone(), files::name(&file)))
        .collect();
    let no_history = args.server.is_none() && args.embedded.data_dir.is_none();
    if args.how.selection.failed_first && no_history {
        return Err(Problem::bad_input(
            "--failed-first asks a server how tests ended the last time, and the embedded one \
             forgets it; add --data-dir FOLDER or --server URL",
        ));
    }
    let platform = args.how.platform.to_run()?;
    let plan = plan(&files, &args.how)?;
    if args.list {
        return list(&plan, args.how.output);
    }
    if let Some(platform) = &platform {
        let base_url = args.how.base_url(plan.environment.as_ref());
        platform::refuse_one_place(platform, &plan.tests, base_url)?;
    }
    let mut interrupt = Interrupt::listen()?;
    let parallel = usize::from(args.how.parallel);
    let host = match &args.server {
        Some(url) => Host::remote(url, &args.trust).await?,
        None => Host::embedded(args.embedded.load(parallel, args.how.headed)?).await?,
    };
    let outcome = run_on(&host, plan, &args.how, &mut interrupt).await;
    interrupt.unless_again(host.close()).await;
    outcome
}

/// Prints the tests that would be run.
fn list(plan: &Plan, form: RunFormat) -> Result<Exit, Problem> {
    let tests = plan.tests.iter().map(|planned| {
        let test = &planned.test;
        let named = test.checkpoints.iter().filter(|one| !one.name.is_empty());
        let checkpoints = named.map(|one| json!({"name": one.name, "tags": one.tags}));
        json!({
            "file": planned.file,
            "name": test.name,
            "tags": test.tags,
            "checkpoints": checkpoints.collect::<Vec<_>>(),
        })
    });
    match form {
        RunFormat::Json => output::print_value(&tests.collect(), Format::Json)?,
        RunFormat::Yaml => output::print_value(&tests.collect(), Format::Yaml)?,
        RunFormat::Human | RunFormat::Junit => {
            for planned in &plan.tests {
                let name = style::one_line(&planned.test.name);
                output::print(&format!("{}  {name}\n", planned.file))?;
            }
        }
    }
    Ok(Exit::Passed)
}

/// Runs the tests on a server and tells what came of them.
pub(crate) async fn run_on(
    host: &Host,
    plan: Plan,
    how: &HowArgs,
    interrupt: &mut Interrupt,
) -> Result<Exit, Problem> {
    let started = std::time::Instant::now();
    let mut printer = match how.output {
        RunFormat::Human => Printer::on_stdout(how.parallel > 1),
        _ => Printer::on_stderr(how.parallel > 1),
    };
    let Plan { tests, environment } = plan;
    let tests = match how.selection.failed_first {
        true => selection::failed_first(&host.client, tests).await?,
        false => tests,
    };
    if tests.is_empty() {
        output::note("this part of the tests is empty; the other parts have them");
    }
    let runner = Runner::new(&host.client, how, environment)?;
    let mut tallies = runner.run(tests, &mut printer, interrupt).await?;
    printer.finish()?;
    if let Some(folder) = &how.report_dir {
        for tally in &mut tallies {
            tally.reports = artifacts::fetch_all(&host.client, tally.run_name(), folder).await?;
        }
    }
    match how.output {
        RunFormat::Human => output::print(&summary::text(&tallies, Some(started.elapsed())))?,
        RunFormat::Json => output::print_value(&document(&tallies), Format::Json)?,
        RunFormat::Yaml => output::print_value(&document(&tallies), Format::Yaml)?,
        RunFormat::Junit => output::print(&junit::merged(&host.client, &tallies).await?)?,
    }
    Ok(exit_of(&tallies))
}

/// The worst ending.
fn exit_of(tallies: &[Tally]) -> Exit {
    tallies
        .iter()
        .map(Tally::exit)
        .max()
        .unwrap_or(Exit::Passed)
}

fn document(tallies: &[Tally]) -> serde_json::Value {
    let passed = exit_of(tallies) == Exit::Passed;
    let tests: Vec<_> = tallies.iter().map(Tally::to_json).collect();
    json!({"passed": passed, "tests": tests})
}
