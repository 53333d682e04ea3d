//! What came of an execution's journeys, checkpoints and steps.

use std::collections::BTreeMap;

use etude::v1::{self, ErrorReason};
use etude_engine::Result;
use serde_json::Value;

use super::super::count;
use super::super::names::{self, name};
use super::super::time::duration;
use super::{COLLECTION, message, number, outcome};
use crate::calls;
use crate::client::Client;
use crate::codec;
use crate::model::execution::DiscoveredElement;
use crate::model::{CaseResult, Checkpoint, Journey, Selector, Step, StepResult, SuiteResult};

/// Returns the results of an execution's steps, in the order of its journeys.
///
/// # Errors
///
/// Those of [`Client::call`].
pub async fn get_execution_results(
    client: &Client,
    request: v1::GetExecutionResultsRequest,
) -> Result<v1::GetExecutionResultsResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let mut execution = client.call(calls::executions::get(id)).await?;
    let suites = execution.test_suites.take().unwrap_or_default();
    let mut results = Vec::with_capacity(suites.len());
    for (id, suite) in suites {
        let journey = match suite.title {
            Some(_) => None,
            None => journey(client, id).await?,
        };
        results.push(journey_result(id, suite, journey.unwrap_or_default()));
    }
    Ok(v1::GetExecutionResultsResponse {
        execution: Some(message(execution)),
        journeys: results,
    })
}

/// The journey as it is now: all there is to name and order results that are bare maps by id.
async fn journey(client: &Client, id: i64) -> Result<Option<Journey>> {
    match client.call(calls::journeys::get(id)).await {
        Ok(journey) => Ok(Some(journey)),
        Err(error) if error.reason == ErrorReason::PlatformNotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn journey_result(id: i64, suite: SuiteResult, journey: Journey) -> v1::JourneyResult {
    let cases = journey.cases.unwrap_or_default();
    let rows = suite.data_rows.into_iter().map(|(row, result)| {
        let results = (result.test_cases, result.library_checkpoints);
        v1::DataRowResult {
            row: count(row),
            outcome: outcome(result.outcome.as_deref()).into(),
            duration: Some(duration(result.total_duration)),
            checkpoints: in_order(results, &cases),
        }
    });
    v1::JourneyResult {
        journey: name("journeys", id),
        display_name: suite.title.unwrap_or(journey.title),
        outcome: outcome(suite.outcome.as_deref()).into(),
        duration: Some(duration(suite.total_duration)),
        rows: rows.collect(),
        run: suite.run.unwrap_or_default(),
        checkpoints: in_order((suite.test_cases, suite.library_checkpoints), &cases),
    }
}

/// Results of checkpoints, and of those of the library, by their ids.
type Results = (BTreeMap<i64, CaseResult>, BTreeMap<i64, CaseResult>);

/// The results of checkpoints in their order: as the platform tells it, else in the journey; those
/// that are in the journey no more come last.
fn in_order((own, library): Results, cases: &[Checkpoint]) -> Vec<v1::CheckpointResult> {
    let results = own.into_iter().chain(library);
    let mut placed: Vec<_> = results
        .map(|(id, result)| {
            let index = cases.iter().position(|case| is_of(case, id, &result));
            let place = result.position.or(index.map(|index| index as i64));
            (place.unwrap_or(i64::MAX), id, result, index)
        })
        .collect();
    placed.sort_by_key(|(place, ..)| *place);
    placed
        .into_iter()
        .map(|(_, id, result, index)| checkpoint_result(id, result, index.map(|at| &cases[at])))
        .collect()
}

/// Whether a result is the checkpoint's. One of the library has ids of its own, and another where it is
/// attached.
fn is_of(case: &Checkpoint, id: i64, result: &CaseResult) -> bool {
    let of_library = result.library_checkpoint && case.library_checkpoint_id == Some(id);
    of_library || case.id == id
}

fn checkpoint_result(
    id: i64,
    result: CaseResult,
    case: Option<&Checkpoint>,
) -> v1::CheckpointResult {
    let collection = match result.library_checkpoint {
        true => "libraryCheckpoints",
        false => "checkpoints",
    };
    let known: BTreeMap<i64, &Step> = case
        .map(|case| case.steps.iter().map(|step| (step.id, step)).collect())
        .unwrap_or_default();
    // Results rise by the order in which they were made.
    let mut ordered: Vec<_> = result.test_steps.into_iter().collect();
    ordered.sort_by_key(|(_, step)| step.id);
    let steps = ordered
        .into_iter()
        .map(|(id, step)| step_result(id, step, known.get(&id).copied()));
    let now = || case.map(|case| case.title.clone());
    v1::CheckpointResult {
        checkpoint: name(collection, id),
        display_name: result.title.or_else(now).unwrap_or_default(),
        outcome: outcome(result.outcome.as_deref()).into(),
        duration: Some(duration(result.total_duration)),
        steps: steps.collect(),
    }
}

fn step_result(id: i64, result: StepResult, step: Option<&Step>) -> v1::ExecutionStepResult {
    let effects = &result.side_effects;
    let found = effects.get("discoveredElement").cloned();
    let found: DiscoveredElement = found
        .and_then(|found| serde_json::from_value(found).ok())
        .unwrap_or_default();
    let failed = found.failed_selectors.unwrap_or_default();
    let output = result.output.unwrap_or_default();
    let error = [output.message, output.exception].into_iter().flatten();
    v1::ExecutionStepResult {
        step: name("steps", id),
        text: result
            .text
            .or_else(|| step.map(codec::in_words))
            .unwrap_or_default(),
        outcome: outcome(result.outcome.as_deref()).into(),
        duration: Some(duration(result.duration)),
        error: error.collect::<Vec<_>>().join(": "),
        before_screenshot: result.before_screenshot_full_path.unwrap_or_default(),
        screenshot: result.screenshot_full_path.unwrap_or_default(),
        events_file: result.events_file.unwrap_or_default(),
        before_screenshot_artifact: result.before_screenshot_artifact.unwrap_or_default(),
        screenshot_artifact: result.screenshot_artifact.unwrap_or_default(),
        warnings: texts(effects.get("warnings")),
        used_data: pairs(effects.get("usedData")),
        selector: found.selector.as_ref().map_or_else(String::new, selector),
        failed_selectors: failed.iter().map(selector).collect(),
        guessed: found.guessed,
        similarity: number(found.similarity.as_ref()),
    }
}

fn selector(selector: &Selector) -> String {
    format!("{} {}", selector.kind, selector.value)
}

pub(crate) fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).map_or(&[][..], |list| list);
    list.iter().map(shown).collect()
}

pub(crate) fn pairs(value: Option<&Value>) -> BTreeMap<String, String> {
    let Some(fields) = value.and_then(Value::as_object) else {
        return BTreeMap::new();
    };
    let fields = fields.iter();
    fields
        .map(|(name, value)| (name.clone(), shown(value)))
        .collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The results of a journey that has been changed since: `Second` stands before `First`, and a
    /// checkpoint and a step of the first are gone.
    fn shown(told: serde_json::Value) -> v1::JourneyResult {
        let step = |result: i64| json!({"id": result, "outcome": "PASS"});
        let mut suite = json!({
            "outcome": "PASS",
            "testCases": {
                "5": {"outcome": "PASS", "testSteps": {"51": step(101)}},
                "7": {"outcome": "PASS", "testSteps": {"72": step(103), "71": step(104)}},
                "9": {"outcome": "FAIL", "testSteps": {}},
            },
            "libraryCheckpoints": {
                "5": {"outcome": "PASS", "libraryCheckpoint": true, "testSteps": {"55": step(102)}},
            },
        });
        for (pointer, value) in told.as_object().unwrap() {
            let (place, field) = pointer.rsplit_once('/').unwrap();
            suite.pointer_mut(place).unwrap()[field] = value.clone();
        }
        let navigate = |id: i64, url: &str| json!({"id": id, "action": "NAVIGATE", "value": url, "meta": {"type": "URL"}});
        let journey = json!({"id": 3, "title": "Now", "cases": [
            {"id": 7, "title": "Second", "steps": [navigate(71, "https://now.test"),
                                                   {"id": 72, "action": "NOBODY_KNOWS"}]},
            {"id": 8, "title": "Shared", "libraryCheckpointId": 5, "steps": []},
            {"id": 5, "title": "First", "steps": []},
        ]});
        let suite = serde_json::from_value(suite).unwrap();
        journey_result(3, suite, serde_json::from_value(journey).unwrap())
    }

    fn checkpoints(result: &v1::JourneyResult) -> Vec<(&str, &str)> {
        let names = result.checkpoints.iter();
        let names = names.map(|one| (one.checkpoint.as_str(), one.display_name.as_str()));
        names.collect()
    }

    #[test]
    fn what_the_platform_does_not_tell_is_of_the_journey_as_it_is_now() {
        let result = shown(json!({}));
        assert_eq!(result.display_name, "Now");
        assert_eq!(
            checkpoints(&result),
            [
                ("checkpoints/7", "Second"),
                ("libraryCheckpoints/5", "Shared"),
                ("checkpoints/5", "First"),
                ("checkpoints/9", ""),
            ]
        );
        let steps = result.checkpoints[0].steps.iter();
        let texts: Vec<_> = steps.map(|step| step.text.as_str()).collect();
        assert_eq!(texts, ["NOBODY_KNOWS", "navigate to \"https://now.test\""]);
        assert_eq!(result.checkpoints[2].steps[0].text, "", "it is gone");
    }

    #[test]
    fn what_the_platform_tells_of_that_time_counts() {
        let result = shown(json!({
            "/title": "Then",
            "/testCases/5/title": "One", "/testCases/5/position": 1,
            "/libraryCheckpoints/5/title": "Two", "/libraryCheckpoints/5/position": 2,
            "/testCases/7/title": "Three", "/testCases/7/position": 3,
            "/testCases/9/title": "Four", "/testCases/9/position": 4,
            "/testCases/7/testSteps/71/text": "click on \"Then\"",
        }));
        assert_eq!(result.display_name, "Then");
        let titles: Vec<_> = checkpoints(&result)
            .iter()
            .map(|(_, title)| *title)
            .collect();
        assert_eq!(titles, ["One", "Two", "Three", "Four"]);
        assert_eq!(result.checkpoints[2].steps[1].text, "click on \"Then\"");
    }
}
