//! Which dialect a file is written in, by what it has that only this dialect has.

use etude::v1::{self, TestFormat};

use super::shape::{self, Shape};
use crate::decode;
use crate::diagnose::shown;
use crate::source::{Source, Span};
use crate::suggest::plain;
use crate::tree::{Content, Entry, NodeId, Tree};

/// The most marks that are kept.
const MOST_MARKS: usize = 1000;

/// What a key weighs that decides the format, whatever stands in it.
const DECISIVE_WEIGHT: u32 = 1_000_000;

/// What a key of the test weighs, compared with a step.
const KEY_WEIGHT: u32 = 3;

/// Something that only one dialect has.
#[derive(Debug)]
struct Mark {
    format: TestFormat,
    span: Span,
    what: What,
    weight: u32,
}

/// What a mark is; told in words only to whoever asks for the evidence.
#[derive(Debug)]
enum What {
    /// A key of the test.
    Key(String),
    Step(NodeId),
}

/// What was found out about a file.
#[derive(Debug)]
pub(crate) struct Detected {
    pub(crate) format: TestFormat,
    marks: Vec<Mark>,
    /// How many steps there are, and how many of them are texts, which are rewritten in every
    /// format.
    steps: u32,
    texts: u32,
}

impl Detected {
    /// Whether a step is a text.
    pub(crate) fn has_texts(&self) -> bool {
        self.texts > 0
    }

    /// The weight of each format that has any, the largest first.
    pub(crate) fn weights(&self) -> Vec<(TestFormat, u32)> {
        let mut weights: Vec<(TestFormat, u32)> = Vec::new();
        for mark in &self.marks {
            match weights
                .iter_mut()
                .find(|(format, _)| *format == mark.format)
            {
                Some((_, weight)) => *weight += mark.weight,
                None => weights.push((mark.format, mark.weight)),
            }
        }
        // The sort is stable: of equals the one that comes first in the file wins.
        weights.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        weights
    }
}

/// The dialect of a file.
///
/// A file without any mark of a dialect is canonical. So is one that has as many marks of the
/// canonical form as of the dialect with the most: then the dialect's are slips.
pub(crate) fn detect(tree: &Tree<'_>, root: NodeId) -> Detected {
    let mut found = Detected {
        format: TestFormat::Canonical,
        marks: Vec::new(),
        steps: 0,
        texts: 0,
    };
    document(tree, root, &mut found);
    let weights = found.weights();
    let of = |format: TestFormat| {
        let weight = weights.iter().find(|(other, _)| *other == format);
        weight.map_or(0, |(_, weight)| *weight)
    };
    let best = weights
        .iter()
        .find(|(format, _)| *format != TestFormat::Canonical);
    if let Some((format, weight)) = best
        && *weight > of(TestFormat::Canonical)
        && (!is_text(*format) || found.texts * 2 > found.steps)
    {
        found.format = *format;
    }
    found
}

/// Whether the steps of the format are texts.
fn is_text(format: TestFormat) -> bool {
    matches!(
        format,
        TestFormat::NaturalLanguage | TestFormat::StringSteps
    )
}

fn document(tree: &Tree<'_>, root: NodeId, found: &mut Detected) {
    let Content::Map(entries) = &tree.node(root).content else {
        return;
    };
    for entry in entries {
        let value = &tree.node(entry.value).content;
        let is_map = matches!(value, Content::Map(_));
        let is_list = matches!(value, Content::List(_));
        let name = plain(&entry.key);
        let format = match name.as_str() {
            "journey" if is_map => Some(TestFormat::Journey),
            "goals" if is_list => Some(TestFormat::Structure),
            "test" | "do" => Some(TestFormat::Compact),
            "nav" | "vars" => Some(TestFormat::Compact),
            "tests" if is_list => Some(TestFormat::Suite),
            "infrastructure" | "project" | "goal" | "journey" | "url" | "project_id" => {
                Some(TestFormat::Simplified)
            }
            "variables" if has_maps(tree, value) => Some(TestFormat::Simplified),
            "checkpoints" => Some(TestFormat::Canonical),
            _ => None,
        };
        if let Some(format) = format {
            let weight = match name.as_str() {
                // What stands in these has the steps of another format.
                "journey" | "goals" if is_map || is_list => DECISIVE_WEIGHT,
                "checkpoints" => 1,
                // Several dialects have these; together they weigh as much as one step.
                _ if format == TestFormat::Simplified && !is_list => {
                    u32::from(found.marks.iter().all(|mark| mark.format != format))
                }
                _ => KEY_WEIGHT,
            };
            let what = What::Key(entry.key.to_string());
            found.mark(format, entry.key_span, what, weight);
        }
        match name.as_str() {
            "steps" | "do" | "setup" | "teardown" | "cleanup" => steps(tree, entry.value, found),
            "checkpoints" | "tests" if is_list => {
                children(tree, entry.value, &mut |id| document_steps(tree, id, found));
            }
            "define" | "definitions" | "blocks" => definitions(tree, entry.value, found),
            "journey" if is_map => document(tree, entry.value, found),
            _ => {}
        }
    }
}

/// Whether it is a list of maps.
fn has_maps(tree: &Tree<'_>, content: &Content<'_>) -> bool {
    let Content::List(items) = content else {
        return false;
    };
    let is_map = |id: &NodeId| matches!(tree.node(*id).content, Content::Map(_));
    items.iter().any(is_map)
}

fn children(tree: &Tree<'_>, id: NodeId, work: &mut dyn FnMut(NodeId)) {
    if let Content::List(items) = &tree.node(id).content {
        items.iter().for_each(|item| work(*item));
    }
}

fn definitions(tree: &Tree<'_>, id: NodeId, found: &mut Detected) {
    let Content::Map(entries) = &tree.node(id).content else {
        return;
    };
    for entry in entries {
        match &tree.node(entry.value).content {
            Content::Map(inner) => {
                let is_steps = |part: &&Entry<'_>| matches!(part.key.as_ref(), "steps" | "do");
                let lists = inner.iter().filter(is_steps);
                lists.for_each(|part| steps(tree, part.value, found));
            }
            _ => steps(tree, entry.value, found),
        }
    }
}

/// The steps of a checkpoint.
fn document_steps(tree: &Tree<'_>, id: NodeId, found: &mut Detected) {
    if let Content::Map(entries) = &tree.node(id).content {
        for entry in entries.iter().filter(|entry| entry.key == "steps") {
            steps(tree, entry.value, found);
        }
    }
}

fn steps(tree: &Tree<'_>, id: NodeId, found: &mut Detected) {
    children(tree, id, &mut |item| {
        let shape = shape::of(tree, item);
        if let Content::Map(entries) = &tree.node(item).content
            && let Some(sections) = decode::block_sections(entries)
            // `{type: interact, command: key, repeat: 2}` is none.
            && !(sections.is_empty() && is_flat(shape::of(tree, item)))
        {
            // Without lists of steps beside it, it is a slip, or has them in it as in the compact
            // dialect.
            let is_compact = sections.is_empty() && has_steps(tree, entries);
            let format = match is_compact {
                true => TestFormat::Compact,
                false => TestFormat::Canonical,
            };
            found.mark(format, tree.node(item).span, What::Step(item), 1);
            found.steps += 1;
            sections
                .iter()
                .for_each(|section| steps(tree, *section, found));
            return;
        }
        found.steps += 1;
        found.texts += u32::from(is_text(shape.format()));
        if shape != Shape::Shared {
            let weight = u32::from(shape != Shape::Doubtful);
            let span = tree.node(item).span;
            found.mark(shape.format(), span, What::Step(item), weight);
        }
    });
}

/// Whether a step has its command as the value of a key.
fn is_flat(shape: Shape) -> bool {
    use Shape::{Action, Command, Extended, Nested, StepType};
    matches!(shape, Action | Command | Extended | Nested | StepType)
}

/// Whether an entry's value is a map with steps.
fn has_steps(tree: &Tree<'_>, entries: &[Entry<'_>]) -> bool {
    let is_steps = |entry: &Entry<'_>| decode::is_section(&entry.key) || entry.key == "do";
    entries.iter().any(|entry| {
        matches!(&tree.node(entry.value).content, Content::Map(inner) if inner.iter().any(is_steps))
    })
}

impl What {
    fn described(&self, tree: &Tree<'_>) -> String {
        let step = match self {
            Self::Key(key) => return format!("the key \"{key}\""),
            Self::Step(id) => &tree.node(*id).content,
        };
        match step {
            Content::Map(entries) => {
                let keys = entries.iter().take(4);
                let keys: Vec<_> = keys.map(|entry| shown(&entry.key)).collect();
                format!("a step with {}", keys.join(", "))
            }
            _ => "a step that is a text".to_owned(),
        }
    }
}

impl Detected {
    /// As the contract says it.
    pub(crate) fn into_response(
        self,
        source: &Source<'_>,
        tree: &Tree<'_>,
    ) -> v1::DetectFormatResponse {
        let weights = self.weights();
        let all: u32 = weights.iter().map(|(_, weight)| *weight).sum();
        let share = |format: TestFormat| {
            let own = weights.iter().find(|(other, _)| *other == format);
            let weight = own.map_or(0, |(_, weight)| *weight);
            // Without any evidence a file is canonical, and nothing speaks against that.
            (weight * 100).checked_div(all).unwrap_or(100)
        };
        let alternatives = weights.iter().filter(|(format, _)| *format != self.format);
        v1::DetectFormatResponse {
            format: self.format.into(),
            confidence: share(self.format),
            alternatives: alternatives
                .map(|(format, _)| v1::FormatCandidate {
                    format: (*format).into(),
                    confidence: share(*format),
                })
                .collect(),
            evidence: (self.marks.iter())
                .map(|mark| v1::FormatEvidence {
                    format: mark.format.into(),
                    message: mark.what.described(tree),
                    location: Some(source.location(mark.span)),
                })
                .collect(),
        }
    }

    fn mark(&mut self, format: TestFormat, span: Span, what: What, weight: u32) {
        if self.marks.len() < MOST_MARKS {
            self.marks.push(Mark {
                format,
                span,
                what,
                weight,
            });
        } else if let Some(mark) = self
            .marks
            .iter_mut()
            .rev()
            .find(|mark| mark.format == format)
        {
            mark.weight += weight;
        }
    }
}
