//! Steps of any dialect, and those of the simplified one: a verb with a value or a map of options.

use etude::catalog;
use etude::v1::{ErrorReason, TestFormat};

use super::args::Args;
use super::build::{Commands, entry};
use super::shape::{self, Shape};
use super::{Rewriter, Verb, verbs};
use crate::diagnose::shown;
use crate::source::Span;
use crate::suggest::plain;
use crate::tree::{Content, Entry, NodeId};

impl<'s> Rewriter<'_, 's> {
    /// A list of steps in the canonical form.
    pub(super) fn steps(&mut self, id: NodeId) -> NodeId {
        let Content::List(items) = &self.tree.node(id).content else {
            return id;
        };
        let items = items.clone();
        let mut steps = Vec::with_capacity(items.len());
        for item in items {
            self.add_step(item, &mut steps);
        }
        let span = self.span(id);
        self.list(steps, span)
    }

    /// Adds the canonical steps of one step.
    fn add_step(&mut self, id: NodeId, steps: &mut Vec<NodeId>) {
        let shape = shape::of(self.tree, id);
        let span = self.span(id);
        let content = self.tree.node(id).content.clone();
        if let Content::Map(entries) = &content
            && let Some(block) = self.block(entries, span)
        {
            return steps.push(block);
        }
        match (shape, content) {
            (Shape::Words | Shape::Line, Content::Map(entries)) => {
                let text = entries.first().map(|only| {
                    let rest = self.word(only.value).unwrap_or_default();
                    format!("{}: {rest}", only.key)
                });
                self.add_text(&text.unwrap_or_default(), shape, span, steps);
            }
            (Shape::Words | Shape::Line, Content::Scalar(scalar)) => {
                self.add_text(&scalar.text, shape, span, steps);
            }
            (_, Content::Map(entries)) if self.is_rewritten(shape, &entries) => {
                self.add_map(shape, entries, span, steps);
            }
            _ => steps.push(id),
        }
    }

    fn add_text(&mut self, text: &str, shape: Shape, span: Span, steps: &mut Vec<NodeId>) {
        match shape {
            Shape::Line => {
                let commands = self.line(text, span);
                self.add(commands, &[], span, steps);
            }
            _ => {
                let step = self.words(text, span);
                steps.push(step.unwrap_or_else(|| self.nothing(span)));
            }
        }
    }

    /// Whether a step is rewritten: in a canonical file none is.
    fn is_rewritten(&self, shape: Shape, entries: &[Entry<'s>]) -> bool {
        let known = |entry: &Entry<'_>| {
            let name = plain(&entry.key);
            verbs::is_known(&name) || shape::COMPACT.contains(&entry.key.as_ref())
        };
        match shape {
            _ if self.format == TestFormat::Canonical => false,
            Shape::Canonical => false,
            Shape::Shared => entries.iter().any(known),
            _ => true,
        }
    }

    /// A verb without its value is left to the reader of the canonical form, which sees what YAML
    /// took for a comment: `c: #save`.
    fn without_value(&mut self, entries: &[Entry<'s>], span: Span) -> Option<NodeId> {
        let is_null = |entry: &&Entry<'s>| self.tree.node(entry.value).content.is_null();
        let given = entries.first().filter(is_null)?;
        let name = plain(&given.key);
        let command = match name.as_str() {
            "c" => "click",
            "t" | "type" | "fill" => "write",
            "h" => "hover",
            "k" => "press",
            "nav" => "navigate",
            "ch" | "assert" | "verify" => "assert_exists",
            "nch" => "assert_not_exists",
            "scroll" => "scroll_to",
            "note" => "comment",
            "js" | "javascript" => "execute",
            other => catalog::by_yaml(other)?.yaml.as_str(),
        };
        let node = vec![entry(command, given.key_span, given.value)];
        Some(self.map(node, span))
    }

    fn add_map(
        &mut self,
        shape: Shape,
        mut entries: Vec<Entry<'s>>,
        span: Span,
        steps: &mut Vec<NodeId>,
    ) {
        if let Some(step) = self.without_value(&entries, span) {
            return steps.push(step);
        }
        let flags = self.flags(shape, &mut entries);
        let commands = match shape {
            Shape::Extended => self.extended(entries, span),
            Shape::Action => self.action(entries, span),
            Shape::Nested => self.nested(entries, span),
            Shape::Command => self.command(entries, span),
            Shape::StepType => self.step_type(entries, span),
            _ => self.keyed(entries, span),
        };
        self.add(commands, &flags, span, steps);
    }

    /// Adds commands with their flags; a name stands at the first.
    pub(super) fn add(
        &mut self,
        commands: Commands<'s>,
        flags: &[Entry<'s>],
        span: Span,
        steps: &mut Vec<NodeId>,
    ) {
        let Some(commands) = commands else {
            let nothing = self.nothing(span);
            return steps.push(nothing);
        };
        for (index, out) in commands.into_iter().enumerate() {
            let flags: Vec<_> = flags
                .iter()
                .filter(|flag| index == 0 || flag.key != "name")
                .cloned()
                .collect();
            let step = self.step(out, &flags, span);
            steps.push(step);
        }
    }

    /// What stands for a step with a mistake, so that it is not reported again as missing.
    fn nothing(&mut self, span: Span) -> NodeId {
        self.plain("refresh", span)
    }

    /// Takes the flags out of a step.
    pub(super) fn flags(&mut self, shape: Shape, entries: &mut Vec<Entry<'s>>) -> Vec<Entry<'s>> {
        let flat = !matches!(
            shape,
            Shape::Simplified | Shape::Doubtful | Shape::Compact | Shape::Shared
        );
        let mut flags = Vec::new();
        entries.retain(|given| {
            let name = match plain(&given.key).as_str() {
                "description" | "desc" => "name",
                "name" if !flat => "name",
                "continue_on_error" | "continue_on_failure" => "continue_on_failure",
                "optional" => "optional",
                "skip" => "skip",
                "ignore_outcome" => "ignore_outcome",
                "retries" | "retry" => "retries",
                "screenshots" => "screenshots",
                "timeout" if !flat => "timeout",
                _ => return true,
            };
            flags.push(Entry {
                key: name.into(),
                ..given.clone()
            });
            false
        });
        flags
            .into_iter()
            .filter_map(|flag| match flag.key.as_ref() {
                "timeout" => self.duration(Some(flag)),
                _ => Some(flag),
            })
            .collect()
    }

    /// A step whose key is the verb.
    fn keyed(&mut self, mut entries: Vec<Entry<'s>>, span: Span) -> Commands<'s> {
        let is_verb = |entry: &Entry<'_>| {
            shape::COMPACT.contains(&entry.key.as_ref())
                || verbs::is_known(&plain(&entry.key))
                || catalog::by_yaml(&entry.key).is_some()
        };
        let first = entries.iter().position(is_verb)?;
        let key = entries.remove(first);
        if verbs::is_reuse(&plain(&key.key)) {
            // What belongs to it stands beside it or in it.
            let verb = Verb {
                name: plain(&key.key),
                span: key.key_span,
                args: Args::default(),
            };
            return self.verb(verb);
        }
        if let Some(second) = entries.iter().find(|e| is_verb(e) && !is_option(e)) {
            let message = format!(
                "a step has one command; \"{}\" follows \"{}\"",
                shown(&second.key),
                key.key
            );
            let suggestion = format!("begin a step of its own: \"- {}:\"", shown(&second.key));
            self.error(
                second.key_span,
                ErrorReason::MultipleCommands,
                message,
                suggestion,
            );
            return None;
        }
        if let Some(commands) = self.compact(&key, &entries, span) {
            return commands;
        }
        let name = plain(&key.key);
        let mut args = Args::of(self.tree, key.value);
        for other in entries {
            args.put(other);
        }
        self.verb(Verb {
            name,
            span: key.key_span,
            args,
        })
    }
}

/// A key beside a verb that is one of its options, though a command has the name too.
fn is_option(entry: &Entry<'_>) -> bool {
    matches!(
        entry.key.as_ref(),
        "text" | "value" | "in" | "key" | "file" | "url" | "type" | "wait"
    )
}

impl<'s> Rewriter<'_, 's> {
    /// A group and what is done in it, as `interact` and `click`.
    pub(super) fn grouped(
        &mut self,
        group: (&str, Span),
        action: Option<Entry<'s>>,
        mut args: Args<'s>,
    ) -> Commands<'s> {
        let (group, span) = group;
        let word = self.option(action.as_ref());
        let at = action
            .as_ref()
            .map_or(span, |action| self.span(action.value));
        let kind = |args: &mut Args<'s>, name: &'static str| {
            if let Some(action) = &action {
                args.push(name, action.key_span, action.value);
            }
        };
        let (name, span) = match (group, word) {
            ("interact" | "misc", Some(word)) => (word, at),
            ("data", Some(word)) if word.starts_with("store_") => {
                let rest = self.plain(word.trim_start_matches("store_").to_owned(), at);
                args.push("type", at, rest);
                ("store".to_owned(), at)
            }
            ("data", Some(word)) => (word, at),
            ("dialog", Some(word)) => {
                let rest = self.plain(word.trim_start_matches("dismiss_").to_owned(), at);
                args.push("type", at, rest);
                ("dialog".to_owned(), span)
            }
            ("file", _) => ("upload".to_owned(), span),
            ("assert" | "wait" | "store", _) => {
                kind(&mut args, "type");
                (group.to_owned(), span)
            }
            (group, Some(_)) => {
                kind(&mut args, "action");
                (group.to_owned(), span)
            }
            (group, None) => (group.to_owned(), span),
        };
        self.verb(Verb { name, span, args })
    }

    pub(super) fn named(&mut self, name: &'static str, text: String, span: Span) -> Entry<'s> {
        let value = self.text(text, span);
        entry(name, span, value)
    }
}
