//! Executions, which the wire also calls jobs.
//!
//! Each journey of an execution is a run of the engine, with its data rows as the run's. An
//! execution keeps only what was asked for: what has come of it is read from its runs, so that it
//! survives whatever they survive.

mod analysis;
mod compile;
mod extensions;
mod files;
mod kept;
mod lists;
mod loops;
mod progress;
mod start;
mod tree;

use axum::extract::State;
use serde_json::{Value, json};

use self::kept::{KeptExecution, Start};
use self::tree::Whole;
use super::Local;
use super::answer::{Answer, Problem, Reply};
use super::entity::{Entity, view};
use super::people::rfc3339;
use super::request::{Base, Ids};
use crate::model::{Execution, SuiteResult};

pub(super) use self::analysis::analyze;
pub(super) use self::files::{events, screenshot};
pub(super) use self::lists::{
    execution_journeys, last_executions, latest_status, of_project, step_of_library, step_of_suite,
};
pub(super) use self::progress::Progresses;
pub(super) use self::start::{
    Request, Scope, begin_all, execute_goal, execute_journey, execute_snapshot, rerun_failures,
};

/// An execution with what has come of it.
async fn whole(local: &Local, id: i64, base: &Base) -> Result<Whole, Problem> {
    let kept = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { tx.get::<KeptExecution>(id).await })
    })
    .await?;
    of_kept(local, kept, base).await
}

async fn of_kept(local: &Local, kept: KeptExecution, base: &Base) -> Result<Whole, Problem> {
    let engine = local.engine()?;
    let mut progress = Vec::with_capacity(kept.suites.len());
    for suite in &kept.suites {
        progress.push(engine.progress.of(&*engine.store, suite).await?);
    }
    let files = base.0.as_ref().map(|base| format!("{base}/files"));
    Ok(Whole {
        kept,
        progress,
        files,
    })
}

/// The status as it is answered.
fn answer_status(whole: Whole) -> Reply {
    Ok(Answer::item(whole.status())?.for_reference_cli(move || for_reference_cli(&whole)))
}

/// GET /executions/{id}/status, also GET /jobs/{id}/status
pub(super) async fn status(State(local): State<Local>, Ids([id]): Ids<1>, base: Base) -> Reply {
    answer_status(whole(&local, id, &base).await?)
}

/// GET /executions/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>, base: Base) -> Reply {
    let whole = whole(&local, id, &base).await?;
    Ok(Answer::item(whole.full())?.for_reference_cli(move || for_reference_cli(&whole)))
}

/// POST /executions/{id}/cancel, which is ours: no public path of the platform is known.
pub(super) async fn cancel(State(local): State<Local>, Ids([id]): Ids<1>, base: Base) -> Reply {
    let before = whole(&local, id, &base).await?;
    let runs = &local.engine()?.runs;
    for suite in &before.kept.suites {
        if let Start::Run(name) = &suite.run {
            runs.cancel(name).await?;
        }
    }
    answer_status(of_kept(&local, before.kept, &base).await?)
}

/// Several executions: each with its status, and the status and outcome of all together.
pub(super) async fn together(
    local: &Local,
    ids: &[i64],
    base: &Base,
) -> Result<(Vec<Execution>, &'static str, &'static str), Problem> {
    let mut all = Vec::new();
    let mut states = Vec::new();
    for id in ids {
        let whole = whole(local, *id, base).await?;
        states.push(whole.state());
        all.push(whole.status());
    }
    let outcomes = all.iter().filter_map(|job| job.outcome.as_deref());
    let outcome = progress::worst(outcomes);
    Ok((all, tree::word(tree::together(states.into_iter())), outcome))
}

/// The execution as the reference CLI reads it: its id in quotes, its times as RFC 3339, its
/// progress an object, and the ends by the names that it waits for.
fn for_reference_cli(whole: &Whole) -> Value {
    let status = whole.status();
    let full = whole.full();
    let suites = full.test_suites.unwrap_or_default();
    let cases = suites.values().flat_map(SuiteResult::cases);
    let steps: Vec<_> = cases.flat_map(|case| case.test_steps.values()).collect();
    let with = |words: &[&str]| {
        let fits = |outcome: &Option<String>| {
            outcome
                .as_deref()
                .is_some_and(|outcome| words.contains(&outcome))
        };
        steps.iter().filter(|step| fits(&step.outcome)).count()
    };
    let total: usize = whole.kept.suites.iter().map(kept::KeptSuite::results).sum();
    let counts = &status.journey_statistics.count_per_outcome;
    let passed = with(&["PASS"]);
    let percent = |part: usize, all: usize| part as f64 * 100.0 / all.max(1) as f64;
    let word = match status.status.as_str() {
        "FINISHED" if status.outcome.as_deref() == Some("PASS") => "COMPLETED",
        "FINISHED" | "FAILED" => "FAILED",
        "CANCELED" => "CANCELLED",
        other => other,
    };
    let mut value = json!({
        "id": whole.kept.id().to_string(), "status": word,
        "startTime": rfc3339(status.start_date.unwrap_or(whole.kept.submitted)),
        "progress": {
            "completedSteps": steps.len(), "totalSteps": total,
            "completedJourneys": status.total_test_executions - counts.running,
            "totalJourneys": status.total_test_executions,
            "successRate": percent(passed, steps.len()),
            "failedSteps": with(&["FAIL", "ERROR"]),
            "percentComplete": percent(steps.len(), total),
        },
    });
    if let Some(end) = status.end_date.and_then(rfc3339) {
        value["endTime"] = end.into();
    }
    value
}
