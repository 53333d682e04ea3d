//! Writes a run's log, patiently: a full disk or a busy database costs time and no events.

use std::sync::Arc;
use std::time::Duration;

use etude::v1::{ErrorReason, run_event::Payload};
use tokio::time::{Instant, sleep};

use super::clock;
use crate::error::Result;
use crate::store::{NewEvent, RunUpdate, Store};

/// The most events of one append; more are split.
const BATCH_EVENTS: usize = 500;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The log of one run.
#[derive(Clone)]
pub(super) struct RunLog {
    store: Arc<dyn Store>,
    run: String,
    /// For how long a failing append is tried again.
    patience: Duration,
}

impl RunLog {
    pub(super) fn new(store: Arc<dyn Store>, run: &str, patience: Duration) -> Self {
        Self {
            store,
            run: run.to_owned(),
            patience,
        }
    }

    /// Appends events; `update` is applied with the last of them.
    ///
    /// # Errors
    ///
    /// The store failed for as long as the log is patient, or the run is gone.
    pub(super) async fn append(&self, mut events: Vec<NewEvent>, update: RunUpdate) -> Result<()> {
        while events.len() > BATCH_EVENTS {
            let rest = events.split_off(BATCH_EVENTS);
            self.append_batch(events, RunUpdate::default()).await?;
            events = rest;
        }
        self.append_batch(events, update).await
    }

    async fn append_batch(&self, events: Vec<NewEvent>, update: RunUpdate) -> Result<()> {
        let give_up = Instant::now() + self.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let attempt = self.store.append(&self.run, events.clone(), update.clone());
            let Err(error) = attempt.await else {
                return Ok(());
            };
            let hopeless = error.reason == ErrorReason::RunNotFound;
            if hopeless || Instant::now() + pause > give_up {
                tracing::error!(run = self.run, %error, "the run's log cannot be written");
                return Err(error);
            }
            tracing::warn!(run = self.run, %error, "the run's log cannot be written, trying again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// An event that happens now.
pub(super) fn event(payload: Payload) -> NewEvent {
    NewEvent {
        time: clock::now(),
        payload,
    }
}
