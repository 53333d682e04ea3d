//! `etude deploy`: brings tests to a platform.

mod show;
mod so_far;

use std::cell::RefCell;
use std::path::PathBuf;

use etude::Client;
use etude::v1::deploy_test_request::Source;
use etude::v1::deploy_test_response::Event;
use etude::v1::{self, Severity};
use etude_language::Brought;
use etude_platform::deploy::{Deployment, check};
use futures::StreamExt as _;
use serde_json::{Value, json};

use super::confirm::Question;
use super::connect::ServerArgs;
use super::interrupt::Interrupt;
use super::one_place::{self, Destination};
use super::output::{self, Format, FormatArgs, note};
use super::platform_calls::{PlatformArgs, stream, title};
use super::problem::{Exit, Problem};
use super::style::{Style, one_line};
use super::{diagnostics, files, sources};
use so_far::SoFar;

const HELP: &str = "\
Examples:
  etude deploy tests/ --project Shop --goal Web --plan
  etude deploy login.yaml --project Shop --goal Web --goal-url https://shop.example.com
  etude deploy tests/ --project projects/12 --goal goals/7 --platform virtuoso --yes

A second deployment of the same file changes nothing; one that was interrupted goes on where it
ended. All files are checked before the first is deployed. A number is a name: write projects/12 and
goals/7 for ids.";

/// How often a test is planned again because the platform has changed since.
const PLANS: usize = 5;

/// Bring tests to a platform: show what has to be done, do it, and read it back
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Test files, folders of test files, or - for stdin
    #[arg(required = true, value_name = "FILE|FOLDER")]
    files: Vec<PathBuf>,

    /// Name of the project, which is made when there is none, or projects/{id}
    #[arg(long, value_name = "NAME", value_parser = title)]
    project: String,

    /// Name of the goal, which is made when there is none, or goals/{id}
    #[arg(long, value_name = "NAME", value_parser = title)]
    goal: String,

    /// The address of a goal that has to be made [default: the test's base_url or starting_url]
    #[arg(long, value_name = "URL")]
    goal_url: Option<String>,

    /// Name of the journey, or journeys/{id} [default: the test's name]
    #[arg(long, value_name = "NAME", value_parser = title)]
    journey: Option<String>,

    /// Only show what would be done
    #[arg(long)]
    plan: bool,

    /// Remove steps, replace journeys and edit shared checkpoints without asking
    #[arg(long, short, visible_alias = "auto")]
    yes: bool,

    /// Change checkpoints although other journeys share them, which change too
    #[arg(long)]
    edit_shared: bool,

    /// Delete a journey and make it again where a checkpoint has to leave it or to move
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    platform: PlatformArgs,

    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    format: FormatArgs,
}

/// A test file that can be deployed.
struct Job {
    name: String,
    test: v1::Test,
}

impl Job {
    fn destination(&self) -> Destination<'_> {
        Destination {
            file: &self.name,
            goal: String::new(),
            journey: &self.test.name,
        }
    }
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    let jobs = jobs(&args)?;
    if args.journey.is_some() && jobs.len() > 1 {
        let message = "--journey names one journey, and there are several files";
        return Err(Problem::bad_input(message));
    }
    one_place::refuse(jobs.iter().map(Job::destination), "nothing was made")?;
    let so_far = RefCell::new(SoFar::new(jobs.len()));
    let mut interrupt = Interrupt::listen()?;
    let mut questions = Interrupt::listen()?;
    let documents = tokio::select! {
        // What waits for an answer knows better what to say.
        biased;
        documents = all(jobs, &args, &so_far, &mut questions) => documents?,
        () = interrupt.wait() => return Err(so_far.borrow().stopped()),
    };
    if args.format.output != Format::Human {
        output::print_value(&Value::Array(documents), args.format.output)?;
    }
    Ok(Exit::Passed)
}

/// Deploys one test after the other.
async fn all(
    jobs: Vec<Job>,
    args: &Args,
    so_far: &RefCell<SoFar>,
    questions: &mut Interrupt,
) -> Result<Vec<Value>, Problem> {
    let client = args.server.connect().await?;
    let mut documents = Vec::new();
    for job in jobs {
        so_far.borrow_mut().begin(&job.name);
        let deployed = deploy(&client, job, args, so_far, questions).await;
        documents.push(deployed.map_err(|problem| so_far.borrow().explain(problem))?);
        so_far.borrow_mut().end();
    }
    Ok(documents)
}

/// Reads all files, and tells the mistakes of all and what the platform cannot hold of them.
fn jobs(args: &Args) -> Result<Vec<Job>, Problem> {
    let style = Style::of_stderr();
    let mut jobs = Vec::new();
    let mut wrong = 0;
    for file in files::find(&args.files)? {
        let name = files::name(&file);
        let content = files::read(&file)?;
        let parsed = sources::parse(&file, &name, &content, &Brought::default())?;
        let Some(test) = parsed.test else {
            wrong += 1;
            let errors = parsed.diagnostics.into_iter();
            let errors: Vec<_> = errors
                .filter(|one| one.severity() == Severity::Error)
                .collect();
            note(&diagnostics::render(&errors, style));
            continue;
        };
        let deployment = Deployment {
            test: test.clone(),
            journey: args.journey.clone().unwrap_or_default(),
            ..Deployment::default()
        };
        if let Err(error) = check(&deployment) {
            wrong += 1;
            for violation in &error.violations {
                let (field, what) = (&violation.field, &violation.description);
                note(&one_line(&format!("{name}: {field} {what}")));
            }
            let lines: Vec<_> = content.split(|byte| *byte == b'\n').collect();
            let with_lines = error
                .diagnostics
                .into_iter()
                .map(|one| with_line(one, &name, &lines));
            note(&diagnostics::render(&with_lines.collect::<Vec<_>>(), style));
        }
        jobs.push(Job { name, test });
    }
    match wrong {
        0 => Ok(jobs),
        1 => Err(Problem::bad_input(
            "one file cannot be deployed; nothing was made",
        )),
        count => {
            let message = format!("{count} files cannot be deployed; nothing was made");
            Err(Problem::bad_input(message))
        }
    }
}

/// The diagnostic with the line that it is about, if that stands in the test file itself.
fn with_line(mut diagnostic: v1::Diagnostic, name: &str, lines: &[&[u8]]) -> v1::Diagnostic {
    let place = diagnostic.location.clone().unwrap_or_default();
    let line = (place.line as usize)
        .checked_sub(1)
        .and_then(|at| lines.get(at));
    match line.filter(|_| place.file == name) {
        Some(line) => {
            let text = String::from_utf8_lossy(line);
            let text = text.trim_end_matches('\r');
            diagnostic.source_line = text.chars().take(512).collect();
            diagnostic.length = 1;
        }
        None if diagnostic.location.is_none() => {
            diagnostic.location = Some(v1::SourceLocation {
                file: name.to_owned(),
                line: 1,
                column: 1,
            });
        }
        None => {}
    }
    diagnostic
}

/// What became of carrying out a plan.
enum Applied {
    Deployed(v1::DeployedTest),
    /// Nothing was made, because another plan is the right one now.
    Outdated(v1::DeployPlan, etude::Error),
}

/// Plans one test, asks where something is removed, and deploys it. A plan that nobody was asked about
/// is made again when the platform has changed meanwhile: another deployment of the same may just
/// have ended.
async fn deploy(
    client: &Client,
    job: Job,
    args: &Args,
    so_far: &RefCell<SoFar>,
    questions: &mut Interrupt,
) -> Result<Value, Problem> {
    let human = args.format.output == Format::Human;
    let mut request = request(job.test, args);
    let mut plan = plan(client, &request, args).await?;
    let mut left = PLANS;
    loop {
        left -= 1;
        if human {
            output::print(&show::plan(&job.name, &plan, Style::of_stdout()))?;
        }
        let document = json!({"file": job.name, "plan": etude::json::to_value(&plan)});
        if args.plan {
            return Ok(document);
        }
        let asked = confirm(&job.name, &plan, args.yes, questions).await?;
        request.validate_only = false;
        request.expected_plan = plan.fingerprint.clone();
        match apply(client, &request, &plan, args, so_far).await? {
            Applied::Deployed(deployed) => return finished(document, &plan, &deployed, args),
            Applied::Outdated(_, error) if asked || left == 0 => {
                let what = "nothing was made of this plan; repeat the command to see the new one";
                return Err(Problem::from(error).with_detail(what));
            }
            Applied::Outdated(new, _) => {
                note(&format!(
                    "{}: the platform has changed since the plan was made; this is the new one",
                    one_line(&job.name)
                ));
                plan = new;
            }
        }
    }
}

fn request(test: v1::Test, args: &Args) -> v1::DeployTestRequest {
    v1::DeployTestRequest {
        source: Some(Source::Test(test)),
        project: args.project.clone(),
        goal: args.goal.clone(),
        goal_url: args.goal_url.clone().unwrap_or_default(),
        journey: args.journey.clone().unwrap_or_default(),
        validate_only: true,
        edit_shared: args.edit_shared,
        replace_journey: args.replace,
        expected_plan: String::new(),
    }
}

fn finished(
    mut document: Value,
    plan: &v1::DeployPlan,
    deployed: &v1::DeployedTest,
    args: &Args,
) -> Result<Value, Problem> {
    if args.format.output == Format::Human && changes(plan) > 0 {
        output::print(&show::deployed(deployed, Style::of_stdout()))?;
    }
    document["deployed"] = etude::json::to_value(deployed);
    Ok(document)
}

fn changes(plan: &v1::DeployPlan) -> u32 {
    plan.adds + plan.updates + plan.deletes
}

async fn plan(
    client: &Client,
    request: &v1::DeployTestRequest,
    args: &Args,
) -> Result<v1::DeployPlan, Problem> {
    let mut answers = call(client, request, args).await?;
    while let Some(answer) = answers.next().await {
        if let Some(Event::Plan(plan)) = answer?.event {
            return Ok(plan);
        }
    }
    Err(Problem::could_not_run(
        "the server ended the call without a plan",
    ))
}

/// Deploys, and shows each change as it was made.
async fn apply(
    client: &Client,
    request: &v1::DeployTestRequest,
    plan: &v1::DeployPlan,
    args: &Args,
    so_far: &RefCell<SoFar>,
) -> Result<Applied, Problem> {
    let style = Style::of_stderr();
    let mut other = None;
    let mut answers = call(client, request, args).await?;
    while let Some(answer) = answers.next().await {
        let event = match (answer, other.take()) {
            (Err(error), Some(new)) => return Ok(Applied::Outdated(new, error)),
            (answer, _) => answer?.event,
        };
        match event {
            Some(Event::Progress(progress)) => {
                so_far.borrow_mut().progress(&progress, plan);
                note(&show::progress(&progress, plan, style));
            }
            Some(Event::Deployed(deployed)) => return Ok(Applied::Deployed(deployed)),
            Some(Event::Plan(new)) if new.fingerprint != plan.fingerprint => other = Some(new),
            Some(Event::Plan(_)) | None => {}
        }
    }
    Err(Problem::could_not_run(
        "the server ended the call before the test was deployed",
    ))
}

async fn call(
    client: &Client,
    request: &v1::DeployTestRequest,
    args: &Args,
) -> Result<futures::stream::BoxStream<'static, etude::Result<v1::DeployTestResponse>>, Problem> {
    stream(client, "DeployTest", request, &args.platform).await
}

/// Asks before something is removed or changes for others; whether there was anything to ask.
async fn confirm(
    file: &str,
    plan: &v1::DeployPlan,
    yes: bool,
    interrupt: &mut Interrupt,
) -> Result<bool, Problem> {
    let others = plan
        .changes
        .iter()
        .filter(|change| change.shared_with > 0)
        .count();
    if yes || (plan.deletes == 0 && others == 0) {
        return Ok(false);
    }
    let what = match (plan.deletes, others) {
        (removed, 0) => format!("{removed} to remove"),
        (0, others) => format!("{others} changes that other journeys share"),
        (removed, others) => {
            format!("{removed} to remove, and {others} changes that other journeys share")
        }
    };
    let question = Question {
        asked: format!("{}: {what}", one_line(file)),
        unasked: format!("the plan has {what}; look at it and add --yes"),
        refused: "nothing was made",
    };
    question.ask(interrupt).await.map(|()| true)
}
