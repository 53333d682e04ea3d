//! Findings for people, and as JSON.

use etude::v1::{LintFinding, LintLevel};
use etude_language::lint;
use serde_json::{Value, json};

use super::Report;
use crate::cli::style::{Style, one_line};
use crate::cli::{diagnostics, output};

/// The findings, each under its source line.
pub(super) fn human(findings: &[LintFinding], style: Style) -> String {
    let texts = findings.iter().map(|finding| one(finding, style) + "\n");
    texts.collect()
}

fn one(finding: &LintFinding, style: Style) -> String {
    let diagnostic = finding.diagnostic.clone().unwrap_or_default();
    let line = diagnostic.location.as_ref().map_or(0, |place| place.line);
    let margin = " ".repeat(line.to_string().len());
    let mut text = diagnostics::render_one(&diagnostic, style);
    for fix in &finding.fixes {
        let how = match fix.safe {
            true => "\"--fix\" does it",
            false => "proposed",
        };
        text += &format!("{margin} = fix: {} ({how})\n", one_line(&fix.description));
    }
    text
}

/// The findings of every file.
pub(super) fn json(reports: &[Report]) -> Value {
    let report = |report: &Report| {
        let findings: Vec<_> = report.findings.iter().map(etude::json::to_value).collect();
        json!({"file": report.name, "findings": findings})
    };
    reports.iter().map(report).collect()
}

/// The rules with their levels.
pub(super) fn rules() -> String {
    let row = |rule: lint::RuleInfo| {
        vec![
            rule.name.to_owned(),
            word(rule.level).to_owned(),
            rule.summary.to_owned(),
        ]
    };
    let rows: Vec<_> = lint::rules().map(row).collect();
    output::table(&["RULE", "LEVEL", "FINDS"], &rows)
}

/// A level as SARIF and our own files say it.
pub(super) fn word(level: LintLevel) -> &'static str {
    match level {
        LintLevel::Off => "off",
        LintLevel::Note => "note",
        LintLevel::Error => "error",
        LintLevel::Warning | LintLevel::Unspecified => "warning",
    }
}
