//! What the rules look at: a test laid out flat, each thing with its path.

use etude::blocks::Section;
use etude::catalog::CommandSpec;
use etude::v1::command::Action;
use etude::v1::{self, TestFormat, VariableUse};
use prost_reflect::{DynamicMessage, Value};
use prost_types::Duration;

use super::options::Options;
use crate::Read;
use crate::decode::Places;
use crate::diagnose::{BareDuration, Mistake, Mistakes};
use crate::model::{self, Field, Message, Shape};
use crate::source::{Source, Span};
use crate::tree::Node;

/// A file that was read.
pub(super) struct Context<'c> {
    pub(super) source: &'c Source<'c>,
    pub(super) format: TestFormat,
    pub(super) test: &'c v1::Test,
    /// Whether the test is complete: nothing of the file was refused, and no steps stand in others.
    pub(super) is_whole: bool,
    /// What the check of the file warns of.
    pub(super) warnings: Vec<&'c Mistake>,
    /// Durations without a unit.
    pub(super) bare: &'c [BareDuration],
    /// The values that stand in the file, with their places.
    pub(super) written: &'c [Node<'c>],
    /// Every list of steps, outer ones first.
    pub(super) lists: Vec<List<'c>>,
    /// Every command of a step or a condition, in the order of the file.
    pub(super) commands: Vec<Said<'c>>,
    /// The bounds that rules go by.
    pub(super) options: &'c Options,
    places: &'c Places,
}

/// Steps that are executed one after the other.
pub(super) struct List<'c> {
    /// The path of the list, such as `checkpoints[0].steps`.
    pub(super) path: String,
    pub(super) steps: &'c [v1::Step],
}

/// A command, and what stands in its fields.
pub(super) struct Said<'c> {
    pub(super) action: &'c Action,
    pub(super) spec: &'static CommandSpec,
    /// The step whose command or condition it is.
    pub(super) step: &'c v1::Step,
    /// The path of the step.
    pub(super) step_path: String,
    /// The path of the command's own message.
    pub(super) path: String,
    pub(super) checkpoint: Option<usize>,
    pub(super) is_condition: bool,
    pub(super) given: Given,
}

/// The values of a message's fields, with their paths.
#[derive(Default)]
pub(super) struct Given {
    pub(super) targets: Vec<(String, v1::Target)>,
    pub(super) durations: Vec<(String, Duration)>,
    pub(super) texts: Vec<Text>,
}

/// A text of a field.
pub(super) struct Text {
    pub(super) path: String,
    pub(super) field: &'static str,
    /// Of an entry of a map: its key.
    pub(super) key: String,
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Template,
    Expression,
    Sets,
    Reads,
}

impl<'c> Context<'c> {
    pub(super) fn new(
        source: &'c Source<'c>,
        read: &'c Read<'c>,
        mistakes: &'c Mistakes,
        options: &'c Options,
    ) -> Self {
        let test = &read.decoded.test;
        let mut context = Self {
            source,
            format: read.format,
            test,
            is_whole: !mistakes.has_errors() && !read.decoded.files.are_steps_unread,
            warnings: mistakes.warnings().collect(),
            bare: mistakes.bare(),
            written: read.tree.first(read.written),
            lists: Vec::new(),
            commands: Vec::new(),
            options,
            places: &read.decoded.places,
        };
        context.add_list("setup".to_owned(), &test.setup, None);
        for (index, checkpoint) in test.checkpoints.iter().enumerate() {
            let path = format!("checkpoints[{index}].steps");
            context.add_list(path, &checkpoint.steps, Some(index));
        }
        context.add_list("teardown".to_owned(), &test.teardown, None);
        for (index, definition) in test.definitions.iter().enumerate() {
            let path = format!("definitions[{index}].steps");
            context.add_list(path, &definition.steps, None);
        }
        context
    }

    fn add_list(&mut self, path: String, steps: &'c [v1::Step], checkpoint: Option<usize>) {
        self.lists.push(List {
            path: path.clone(),
            steps,
        });
        for (index, step) in steps.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(command) = &step.command {
                let at = format!("{path}.command");
                self.add_command(command, step, &path, at, checkpoint, false);
            }
            let sections = step.block.iter().flat_map(|block| block.sections());
            for section in sections {
                self.add_condition(&section, step, &path, checkpoint);
                let path = format!("{path}.block.{}", section.path());
                self.add_list(path, section.steps, checkpoint);
            }
        }
    }

    fn add_condition(
        &mut self,
        section: &Section<'c>,
        step: &'c v1::Step,
        path: &str,
        checkpoint: Option<usize>,
    ) {
        let kind = section
            .condition
            .and_then(|condition| condition.kind.as_ref());
        let (Some(v1::condition::Kind::Command(command)), Some(inner)) =
            (kind, section.condition_path())
        else {
            return;
        };
        let at = format!("{path}.block.{inner}.command");
        self.add_command(command, step, path, at, checkpoint, true);
    }

    fn add_command(
        &mut self,
        command: &'c v1::Command,
        step: &'c v1::Step,
        step_path: &str,
        at: String,
        checkpoint: Option<usize>,
        is_condition: bool,
    ) {
        let (Some(action), Some((spec, message))) = (&command.action, crate::action(command))
        else {
            return;
        };
        let mut path = format!("{at}.{}", spec.action.name());
        let mut given = Given::default();
        let model = model::message(spec.message.full_name());
        given.read(&message, model, &mut path);
        self.commands.push(Said {
            action,
            spec,
            step,
            step_path: step_path.to_owned(),
            path,
            checkpoint,
            is_condition,
            given,
        });
    }

    /// The place of a field, else of the nearest field around it.
    pub(super) fn span(&self, path: &str) -> Span {
        self.places.find(path)
    }

    /// Whether the file gives this field itself.
    pub(super) fn has(&self, path: &str) -> bool {
        self.places.has(path)
    }

    /// The place of a step: of its command's name, else of its first key.
    pub(super) fn step_span(&self, path: &str) -> Span {
        self.span(&format!("{path}.command"))
    }

    /// The place of a part of a field's text, where the file spells it as it is.
    pub(super) fn part(&self, path: &str, part: &str) -> Span {
        crate::check::narrow(self.source, self.span(path), part)
    }

    /// The place of a text that stands in or soon behind the place of a field.
    pub(super) fn near(&self, path: &str, text: &str) -> Span {
        const SOON: usize = 4096;
        let span = self.span(path);
        let start = self.source.bytes(span).start;
        let rest = self.source.text().get(start..).unwrap_or_default();
        match rest.find(text).filter(|at| *at < SOON) {
            Some(at) => self.source.place(start + at, start + at + text.len()),
            None => span,
        }
    }

    /// The line on which a step stands.
    pub(super) fn line(&self, path: &str) -> u32 {
        self.span(path).line
    }

    /// Where the file begins.
    pub(super) fn start(&self) -> Span {
        let first = self.written.iter().map(|node| node.span);
        first
            .min_by_key(|span| (span.line, span.column))
            .unwrap_or(Span::START)
    }

    /// Whether the file is written in the form of another tool.
    pub(super) fn is_foreign(&self) -> bool {
        !matches!(
            self.format,
            TestFormat::Canonical | TestFormat::NaturalLanguage | TestFormat::Unspecified
        )
    }
}

impl Said<'_> {
    /// Whether it decides the outcome of the test: an assertion, or a wait that fails when what it
    /// waits for does not come.
    pub(super) fn is_check(&self) -> bool {
        let waits_blindly = matches!(
            self.action,
            Action::WaitTime(_) | Action::WaitNetworkIdle(_)
        );
        !self.is_condition
            && match self.spec.group.as_str() {
                "assert" => true,
                "wait" => !waits_blindly,
                _ => false,
            }
    }

    /// Whether its outcome counts.
    pub(super) fn counts(&self) -> bool {
        let flags = self.step.flags.unwrap_or_default();
        !(flags.optional || flags.ignore_outcome || flags.skip)
    }
}

impl Given {
    fn read(&mut self, message: &DynamicMessage, model: &'static Message, path: &mut String) {
        for field in &model.fields {
            if !message.has_field(&field.descriptor) {
                continue;
            }
            let value = message.get_field(&field.descriptor);
            let length = path.len();
            path.push('.');
            path.push_str(field.name());
            self.value(field, &value, path);
            path.truncate(length);
        }
    }

    fn value(&mut self, field: &'static Field, value: &Value, path: &mut String) {
        match (value, &field.shape) {
            (Value::Message(message), Shape::Duration) => {
                let duration = message.transcode_to().unwrap_or_default();
                self.durations.push((path.clone(), duration));
            }
            (Value::Message(message), Shape::Message(name)) => {
                if name == "etude.v1.Target" {
                    let target = message.transcode_to().unwrap_or_default();
                    self.targets.push((path.clone(), target));
                }
                self.read(message, model::message(name), path);
            }
            (Value::String(text), _) => self.text(field, "", text, path),
            (Value::List(items), _) => {
                for text in items.iter().filter_map(Value::as_str) {
                    self.text(field, "", text, path);
                }
            }
            (Value::Map(entries), _) => {
                let mut texts: Vec<_> = entries
                    .iter()
                    .filter_map(|(key, value)| Some((key.as_str()?, value.as_str()?)))
                    .collect();
                texts.sort_unstable();
                for (key, text) in texts {
                    self.text(field, key, text, path);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, field: &'static Field, key: &str, text: &str, path: &str) {
        let kind = match field.spec.variable {
            VariableUse::Sets => Kind::Sets,
            VariableUse::Reads => Kind::Reads,
            VariableUse::Unspecified if field.spec.expression => Kind::Expression,
            VariableUse::Unspecified if field.spec.template => Kind::Template,
            VariableUse::Unspecified => Kind::Plain,
        };
        self.texts.push(Text {
            path: path.to_owned(),
            field: field.name(),
            key: key.to_owned(),
            kind,
            text: text.to_owned(),
        });
    }
}

/// The length of a duration in milliseconds.
pub(super) fn millis(duration: &Duration) -> i64 {
    let whole = duration.seconds.saturating_mul(1000);
    whole.saturating_add(i64::from(duration.nanos) / 1_000_000)
}

/// The duration as a file spells it.
pub(super) fn spelled(duration: &Duration) -> String {
    crate::duration::format(duration).unwrap_or_default()
}
