//! The end of a run in words: every failure with its place and what to do, then the counts.

use std::fmt::Write as _;
use std::time::Duration;

use etude::v1::{Failure, Outcome, StepFinished, StepResult};

use super::super::style::{Style, elapsed, one_line, plain};
use super::tally::{Tally, path};

/// The summary of several runs.
pub(crate) fn text(tallies: &[Tally], took: Option<Duration>) -> String {
    let style = Style::of_stdout();
    let mut failures = Vec::new();
    for tally in tallies {
        failures.extend(
            tally
                .failed_steps()
                .map(|step| failed_step(tally, step, style)),
        );
        let outside = tally.failures().iter();
        failures.extend(outside.map(|(row, failure)| failed_row(tally, *row, failure, style)));
    }
    let mut out = String::from("\n");
    if !failures.is_empty() {
        let _ = writeln!(out, "{}\n", style.bold("What went wrong"));
        for (index, failure) in failures.iter().enumerate() {
            let _ = writeln!(out, "{:>3}) {failure}", index + 1);
        }
    }
    for tally in tallies {
        let _ = writeln!(out, "{}", verdict(tally, style));
    }
    if tallies.len() > 1 {
        let _ = writeln!(out, "\n{}", totals(tallies, took));
    }
    out
}

fn failed_step(tally: &Tally, step: &StepFinished, style: Style) -> String {
    let result = step.result.clone().unwrap_or_default();
    let path = path(step);
    let titles = [
        tally.title(),
        tally.row_title(path.row),
        tally.part_title(&path),
    ];
    let titles: Vec<_> = titles.iter().filter(|title| !title.is_empty()).collect();
    let titles: Vec<_> = titles.iter().map(|title| one_line(title)).collect();
    let mut out = format!("{}\n", style.bold(&titles.join(" › ")));
    let place = match tally.location(step) {
        Some(place) => format!("{}:{}:{}", place.file, place.line, place.column),
        None => tally.file.clone(),
    };
    let _ = writeln!(
        out,
        "     {}  {}",
        style.dim(&place),
        one_line(tally.step_title(step))
    );
    let word = result.outcome().word();
    if let Some(failure) = &result.failure {
        out += &failure_text(word, failure, style);
    }
    out += &suggestions(&result);
    for screenshot in &result.screenshots {
        let _ = writeln!(
            out,
            "     screenshot  {}",
            shown(tally, &screenshot.artifact)
        );
    }
    out
}

fn failed_row(tally: &Tally, row: u32, failure: &Failure, style: Style) -> String {
    let mut title = one_line(&tally.title());
    let row = tally.row_title(row);
    if !row.is_empty() {
        title += &format!(" › {}", one_line(&row));
    }
    format!(
        "{}\n{}",
        style.bold(&title),
        failure_text(Outcome::Error.word(), failure, style)
    )
}

fn failure_text(word: &str, failure: &Failure, style: Style) -> String {
    let message = plain(&failure.message).replace('\n', "\n     ");
    let mut out = format!("     {} {message} [{}]\n", style.red(word), failure.reason);
    if !failure.expected.is_empty() || !failure.actual.is_empty() {
        let _ = writeln!(out, "     expected    {}", one_line(&failure.expected));
        let _ = writeln!(out, "     actual      {}", one_line(&failure.actual));
    }
    if !failure.hint.is_empty() {
        let _ = writeln!(out, "     what to do  {}", one_line(&failure.hint));
    }
    if !failure.reason.is_empty() {
        let hint = format!("etude explain {}", failure.reason);
        let _ = writeln!(out, "     {}", style.dim(&hint));
    }
    out
}

fn suggestions(result: &StepResult) -> String {
    let near = result
        .target
        .as_ref()
        .map(|target| target.suggestions.as_slice());
    let near = near.unwrap_or_default();
    if near.is_empty() {
        return String::new();
    }
    let near: Vec<_> = near
        .iter()
        .map(|text| format!("“{}”", one_line(text)))
        .collect();
    format!("     near by     {}\n", near.join(", "))
}

/// The file that an artifact was fetched into, else its name.
fn shown(tally: &Tally, artifact: &str) -> String {
    let fetched = tally.reports.iter().find(|(name, _)| name == artifact);
    match fetched {
        Some((_, path)) => path.display().to_string(),
        None => format!("{artifact} (--report-dir FOLDER fetches it)"),
    }
}

fn verdict(tally: &Tally, style: Style) -> String {
    let (mark, word) = match (tally.outcome(), tally.cancelled()) {
        (_, true) => (style.yellow("-"), "cancelled"),
        (Outcome::Pass, _) => (style.green("✓"), "passed"),
        (Outcome::Unspecified, _) => (style.yellow("-"), "not run"),
        (Outcome::Fail, _) => (style.red("✗"), "failed"),
        _ => (style.red("✗"), "ended in error"),
    };
    let mut out = format!("{mark} {} {word}", one_line(&tally.title()));
    let counts = tally.run().and_then(|run| run.statistics);
    if let Some(counts) = counts.filter(|counts| counts.total > 0) {
        let mut text = format!("  {} of {} steps passed", counts.passed, counts.total);
        if counts.rows > 1 {
            text += &format!(" in {} rows", counts.rows);
        }
        out += &style.dim(&text);
    }
    if let Some(took) = tally.took() {
        out += &style.dim(&format!("  {}", elapsed(took)));
    }
    if !tally.run_name().is_empty() {
        out += &style.dim(&format!("  {}", tally.run_name()));
    }
    out
}

fn totals(tallies: &[Tally], took: Option<Duration>) -> String {
    let passed = tallies
        .iter()
        .filter(|tally| tally.outcome() == Outcome::Pass);
    let passed = passed.count();
    let steps: u32 = tallies
        .iter()
        .filter_map(|tally| tally.run()?.statistics)
        .map(|statistics| statistics.passed)
        .sum();
    let mut out = format!("{passed} of {} tests passed, {steps} steps", tallies.len());
    if let Some(took) = took {
        out += &format!(", in {}", elapsed(took));
    }
    out
}
