//! The JUnit XML report, in the shape that Jenkins, GitLab and Surefire's readers share: a suite
//! is a data row, a case is a checkpoint, setup or teardown.
//!
//! A row that was executed again counts as it ended. Steps are listed in a case's `system-out`.

use std::fmt::Write as _;
use std::time::Duration;

use etude::v1::{self, Failure, Outcome};
use quick_xml::escape::escape;

use super::collect::{PartReport, RowAttempt, StepReport};
use super::overview::{Cases, Overview, row_title};
use crate::runs::between;

/// Characters of a failure's message in an attribute.
const MESSAGE_CHARS: usize = 500;

/// Writes a JUnit report.
pub(super) struct JunitReport {
    test_name: String,
    run: v1::Run,
    rows: u32,
}

impl JunitReport {
    pub(super) fn begin(run: &v1::Run, overview: &Overview, out: &mut String) -> Self {
        let total = run.statistics.map_or(0, |statistics| statistics.rows);
        let left = total.saturating_sub(overview.rows) as usize;
        let time = between(run.start_time.as_ref(), run.end_time.as_ref());
        let mut cases = overview.cases;
        cases.total += left;
        cases.skipped += left;
        out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        element(
            out,
            0,
            "testsuites",
            &suite_attributes(&run.test_name, cases, time),
        );
        Self {
            test_name: run.test_name.clone(),
            run: run.clone(),
            rows: overview.rows,
        }
    }

    pub(super) fn row(&mut self, row: &RowAttempt, out: &mut String) {
        if row.will_retry {
            return;
        }
        let time = between(row.started.as_ref(), row.ended.as_ref());
        let mut attributes = suite_attributes(&self.suite_name(row), Cases::of(row), time);
        attributes.extend(timestamp(row).map(|at| ("timestamp", at)));
        element(out, 1, "testsuite", &attributes);
        self.properties(row, out);
        if let Some(failure) = &row.failure {
            self.row_failure(row, failure, out);
        }
        for part in &row.parts {
            self.case(part, out);
        }
        out.push_str("  </testsuite>\n");
    }

    /// Tells of the rows that never began, and closes the report.
    pub(super) fn end(self, out: &mut String) {
        let total = self.run.statistics.map_or(0, |statistics| statistics.rows);
        let left = total.saturating_sub(self.rows);
        if left > 0 {
            let skipped = left as usize;
            let cases = Cases {
                total: skipped,
                skipped,
                ..Cases::default()
            };
            let name = format!("{} [not begun]", self.test_name);
            element(
                out,
                1,
                "testsuite",
                &suite_attributes(&name, cases, Duration::ZERO),
            );
            for number in 1..=left {
                let name = format!("data row {number} of {left} that did not begin");
                self.open_case(&name, Duration::ZERO, out);
                out.push_str("      <skipped message=\"the run ended before this row began\"/>\n");
                out.push_str("    </testcase>\n");
            }
            out.push_str("  </testsuite>\n");
        }
        out.push_str("</testsuites>\n");
    }

    fn suite_name(&self, row: &RowAttempt) -> String {
        match row.name.as_str() {
            "" => self.test_name.clone(),
            _ => format!("{} [{}]", self.test_name, row_title(row)),
        }
    }

    fn properties(&self, row: &RowAttempt, out: &mut String) {
        out.push_str("    <properties>\n");
        let mut property = |name: &str, value: &str| {
            let _ = writeln!(
                out,
                "      <property name=\"{}\" value=\"{}\"/>",
                clean(name),
                clean(value)
            );
        };
        property("run", &self.run.name);
        property("row", &row.row.to_string());
        property("attempt", &row.attempt.to_string());
        property("browser", &row.browser);
        if !self.run.environment.is_empty() {
            property("environment", &self.run.environment);
        }
        for (key, value) in &self.run.labels {
            property(&format!("labels.{key}"), value);
        }
        out.push_str("    </properties>\n");
    }

    /// A case for what went wrong with a row outside its steps; no step would tell it.
    fn row_failure(&self, row: &RowAttempt, failure: &Failure, out: &mut String) {
        self.open_case(&row_title(row), Duration::ZERO, out);
        problem(out, "error", Some(failure), &failure.message);
        out.push_str("    </testcase>\n");
    }

    fn case(&self, part: &PartReport, out: &mut String) {
        self.open_case(&part.title(), part_time(part), out);
        let step = part.decisive_step();
        let failure = step.and_then(|step| step.result.failure.as_ref());
        let detail = step.map(|step| detail(step, failure)).unwrap_or_default();
        match part.outcome {
            Outcome::Fail => problem(out, "failure", failure, &detail),
            Outcome::Error => problem(out, "error", failure, &detail),
            Outcome::Skip | Outcome::NotReached | Outcome::Unspecified => skipped(out, failure),
            Outcome::Pass => {}
        }
        out.push_str("      <system-out>");
        for step in &part.steps {
            out.push_str(&clean(&step_line(step)));
            out.push('\n');
        }
        out.push_str("</system-out>\n    </testcase>\n");
    }

    fn open_case(&self, name: &str, time: Duration, out: &mut String) {
        let attributes = [
            ("name", name.to_owned()),
            ("classname", self.test_name.clone()),
            ("time", seconds(time)),
        ];
        element(out, 2, "testcase", &attributes);
    }
}

fn suite_attributes(name: &str, cases: Cases, time: Duration) -> Vec<(&'static str, String)> {
    vec![
        ("name", name.to_owned()),
        ("tests", cases.total.to_string()),
        ("failures", cases.failures.to_string()),
        ("errors", cases.errors.to_string()),
        ("skipped", cases.skipped.to_string()),
        ("time", seconds(time)),
    ]
}

/// Opens an element on a line of its own.
fn element(out: &mut String, depth: usize, name: &str, attributes: &[(&str, String)]) {
    let _ = write!(out, "{:1$}<{name}", "", depth * 2);
    for (key, value) in attributes {
        let _ = write!(out, " {key}=\"{}\"", clean(value));
    }
    out.push_str(">\n");
}

fn problem(out: &mut String, element: &str, failure: Option<&Failure>, detail: &str) {
    let message = failure
        .map(|failure| failure.message.as_str())
        .unwrap_or_default();
    let message: String = first_line(message).chars().take(MESSAGE_CHARS).collect();
    let kind = failure
        .map(|failure| failure.reason.as_str())
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "      <{element} message=\"{}\" type=\"{}\">{}</{element}>",
        clean(&message),
        clean(kind),
        clean(detail)
    );
}

fn skipped(out: &mut String, failure: Option<&Failure>) {
    let message = failure.map_or("skipped", |failure| failure.message.as_str());
    let message: String = first_line(message).chars().take(MESSAGE_CHARS).collect();
    let _ = writeln!(out, "      <skipped message=\"{}\"/>", clean(&message));
}

/// The failure of a step in full.
fn detail(step: &StepReport, failure: Option<&Failure>) -> String {
    let mut detail = format!("step {}: {}\n", step.label(), step.text);
    if let Some(location) = &step.location {
        let _ = writeln!(
            detail,
            "at {}:{}:{}",
            location.file, location.line, location.column
        );
    }
    if let Some(failure) = failure {
        let _ = writeln!(detail, "{}: {}", failure.reason, failure.message);
        for (what, text) in [
            ("expected", &failure.expected),
            ("actual", &failure.actual),
            ("hint", &failure.hint),
        ] {
            if !text.is_empty() {
                let _ = writeln!(detail, "{what}: {text}");
            }
        }
    }
    detail
}

fn step_line(step: &StepReport) -> String {
    let outcome = step.result.outcome().as_str_name();
    let outcome = outcome.trim_start_matches("OUTCOME_");
    let failure = step.result.failure.as_ref();
    let reason = failure.map(|failure| format!(" ({})", failure.reason));
    let indent = 2 * step.within.len();
    format!(
        "{outcome:<11} {} s  {:indent$}{}{}",
        seconds(step_time(step)),
        "",
        step.text,
        reason.unwrap_or_default()
    )
}

fn part_time(part: &PartReport) -> Duration {
    let steps = part.steps.iter().filter(|step| step.within.is_empty());
    steps.map(step_time).sum()
}

pub(super) fn step_time(step: &StepReport) -> Duration {
    let duration = step.result.duration;
    duration
        .and_then(|duration| Duration::try_from(duration).ok())
        .unwrap_or_default()
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// ISO 8601 in UTC without a zone, as the schema wants it.
fn timestamp(row: &RowAttempt) -> Option<String> {
    let text = row.started.as_ref()?.to_string();
    text.get(..19).map(str::to_owned)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The text as it may stand in XML: escaped, without the characters that XML cannot hold.
fn clean(text: &str) -> String {
    let allowed = |c: &char| {
        matches!(c, '\t' | '\n' | '\r' | '\u{20}'..) && !matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    let kept: String = text.chars().filter(allowed).collect();
    escape(kept.as_str()).into_owned()
}
