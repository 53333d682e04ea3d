//! Executions, which the wire also calls jobs, and their results.
//!
//! Results are maps by id, so their order is lost: take it from the journey, or sort the results
//! of steps by [`StepResult::id`], which rises as they are executed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::step::{Selector, Target};
use super::{Object, loose};

/// An execution of a goal's snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Execution {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// `EXECUTION`.
    #[serde(rename = "type", deserialize_with = "loose::text")]
    pub kind: String,
    /// What started it, such as `INTERNAL_API`.
    #[serde(deserialize_with = "loose::text")]
    pub trigger_type: String,
    /// The snapshot that is executed.
    #[serde(deserialize_with = "loose::some_id")]
    pub snapshot_id: Option<i64>,
    /// Its goal.
    #[serde(deserialize_with = "loose::some_id")]
    pub goal_id: Option<i64>,
    /// The environment it has.
    #[serde(deserialize_with = "loose::some_id")]
    pub environment_id: Option<i64>,
    /// When it was asked for, in milliseconds since 1970, as all dates are.
    #[serde(deserialize_with = "loose::some_id")]
    pub submit_date: Option<i64>,
    /// When it began.
    #[serde(deserialize_with = "loose::some_id")]
    pub start_date: Option<i64>,
    /// When it ended.
    #[serde(deserialize_with = "loose::some_id")]
    pub end_date: Option<i64>,
    /// Milliseconds from its beginning to its end.
    #[serde(deserialize_with = "loose::some_id")]
    pub duration: Option<i64>,
    /// `FINISHED`, `CANCELED` and `FAILED` are ends; any other word means that it goes on.
    #[serde(deserialize_with = "loose::text")]
    pub status: String,
    /// `PASS`, `FAIL`, `ERROR`, `SKIP`, `NOT_REACHED` or `RUNNING`.
    #[serde(deserialize_with = "loose::some_text")]
    pub outcome: Option<String>,
    /// How much of it is done, from 0 to 1.
    pub progress: Option<Value>,
    /// The sum of its steps' durations, in milliseconds; not in a status.
    #[serde(
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub total_duration: Option<i64>,
    /// Journeys, once for each data row.
    #[serde(deserialize_with = "loose::id")]
    pub total_test_executions: i64,
    /// Those that passed.
    #[serde(deserialize_with = "loose::id")]
    pub successful_test_executions: i64,
    /// Those that failed.
    #[serde(deserialize_with = "loose::id")]
    pub failed_test_executions: i64,
    /// Those that were skipped.
    #[serde(deserialize_with = "loose::id")]
    pub skipped_test_executions: i64,
    /// Those that were not reached.
    #[serde(deserialize_with = "loose::id")]
    pub not_reached_test_executions: i64,
    /// Words it was started with.
    #[serde(deserialize_with = "loose::list")]
    pub tags: Vec<String>,
    /// The user who started it.
    #[serde(deserialize_with = "loose::some_id")]
    pub launched_by: Option<i64>,
    /// The same, in full; not in a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launched_by_user: Option<Value>,
    /// Counts of journeys.
    #[serde(deserialize_with = "loose::or_default")]
    pub journey_statistics: Statistics,
    /// What was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<ExecutionMeta>,
    /// Why the platform failed. Only the local platform tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Results by the ids of the journeys; not in a status.
    #[serde(
        deserialize_with = "some_suites",
        skip_serializing_if = "Option::is_none"
    )]
    pub test_suites: Option<BTreeMap<i64, SuiteResult>>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

fn some_suites<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<i64, SuiteResult>>, D::Error> {
    loose::by_id(deserializer).map(Some)
}

/// Counts of journeys, and what came of them together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Statistics {
    /// The sum of the steps' durations, in milliseconds; not in a status.
    #[serde(
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub total_duration: Option<i64>,
    /// How many had each outcome.
    #[serde(deserialize_with = "loose::or_default")]
    pub count_per_outcome: Counts,
    /// The worst of the outcomes.
    #[serde(deserialize_with = "loose::some_text")]
    pub outcome: Option<String>,
    /// How much is done, from 0 to 1.
    pub progress: Option<Value>,
    /// How many there are.
    #[serde(deserialize_with = "loose::id")]
    pub total_count: i64,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// Counts by outcome.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "SCREAMING_SNAKE_CASE")]
pub struct Counts {
    /// Passed.
    #[serde(deserialize_with = "loose::id")]
    pub pass: i64,
    /// An assertion was false.
    #[serde(deserialize_with = "loose::id")]
    pub fail: i64,
    /// A step could not be executed.
    #[serde(deserialize_with = "loose::id")]
    pub error: i64,
    /// Skipped.
    #[serde(deserialize_with = "loose::id")]
    pub skip: i64,
    /// Not reached.
    #[serde(deserialize_with = "loose::id")]
    pub not_reached: i64,
    /// Not at an end.
    #[serde(deserialize_with = "loose::id")]
    pub running: i64,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// What an execution was asked to do. It may hold secrets: do not show it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExecutionMeta {
    /// `EXECUTION`.
    #[serde(deserialize_with = "loose::text")]
    pub kind: String,
    /// Whether it could be started.
    #[serde(deserialize_with = "loose::or_default")]
    pub valid: bool,
    /// The journeys.
    #[serde(deserialize_with = "loose::ids")]
    pub test_suite_ids: Vec<i64>,
    /// The request.
    #[serde(deserialize_with = "loose::object")]
    pub execution_request: Object,
    /// The values of variables, by journey and data row.
    #[serde(deserialize_with = "loose::object")]
    pub initial_data_per_journey_sequence: Object,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

impl std::fmt::Debug for ExecutionMeta {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExecutionMeta")
            .field("test_suite_ids", &self.test_suite_ids)
            .finish_non_exhaustive()
    }
}

/// What came of a journey.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SuiteResult {
    /// The journey.
    #[serde(deserialize_with = "loose::id")]
    pub test_suite_id: i64,
    /// Its UUID.
    #[serde(deserialize_with = "loose::text")]
    pub test_suite_canonical_id: String,
    /// What came of it.
    #[serde(deserialize_with = "loose::some_text")]
    pub outcome: Option<String>,
    /// The sum of its steps' durations, in milliseconds.
    #[serde(deserialize_with = "loose::id")]
    pub total_duration: i64,
    /// Whether it was executed with data rows.
    #[serde(deserialize_with = "loose::or_default")]
    pub data_driven: bool,
    /// Counts of its data rows.
    #[serde(deserialize_with = "loose::or_default")]
    pub journey_statistics: Statistics,
    /// How it made its way to a browser.
    #[serde(deserialize_with = "loose::or_default")]
    pub tracking: Tracking,
    /// Results by the ids of the checkpoints.
    #[serde(deserialize_with = "loose::by_id")]
    pub test_cases: BTreeMap<i64, CaseResult>,
    /// Results by the ids of the library checkpoints.
    #[serde(deserialize_with = "loose::by_id")]
    pub library_checkpoints: BTreeMap<i64, CaseResult>,
    /// Results by the numbers of its data rows, from 1. Only the local platform tells them; the
    /// fields above are of one row.
    #[serde(
        deserialize_with = "loose::by_id",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub data_rows: BTreeMap<i64, RowResult>,
    /// Its title when it was executed. Only the local platform tells it.
    #[serde(
        deserialize_with = "loose::some_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub title: Option<String>,
    /// The run that executed it, `runs/{id}`. Only the local platform tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

impl SuiteResult {
    /// The results of its checkpoints, in each of its data rows.
    pub fn cases(&self) -> Vec<&CaseResult> {
        let own = self
            .test_cases
            .values()
            .chain(self.library_checkpoints.values());
        match self.data_rows.is_empty() {
            true => own.collect(),
            false => self.data_rows.values().flat_map(RowResult::cases).collect(),
        }
    }
}

/// What came of a journey with one row of its data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RowResult {
    /// What came of it.
    #[serde(deserialize_with = "loose::some_text")]
    pub outcome: Option<String>,
    /// The sum of its steps' durations, in milliseconds.
    #[serde(deserialize_with = "loose::id")]
    pub total_duration: i64,
    /// Results by the ids of the checkpoints.
    #[serde(deserialize_with = "loose::by_id")]
    pub test_cases: BTreeMap<i64, CaseResult>,
    /// Results by the ids of the library checkpoints.
    #[serde(deserialize_with = "loose::by_id")]
    pub library_checkpoints: BTreeMap<i64, CaseResult>,
}

impl RowResult {
    /// The results of its checkpoints.
    pub fn cases(&self) -> impl Iterator<Item = &CaseResult> {
        self.test_cases
            .values()
            .chain(self.library_checkpoints.values())
    }
}

/// How a journey made its way to a browser.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tracking {
    /// It is to be executed.
    #[serde(deserialize_with = "loose::or_default")]
    pub scheduled: bool,
    /// It has a browser.
    #[serde(deserialize_with = "loose::or_default")]
    pub dispatched: bool,
    /// It has ended.
    #[serde(deserialize_with = "loose::or_default")]
    pub processed: bool,
    /// It waits because too many are executed.
    #[serde(deserialize_with = "loose::or_default")]
    pub throttled: bool,
    /// When it was created.
    #[serde(deserialize_with = "loose::some_id")]
    pub created_date: Option<i64>,
    /// Since when it is to be executed.
    #[serde(deserialize_with = "loose::some_id")]
    pub scheduled_date: Option<i64>,
    /// Since when it has a browser.
    #[serde(deserialize_with = "loose::some_id")]
    pub dispatched_date: Option<i64>,
    /// When it ended.
    #[serde(deserialize_with = "loose::some_id")]
    pub processed_date: Option<i64>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// What came of a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CaseResult {
    /// The checkpoint.
    #[serde(deserialize_with = "loose::id")]
    pub test_case_id: i64,
    /// Its UUID.
    #[serde(deserialize_with = "loose::text")]
    pub test_case_canonical_id: String,
    /// What came of it.
    #[serde(deserialize_with = "loose::some_text")]
    pub outcome: Option<String>,
    /// The sum of its steps' durations, in milliseconds.
    #[serde(deserialize_with = "loose::id")]
    pub total_duration: i64,
    /// Whether it is a library checkpoint.
    #[serde(deserialize_with = "loose::or_default")]
    pub library_checkpoint: bool,
    /// Its title when it was executed. Only the local platform tells it.
    #[serde(
        deserialize_with = "loose::some_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub title: Option<String>,
    /// Its place in the journey when that was executed, from 1. Only the local platform tells it.
    #[serde(
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub position: Option<i64>,
    /// Results by the ids of the steps.
    #[serde(deserialize_with = "loose::by_id")]
    pub test_steps: BTreeMap<i64, StepResult>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// What came of a step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StepResult {
    /// The id of this result, which rises as steps are executed.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// The step.
    #[serde(deserialize_with = "loose::id")]
    pub test_step_id: i64,
    /// Its UUID.
    #[serde(deserialize_with = "loose::text")]
    pub test_step_canonical_id: String,
    /// The step in words when it was executed. Only the local platform tells it.
    #[serde(
        deserialize_with = "loose::some_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub text: Option<String>,
    /// What came of it.
    #[serde(deserialize_with = "loose::some_text")]
    pub outcome: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(deserialize_with = "loose::id")]
    pub duration: i64,
    /// The same, with what the platform did around it.
    #[serde(deserialize_with = "loose::id")]
    pub total_duration: i64,
    /// The picture before it; absent for NAVIGATE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_screenshot: Option<String>,
    /// Where that picture lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_screenshot_full_path: Option<String>,
    /// The same picture as an artifact, `artifacts/{id}`. Only the local platform tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_screenshot_artifact: Option<String>,
    /// The picture after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screenshot: Option<String>,
    /// Where that picture lies: a PNG that needs no token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screenshot_full_path: Option<String>,
    /// The same picture as an artifact, `artifacts/{id}`. Only the local platform tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screenshot_artifact: Option<String>,
    /// Where a JSON file of its events lies; absent when there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_file: Option<String>,
    /// The step's literal value.
    #[serde(deserialize_with = "loose::text")]
    pub test_data_value: String,
    /// What it used and found.
    #[serde(deserialize_with = "loose::object")]
    pub side_effects: Object,
    /// Counts of that.
    #[serde(deserialize_with = "loose::object")]
    pub side_effects_summary: Object,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// Why a step failed, or the platform.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Output {
    /// `ERROR`.
    #[serde(rename = "type", deserialize_with = "loose::text")]
    pub kind: String,
    /// The message.
    #[serde(deserialize_with = "loose::some_text")]
    pub message: Option<String>,
    /// What was thrown.
    #[serde(deserialize_with = "loose::some_text")]
    pub exception: Option<String>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// The element that a step found: `sideEffects.discoveredElement`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DiscoveredElement {
    /// The element, without anything around it.
    pub element: Target,
    /// Found by the hint or the stored description, not by one selector.
    #[serde(deserialize_with = "loose::or_default")]
    pub guessed: bool,
    /// How much it looks like the stored one, from 0 to 1.
    pub similarity: Option<Value>,
    /// The selector that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
    /// Those that found nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_selectors: Option<Vec<Selector>>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
