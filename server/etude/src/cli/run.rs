//! `etude run`: tests, over gRPC, on a server of its own or a running one.

mod environment;
mod plan;
mod printer;
mod runner;
mod tally;
mod uploads;

pub(crate) mod artifacts;
pub(crate) mod junit;
pub(crate) mod summary;
pub(crate) mod variables;

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

pub(crate) use plan::Planned;
pub(crate) use printer::Printer;
pub(crate) use tally::Tally;

use super::connect::{EmbeddedArgs, Host, SERVER_VARIABLE, TrustArgs};
use super::files;
use super::interrupt::Interrupt;
use super::output::{self, Format};
use super::problem::{Exit, Problem};
use plan::Selection;
use runner::Runner;
use variables::Assignment;

/// Run tests in a real browser and show every step as it ends
#[derive(Debug, clap::Args)]
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

    /// Only tests with one of these tags
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,

    /// Only tests whose name contains this text, in any case
    #[arg(long, value_name = "TEXT")]
    pub(crate) grep: Option<String>,

    /// Show the browsers' windows
    #[arg(long)]
    pub(crate) headed: bool,

    /// How many browsers work at the same time
    #[arg(long, short, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) parallel: u16,

    /// When screenshots are taken, instead of the tests' own policy
    #[arg(long, value_name = "WHEN")]
    pub(crate) screenshots: Option<Screenshots>,

    /// A folder outside the test's own whose files its steps may upload
    #[arg(long = "allow-uploads-from", value_name = "FOLDER")]
    pub(crate) upload_folders: Vec<PathBuf>,
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
    let tests = plan_named(&files, &args.how)?;
    environment::tell_missing(&tests);
    let mut interrupt = Interrupt::listen()?;
    let parallel = usize::from(args.how.parallel);
    let host = match &args.server {
        Some(url) => Host::remote(url, &args.trust).await?,
        None => Host::embedded(args.embedded.load(parallel, args.how.headed)?).await?,
    };
    let outcome = run_on(&host, tests, &args.how, &mut interrupt).await;
    interrupt.unless_again(host.close()).await;
    outcome
}

/// The tests to run, of files and the names that messages call them by.
pub(crate) fn plan_named(
    files: &[(PathBuf, String)],
    how: &HowArgs,
) -> Result<Vec<Planned>, Problem> {
    plan::plan(files, &Selection::of(how))
}

/// Runs the tests on a server and tells what came of them.
pub(crate) async fn run_on(
    host: &Host,
    tests: Vec<Planned>,
    how: &HowArgs,
    interrupt: &mut Interrupt,
) -> Result<Exit, Problem> {
    let started = std::time::Instant::now();
    let mut printer = match how.output {
        RunFormat::Human => Printer::on_stdout(how.parallel > 1),
        _ => Printer::on_stderr(how.parallel > 1),
    };
    let runner = Runner::new(&host.client, how);
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
