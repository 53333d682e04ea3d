//! Ends a run whose execution was broken off, from what its log tells.

use std::sync::Arc;
use std::time::Duration;

use etude::v1::{ErrorReason, Failure, Outcome, RunState};
use tokio::time::sleep;

use super::context::test_of;
use super::execute::{Ending, conclude};
use super::history::History;
use super::outcome::complete;
use super::plan::Plan;
use super::{Services, watch};
use crate::error::Result;
use crate::store::RunUpdate;

/// Between two attempts to end a run while the store fails.
const PAUSE: Duration = Duration::from_secs(5);

/// Ends a run ERROR because of `failure`: rows that are open are closed, steps that nothing is
/// known of were not reached.
pub(super) async fn from_log(services: &Arc<Services>, name: &str, failure: Failure) -> Result<()> {
    let run = services.store.run(name).await?;
    if watch::is_over(&run) {
        return Ok(());
    }
    let mut test = test_of(services.store.run_spec(name).await?.source);
    let plan = Plan::take_from(&mut test);
    let history = History::read(&services.store, name).await?;
    let closing = history.closing_events(&plan, &failure);
    let log = services.log(name);
    if !closing.is_empty() {
        log.append(closing, RunUpdate::default()).await?;
    }
    let mut statistics = run.statistics.unwrap_or_default();
    (statistics.passed, statistics.failed) = (0, 0);
    (statistics.errors, statistics.skipped) = (0, 0);
    history.add_to(&mut statistics);
    let end = Ending {
        state: RunState::Finished,
        outcome: Outcome::Error,
        statistics: complete(statistics),
        failure: Some(failure),
    };
    conclude(services, name, end, false).await
}

/// Ends a run whose execution could not be brought to its end, if that is so.
pub(super) async fn unless_ended(services: &Arc<Services>, name: &str, ended: Result<()>) {
    if let Err(error) = ended {
        tracing::error!(run = name, %error, "the run could not be executed to its end");
        insist(services, name, error.to_failure()).await;
    }
}

/// As [`from_log`], again and again until the store can be written or the server is shut down;
/// then the run is recovered after the next start.
pub(super) async fn insist(services: &Arc<Services>, name: &str, failure: Failure) {
    loop {
        match from_log(services, name, failure.clone()).await {
            Ok(()) => return,
            Err(error) if error.reason == ErrorReason::RunNotFound => return,
            Err(error) => tracing::error!(run = name, %error, "the run cannot be ended yet"),
        }
        tokio::select! {
            () = services.stopping.cancelled() => return,
            () = sleep(PAUSE) => {}
        }
    }
}
