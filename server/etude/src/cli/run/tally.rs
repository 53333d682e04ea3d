//! What came of one run, collected from its events.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use etude::v1::run_event::Payload;
use etude::v1::{
    ErrorReason, Failure, Outcome, Run, RunEvent, RunState, SourceLocation, Step, StepFinished,
    StepPath, Test, TestPart,
};
use serde_json::{Value, json};

use super::super::problem::Exit;

/// A run as far as its events tell.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// What messages call the test's file. Empty: it came from none.
    pub(crate) file: String,
    test: Test,
    run: Option<Run>,
    finished: bool,
    /// Names of the data rows by number.
    rows: HashMap<u32, String>,
    steps: Vec<StepFinished>,
    /// Causes outside of steps: of rows by number, and of the run as 0.
    failures: Vec<(u32, Failure)>,
    /// Where the reports and screenshots were put.
    pub(crate) reports: Vec<(String, PathBuf)>,
}

impl Tally {
    pub(crate) fn new(file: String, test: Test) -> Self {
        Self {
            file,
            test,
            run: None,
            finished: false,
            rows: HashMap::new(),
            steps: Vec::new(),
            failures: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// The run was created.
    pub(crate) fn begin(&mut self, run: Run) {
        self.run = Some(run);
    }

    pub(crate) fn add(&mut self, event: &RunEvent) {
        match &event.payload {
            Some(Payload::RowStarted(row)) => {
                self.rows.insert(row.row, row.name.clone());
            }
            Some(Payload::StepFinished(step)) => self.steps.push(step.clone()),
            Some(Payload::RowFinished(row)) if row.will_retry => self.forget(row.row),
            Some(Payload::RowFinished(row)) => {
                let failure = row.failure.clone();
                self.failures
                    .extend(failure.map(|failure| (row.row, failure)));
            }
            Some(Payload::RunRecovered(_)) => {
                self.steps.clear();
                self.failures.clear();
            }
            Some(Payload::RunFinished(run)) => {
                let is_told = |one: &Failure| self.failures.iter().any(|(_, told)| told == one);
                // The cause of one of its rows is the run's too.
                let failure = run.failure.clone().filter(|failure| !is_told(failure));
                self.failures.extend(failure.map(|failure| (0, failure)));
            }
            _ => {}
        }
    }

    /// The run has come to its end.
    pub(crate) fn finish(&mut self, mut run: Run) {
        run.test = None;
        self.run = Some(run);
        self.finished = true;
    }

    /// A row is executed again: what it did before does not count.
    fn forget(&mut self, row: u32) {
        self.steps.retain(|step| path(step).row != row);
    }

    /// Whether it has begun and has not finished.
    pub(crate) fn is_running(&self) -> bool {
        self.run.is_some() && !self.finished
    }

    /// How many steps have ended.
    pub(crate) fn steps_done(&self) -> usize {
        self.steps.len()
    }

    pub(crate) fn run_name(&self) -> &str {
        self.run.as_ref().map_or("", |run| run.name.as_str())
    }

    pub(crate) fn test_name(&self) -> &str {
        &self.test.name
    }

    /// The test's name and the environment it is run in.
    pub(crate) fn title(&self) -> String {
        let environment = self.run.as_ref().map_or("", |run| &run.environment);
        match environment {
            "" => self.test.name.clone(),
            name => format!("{} ({name})", self.test.name),
        }
    }

    /// What came of the run; unspecified when it has not finished.
    pub(crate) fn outcome(&self) -> Outcome {
        let run = self.run.as_ref().filter(|_| self.finished);
        run.map_or(Outcome::Unspecified, Run::outcome)
    }

    pub(crate) fn cancelled(&self) -> bool {
        let state = self.run.as_ref().map(Run::state);
        state == Some(RunState::Cancelled)
    }

    pub(crate) fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// How long it was executed.
    pub(crate) fn took(&self) -> Option<Duration> {
        let run = self.run.as_ref()?;
        let (start, end) = (run.start_time?, run.end_time?);
        let seconds = end.seconds - start.seconds;
        let nanos = i64::from(end.nanos) - i64::from(start.nanos);
        u64::try_from(seconds * 1_000_000_000 + nanos)
            .ok()
            .map(Duration::from_nanos)
    }

    /// The name of a data row, as a person may know it. Empty: the test has but one row.
    pub(crate) fn row_title(&self, row: u32) -> String {
        if row == 0 || self.test.data_rows.len() < 2 {
            return String::new();
        }
        let title = format!("row {row} of {}", self.test.data_rows.len());
        // A row without a name is called by its number.
        let named = |name: &&String| !name.is_empty() && **name != row.to_string();
        match self.rows.get(&row).filter(named) {
            Some(name) => format!("{title}, {name}"),
            None => title,
        }
    }

    /// The name of a checkpoint, setup or teardown.
    pub(crate) fn part_title(&self, path: &StepPath) -> String {
        match path.part() {
            TestPart::Setup => "setup".to_owned(),
            TestPart::Teardown => "teardown".to_owned(),
            _ => {
                let index = (path.checkpoint as usize).wrapping_sub(1);
                let checkpoint = self.test.checkpoints.get(index);
                let name = checkpoint.map_or("", |checkpoint| checkpoint.name.as_str());
                // Steps without a checkpoint need a title only to be told from the setup's.
                let title = if name.is_empty() && self.has_setup() {
                    "steps"
                } else {
                    name
                };
                title.to_owned()
            }
        }
    }

    fn has_setup(&self) -> bool {
        !self.test.starting_url.is_empty() || !self.test.setup.is_empty()
    }

    /// Where a step stands in its file.
    pub(crate) fn location(&self, step: &StepFinished) -> Option<&SourceLocation> {
        self.step(step)?.location.as_ref()
    }

    /// What a step is called: its name, else its command in words.
    pub(crate) fn step_title<'s>(&'s self, step: &'s StepFinished) -> &'s str {
        let named = self.step(step).map(|step| step.name.as_str());
        match named.filter(|name| !name.is_empty()) {
            Some(name) => name,
            None => step.result.as_ref().map_or("", |result| &result.text),
        }
    }

    /// Whether the step's outcome decides upon the test.
    pub(crate) fn counts(&self, step: &StepFinished) -> bool {
        let flags = self.step(step).and_then(|step| step.flags.as_ref());
        !step.uncounted && flags.is_none_or(|flags| !flags.optional && !flags.ignore_outcome)
    }

    fn step(&self, finished: &StepFinished) -> Option<&Step> {
        let outer = self.step_of_part(&path(finished))?;
        outer.at(&finished.within, &self.test.definitions)
    }

    fn step_of_part(&self, path: &StepPath) -> Option<&Step> {
        let index = (path.step as usize).checked_sub(1)?;
        match path.part() {
            // The starting address is loaded by a step of its own before the file's steps.
            TestPart::Setup => {
                let own = usize::from(!self.test.starting_url.is_empty());
                self.test.setup.get(index.checked_sub(own)?)
            }
            TestPart::Teardown => self.test.teardown.get(index),
            _ => {
                let checkpoint = (path.checkpoint as usize).checked_sub(1)?;
                self.test.checkpoints.get(checkpoint)?.steps.get(index)
            }
        }
    }

    /// The steps that did not pass and count; not the blocks around them.
    pub(crate) fn failed_steps(&self) -> impl Iterator<Item = &StepFinished> {
        self.steps.iter().filter(|step| {
            if step.block.is_some_and(|block| block.inherited) {
                return false;
            }
            let outcome = step.result.as_ref().map(|result| result.outcome());
            matches!(outcome, Some(Outcome::Fail | Outcome::Error)) && self.counts(step)
        })
    }

    /// What went wrong outside of steps, by row; 0 is the run.
    pub(crate) fn failures(&self) -> &[(u32, Failure)] {
        &self.failures
    }

    /// 0 for a pass, 1 for a test that failed, 3 when it could not be run.
    pub(crate) fn exit(&self) -> Exit {
        if self.outcome() == Outcome::Pass {
            return Exit::Passed;
        }
        let of_run = self.run.as_ref().and_then(|run| run.failure.as_ref());
        let mut failures = self
            .failures
            .iter()
            .map(|(_, failure)| failure)
            .chain(of_run);
        match !self.finished || self.cancelled() || failures.any(is_of_the_house) {
            true => Exit::CouldNotRun,
            false => Exit::Failed,
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let steps: Vec<_> = self.steps.iter().map(etude::json::to_value).collect();
        let rows: BTreeMap<_, _> = self.rows.iter().collect();
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(row, name)| json!({"row": row, "name": name}))
            .collect();
        json!({
            "file": self.file,
            "name": self.test.name,
            "passed": self.exit() == Exit::Passed,
            "run": self.run.as_ref().map(etude::json::to_value),
            "rows": rows,
            "steps": steps,
            "reports": self.reports.iter().map(|(_, path)| path.display().to_string()).collect::<Vec<_>>(),
        })
    }
}

pub(crate) fn path(step: &StepFinished) -> StepPath {
    step.path.unwrap_or_default()
}

/// Whether the cause lies in the browsers, the server, its storage or the platform, not in test or
/// page.
fn is_of_the_house(failure: &Failure) -> bool {
    match ErrorReason::from_name(&failure.reason) {
        Some(
            ErrorReason::ServerRestarted
            | ErrorReason::RunCancelled
            | ErrorReason::PlatformExecutionEnded,
        ) => true,
        Some(reason) => reason.code() != tonic::Code::Unknown,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use etude::v1::{RowFinished, RunFinished};

    use super::*;

    fn event(payload: Payload) -> RunEvent {
        RunEvent {
            payload: Some(payload),
            ..RunEvent::default()
        }
    }

    #[test]
    fn a_cause_of_a_row_that_is_the_runs_too_is_told_once() {
        let failure = |message: &str| {
            Some(Failure {
                message: message.to_owned(),
                ..Failure::default()
            })
        };
        let mut tally = Tally::new("t.yaml".to_owned(), Test::default());
        let of_row = RowFinished {
            row: 1,
            failure: failure("gone"),
            ..RowFinished::default()
        };
        tally.add(&event(Payload::RowFinished(of_row)));
        for (message, told) in [("gone", 1), ("another", 2)] {
            let of_run = RunFinished {
                failure: failure(message),
                ..RunFinished::default()
            };
            tally.add(&event(Payload::RunFinished(of_run)));
            assert_eq!(tally.failures().len(), told, "{message}");
        }
    }
}
