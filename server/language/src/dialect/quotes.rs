//! Selectors without quotes: `t: {#email: a@b.c}`, where YAML sees a comment.

use std::sync::LazyLock;

use etude::v1::ErrorReason;
use regex::Regex;

use super::{shape, verbs};
use crate::diagnose::{Mistake, Mistakes, shown};
use crate::source::Source;
use crate::suggest::plain;

/// A map that begins with a selector: what stands before it, and the selector.
static IN_MAP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^(\s*(?:- )?[\w-]+:\s*\{\s*)(#[^:{}"',]+?)\s*:(?:\s|$)"#).ok());

/// A step whose value is a selector.
static AS_VALUE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(\s*- ([\w-]+):\s+)(#[\w-]+)\s*$").ok());

/// Where a selector stands in a line without quotes, in bytes.
#[derive(Debug, PartialEq)]
struct Unquoted {
    start: usize,
    end: usize,
    /// Whether the line as it is cannot be read, so that the whole file is no YAML.
    breaks: bool,
}

/// The selector without quotes of a line.
fn find(line: &str) -> Option<Unquoted> {
    if !line.contains('#') {
        return None;
    }
    if let Some(found) = IN_MAP.as_ref()?.captures(line) {
        let selector = found.get(2)?;
        let (start, end) = (selector.start(), selector.end());
        return Some(Unquoted {
            start,
            end,
            breaks: true,
        });
    }
    let found = AS_VALUE.as_ref()?.captures(line)?;
    let verb = found.get(2)?.as_str();
    let selector = found.get(3)?;
    let is_verb = shape::COMPACT.contains(&verb)
        || verbs::is_known(&plain(verb))
        || etude::catalog::by_yaml(verb).is_some();
    is_verb.then(|| Unquoted {
        start: selector.start(),
        end: selector.end(),
        breaks: false,
    })
}

fn quoted(line: &str, found: &Unquoted) -> String {
    let (before, rest) = line.split_at(found.start);
    let (selector, after) = rest.split_at(found.end - found.start);
    format!("{before}\"{selector}\"{after}")
}

/// The file with quotes around every selector for which YAML sees a comment; `None` when it has
/// none.
///
/// Only lines of the form `key: {#name: …}` and `- command: #name` are changed.
pub fn repair(content: &str) -> Option<String> {
    let mut changed = false;
    let lines: String = content
        .split_inclusive('\n')
        .map(|line| match find(line.trim_end_matches(['\n', '\r'])) {
            Some(found) => {
                changed = true;
                quoted(line, &found)
            }
            None => line.to_owned(),
        })
        .collect();
    changed.then_some(lines)
}

/// Reports the selectors without quotes of a file that is no YAML; whether there are any.
pub(crate) fn report_unquoted(source: &Source<'_>, mistakes: &mut Mistakes) -> bool {
    let mut any = false;
    for (number, line) in source.numbered_lines() {
        let Some(found) = find(line) else { continue };
        any |= found.breaks;
        let start = source.line_start(number);
        let span = source.place(start + found.start, start + found.end);
        let selector = &line[found.start..found.end];
        let message = format!(
            "\"{}\" stands without quotes, so that YAML sees a comment",
            shown(selector)
        );
        let mistake = Mistake::error(span, ErrorReason::YamlSyntax, message);
        let line = quoted(line, &found);
        mistakes.add(mistake.suggest(format!(
            "write {}, or let \"etude fmt --fix\" do it",
            line.trim()
        )));
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_get_quotes_and_nothing_else_does() {
        let text = "do:\n  - t: {#email: a@b.c}\n  - t: { #a b : x}\r\n  - wait: #email\n  - c: Save # it\n  - click: # later\n  - t: {\"#a\": x}\nsteps: #a\n";
        let expected = "do:\n  - t: {\"#email\": a@b.c}\n  - t: { \"#a b\" : x}\r\n  - wait: \"#email\"\n  - c: Save # it\n  - click: # later\n  - t: {\"#a\": x}\nsteps: #a\n";
        assert_eq!(repair(text).as_deref(), Some(expected));
        assert_eq!(repair(expected), None);
    }
}
