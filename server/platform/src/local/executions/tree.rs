//! Executions as they are answered: the status, and the tree of results.

use std::collections::BTreeMap;

use etude::v1::{self, ErrorReason, ScreenshotMoment};
use serde_json::{Value, json};

use super::kept::{KeptCase, KeptExecution, KeptSuite, RunStep, Start};
use super::progress::{Progress, Row, State, outcome, worst};
use crate::local::people::{USER, user};
use crate::model::execution::DiscoveredElement;
use crate::model::{
    CaseResult, Counts, Execution, ExecutionMeta, Object, Output, RowResult, Selector, Statistics,
    StepResult, SuiteResult, Target, Tracking,
};

/// Results of one execution have ids of one block.
const RESULTS: i64 = 1_000_000;

/// An execution with what has come of it.
pub(super) struct Whole {
    pub(super) kept: KeptExecution,
    /// In the order of its journeys.
    pub(super) progress: Vec<Progress>,
    /// Where files lie, such as `http://127.0.0.1:7433/files`. `None`: nowhere that could be opened.
    pub(super) files: Option<String>,
}

impl Whole {
    /// Without the tree.
    pub(super) fn status(&self) -> Execution {
        let state = self.state();
        let counts = self.counts();
        let ended = state.has_ended();
        let started = self.progress.iter().filter_map(|p| p.started).min();
        let end = self.progress.iter().filter_map(|p| p.ended).max();
        let end = end.or(Some(self.kept.submitted)).filter(|_| ended);
        let statistics = statistics(&self.outcomes());
        Execution {
            id: self.kept.id,
            kind: "EXECUTION".to_owned(),
            trigger_type: "INTERNAL_API".to_owned(),
            snapshot_id: Some(self.kept.snapshot),
            goal_id: Some(self.kept.goal),
            environment_id: self.kept.environment,
            submit_date: Some(self.kept.submitted),
            start_date: started,
            end_date: end,
            duration: end.zip(started).map(|(end, start)| end - start),
            status: word(state).to_owned(),
            outcome: statistics.outcome.clone(),
            progress: statistics.progress.clone(),
            total_test_executions: statistics.total_count,
            successful_test_executions: counts.pass,
            failed_test_executions: counts.fail + counts.error,
            skipped_test_executions: counts.skip,
            not_reached_test_executions: counts.not_reached,
            tags: self.kept.tags.clone(),
            launched_by: Some(USER),
            journey_statistics: statistics,
            meta: Some(self.meta()),
            output: self.failure(),
            ..Execution::default()
        }
    }

    /// With the tree.
    pub(super) fn full(&self) -> Execution {
        let indices = 0..self.kept.suites.len();
        let suites = indices.map(|index| (self.kept.suites[index].id, self.suite(index)));
        let suites: BTreeMap<i64, SuiteResult> = suites.collect();
        let total = suites.values().map(|suite| suite.total_duration).sum();
        let mut execution = self.status();
        execution.total_duration = Some(total);
        execution.journey_statistics.total_duration = Some(total);
        execution.launched_by_user = Some(user());
        execution.test_suites = Some(suites);
        execution
    }

    /// Why the platform failed, and what to do.
    fn failure(&self) -> Option<Output> {
        if self.state() != State::Failed {
            return None;
        }
        let mut journeys = self.kept.suites.iter().zip(&self.progress);
        let (suite, failure) =
            journeys.find_map(|(suite, progress)| Some((suite, progress.failure.as_ref()?)))?;
        let (title, id) = (&suite.title, self.kept.id);
        let again = format!(
            "execute what failed again with `etude executions rerun executions/{id}` (POST \
             /executions/{id}/failures/rerun)"
        );
        let message = match ErrorReason::from_name(&failure.reason) {
            Some(ErrorReason::ServerRestarted) => format!(
                "the server stopped while the journey {title:?} was executed; it is not begun again \
                 by itself, because steps would be done twice: look at what they did, then {again}"
            ),
            _ => format!("the journey {title:?}: {}; {again}", failure.message),
        };
        Some(Output {
            kind: "ERROR".to_owned(),
            message: Some(message),
            exception: Some(failure.reason.clone()),
            rest: Object::new(),
        })
    }

    pub(super) fn state(&self) -> State {
        together(self.progress.iter().map(|progress| progress.state))
    }

    /// The outcomes of all journeys' data rows.
    fn outcomes(&self) -> Vec<&'static str> {
        let suites = 0..self.progress.len();
        suites.flat_map(|index| self.outcomes_of(index)).collect()
    }

    fn counts(&self) -> Counts {
        counts(&self.outcomes())
    }

    fn meta(&self) -> ExecutionMeta {
        let names = self
            .kept
            .request
            .get("initialData")
            .cloned()
            .unwrap_or_default();
        let mut data = Object::new();
        for suite in &self.kept.suites {
            let rows = (1..=suite.rows.max(1)).map(|row| (row.to_string(), names.clone()));
            data.insert(suite.id.to_string(), Value::Object(rows.collect()));
        }
        let mut request = self.kept.request.clone();
        request.shift_remove("initialData");
        ExecutionMeta {
            kind: "EXECUTION".to_owned(),
            valid: true,
            test_suite_ids: self.kept.suites.iter().map(|suite| suite.id).collect(),
            execution_request: request,
            initial_data_per_journey_sequence: data,
            rest: Object::new(),
        }
    }

    /// The id of the first result. The others follow in the order of the journeys, and of their
    /// data rows.
    pub(super) fn first_result(&self) -> i64 {
        self.kept.id * RESULTS + 1
    }

    /// The outcomes of a journey: one for each row of its data, or the only one.
    pub(super) fn outcomes_of(&self, index: usize) -> Vec<&'static str> {
        let rows = self.progress[index].rows.iter();
        rows.map(|row| row.outcome.unwrap_or("RUNNING")).collect()
    }

    /// The result of a journey.
    pub(super) fn suite(&self, index: usize) -> SuiteResult {
        let (suite, progress) = (&self.kept.suites[index], &self.progress[index]);
        let before = &self.kept.suites[..index];
        let before: usize = before.iter().map(KeptSuite::results).sum();
        let mut first = self.first_result() + number(before);
        let mut rows = BTreeMap::new();
        for (sequence, row) in (1..).zip(progress.rows.iter()) {
            rows.insert(sequence, self.row(suite, row, progress.state, first));
            first += number(suite.steps());
        }
        let statistics = statistics(&self.outcomes_of(index));
        let shown = rows.get(&shown_row(progress)).cloned().unwrap_or_default();
        SuiteResult {
            test_suite_id: suite.id,
            test_suite_canonical_id: suite.canonical_id.clone(),
            outcome: statistics.outcome.clone(),
            total_duration: rows.values().map(|row| row.total_duration).sum(),
            data_driven: suite.rows > 0,
            journey_statistics: statistics,
            tracking: self.tracking(progress),
            test_cases: shown.test_cases,
            library_checkpoints: shown.library_checkpoints,
            data_rows: if suite.rows > 0 {
                rows
            } else {
                BTreeMap::new()
            },
            title: suite.is_whole().then(|| suite.title.clone()),
            run: match &suite.run {
                Start::Run(name) => Some(name.clone()),
                Start::Empty | Start::None => None,
            },
            rest: Object::new(),
        }
    }

    /// The result of a data row, or of a journey without any.
    fn row(&self, suite: &KeptSuite, row: &Row, state: State, mut first: i64) -> RowResult {
        let mut result = RowResult {
            outcome: Some(row.outcome.unwrap_or("RUNNING").to_owned()),
            ..RowResult::default()
        };
        for (position, case) in (1..).zip(&suite.cases) {
            let mut case_result = self.case(case, row, state.has_ended(), first);
            case_result.position = Some(position);
            first += number(case.steps.len());
            result.total_duration += case_result.total_duration;
            let cases = match case.library {
                true => &mut result.library_checkpoints,
                false => &mut result.test_cases,
            };
            match cases.get(&case.id) {
                // A library checkpoint may stand in a journey twice: the worse result is shown.
                Some(other) if !is_worse(&case_result, other) => {}
                _ => drop(cases.insert(case.id, case_result)),
            }
        }
        result
    }

    fn tracking(&self, progress: &Progress) -> Tracking {
        Tracking {
            scheduled: true,
            dispatched: progress.started.is_some(),
            processed: progress.state.has_ended(),
            throttled: progress.state == State::Queued,
            created_date: Some(self.kept.submitted),
            scheduled_date: Some(self.kept.submitted),
            dispatched_date: progress.started,
            processed_date: progress.ended,
            rest: Object::new(),
        }
    }

    fn case(&self, case: &KeptCase, row: &Row, ended: bool, first: i64) -> CaseResult {
        let passed = row.checkpoints.get(&case.checkpoint) == Some(&"PASS");
        let mut steps = BTreeMap::new();
        for (index, (id, step)) in (first..).zip(&case.steps).enumerate() {
            let results = results_of(row, case, index);
            if results.is_empty() && !ended {
                continue;
            }
            let mut result = self.step(id, step, &results);
            if results.is_empty() && case.conditional && passed {
                result.outcome = Some("SKIP".to_owned());
            }
            steps.insert(step.id, result);
        }
        let outcomes = steps
            .values()
            .filter_map(|step: &StepResult| step.outcome.as_deref());
        let all = steps.len() == case.steps.len();
        let outcome = match row.checkpoints.get(&case.checkpoint) {
            Some(outcome) => *outcome,
            None if all => worst(outcomes),
            None => "RUNNING",
        };
        CaseResult {
            test_case_id: case.id,
            test_case_canonical_id: case.canonical_id.clone(),
            outcome: Some(outcome.to_owned()),
            total_duration: steps.values().map(|step| step.total_duration).sum(),
            library_checkpoint: case.library,
            title: case.title.clone(),
            position: None,
            test_steps: steps,
            rest: Object::new(),
        }
    }

    /// The result of a step: of several iterations the worst.
    fn step(&self, id: i64, step: &RunStep, results: &[&v1::StepResult]) -> StepResult {
        let rank = |result: &&&v1::StepResult| match result.outcome() {
            v1::Outcome::Error => 4,
            v1::Outcome::Fail => 3,
            v1::Outcome::NotReached => 2,
            _ => 1,
        };
        let duration = results.iter().map(|result| length(result)).sum();
        let mut shown = StepResult {
            id,
            test_step_id: step.id,
            test_step_canonical_id: step.canonical_id.clone(),
            outcome: Some("NOT_REACHED".to_owned()),
            duration,
            total_duration: duration,
            test_data_value: step.value.clone(),
            text: step.text.clone(),
            ..StepResult::default()
        };
        let worst = results.iter().rev().max_by_key(rank);
        let Some(result) = worst else {
            (shown.side_effects, shown.side_effects_summary) =
                side_effects(&v1::StepResult::default());
            return shown;
        };
        shown.outcome = outcome(result.outcome()).map(str::to_owned);
        (shown.side_effects, shown.side_effects_summary) = side_effects(result);
        self.add_files(&mut shown, step, result);
        shown.output = result.failure.as_ref().map(|failure| Output {
            kind: "ERROR".to_owned(),
            message: Some(failure.message.clone()),
            exception: Some(failure.reason.clone()),
            rest: compared(failure),
        });
        shown
    }

    fn add_files(&self, shown: &mut StepResult, step: &RunStep, result: &v1::StepResult) {
        for screenshot in &result.screenshots {
            let name = screenshot.artifact.trim_start_matches("artifacts/");
            let file = Some(format!("{name}.png"));
            let path = self.file(&format!("screenshots/{name}.png"));
            let artifact = Some(screenshot.artifact.clone());
            if screenshot.moment() != ScreenshotMoment::Before {
                (shown.screenshot, shown.screenshot_full_path) = (file, path);
                shown.screenshot_artifact = artifact;
            } else if step.action != "NAVIGATE" {
                (shown.before_screenshot, shown.before_screenshot_full_path) = (file, path);
                shown.before_screenshot_artifact = artifact;
            }
        }
        let quiet = result.console.is_empty() && result.network.is_empty();
        // Opening an address always makes events, although none of them may be told.
        let opened = step.action == "NAVIGATE" && result.duration.is_some();
        if opened || !quiet {
            let (execution, id) = (self.kept.id, shown.id);
            shown.events_file = self.file(&format!("executions/{execution}/events/{id}.json"));
        }
    }

    /// The address of a file.
    fn file(&self, path: &str) -> Option<String> {
        let files = self.files.as_ref()?;
        Some(format!("{files}/{path}"))
    }
}

/// The state of several things together.
pub(super) fn together(states: impl Iterator<Item = State>) -> State {
    let states: Vec<State> = states.collect();
    let any = |state| states.contains(&state);
    if !states.iter().all(|state| state.has_ended()) {
        let began = states.iter().any(|state| *state != State::Queued);
        if began { State::Running } else { State::Queued }
    } else if any(State::Failed) {
        State::Failed
    } else if any(State::Canceled) {
        State::Canceled
    } else {
        State::Finished
    }
}

fn is_worse(one: &CaseResult, other: &CaseResult) -> bool {
    let outcomes = [one, other].map(|case| case.outcome.as_deref().unwrap_or("RUNNING"));
    outcomes[0] != outcomes[1] && worst(outcomes) == outcomes[0]
}

/// The data row whose steps stand where those of a journey without data do: the first that did not
/// pass, else the first.
fn shown_row(progress: &Progress) -> i64 {
    let bad = |row: &Row| matches!(row.outcome, Some("FAIL" | "ERROR"));
    number(progress.rows.iter().position(bad).unwrap_or(0)) + 1
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The results of a step in each iteration of its checkpoint.
pub(super) fn results_of<'r>(
    row: &'r Row,
    case: &KeptCase,
    index: usize,
) -> Vec<&'r v1::StepResult> {
    let numbers = (index + 1..).step_by(case.steps.len().max(1));
    numbers
        .map_while(|number| {
            row.steps
                .get(&(case.checkpoint, u32::try_from(number).ok()?))
        })
        .collect()
}

/// What is counted of journeys that ended so.
pub(super) fn statistics(outcomes: &[&'static str]) -> Statistics {
    let running = outcomes
        .iter()
        .filter(|outcome| **outcome == "RUNNING")
        .count();
    let done = outcomes.len() - running;
    let progress = match outcomes.len() {
        0 => 1.0,
        all => done as f64 / all as f64,
    };
    // A whole number is written as the platform writes it.
    let progress = if progress == 1.0 {
        json!(1)
    } else {
        json!(progress)
    };
    Statistics {
        count_per_outcome: counts(outcomes),
        outcome: Some(worst(outcomes.iter().copied()).to_owned()),
        progress: Some(progress),
        total_count: i64::try_from(outcomes.len()).unwrap_or(i64::MAX),
        ..Statistics::default()
    }
}

fn counts(outcomes: &[&str]) -> Counts {
    let count = |word: &str| {
        let same = outcomes.iter().filter(|outcome| **outcome == word).count();
        i64::try_from(same).unwrap_or(i64::MAX)
    };
    Counts {
        pass: count("PASS"),
        fail: count("FAIL"),
        error: count("ERROR"),
        skip: count("SKIP"),
        not_reached: count("NOT_REACHED"),
        running: count("RUNNING"),
        rest: Object::new(),
    }
}

/// The platform's word for a state; those that are no ends are not public.
pub(super) fn word(state: State) -> &'static str {
    match state {
        State::Queued => "QUEUED",
        State::Running => "RUNNING",
        State::Finished => "FINISHED",
        State::Canceled => "CANCELED",
        State::Failed => "FAILED",
    }
}

/// What an assertion expected and found, which the platform has no fields for.
fn compared(failure: &v1::Failure) -> Object {
    let fields = [
        ("expected", &failure.expected),
        ("actual", &failure.actual),
        ("hint", &failure.hint),
    ];
    let given = fields.into_iter().filter(|(_, text)| !text.is_empty());
    given
        .map(|(name, text)| (name.to_owned(), Value::from(text.as_str())))
        .collect()
}

fn length(result: &v1::StepResult) -> i64 {
    let span = result.duration.unwrap_or_default();
    span.seconds.saturating_mul(1000) + i64::from(span.nanos / 1_000_000)
}

fn side_effects(result: &v1::StepResult) -> (Object, Object) {
    let used: Object = result
        .used_variables
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    let warnings: Vec<&str> = result.warnings.iter().map(|w| w.message.as_str()).collect();
    let popups = result.warnings.iter();
    let popups = popups
        .filter(|w| w.kind() == v1::WarningKind::DialogDismissed)
        .count();
    let element = result.target.as_ref().and_then(discovered);
    let downloads = &result.artifacts;
    let total = used.len() + warnings.len() + downloads.len() + usize::from(element.is_some());
    let summary = json!({
        "warnings": warnings.len(), "downloadedFiles": downloads.len(), "usedData": used.len(),
        "popup": popups, "hasDiscoveredElement": element.is_some(), "total": total,
    });
    let mut effects = json!({"usedData": used, "warnings": warnings, "downloadedFiles": downloads});
    if let Some(element) = element {
        effects["discoveredElement"] = json!(element);
    }
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    (object(effects), object(summary))
}

/// The element that a step found. How much it looks like a stored one is not known here.
fn discovered(target: &v1::TargetResolution) -> Option<DiscoveredElement> {
    let winner = target.selector.as_ref()?;
    let guessed = matches!(wire(winner.kind()), "GUESS");
    let (tag, text) = outline(&target.element);
    let mut element = Target {
        selectors: vec![selector(winner)],
        ..Target::default()
    };
    element.rest.extend(
        [("tagName", tag.to_uppercase()), ("text", text.to_owned())]
            .map(|(name, value)| (name.to_owned(), Value::from(value))),
    );
    // The whole of it is ours.
    let whole = Value::from(target.element.as_str());
    element.rest.insert("outline".to_owned(), whole);
    let failed = target.failed_selectors.iter();
    let failed: Vec<_> = failed
        .filter_map(|f| f.selector.as_ref())
        .map(selector)
        .collect();
    Some(DiscoveredElement {
        element,
        guessed,
        similarity: None,
        selector: (!guessed).then(|| selector(winner)),
        failed_selectors: (!guessed).then_some(failed),
        rest: Object::new(),
    })
}

/// The tag and the text of an element that is told as its opening tag and its text.
fn outline(element: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = element.find(|letter| {
        quoted ^= letter == '"';
        letter == '>' && !quoted
    });
    let (opening, text) = element.split_at(end.map_or(element.len(), |at| at + 1));
    let name = opening.trim_start_matches('<');
    let end = name.find([' ', '>']).unwrap_or(name.len());
    (&name[..end], text.trim())
}

fn selector(selector: &v1::Selector) -> Selector {
    let kind = wire(selector.kind());
    let value = match kind {
        "GUESS" => json!({"clue": selector.value}).to_string(),
        _ => selector.value.clone(),
    };
    Selector {
        kind: kind.to_owned(),
        value,
        rest: Object::new(),
    }
}

fn wire(kind: v1::SelectorKind) -> &'static str {
    match kind {
        v1::SelectorKind::Css => "CSS_SELECTOR",
        v1::SelectorKind::Xpath => "XPATH",
        v1::SelectorKind::Id => "ID",
        _ => "GUESS",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_has_a_tag_and_a_text() {
        let told = "<button id=\"a>b\" class=\"x\"> Log in > now";
        assert_eq!(outline(told), ("button", "Log in > now"));
        assert_eq!(outline("<br>"), ("br", ""));
        assert_eq!(outline(""), ("", ""));
    }
}
