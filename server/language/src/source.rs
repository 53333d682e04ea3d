//! A test file's bytes as text, and places in it.

mod files;
mod index;
mod surrogates;

use std::borrow::Cow;
use std::ops::Range;

use etude::v1::{ErrorReason, SourceLocation};
use saphyr_parser::Marker;

use crate::diagnose::Mistake;
pub(crate) use files::{Opened, file_name_of, folder_of, join};
use index::CharIndex;

/// The largest file, in bytes.
pub(crate) const MAX_FILE: usize = 1 << 20;

/// The most characters of a line that a diagnostic shows.
const MAX_LINE: usize = 512;

/// A place in a file: where it begins, and its length within the first line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Line, from 1.
    pub(crate) line: u32,
    /// Column in characters, from 1.
    pub(crate) column: u32,
    /// Length in characters, at least 1.
    pub(crate) length: u32,
    /// The character of the file with which it begins, from 0.
    at: u32,
    /// Which file: 0 is the test file, the others are those that came with it.
    file: u32,
}

/// A file's text.
pub(crate) struct Source<'a> {
    file: String,
    /// What the file holds, without byte order mark.
    text: Cow<'a, str>,
    index: CharIndex,
    /// Where lines begin in `text`, in bytes.
    lines: Vec<usize>,
    /// What is parsed, when that is not `text`: JSON's pairs of `\u` escapes are YAML's `\U`.
    parsed: Option<String>,
    /// Where such pairs stand in `parsed`, in characters.
    pairs: Vec<usize>,
    /// Its number in places.
    number: u32,
    /// The files that came with it. `None`: none are looked at.
    others: Option<Vec<files::Other<'a>>>,
}

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
        // What is not UTF-8 is shown as a replacement, so the byte's place is that of the first.
        let text = String::from_utf8_lossy(content);
        let text = text
            .strip_prefix('\u{feff}')
            .map(str::to_owned)
            .unwrap_or(text.into_owned());
        let mark = content.starts_with("\u{feff}".as_bytes());
        let before = offset - if mark { '\u{feff}'.len_utf8() } else { 0 };
        let source = Self::new(file, Cow::Owned(text));
        let byte = content.get(offset).copied().unwrap_or_default();
        let mistake = Mistake::error(
            source.place(before, before + 1),
            ErrorReason::NotUtf8,
            format!("the byte 0x{byte:02x} at offset {offset} is not UTF-8"),
        )
        .suggest("save the file as UTF-8");
        (source, Some(mistake))
    }

    fn new(file: &str, text: Cow<'a, str>) -> Self {
        let (parsed, pairs) = surrogates::join(&text).unzip();
        Self {
            file: file.to_owned(),
            index: CharIndex::new(&text),
            lines: line_starts(&text),
            text,
            parsed,
            pairs: pairs.unwrap_or_default(),
            number: 0,
            others: None,
        }
    }

    /// What the caller calls the file.
    pub(crate) fn name(&self) -> &str {
        &self.file
    }

    /// The text for the parser.
    pub(crate) fn parsed(&self) -> &str {
        self.parsed.as_deref().unwrap_or(&self.text)
    }

    // === Lines ===

    /// A line, from 1, without its end.
    pub(crate) fn line(&self, line: u32) -> &str {
        let start = self.line_start(line);
        let end = self.line_start(line.saturating_add(1));
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// The byte at which a line begins; the end of the text for one behind it.
    pub(crate) fn line_start(&self, line: u32) -> usize {
        let index = (line as usize).saturating_sub(1);
        self.lines.get(index).copied().unwrap_or(self.text.len())
    }

    /// The beginning of a line, for a diagnostic.
    pub(crate) fn shown_line(&self, line: u32) -> String {
        self.line(line).chars().take(MAX_LINE).collect()
    }

    /// The lines with their numbers.
    pub(crate) fn numbered_lines(&self) -> impl Iterator<Item = (u32, &str)> {
        (1..)
            .zip(&self.lines)
            .map(|(line, _)| (line, self.line(line)))
    }

    /// The lines behind a line with their numbers.
    pub(crate) fn lines_after(&self, line: u32) -> impl Iterator<Item = (u32, &str)> {
        let last = number(self.lines.len());
        (line.saturating_add(1)..=last).map(|line| (line, self.line(line)))
    }

    // === Places ===

    /// What the file holds, without byte order mark.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of a place.
    pub(crate) fn bytes(&self, span: Span) -> Range<usize> {
        let file = self.of(span);
        let start = file.index.byte(&file.text, span.at as usize);
        start..start + file.slice(span).len()
    }

    /// What stands at a place.
    pub(crate) fn slice(&self, span: Span) -> &str {
        let file = self.of(span);
        let start = file.index.byte(&file.text, span.at as usize);
        let line_end = file.line_start(span.line.saturating_add(1));
        let rest = file.text.get(start..line_end).unwrap_or_default();
        let next = rest.char_indices().nth(span.length as usize);
        rest[..next.map_or(rest.len(), |(at, _)| at)].trim_end_matches(['\n', '\r'])
    }

    /// The place of some bytes of the text, cut at the end of the first line.
    pub(crate) fn place(&self, from: usize, to: usize) -> Span {
        let line = self.lines.partition_point(|start| *start <= from);
        let at = self.index.character(&self.text, from);
        let line_at = self
            .index
            .character(&self.text, self.line_start(number(line)));
        Span {
            line: number(line.max(1)),
            column: number(at.saturating_sub(line_at) + 1),
            length: self.length(number(line), from, to),
            at: number(at),
            file: self.number,
        }
    }

    /// The number of characters between two bytes, at most to the end of the line.
    fn length(&self, line: u32, from: usize, to: usize) -> u32 {
        let to = to.min(self.line_start(line.saturating_add(1)));
        let text = self.text.get(from..to).unwrap_or_default();
        number(text.trim_end_matches(['\n', '\r']).chars().count().max(1))
    }

    /// The place between two markers of the parser, cut at the end of the first line.
    pub(crate) fn span(&self, start: &Marker, end: &Marker) -> Span {
        let line = number(start.line().max(1));
        let at = self.character(start);
        let shift = at.saturating_sub(start.index() + self.shift_before_line(line));
        let column = start.col() + shift;
        let length = match end.line() == start.line() {
            true => number(self.character(end).saturating_sub(at).max(1)),
            false => self.length(line, self.byte(start), self.text.len()),
        };
        Span {
            line,
            column: number(column + 1),
            length,
            at: number(at),
            file: self.number,
        }
    }

    /// The place of a text in quotes; the parser's marker for its end comes behind what follows.
    pub(crate) fn quoted_span(&self, span: Span) -> Span {
        let start = self.index.byte(&self.text, span.at as usize);
        Span {
            length: self.length(span.line, start, self.quoted_end(start)),
            ..span
        }
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

    /// The byte at a marker of the parser.
    pub(crate) fn byte(&self, marker: &Marker) -> usize {
        self.index.byte(&self.text, self.character(marker))
    }

    /// The character of the file at a marker of the parser.
    fn character(&self, marker: &Marker) -> usize {
        let before = self.pairs.partition_point(|pair| *pair < marker.index());
        marker.index() + before * surrogates::SHORTENS
    }

    /// How many characters the pairs before a line have cost.
    fn shift_before_line(&self, line: u32) -> usize {
        if self.pairs.is_empty() {
            return 0;
        }
        let start = self.index.character(&self.text, self.line_start(line));
        let shortens = surrogates::SHORTENS;
        let before = self.pairs.partition_point(|pair| {
            let index = self.pairs.partition_point(|other| other < pair);
            pair + index * shortens < start
        });
        before * shortens
    }

    /// A place as messages name it.
    pub(crate) fn location(&self, span: Span) -> SourceLocation {
        SourceLocation {
            file: self.of(span).file.clone(),
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
        at: 0,
        file: 0,
    };

    /// Its order among places: the test file's come first.
    pub(crate) fn order(self) -> (u32, u32, u32) {
        (self.file, self.line, self.column)
    }

    /// Whether it is in the test file itself.
    pub(crate) fn is_own(self) -> bool {
        self.file == 0
    }

    /// A part of this place: some characters in, some characters long.
    pub(crate) fn part(self, before: usize, length: usize) -> Self {
        Self {
            column: self.column.saturating_add(number(before)),
            at: self.at.saturating_add(number(before)),
            length: number(length.max(1)),
            ..self
        }
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Where lines begin: behind a line feed, and behind a carriage return without one.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0)
        .chain(ends.map(|(at, _)| at + 1))
        .collect()
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
        let place = (mistake.span.line, mistake.span.column, mistake.span.length);
        assert_eq!(place, (2, 5, 1));
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
        let marker = |at| Marker::new(at, 1, at);
        let span = source.span(&marker(column), &marker(column + 3));
        assert_eq!(source.slice(span), "\"b\"");
        assert_eq!(span.column as usize, text.find("\"b\"").unwrap() + 1);
    }

    #[test]
    fn places_on_later_lines_are_right_too() {
        let text = "{\"a\": \"\\ud83d\\ude00\",\r\n\"b\": \"\\ud83d\\ude00\", \"c\": 1}";
        let (source, _) = Source::read("a", text.as_bytes());
        let at = source.parsed().find("\"c\"").unwrap();
        let line = source.parsed().find("\"b\"").unwrap();
        let marker = |at| Marker::new(at, 2, at - line);
        let span = source.span(&marker(at), &marker(at + 3));
        assert_eq!(source.slice(span), "\"c\"");
        assert_eq!((span.line, span.column), (2, 22));
    }

    #[test]
    fn only_json_has_such_pairs() {
        let text = r"{a: '\ud83d\ude00'}";
        assert_eq!(Source::read("a", text.as_bytes()).0.parsed(), text);
    }
}
