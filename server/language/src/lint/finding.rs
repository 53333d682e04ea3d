//! Findings, and what a caller is told of them.

use std::collections::HashMap;
use std::ops::Range;

use etude::v1::{self, ErrorReason, LintFinding, LintFix, Severity, TextEdit, TextRange};

use super::MAX_FINDINGS;
use super::context::Context;
use super::mask::Mask;
use super::rules::Rule;
use crate::diagnose::Mistake;
use crate::source::{Source, Span};

/// Something that was found.
pub(super) struct Finding {
    /// The rule, or the reason of a mistake.
    pub(super) name: &'static str,
    pub(super) from_rule: bool,
    pub(super) severity: Severity,
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) suggestion: String,
    pub(super) fixes: Vec<Fix>,
}

/// One way to mend a finding.
pub(super) struct Fix {
    pub(super) description: String,
    /// Whether the file means the same afterwards.
    pub(super) is_safe: bool,
    /// By place, in bytes of the text.
    pub(super) edits: Vec<(Range<usize>, String)>,
}

impl Fix {
    /// A fix that somebody has to agree to.
    pub(super) fn proposed(
        description: impl Into<String>,
        at: Range<usize>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            description: description.into(),
            is_safe: false,
            edits: vec![(at, text.into())],
        }
    }

    /// A fix after which the file means the same.
    pub(super) fn safe(
        description: impl Into<String>,
        at: Range<usize>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            is_safe: true,
            ..Self::proposed(description, at, text)
        }
    }
}

/// What one rule has found.
pub(super) struct Found {
    rule: &'static Rule,
    list: Vec<Finding>,
}

impl Found {
    pub(super) fn new(rule: &'static Rule) -> Self {
        Self {
            rule,
            list: Vec::new(),
        }
    }

    /// Adds a finding with what to do.
    pub(super) fn add(
        &mut self,
        span: Span,
        message: impl Into<String>,
        suggestion: impl Into<String>,
    ) {
        self.add_with(span, message, suggestion, None);
    }

    /// Adds a finding with what to do, and how.
    pub(super) fn add_with(
        &mut self,
        span: Span,
        message: impl Into<String>,
        suggestion: impl Into<String>,
        fix: Option<Fix>,
    ) {
        self.list.push(Finding {
            name: self.rule.name,
            from_rule: true,
            severity: Severity::Warning,
            span,
            message: message.into(),
            suggestion: suggestion.into(),
            fixes: fix.into_iter().collect(),
        });
    }

    /// Adds the warnings of the file's check that have one of these reasons; without any, those
    /// that no other rule takes.
    pub(super) fn adopt(&mut self, context: &Context<'_>, reasons: &[ErrorReason]) {
        for warning in &context.warnings {
            let is_taken = match reasons {
                [] => !super::rules::is_adopted(warning.reason),
                _ => reasons.contains(&warning.reason),
            };
            if is_taken {
                self.add(
                    warning.span,
                    warning.message.clone(),
                    warning.suggestion.clone(),
                );
            }
        }
    }

    pub(super) fn into_list(self) -> Vec<Finding> {
        self.list
    }
}

impl Finding {
    /// A mistake that keeps the file from being run.
    pub(super) fn of_mistake(source: &Source<'_>, mistake: &Mistake) -> Self {
        Self {
            name: mistake.reason.name(),
            from_rule: false,
            severity: mistake.severity,
            span: mistake.span,
            message: mistake.message.clone(),
            suggestion: mistake.suggestion.clone(),
            fixes: quotes(source, mistake).into_iter().collect(),
        }
    }
}

/// Quotes around a selector for which YAML sees a comment.
fn quotes(source: &Source<'_>, mistake: &Mistake) -> Option<Fix> {
    let is_syntax = mistake.reason == ErrorReason::YamlSyntax;
    let selector = source.slice(mistake.span);
    if !is_syntax || !selector.starts_with('#') || selector.contains('"') {
        return None;
    }
    let at = source.bytes(mistake.span);
    Some(Fix::safe(
        "put the selector in quotes",
        at,
        format!("\"{selector}\""),
    ))
}

/// The findings as the contract has them, by place, the worst kept.
pub(super) fn finish(
    mut findings: Vec<Finding>,
    source: &Source<'_>,
    content: &[u8],
    mask: &Mask,
) -> Vec<LintFinding> {
    let badness = |severity: Severity| match severity {
        Severity::Error | Severity::Unspecified => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    };
    findings.sort_by_key(|finding| (badness(finding.severity), finding.span.line));
    findings.truncate(MAX_FINDINGS);
    findings.sort_by_key(|finding| (finding.span.line, finding.span.column));
    let mark = content.len() - source.text().len().min(content.len());
    let mut seen: HashMap<u64, u32> = HashMap::new();
    findings
        .into_iter()
        .map(|finding| {
            let line = mask.line(source, finding.span.line);
            let likeness = hash(&[finding.name, line.trim()]);
            let before = seen.entry(likeness).or_default();
            let fingerprint = hash(&[finding.name, line.trim(), &before.to_string()]);
            *before += 1;
            told(finding, source, mark, mask, line, fingerprint)
        })
        .collect()
}

fn told(
    finding: Finding,
    source: &Source<'_>,
    mark: usize,
    mask: &Mask,
    line: String,
    fingerprint: u64,
) -> LintFinding {
    let fixes = finding.fixes.into_iter();
    // The rule about credentials shows none, and its own words must not look like one.
    let message = match finding.name == super::rules::hardcoded_credential::RULE.name {
        true => finding.message,
        false => mask.text(&finding.message),
    };
    LintFinding {
        diagnostic: Some(v1::Diagnostic {
            severity: finding.severity.into(),
            reason: finding.name.to_owned(),
            message,
            location: Some(source.location(finding.span)),
            length: finding.span.length,
            source_line: line,
            suggestion: mask.text(&finding.suggestion),
        }),
        from_rule: finding.from_rule,
        fixes: fixes
            .filter(|fix| !fix.edits.iter().any(|(_, text)| mask.shows(text)))
            .map(|fix| LintFix {
                description: mask.text(&fix.description),
                safe: fix.is_safe,
                edits: fix
                    .edits
                    .into_iter()
                    .map(|(range, new_text)| TextEdit {
                        range: Some(text_range(source, &range, mark)),
                        new_text,
                    })
                    .collect(),
            })
            .collect(),
        fingerprint: format!("{fingerprint:016x}"),
    }
}

/// A part of the file; `mark` is the length of its byte order mark.
fn text_range(source: &Source<'_>, range: &Range<usize>, mark: usize) -> TextRange {
    let start = source.place(range.start, range.start);
    let end = source.place(range.end, range.end);
    let offset = |byte: usize| u32::try_from(byte + mark).unwrap_or(u32::MAX);
    TextRange {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
        start_offset: offset(range.start),
        end_offset: offset(range.end),
    }
}

/// FNV-1a: the same in every version and on every machine.
fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
