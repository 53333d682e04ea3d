//! Keeps the comments and blank lines of a file: each goes with the field that it stands before or
//! behind.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::yaml::{Line, Page};
use crate::decode::Places;
use crate::dialect;
use crate::source::Source;

/// A comment, or a blank line.
#[derive(Debug, PartialEq)]
pub(crate) struct Comment {
    pub(crate) line: u32,
    /// Where its `#` stands, in bytes from the beginning of the line.
    pub(crate) at: usize,
    /// From `#` on. Empty: a blank line.
    pub(crate) text: String,
    /// Behind something on its line.
    pub(crate) trailing: bool,
}

/// Puts the comments of `source` into a page that shows the same test; `behind`: also behind
/// something on its line.
pub(crate) fn keep(source: &Source<'_>, places: &Places, page: &mut Page, behind: bool) {
    keep_with(source, places, &[], page, behind);
}

/// As [`keep`], with the lines of further fields.
pub(crate) fn keep_with(
    source: &Source<'_>,
    places: &Places,
    more: &[(u32, String)],
    page: &mut Page,
    behind: bool,
) {
    let fields = Fields::new(places, more);
    let printed: HashMap<String, usize> = (page.lines.iter().enumerate().rev())
        .filter(|(_, line)| !line.path.is_empty())
        .map(|(index, line)| (line.path.clone(), index))
        .collect();
    let mut before: HashMap<usize, Vec<String>> = HashMap::new();
    let end = page.lines.len();
    for comment in comments(source) {
        let field = match comment.trailing {
            true => fields.on(comment.line),
            false => None,
        };
        let field = field.or_else(|| fields.after(comment.line));
        let line = match fields.first_line() {
            // What stands above all of the file is about all of it, whichever key comes first.
            Some(first) if comment.line < first => Some(0),
            _ => field.and_then(|path| around(path).find_map(|path| printed.get(path)).copied()),
        };
        match line.and_then(|line| page.lines.get_mut(line)) {
            Some(line) if behind && comment.trailing && can_be_behind(line) => {
                line.text.push_str("  ");
                line.text.push_str(&comment.text);
            }
            _ => before
                .entry(line.unwrap_or(end))
                .or_default()
                .push(comment.text),
        }
    }
    insert(page, before);
}

/// A comment behind the header of a block text, or behind another comment, would read as a part
/// of that.
fn can_be_behind(line: &Line) -> bool {
    !line.text.ends_with('|') && !line.text.ends_with("|-") && !line.text.contains("  #")
}

/// Adds lines before others. There is at most one blank line in a row, and none at the beginning
/// or the end.
fn insert(page: &mut Page, mut before: HashMap<usize, Vec<String>>) {
    let lines = std::mem::take(&mut page.lines);
    let end = lines.len();
    let mut after_blank = true;
    for (index, line) in lines.into_iter().map(Some).chain([None]).enumerate() {
        let indent = line.as_ref().map_or(0, |line| line.indent);
        let texts = before.remove(&index.min(end)).unwrap_or_default();
        for text in texts {
            if !(after_blank && text.is_empty()) {
                after_blank = text.is_empty();
                page.lines.push(Line {
                    indent,
                    text,
                    path: String::new(),
                });
            }
        }
        if let Some(line) = line {
            after_blank = false;
            page.lines.push(line);
        }
    }
    while page.lines.last().is_some_and(|line| line.text.is_empty()) {
        page.lines.pop();
    }
}

/// The fields of a test by the line on which they begin; of several on one line the outermost.
struct Fields<'p> {
    by_line: Vec<(u32, &'p str)>,
}

impl<'p> Fields<'p> {
    fn new(places: &'p Places, more: &'p [(u32, String)]) -> Self {
        let mut by_line: Vec<_> = places.lines().map(|(path, line)| (line, path)).collect();
        by_line.extend(more.iter().map(|(line, path)| (*line, path.as_str())));
        by_line.sort_by_key(|(line, path)| (*line, path.len(), *path));
        by_line.dedup_by_key(|(line, _)| *line);
        Self { by_line }
    }

    fn first_line(&self) -> Option<u32> {
        self.by_line.first().map(|(line, _)| *line)
    }

    fn after(&self, line: u32) -> Option<&'p str> {
        let index = self.by_line.partition_point(|(other, _)| *other <= line);
        self.by_line.get(index).map(|(_, path)| *path)
    }

    fn on(&self, line: u32) -> Option<&'p str> {
        let index = self.by_line.partition_point(|(other, _)| *other < line);
        let (other, path) = self.by_line.get(index)?;
        (*other == line).then_some(*path)
    }
}

/// The path and the paths of the fields around it.
fn around(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.get(..path.rfind(['.', '['])?))
}

/// The comments and blank lines of a file.
pub(crate) fn comments(source: &Source<'_>) -> Vec<Comment> {
    if dialect::has_statements(source) {
        return between_statements(source);
    }
    let texts = texts(source);
    let is_text = |byte: usize| {
        let index = texts.partition_point(|(_, end)| *end <= byte);
        texts.get(index).is_some_and(|(start, _)| *start <= byte)
    };
    let mut found = Vec::new();
    for (number, line) in source.numbered_lines() {
        let start = source.line_start(number);
        let comment = line.match_indices('#').map(|(at, _)| at).find(|&at| {
            let alone = at == 0 || line[..at].ends_with([' ', '\t']);
            alone && !is_text(start + at)
        });
        let is_blank = line.trim().is_empty() && !is_text(start);
        if comment.is_some() || is_blank {
            let at = comment.unwrap_or(line.len());
            found.push(Comment {
                line: number,
                at,
                text: line[at..].trim_end().to_owned(),
                trailing: !line[..at].trim().is_empty(),
            });
        }
    }
    found
}

/// Comments and blank lines of a file of statements have their line alone.
fn between_statements(source: &Source<'_>) -> Vec<Comment> {
    let lines = source.numbered_lines();
    lines
        .filter(|(_, line)| line.trim().is_empty() || line.trim().starts_with('#'))
        .map(|(number, line)| Comment {
            line: number,
            at: line.len() - line.trim_start().len(),
            text: line.trim().replace(is_unprintable, "\u{fffd}"),
            trailing: false,
        })
        .collect()
}

/// Whether YAML has no place for a letter in a comment.
fn is_unprintable(letter: char) -> bool {
    letter.is_control() && letter != '\t' || matches!(letter, '\u{fffe}' | '\u{ffff}')
}

/// The bytes that are texts, in which a `#` is a part of the text.
fn texts(source: &Source<'_>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (event, span) in Parser::new_from_str(source.parsed()).map_while(Result::ok) {
        let Event::Scalar(_, style, ..) = event else {
            continue;
        };
        let start = source.byte(&span.start);
        let end = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => source.quoted_end(start),
            _ => source.end_of_text(start, source.byte(&span.end)),
        };
        if end > start {
            found.push((start, end));
        }
    }
    found
}
