//! What the log of a run tells that a platform executes: enough to go on from, and to tell nothing
//! twice.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use etude::v1::{
    BlockPosition, Outcome, RowFinished, RunEvent, StepPath, TestPart, run_event::Payload,
};

use super::super::history::PAGE_EVENTS;
use super::super::outcome::Counts;
use super::super::step;
use crate::error::Result;
use crate::store::Store;

/// Where a step stands in its row; with step 0, a part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) part: TestPart,
    pub(super) checkpoint: u32,
    pub(super) step: u32,
    within: Vec<BlockPosition>,
}

impl Key {
    pub(super) fn new(path: &StepPath, within: &[BlockPosition]) -> Self {
        Self {
            part: path.part(),
            checkpoint: path.checkpoint,
            step: path.step,
            within: within.to_vec(),
        }
    }

    /// Whether it stands in a block.
    fn is_nested(&self) -> bool {
        !self.within.is_empty()
    }
}

/// What the log tells.
#[derive(Debug, Default)]
pub(in super::super) struct Told {
    /// The execution has begun.
    pub(super) has_begun: bool,
    /// Nobody knows whether the platform has been asked to start.
    pub(in super::super) is_starting: bool,
    rows: BTreeMap<u32, ToldRow>,
}

/// What the log tells of a row's present attempt.
#[derive(Debug, Clone, Default)]
pub(super) struct ToldRow {
    /// How often it has begun.
    pub(super) attempt: u32,
    /// How often before the run began again.
    pub(super) given_up: u32,
    /// It has begun and not ended.
    pub(super) is_open: bool,
    /// Its end.
    pub(super) ended: Option<RowFinished>,
    /// The parts and steps that began.
    pub(super) begun: HashSet<Key>,
    /// What came of the steps that ended.
    pub(super) steps: HashMap<Key, Outcome>,
    /// The parts that ended.
    pub(super) parts: HashSet<Key>,
}

impl Told {
    /// Reads a run's whole log.
    pub(in super::super) async fn read(store: &Arc<dyn Store>, run: &str) -> Result<Self> {
        let mut told = Self::default();
        let mut after = 0;
        loop {
            let page = store.events(run, after, PAGE_EVENTS).await?;
            page.iter().for_each(|event| told.add(event));
            match page.last() {
                Some(last) if page.len() == PAGE_EVENTS => after = last.sequence,
                _ => return Ok(told),
            }
        }
    }

    /// What it tells of a row.
    pub(super) fn row(&self, row: u32) -> ToldRow {
        self.rows.get(&row).cloned().unwrap_or_default()
    }

    fn add(&mut self, event: &RunEvent) {
        match &event.payload {
            Some(Payload::RunStarted(_)) => self.has_begun = true,
            Some(Payload::RunRecovered(_)) => {
                (self.has_begun, self.is_starting) = (false, false);
                self.rows.values_mut().for_each(ToldRow::give_up);
            }
            // A row says so before the platform is asked to start it.
            Some(Payload::RunLogged(logged)) if logged.row > 0 => {
                self.is_starting = !self.rows.get(&logged.row).is_some_and(|row| row.is_open);
            }
            Some(Payload::RowStarted(started)) => {
                self.is_starting = false;
                let row = self.rows.entry(started.row).or_default();
                row.begin(started.attempt);
            }
            Some(Payload::RowFinished(finished)) => {
                let row = self.rows.entry(finished.row).or_default();
                row.is_open = false;
                row.ended = Some(finished.clone());
            }
            Some(payload) => self.add_to_row(payload),
            None => {}
        }
    }

    fn add_to_row(&mut self, payload: &Payload) {
        let (path, within) = match payload {
            Payload::CheckpointStarted(event) => (&event.path, &[][..]),
            Payload::CheckpointFinished(event) => (&event.path, &[][..]),
            Payload::StepStarted(event) => (&event.path, &event.within[..]),
            Payload::StepFinished(event) => (&event.path, &event.within[..]),
            _ => return,
        };
        let Some(path) = path else { return };
        let Some(row) = self.rows.get_mut(&path.row) else {
            return;
        };
        let key = Key::new(path, within);
        match payload {
            Payload::CheckpointFinished(_) => drop(row.parts.insert(key)),
            Payload::StepFinished(event) => drop(row.steps.insert(key, step::outcome(event))),
            _ => drop(row.begun.insert(key)),
        }
    }
}

impl ToldRow {
    /// A new attempt begins.
    pub(super) fn begin(&mut self, attempt: u32) {
        *self = Self {
            attempt,
            given_up: self.given_up,
            is_open: true,
            ..Self::default()
        };
    }

    /// Forgets an execution that begins again.
    fn give_up(&mut self) {
        *self = Self {
            attempt: self.attempt,
            given_up: self.attempt,
            ..Self::default()
        };
    }

    /// Whether the row is done with, and not executed again.
    pub(super) fn is_over(&self) -> bool {
        self.ended.as_ref().is_some_and(|end| !end.will_retry)
    }

    /// Counts of its steps.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let own = self.steps.iter().filter(|(key, _)| !key.is_nested());
        own.for_each(|(_, outcome)| counts.add(*outcome));
        counts
    }
}
