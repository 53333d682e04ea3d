//! Every step as it ends: coloured with a moving line on a terminal, plain lines elsewhere. Data
//! rows that are executed at the same time are printed one after the other, each when it has ended.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use etude::v1::run_event::Payload;
use etude::v1::{BlockKind, LogLevel, Outcome, RunEvent, RunLogged, StepFinished, StepResult};
use indicatif::{ProgressBar, ProgressStyle};

use super::super::output::{self, note};
use super::super::problem::Problem;
use super::super::style::{Style, elapsed, one_line, plain};
use super::tally::{Tally, path};

/// A data row of a run: the run's name, and the row's number.
type Row = (String, u32);

/// Prints events.
pub(crate) struct Printer {
    style: Style,
    to_stdout: bool,
    /// The moving line at the foot of a terminal.
    moving: Option<ProgressBar>,
    /// Whether several rows are executed at the same time.
    parallel: bool,
    /// The row whose step was printed last.
    last: Option<Row>,
    /// The part of the last step of each row.
    parts: BTreeMap<Row, String>,
    /// What is printed when the row has ended.
    held: BTreeMap<Row, String>,
}

impl Printer {
    /// The events are what the user asked for.
    pub(crate) fn on_stdout(parallel: bool) -> Self {
        Self::new(true, parallel)
    }

    /// The events accompany what the user asked for.
    pub(crate) fn on_stderr(parallel: bool) -> Self {
        Self::new(false, parallel)
    }

    fn new(to_stdout: bool, parallel: bool) -> Self {
        let terminal =
            std::io::stderr().is_terminal() && (!to_stdout || std::io::stdout().is_terminal());
        let style = match to_stdout {
            true => Style::of_stdout(),
            false => Style::of_stderr(),
        };
        Self {
            style,
            to_stdout,
            moving: terminal.then(moving_line),
            parallel,
            last: None,
            parts: BTreeMap::new(),
            held: BTreeMap::new(),
        }
    }

    /// Prints what an event has to say; the tally has it already.
    pub(crate) fn event(&mut self, tally: &Tally, event: &RunEvent) -> Result<(), Problem> {
        let row = |row: u32| (tally.run_name().to_owned(), row);
        match &event.payload {
            Some(Payload::RunQueued(_)) => {
                self.move_on(&format!("{} waits", tally.test_name()));
                Ok(())
            }
            Some(Payload::StepStarted(step)) => {
                self.move_on(&step.text);
                Ok(())
            }
            Some(Payload::StepFinished(step)) => self.step(tally, step),
            Some(Payload::RunLogged(log)) => {
                let text = log_text(log, self.style);
                self.put(row(log.row), text)
            }
            Some(Payload::RowFinished(finished)) => {
                let row = row(finished.row);
                if finished.will_retry {
                    let again = self.style.yellow("the row is executed again");
                    self.put(row.clone(), format!("  {again}\n"))?;
                }
                self.row_ended(&row)
            }
            Some(Payload::RunRecovered(recovered)) => {
                let text = format!("the run begins again [{}]", recovered.reason);
                let text = format!("  {}\n", self.style.yellow(&text));
                self.finish_rows()?;
                self.write(&text)
            }
            _ => Ok(()),
        }
    }

    /// Prints what is held, and removes the moving line.
    pub(crate) fn finish(&mut self) -> Result<(), Problem> {
        if let Some(bar) = self.moving.take() {
            bar.finish_and_clear();
        }
        self.finish_rows()
    }

    fn step(&mut self, tally: &Tally, step: &StepFinished) -> Result<(), Problem> {
        let path = path(step);
        let row = (tally.run_name().to_owned(), path.row);
        let part = tally.part_title(&path);
        let goes_on = match self.parallel {
            true => self.parts.contains_key(&row),
            false => self.last.as_ref() == Some(&row),
        };
        let mut text = String::new();
        if !goes_on {
            text += &self.row_title(tally, path.row);
        }
        let before = self.parts.insert(row.clone(), part.clone());
        let same_part = goes_on && before.as_ref() == Some(&part);
        if !part.is_empty() && !same_part {
            text += &format!("  {}\n", self.style.dim(&one_line(&part)));
        }
        self.last = Some(row.clone());
        text += &step_text(tally, step, self.style);
        self.put(row, text + "\n")
    }

    fn row_title(&self, tally: &Tally, row: u32) -> String {
        let test = self.style.bold(&one_line(&tally.title()));
        match tally.row_title(row).as_str() {
            "" => format!("\n{test}\n"),
            row => format!("\n{test} · {}\n", one_line(row)),
        }
    }

    /// Prints a text of a row now, or with the others of the row.
    fn put(&mut self, row: Row, text: String) -> Result<(), Problem> {
        if self.parallel && row.1 > 0 {
            self.held.entry(row).or_default().push_str(&text);
            return Ok(());
        }
        self.write(&text)
    }

    fn row_ended(&mut self, row: &Row) -> Result<(), Problem> {
        self.parts.remove(row);
        self.last = None;
        match self.held.remove(row) {
            Some(text) => self.write(&text),
            None => Ok(()),
        }
    }

    fn finish_rows(&mut self) -> Result<(), Problem> {
        self.parts.clear();
        self.last = None;
        let held = std::mem::take(&mut self.held);
        held.values().try_for_each(|text| self.write(text))
    }

    fn move_on(&self, text: &str) {
        if let Some(bar) = &self.moving {
            bar.set_message(one_line(text));
        }
    }

    /// Writes whole lines.
    fn write(&self, text: &str) -> Result<(), Problem> {
        let write = || match self.to_stdout {
            true => output::print(text),
            false => {
                note(text.trim_end_matches('\n'));
                Ok(())
            }
        };
        match &self.moving {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

fn moving_line() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn log_text(log: &RunLogged, style: Style) -> String {
    let mark = match log.level() {
        LogLevel::Error => style.red("error:"),
        LogLevel::Warning => style.yellow("warning:"),
        _ => style.dim("note:"),
    };
    format!("  {mark} {}\n", plain(&log.message))
}

/// One step with its failure and warnings, indented.
fn step_text(tally: &Tally, step: &StepFinished, style: Style) -> String {
    let result = step.result.clone().unwrap_or_default();
    let counts = tally.counts(step);
    let mark = match result.outcome() {
        Outcome::Pass => style.green("✓"),
        Outcome::Fail | Outcome::Error if counts => style.red("✗"),
        Outcome::Fail | Outcome::Error => style.yellow("✗"),
        _ => style.dim("-"),
    };
    let indent = 2 * step.within.len();
    let title = one_line(tally.step_title(step));
    let below = format!("\n      {:indent$}", "");
    let mut text = format!("    {:indent$}{mark} {title}", "");
    text += &style.dim(&place(step));
    text += &match result.outcome() {
        Outcome::Pass => style.dim(&took(&result)),
        Outcome::Skip => style.dim("  skipped"),
        Outcome::NotReached => style.dim("  not reached"),
        outcome if counts => format!(
            "  {}{}",
            style.red(outcome.word()),
            style.dim(&took(&result))
        ),
        outcome => style.dim(&format!("  {}, which does not count", outcome.word())),
    };
    if let Some(failure) = result
        .failure
        .as_ref()
        .filter(|_| matches!(result.outcome(), Outcome::Fail | Outcome::Error))
    {
        let message = plain(&failure.message).replace('\n', &below);
        text += &format!("{below}{message} [{}]", failure.reason);
    }
    for warning in &result.warnings {
        let mark = style.yellow("warning:");
        text += &format!("{below}{mark} {}", one_line(&warning.message));
    }
    text
}

/// The iteration that a step of a loop belongs to, and what a block did.
fn place(step: &StepFinished) -> String {
    let loop_place = step.within.last().filter(|place| place.iteration > 0);
    let iteration = loop_place.map(|place| format!("  #{}", place.iteration));
    let Some(block) = step.block else {
        return iteration.unwrap_or_default();
    };
    let done = match block.kind() {
        BlockKind::If if block.branch == 0 => "  no condition held".to_owned(),
        BlockKind::If if block.branch > 1 => format!("  branch {}", block.branch),
        BlockKind::Repeat | BlockKind::While | BlockKind::ForEach => {
            let plural = if block.iterations == 1 { "" } else { "s" };
            format!("  {} iteration{plural}", block.iterations)
        }
        BlockKind::Try if block.caught => "  caught".to_owned(),
        _ => String::new(),
    };
    format!("{}{done}", iteration.unwrap_or_default())
}

fn took(result: &StepResult) -> String {
    let took = result
        .duration
        .and_then(|took| Duration::try_from(took).ok());
    took.map(|took| format!("  {}", elapsed(took)))
        .unwrap_or_default()
}
