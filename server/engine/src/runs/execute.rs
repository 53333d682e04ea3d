//! Executes one claimed run, from RunStarted to RunFinished.

use std::sync::Arc;
use std::time::Duration;

use etude::v1::{
    self, ErrorReason, Failure, LogLevel, Outcome, RunFinished, RunLogged, RunRecovered,
    RunStarted, RunState, run_event::Payload,
};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinError, JoinSet};

use super::context::RunContext;
use super::history::History;
use super::interrupt::{Cause, Interrupt};
use super::log::event;
use super::outcome::{complete, worse};
use super::row::{self, RowEnd};
use super::{Services, clock, ending};
use crate::error::{Error, Result};
use crate::store::{ClaimedRun, RunUpdate};

/// The longest that reports may take when the server is shutting down.
const HASTY_REPORTS: Duration = Duration::from_secs(2);

/// Executes a run to its end. `permit` is the browser of its first row.
pub(super) async fn execute(
    services: Arc<Services>,
    claimed: ClaimedRun,
    interrupt: Arc<Interrupt>,
    permit: OwnedSemaphorePermit,
) {
    let name = claimed.run.name.clone();
    let ended = attempt(&services, claimed, interrupt, permit).await;
    ending::unless_ended(&services, &name, ended).await;
}

async fn attempt(
    services: &Arc<Services>,
    claimed: ClaimedRun,
    interrupt: Arc<Interrupt>,
    permit: OwnedSemaphorePermit,
) -> Result<()> {
    let history = match claimed.run.attempt {
        0 | 1 => History::default(),
        _ => History::read(&services.store, &claimed.run.name).await?,
    };
    let run = Arc::new(RunContext::new(services, claimed, interrupt, history));
    announce(&run).await?;
    let sum = rows(services, &run, permit).await?;
    finish(services, &run, sum).await
}

/// Says that the run's execution has begun.
pub(super) async fn announce(run: &RunContext) -> Result<()> {
    let started = event(Payload::RunStarted(RunStarted {
        attempt: run.run.attempt,
    }));
    let update = RunUpdate {
        start_time: run.run.start_time.is_none().then_some(started.time),
        statistics: Some(run.progress()),
        ..RunUpdate::default()
    };
    run.log.append(vec![started], update).await
}

/// What came of all rows.
#[derive(Debug, Default)]
pub(super) struct Sum {
    outcome: Outcome,
    /// The failure of the first row, by number, that has one.
    failure: Option<(u32, Failure)>,
    /// Rows that ended.
    ended: u32,
    interrupted: bool,
}

impl Sum {
    /// Whether rows are missing of so many.
    pub(super) fn is_short_of(&self, rows: u32) -> bool {
        self.ended < rows
    }

    pub(super) fn add(&mut self, end: RowEnd) {
        self.outcome = worse(self.outcome, end.outcome);
        self.ended += 1;
        self.interrupted |= end.interrupted;
        let is_first = self.failure.as_ref().is_none_or(|(row, _)| end.row < *row);
        if let Some(failure) = end.failure.filter(|_| is_first) {
            self.failure = Some((end.row, failure));
        }
    }
}

/// Executes the rows, as many at a time as may be. A run waits for one browser at a time, so that
/// a run of a thousand rows does not push others out of the line.
async fn rows(
    services: &Services,
    run: &Arc<RunContext>,
    first: OwnedSemaphorePermit,
) -> Result<Sum> {
    let limit = match run.parallelism {
        0 => services.options.max_browsers,
        asked => (asked as usize).min(services.options.max_browsers),
    };
    let mut sum = Sum::default();
    let mut first = Some(first);
    let mut running = JoinSet::new();
    for number in 1..=run.rows {
        while running.len() >= limit.max(1) {
            collect(&mut running, run, &mut sum).await?;
        }
        let permit = match first.take() {
            Some(permit) => Some(permit),
            None => next_browser(services, run).await,
        };
        let Some(permit) = permit.filter(|_| !run.is_halted()) else {
            break;
        };
        running.spawn(row::execute(Arc::clone(run), number, permit));
    }
    while !running.is_empty() {
        collect(&mut running, run, &mut sum).await?;
    }
    Ok(sum)
}

async fn next_browser(services: &Services, run: &RunContext) -> Option<OwnedSemaphorePermit> {
    tokio::select! {
        biased;
        () = run.interrupt.thrown() => None,
        permit = services.browsers.take() => permit,
    }
}

/// Waits for the next row that ends. When one cannot write the log, the others are interrupted.
async fn collect(
    running: &mut JoinSet<Result<RowEnd>>,
    run: &RunContext,
    sum: &mut Sum,
) -> Result<()> {
    let ended = match running.join_next().await {
        None => return Ok(()),
        Some(joined) => joined.unwrap_or_else(|panic| Err(defect(&panic))),
    };
    match ended {
        Ok(end) => {
            sum.add(end);
            Ok(())
        }
        Err(error) => {
            run.interrupt.throw(Cause::LogLost(error.clone()));
            while running.join_next().await.is_some() {}
            Err(error)
        }
    }
}

fn defect(panic: &JoinError) -> Error {
    Error::internal(format!("the row's execution broke off: {panic}"))
}

/// Ends the run, or puts it back into the queue.
pub(super) async fn finish(services: &Arc<Services>, run: &RunContext, mut sum: Sum) -> Result<()> {
    let left_rows = sum.ended < run.rows;
    let interrupted = sum.interrupted || (left_rows && run.interrupt.cause().is_some());
    if interrupted && run.begins_again() {
        return begin_again(run).await;
    }
    let cause = run.interrupt.cause().filter(|_| interrupted);
    let cancelled = matches!(cause, Some(Cause::Cancelled));
    if let Some(cause) = cause.filter(|_| !cancelled) {
        sum.failure = Some((0, cause.failure()));
    }
    if left_rows {
        sum.outcome = worse(sum.outcome, Outcome::NotReached);
    }
    if sum.failure.is_some() {
        sum.outcome = Outcome::Error;
    }
    let failure = sum.failure.map(|(_, failure)| failure);
    let end = Ending {
        state: if cancelled {
            RunState::Cancelled
        } else {
            RunState::Finished
        },
        outcome: sum.outcome,
        statistics: complete(run.progress()),
        failure,
    };
    let hasty = matches!(cause, Some(Cause::Shutdown));
    conclude(services, &run.run.name, end, hasty).await
}

/// Puts the run back into the queue; it is executed after the next start.
async fn begin_again(run: &RunContext) -> Result<()> {
    let recovered = event(Payload::RunRecovered(RunRecovered {
        reason: ErrorReason::ServerShutdown.name().to_owned(),
        attempt: run.run.attempt + 1,
    }));
    let update = RunUpdate {
        state: Some(RunState::Queued),
        ..RunUpdate::default()
    };
    run.log.append(vec![recovered], update).await
}

/// How a run ends.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub(super) state: RunState,
    pub(super) outcome: Outcome,
    pub(super) statistics: v1::RunStatistics,
    pub(super) failure: Option<Failure>,
}

/// Stores the run's reports, then appends its last event.
pub(super) async fn conclude(
    services: &Arc<Services>,
    run: &str,
    end: Ending,
    hasty: bool,
) -> Result<()> {
    let log = services.log(run);
    let mut events = Vec::new();
    let artifacts = match reports(services, run, &end, hasty).await {
        Ok(artifacts) => artifacts,
        Err(error) => {
            tracing::warn!(run, %error, "the run's reports could not be stored");
            events.push(event(Payload::RunLogged(RunLogged {
                level: LogLevel::Warning.into(),
                message: format!("the reports could not be stored: {}", error.message),
                row: 0,
            })));
            // No run names them, so nobody would.
            if let Err(error) = crate::reports::remove(&*services.store, run).await {
                tracing::warn!(run, %error, "the run's first reports could not be removed");
            }
            Vec::new()
        }
    };
    let last = event(Payload::RunFinished(RunFinished {
        outcome: end.outcome.into(),
        cancelled: end.state == RunState::Cancelled,
        failure: end.failure.clone(),
        artifacts: artifacts.clone(),
    }));
    let update = RunUpdate {
        state: Some(end.state),
        outcome: Some(end.outcome),
        end_time: Some(last.time),
        statistics: Some(end.statistics),
        failure: end.failure,
        artifacts: Some(artifacts),
        ..RunUpdate::default()
    };
    events.push(last);
    log.append(events, update).await
}

async fn reports(
    services: &Arc<Services>,
    run: &str,
    end: &Ending,
    hasty: bool,
) -> Result<Vec<String>> {
    let mut run = services.store.run(run).await?;
    run.state = end.state.into();
    run.outcome = end.outcome.into();
    run.end_time = Some(clock::now());
    run.statistics = Some(end.statistics);
    run.failure.clone_from(&end.failure);
    let store = crate::reports::store(&services.store, run);
    if !hasty {
        return store.await;
    }
    let late = |_| Error::internal("the server was shut down meanwhile");
    tokio::time::timeout(HASTY_REPORTS, store)
        .await
        .map_err(late)?
}
