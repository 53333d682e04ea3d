//! The HTML report: one file that opens from disk without a network.

mod markup;
mod step;

use std::fmt::Write as _;
use std::time::Duration;

use etude::v1::{self, Outcome, RunState};

use self::markup::{Esc, Span, badge, class, fact, failure_box, moment, put, word};
use super::collect::{PartReport, RowAttempt};
use super::overview::{FailureLine, Overview, row_anchor, row_title};
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
        // A test without data rows has one row without a name.
        let title = match row.name.as_str() {
            "" => "Steps".to_owned(),
            _ => row_title(row),
        };
        let rows = self.run.statistics.map_or(0, |statistics| statistics.rows);
        let folded = row.will_retry || (rows > 1 && !Overview::is_bad(row));
        put!(
            out,
            "<section class=\"row\" id=\"{}\" aria-label=\"{}\">\n<details{}><summary><h2>{}{}\
             <small>{} · {}{attempt}{retried}</small></h2></summary>\n",
            row_anchor(row),
            Esc(&title),
            if folded { "" } else { " open" },
            badge(row.outcome),
            Esc(&title),
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
        if !run.environment.is_empty() {
            fact("Environment", &run.environment, out);
        }
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
}
