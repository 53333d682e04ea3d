//! A test file's bytes as text, and places in it.

use std::borrow::Cow;

use etude::v1::{ErrorReason, SourceLocation};
use saphyr_parser::Marker;

use crate::diagnose::Mistake;

/// The largest file, in bytes.
pub(crate) const MAX_FILE: usize = 1 << 20;

/// The most characters of a line that a diagnostic shows.
const MAX_LINE: usize = 512;

/// A place in a file: where it begins, and its length within the first line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    /// Line, from 1.
    pub(crate) line: u32,
    /// Column in characters, from 1.
    pub(crate) column: u32,
    /// Length in characters, at least 1.
    pub(crate) length: u32,
}

/// A file's text.
pub(crate) struct Source<'a> {
    file: String,
    /// What the file holds, without byte order mark.
    text: Cow<'a, str>,
    /// What is parsed: JSON's pairs of `\u` escapes are YAML's `\U`.
    parsed: Option<String>,
    /// Where such pairs stood in `parsed`: line from 1, column from 0.
    pairs: Vec<(usize, usize)>,
    /// Where lines begin in `text`, in bytes.
    lines: Vec<usize>,
}

/// How many characters shorter `\U0001F600` is than `\ud83d\ude00`.
const PAIR_SHORTENS: usize = 2;

impl<'a> Source<'a> {
    /// Reads a file. On a mistake, the source holds what can be shown of the file.
    pub(crate) fn read(file: &str, content: &'a [u8]) -> (Self, Option<Mistake>) {
        let file = if file.is_empty() { "test.yaml" } else { file };
        if content.len() > MAX_FILE {
            let mistake = Mistake::error(
                Span::START,
                ErrorReason::FileTooLarge,
                format!(
                    "the file has {} bytes; at most {MAX_FILE} are read",
                    content.len()
                ),
            )
            .suggest("split it into several tests");
            return (Self::new(file, Cow::Borrowed("")), Some(mistake));
        }
        if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
            let mistake = Mistake::error(
                Span::START,
                ErrorReason::NotUtf8,
                "the file is UTF-16, not UTF-8".to_owned(),
            )
            .suggest("save it as UTF-8");
            return (Self::new(file, Cow::Borrowed("")), Some(mistake));
        }
        match std::str::from_utf8(content) {
            Ok(text) => {
                let text = text.strip_prefix('\u{feff}').unwrap_or(text);
                (Self::new(file, Cow::Borrowed(text)), None)
            }
            Err(error) => Self::broken(file, content, error.valid_up_to()),
        }
    }

    fn broken(file: &str, content: &'a [u8], offset: usize) -> (Self, Option<Mistake>) {
        let before = String::from_utf8_lossy(&content[..offset]);
        let before = before.strip_prefix('\u{feff}').unwrap_or(&before);
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default();
        let span = Span::new(line + 1, column.chars().count(), 1);
        let byte = content.get(offset).copied().unwrap_or_default();
        let mistake = Mistake::error(
            span,
            ErrorReason::NotUtf8,
            format!("the byte 0x{byte:02x} at offset {offset} is not UTF-8"),
        )
        .suggest("save the file as UTF-8");
        let source = Self::new(file, String::from_utf8_lossy(content));
        (source, Some(mistake))
    }

    fn new(file: &str, text: Cow<'a, str>) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        let (parsed, pairs) = match join_surrogates(&text) {
            Some((parsed, pairs)) => (Some(parsed), pairs),
            None => (None, Vec::new()),
        };
        Self {
            file: file.to_owned(),
            text,
            parsed,
            pairs,
            lines,
        }
    }

    /// The text for the parser.
    pub(crate) fn parsed(&self) -> &str {
        self.parsed.as_deref().unwrap_or(&self.text)
    }

    /// A line, from 1, without its end.
    pub(crate) fn line(&self, line: u32) -> &str {
        let index = (line as usize).saturating_sub(1);
        let Some(&start) = self.lines.get(index) else {
            return "";
        };
        let end = self.lines.get(index + 1).copied();
        self.text[start..end.unwrap_or(self.text.len())].trim_end_matches(['\n', '\r'])
    }

    /// The beginning of a line, for a diagnostic.
    pub(crate) fn shown_line(&self, line: u32) -> String {
        self.line(line).chars().take(MAX_LINE).collect()
    }

    /// What stands at a place.
    pub(crate) fn slice(&self, span: Span) -> &str {
        let line = self.line(span.line);
        let from = nth_char(line, span.column as usize - 1);
        let rest = &line[from..];
        &rest[..nth_char(rest, span.length as usize)]
    }

    /// The place of some bytes of a line.
    pub(crate) fn place(&self, line: u32, from: usize, to: usize) -> Span {
        let text = self.line(line);
        let count = |range| text.get(range).map_or(0, |part: &str| part.chars().count());
        Span::new(line as usize, count(0..from), count(from..to))
    }

    /// The place between two markers of the parser, cut at the end of the first line.
    pub(crate) fn span(&self, start: &Marker, end: &Marker) -> Span {
        let column = self.column(start);
        let length = if end.line() == start.line() {
            self.column(end).saturating_sub(column)
        } else {
            let line = u32::try_from(start.line()).unwrap_or(u32::MAX);
            self.line(line).chars().count().saturating_sub(column)
        };
        Span::new(start.line(), column, length)
    }

    /// The place of a text in quotes; the parser's marker for its end comes behind what follows.
    pub(crate) fn quoted_span(&self, span: Span) -> Span {
        let start = self.byte(span.line, span.column as usize - 1);
        let end = self.quoted_end(start);
        let line = self.line(span.line);
        let from = start - self.line_start(span.line);
        let to = (end - self.line_start(span.line)).min(line.len());
        self.place(span.line, from, to)
    }

    /// Where the text in quotes that begins at a byte ends.
    pub(crate) fn quoted_end(&self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let quote = bytes.get(start).copied();
        let mut at = start + 1;
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'\\' if quote == Some(b'"') => at += 1,
                _ if Some(byte) != quote => {}
                b'\'' if bytes.get(at) == Some(&b'\'') => at += 1,
                _ => break,
            }
        }
        at.min(bytes.len())
    }

    /// Where a text ends, the blank lines behind it left out.
    pub(crate) fn end_of_text(&self, start: usize, end: usize) -> usize {
        let text = self.text.get(start..end).unwrap_or_default();
        start + text.trim_end().len()
    }

    /// The byte at which a character of a line begins, counted from 0.
    pub(crate) fn byte(&self, line: u32, column: usize) -> usize {
        self.line_start(line) + nth_char(self.line(line), column)
    }

    fn line_start(&self, line: u32) -> usize {
        let index = (line as usize).saturating_sub(1);
        self.lines.get(index).copied().unwrap_or(self.text.len())
    }

    /// The lines with their numbers.
    pub(crate) fn numbered_lines(&self) -> impl Iterator<Item = (u32, &str)> {
        (1..)
            .zip(&self.lines)
            .map(|(line, _)| (line, self.line(line)))
    }

    fn column(&self, marker: &Marker) -> usize {
        let before = self
            .pairs
            .iter()
            .filter(|(line, column)| *line == marker.line() && *column < marker.col());
        marker.col() + before.count() * PAIR_SHORTENS
    }

    /// A place as messages name it.
    pub(crate) fn location(&self, span: Span) -> SourceLocation {
        SourceLocation {
            file: self.file.clone(),
            line: span.line,
            column: span.column,
        }
    }
}

impl Span {
    /// The file's beginning.
    pub(crate) const START: Self = Self {
        line: 1,
        column: 1,
        length: 1,
    };

    /// `line` from 1, `column` from 0.
    fn new(line: usize, column: usize, length: usize) -> Self {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Self {
            line: number(line.max(1)),
            column: number(column.saturating_add(1)),
            length: number(length.max(1)),
        }
    }
}

fn nth_char(text: &str, count: usize) -> usize {
    text.char_indices()
        .nth(count)
        .map_or(text.len(), |(at, _)| at)
}

/// JSON writes a character beyond U+FFFF as two escapes, which YAML does not know.
fn join_surrogates(text: &str) -> Option<(String, Vec<(usize, usize)>)> {
    let json = text.trim_start().starts_with(['{', '['])
        && (text.contains("\\ud") || text.contains("\\uD"))
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if !json {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut pairs = Vec::new();
    let (mut line, mut column) = (1, 0);
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let (piece, length) = match surrogate_pair(&text[at..]) {
            Some(found) => {
                pairs.push((line, column));
                (format!("\\U{:08X}", u32::from(found)), 12)
            }
            // An escaped backslash must not be taken for the start of an escape.
            None if text[at..].starts_with("\\\\") => ("\\\\".to_owned(), 2),
            None => (letter.to_string(), letter.len_utf8()),
        };
        column += piece.chars().count();
        if letter == '\n' {
            (line, column) = (line + 1, 0);
        }
        out.push_str(&piece);
        at += length;
    }
    Some((out, pairs))
}

fn surrogate_pair(text: &str) -> Option<char> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [unit(0)?, unit(6)?];
    let mut letters = char::decode_utf16(units);
    match (letters.next(), letters.next()) {
        (Some(Ok(letter)), None) => Some(letter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_left_out() {
        let (source, mistake) = Source::read("a", "\u{feff}name: x".as_bytes());
        assert!(mistake.is_none());
        assert_eq!(source.parsed(), "name: x");
    }

    #[test]
    fn a_wrong_byte_has_its_place() {
        let (source, mistake) = Source::read("a", b"name: x\nb: \xc3\xa9\xff!");
        let mistake = mistake.unwrap();
        assert_eq!(mistake.span, Span::new(2, 4, 1));
        assert_eq!(mistake.message, "the byte 0xff at offset 13 is not UTF-8");
        assert_eq!(source.shown_line(2), "b: é\u{fffd}!");
    }

    #[test]
    fn pairs_of_escapes_become_one_character() {
        let text = r#"{"a": "\ud83d\ude00 \\ud83d\\ude00 \u0041", "b": 1}"#;
        let (source, _) = Source::read("a", text.as_bytes());
        assert_eq!(
            source.parsed(),
            r#"{"a": "\U0001F600 \\ud83d\\ude00 \u0041", "b": 1}"#
        );
        // A place behind the pair is where it was in the file.
        let column = source.parsed().find("\"b\"").unwrap();
        let span = source.span(
            &Marker::new(column, 1, column),
            &Marker::new(column + 3, 1, column + 3),
        );
        assert_eq!(source.slice(span), "\"b\"");
    }

    #[test]
    fn only_json_has_such_pairs() {
        let text = r"{a: '\ud83d\ude00'}";
        assert_eq!(Source::read("a", text.as_bytes()).0.parsed(), text);
    }
}
