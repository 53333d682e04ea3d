//! Decides upon runs whose server stopped while they were executed.

use std::sync::Arc;

use etude::v1::{self, ErrorReason, RunRecovered, RunState, run_event::Payload};

use super::context::{may_begin_again, test_of};
use super::history::History;
use super::log::event;
use super::remote::Told;
use super::{Services, ending};
use crate::error::{Result, failure};
use crate::remote::RemoteExecution;
use crate::store::{NewEvent, RunUpdate};

/// Recovers every run that earlier processes left. One that cannot be recovered does not keep
/// the others from it; the first error is returned in the end.
pub(super) async fn recover(services: &Arc<Services>) -> Result<()> {
    let mut outcome = Ok(());
    for run in services.store.abandoned_runs(&services.worker).await? {
        if services.active.get(&run.name).is_some() {
            continue;
        }
        if let Err(error) = recover_run(services, &run).await {
            tracing::error!(run = run.name, %error, "the run could not be recovered");
            outcome = outcome.and(Err(error));
        }
    }
    outcome
}

async fn recover_run(services: &Arc<Services>, run: &v1::Run) -> Result<()> {
    let spec = services.store.run_spec(&run.name).await?;
    if spec.platform.is_some() {
        return recover_remote(services, run, spec).await;
    }
    if !has_begun(services, run).await? {
        // What was claimed but not begun is no attempt.
        return go_on(services, run).await;
    }
    let config = test_of(spec.source).config.unwrap_or_default();
    let history = History::read(&services.store, &run.name).await?;
    if may_begin_again(&config, run.attempt, || history.has_stepped) {
        return begin_again(services, run, None).await;
    }
    tracing::info!(run = run.name, "the run ends after a restart");
    let message = "the server stopped while the run was executed";
    let reason = failure(ErrorReason::ServerRestarted, message);
    ending::from_log(services, &run.name, reason).await
}

/// Whether the run was executed after it was claimed; if not, there is nothing to recover from.
async fn has_begun(services: &Services, run: &v1::Run) -> Result<bool> {
    let last = services
        .store
        .events(&run.name, run.last_sequence - 1, 1)
        .await?;
    let last = last.first().and_then(|event| event.payload.as_ref());
    Ok(!matches!(
        last,
        Some(Payload::RunQueued(_) | Payload::RunRecovered(_))
    ))
}

/// A run that a platform executes goes on there by itself, and is followed again. Whether an
/// execution that was just being started has started, nobody can tell.
async fn recover_remote(services: &Arc<Services>, run: &v1::Run, spec: v1::RunSpec) -> Result<()> {
    let told = Told::read(&services.store, &run.name).await?;
    if !told.is_starting {
        tracing::info!(run = run.name, "the run is followed again after a restart");
        return go_on(services, run).await;
    }
    let config = test_of(spec.source).config.unwrap_or_default();
    // It may have been started, and then steps of it have begun.
    if may_begin_again(&config, run.attempt, || true) {
        return begin_again_remote(services, run).await;
    }
    let message = "the server stopped while the test was being started on the platform, so it is \
                   not known whether it is executed there; look before you run it again";
    let reason = failure(ErrorReason::PlatformOutcomeUnknown, message);
    ending::from_log(services, &run.name, reason).await
}

/// Puts a run back into the queue whose execution has not begun, or goes on.
async fn go_on(services: &Services, run: &v1::Run) -> Result<()> {
    let update = RunUpdate {
        attempt: Some(run.attempt.saturating_sub(1)),
        ..RunUpdate::default()
    };
    requeue(services, run, Vec::new(), update).await
}

/// Puts a run back into the queue that a platform is to execute from its start again.
pub(super) async fn begin_again_remote(services: &Services, run: &v1::Run) -> Result<()> {
    begin_again(services, run, Some(RemoteExecution::default())).await
}

async fn begin_again(
    services: &Services,
    run: &v1::Run,
    execution: Option<RemoteExecution>,
) -> Result<()> {
    tracing::info!(run = run.name, "the run begins again");
    let recovered = event(Payload::RunRecovered(RunRecovered {
        reason: ErrorReason::ServerRestarted.name().to_owned(),
        attempt: run.attempt + 1,
    }));
    let update = RunUpdate {
        execution,
        ..RunUpdate::default()
    };
    requeue(services, run, vec![recovered], update).await
}

async fn requeue(
    services: &Services,
    run: &v1::Run,
    events: Vec<NewEvent>,
    update: RunUpdate,
) -> Result<()> {
    let update = RunUpdate {
        state: Some(RunState::Queued),
        ..update
    };
    services.log(&run.name).append(events, update).await?;
    for slots in [&services.browsers, &services.platforms] {
        slots.run_waits.notify_one();
    }
    Ok(())
}
