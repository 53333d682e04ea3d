//! What has come of a journey: its run's state, and the results of its steps from the run's log.

use std::collections::HashMap;
use std::sync::Arc;

use etude::v1::{self, ErrorReason, RunState, TestPart, run_event::Payload};
use etude_engine::Error;
use etude_engine::store::Store;

use super::kept::{KeptSuite, Start};

/// Events that are read at once.
const PAGE: usize = 256;

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
    /// Why the platform failed.
    pub(super) failure: Option<v1::Failure>,
    /// Its data rows in order, at least one.
    pub(super) rows: Vec<Row>,
}

/// What has come of a data row.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) outcome: Option<&'static str>,
    /// By the number of the checkpoint and of the step in the run; both from 1.
    pub(super) steps: HashMap<(u32, u32), v1::StepResult>,
    /// The outcomes of checkpoints that have ended, by their numbers.
    pub(super) checkpoints: HashMap<u32, &'static str>,
}

/// Reads what has come of a journey.
pub(super) async fn of(store: &dyn Store, suite: &KeptSuite) -> Result<Progress, Error> {
    let rows = vec![Row::default(); suite.rows.max(1)];
    let mut progress = Progress {
        state: State::Failed,
        started: None,
        ended: None,
        failure: None,
        rows,
    };
    let name = match &suite.run {
        Start::Run(name) => name,
        Start::Empty => {
            progress.state = State::Finished;
            progress
                .rows
                .iter_mut()
                .for_each(|row| row.outcome = Some("SKIP"));
            return Ok(progress);
        }
        Start::None => {
            progress
                .rows
                .iter_mut()
                .for_each(|row| row.outcome = Some("ERROR"));
            return Ok(progress);
        }
    };
    let run = store.run(name).await?;
    progress.state = state(&run);
    progress.started = run.start_time.as_ref().map(milliseconds);
    progress.ended = run.end_time.as_ref().map(milliseconds);
    progress.failure = run.failure.clone();
    read_log(store, name, &mut progress.rows).await?;
    if progress.state.has_ended() {
        // A row that never began has no events.
        for row in &mut progress.rows {
            row.outcome.get_or_insert("NOT_REACHED");
        }
        if suite.rows == 0 {
            progress.rows[0].outcome = Some(outcome(run.outcome()).unwrap_or("NOT_REACHED"));
        }
    }
    Ok(progress)
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

async fn read_log(store: &dyn Store, run: &str, rows: &mut [Row]) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let events = match store.events(run, after, PAGE).await {
            // Old logs are removed; what came of the run is kept.
            Err(error) if error.reason == ErrorReason::EventsCompacted => return Ok(()),
            other => other?,
        };
        for event in &events {
            note(event, rows);
        }
        match events.last().map(Arc::clone) {
            Some(last) if events.len() == PAGE => after = last.sequence,
            _ => return Ok(()),
        }
    }
}

fn note(event: &v1::RunEvent, rows: &mut [Row]) {
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
            let own = path.part() == TestPart::Checkpoint && finished.within.is_empty();
            if let Some(row) = row(rows, path.row).filter(|_| own) {
                row.steps
                    .insert((path.checkpoint, path.step), result.clone());
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
