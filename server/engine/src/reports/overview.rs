//! What stands at the head of the reports, gathered before they are written.

use etude::v1::{Outcome, Screenshot};

use super::collect::{PartReport, RowAttempt, StepReport};

/// Failures that are listed at the head.
const LISTED_FAILURES: usize = 100;

/// Screenshots that are considered for the report, those of failures and others each.
const CONSIDERED_SCREENSHOTS: usize = 200;

/// Counts and failures over all rows.
#[derive(Debug, Default)]
pub(super) struct Overview {
    /// Parts of the rows' last executions, by outcome: JUnit's test cases.
    pub(super) cases: Cases,
    /// What went wrong, at most a hundred.
    pub(super) failures: Vec<FailureLine>,
    /// Failures that are not listed.
    pub(super) more_failures: usize,
    /// Rows that ended.
    pub(super) rows: u32,
    /// The browsers, as they name themselves.
    pub(super) browsers: Vec<String>,
    screenshots_of_failures: Vec<Screenshot>,
    other_screenshots: Vec<Screenshot>,
}

/// Test cases by outcome.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Cases {
    pub(super) total: usize,
    pub(super) failures: usize,
    pub(super) errors: usize,
    pub(super) skipped: usize,
}

/// One line of the list of failures.
#[derive(Debug)]
pub(super) struct FailureLine {
    /// Where in the report it is told in full.
    pub(super) anchor: String,
    pub(super) outcome: Outcome,
    pub(super) place: String,
    pub(super) message: String,
}

impl Cases {
    pub(super) fn add(&mut self, outcome: Outcome) {
        self.total += 1;
        match outcome {
            Outcome::Fail => self.failures += 1,
            Outcome::Error => self.errors += 1,
            Outcome::Skip | Outcome::NotReached | Outcome::Unspecified => self.skipped += 1,
            Outcome::Pass => {}
        }
    }

    /// The cases of one row: its parts, and the row itself when it failed by itself.
    pub(super) fn of(row: &RowAttempt) -> Self {
        let mut cases = Self::default();
        row.parts.iter().for_each(|part| cases.add(part.outcome));
        if row.failure.is_some() {
            cases.add(Outcome::Error);
        }
        cases
    }
}

impl Overview {
    /// Whether a row belongs to what is shown first.
    pub(super) fn is_bad(row: &RowAttempt) -> bool {
        matches!(
            row.outcome,
            Outcome::Fail | Outcome::Error | Outcome::NotReached
        )
    }

    /// The screenshots that may be embedded, most telling first.
    pub(super) fn screenshots(&self) -> impl Iterator<Item = &Screenshot> {
        self.screenshots_of_failures
            .iter()
            .chain(&self.other_screenshots)
    }

    pub(super) fn add(&mut self, row: &RowAttempt) {
        for part in &row.parts {
            part.steps
                .iter()
                .for_each(|step| self.add_screenshots(step));
        }
        if !row.browser.is_empty() && !self.browsers.contains(&row.browser) {
            self.browsers.push(row.browser.clone());
        }
        if row.will_retry {
            return;
        }
        self.rows += 1;
        let cases = Cases::of(row);
        self.cases.total += cases.total;
        self.cases.failures += cases.failures;
        self.cases.errors += cases.errors;
        self.cases.skipped += cases.skipped;
        if let Some(failure) = &row.failure {
            self.list(FailureLine {
                anchor: row_anchor(row),
                outcome: Outcome::Error,
                place: row_title(row),
                message: failure.message.clone(),
            });
        }
        for part in &row.parts {
            self.add_failures(row, part);
        }
    }

    fn add_failures(&mut self, row: &RowAttempt, part: &PartReport) {
        for step in &part.steps {
            let outcome = step.result.outcome();
            if !matches!(outcome, Outcome::Fail | Outcome::Error) || !step.is_cause {
                continue;
            }
            let failure = step.result.failure.as_ref();
            let mut place = format!("{} › {}", part.title(), step.text);
            if row.row > 1 || !row.name.is_empty() {
                place = format!("{} › {place}", row_title(row));
            }
            self.list(FailureLine {
                anchor: step_anchor(row, part, step),
                outcome,
                place,
                message: failure.map(|f| f.message.clone()).unwrap_or_default(),
            });
        }
    }

    fn list(&mut self, line: FailureLine) {
        if self.failures.len() < LISTED_FAILURES {
            self.failures.push(line);
        } else {
            self.more_failures += 1;
        }
    }

    fn add_screenshots(&mut self, step: &StepReport) {
        let bad = matches!(step.result.outcome(), Outcome::Fail | Outcome::Error);
        let list = match bad {
            true => &mut self.screenshots_of_failures,
            false => &mut self.other_screenshots,
        };
        let room = CONSIDERED_SCREENSHOTS.saturating_sub(list.len());
        list.extend(step.result.screenshots.iter().take(room).cloned());
    }
}

/// What a row is called.
pub(super) fn row_title(row: &RowAttempt) -> String {
    match row.name.as_str() {
        "" => format!("Row {}", row.row),
        name if *name == row.row.to_string() => format!("Row {name}"),
        name => format!("Row {}: {name}", row.row),
    }
}

pub(super) fn row_anchor(row: &RowAttempt) -> String {
    format!("r{}-{}", row.row, row.attempt)
}

pub(super) fn step_anchor(row: &RowAttempt, part: &PartReport, step: &StepReport) -> String {
    let (kind, checkpoint) = (part.part as i32, part.checkpoint);
    let sections = step
        .within
        .iter()
        .map(|place| (place.section, place.branch));
    let sections: String = sections
        .map(|(section, branch)| format!("-{section}{branch}"))
        .collect();
    let label = step.label().replace(['.', '#'], "_");
    format!("{}-{kind}-{checkpoint}-{label}{sections}", row_anchor(row))
}
