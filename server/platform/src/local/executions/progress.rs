//! What has come of a journey: its run's state, and the results of its steps from the run's log.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use etude::v1::{self, ErrorReason, RunState, TestPart, run_event::Payload};
use etude_engine::Error;
use etude_engine::error::failure;
use etude_engine::store::Store;
use moka::sync::Cache;
use tokio::sync::Mutex;

use super::kept::{KeptSuite, Start};
use super::loops;

/// Events that are read at once.
const PAGE: usize = 256;

/// How many journeys are remembered.
const REMEMBERED: u64 = 512;

/// How long a journey is remembered that nobody asks for.
const REMEMBERED_FOR: Duration = Duration::from_secs(10 * 60);

/// Whether a journey is being executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Queued,
    Running,
    Finished,
    Canceled,
    /// The platform failed, not the test.
    Failed,
}

impl State {
    pub(super) fn has_ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// What has come of a journey.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    pub(super) state: State,
    /// In milliseconds since 1970.
    pub(super) started: Option<i64>,
    pub(super) ended: Option<i64>,
    /// Its data rows in order, at least one.
    pub(super) rows: Arc<Vec<Row>>,
    /// Why the platform failed.
    pub(super) failure: Option<v1::Failure>,
}

/// What has come of a data row.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) outcome: Option<&'static str>,
    /// By the number of the checkpoint in the run and of the step in it, with all iterations laid
    /// end to end; both from 1.
    pub(super) steps: HashMap<(u32, u32), v1::StepResult>,
    /// The outcomes of checkpoints that have ended, by their numbers.
    pub(super) checkpoints: HashMap<u32, &'static str>,
}

/// What has come of the journeys that somebody asked for lately. A log is read once: whoever asks
/// again reads only what has been added to it.
#[derive(Clone)]
pub(in crate::local) struct Progresses(Cache<String, Arc<Mutex<Read>>>);

/// A log, as far as it was read.
#[derive(Debug, Default)]
struct Read {
    /// The number of the last event.
    after: i64,
    rows: Arc<Vec<Row>>,
}

impl Default for Progresses {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(REMEMBERED);
        Self(cache.time_to_idle(REMEMBERED_FOR).build())
    }
}

impl Progresses {
    /// What has come of a journey until now.
    pub(super) async fn of(&self, store: &dyn Store, suite: &KeptSuite) -> Result<Progress, Error> {
        let count = suite.rows.max(1);
        match &suite.run {
            Start::Run(name) => match self.of_run(store, suite, name).await {
                Err(error) if error.reason == ErrorReason::RunNotFound => {
                    Ok(Progress::never_begun(count))
                }
                other => other,
            },
            Start::Empty => Ok(Progress::ended(State::Finished, "SKIP", count)),
            Start::None => Ok(Progress::never_begun(count)),
        }
    }

    async fn of_run(
        &self,
        store: &dyn Store,
        suite: &KeptSuite,
        name: &str,
    ) -> Result<Progress, Error> {
        let run = store.run(name).await?;
        let read = self.0.get_with_by_ref(name, Arc::default);
        let mut read = read.lock().await;
        read.go_on(store, &run, suite).await?;
        let state = state(&run);
        if state.has_ended() {
            let of_run = (suite.rows == 0).then(|| run.outcome());
            end(Arc::make_mut(&mut read.rows).as_mut_slice(), of_run);
        }
        Ok(Progress {
            state,
            started: run.start_time.as_ref().map(milliseconds),
            ended: run.end_time.as_ref().map(milliseconds),
            rows: Arc::clone(&read.rows),
            failure: run.failure.filter(|_| state == State::Failed),
        })
    }
}

impl Progress {
    fn ended(state: State, outcome: &'static str, rows: usize) -> Self {
        let row = Row {
            outcome: Some(outcome),
            ..Row::default()
        };
        Self {
            state,
            started: None,
            ended: None,
            rows: Arc::new(vec![row; rows]),
            failure: None,
        }
    }

    /// Nothing executes it.
    fn never_begun(rows: usize) -> Self {
        let message = "the server stopped before the journey could begin, or its run was deleted";
        Self {
            failure: Some(failure(ErrorReason::RunNotFound, message)),
            ..Self::ended(State::Failed, "ERROR", rows)
        }
    }
}

impl Read {
    /// Reads what has been added since.
    async fn go_on(
        &mut self,
        store: &dyn Store,
        run: &v1::Run,
        suite: &KeptSuite,
    ) -> Result<(), Error> {
        if self.rows.is_empty() {
            self.rows = Arc::new(vec![Row::default(); suite.rows.max(1)]);
        }
        while self.after < run.last_sequence {
            let events = match store.events(&run.name, self.after, PAGE).await {
                // Old logs are removed; what came of the run is kept.
                Err(error) if error.reason == ErrorReason::EventsCompacted => return Ok(()),
                other => other?,
            };
            let Some(last) = events.last() else {
                return Ok(());
            };
            self.after = last.sequence;
            let rows = Arc::make_mut(&mut self.rows);
            events.iter().for_each(|event| note(event, suite, rows));
        }
        Ok(())
    }
}

/// Completes the rows of a run that has ended: one that never began has no events.
fn end(rows: &mut [Row], of_run: Option<v1::Outcome>) {
    for row in rows.iter_mut() {
        row.outcome.get_or_insert("NOT_REACHED");
    }
    if let Some((row, of_run)) = rows.first_mut().zip(of_run) {
        row.outcome = Some(outcome(of_run).unwrap_or("NOT_REACHED"));
    }
}

fn state(run: &v1::Run) -> State {
    match run.state() {
        RunState::Running => State::Running,
        RunState::Cancelled => State::Canceled,
        RunState::Finished if run.failure.is_some() => State::Failed,
        RunState::Finished => State::Finished,
        RunState::Queued | RunState::Unspecified => State::Queued,
    }
}

fn note(event: &v1::RunEvent, suite: &KeptSuite, rows: &mut [Row]) {
    fn row(rows: &mut [Row], number: u32) -> Option<&mut Row> {
        rows.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    match &event.payload {
        // It begins again.
        Some(Payload::RunRecovered(_)) => rows.fill_with(Row::default),
        Some(Payload::RowStarted(started)) => {
            if let Some(row) = row(rows, started.row) {
                *row = Row::default();
            }
        }
        Some(Payload::StepFinished(finished)) => {
            let (Some(path), Some(result)) = (&finished.path, &finished.result) else {
                return;
            };
            let case = suite.cases.iter();
            let mut case = case.filter(|case| case.checkpoint == path.checkpoint);
            let steps = case.next().map_or(0, |case| case.steps.len());
            let own = path.part() == TestPart::Checkpoint;
            let row = row(rows, path.row).filter(|_| own);
            if let Some((row, number)) = row.zip(loops::number(finished, steps)) {
                let place = (path.checkpoint, number);
                row.steps.insert(place, result.clone());
            }
        }
        Some(Payload::CheckpointFinished(finished)) => {
            let Some(path) = finished.path.as_ref() else {
                return;
            };
            let own = path.part() == TestPart::Checkpoint;
            let row = row(rows, path.row).filter(|_| own);
            if let Some((row, outcome)) = row.zip(outcome(finished.outcome())) {
                row.checkpoints.insert(path.checkpoint, outcome);
            }
        }
        Some(Payload::RowFinished(finished)) if !finished.will_retry => {
            if let Some(row) = row(rows, finished.row) {
                row.outcome = outcome(finished.outcome());
            }
        }
        _ => {}
    }
}

/// The platform's word for an outcome.
pub(super) fn outcome(outcome: v1::Outcome) -> Option<&'static str> {
    match outcome {
        v1::Outcome::Unspecified => None,
        v1::Outcome::Pass => Some("PASS"),
        v1::Outcome::Fail => Some("FAIL"),
        v1::Outcome::Error => Some("ERROR"),
        v1::Outcome::Skip => Some("SKIP"),
        v1::Outcome::NotReached => Some("NOT_REACHED"),
    }
}

/// The worst of several outcomes; SKIP when there is nothing else.
pub(super) fn worst<'o>(outcomes: impl IntoIterator<Item = &'o str>) -> &'static str {
    const ORDER: [&str; 6] = ["SKIP", "PASS", "NOT_REACHED", "FAIL", "ERROR", "RUNNING"];
    let rank = |outcome: &str| ORDER.iter().position(|word| *word == outcome).unwrap_or(0);
    ORDER[outcomes.into_iter().map(rank).max().unwrap_or(0)]
}

/// Milliseconds since 1970.
pub(super) fn milliseconds(time: &prost_types::Timestamp) -> i64 {
    time.seconds.saturating_mul(1000) + i64::from(time.nanos / 1_000_000)
}
