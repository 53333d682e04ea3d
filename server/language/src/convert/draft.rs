//! A result before it is known to hold the test.

use std::collections::{HashMap, HashSet};

use etude::v1::{self, ConversionLayout, ConversionNote, Diagnostic, Severity, TestFormat};

use super::head::{self, Head};
use super::notes::{About, Notes};
use super::step::{Style, Written, without_place};
use super::{Conversion, Read, text, unread, verify};
use crate::format::comments;
use crate::format::document::{Document, Value};
use crate::format::json;
use crate::format::test::{self, Entries};
use crate::format::yaml::{self, Line, Page};

/// A result, and what it should hold.
pub(super) struct Draft {
    content: String,
    file: String,
    expected: v1::Test,
    /// For each step of the result the one of the source; empty for one that the source has not.
    origins: Vec<String>,
    /// For each line of the result the field that begins on it; empty where none does.
    lines: Vec<String>,
    notes: Notes,
}

/// How a result differs from what it should hold.
pub(super) struct Differences {
    pub(super) message: String,
    /// The steps of the source that are read back as others.
    pub(super) steps: Vec<String>,
}

/// Steps that stand together.
pub(super) struct Section {
    /// Empty: none.
    pub(super) title: String,
    pub(super) tags: Vec<String>,
    pub(super) path: String,
    pub(super) steps: Vec<Placed>,
}

/// A step of the result.
pub(super) struct Placed {
    pub(super) written: Written,
    /// The path of the step in the source. Empty: it has none.
    pub(super) origin: String,
}

/// The steps of a test by what they are for.
pub(super) struct Body {
    pub(super) setup: Section,
    pub(super) checkpoints: Vec<Section>,
    pub(super) teardown: Section,
}

impl Draft {
    /// Writes a test; the steps that are given up become comments, a marked one gets a key that tells
    /// its format, and an anchored one keeps its anchors.
    pub(super) fn write(
        read: &Read<'_>,
        conversion: Conversion,
        given_up: &HashSet<String>,
        (marked, anchored): (bool, bool),
    ) -> Self {
        let style = Style {
            format: conversion.format,
            maps: conversion.layout != ConversionLayout::Text,
            lines: conversion.layout == ConversionLayout::Text,
        };
        let mut notes = Notes::default();
        let mut body = body(read, style, given_up, &mut notes);
        if conversion.layout == ConversionLayout::Text {
            read.anchors.note_all(read, &mut notes);
            return text::write(read, body, notes);
        }
        if matches!(
            style.format,
            TestFormat::Simplified | TestFormat::Compact | TestFormat::Extended
        ) {
            flatten(read, style, &mut body, &mut notes);
        }
        let head = match conversion.format {
            // Statements beside more maps make a canonical file.
            TestFormat::NaturalLanguage if marked => Head::canonical(&read.decoded.test),
            TestFormat::Canonical => Head::canonical(&read.decoded.test),
            format => head::write(read, format, marked, &mut notes),
        };
        unread::note(read, style.format, &mut notes);
        let mut document = document(style.format, head.entries, &body);
        let file = verify::FILE.to_owned();
        if conversion.layout == ConversionLayout::Json {
            lost_comments(read, &mut notes);
            read.anchors.note_all(read, &mut notes);
            let content = json::print(&document);
            return Self::new(content, Vec::new(), file, head.test, &body, notes);
        }
        let aliases = match anchored {
            true => read.anchors.keep(read, &mut document, &mut notes),
            false => {
                read.anchors.note_all(read, &mut notes);
                Vec::new()
            }
        };
        let page = page(read, &document, &aliases, &body, &mut notes);
        Self::of_page(page, file, head.test, &body, notes)
    }

    /// A page, and what it should hold.
    pub(super) fn of_page(
        page: Page,
        file: String,
        head: v1::Test,
        body: &Body,
        notes: Notes,
    ) -> Self {
        let lines = page.lines.iter().map(|line| line.path.clone()).collect();
        Self::new(page.into_text(), lines, file, head, body, notes)
    }

    fn new(
        content: String,
        lines: Vec<String>,
        file: String,
        head: v1::Test,
        body: &Body,
        notes: Notes,
    ) -> Self {
        Self {
            content,
            file,
            origins: body.origins(),
            expected: body.expected(head),
            lines,
            notes,
        }
    }

    /// Whether the content is taken for the format that it should have.
    pub(super) fn is_of(&self, conversion: Conversion) -> bool {
        crate::detect(&self.file, self.content.as_bytes()).format() == conversion.format
    }

    pub(super) fn into_notes(self) -> Vec<ConversionNote> {
        self.notes.into_sorted()
    }

    /// The content, when it is read back as it should be.
    pub(super) fn check(&self, source: &v1::Test) -> Result<String, Differences> {
        let parsed = crate::parse_alone(&self.file, self.content.as_bytes());
        let Some(found) = parsed.test.map(crate::fuzz::without_places) else {
            return Err(self.mistakes(&parsed.diagnostics));
        };
        if found == self.expected {
            return match self.unsaid(source, &found) {
                None => Ok(self.content.clone()),
                Some(field) => Err(Differences {
                    message: format!("{field} is not carried over, and no note says so"),
                    steps: Vec::new(),
                }),
            };
        }
        let (ours, theirs) = (steps(&self.expected), steps(&found));
        let same_shape = ours.len() == theirs.len();
        let pairs = ours.iter().zip(&theirs).zip(&self.origins);
        let differing =
            pairs.filter(|((ours, theirs), origin)| ours != theirs && !origin.is_empty());
        let steps: Vec<_> = match same_shape {
            true => differing.map(|(_, origin)| origin.clone()).collect(),
            false => Vec::new(),
        };
        let message = match steps.first() {
            Some(first) => format!("{first} is read back as another step"),
            None if !same_shape => "it has another number of steps".to_owned(),
            None => "a field of the test is read back otherwise".to_owned(),
        };
        Err(Differences { message, steps })
    }
}

impl Draft {
    /// The mistakes of a result, and the steps in which they are.
    fn mistakes(&self, diagnostics: &[Diagnostic]) -> Differences {
        let errors = || {
            diagnostics
                .iter()
                .filter(|d| d.severity() == Severity::Error)
        };
        let first = errors().next().map_or("", |first| first.message.as_str());
        let steps = errors().filter_map(|error| {
            let line = error.location.as_ref()?.line as usize;
            let before = self.lines.get(..line)?.iter().rev();
            let path = before.into_iter().find(|path| !path.is_empty())?;
            let is_of = |origin: &&String| {
                let rest = path.strip_prefix(origin.as_str());
                !origin.is_empty() && rest.is_some_and(|r| r.is_empty() || r.starts_with('.'))
            };
            self.origins.iter().find(is_of).cloned()
        });
        Differences {
            message: format!("the result has mistakes: {first}"),
            steps: steps.collect(),
        }
    }

    /// A field of the source that is another one in the result without a note.
    fn unsaid(&self, source: &v1::Test, found: &v1::Test) -> Option<String> {
        let is_said = |field: &str| self.notes.are_about(field);
        let other = head::FIELDS
            .iter()
            .find(|field| !head::is_same(source, found, field) && !is_said(field));
        if let Some(field) = other {
            return Some((*field).to_owned());
        }
        let mut written = steps(found).into_iter().zip(&self.origins);
        let source = crate::fuzz::without_places(source.clone());
        placed_steps(&source).into_iter().find_map(|(path, step)| {
            // Steps that the source does not have stand between.
            let found = written.find(|(_, origin)| **origin == path);
            let same = found.is_some_and(|(found, _)| found == step);
            (!same && !is_said(&path)).then_some(path)
        })
    }
}

/// The steps of a test with their paths, in the order of execution.
fn placed_steps(test: &v1::Test) -> Vec<(String, &v1::Step)> {
    let list = |path: String, steps: &[v1::Step]| -> Vec<String> {
        (0..steps.len())
            .map(|index| format!("{path}[{index}]"))
            .collect()
    };
    let mut paths = list("setup".to_owned(), &test.setup);
    for (index, checkpoint) in test.checkpoints.iter().enumerate() {
        paths.extend(list(
            format!("checkpoints[{index}].steps"),
            &checkpoint.steps,
        ));
    }
    paths.extend(list("teardown".to_owned(), &test.teardown));
    paths.into_iter().zip(steps(test)).collect()
}

/// The steps of a test in the order of execution.
fn steps(test: &v1::Test) -> Vec<&v1::Step> {
    let checkpoints = test.checkpoints.iter().flat_map(|c| &c.steps);
    test.setup
        .iter()
        .chain(checkpoints)
        .chain(&test.teardown)
        .collect()
}

// === Steps ===

fn body(read: &Read<'_>, style: Style, given_up: &HashSet<String>, notes: &mut Notes) -> Body {
    let test = &read.decoded.test;
    let mut section = |title: &str, path: &str, steps: &[v1::Step]| Section {
        title: title.to_owned(),
        tags: Vec::new(),
        path: path.to_owned(),
        steps: steps
            .iter()
            .enumerate()
            .map(|(index, step)| placed(style, step, format!("{path}[{index}]"), given_up, notes))
            .collect(),
    };
    let setup = section("", "setup", &test.setup);
    let checkpoints = test.checkpoints.iter().enumerate();
    let checkpoints = checkpoints
        .map(|(index, one)| Section {
            tags: one.tags.clone(),
            ..section(
                &one.name,
                &format!("checkpoints[{index}].steps"),
                &one.steps,
            )
        })
        .collect();
    Body {
        setup,
        checkpoints,
        teardown: section("", "teardown", &test.teardown),
    }
}

fn placed(
    style: Style,
    step: &v1::Step,
    path: String,
    given_up: &HashSet<String>,
    notes: &mut Notes,
) -> Placed {
    let written = match given_up.contains(&path) {
        true => {
            let reason = "among the other steps it would be read as another one".to_owned();
            style.comment(without_place(step), &path, reason)
        }
        false => style.write(step, &path),
    };
    for loss in &written.losses {
        let field = match loss.field.as_str() {
            "" => path.clone(),
            field => format!("{path}.{field}"),
        };
        let about = About {
            location: loss.location.clone().or_else(|| step.location.clone()),
            field,
            construct: loss.construct.clone(),
        };
        notes.loss(about, &loss.reason, loss.written);
    }
    Placed {
        written,
        origin: path,
    }
}

impl Section {
    /// Whether it is its steps and nothing else.
    fn is_bare(&self) -> bool {
        self.title.is_empty() && self.tags.is_empty()
    }

    /// What stands before its steps where there are no checkpoints.
    fn heading(&self, number: usize) -> String {
        let mut heading = format!("Checkpoint {number}");
        if !self.title.is_empty() {
            heading += &format!(": {}", self.title);
        }
        if !self.tags.is_empty() {
            heading += &format!(" (tags: {})", self.tags.join(", "));
        }
        heading
    }
}

impl Body {
    pub(super) fn sections(&self) -> impl Iterator<Item = &Section> {
        std::iter::once(&self.setup)
            .chain(&self.checkpoints)
            .chain([&self.teardown])
    }

    fn origins(&self) -> Vec<String> {
        let steps = self.sections().flat_map(|section| &section.steps);
        steps.map(|step| step.origin.clone()).collect()
    }

    /// The test that is read back.
    fn expected(&self, head: v1::Test) -> v1::Test {
        let steps = |section: &Section| {
            let steps = section.steps.iter();
            steps.map(|step| step.written.step.clone()).collect()
        };
        v1::Test {
            setup: steps(&self.setup),
            checkpoints: self
                .checkpoints
                .iter()
                .map(|section| v1::Checkpoint {
                    name: section.title.clone(),
                    tags: section.tags.clone(),
                    steps: steps(section),
                })
                .collect(),
            teardown: steps(&self.teardown),
            ..head
        }
    }
}

/// Puts the steps of all checkpoints into one list, each behind a comment with its name.
fn flatten(read: &Read<'_>, style: Style, body: &mut Body, notes: &mut Notes) {
    if matches!(body.checkpoints.as_slice(), [only] if only.is_bare()) {
        return;
    }
    let mut steps = Vec::new();
    for (index, section) in std::mem::take(&mut body.checkpoints)
        .into_iter()
        .enumerate()
    {
        let path = format!("checkpoints[{index}]");
        let title = section.heading(index + 1);
        let about = About::field(read, &path, title.clone());
        let reason = format!("{} has no checkpoints", style.name());
        notes.loss(about, &reason, "a comment before its steps");
        steps.push(Placed {
            written: style.remark(&title, &path),
            origin: String::new(),
        });
        steps.extend(section.steps);
    }
    body.checkpoints = vec![Section {
        title: String::new(),
        tags: Vec::new(),
        path: "checkpoints[0].steps".to_owned(),
        steps,
    }];
}

// === Pages ===

fn document(format: TestFormat, head: Entries, body: &Body) -> Document {
    let mut entries = head;
    let list = |section: &Section| {
        let steps = section
            .steps
            .iter()
            .map(|step| step.written.document.clone());
        Document::new(&section.path, Value::List(steps.collect()))
    };
    if !body.setup.steps.is_empty() {
        entries.push(("setup".to_owned(), list(&body.setup)));
    }
    match body.checkpoints.as_slice() {
        [only] if only.is_bare() => {
            let key = if format == TestFormat::Compact {
                "do"
            } else {
                "steps"
            };
            entries.push((
                key.to_owned(),
                Document {
                    path: "checkpoints".to_owned(),
                    ..list(only)
                },
            ));
        }
        all => {
            let items = all.iter().map(|section| {
                let mut entries = Entries::new();
                let path = section.path.trim_end_matches(".steps");
                if !section.title.is_empty() {
                    let name = Document::text(&format!("{path}.name"), &section.title);
                    entries.push(("name".to_owned(), name));
                }
                entries.extend(test::tags(&section.tags, path));
                entries.push(("steps".to_owned(), list(section)));
                Document::new(path, Value::Map(entries))
            });
            let items = Value::List(items.collect());
            entries.push((
                "checkpoints".to_owned(),
                Document::new("checkpoints", items),
            ));
        }
    }
    if !body.teardown.steps.is_empty() {
        entries.push(("teardown".to_owned(), list(&body.teardown)));
    }
    Value::Map(entries).into()
}

/// The result as YAML, with the comments of the source and those of the conversion.
fn page(
    read: &Read<'_>,
    document: &Document,
    aliases: &[(u32, String)],
    body: &Body,
    notes: &mut Notes,
) -> Page {
    let mut page = yaml::print(document);
    comments::keep_with(read.source, &read.decoded.places, aliases, &mut page, true);
    remark_losses(body, &mut page);
    remark_passed_over(read, &mut page, notes);
    page
}

/// Puts what the source says and no run needs before the first key, as comments.
pub(super) fn remark_passed_over(read: &Read<'_>, page: &mut Page, notes: &mut Notes) {
    let mut lines = Vec::new();
    for passed in &read.passed_over {
        let what = crate::diagnose::shown(&passed.what);
        let line = format!("# {}", passed.what.replace(['\n', '\r'], " "));
        let about = About::place(read, passed.span, what);
        notes.change(
            about,
            "a run does not need it",
            "a comment at the beginning",
        );
        lines.push(Line {
            text: line,
            ..Line::default()
        });
    }
    let first = page.lines.iter().position(|line| !line.path.is_empty());
    let first = first.unwrap_or_default();
    page.lines.splice(first..first, lines);
}

/// Puts each step that was not carried over before the comment that stands for it.
pub(super) fn remark_losses(body: &Body, page: &mut Page) {
    let steps = body.sections().flat_map(|section| &section.steps);
    let mut lost: HashMap<&str, &v1::Step> = steps
        .flat_map(|step| &step.written.originals)
        .map(|(path, step)| (path.as_str(), step))
        .collect();
    for line in std::mem::take(&mut page.lines) {
        if let Some(step) = lost.remove(line.path.as_str()) {
            for text in canonical_lines(step) {
                page.lines.push(Line {
                    indent: line.indent,
                    text,
                    path: String::new(),
                });
            }
        }
        page.lines.push(line);
    }
}

/// The step as the canonical form has it, as comments.
fn canonical_lines(step: &v1::Step) -> Vec<String> {
    let list = Value::List(vec![test::step(step, "step")]);
    let list = Value::Map(vec![("steps".to_owned(), list.into())]);
    let lines = yaml::print(&list.into()).lines.into_iter().skip(1);
    let comment = |line: Line| {
        let indent = " ".repeat(line.indent.saturating_sub(2));
        format!("# {indent}{}", line.text)
    };
    lines.map(comment).collect()
}

/// JSON has no comments.
fn lost_comments(read: &Read<'_>, notes: &mut Notes) {
    for comment in comments::comments(read.source) {
        if comment.text.is_empty() {
            continue;
        }
        let start = read.source.line_start(comment.line);
        let span = read.source.place(start, start + 1);
        let about = About::place(read, span, crate::diagnose::shown(&comment.text));
        notes.loss(about, "JSON has no comments", "");
    }
    for passed in &read.passed_over {
        let about = About::place(read, passed.span, crate::diagnose::shown(&passed.what));
        notes.change(about, "a run does not need it", "");
    }
}
