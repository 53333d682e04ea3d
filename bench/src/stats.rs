//! Medians, percentiles and the table of results.

use std::time::Duration;

/// The value below which `share` (0 to 1) of the samples lie.
pub(crate) fn percentile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let index = (last as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

pub(crate) fn median(samples: &[f64]) -> f64 {
    percentile(samples, 0.5)
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// One line of the report: what was measured, what it should reach, whether it does.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) measured: String,
    pub(crate) goal: &'static str,
    pub(crate) met: bool,
}

impl Line {
    pub(crate) fn new(name: &'static str, measured: String, goal: &'static str, met: bool) -> Self {
        Self {
            name,
            measured,
            goal,
            met,
        }
    }
}

/// Prints the lines as a Markdown table.
pub(crate) fn print(lines: &[Line]) {
    println!("| measurement | measured | goal | met |\n|---|---|---|---|");
    for line in lines {
        let met = if line.met { "yes" } else { "**no**" };
        println!(
            "| {} | {} | {} | {met} |",
            line.name, line.measured, line.goal
        );
    }
}
