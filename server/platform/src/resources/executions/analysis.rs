//! What can be counted of an execution.

use etude::v1::{self, Outcome};
use etude_engine::Result;

use super::super::time::duration;
use super::get_execution_results;
use crate::client::Client;

/// Counts what came of an execution's steps, and lists those that failed.
///
/// # Errors
///
/// Those of [`Client::call`].
pub async fn analyze_execution(
    client: &Client,
    request: v1::AnalyzeExecutionRequest,
) -> Result<v1::AnalyzeExecutionResponse> {
    let request = v1::GetExecutionResultsRequest { name: request.name };
    let results = get_execution_results(client, request).await?;
    Ok(v1::AnalyzeExecutionResponse {
        analysis: Some(analysis(results)),
    })
}

fn analysis(results: v1::GetExecutionResultsResponse) -> v1::ExecutionAnalysis {
    let steps = || {
        let checkpoints = results.journeys.iter().flat_map(checkpoints);
        checkpoints.flat_map(|(_, one)| &one.steps)
    };
    let executed = steps().filter(|step| {
        let outcome = step.outcome();
        matches!(outcome, Outcome::Pass | Outcome::Fail | Outcome::Error)
    });
    let times: Vec<i64> = executed.map(millis).collect();
    let average = times.iter().sum::<i64>().checked_div(times.len() as i64);
    v1::ExecutionAnalysis {
        step_counts: Some(counts(steps())),
        failures: failures(&results.journeys),
        average_step_duration: average.map(duration),
        slowest_step_duration: times.iter().max().copied().map(duration),
        fastest_step_duration: times.iter().min().copied().map(duration),
        execution: results.execution,
    }
}

fn counts<'a>(steps: impl Iterator<Item = &'a v1::ExecutionStepResult>) -> v1::ExecutionStatistics {
    let mut counts = v1::ExecutionStatistics::default();
    for step in steps {
        counts.total += 1;
        match step.outcome() {
            Outcome::Pass => counts.passed += 1,
            Outcome::Fail => counts.failed += 1,
            Outcome::Error => counts.errors += 1,
            Outcome::Skip => counts.skipped += 1,
            Outcome::NotReached => counts.not_reached += 1,
            Outcome::Unspecified => counts.running += 1,
        }
    }
    counts
}

/// The checkpoints of a journey, in each row of its data, with the row's number.
fn checkpoints(journey: &v1::JourneyResult) -> Vec<(i32, &v1::CheckpointResult)> {
    let rows = journey.rows.iter();
    match journey.rows.is_empty() {
        true => journey.checkpoints.iter().map(|one| (0, one)).collect(),
        false => rows
            .flat_map(|row| row.checkpoints.iter().map(|one| (row.row, one)))
            .collect(),
    }
}

fn failures(journeys: &[v1::JourneyResult]) -> Vec<v1::ExecutionFailure> {
    let mut failures = Vec::new();
    for journey in journeys {
        for (row, checkpoint) in checkpoints(journey) {
            let failed = checkpoint
                .steps
                .iter()
                .filter(|step| matches!(step.outcome(), Outcome::Fail | Outcome::Error));
            failures.extend(failed.map(|step| v1::ExecutionFailure {
                journey: journey.journey.clone(),
                journey_display_name: journey.display_name.clone(),
                checkpoint: checkpoint.checkpoint.clone(),
                checkpoint_display_name: checkpoint.display_name.clone(),
                result: Some(step.clone()),
                row,
            }));
        }
    }
    failures
}

fn millis(step: &v1::ExecutionStepResult) -> i64 {
    let span = step.duration.unwrap_or_default();
    span.seconds * 1000 + i64::from(span.nanos) / 1_000_000
}
