//! `ExecutionService`.

mod analysis;
mod results;

use std::time::Duration;

use etude::v1::{self, ErrorReason, ExecutionState, Outcome};
use etude_engine::{Error, Result};
use futures::{Stream, stream};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

pub use self::analysis::analyze_execution;
pub use self::results::get_execution_results;
pub(crate) use self::results::{pairs, texts};
use super::count;
use super::names::{self, name, optional, snapshot};
use super::page::page;
use super::time::timestamp;

use crate::calls;
use crate::calls::executions::Start;
use crate::client::{Client, Looks};
use crate::model::{Execution, Statistics};

const COLLECTION: &str = "executions";

/// The longest that a watcher hears nothing.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Starts an execution.
///
/// # Errors
///
/// Those of [`Client::call`], as all functions here.
pub async fn create_execution(
    client: &Client,
    request: v1::CreateExecutionRequest,
) -> Result<v1::CreateExecutionResponse> {
    let goal = names::id("goal", "goals", &request.goal)?;
    let mut chosen = Vec::with_capacity(request.journeys.len());
    for (index, journey) in request.journeys.iter().enumerate() {
        chosen.push(names::id(
            &format!("journeys[{index}]"),
            "journeys",
            journey,
        )?);
    }
    let start = Start {
        goal,
        snapshot: names::snapshot_id("snapshot", goal, &request.snapshot)?,
        journeys: chosen,
        tags: request.tags,
        initial_data: request.initial_data,
        http_headers: request.http_headers,
        starting_url: request.starting_url,
        environment: names::optional_id("environment", "environments", &request.environment)?,
        max_parallel: request.max_parallel,
    };
    let started = client.call(calls::executions::start(&start)).await?;
    Ok(v1::CreateExecutionResponse {
        execution: Some(status(client, started.id).await?),
    })
}

/// Returns an execution without its results.
pub async fn get_execution(
    client: &Client,
    request: v1::GetExecutionRequest,
) -> Result<v1::GetExecutionResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    Ok(v1::GetExecutionResponse {
        execution: Some(status(client, id).await?),
    })
}

/// Lists the executions of a project, newest first.
pub async fn list_executions(
    client: &Client,
    request: v1::ListExecutionsRequest,
) -> Result<v1::ListExecutionsResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let jobs = client.call(calls::executions::list(project)).await?;
    let mut all = Vec::with_capacity(jobs.len());
    for (key, job) in jobs {
        let mut job: Execution = serde_json::from_value(job)
            .map_err(|error| client.incomplete(&format!("what it should have: {error}")))?;
        if job.id == 0 {
            job.id = key.parse().unwrap_or_default();
        }
        all.push(job);
    }
    all.sort_by_key(|job| std::cmp::Reverse(job.id));
    let list = [client.name(), COLLECTION, &request.project];
    let (size, token) = (request.page_size, &request.page_token);
    let page = page(&list, all, |job| job.id, size, token)?;
    Ok(v1::ListExecutionsResponse {
        executions: page.items.into_iter().map(message).collect(),
        next_page_token: page.next,
    })
}

/// Streams an execution whenever it has changed, until it has ended.
pub async fn watch_execution(
    client: &Client,
    request: v1::WatchExecutionRequest,
) -> Result<impl Stream<Item = Result<v1::WatchExecutionResponse>> + Send + use<>> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let looks = client.looks();
    let first = status(client, id).await?;
    let watch = Watch {
        client: client.clone(),
        looks,
        id,
        next: Next::Tell(Box::new(first)),
    };
    Ok(stream::try_unfold(watch, Watch::step))
}

/// A watcher's place in an execution.
struct Watch {
    client: Client,
    looks: Looks,
    id: i64,
    next: Next,
}

/// What a watcher hears next.
enum Next {
    /// This state.
    Tell(Box<v1::Execution>),
    /// The one after this.
    After(Box<v1::Execution>),
    /// Nothing: it has ended.
    End,
}

impl Watch {
    async fn step(mut self) -> Result<Option<(v1::WatchExecutionResponse, Self)>> {
        let now = match self.next {
            Next::End => return Ok(None),
            Next::Tell(first) => *first,
            Next::After(last) => later(&self.client, &mut self.looks, self.id, *last).await?,
        };
        self.next = match is_end(now.state()) {
            true => Next::End,
            false => Next::After(Box::new(now.clone())),
        };
        let response = v1::WatchExecutionResponse {
            execution: Some(now),
        };
        Ok(Some((response, self)))
    }
}

/// An execution once it has changed, or as it was when it has not for a while.
async fn later(
    client: &Client,
    looks: &mut Looks,
    id: i64,
    last: v1::Execution,
) -> Result<v1::Execution> {
    let beat = Instant::now() + HEARTBEAT;
    loop {
        if timeout_at(beat, looks.due()).await.is_err() {
            return Ok(last);
        }
        let now = status(client, id).await?;
        if now != last {
            return Ok(now);
        }
    }
}

/// Ends an execution early.
pub async fn cancel_execution(
    client: &Client,
    request: v1::CancelExecutionRequest,
) -> Result<v1::CancelExecutionResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    if !client.is_local() {
        let message = "the Virtuoso cloud has no method that ends an execution; stop it in its \
                       user interface";
        return Err(Error::new(ErrorReason::NotImplemented, message));
    }
    client.call(calls::executions::cancel(id)).await?;
    Ok(v1::CancelExecutionResponse {
        execution: Some(status(client, id).await?),
    })
}

/// Starts an execution of the journeys that did not pass in another one.
pub async fn rerun_failures(
    client: &Client,
    request: v1::RerunFailuresRequest,
) -> Result<v1::RerunFailuresResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let earlier = client.call(calls::executions::get(id)).await?;
    if !is_end(state(&earlier.status)) {
        let message = format!("{} has not ended; wait until it has", request.name);
        return Err(Error::new(ErrorReason::RunNotFinished, message));
    }
    let suites = earlier.test_suites.unwrap_or_default();
    let failed = suites.iter().filter(|(_, suite)| {
        let outcome = outcome(suite.outcome.as_deref());
        !matches!(outcome, Outcome::Pass | Outcome::Skip)
    });
    let failed: Vec<i64> = failed.map(|(id, _)| *id).collect();
    let goal = earlier.goal_id.unwrap_or_default();
    if failed.is_empty() || goal == 0 {
        let message = format!(
            "all journeys of {} passed; there is nothing to repeat",
            request.name
        );
        return Err(Error::new(ErrorReason::PlatformRefused, message));
    }
    let call = match client.is_local() {
        true => calls::executions::rerun(id),
        false => calls::executions::start(&Start {
            goal,
            snapshot: earlier.snapshot_id,
            environment: earlier.environment_id,
            journeys: failed,
            ..Start::default()
        }),
    };
    let started = client.call(call).await?;
    Ok(v1::RerunFailuresResponse {
        execution: Some(status(client, started.id).await?),
    })
}

// === Messages ===

/// An execution as it is now, without its results.
pub(super) async fn status(client: &Client, id: i64) -> Result<v1::Execution> {
    let execution = client.call(calls::executions::status(id)).await?;
    Ok(message(Execution { id, ..execution }))
}

fn message(execution: Execution) -> v1::Execution {
    let goal = execution.goal_id.unwrap_or_default();
    let state = state(&execution.status);
    let outcome = match is_end(state) {
        true => outcome(execution.outcome.as_deref()),
        false => Outcome::Unspecified,
    };
    v1::Execution {
        name: name(COLLECTION, execution.id),
        goal: optional("goals", execution.goal_id),
        snapshot: snapshot(goal, execution.snapshot_id),
        environment: optional("environments", execution.environment_id),
        state: state.into(),
        outcome: outcome.into(),
        progress: number(execution.progress.as_ref()),
        create_time: timestamp(execution.submit_date),
        start_time: timestamp(execution.start_date),
        end_time: timestamp(execution.end_date),
        statistics: Some(statistics(&execution)),
        platform_state: execution.status,
        tags: execution.tags,
        failure: execution.output.map(|output| v1::Failure {
            reason: output.exception.unwrap_or_default(),
            message: output.message.unwrap_or_default(),
            ..v1::Failure::default()
        }),
    }
}

fn statistics(execution: &Execution) -> v1::ExecutionStatistics {
    let Statistics {
        count_per_outcome: counts,
        total_count,
        ..
    } = &execution.journey_statistics;
    // A list of executions has no statistics of journeys, only the counts beside them.
    if *total_count == 0 {
        return v1::ExecutionStatistics {
            total: count(execution.total_test_executions),
            passed: count(execution.successful_test_executions),
            failed: count(execution.failed_test_executions),
            skipped: count(execution.skipped_test_executions),
            not_reached: count(execution.not_reached_test_executions),
            ..v1::ExecutionStatistics::default()
        };
    }
    v1::ExecutionStatistics {
        total: count(*total_count),
        passed: count(counts.pass),
        failed: count(counts.fail),
        errors: count(counts.error),
        skipped: count(counts.skip),
        not_reached: count(counts.not_reached),
        running: count(counts.running),
    }
}

/// What an execution is doing; a word that nobody knows means that it goes on.
fn state(word: &str) -> ExecutionState {
    match word {
        "FINISHED" => ExecutionState::Finished,
        "CANCELED" | "CANCELLED" => ExecutionState::Cancelled,
        "FAILED" => ExecutionState::Failed,
        "QUEUED" => ExecutionState::Queued,
        _ => ExecutionState::Running,
    }
}

fn is_end(state: ExecutionState) -> bool {
    matches!(
        state,
        ExecutionState::Finished | ExecutionState::Cancelled | ExecutionState::Failed
    )
}

/// The platform's word for an outcome.
pub(crate) fn outcome(word: Option<&str>) -> Outcome {
    match word {
        Some("PASS") => Outcome::Pass,
        Some("FAIL") => Outcome::Fail,
        Some("ERROR") => Outcome::Error,
        Some("SKIP") => Outcome::Skip,
        Some("NOT_REACHED") => Outcome::NotReached,
        _ => Outcome::Unspecified,
    }
}

fn number(value: Option<&Value>) -> f64 {
    let number = value.and_then(Value::as_f64);
    number.unwrap_or_default()
}
