//! What a run's log tells of an execution that was broken off, and how such a log is closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use etude::v1::{
    self, CheckpointFinished, Failure, Outcome, RowFinished, RunEvent, StepFinished, StepPath,
    StepStarted, run_event::Payload,
};

use super::log::event;
use super::outcome::{Counts, weigh, worse};
use super::place::Place;
use super::plan::{Part, Plan};
use super::step::{self, flags};
use crate::error::Result;
use crate::store::{NewEvent, Store};

/// Events that are read at a time.
pub(crate) const PAGE_EVENTS: usize = 256;

/// The present execution of each row, as far as the log knows.
#[derive(Debug, Default)]
pub(super) struct History {
    rows: BTreeMap<u32, Row>,
    /// Whether a step of it has begun.
    pub(super) has_stepped: bool,
}

#[derive(Debug, Default)]
struct Row {
    name: String,
    attempt: u32,
    /// Whether it began and did not end.
    open: bool,
    counts: Counts,
    /// The last step that began or ended.
    last: Option<StepPath>,
    /// Whether the last step began and did not end.
    step_open: bool,
    /// The steps in blocks that began and did not end, from the outermost in.
    nested: Vec<StepStarted>,
    /// Of a part that began and did not end, what came of its steps so far.
    part: Option<Vec<Outcome>>,
}

impl History {
    /// Reads a run's whole log, page by page.
    pub(super) async fn read(store: &Arc<dyn Store>, run: &str) -> Result<Self> {
        let mut history = Self::default();
        let mut after = 0;
        loop {
            let page = store.events(run, after, PAGE_EVENTS).await?;
            let Some(last) = page.last() else {
                return Ok(history);
            };
            after = last.sequence;
            page.iter().for_each(|event| history.add(event));
            if page.len() < PAGE_EVENTS {
                return Ok(history);
            }
        }
    }

    /// How often a row has begun.
    pub(super) fn attempts(&self, row: u32) -> u32 {
        self.rows.get(&row).map_or(0, |row| row.attempt)
    }

    /// Adds the counts of all rows to statistics whose totals are set.
    pub(super) fn add_to(&self, statistics: &mut v1::RunStatistics) {
        self.rows
            .values()
            .for_each(|row| row.counts.add_to(statistics));
    }

    /// The events that end every row that is open: its steps were not reached because of
    /// `failure`, and so it ends ERROR.
    pub(super) fn closing_events(&self, plan: &Plan, failure: &Failure) -> Vec<NewEvent> {
        let open = self.rows.iter().filter(|(_, row)| row.open);
        open.flat_map(|(number, row)| row.closing_events(*number, plan, failure))
            .collect()
    }

    fn add(&mut self, event: &RunEvent) {
        match &event.payload {
            Some(Payload::RunRecovered(_)) => {
                self.has_stepped = false;
                self.rows.values_mut().for_each(Row::give_up);
            }
            Some(Payload::RowStarted(started)) => {
                let row = Row {
                    name: started.name.clone(),
                    attempt: started.attempt,
                    open: true,
                    ..Row::default()
                };
                self.rows.insert(started.row, row);
            }
            Some(Payload::CheckpointStarted(started)) => {
                if let Some(row) = self.at(started.path.as_ref()) {
                    row.part = Some(Vec::new());
                }
            }
            Some(Payload::StepStarted(started)) => {
                self.has_stepped = true;
                if let Some(row) = self.at(started.path.as_ref()) {
                    row.start_step(started);
                }
            }
            Some(Payload::StepFinished(finished)) => {
                if let Some(row) = self.at(finished.path.as_ref()) {
                    row.finish_step(finished);
                }
            }
            Some(Payload::CheckpointFinished(finished)) => {
                if let Some(row) = self.at(finished.path.as_ref()) {
                    row.part = None;
                }
            }
            Some(Payload::RowFinished(finished)) => {
                if let Some(row) = self.rows.get_mut(&finished.row) {
                    row.open = false;
                }
            }
            _ => {}
        }
    }

    fn at(&mut self, path: Option<&StepPath>) -> Option<&mut Row> {
        self.rows.get_mut(&path?.row)
    }
}

impl Row {
    /// Forgets an execution that begins again.
    fn give_up(&mut self) {
        *self = Self {
            attempt: self.attempt,
            ..Self::default()
        };
    }

    fn start_step(&mut self, started: &StepStarted) {
        if !started.within.is_empty() {
            self.nested.push(started.clone());
            return;
        }
        self.last = started.path;
        self.step_open = true;
    }

    fn finish_step(&mut self, finished: &StepFinished) {
        if !finished.within.is_empty() {
            self.nested.retain(|open| open.within != finished.within);
            return;
        }
        self.nested.clear();
        let outcome = step::outcome(finished);
        self.counts.add(outcome);
        self.last = finished.path;
        self.step_open = false;
        if let Some(part) = &mut self.part {
            part.push(outcome);
        }
    }

    fn closing_events(&self, number: u32, plan: &Plan, failure: &Failure) -> Vec<NewEvent> {
        let mut events = Vec::new();
        for part in &plan.parts {
            self.close_part(number, part, failure, &mut events);
        }
        events.push(event(Payload::RowFinished(RowFinished {
            row: number,
            outcome: Outcome::Error.into(),
            attempt: self.attempt,
            will_retry: false,
            failure: Some(failure.clone()),
            name: self.name.clone(),
        })));
        events
    }

    fn close_part(&self, row: u32, part: &Part, failure: &Failure, events: &mut Vec<NewEvent>) {
        let done = self.steps_done(part);
        let current = self.last.is_some_and(|last| part.holds(&last));
        let outcomes = self.part.as_deref().filter(|_| current);
        if done == part.steps.len() && outcomes.is_none() {
            return;
        }
        if current {
            let nested = self.nested.iter().rev();
            events.extend(nested.map(|open| step::broken_off(open, &had_begun(failure))));
        }
        let begun = (current && self.step_open).then_some(done);
        for (at, step) in part.steps.iter().enumerate().skip(done) {
            let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
            let place = Place::new(part, part.path(row, number, self.attempt));
            let failure = match begun == Some(at) {
                true => &had_begun(failure),
                false => failure,
            };
            events.push(step::not_reached(&place, step, failure));
        }
        let weighed = part.steps.iter().zip(outcomes.unwrap_or_default());
        let weighed = weighed.map(|(step, outcome)| weigh(*outcome, &flags(step), false).counted);
        let left = (done < part.steps.len()).then_some(Outcome::NotReached);
        let outcome = weighed.chain(left).fold(Outcome::Unspecified, worse);
        events.push(event(Payload::CheckpointFinished(CheckpointFinished {
            path: Some(part.path(row, 0, self.attempt)),
            outcome: outcome.into(),
            name: part.name.clone(),
        })));
    }

    /// How many steps of a part have ended.
    fn steps_done(&self, part: &Part) -> usize {
        let Some(last) = &self.last else {
            return 0;
        };
        match part.order().cmp(&(last.part, last.checkpoint)) {
            std::cmp::Ordering::Less => part.steps.len(),
            std::cmp::Ordering::Greater => 0,
            std::cmp::Ordering::Equal => last.step as usize - usize::from(self.step_open),
        }
    }
}

/// Why a step that had begun has no result.
fn had_begun(failure: &Failure) -> Failure {
    let message = format!(
        "{}; this step had begun, and whether it acted is not known",
        failure.message
    );
    Failure {
        message,
        ..failure.clone()
    }
}

#[cfg(test)]
mod tests {
    use etude::v1::{ErrorReason, RowStarted, RunRecovered};

    use super::*;
    use crate::error::failure;

    fn row_started(row: u32, attempt: u32) -> Payload {
        Payload::RowStarted(RowStarted {
            row,
            attempt,
            ..RowStarted::default()
        })
    }

    #[test]
    fn rows_of_an_execution_that_was_given_up_are_not_closed_again() {
        let mut history = History::default();
        for payload in [
            row_started(1, 1),
            row_started(2, 1),
            Payload::RunRecovered(RunRecovered::default()),
            row_started(1, 2),
        ] {
            history.add(&RunEvent {
                payload: Some(payload),
                ..RunEvent::default()
            });
        }
        let plan = Plan::take_from(&mut v1::Test::default());
        let failure = failure(ErrorReason::ServerRestarted, "the server stopped");
        let closing = history.closing_events(&plan, &failure);
        let closed: Vec<_> = closing.iter().map(|event| &event.payload).collect();
        assert!(
            matches!(closed[..], [Payload::RowFinished(row)] if row.row == 1 && row.attempt == 2),
            "{closed:?}"
        );
        assert_eq!((history.attempts(1), history.attempts(2)), (2, 1));
    }
}
