//! Cancels a run, wherever it is.

use std::sync::Arc;
use std::time::Duration;

use etude::v1::{self, Outcome, RunFinished, RunState, run_event::Payload};
use tokio::time::timeout;

use super::interrupt::Cause;
use super::log::event;
use super::outcome::complete;
use super::{Services, not_recorded, watch};
use crate::error::{Error, Result};
use crate::store::RunUpdate;

/// The longest that a cancellation waits for the run's end to be recorded.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn cancel(services: &Arc<Services>, name: &str) -> Result<v1::Run> {
    let queue = services.queue.lock().await;
    if let Some(active) = services.active.get(name) {
        drop(queue);
        active.interrupt.throw(Cause::Cancelled);
        let ended = timeout(PATIENCE, active.ended.cancelled()).await;
        ended.map_err(|_| not_recorded(name))?;
        return services.store.run(name).await;
    }
    let run = services.store.run(name).await?;
    match run.state() {
        RunState::Queued => {
            cancel_queued(services, run).await?;
            services.store.run(name).await
        }
        _ if watch::is_over(&run) => Ok(run),
        _ => Err(elsewhere(name)),
    }
}

/// Ends a run that has not begun. Nothing was executed, so there is nothing to report on.
async fn cancel_queued(services: &Services, run: v1::Run) -> Result<()> {
    let last = event(Payload::RunFinished(RunFinished {
        outcome: Outcome::NotReached.into(),
        cancelled: true,
        ..RunFinished::default()
    }));
    let update = RunUpdate {
        state: Some(RunState::Cancelled),
        outcome: Some(Outcome::NotReached),
        end_time: Some(last.time),
        statistics: Some(complete(run.statistics.unwrap_or_default())),
        ..RunUpdate::default()
    };
    services.store.append(&run.name, vec![last], update).await?;
    Ok(())
}

/// The run is marked as being executed, and not by this process.
fn elsewhere(name: &str) -> Error {
    let message = format!("{name} is not executed by this server and will be recovered soon");
    Error::new(v1::ErrorReason::StorageFailed, message)
        .retry_after(Duration::from_secs(5))
        .resource(name)
}
