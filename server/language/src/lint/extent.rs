//! How far things reach in the file, for fixes that remove them.

use std::ops::Range;

use crate::source::{Source, Span};

/// The lines of an item of a list in block style, as bytes. `None`: it stands in a line with
/// something else.
pub(super) fn item(source: &Source<'_>, span: Span) -> Option<Range<usize>> {
    let before = before(source, span)?;
    let dash = before.trim_end();
    let is_item = dash.trim_start() == "-" && before.len() > dash.len();
    is_item.then(|| lines_below(source, span.line, dash.len() - 1))
}

/// The lines of a key in block style and its value, as bytes.
pub(super) fn key(source: &Source<'_>, span: Span) -> Option<Range<usize>> {
    let before = before(source, span)?;
    let after = &source.line(span.line)[before.len()..];
    let is_key = before.trim().is_empty() && after[source.slice(span).len()..].starts_with(':');
    is_key.then(|| lines_below(source, span.line, before.len()))
}

/// What stands before a place on its line.
fn before<'s>(source: &'s Source<'_>, span: Span) -> Option<&'s str> {
    let start = source.bytes(span).start;
    source.text().get(source.line_start(span.line)..start)
}

/// A line with the lines below that are indented deeper than `indent`.
fn lines_below(source: &Source<'_>, line: u32, indent: usize) -> Range<usize> {
    let mut last = line;
    for (number, text) in source.lines_after(line) {
        let blank = text.trim().is_empty();
        if !blank && text.len() - text.trim_start().len() <= indent {
            break;
        }
        if !blank {
            last = number;
        }
    }
    source.line_start(line)..source.line_start(last.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(
        text: &str,
        part: &str,
        extent: fn(&Source<'_>, Span) -> Option<Range<usize>>,
    ) -> Option<String> {
        let (source, _) = Source::read("t", text.as_bytes());
        let at = text.find(part).unwrap();
        let range = extent(&source, source.place(at, at + part.len()))?;
        Some(format!("{}{}", &text[..range.start], &text[range.end..]))
    }

    #[test]
    fn an_item_reaches_to_the_next() {
        let text =
            "steps:\n  - wait:\n      duration: 2s\n\n    name: x\n\n  # next\n  - click: A\n";
        let left = removed(text, "wait", item);
        assert_eq!(left.as_deref(), Some("steps:\n\n  # next\n  - click: A\n"));
        assert_eq!(removed("steps: [wait: 2s]", "wait", item), None);
        let text = "- refresh\n- wait: 2s";
        assert_eq!(removed(text, "wait", item).as_deref(), Some("- refresh\n"));
    }

    #[test]
    fn a_key_reaches_to_the_next() {
        let text = "variables:\n  a: |\n    x\n  b: 1\n";
        assert_eq!(removed(text, "a", key), None, "the first a is in variables");
        assert_eq!(removed(text, "b: 1", key), None, "the key is b alone");
        let left = removed(text, "b", key);
        assert_eq!(left, None, "b stands in variables first");
        let text = "v:\n  a: |\n    x\n  b: 1\n";
        let left = removed(text, "a", key);
        assert_eq!(left.as_deref(), Some("v:\n  b: 1\n"));
        assert_eq!(removed("v: {a: 1, b: 2}", "a", key), None);
    }
}
