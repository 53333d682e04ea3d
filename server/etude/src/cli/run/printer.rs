//! Every step as it ends: coloured with a moving line on a terminal, plain lines elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use etude::v1::run_event::Payload;
use etude::v1::{LogLevel, Outcome, RunEvent, StepFinished, StepPath, StepResult};
use indicatif::{ProgressBar, ProgressStyle};

use super::super::output::{self, note};
use super::super::problem::Problem;
use super::super::style::{Style, elapsed, one_line, plain};
use super::tally::{Tally, path};

/// Prints events.
pub(crate) struct Printer {
    style: Style,
    to_stdout: bool,
    /// The moving line at the foot of a terminal.
    moving: Option<ProgressBar>,
    /// Whose step was printed last: run, row and part.
    last: Option<(String, u32, String)>,
}

impl Printer {
    /// The events are what the user asked for.
    pub(crate) fn on_stdout() -> Self {
        Self::new(true)
    }

    /// The events accompany what the user asked for.
    pub(crate) fn on_stderr() -> Self {
        Self::new(false)
    }

    fn new(to_stdout: bool) -> Self {
        let terminal =
            std::io::stderr().is_terminal() && (!to_stdout || std::io::stdout().is_terminal());
        let moving = terminal.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self {
            style: match to_stdout {
                true => Style::of_stdout(),
                false => Style::of_stderr(),
            },
            to_stdout,
            moving,
            last: None,
        }
    }

    /// Prints what an event has to say; the tally has it already.
    pub(crate) fn event(&mut self, tally: &Tally, event: &RunEvent) -> Result<(), Problem> {
        match &event.payload {
            Some(Payload::RunQueued(_)) => self.move_on(&format!("{} waits", tally.test_name())),
            Some(Payload::StepStarted(step)) => self.move_on(&step.text),
            Some(Payload::StepFinished(step)) => {
                self.head(tally, &path(step))?;
                let text = step_text(tally, step, self.style);
                self.line(&text)?;
            }
            Some(Payload::RunLogged(log)) => {
                let mark = match log.level() {
                    LogLevel::Error => self.style.red("error:"),
                    LogLevel::Warning => self.style.yellow("warning:"),
                    _ => self.style.dim("note:"),
                };
                self.line(&format!("  {mark} {}", plain(&log.message)))?;
            }
            Some(Payload::RowFinished(row)) if row.will_retry => {
                let again = self.style.yellow("the row is executed again");
                self.line(&format!("  {again}"))?;
                self.last = None;
            }
            Some(Payload::RunRecovered(recovered)) => {
                let text = format!("the run begins again [{}]", recovered.reason);
                self.line(&format!("  {}", self.style.yellow(&text)))?;
                self.last = None;
            }
            Some(Payload::RunFinished(_)) => self.last = None,
            _ => {}
        }
        Ok(())
    }

    /// Removes the moving line.
    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.moving.take() {
            bar.finish_and_clear();
        }
    }

    /// Says whose steps follow, when it is not who it was.
    fn head(&mut self, tally: &Tally, path: &StepPath) -> Result<(), Problem> {
        let part = tally.part_title(path);
        let run = tally.run_name().to_owned();
        let last = self.last.replace((run.clone(), path.row, part.clone()));
        let same_row = last
            .as_ref()
            .is_some_and(|(last, row, _)| *last == run && *row == path.row);
        if !same_row {
            let mut title = self.style.bold(&one_line(tally.test_name()));
            let row = tally.row_title(path.row);
            if !row.is_empty() {
                title += &format!(" · {}", one_line(&row));
            }
            self.line(&format!("\n{title}"))?;
        }
        let same_part = same_row && last.is_some_and(|(_, _, last)| last == part);
        if !part.is_empty() && !same_part {
            let title = self.style.dim(&one_line(&part));
            self.line(&format!("  {title}"))?;
        }
        Ok(())
    }

    fn move_on(&self, text: &str) {
        if let Some(bar) = &self.moving {
            bar.set_message(one_line(text));
        }
    }

    fn line(&self, text: &str) -> Result<(), Problem> {
        let write = || match self.to_stdout {
            true => output::print(&format!("{text}\n")),
            false => {
                note(text);
                Ok(())
            }
        };
        match &self.moving {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// One step with its failure and warnings, indented.
fn step_text(tally: &Tally, step: &StepFinished, style: Style) -> String {
    let result = step.result.clone().unwrap_or_default();
    let counts = tally.counts(&path(step));
    let mark = match result.outcome() {
        Outcome::Pass => style.green("✓"),
        Outcome::Fail | Outcome::Error if counts => style.red("✗"),
        Outcome::Fail | Outcome::Error => style.yellow("✗"),
        _ => style.dim("-"),
    };
    let mut text = format!("    {mark} {}", one_line(&result.text));
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
        let message = plain(&failure.message).replace('\n', "\n      ");
        text += &format!("\n      {message} [{}]", failure.reason);
    }
    for warning in &result.warnings {
        let mark = style.yellow("warning:");
        text += &format!("\n      {mark} {}", one_line(&warning.message));
    }
    text
}

fn took(result: &StepResult) -> String {
    let took = result
        .duration
        .and_then(|took| Duration::try_from(took).ok());
    took.map(|took| format!("  {}", elapsed(took)))
        .unwrap_or_default()
}
