//! What an execution's failures are, in figures. There is no language model here.

use axum::extract::State;
use serde_json::{Value, json};

use super::tree::Whole;
use crate::local::Local;
use crate::local::answer::{Answer, Reply};
use crate::local::entity::Entity as _;
use crate::local::people::rfc3339;
use crate::local::request::{Base, Ids};
use crate::model::{CaseResult, StepResult, SuiteResult};

/// GET /executions/analysis/{id}
pub(in crate::local) async fn analyze(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    base: Base,
) -> Reply {
    let whole = super::whole(&local, id, &base).await?;
    Answer::item(analysis(&whole))
}

fn analysis(whole: &Whole) -> Value {
    let full = whole.full();
    let suites = full.test_suites.unwrap_or_default();
    let mut failures = Vec::new();
    let mut durations = Vec::new();
    let (mut passed, mut skipped) = (0_u32, 0_u32);
    for (suite, case, step) in suites.values().flat_map(steps) {
        match step.outcome.as_deref() {
            Some("PASS") => passed += 1,
            Some("FAIL" | "ERROR") => failures.push(failure(whole, suite, case, step)),
            _ => skipped += 1,
        }
        durations.push(step.duration);
    }
    let statistics = &full.journey_statistics;
    let counts = &statistics.count_per_outcome;
    let total = durations.len();
    let average = durations.iter().sum::<i64>() as f64 / total.max(1) as f64;
    json!({
        "executionId": whole.kept.id().to_string(),
        "summary": {
            "totalSteps": total, "passedSteps": passed, "failedSteps": failures.len(),
            "skippedSteps": skipped,
            "successRate": f64::from(passed) * 100.0 / total.max(1) as f64,
            "duration": format!("{} ms", full.duration.unwrap_or_default()),
            "totalJourneys": statistics.total_count, "passedJourneys": counts.pass,
            "failedJourneys": counts.fail + counts.error,
        },
        "failures": failures,
        "performance": {
            "averageStepTime": average,
            "slowestStepTime": durations.iter().max().copied().unwrap_or_default() as f64,
            "fastestStepTime": durations.iter().min().copied().unwrap_or_default() as f64,
        },
    })
}

fn steps(suite: &SuiteResult) -> impl Iterator<Item = (&SuiteResult, &CaseResult, &StepResult)> {
    suite.cases().into_iter().flat_map(move |case| {
        case.test_steps
            .values()
            .map(move |step| (suite, case, step))
    })
}

fn failure(whole: &Whole, suite: &SuiteResult, case: &CaseResult, step: &StepResult) -> Value {
    let kept = whole
        .kept
        .suites
        .iter()
        .find(|kept| kept.id == suite.test_suite_id);
    let steps = kept
        .into_iter()
        .flat_map(|kept| &kept.cases)
        .flat_map(|case| &case.steps);
    let action = steps
        .into_iter()
        .find(|known| known.id == step.test_step_id);
    json!({
        "stepId": step.test_step_id.to_string(),
        "journeyName": kept.map(|kept| kept.title.as_str()),
        "checkpointId": case.test_case_id.to_string(),
        "action": action.map(|step| step.action.as_str()),
        "error": step.output.as_ref().and_then(|output| output.message.as_deref()),
        "screenshot": step.screenshot_full_path,
        "timestamp": rfc3339(suite.tracking.processed_date.unwrap_or(whole.kept.submitted)),
    })
}
