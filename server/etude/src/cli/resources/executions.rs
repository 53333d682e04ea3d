//! Executions: followed to their end, and their results as a tree.

use std::time::Duration;

use etude::v1::execution_service_client::ExecutionServiceClient;
use etude::v1::{self, ExecutionState, Outcome};
use futures::StreamExt as _;
use prost_reflect::{DynamicMessage, Kind, MethodDescriptor, ReflectMessage as _};
use serde_json::Value;
use tonic::{Request, Status};

use super::super::interrupt::Interrupt;
use super::super::output::{self, Format, note};
use super::super::problem::{Exit, Problem};
use super::super::style::{Style, elapsed, one_line, plain};
use super::calls::{Call, Form};

const EXECUTION: &str = "etude.v1.Execution";
const PLAN_EXECUTION: &str = "etude.v1.PlanExecution";
const RESULTS: &str = "etude.v1.GetExecutionResultsResponse";

/// Methods whose executions are not new.
const KNOWN_BEFORE: [&str; 4] = ["Get", "List", "Watch", "Cancel"];

/// How often in a row a broken stream is opened again, and the wait before.
const ATTEMPTS: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// Whether a method starts an execution.
pub(super) fn starts(method: &MethodDescriptor) -> bool {
    let known = KNOWN_BEFORE
        .iter()
        .any(|verb| method.name().starts_with(verb));
    !known && (answers(method, EXECUTION) || answers(method, PLAN_EXECUTION))
}

/// Whether a method streams the states of an execution.
pub(super) fn is_watch(method: &MethodDescriptor) -> bool {
    method.is_server_streaming() && answers(method, EXECUTION)
}

/// Whether a method answers the results of an execution.
pub(super) fn is_results(method: &MethodDescriptor) -> bool {
    method.output().full_name() == RESULTS
}

/// Whether a method's answer holds such a message.
fn answers(method: &MethodDescriptor, name: &str) -> bool {
    let output = method.output();
    let mut fields = output.fields();
    fields
        .any(|field| matches!(field.kind(), Kind::Message(message) if message.full_name() == name))
}

/// Prints an execution whenever it has changed, until it has ended.
pub(super) async fn watch(call: &Call<'_>) -> Result<Exit, Problem> {
    let name = call.request.get_field_by_name("name");
    let name = name.and_then(|name| name.as_str().map(str::to_owned));
    let mut last = None;
    let show = |execution: &v1::Execution| {
        if last.as_ref() == Some(execution) {
            return Ok(());
        }
        last = Some(execution.clone());
        match call.form {
            Form::Table => output::print(&(line(execution, Style::of_stdout()) + "\n")),
            _ => call.show_item(&execution.transcode_to_dynamic()),
        }
    };
    match follow(call, &name.unwrap_or_default(), show).await? {
        Some(ended) => Ok(exit_of(&ended)),
        None => Ok(Exit::CouldNotRun),
    }
}

/// Follows what was started to its end and shows what came of it.
pub(super) async fn wait(call: &Call<'_>, answer: &DynamicMessage) -> Result<Exit, Problem> {
    let mut ended = Vec::new();
    for started in executions(answer) {
        note(&format!("{} was started", started.name));
        let mut last = String::new();
        let show = |execution: &v1::Execution| {
            let line = line(execution, Style::of_stderr());
            if line != last {
                note(&line);
                last = line;
            }
            Ok(())
        };
        match follow(call, &started.name, show).await? {
            Some(execution) => ended.push(execution),
            None => return Ok(Exit::CouldNotRun),
        }
    }
    show_ended(call, &ended).await?;
    let exits = ended.iter().map(exit_of);
    Ok(exits.max().unwrap_or(Exit::CouldNotRun))
}

async fn show_ended(call: &Call<'_>, ended: &[v1::Execution]) -> Result<(), Problem> {
    let form = match call.form {
        Form::Json => Format::Json,
        Form::Yaml => Format::Yaml,
        Form::Name => {
            return ended
                .iter()
                .try_for_each(|one| output::print(&format!("{}\n", one.name)));
        }
        Form::Table => {
            for execution in ended {
                output::print(&tree(&results_of(call, &execution.name).await?))?;
            }
            return Ok(());
        }
    };
    match ended {
        [only] => output::print_message(only, form),
        all => {
            let all = all.iter().map(etude::json::to_value).collect();
            output::print_value(&Value::Array(all), form)
        }
    }
}

/// The executions in the answer of a method that starts some.
fn executions(answer: &DynamicMessage) -> Vec<v1::Execution> {
    let mut all = Vec::new();
    for (_, value) in answer.fields() {
        let Some(message) = value.as_message() else {
            continue;
        };
        if let Ok(one) = message.transcode_to::<v1::Execution>()
            && message.descriptor().full_name() == EXECUTION
        {
            all.push(one);
        } else if let Ok(plan) = message.transcode_to::<v1::PlanExecution>() {
            all.extend(plan.executions);
        }
    }
    all
}

/// Tells each state of an execution until it has ended. `None`: the user left before.
async fn follow(
    call: &Call<'_>,
    name: &str,
    mut tell: impl FnMut(&v1::Execution) -> Result<(), Problem>,
) -> Result<Option<v1::Execution>, Problem> {
    let mut interrupt = Interrupt::listen()?;
    tokio::select! {
        ended = to_its_end(call, name, &mut tell) => ended.map(Some),
        () = interrupt.wait() => {
            note(&format!(
                "{name} goes on; `etude executions watch {name}` follows it again, `etude \
                 executions cancel {name}` ends it"
            ));
            Ok(None)
        }
    }
}

async fn to_its_end(
    call: &Call<'_>,
    name: &str,
    tell: &mut impl FnMut(&v1::Execution) -> Result<(), Problem>,
) -> Result<v1::Execution, Problem> {
    let mut attempts = 0;
    loop {
        let error = match opened(call, name).await {
            Ok(mut states) => loop {
                match states.next().await {
                    Some(Ok(answer)) => {
                        attempts = 0;
                        let execution = answer.execution.unwrap_or_default();
                        tell(&execution)?;
                        if has_ended(&execution) {
                            return Ok(execution);
                        }
                    }
                    Some(Err(status)) => break etude::Error::from(status),
                    None => break Status::unavailable("the stream has ended early").into(),
                }
            },
            Err(status) => status.into(),
        };
        attempts += 1;
        if !error.is_transient() {
            return Err(error.into());
        }
        if attempts > ATTEMPTS {
            return Err(Problem::from(error).with_detail(format!(
                "what has become of {name} is not known; `etude executions watch {name}` tells when the \
                 server is back"
            )));
        }
        if attempts == 1 {
            note(&format!("{}; trying again", error.message()));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn opened(
    call: &Call<'_>,
    name: &str,
) -> Result<tonic::Streaming<v1::WatchExecutionResponse>, Status> {
    let name = name.to_owned();
    let mut request = Request::new(v1::WatchExecutionRequest { name });
    *request.metadata_mut() = call.metadata.clone();
    let mut service = ExecutionServiceClient::new(call.client.channel());
    Ok(service.watch_execution(request).await?.into_inner())
}

async fn results_of(
    call: &Call<'_>,
    name: &str,
) -> Result<v1::GetExecutionResultsResponse, Problem> {
    let name = name.to_owned();
    let mut request = Request::new(v1::GetExecutionResultsRequest { name });
    *request.metadata_mut() = call.metadata.clone();
    let mut service =
        ExecutionServiceClient::new(call.client.channel()).max_decoding_message_size(usize::MAX);
    let answer = service.get_execution_results(request).await;
    Ok(answer.map_err(etude::Error::from)?.into_inner())
}

fn has_ended(execution: &v1::Execution) -> bool {
    use ExecutionState::{Cancelled, Failed, Finished};
    matches!(execution.state(), Finished | Cancelled | Failed)
}

/// As `etude run` ends: a cancelled execution says nothing of the tests.
fn exit_of(execution: &v1::Execution) -> Exit {
    match (execution.state(), execution.outcome()) {
        (ExecutionState::Finished, Outcome::Pass) => Exit::Passed,
        (ExecutionState::Finished, _) => Exit::Failed,
        _ => Exit::CouldNotRun,
    }
}

/// An execution as it is now, on a line.
fn line(execution: &v1::Execution, style: Style) -> String {
    let state = execution.state().as_str_name();
    let state = state.trim_start_matches("EXECUTION_STATE_").to_lowercase();
    let mut text = format!("{}  {state}", execution.name);
    if !has_ended(execution) {
        text += &format!("  {:.0} %", execution.progress * 100.0);
    }
    if execution.outcome() != Outcome::Unspecified {
        text += &format!(
            "  {}",
            coloured(execution.outcome(), execution.outcome().word(), style)
        );
    }
    let counts = execution.statistics.unwrap_or_default();
    if counts.total > 0 {
        text += &format!("  {} of {} passed", counts.passed, counts.total);
    }
    let others = [
        (counts.failed, "failed"),
        (counts.errors, "with errors"),
        (counts.skipped, "skipped"),
        (counts.not_reached, "not reached"),
    ];
    for (count, word) in others.into_iter().filter(|(count, _)| *count > 0) {
        text += &format!(", {count} {word}");
    }
    text
}

/// The results of an execution as a tree, in the order of its journeys.
pub(super) fn results(answer: &DynamicMessage) -> Result<String, Problem> {
    let results = answer.transcode_to();
    let results = results.map_err(|error| {
        Problem::could_not_run(format!("the answer is not one of results: {error}"))
    })?;
    Ok(tree(&results))
}

fn tree(results: &v1::GetExecutionResultsResponse) -> String {
    let style = Style::of_stdout();
    let mut out = String::new();
    for journey in &results.journeys {
        let title = style.bold(&one_line(&journey.display_name));
        let name = style.dim(&journey.journey);
        let took = style.dim(&took(journey.duration));
        let run = match journey.run.as_str() {
            "" => String::new(),
            run => style.dim(&format!("  {run}")),
        };
        let mark = mark(journey.outcome(), style);
        out += &format!("{mark} {title}{took}  {name}{run}\n");
        match journey.rows.as_slice() {
            [] => out += &of_checkpoints(&journey.checkpoints, "  ", style),
            rows => out.extend(rows.iter().map(|row| of_row(row, style))),
        }
    }
    if let Some(execution) = &results.execution {
        out += &format!("{}\n", line(execution, style));
        if let Some(failure) = &execution.failure {
            out += &format!("{}\n", plain(&failure.message));
        }
    }
    out
}

fn of_row(row: &v1::DataRowResult, style: Style) -> String {
    let (mark, took) = (mark(row.outcome(), style), style.dim(&took(row.duration)));
    let inner = of_checkpoints(&row.checkpoints, "    ", style);
    format!("  {mark} row {}{took}\n{inner}", row.row)
}

fn of_checkpoints(checkpoints: &[v1::CheckpointResult], indent: &str, style: Style) -> String {
    let mut out = String::new();
    for checkpoint in checkpoints {
        let (title, name) = (one_line(&checkpoint.display_name), &checkpoint.checkpoint);
        let mark = mark(checkpoint.outcome(), style);
        out += &format!("{indent}{mark} {title}  {}\n", style.dim(name));
        for step in &checkpoint.steps {
            let lines = of_step(step, style);
            out.extend(lines.lines().map(|line| format!("{indent}  {line}\n")));
        }
    }
    out
}

fn of_step(step: &v1::ExecutionStepResult, style: Style) -> String {
    let outcome = step.outcome();
    let mut out = format!("{} {}", mark(outcome, style), one_line(&step.text));
    out += &match outcome {
        Outcome::Pass => style.dim(&took(step.duration)),
        Outcome::Fail | Outcome::Error => {
            format!(
                "  {}{}",
                style.red(outcome.word()),
                style.dim(&took(step.duration))
            )
        }
        Outcome::Skip => style.dim("  skipped"),
        _ => style.dim("  not reached"),
    };
    out.push('\n');
    let indent = "  ";
    if !step.error.is_empty() {
        let error = plain(&step.error).replace('\n', &format!("\n{indent}"));
        out += &format!("{indent}{error}\n");
    }
    for warning in &step.warnings {
        out += &format!(
            "{indent}{} {}\n",
            style.yellow("warning:"),
            one_line(warning)
        );
    }
    let picture = [&step.screenshot, &step.screenshot_artifact];
    let picture = picture.into_iter().find(|picture| !picture.is_empty());
    if let (Outcome::Fail | Outcome::Error, Some(picture)) = (outcome, picture) {
        out += &format!("{indent}{}\n", plain(picture));
    }
    out
}

fn took(duration: Option<prost_types::Duration>) -> String {
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    let duration = duration.filter(|duration| !duration.is_zero());
    duration.map_or_else(String::new, |duration| format!("  {}", elapsed(duration)))
}

fn mark(outcome: Outcome, style: Style) -> String {
    let mark = match outcome {
        Outcome::Pass => "✓",
        Outcome::Fail | Outcome::Error => "✗",
        _ => "-",
    };
    coloured(outcome, mark, style)
}

fn coloured(outcome: Outcome, text: &str, style: Style) -> String {
    match outcome {
        Outcome::Pass => style.green(text),
        Outcome::Fail | Outcome::Error => style.red(text),
        _ => style.dim(text),
    }
}
