//! Applies the safe fixes of a file.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use etude::texts::{TextKind, Texts as _};
use etude::v1::{self, LintFinding, Severity};
use regex::Regex;

use super::{Levels, lint};
use crate::template;

/// How often the fixed file is looked at again: a fix can make room for another.
const ROUNDS: usize = 20;

/// The most fixes of a rule that are tried one by one when they cannot all be applied.
const ONE_BY_ONE: usize = 50;

/// A file whose safe fixes are applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The file. `None`: nothing was changed.
    pub content: Option<Vec<u8>>,
    /// How many fixes were applied.
    pub applied: u32,
    /// How many fixes were left out, because the file would not mean the same with them.
    pub refused: u32,
}

/// Parts of a file in bytes, and what stands there afterwards.
type Edits = Vec<(Range<usize>, String)>;

/// Applies every safe fix after which the file still means the same, or can be read where it could
/// not be. Fixing a fixed file changes nothing.
pub fn fix(file_name: &str, content: &[u8], levels: &Levels) -> Fixed {
    let mut fixed = Fixed {
        content: None,
        applied: 0,
        refused: 0,
    };
    let mut refused: HashMap<String, u32> = HashMap::new();
    for _ in 0..ROUNDS {
        let current = fixed.content.as_deref().unwrap_or(content);
        let findings = lint(file_name, current, levels);
        let Some((rule, fixes)) = next(&findings, &refused) else {
            break;
        };
        let (changed, count) = apply(file_name, current, &fixes);
        let left = fixes.len() as u32 - count;
        if count > 0 {
            // What could not be done before may be possible now.
            refused.clear();
            fixed.content = Some(changed);
            fixed.applied += count;
        }
        if left > 0 {
            refused.insert(rule, left);
        }
    }
    fixed.refused = refused.values().sum();
    fixed
}

/// The safe fixes of the first rule that has any.
fn next(findings: &[LintFinding], refused: &HashMap<String, u32>) -> Option<(String, Vec<Edits>)> {
    let safe = |finding: &LintFinding| {
        let fix = finding.fixes.iter().find(|fix| fix.safe)?;
        let edits = fix.edits.iter().filter_map(|edit| {
            let range = edit.range?;
            let range = range.start_offset as usize..range.end_offset as usize;
            Some((range, edit.new_text.clone()))
        });
        Some(edits.collect::<Edits>())
    };
    let name = |finding: &LintFinding| finding.diagnostic.as_ref().map(|d| d.reason.clone());
    let first = findings.iter().find(|finding| {
        safe(finding).is_some() && !name(finding).is_some_and(|name| refused.contains_key(&name))
    })?;
    let rule = name(first)?;
    let of_rule = findings.iter().filter(|f| name(f).as_ref() == Some(&rule));
    let fixes = of_rule.filter_map(safe).collect();
    Some((rule, fixes))
}

/// The file with as many of the fixes as leave its meaning, and their number.
fn apply(file_name: &str, content: &[u8], fixes: &[Edits]) -> (Vec<u8>, u32) {
    let whole = edited(content, fixes.iter().flatten());
    if is_as_good(file_name, content, &whole) {
        return (whole, fixes.len() as u32);
    }
    if fixes.len() > ONE_BY_ONE || fixes.len() < 2 {
        return (content.to_vec(), 0);
    }
    let mut kept: Vec<&Edits> = Vec::new();
    for fix in fixes {
        kept.push(fix);
        let tried = edited(content, kept.iter().copied().flatten());
        if !is_as_good(file_name, content, &tried) {
            kept.pop();
        }
    }
    let count = kept.len() as u32;
    (edited(content, kept.into_iter().flatten()), count)
}

/// The content with edits applied; of two that overlap the first is taken.
fn edited<'e>(content: &[u8], edits: impl Iterator<Item = &'e (Range<usize>, String)>) -> Vec<u8> {
    let mut edits: Vec<_> = edits.collect();
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    edits.dedup();
    let mut out = Vec::with_capacity(content.len());
    let mut at = 0;
    for (range, text) in edits {
        let Some(before) = content.get(at..range.start) else {
            continue;
        };
        if range.end > content.len() {
            continue;
        }
        out.extend_from_slice(before);
        out.extend_from_slice(text.as_bytes());
        at = range.end;
    }
    out.extend_from_slice(content.get(at..).unwrap_or_default());
    out
}

/// Whether the changed file is the same test, or has fewer mistakes than one that was none.
fn is_as_good(file_name: &str, before: &[u8], after: &[u8]) -> bool {
    let old = crate::parse_alone(file_name, before);
    let new = crate::parse_alone(file_name, after);
    let errors = |parsed: &crate::Parsed| {
        let is_error = |d: &&v1::Diagnostic| d.severity() == Severity::Error;
        parsed.diagnostics.iter().filter(is_error).count()
    };
    match (&old.test, &new.test) {
        (Some(old), Some(new)) => meaning(old) == meaning(new),
        (Some(_), None) => false,
        (None, Some(_)) => true,
        (None, None) => errors(&new) < errors(&old),
    }
}

/// `{{name}}` as `$name`, where that is the same.
fn respell(text: &mut String) {
    let Some(braces) = BRACES.as_ref().filter(|_| text.contains("{{")) else {
        return;
    };
    let spelled = braces.replace_all(text, "$$$1").into_owned();
    let (old, new) = (template::parse(text), template::parse(&spelled));
    if old.is_ok() && old == new {
        *text = spelled;
    }
}

/// `{{name}}`.
static BRACES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\{\{ *([A-Za-z_]\w*(?:\.\w+)*) *\}\}").ok());

/// The test as if it came from no file, with one spelling for each variable.
pub(crate) fn meaning(test: &v1::Test) -> v1::Test {
    let mut test = test.clone();
    test.visit_steps_mut(&mut forget);
    test
}

/// Forgets where a step stands, and how its texts spell their variables.
pub(super) fn forget(step: &mut v1::Step) {
    step.location = None;
    if let Some(command) = &mut step.command {
        command.visit_texts_mut(&mut |kind, text| {
            if kind == TextKind::Template {
                respell(text);
            }
        });
    }
    if let Some(block) = &mut step.block {
        block.steps_mut().into_iter().for_each(forget);
    }
}
