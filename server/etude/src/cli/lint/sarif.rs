//! Findings as SARIF 2.1.0, which code hosts show beside the lines of a change.

use std::path::{Component, Path};

use etude::v1::{ErrorReason, LintFinding, LintFix, Severity, TextEdit};
use etude_language::lint;
use serde_json::{Value, json};

use super::{Report, report};
use crate::cli::version;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The key of our fingerprints; a new way to make them gets a new number.
const FINGERPRINT: &str = "etudeLint/v1";

/// What relative addresses begin at: the folder in which the verb was called.
const ROOT: &str = "%SRCROOT%";

/// The log of one run over all files.
pub(super) fn log(reports: &[Report]) -> Value {
    let rules = Rules::of(reports);
    let results: Vec<_> = reports
        .iter()
        .flat_map(|report| {
            let findings = report.findings.iter();
            findings.map(|finding| result(report, finding, &rules))
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "etude",
                "version": version::SHORT,
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.list,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// What results refer to: every rule, and the reasons of mistakes that occur.
struct Rules {
    ids: Vec<String>,
    list: Vec<Value>,
}

impl Rules {
    fn of(reports: &[Report]) -> Self {
        let mut rules = Self {
            ids: Vec::new(),
            list: Vec::new(),
        };
        for rule in lint::rules() {
            let page = lint::rule_page(rule.name).unwrap_or_default();
            let level = match report::word(rule.level) {
                "off" => "none",
                level => level,
            };
            rules.add(rule.name, rule.summary, &page, level);
        }
        for finding in reports.iter().flat_map(|report| &report.findings) {
            let reason = finding
                .diagnostic
                .as_ref()
                .map_or("", |d| d.reason.as_str());
            if !rules.ids.iter().any(|id| id == reason) {
                let known = ErrorReason::from_name(reason);
                let summary = known.map(ErrorReason::summary).unwrap_or_default();
                let page = etude_server::error_page(reason).unwrap_or_default();
                rules.add(reason, &summary, page, "error");
            }
        }
        rules
    }

    fn add(&mut self, id: &str, summary: &str, page: &str, level: &str) {
        self.ids.push(id.to_owned());
        let summary = match summary {
            "" => id,
            summary => summary,
        };
        self.list.push(json!({
            "id": id,
            "shortDescription": {"text": summary},
            "help": {
                "text": format!("`etude explain {id}` tells more."),
                "markdown": page,
            },
            "defaultConfiguration": {"level": level},
        }));
    }

    fn index(&self, id: &str) -> Option<usize> {
        self.ids.iter().position(|other| other == id)
    }
}

fn result(report: &Report, finding: &LintFinding, rules: &Rules) -> Value {
    let diagnostic = finding.diagnostic.clone().unwrap_or_default();
    let level = match diagnostic.severity() {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error | Severity::Unspecified => "error",
    };
    let text = match diagnostic.suggestion.as_str() {
        "" => diagnostic.message.clone(),
        suggestion => format!("{}; {suggestion}", diagnostic.message),
    };
    let place = diagnostic.location.clone().unwrap_or_default();
    let artifact = artifact(&report.name);
    let mut result = json!({
        "ruleId": diagnostic.reason,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": artifact,
            "region": {
                "startLine": place.line.max(1),
                "startColumn": place.column.max(1),
                "endLine": place.line.max(1),
                "endColumn": place.column.max(1) + diagnostic.length,
                "snippet": {"text": diagnostic.source_line},
            },
        }}],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    });
    if let Some(index) = rules.index(&diagnostic.reason) {
        result["ruleIndex"] = json!(index);
    }
    if !finding.fixes.is_empty() {
        let fixes = finding.fixes.iter().map(|one| fix(one, &artifact));
        result["fixes"] = fixes.collect();
    }
    result
}

fn fix(fix: &LintFix, artifact: &Value) -> Value {
    let replacements: Vec<_> = fix.edits.iter().map(replacement).collect();
    json!({
        "description": {"text": fix.description},
        "artifactChanges": [{
            "artifactLocation": artifact,
            "replacements": replacements,
        }],
    })
}

fn replacement(edit: &TextEdit) -> Value {
    let range = edit.range.unwrap_or_default();
    let mut replacement = json!({
        "deletedRegion": {
            "startLine": range.start_line.max(1),
            "startColumn": range.start_column.max(1),
            "endLine": range.end_line.max(1),
            "endColumn": range.end_column.max(1),
        },
    });
    if !edit.new_text.is_empty() {
        replacement["insertedContent"] = json!({"text": edit.new_text});
    }
    replacement
}

/// The address of a file: relative to where the verb was called, when it lies below.
fn artifact(name: &str) -> Value {
    let path = Path::new(name);
    let here = std::env::current_dir().unwrap_or_default();
    let relative = path.strip_prefix(&here).unwrap_or(path);
    let climbs = relative
        .components()
        .any(|part| matches!(part, Component::ParentDir));
    let parts = relative.components().filter_map(|part| match part {
        Component::Normal(name) => Some(encoded(&name.to_string_lossy())),
        Component::ParentDir => Some("..".to_owned()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    let parts = parts.collect::<Vec<_>>().join("/");
    match relative.is_absolute() {
        true => json!({"uri": format!("file:///{parts}")}),
        false if climbs => json!({"uri": parts}),
        false => json!({"uri": parts, "uriBaseId": ROOT}),
    }
}

/// A part of a path as a part of an address.
fn encoded(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=@".contains(&byte);
    name.bytes()
        .map(|byte| match is_plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_relative_addresses() {
        let uri = |name: &str| artifact(name)["uri"].as_str().unwrap().to_owned();
        assert_eq!(uri("./tests/a b%.yaml"), "tests/a%20b%25.yaml");
        assert_eq!(uri("é:x.yaml"), "%C3%A9%3Ax.yaml");
        assert_eq!(uri("../a.yaml"), "../a.yaml");
        assert!(artifact("../a.yaml").get("uriBaseId").is_none());
        assert_eq!(artifact("a.yaml")["uriBaseId"], ROOT);
        let here = std::env::current_dir().unwrap();
        assert_eq!(
            uri(&here.join("x/a.yaml").display().to_string()),
            "x/a.yaml"
        );
        assert!(uri("/elsewhere/a.yaml").starts_with("file:///elsewhere/"));
    }
}
