//! A test as a file of statements, one on a line.

use etude::v1::{self, Variable, variable};

use super::draft::{Body, Draft, Placed, Section, remark_losses, remark_passed_over};
use super::notes::{About, Notes};
use super::step::{Style, Written};
use super::{Read, head};
use crate::dialect;
use crate::format::comments;
use crate::format::document::{Document, Value};
use crate::format::yaml::{self, Line, Page};

/// Why a field of the test is lost.
const NO_KEYS: &str = "a file of statements has no keys";

/// Writes the statements; what the test has beside them is in comments at the beginning.
pub(super) fn write(read: &Read<'_>, mut body: Body, mut notes: Notes) -> Draft {
    let mut remarks = Vec::new();
    name(read, &mut remarks, &mut notes);
    fields(read, &mut remarks, &mut notes);
    one_line_titles(read, &mut body, &mut notes);
    tags(read, &mut body, &mut notes);
    outer_sections(read, &mut body, &mut notes);
    let first = opening(read, &mut notes);
    if let Some(section) = body.checkpoints.first_mut() {
        section.steps.splice(0..0, first);
    }
    let mut page = Page::default();
    for (index, section) in body.checkpoints.iter().enumerate() {
        // What stands before the first heading has none.
        if index > 0 || !section.title.is_empty() {
            let text = format!("Checkpoint {}: {}", index + 1, section.title);
            let text = text.trim_end().to_owned();
            let path = section.path.trim_end_matches(".steps").to_owned();
            page.lines.push(Line {
                indent: 0,
                text,
                path,
            });
        }
        page.lines.extend(section.steps.iter().filter_map(line));
    }
    comments::keep(read.source, &read.decoded.places, &mut page, false);
    remark_losses(&body, &mut page);
    remark_passed_over(read, &mut page, &mut notes);
    page.lines.splice(
        0..0,
        remarks.into_iter().map(|text| Line {
            text,
            ..Line::default()
        }),
    );
    let file = format!("{}.txt", dialect::stem(read.source.name()));
    let head = v1::Test {
        name: dialect::stem(&file).to_owned(),
        ..v1::Test::default()
    };
    Draft::of_page(page, file, head, &body, notes)
}

fn line(step: &Placed) -> Option<Line> {
    match &step.written.document.value {
        Value::Text(text) => Some(Line {
            indent: 0,
            text: text.clone(),
            path: step.written.document.path.clone(),
        }),
        _ => None,
    }
}

/// A file of statements names its test.
fn name(read: &Read<'_>, remarks: &mut Vec<String>, notes: &mut Notes) {
    let name = &read.decoded.test.name;
    if name != dialect::stem(read.source.name()) {
        let written = remark("name", &Document::text("", name));
        let about = About::field(read, "name", format!("name: {name}"));
        notes.loss(
            about,
            "a file of statements is named by the file",
            &written.join("\n"),
        );
        remarks.extend(written);
    }
}

fn fields(read: &Read<'_>, remarks: &mut Vec<String>, notes: &mut Notes) {
    for (key, document) in head::canonical(&read.decoded.test) {
        if matches!(key.as_str(), "name" | "starting_url" | "variables") {
            continue;
        }
        let field = match key.as_str() {
            "data" => "data_rows",
            "define" => "definitions",
            key => key,
        };
        let construct = format!("{key}: {}", yaml::flow(&document.value));
        let written = remark(&key, &document);
        let about = About::field(read, field, construct);
        notes.loss(about, NO_KEYS, &written.join("\n"));
        remarks.extend(written);
    }
}

fn remark(key: &str, document: &Document) -> Vec<String> {
    let page = yaml::print(&Value::Map(vec![(key.to_owned(), document.clone())]).into());
    let text = page.into_text();
    text.lines().map(|line| format!("# {line}")).collect()
}

/// The statements that stand for the starting address and the variables.
fn opening(read: &Read<'_>, notes: &mut Notes) -> Vec<Placed> {
    let test = &read.decoded.test;
    let mut steps = Vec::new();
    for (index, variable) in test.variables.iter().enumerate() {
        let path = format!("variables[{index}]");
        let about = About::field(read, &path, &*variable.name);
        match set(variable).and_then(|command| statement(command, &path)) {
            Some(step) => {
                let reason = "a statement sets it, whatever a row or a run says";
                notes.loss(about, reason, &said(&step));
                steps.push(step);
            }
            None => notes.loss(about, NO_KEYS, ""),
        }
    }
    if !test.starting_url.is_empty() {
        let about = About::field(read, "starting_url", &*test.starting_url);
        let command = v1::Navigate {
            url: test.starting_url.clone(),
            ..v1::Navigate::default()
        };
        match statement(command.into(), "starting_url") {
            Some(step) => {
                notes.change(about, NO_KEYS, &said(&step));
                steps.push(step);
            }
            None => notes.loss(about, NO_KEYS, ""),
        }
    }
    steps
}

fn set(variable: &Variable) -> Option<v1::Command> {
    let Some(variable::Source::Value(text)) = &variable.source else {
        return None;
    };
    let command = v1::SetVariable {
        variable: variable.name.clone(),
        value: crate::template::escape(text).into_owned(),
    };
    Some(command.into())
}

/// A step that the source does not have, if words say it.
fn statement(command: v1::Command, path: &str) -> Option<Placed> {
    let style = Style {
        format: v1::TestFormat::NaturalLanguage,
        maps: false,
        lines: true,
    };
    let step = v1::Step {
        command: Some(command),
        ..v1::Step::default()
    };
    let written: Written = style.write(&step, path);
    (!written.replaced).then(|| Placed {
        written,
        origin: String::new(),
    })
}

fn said(step: &Placed) -> String {
    match &step.written.document.value {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    }
}

/// Setup and teardown become checkpoints.
fn outer_sections(read: &Read<'_>, body: &mut Body, notes: &mut Notes) {
    let end = body.checkpoints.len();
    for (is_setup, title, at) in [(false, "Teardown", end), (true, "Setup", 0)] {
        let section = match is_setup {
            true => &mut body.setup,
            false => &mut body.teardown,
        };
        let steps = std::mem::take(&mut section.steps);
        if steps.is_empty() {
            continue;
        }
        let path = section.path.clone();
        let about = About::field(read, &path, &*path);
        let written = format!("a checkpoint \"{title}\", executed as any other");
        notes.loss(about, NO_KEYS, &written);
        let section = Section {
            title: title.to_owned(),
            tags: Vec::new(),
            path,
            steps,
        };
        body.checkpoints.insert(at, section);
    }
}

/// A checkpoint in words has no tags.
fn tags(read: &Read<'_>, body: &mut Body, notes: &mut Notes) {
    for section in &mut body.checkpoints {
        let tags = std::mem::take(&mut section.tags);
        if !tags.is_empty() {
            let path = format!("{}.tags", section.path.trim_end_matches(".steps"));
            let about = About::field(read, &path, format!("tags: {}", tags.join(", ")));
            notes.loss(about, NO_KEYS, "");
        }
    }
}

/// The name of a checkpoint stands on its line.
fn one_line_titles(read: &Read<'_>, body: &mut Body, notes: &mut Notes) {
    for section in &mut body.checkpoints {
        let title: String = section
            .title
            .chars()
            .map(|letter| {
                if matches!(letter, '\n' | '\r') {
                    ' '
                } else {
                    letter
                }
            })
            .collect();
        let title = title.trim();
        if title != section.title {
            let path = format!("{}.name", section.path.trim_end_matches(".steps"));
            let about = About::field(read, &path, &*section.title);
            notes.loss(
                about,
                "a name stands on one line, without spaces around it",
                title,
            );
            section.title = title.to_owned();
        }
    }
}
