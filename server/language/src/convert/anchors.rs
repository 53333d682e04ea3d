//! Anchors and aliases: kept where what they stand for is the same in all its places and has a line
//! for itself, else written out, which is noted.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, Span as Range};

use super::Read;
use super::notes::{About, Notes};
use crate::dialect;
use crate::format::document::{Document, Value};
use crate::format::yaml;
use crate::source::{Source, Span};

/// The longest value that stands behind its anchor, on one line.
const LONGEST: usize = 80;

/// An anchor of the source.
#[derive(Debug)]
struct Anchor {
    name: String,
    span: Span,
    uses: Vec<Span>,
}

/// The anchors of a file that aliases use, by place.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    all: Vec<Anchor>,
}

impl Anchors {
    pub(super) fn of(source: &Source<'_>) -> Self {
        let mut all: Vec<(usize, Anchor)> = Vec::new();
        if dialect::has_statements(source) {
            return Self::default();
        }
        for (event, range) in Parser::new_from_str(source.parsed()).map_while(Result::ok) {
            let span = source.span(&range.start, &range.end);
            match event {
                Event::Scalar(_, _, id @ 1.., _)
                | Event::SequenceStart(id @ 1.., _)
                | Event::MappingStart(id @ 1.., _) => {
                    let name = name_of(source, &range);
                    let uses = Vec::new();
                    all.push((id, Anchor { name, span, uses }));
                }
                Event::Alias(id) => {
                    let anchor = all.iter_mut().find(|(other, _)| *other == id);
                    anchor.into_iter().for_each(|(_, a)| a.uses.push(span));
                }
                _ => {}
            }
        }
        let used = all.into_iter().map(|(_, anchor)| anchor);
        Self {
            all: used.filter(|anchor| !anchor.uses.is_empty()).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Puts the anchors and aliases into a document, where that can be done. Those that are written
    /// out are noted. The lines of the aliases, with the fields that they stand for.
    pub(super) fn keep(
        &self,
        read: &Read<'_>,
        document: &mut Document,
        notes: &mut Notes,
    ) -> Vec<(u32, String)> {
        let mut found: HashMap<usize, Vec<(String, Value)>> = HashMap::new();
        self.visit(read, document, &mut |index, document| {
            let value = (document.path.clone(), document.value.clone());
            found.entry(index).or_default().push(value);
        });
        let names = |name: &str| self.all.iter().filter(|a| a.name == name).count();
        let is_kept = |index: usize| {
            let (Some(anchor), Some(values)) = (self.all.get(index), found.get(&index)) else {
                return false;
            };
            let everywhere = values.len() == anchor.uses.len() + 1;
            let said: Vec<_> = values.iter().map(|(_, value)| yaml::flow(value)).collect();
            let same = said.iter().all(|text| Some(text) == said.first());
            let alone = names(&anchor.name) == 1 && !anchor.name.is_empty();
            let short = values
                .first()
                .is_some_and(|(_, v)| yaml::is_short(v, LONGEST));
            everywhere && same && alone && short
        };
        let mut defined = vec![false; self.all.len()];
        self.visit(read, document, &mut |index, document| {
            let Some(anchor) = self.all.get(index).filter(|_| is_kept(index)) else {
                return;
            };
            let text = match defined.get(index) {
                Some(true) => format!("*{}", anchor.name),
                _ => format!("&{} {}", anchor.name, yaml::flow(&document.value)),
            };
            defined[index] = true;
            document.value = Value::Literal(text);
        });
        self.note(read, notes, is_kept);
        let lines = self.all.iter().enumerate().flat_map(|(index, anchor)| {
            let others = found.get(&index).into_iter().flatten().skip(1);
            let paths = others.map(|(path, _)| path.clone());
            anchor.uses.iter().map(|span| span.line).zip(paths)
        });
        lines.collect()
    }

    /// Notes that every alias is written out.
    pub(super) fn note_all(&self, read: &Read<'_>, notes: &mut Notes) {
        self.note(read, notes, |_| false);
    }

    fn note(&self, read: &Read<'_>, notes: &mut Notes, is_kept: impl Fn(usize) -> bool) {
        let others = self.all.iter().enumerate();
        for (_, anchor) in others.filter(|(index, _)| !is_kept(*index)) {
            for span in &anchor.uses {
                let name = read.source.slice(*span).trim().to_owned();
                let about = About::place(read, *span, name);
                let reason = "what it stands for is written in its place";
                notes.change(about, reason, "the value of its anchor");
            }
        }
    }

    /// Comes to every value that is the one of an anchor, in the order of the file; not to those
    /// in it.
    fn visit(
        &self,
        read: &Read<'_>,
        document: &mut Document,
        work: &mut dyn FnMut(usize, &mut Document),
    ) {
        let place = match document.path.as_str() {
            "" => None,
            path => read.decoded.places.of(path),
        };
        let anchor = place.and_then(|place| {
            let at = |span: Span| (span.line, span.column);
            self.all.iter().position(|a| at(a.span) == at(place))
        });
        if let Some(index) = anchor {
            return work(index, document);
        }
        match &mut document.value {
            Value::List(items) => {
                for item in items {
                    self.visit(read, item, work);
                }
            }
            Value::Map(entries) => {
                for (_, value) in entries {
                    self.visit(read, value, work);
                }
            }
            Value::Text(_) | Value::Literal(_) => {}
        }
    }
}

/// The name of the anchor with which a value begins.
fn name_of(source: &Source<'_>, range: &Range) -> String {
    let text = source.parsed().get(source.byte(&range.start)..);
    let named = text.and_then(|text| text.strip_prefix('&'));
    let ends = |letter: char| letter.is_whitespace() || ",[]{}".contains(letter);
    let name = named.and_then(|text| text.split(ends).next());
    name.unwrap_or_default().to_owned()
}
