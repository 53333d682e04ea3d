//! Claims runs as slots become free, and keeps the claims alive.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::join;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::active::Entry;
use super::interrupt::Interrupt;
use super::slots::Slots;
use super::{Services, ending, execute, remote};
use crate::error::{Error, Result};
use crate::store::{ClaimedRun, Pool};

/// Before the queue is looked at again after the store failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Executes runs until `stop` or a shutdown.
pub(super) async fn work(services: &Arc<Services>, stop: CancellationToken) {
    let claims = join(
        claim_runs(services, &services.browsers, &stop),
        claim_runs(services, &services.platforms, &stop),
    );
    tokio::select! {
        ((), ()) = claims => {}
        () = keep_leases(services) => {}
    }
}

async fn claim_runs(services: &Arc<Services>, slots: &Slots, stop: &CancellationToken) {
    let stopped = async {
        tokio::select! {
            () = stop.cancelled() => {}
            () = services.stopping.cancelled() => {}
        }
    };
    tokio::pin!(stopped);
    loop {
        // A slot first: a run leaves the queue only when it can begin at once.
        let permit = tokio::select! {
            biased;
            () = &mut stopped => return,
            permit = slots.take() => permit,
        };
        let Some(permit) = permit else { return };
        // A claim is never broken off: the run would be taken and nobody would execute it.
        let pause = match claim(services, slots.pool).await {
            Ok(Some(claim)) => {
                start(services, claim, permit);
                continue;
            }
            Ok(None) => services.options.poll,
            Err(error) => {
                tracing::warn!(%error, "the queue cannot be read, trying again");
                PAUSE
            }
        };
        drop(permit);
        tokio::select! {
            () = &mut stopped => return,
            () = slots.run_waits.notified() => {}
            () = sleep(pause) => {}
        }
    }
}

struct Claim {
    run: ClaimedRun,
    entry: Entry,
    interrupt: Arc<Interrupt>,
}

async fn claim(services: &Services, pool: Pool) -> Result<Option<Claim>> {
    let _queue = services.queue.lock().await;
    let claimed = services
        .store
        .claim_run(pool, &services.worker, services.options.lease);
    Ok(claimed.await?.map(|run| {
        let (entry, interrupt) = services.active.enter(&run.run.name);
        Claim {
            run,
            entry,
            interrupt,
        }
    }))
}

/// Executes a run in a task of its own. A defect of ours ends that run and no other.
fn start(services: &Arc<Services>, claim: Claim, permit: OwnedSemaphorePermit) {
    let Claim {
        run,
        entry,
        interrupt,
    } = claim;
    let tasks = services.tasks.clone();
    let services = Arc::clone(services);
    tasks.spawn(async move {
        let name = run.run.name.clone();
        let execution = async {
            let services = Arc::clone(&services);
            match Pool::of(&run.spec) {
                Pool::Browsers => execute::execute(services, run, interrupt, permit).await,
                Pool::Platforms => remote::execute(services, run, interrupt, permit).await,
            }
        };
        if AssertUnwindSafe(execution).catch_unwind().await.is_err() {
            let defect = Error::internal("the run's execution broke off");
            ending::insist(&services, &name, defect.to_failure()).await;
        }
        drop(entry);
    });
}

/// Renews the leases of the runs that are executed here.
async fn keep_leases(services: &Services) {
    let mut beats = interval(services.options.lease / 3);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        let renewed = services
            .store
            .renew_leases(&services.worker, services.options.lease);
        if let Err(error) = renewed.await {
            tracing::warn!(%error, "the leases cannot be renewed, trying again");
        }
    }
}
