//! What the tests of rules share.

use etude::v1::LintFinding;

use super::rules::Rule;
use super::{Levels, lint};

/// A file with these steps, which begin in its fourth line.
pub(super) fn steps(steps: &str) -> String {
    format!("name: Example\nstarting_url: https://shop.example\nsteps:\n{steps}")
}

/// What a rule finds in a file.
pub(super) fn findings(rule: &Rule, file: &str) -> Vec<LintFinding> {
    let all = lint("t.yaml", file.as_bytes(), &Levels::default());
    let is_own = |finding: &LintFinding| finding.diagnostic.as_ref().unwrap().reason == rule.name;
    all.into_iter().filter(is_own).collect()
}

/// What a rule finds in a file: `line:column` and the text there.
pub(super) fn hits(rule: &Rule, file: &str) -> Vec<String> {
    let hit = |finding: LintFinding| {
        let found = finding.diagnostic.unwrap();
        let place = found.location.unwrap();
        let line = file
            .lines()
            .nth(place.line as usize - 1)
            .unwrap_or_default();
        let text: String = line
            .chars()
            .skip(place.column as usize - 1)
            .take(found.length as usize)
            .collect();
        format!("{}:{} {text}", place.line, place.column)
    };
    findings(rule, file).into_iter().map(hit).collect()
}

/// The messages of what a rule finds in a file.
pub(super) fn messages(rule: &Rule, file: &str) -> Vec<String> {
    let message = |finding: LintFinding| finding.diagnostic.unwrap().message;
    findings(rule, file).into_iter().map(message).collect()
}

/// The file with the first fix of the first finding applied.
#[track_caller]
pub(super) fn first_fix(rule: &Rule, file: &str) -> String {
    let found = findings(rule, file);
    let fix = found[0].fixes.first().expect("a fix");
    let mut out = file.to_owned();
    for edit in fix.edits.iter().rev() {
        let range = edit.range.unwrap();
        out.replace_range(
            range.start_offset as usize..range.end_offset as usize,
            &edit.new_text,
        );
    }
    out
}
