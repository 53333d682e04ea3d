//! The HTML report: one file that opens from disk without a network.

use std::fmt::{self, Write as _};
use std::time::Duration;

use etude::v1::{self, Failure, Outcome, RunState, ScreenshotMoment};
use prost_types::Timestamp;

use super::collect::{PartReport, RowAttempt, StepReport};
use super::junit::step_time;
use super::overview::{FailureLine, Overview, row_anchor, row_title, step_anchor};
use super::screenshots::Screenshots;
use crate::runs::between;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Outcomes in the order of the filter and of the bar.
const OUTCOMES: [Outcome; 5] = [
    Outcome::Error,
    Outcome::Fail,
    Outcome::NotReached,
    Outcome::Skip,
    Outcome::Pass,
];

/// Writes an HTML report.
pub(super) struct HtmlReport<'a> {
    run: &'a v1::Run,
    screenshots: &'a Screenshots,
}

/// Text for HTML; the only way by which text of a test or page gets into the report.
struct Esc<'a>(&'a str);

impl fmt::Display for Esc<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\0' => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Appends formatted text; a `String` takes whatever is written to it.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {{
        let _ = write!($out, $($arg)*);
    }};
}

impl<'a> HtmlReport<'a> {
    pub(super) fn begin(
        run: &'a v1::Run,
        overview: &Overview,
        screenshots: &'a Screenshots,
        out: &mut String,
    ) -> Self {
        let report = Self { run, screenshots };
        let outcome = word(run.outcome());
        put!(
            out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{outcome} · {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
            Esc(&run.test_name)
        );
        report.head(overview, out);
        report.failures(overview, out);
        report.filter(out);
        out.push_str("<main>\n");
        report
    }

    pub(super) fn end(self, out: &mut String) {
        let rows = self.run.statistics.map_or(0, |statistics| statistics.rows);
        put!(
            out,
            "<p id=\"nothing\" hidden>No step has this outcome.</p>\n</main>\n<footer>\n"
        );
        if rows > 1 {
            put!(out, "<p>{rows} data rows.</p>\n");
        }
        match self.screenshots.left_out {
            0 => {}
            1 => {
                out.push_str("<p>One screenshot was left out; it is an artifact of the run.</p>\n")
            }
            count => put!(
                out,
                "<p>{count} screenshots were left out for their size; they are artifacts of the \
                 run.</p>\n"
            ),
        }
        put!(
            out,
            "<p>Étude · <code>{}</code></p>\n</footer>\n<script>\n{SCRIPT}</script>\n</body>\n\
             </html>\n",
            Esc(&self.run.name)
        );
    }

    /// Writes a row when `wanted`.
    pub(super) fn row_if(&self, row: &RowAttempt, wanted: bool, out: &mut String) {
        if !wanted {
            return;
        }
        let time = between(row.started.as_ref(), row.ended.as_ref());
        let retried = if row.will_retry {
            " · executed again"
        } else {
            ""
        };
        let attempt = match row.attempt {
            0 | 1 => String::new(),
            number => format!(" · attempt {number}"),
        };
        let rows = self.run.statistics.map_or(0, |statistics| statistics.rows);
        let folded = row.will_retry || (rows > 1 && !Overview::is_bad(row));
        put!(
            out,
            "<section class=\"row\" id=\"{}\" aria-label=\"{}\">\n<details{}><summary><h2>{}{}\
             <small>{} · {}{attempt}{retried}</small></h2></summary>\n",
            row_anchor(row),
            Esc(&row_title(row)),
            if folded { "" } else { " open" },
            badge(row.outcome),
            Esc(&row_title(row)),
            Esc(&row.browser),
            Span(time),
        );
        if let Some(failure) = &row.failure {
            failure_box(failure, out);
        }
        for part in &row.parts {
            self.part(row, part, time, out);
        }
        out.push_str("</details>\n</section>\n");
    }

    // === The head ===

    fn head(&self, overview: &Overview, out: &mut String) {
        let run = self.run;
        put!(
            out,
            "<header>\n<p class=\"brand\">Étude</p>\n<h1>{}{}</h1>\n<dl class=\"facts\">\n",
            badge(run.outcome()),
            Esc(&run.test_name)
        );
        fact("Run", &run.name, out);
        if run.state() == RunState::Cancelled {
            fact("State", "cancelled", out);
        }
        let began = run.start_time.or(run.create_time);
        fact(
            "Began",
            &began.as_ref().map(moment).unwrap_or_default(),
            out,
        );
        let time = between(began.as_ref(), run.end_time.as_ref());
        fact("Duration", &Span(time).to_string(), out);
        fact("Browser", &overview.browsers.join(", "), out);
        if run.attempt > 1 {
            fact("Executions", &run.attempt.to_string(), out);
        }
        for (key, value) in &run.labels {
            fact(key, value, out);
        }
        out.push_str("</dl>\n");
        self.bar(out);
        if let Some(failure) = &run.failure {
            failure_box(failure, out);
        }
        out.push_str("</header>\n");
    }

    /// The share of each outcome among the steps, as a bar and in words.
    fn bar(&self, out: &mut String) {
        let counts = self.counts();
        let total: u32 = counts.iter().map(|(_, count)| count).sum();
        out.push_str("<div class=\"bar\" aria-hidden=\"true\">");
        for (outcome, count) in counts.iter().filter(|(_, count)| *count > 0) {
            put!(
                out,
                "<span class=\"{}\" style=\"flex-grow:{count}\"></span>",
                class(*outcome)
            );
        }
        let words = counts.iter().filter(|(_, count)| *count > 0);
        let words = words.map(|(outcome, count)| format!("{count} {}", word(*outcome)));
        let words: Vec<_> = words.collect();
        put!(out, "</div>\n<p>{total} steps: {}</p>\n", words.join(", "));
    }

    fn counts(&self) -> [(Outcome, u32); 5] {
        let statistics = self.run.statistics.unwrap_or_default();
        OUTCOMES.map(|outcome| {
            let count = match outcome {
                Outcome::Error => statistics.errors,
                Outcome::Fail => statistics.failed,
                Outcome::NotReached | Outcome::Unspecified => statistics.not_reached,
                Outcome::Skip => statistics.skipped,
                Outcome::Pass => statistics.passed,
            };
            (outcome, count)
        })
    }

    fn failures(&self, overview: &Overview, out: &mut String) {
        if overview.failures.is_empty() {
            return;
        }
        let count = overview.failures.len() + overview.more_failures;
        let noun = if count == 1 { "thing" } else { "things" };
        put!(
            out,
            "<nav aria-labelledby=\"wrong\">\n<h2 id=\"wrong\">{count} {noun} went wrong</h2>\n<ol>\n"
        );
        for line in &overview.failures {
            let FailureLine {
                anchor,
                outcome,
                place,
                message,
            } = line;
            put!(
                out,
                "<li>{}<a href=\"#{anchor}\">{}</a><p>{}</p></li>\n",
                badge(*outcome),
                Esc(place),
                Esc(message)
            );
        }
        out.push_str("</ol>\n");
        if overview.more_failures > 0 {
            put!(out, "<p>and {} more</p>\n", overview.more_failures);
        }
        out.push_str("</nav>\n");
    }

    fn filter(&self, out: &mut String) {
        out.push_str(
            "<div class=\"filter\" role=\"group\" aria-label=\"Show steps by outcome\">\n",
        );
        out.push_str("<button type=\"button\" data-show=\"\" aria-pressed=\"true\">All</button>\n");
        for (outcome, count) in self.counts() {
            let disabled = if count == 0 { " disabled" } else { "" };
            put!(
                out,
                "<button type=\"button\" data-show=\"{}\" aria-pressed=\"false\"{disabled}>{} \
                 <b>{count}</b></button>\n",
                class(outcome),
                word(outcome)
            );
        }
        out.push_str("</div>\n");
    }

    // === Rows ===

    fn part(&self, row: &RowAttempt, part: &PartReport, row_time: Duration, out: &mut String) {
        put!(
            out,
            "<section class=\"part\">\n<h3>{}{}</h3>\n<ol class=\"steps\">\n",
            badge(part.outcome),
            Esc(&part.title())
        );
        for step in &part.steps {
            self.step(row, part, step, row_time, out);
        }
        out.push_str("</ol>\n</section>\n");
    }

    fn step(
        &self,
        row: &RowAttempt,
        part: &PartReport,
        step: &StepReport,
        row_time: Duration,
        out: &mut String,
    ) {
        let outcome = step.result.outcome();
        let bad = matches!(outcome, Outcome::Fail | Outcome::Error);
        let open = if bad { " open" } else { "" };
        put!(
            out,
            "<li id=\"{}\" class=\"step {}\"><details{open}><summary>{}<span class=\"text\">{}\
             </span>",
            step_anchor(row, part, step),
            class(outcome),
            badge(outcome),
            Esc(&step.text),
        );
        if step.result.start_time.is_some() {
            let bar = Timeline::of(row, step, row_time);
            put!(
                out,
                "{bar}<span class=\"time\">{}</span>",
                Span(step_time(step))
            );
        }
        out.push_str("</summary>\n");
        self.step_details(step, out);
        out.push_str("</details></li>\n");
    }

    fn step_details(&self, step: &StepReport, out: &mut String) {
        let result = &step.result;
        if let Some(failure) = &result.failure {
            failure_box(failure, out);
        }
        for warning in &result.warnings {
            put!(
                out,
                "<p class=\"warning\">Warning: {}</p>\n",
                Esc(&warning.message)
            );
        }
        out.push_str("<dl class=\"facts\">\n");
        step_facts(step, out);
        out.push_str("</dl>\n");
        entries(result, out);
        self.pictures(step, out);
    }

    fn pictures(&self, step: &StepReport, out: &mut String) {
        for screenshot in &step.result.screenshots {
            let moment = match screenshot.moment() {
                ScreenshotMoment::Before => "before the step",
                ScreenshotMoment::After => "after the step",
                ScreenshotMoment::Command | ScreenshotMoment::Unspecified => "taken by the step",
            };
            match self.screenshots.get(&screenshot.artifact) {
                Some(address) => put!(
                    out,
                    "<figure><img loading=\"lazy\" alt=\"The page, {moment}: {}\" src=\"{address}\">\
                     <figcaption>{moment}</figcaption></figure>\n",
                    Esc(&step.text)
                ),
                None => put!(
                    out,
                    "<p>The screenshot {moment} is not embedded; it is the artifact \
                     <code>{}</code>.</p>\n",
                    Esc(&screenshot.artifact)
                ),
            }
        }
    }
}

fn step_facts(step: &StepReport, out: &mut String) {
    let result = &step.result;
    fact("Command", &step.command, out);
    if let Some(location) = &step.location {
        let place = format!("{}:{}:{}", location.file, location.line, location.column);
        fact("Written at", &place, out);
    }
    if let Some(target) = &result.target {
        fact("Element", &target.element, out);
        fact("Found by", &target.rule, out);
        fact("Nearly the same", &target.suggestions.join(", "), out);
    }
    if let Some(output) = &result.output {
        fact("Value", &output_text(output), out);
    }
    for (name, value) in &result.used_variables {
        fact(&format!("${name}"), value, out);
    }
    if !result.set_variable.is_empty() {
        fact("Stored in", &format!("${}", result.set_variable), out);
    }
    if result.attempts > 1 {
        fact("Attempts", &result.attempts.to_string(), out);
    }
    fact("Page", &result.url, out);
    fact("Further artifacts", &result.artifacts.join(", "), out);
}

/// What the page logged and what its requests met with.
fn entries(result: &v1::StepResult, out: &mut String) {
    if !result.console.is_empty() {
        out.push_str("<h4>Console</h4>\n<ul class=\"log\">\n");
        for entry in &result.console {
            put!(
                out,
                "<li><b>{}</b> {} <small>{}</small></li>\n",
                Esc(&entry.level),
                Esc(&entry.text),
                Esc(&entry.source)
            );
        }
        out.push_str("</ul>\n");
    }
    if !result.network.is_empty() {
        out.push_str("<h4>Network</h4>\n<ul class=\"log\">\n");
        for entry in &result.network {
            let status = match entry.status {
                0 => entry.error.clone(),
                status => status.to_string(),
            };
            put!(
                out,
                "<li><b>{}</b> {} {}</li>\n",
                Esc(&status),
                Esc(&entry.method),
                Esc(&entry.url)
            );
        }
        out.push_str("</ul>\n");
    }
}

fn failure_box(failure: &Failure, out: &mut String) {
    put!(
        out,
        "<div class=\"failure\"><p><code>{}</code> {}</p>\n",
        Esc(&failure.reason),
        Esc(&failure.message)
    );
    if !failure.expected.is_empty() || !failure.actual.is_empty() {
        out.push_str("<dl class=\"facts\">\n");
        fact_always("Expected", &failure.expected, out);
        fact_always("Actual", &failure.actual, out);
        out.push_str("</dl>\n");
    }
    if !failure.hint.is_empty() {
        put!(out, "<p>{}</p>\n", Esc(&failure.hint));
    }
    out.push_str("</div>\n");
}

fn fact(name: &str, value: &str, out: &mut String) {
    if !value.is_empty() {
        fact_always(name, value, out);
    }
}

fn fact_always(name: &str, value: &str, out: &mut String) {
    put!(
        out,
        "<div><dt>{}</dt><dd>{}</dd></div>\n",
        Esc(name),
        Esc(value)
    );
}

fn output_text(output: &prost_types::Value) -> String {
    match &output.kind {
        Some(prost_types::value::Kind::StringValue(text)) => text.clone(),
        _ => etude::json::to_value(output).to_string(),
    }
}

/// Where a step lies in its row's time, as a bar.
struct Timeline {
    start: f64,
    width: f64,
}

impl Timeline {
    fn of(row: &RowAttempt, step: &StepReport, row_time: Duration) -> Self {
        let whole = row_time.as_secs_f64().max(f64::EPSILON);
        let start = between(row.started.as_ref(), step.result.start_time.as_ref());
        let start = (start.as_secs_f64() / whole * 100.0).min(100.0);
        let width = step_time(step).as_secs_f64() / whole * 100.0;
        Self {
            start,
            width: width.min(100.0 - start),
        }
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<span class=\"track\" aria-hidden=\"true\"><i style=\"left:{:.2}%;width:{:.2}%\"></i>\
             </span>",
            self.start, self.width
        )
    }
}

/// A duration for people.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 => write!(f, "{} ms", self.0.as_millis()),
            1..60 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            _ => write!(f, "{} min {} s", seconds / 60, seconds % 60),
        }
    }
}

/// A moment to the second, in UTC.
fn moment(time: &Timestamp) -> String {
    let text = time.to_string();
    let second = text.get(..19).unwrap_or_default();
    format!("{} UTC", second.replacen('T', " ", 1))
}

fn badge(outcome: Outcome) -> String {
    format!(
        "<span class=\"badge {}\">{}</span>",
        class(outcome),
        word(outcome)
    )
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "passed",
        Outcome::Fail => "failed",
        Outcome::Error => "error",
        Outcome::Skip => "skipped",
        Outcome::NotReached => "not reached",
        Outcome::Unspecified => "no outcome",
    }
}

fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::Error => "error",
        Outcome::Skip => "skip",
        Outcome::NotReached | Outcome::Unspecified => "not-reached",
    }
}
