//! One step of the HTML report: its line with the timeline, and what there is to tell of it.

use std::fmt::{self, Write as _};
use std::time::Duration;

use etude::v1::{self, Outcome, ScreenshotMoment};

use super::HtmlReport;
use super::markup::{Esc, Span, badge, class, fact, failure_box, put};
use crate::reports::collect::{PartReport, RowAttempt, StepReport};
use crate::reports::junit::step_time;
use crate::reports::overview::step_anchor;
use crate::runs::between;

impl HtmlReport<'_> {
    pub(super) fn step(
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
        let indent = match step.within.len() {
            0 => String::new(),
            depth => format!(" style=\"margin-left:{}em\"", 2 * depth),
        };
        put!(
            out,
            "<li id=\"{}\" class=\"step {}\"{indent}><details{open}><summary>{}<span class=\"text\">{}\
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
    if let Some(place) = step.within.last().filter(|place| place.iteration > 0) {
        fact("Iteration", &place.iteration.to_string(), out);
    }
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
