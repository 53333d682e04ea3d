//! Puts a log's events together, row by row. Rows run at the same time, so their events mix.

use std::collections::BTreeMap;

use etude::v1::{
    BlockPosition, CheckpointStarted, Failure, Outcome, RowFinished, RowStarted, RunEvent,
    SourceLocation, StepFinished, StepPath, StepResult, StepStarted, TestPart, run_event::Payload,
};
use prost_types::Timestamp;

/// Characters of an output that reports show.
const OUTPUT_CHARS: usize = 2000;

/// Console lines and requests of a step that reports show.
const STEP_ENTRIES: usize = 20;

/// Characters of a console line or address that reports show.
const ENTRY_CHARS: usize = 500;

/// One execution of a data row.
#[derive(Debug, Default)]
pub(super) struct RowAttempt {
    pub(super) row: u32,
    pub(super) name: String,
    pub(super) attempt: u32,
    pub(super) browser: String,
    pub(super) started: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
    pub(super) outcome: Outcome,
    pub(super) will_retry: bool,
    pub(super) failure: Option<Failure>,
    pub(super) parts: Vec<PartReport>,
}

/// A part of a row.
#[derive(Debug)]
pub(super) struct PartReport {
    pub(super) part: TestPart,
    pub(super) checkpoint: u32,
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) steps: Vec<StepReport>,
}

/// A step of a part.
#[derive(Debug)]
pub(super) struct StepReport {
    pub(super) number: u32,
    /// Where it stands within blocks, from the outermost in.
    pub(super) within: Vec<BlockPosition>,
    /// Whether its failure is one to look at: it counts and is not that of a step in it.
    pub(super) is_cause: bool,
    pub(super) command: String,
    /// What the step is called.
    pub(super) text: String,
    pub(super) location: Option<SourceLocation>,
    pub(super) result: StepResult,
}

/// Gathers rows until they end.
#[derive(Debug, Default)]
pub(super) struct Collector {
    open: BTreeMap<u32, Open>,
}

#[derive(Debug, Default)]
struct Open {
    row: RowAttempt,
    /// The steps that have begun: blocks, and the step in them.
    started_steps: Vec<StepStarted>,
}

impl Collector {
    /// Adds an event; returns the row that it ends.
    pub(super) fn add(&mut self, event: &RunEvent) -> Option<RowAttempt> {
        match event.payload.as_ref()? {
            Payload::RunRecovered(_) => self.open.clear(),
            Payload::RowStarted(started) => self.begin(started, event.event_time),
            Payload::CheckpointStarted(started) => self.part(started),
            Payload::StepStarted(started) => {
                if let Some(open) = self.at(started.path.as_ref()) {
                    open.started_steps.push(started.clone());
                }
            }
            Payload::StepFinished(finished) => {
                if let Some(open) = self.at(finished.path.as_ref()) {
                    open.finish_step(finished);
                }
            }
            Payload::CheckpointFinished(finished) => {
                let path = finished.path.as_ref()?;
                let part = self.at(Some(path))?.row.part(path);
                part.name.clone_from(&finished.name);
                part.outcome = finished.outcome();
            }
            Payload::RowFinished(finished) => return self.end(finished, event.event_time),
            _ => {}
        }
        None
    }

    fn begin(&mut self, started: &RowStarted, time: Option<Timestamp>) {
        let row = RowAttempt {
            row: started.row,
            name: started.name.clone(),
            attempt: started.attempt,
            browser: started.browser.clone(),
            started: time,
            ..RowAttempt::default()
        };
        let open = Open {
            row,
            ..Open::default()
        };
        self.open.insert(started.row, open);
    }

    fn part(&mut self, started: &CheckpointStarted) {
        if let (Some(path), Some(open)) = (&started.path, self.at(started.path.as_ref())) {
            open.row.part(path).name.clone_from(&started.name);
        }
    }

    fn end(&mut self, finished: &RowFinished, time: Option<Timestamp>) -> Option<RowAttempt> {
        let mut row = self.open.remove(&finished.row)?.row;
        row.ended = time;
        row.outcome = finished.outcome();
        row.will_retry = finished.will_retry;
        row.failure.clone_from(&finished.failure);
        Some(row)
    }

    fn at(&mut self, path: Option<&StepPath>) -> Option<&mut Open> {
        self.open.get_mut(&path?.row)
    }
}

impl Open {
    fn finish_step(&mut self, finished: &StepFinished) {
        let (Some(path), Some(result)) = (&finished.path, &finished.result) else {
            return;
        };
        let is_same = |started: &StepStarted| {
            started.path.as_ref() == Some(path) && started.within == finished.within
        };
        let started = self.started_steps.iter().rposition(is_same);
        let started = started.map(|index| self.started_steps.swap_remove(index));
        let text = match &started {
            Some(started) => started.text.clone(),
            None => result.text.clone(),
        };
        let inherited = finished.block.is_some_and(|block| block.inherited);
        let report = StepReport {
            number: path.step,
            within: finished.within.clone(),
            is_cause: !finished.uncounted && !inherited,
            command: finished.command.clone(),
            text,
            location: started.and_then(|started| started.location),
            result: shortened(result),
        };
        self.row.part(path).add(report);
    }
}

impl RowAttempt {
    /// The part that a path leads into; it is the last one or a new one.
    fn part(&mut self, path: &StepPath) -> &mut PartReport {
        let is_last = self.parts.last().is_some_and(|last| {
            (i32::from(last.part), last.checkpoint) == (path.part, path.checkpoint)
        });
        if !is_last {
            self.parts.push(PartReport {
                part: path.part(),
                checkpoint: path.checkpoint,
                name: String::new(),
                outcome: Outcome::Unspecified,
                steps: Vec::new(),
            });
        }
        let last = self.parts.len() - 1;
        &mut self.parts[last]
    }
}

impl StepReport {
    fn is_inside(&self, block: &Self) -> bool {
        self.number == block.number
            && self.within.len() > block.within.len()
            && self.within.starts_with(&block.within)
    }

    /// What tells it from the other steps of its part: `3`, and in a block `3.2`, with the
    /// iteration of a loop `3.2#1`.
    pub(super) fn label(&self) -> String {
        let mut label = self.number.to_string();
        for place in &self.within {
            label.push_str(&format!(".{}", place.step));
            if place.iteration > 0 {
                label.push_str(&format!("#{}", place.iteration));
            }
        }
        label
    }
}

impl PartReport {
    /// What the part is called; a checkpoint without a name has its number.
    pub(super) fn title(&self) -> String {
        match self.name.as_str() {
            "" => format!("Checkpoint {}", self.checkpoint),
            name => name.to_owned(),
        }
    }

    /// The first step that gave the part its outcome.
    pub(super) fn decisive_step(&self) -> Option<&StepReport> {
        let mut decisive = self
            .steps
            .iter()
            .filter(|step| step.result.outcome() == self.outcome);
        let cause = decisive.clone().find(|step| step.is_cause);
        cause.or_else(|| decisive.next())
    }

    /// Adds a step that has ended: a block stands before the steps in it, which ended earlier.
    fn add(&mut self, step: StepReport) {
        let steps = self.steps.iter();
        let first_inside = steps
            .rev()
            .take_while(|other| other.is_inside(&step))
            .count();
        let at = self.steps.len() - first_inside;
        self.steps.insert(at, step);
    }
}

/// A result with its long texts and lists cut, so that a row of many steps fits into memory.
fn shortened(result: &StepResult) -> StepResult {
    let mut result = result.clone();
    result.console.truncate(STEP_ENTRIES);
    result.network.truncate(STEP_ENTRIES);
    for entry in &mut result.console {
        cut(&mut entry.text, ENTRY_CHARS);
        cut(&mut entry.source, ENTRY_CHARS);
    }
    for entry in &mut result.network {
        cut(&mut entry.url, ENTRY_CHARS);
        cut(&mut entry.error, ENTRY_CHARS);
    }
    if let Some(failure) = &mut result.failure {
        cut(&mut failure.message, OUTPUT_CHARS);
        cut(&mut failure.expected, OUTPUT_CHARS);
        cut(&mut failure.actual, OUTPUT_CHARS);
    }
    if let Some(prost_types::Value {
        kind: Some(prost_types::value::Kind::StringValue(text)),
    }) = &mut result.output
    {
        cut(text, OUTPUT_CHARS);
    }
    result
        .used_variables
        .values_mut()
        .for_each(|value| cut(value, ENTRY_CHARS));
    result
}

/// Cuts a text to a number of characters, and shows that by an ellipsis.
fn cut(text: &mut String, chars: usize) {
    if let Some((at, _)) = text.char_indices().nth(chars) {
        text.truncate(at);
        text.push('…');
    }
}
