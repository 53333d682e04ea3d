//! The small parts that the HTML report is made of.

use std::fmt::{self, Write as _};
use std::time::Duration;

use etude::v1::{Failure, Outcome};
use prost_types::Timestamp;

/// Text for HTML; the only way by which text of a test or page gets into the report.
pub(super) struct Esc<'a>(pub(super) &'a str);

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

pub(super) use put;

pub(super) fn failure_box(failure: &Failure, out: &mut String) {
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

pub(super) fn fact(name: &str, value: &str, out: &mut String) {
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

/// A duration for people.
pub(super) struct Span(pub(super) Duration);

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
pub(super) fn moment(time: &Timestamp) -> String {
    let text = time.to_string();
    let second = text.get(..19).unwrap_or_default();
    format!("{} UTC", second.replacen('T', " ", 1))
}

pub(super) fn badge(outcome: Outcome) -> String {
    format!(
        "<span class=\"badge {}\">{}</span>",
        class(outcome),
        word(outcome)
    )
}

pub(super) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "passed",
        Outcome::Fail => "failed",
        Outcome::Error => "error",
        Outcome::Skip => "skipped",
        Outcome::NotReached => "not reached",
        Outcome::Unspecified => "no outcome",
    }
}

pub(super) fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::Error => "error",
        Outcome::Skip => "skip",
        Outcome::NotReached | Outcome::Unspecified => "not-reached",
    }
}
