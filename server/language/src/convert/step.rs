//! Steps in another format: each as the first of its forms that is read back as it was.

use etude::catalog::{self, CommandSpec};
use etude::v1::{self, SourceLocation, StepFlags, TestFormat};
use prost_reflect::{DynamicMessage, ReflectMessage};

use super::form::{Row, Saying};
use super::verify;
use super::{compact, extended, simplified};
use crate::decode;
use crate::format::command;
use crate::format::document::{Document, Value};
use crate::format::test::{self, Entries};
use crate::model;
use crate::natural;

/// Fields that say how long something takes: without them a command does the same.
const TIMING: [&str; 3] = ["delay", "duration", "max"];

/// The longest comment.
const LONGEST_COMMENT: usize = 480;

/// A step in the other format.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) document: Document,
    /// What is read back of it.
    pub(super) step: v1::Step,
    /// What was not carried over.
    pub(super) losses: Vec<Loss>,
    /// Whether all of it was not: a comment stands in its place.
    pub(super) replaced: bool,
    /// The steps that were replaced, itself or in it, by their paths.
    pub(super) originals: Vec<(String, v1::Step)>,
}

/// A part of a step that was not carried over.
#[derive(Debug)]
pub(super) struct Loss {
    /// The field below the step's path. Empty: the step.
    pub(super) field: String,
    pub(super) construct: String,
    pub(super) reason: String,
    /// What is written instead.
    pub(super) written: &'static str,
    /// Where it stands, of a step in the step.
    pub(super) location: Option<SourceLocation>,
}

/// What stands for a step that is not carried over.
const A_COMMENT: &str = "a comment, and the step as a comment of the file";

/// What stands for a step that is carried over in part.
const THE_REST: &str = "the step without it";

/// How a format says steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) format: TestFormat,
    /// Whether a step that words cannot say stays a map.
    pub(super) maps: bool,
    /// Whether a statement must stay on its line.
    pub(super) lines: bool,
}

/// A command and, of it, what a form holds.
struct Candidate {
    value: Value,
    /// The key of the value; of the extended dialect the type and the command.
    verb: &'static str,
    command: v1::Command,
    unsaid: Vec<String>,
}

impl Style {
    pub(super) fn name(self) -> &'static str {
        match self.format {
            TestFormat::Simplified => "the simplified format",
            TestFormat::Compact => "the compact format",
            TestFormat::Extended => "the extended format",
            TestFormat::NaturalLanguage => "natural language",
            _ => "the canonical form",
        }
    }

    /// A step in this format.
    pub(super) fn write(self, step: &v1::Step, path: &str) -> Written {
        let kind = step.block.clone().and_then(|block| block.kind);
        let step = without_place(step);
        if self.format == TestFormat::Canonical {
            return Written::whole(test::step(&step, path), step);
        }
        if self.format == TestFormat::NaturalLanguage {
            return self.words(step, path);
        }
        if let Some(kind) = kind {
            return self.block(kind, step, path);
        }
        match self.candidate(&step, path) {
            Some(candidate) => {
                let written = v1::Step {
                    command: Some(candidate.command.clone()),
                    ..v1::Step::default()
                };
                let losses = self.timing(&candidate.unsaid, &step);
                let entries = self.entries(&candidate, path);
                let written = Written {
                    losses,
                    ..Written::whole(Document::new(path, Value::Map(entries)), written)
                };
                self.with_flags(written, &step, path)
            }
            None => {
                let reason = format!("{} has no form for it", self.name());
                self.comment(step, path, reason)
            }
        }
    }

    /// The comment that stands where a step cannot.
    pub(super) fn comment(self, step: v1::Step, path: &str, reason: String) -> Written {
        let construct = words_of(&step);
        Written {
            losses: vec![Loss {
                field: String::new(),
                construct: construct.clone(),
                reason,
                written: A_COMMENT,
                location: None,
            }],
            replaced: true,
            originals: vec![(path.to_owned(), step)],
            ..self.remark(&format!("not carried over: {construct}"), path)
        }
    }

    /// A comment that the source does not have.
    pub(super) fn remark(self, text: &str, path: &str) -> Written {
        // Two braces would be read as a variable.
        let text = text.replace("{{", "{ {");
        let text: String = text.chars().take(LONGEST_COMMENT).collect();
        let text = text.trim_end().to_owned();
        let comment = v1::Step {
            command: Some(v1::Comment { text: text.clone() }.into()),
            ..v1::Step::default()
        };
        let value = match self.format {
            TestFormat::NaturalLanguage => Value::Text(format!("// {text}")),
            TestFormat::Extended => Value::Map(vec![
                ("type".to_owned(), Document::text("", "misc")),
                ("command".to_owned(), Document::text("", "comment")),
                ("value".to_owned(), Document::text("", &text)),
            ]),
            TestFormat::Compact => Value::Map(vec![("note".to_owned(), Document::text("", &text))]),
            _ => Value::Map(vec![("comment".to_owned(), Document::text("", &text))]),
        };
        Written::whole(Document::new(path, value), comment)
    }

    // === Dialects ===

    pub(super) fn forms(self) -> &'static [Row] {
        match self.format {
            TestFormat::Simplified => simplified::FORMS,
            TestFormat::Compact => compact::FORMS,
            _ => extended::FORMS,
        }
    }

    /// The first form that holds all of the command, else the first that holds all but its timing.
    fn candidate(self, step: &v1::Step, path: &str) -> Option<Candidate> {
        let (spec, message) = crate::action(step.command.as_ref()?)?;
        let path = format!("{path}.command.{}", spec.action.name());
        let mut best: Option<Candidate> = None;
        let forms = self.forms().iter().filter(|(key, _)| *key == spec.yaml);
        for (_, form) in forms {
            for explicit in [false, true] {
                let saying = Saying::new(spec, &message, &path, explicit);
                let Some(said) = saying.say(form) else {
                    continue;
                };
                let only_timing = said.unsaid.iter().all(|f| TIMING.contains(&f.as_str()));
                let known = best.as_ref().map_or(usize::MAX, |best| best.unsaid.len());
                if !only_timing || said.unsaid.len() >= known {
                    continue;
                }
                let candidate = Candidate {
                    command: without(spec, &message, &said.unsaid)?,
                    value: said.value,
                    verb: said.verb,
                    unsaid: said.unsaid,
                };
                if self.is_read_back(&candidate) {
                    best = Some(candidate);
                }
            }
        }
        best
    }

    fn is_read_back(self, candidate: &Candidate) -> bool {
        let step = v1::Step {
            command: Some(candidate.command.clone()),
            ..v1::Step::default()
        };
        let document = Value::Map(self.entries(candidate, "")).into();
        verify::is_step(self.format, &document, &step)
    }

    /// The keys of a command.
    fn entries(self, candidate: &Candidate, path: &str) -> Entries {
        if self.format != TestFormat::Extended {
            let value = Document::new(&format!("{path}.command"), candidate.value.clone());
            return vec![(candidate.verb.to_owned(), value)];
        }
        let (kind, command) = match candidate.verb.split_once('/') {
            Some((kind, command)) => (kind, Some(command)),
            None => (candidate.verb, None),
        };
        let mut entries = vec![("type".to_owned(), Document::text("", kind))];
        entries.extend(command.map(|c| ("command".to_owned(), Document::text("", c))));
        if let Value::Map(own) = &candidate.value {
            entries.extend(own.iter().cloned());
        }
        entries
    }

    /// Adds the flags that are read back beside what is written.
    pub(super) fn with_flags(self, mut written: Written, step: &v1::Step, path: &str) -> Written {
        for flag in flags_of(step, path) {
            let mut document = written.document.clone();
            let mut with = written.step.clone();
            flag.set(&mut with, step);
            if let Value::Map(entries) = &mut document.value {
                let key = self.flag_key(flag.name).to_owned();
                entries.push((key, flag.document.clone()));
            }
            if verify::is_step(self.format, &document, &with) {
                (written.document, written.step) = (document, with);
            } else if flag.name == "skip" {
                let reason = format!("{} cannot leave a step out", self.name());
                return self.comment(step.clone(), path, reason);
            } else {
                written.losses.push(flag.loss(self));
            }
        }
        written
    }

    /// The losses of a command without some of its fields.
    fn timing(self, unsaid: &[String], step: &v1::Step) -> Vec<Loss> {
        let command = step.command.as_ref().and_then(crate::action);
        let loss = |name: &String| Loss {
            field: command.as_ref().map_or(String::new(), |(spec, _)| {
                format!("command.{}.{name}", spec.action.name())
            }),
            construct: format!("{name} of {}", words_of(step)),
            reason: format!("{} has no key for it", self.name()),
            written: THE_REST,
            location: None,
        };
        unsaid.iter().map(loss).collect()
    }

    fn flag_key(self, name: &'static str) -> &'static str {
        match name {
            "name" if self.format == TestFormat::Compact => "desc",
            "name" => "description",
            "continue_on_failure" => "continue_on_error",
            other => other,
        }
    }

    // === Words ===

    /// The statement of a step.
    fn words(self, step: v1::Step, path: &str) -> Written {
        let Some(command) = &step.command else {
            let reason = format!("{} has no control flow", self.name());
            return self.no_words(step, path, reason);
        };
        let mut reason = "its words do not say all of it";
        for without_timing in [false, true] {
            let Some((command, unsaid)) = with_timing(command, !without_timing) else {
                continue;
            };
            let statement = natural::statement(&command);
            if self.lines && statement.contains(['\n', '\r']) {
                reason = "a statement has one line";
                break;
            }
            let whole = v1::Step {
                command: Some(command),
                ..v1::Step::default()
            };
            let document = Document::text(path, &statement);
            if verify::is_step(self.format, &document, &whole) {
                if self.maps && without_timing {
                    break;
                }
                let losses = self.timing(&unsaid, &step);
                let written = Written {
                    losses,
                    ..Written::whole(document, whole)
                };
                return self.without_flags(step, written, path);
            }
        }
        self.no_words(step, path, reason.to_owned())
    }

    /// A statement has no place for flags.
    fn without_flags(self, step: v1::Step, mut written: Written, path: &str) -> Written {
        let flags = flags_of(&step, path);
        let must_stay = self.maps && !flags.is_empty();
        if must_stay || flags.iter().any(|flag| flag.name == "skip") {
            let reason = "a statement has no place for flags".to_owned();
            return self.no_words(step, path, reason);
        }
        written
            .losses
            .extend(flags.iter().map(|flag| flag.loss(self)));
        written
    }

    /// A step that no statement says: it stays a map where maps may stand.
    fn no_words(self, step: v1::Step, path: &str, reason: String) -> Written {
        if !self.maps {
            return self.comment(step, path, reason);
        }
        let document = test::step(&step, path);
        let forms = [document.clone(), explicit(document)];
        let form = forms
            .into_iter()
            .find(|form| verify::is_step(self.format, form, &step));
        match form {
            Some(form) => Written::whole(form, step),
            None => self.comment(step, path, reason),
        }
    }
}

impl Written {
    pub(super) fn whole(document: Document, step: v1::Step) -> Self {
        Self {
            document,
            step,
            losses: Vec::new(),
            replaced: false,
            originals: Vec::new(),
        }
    }
}

// === Flags ===

/// The name of a step, or one of its flags.
struct Flag {
    name: &'static str,
    document: Document,
}

fn flags_of(step: &v1::Step, path: &str) -> Vec<Flag> {
    let mut flags = Vec::new();
    if !step.name.is_empty() {
        let document = Document::text(&format!("{path}.name"), &step.name);
        flags.push(Flag {
            name: "name",
            document,
        });
    }
    let given = step.flags.unwrap_or_default();
    let path = format!("{path}.flags");
    let given = given.transcode_to_dynamic();
    for (name, document) in command::given_fields(decode::flags(), &given, &path) {
        let field = decode::flags().field(&name);
        flags.extend(field.map(|field| Flag {
            name: field.name(),
            document,
        }));
    }
    flags
}

impl Flag {
    /// Gives a step the flag that another has.
    fn set(&self, step: &mut v1::Step, from: &v1::Step) {
        if self.name == "name" {
            step.name.clone_from(&from.name);
            return;
        }
        let own = step.flags.unwrap_or_default();
        let mut own = own.transcode_to_dynamic();
        let other = from.flags.unwrap_or_default();
        let other = other.transcode_to_dynamic();
        if let Some(value) = other.get_field_by_name(self.name) {
            own.set_field_by_name(self.name, value.into_owned());
        }
        step.flags = own.transcode_to::<StepFlags>().ok();
    }

    fn loss(&self, style: Style) -> Loss {
        let field = match self.name {
            "name" => "name".to_owned(),
            name => format!("flags.{name}"),
        };
        let value = crate::format::yaml::flow(&self.document.value);
        Loss {
            field,
            construct: format!("{}: {value}", self.name),
            reason: format!("{} has no place for it beside this step", style.name()),
            written: THE_REST,
            location: None,
        }
    }
}

// === Commands ===

/// The command without some of its fields.
fn without(spec: &CommandSpec, message: &DynamicMessage, fields: &[String]) -> Option<v1::Command> {
    let mut message = message.clone();
    for field in fields {
        message.clear_field_by_name(field);
    }
    decode::typed(spec, &message)
}

/// A command, as it is or without what it says of timing, and the fields that are left out. `None`:
/// it says nothing of timing.
fn with_timing(command: &v1::Command, with: bool) -> Option<(v1::Command, Vec<String>)> {
    if with {
        return Some((command.clone(), Vec::new()));
    }
    let (spec, message) = crate::action(command)?;
    let given = TIMING.iter().filter(|name| message.has_field_by_name(name));
    let given: Vec<String> = given.map(|name| (*name).to_owned()).collect();
    let command = without(spec, &message, &given)?;
    (!given.is_empty()).then_some((command, given))
}

/// A canonical step whose target cannot be taken for a selector of a dialect.
fn explicit(mut document: Document) -> Document {
    let Value::Map(entries) = &mut document.value else {
        return document;
    };
    let Some((key, command)) = entries.first_mut() else {
        return document;
    };
    let Some(spec) = catalog::by_yaml(key) else {
        return document;
    };
    let model = model::message(spec.message.full_name());
    let hint = |hint: Value| {
        let target = Value::Map(vec![(decode::HINT.to_owned(), hint.into())]);
        (decode::TARGET.to_owned(), Document::from(target))
    };
    match &mut command.value {
        Value::Text(text) if spec.scalar.as_deref() == Some(decode::TARGET) => {
            let text = Value::Text(std::mem::take(text));
            command.value = Value::Map(vec![hint(text)]);
        }
        Value::Map(fields) => {
            for field in fields {
                let is_target = model
                    .field(&field.0)
                    .is_some_and(|f| f.name() == decode::TARGET);
                if is_target && matches!(field.1.value, Value::Text(_)) {
                    *field = hint(field.1.value.clone());
                }
            }
        }
        _ => {}
    }
    document
}

/// What a step says, on one line.
fn words_of(step: &v1::Step) -> String {
    natural::step(step)
}

/// The step without its place, and those in it.
pub(super) fn without_place(step: &v1::Step) -> v1::Step {
    let mut step = step.clone();
    crate::fuzz::forget_place(&mut step);
    step
}
