//! Comments that allow findings: `# etude: allow fixed-sleep -- the animation takes this long`.
//!
//! Behind something, a comment holds for its line. On a line of its own it holds for what begins
//! on the next one, with everything indented below. `allow-file` holds for the whole file.

use std::collections::{HashMap, HashSet};

use super::context::Context;
use super::rules::{self, Rule};
use crate::format::comments::{Comment, comments};
use crate::source::{Source, Span};

/// What a comment begins with that speaks to us.
const MARK: &str = "etude:";

/// What a reason begins with.
const REASON: &str = "--";

/// The comments of a file.
pub(super) struct Allows {
    /// Every name that a comment allows.
    pub(super) names: Vec<Allow>,
    /// Comments that begin like one and are none.
    pub(super) strange: Vec<Span>,
    /// The rules that have looked at the file.
    pub(super) ran: HashSet<&'static str>,
    /// By rule: the ranges of lines in which it is allowed, with what stands around each.
    ranges: HashMap<&'static str, Vec<Reach>>,
}

/// A name in a comment.
pub(super) struct Allow {
    /// Where the name stands.
    pub(super) span: Span,
    /// As it is written.
    pub(super) name: String,
    /// `None`: no rule is called so.
    pub(super) rule: Option<&'static Rule>,
    /// Whether it has kept a finding back.
    pub(super) is_used: bool,
    /// The bytes of the whole comment, with the blanks before it.
    pub(super) comment: std::ops::Range<usize>,
    /// How many names the comment has.
    pub(super) names: usize,
}

/// Lines in which a rule is allowed.
struct Reach {
    first: u32,
    last: u32,
    /// The index of the [`Allow`].
    allow: usize,
    /// The index of the reach around this one.
    around: Option<usize>,
}

impl Allows {
    pub(super) fn read(context: &Context<'_>) -> Self {
        let source = context.source;
        let mut allows = Self {
            names: Vec::new(),
            strange: Vec::new(),
            ran: HashSet::new(),
            ranges: HashMap::new(),
        };
        let mut lines = Lines::default();
        for comment in &comments(source) {
            allows.comment(source, comment, &mut lines);
        }
        for reaches in allows.ranges.values_mut() {
            nest(reaches);
        }
        allows
    }

    fn comment(&mut self, source: &Source<'_>, comment: &Comment, lines: &mut Lines) {
        let text = comment.text.trim_start_matches('#').trim_start();
        let Some(said) = text.strip_prefix(MARK) else {
            return;
        };
        let start = source.line_start(comment.line) + comment.at;
        let end = start + comment.text.len();
        let said = said.trim_start();
        let (verb, rest) = said.split_once([' ', '\t']).unwrap_or((said, ""));
        let named = rest.split(REASON).next().unwrap_or_default();
        let (first, last) = match verb {
            "allow-file" => (0, u32::MAX),
            "allow" if comment.trailing => (comment.line, comment.line),
            "allow" => lines.below(source, comment.line),
            _ => return self.strange.push(source.place(start, end)),
        };
        let words: Vec<_> = named
            .split([',', ' ', '\t'])
            .filter(|word| !word.is_empty())
            .collect();
        if words.is_empty() {
            return self.strange.push(source.place(start, end));
        }
        for word in &words {
            // Every word is a part of the line that holds the comment.
            let at = word.as_ptr() as usize - comment.text.as_ptr() as usize + start;
            let rule = rules::find(word);
            if let Some(rule) = rule {
                self.ranges.entry(rule.name).or_default().push(Reach {
                    first,
                    last,
                    allow: self.names.len(),
                    around: None,
                });
            }
            self.names.push(Allow {
                span: source.place(at, at + word.len()),
                name: (*word).to_owned(),
                rule,
                is_used: false,
                comment: whole(source, comment.line, start, end, comment.trailing),
                names: words.len(),
            });
        }
    }

    /// Whether a finding of the rule on this line is allowed; then the comment is of use.
    pub(super) fn suppress(&mut self, rule: &Rule, line: u32) -> bool {
        let Some(reaches) = self.ranges.get(rule.name) else {
            return false;
        };
        let behind = reaches.partition_point(|reach| reach.first <= line);
        let mut at = behind.checked_sub(1);
        while let Some(reach) = at.and_then(|index| reaches.get(index)) {
            if reach.last >= line {
                self.names[reach.allow].is_used = true;
                return true;
            }
            at = reach.around;
        }
        false
    }
}

/// The bytes that go when the comment goes: of one on a line of its own the line.
fn whole(
    source: &Source<'_>,
    line: u32,
    start: usize,
    end: usize,
    trailing: bool,
) -> std::ops::Range<usize> {
    if !trailing {
        return source.line_start(line)..source.line_start(line.saturating_add(1));
    }
    let begin = source.line_start(line);
    let before = source.text().get(begin..start).unwrap_or_default();
    begin + before.trim_end().len()..end
}

/// What the lines below comments reach to; each is looked at once.
#[derive(Default)]
struct Lines {
    known: HashMap<u32, u32>,
}

impl Lines {
    /// The lines of what begins below a line.
    fn below(&mut self, source: &Source<'_>, line: u32) -> (u32, u32) {
        let says_something =
            |text: &str| !(text.trim().is_empty() || text.trim_start().starts_with('#'));
        let Some((first, text)) = source
            .lines_after(line)
            .find(|(_, text)| says_something(text))
        else {
            return (line, line);
        };
        let indent = indent(text);
        let last = *self.known.entry(first).or_insert_with(|| {
            let below = source.lines_after(first);
            let deeper =
                below.take_while(|(_, text)| !says_something(text) || self::indent(text) > indent);
            deeper.last().map_or(first, |(number, _)| number)
        });
        (first, last)
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Sorts ranges that stand apart or in each other, and finds what stands around each.
fn nest(reaches: &mut [Reach]) {
    reaches.sort_by_key(|reach| (reach.first, std::cmp::Reverse(reach.last)));
    let mut open: Vec<usize> = Vec::new();
    for index in 0..reaches.len() {
        while let Some(&outer) = open.last()
            && reaches[outer].last < reaches[index].first
        {
            open.pop();
        }
        reaches[index].around = open.last().copied();
        open.push(index);
    }
}
