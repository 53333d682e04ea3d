//! Values of fields: texts, numbers, words, durations, lists and messages.

use std::collections::HashMap;

use etude::v1::{ErrorReason, VariableUse};
use prost_reflect::{DynamicMessage, MapKey, ReflectMessage, Value};

use super::{Decoder, written};
use crate::diagnose::{Mistake, shown};
use crate::model::{Field, Message, Shape};
use crate::tree::{Content, Entry, Node, NodeId, Scalar};
use crate::{duration, suggest};

impl<'d> Decoder<'d, '_> {
    /// The value of a field; `None` when nothing stands there or it is wrong, which is reported.
    pub(super) fn field(&mut self, field: &Field, id: NodeId) -> Option<Value> {
        let node = self.node(id);
        if field.descriptor.is_map() {
            return self.map(field, node);
        }
        if !field.descriptor.is_list() {
            return self.single(field, id);
        }
        let items = match &node.content {
            Content::List(items) => items.as_slice(),
            content if content.is_null() => return None,
            Content::Scalar(_) => &[id],
            Content::Map(_) => {
                let mistake = self.wrong_type(node, "a list");
                self.refuse(mistake);
                return None;
            }
        };
        if self.is_too_long(field, node, items) {
            return None;
        }
        let values = items.iter().enumerate().filter_map(|(index, item)| {
            let span = self.node(*item).span;
            self.item(index, span, |decoder| decoder.single(field, *item))
        });
        Some(Value::List(values.collect()))
    }

    fn map(&mut self, field: &Field, node: &'d Node<'d>) -> Option<Value> {
        let Content::Map(entries) = &node.content else {
            if !node.content.is_null() {
                let mistake = self.wrong_type(node, "a map");
                self.refuse(mistake);
            }
            return None;
        };
        let mut values = HashMap::new();
        for entry in entries {
            let key = MapKey::String(entry.key.clone().into_owned());
            values.extend(self.single(field, entry.value).map(|value| (key, value)));
        }
        Some(Value::Map(values))
    }

    fn single(&mut self, field: &Field, id: NodeId) -> Option<Value> {
        let node = self.node(id);
        match &field.shape {
            Shape::Message(name) => self.message(name, id).map(Value::Message),
            Shape::Text => self.text(node).map(|text| {
                self.check_variable_name(field, &text, node);
                Value::String(text)
            }),
            Shape::Bool => self.bool(node).map(Value::Bool),
            Shape::Integer(least, most) => self.integer(field, node, *least, *most),
            Shape::Word(words) => self.word(words, node).map(Value::EnumNumber),
            Shape::Duration => self
                .duration(node)
                .map(|duration| Value::Message(duration.transcode_to_dynamic())),
            Shape::Other => None,
        }
    }

    /// A message; `None` when nothing stands there or it is wrong.
    fn message(&mut self, full_name: &str, id: NodeId) -> Option<DynamicMessage> {
        let node = self.node(id);
        if node.content.is_null() {
            return None;
        }
        let message = crate::model::message(full_name);
        match (full_name, &node.content) {
            ("etude.v1.Target", _) => self.target(id),
            ("etude.v1.Viewport", Content::Scalar(scalar)) => self.viewport(message, node, scalar),
            ("etude.v1.BrowserOptions", Content::Scalar(_)) => self.fields(
                message,
                &[Entry {
                    key: "name".into(),
                    key_span: node.span,
                    value: id,
                }],
            ),
            (_, Content::Map(entries)) => self.fields(message, entries),
            _ => {
                let mistake = self.wrong_type(node, "a map");
                self.refuse(mistake);
                None
            }
        }
    }

    /// A message whose fields are the entries of a map.
    pub(super) fn fields(
        &mut self,
        message: &Message,
        entries: &[Entry<'_>],
    ) -> Option<DynamicMessage> {
        let mut out = DynamicMessage::new(message.descriptor.clone());
        for entry in entries {
            match message.field(&entry.key) {
                Some(field) => match alternative(&out, field) {
                    Some(first) => self.two_alternatives(entry, &first),
                    None => self.set(&mut out, field, entry),
                },
                None => self.unknown_key(entry, message.names()),
            }
        }
        Some(out)
    }

    fn two_alternatives(&mut self, entry: &Entry<'_>, first: &str) {
        let message = format!(
            "only one of its kind may stand here; \"{first}\" is given already, \"{}\" is too many",
            shown(&entry.key)
        );
        let mistake = Mistake::error(entry.key_span, ErrorReason::InvalidValue, message);
        self.mistakes.add(mistake.suggest("remove one of them"));
    }

    /// Sets a field of a message from an entry of a map.
    pub(super) fn set(&mut self, out: &mut DynamicMessage, field: &Field, entry: &Entry<'_>) {
        if self.is_given_twice(field, entry) {
            return;
        }
        let span = self.node(entry.value).span;
        if span.line != entry.key_span.line {
            self.key(field.name(), entry.key_span);
        }
        self.within(field.name(), span, |decoder| {
            if let Some(value) = decoder.field(field, entry.value) {
                out.set_field(&field.descriptor, value);
            }
        });
    }

    /// Reports a field that is given by two of its names.
    pub(super) fn is_given_twice(&mut self, field: &Field, entry: &Entry<'_>) -> bool {
        let name = field.name();
        let given = self.places.has(&self.path_of(name));
        if given {
            let message = format!(
                "\"{}\" gives \"{name}\", which is given already",
                shown(&entry.key)
            );
            self.mistakes.add(Mistake::error(
                entry.key_span,
                ErrorReason::DuplicateKey,
                message,
            ));
        }
        given
    }

    pub(super) fn unknown_key<'n>(
        &mut self,
        entry: &Entry<'_>,
        known: impl Iterator<Item = &'n str>,
    ) {
        if self.mistakes.is_full() {
            return;
        }
        let known: Vec<_> = known.collect();
        let mistake = Mistake::error(
            entry.key_span,
            ErrorReason::UnknownKey,
            format!("the key \"{}\" has no meaning here", shown(&entry.key)),
        );
        self.mistakes
            .add(match suggest::nearest(&entry.key, known.iter().copied()) {
                None if !known.is_empty() => {
                    mistake.suggest(format!("known here: {}", known.join(", ")))
                }
                nearest => mistake.did_you_mean(nearest),
            });
    }

    /// A text, as it is written; numbers and booleans too.
    pub(super) fn text(&mut self, node: &'d Node<'d>) -> Option<String> {
        let mistake = match &node.content {
            Content::Scalar(scalar) if !scalar.is_null() => {
                return Some(scalar.text.clone().into_owned());
            }
            Content::Scalar(_) => self.no_value(node).unwrap_or_else(|| {
                self.wrong_type(node, "a text")
                    .suggest("write '' for an empty text")
            }),
            Content::Map(_) if self.source.slice(node.span).starts_with('{') => self
                .wrong_type(node, "a text")
                .suggest("put a text that begins with \"{\" in quotes"),
            Content::List(_) if self.source.slice(node.span).starts_with('[') => self
                .wrong_type(node, "a text")
                .suggest("put a text that begins with \"[\" in quotes"),
            _ => self.wrong_type(node, "a text"),
        };
        self.refuse(mistake);
        None
    }

    /// `click: #login` is a comment for YAML, and nothing for the step.
    pub(super) fn no_value(&mut self, node: &Node<'_>) -> Option<Mistake> {
        // Nobody searches a comment in a line of this length; nor should we, for every value in it.
        const LONGEST: usize = 1000;
        let line = self.source.line(node.span.line);
        if line.len() > LONGEST {
            return None;
        }
        let (before, comment) = line.split_once(" #")?;
        let ends_in_key = before.trim_end().ends_with([':', '-']);
        if !ends_in_key || before.chars().count() + 2 < node.span.column as usize {
            return None;
        }
        let start = self.source.line_start(node.span.line);
        let span = self
            .source
            .place(start + before.len() + 1, start + line.len());
        let message = "nothing stands here: \"#\" begins a comment".to_owned();
        let mistake = Mistake::error(span, ErrorReason::WrongType, message);
        Some(mistake.suggest(format!(
            "put it in quotes: \"#{}\"",
            shown(comment.trim_end())
        )))
    }

    /// The name of a variable has no dollar sign; people write one.
    fn check_variable_name(&mut self, field: &Field, text: &str, node: &Node<'_>) {
        let is_name = field.spec.variable != VariableUse::Unspecified;
        if let Some(name) = text.strip_prefix('$').filter(|_| is_name) {
            let mistake = Mistake::error(
                node.span,
                ErrorReason::InvalidValue,
                "the name of a variable is written without \"$\" here".to_owned(),
            );
            self.refuse(mistake.suggest(format!("write {}", shown(name))));
        }
    }

    pub(super) fn bool(&mut self, node: &'d Node<'d>) -> Option<bool> {
        if let Content::Scalar(scalar) = &node.content {
            if let Some(value) = scalar.as_bool() {
                return Some(value);
            }
            let meant = match scalar.text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" | "1" => "write true, without quotes",
                "false" | "no" | "off" | "n" | "0" => "write false, without quotes",
                _ => "write true or false",
            };
            let mistake = self.wrong_type(node, "true or false").suggest(meant);
            self.refuse(mistake);
        } else {
            let mistake = self.wrong_type(node, "true or false");
            self.refuse(mistake);
        }
        None
    }

    fn integer(
        &mut self,
        field: &Field,
        node: &'d Node<'d>,
        least: i64,
        most: i64,
    ) -> Option<Value> {
        let Content::Scalar(scalar) = &node.content else {
            let mistake = self.wrong_type(node, "a whole number");
            self.refuse(mistake);
            return None;
        };
        let Some(number) = scalar.as_integer() else {
            let mistake = self.not_an_integer(node, scalar);
            self.refuse(mistake);
            return None;
        };
        let lowest = field.rules.least.unwrap_or(least);
        let highest = field.rules.most.unwrap_or(most);
        if number < i128::from(lowest) || number > i128::from(highest) {
            self.refuse(Mistake::error(
                node.span,
                ErrorReason::InvalidValue,
                format!(
                    "\"{}\" must be {lowest} to {highest}, is {number}",
                    written(&self.path).unwrap_or(field.name())
                ),
            ));
            return None;
        }
        if least < 0 {
            i32::try_from(number).ok().map(Value::I32)
        } else {
            u32::try_from(number).ok().map(Value::U32)
        }
    }

    fn not_an_integer(&mut self, node: &Node<'_>, scalar: &Scalar<'_>) -> Mistake {
        let digits = scalar.text.trim();
        let mistake = self.wrong_type(node, "a whole number");
        if scalar.quoted && digits.parse::<i64>().is_ok() {
            mistake.suggest(format!("write {digits} without quotes"))
        } else if digits.starts_with('$') {
            mistake.suggest("a variable cannot stand here; write the number")
        } else {
            mistake.suggest("write decimal digits only")
        }
    }

    fn word(&mut self, words: &[(String, i32)], node: &'d Node<'d>) -> Option<i32> {
        let names = || words.iter().map(|(word, _)| word.as_str());
        let mistake = match &node.content {
            Content::Scalar(scalar) if !scalar.is_null() => {
                let is_meant = |word: &str| suggest::same_word(&scalar.text, word);
                if let Some((_, number)) = words.iter().find(|(word, _)| is_meant(word)) {
                    return Some(*number);
                }
                let mistake = Mistake::error(
                    node.span,
                    ErrorReason::InvalidValue,
                    format!("\"{}\" is not a value of this key", shown(&scalar.text)),
                );
                match suggest::nearest(&scalar.text, names()) {
                    Some(word) => mistake.did_you_mean(Some(word)),
                    None => mistake.suggest(format!(
                        "write one of {}",
                        names().collect::<Vec<_>>().join(", ")
                    )),
                }
            }
            _ => self.wrong_type(node, "a word").suggest(format!(
                "write one of {}",
                names().collect::<Vec<_>>().join(", ")
            )),
        };
        self.refuse(mistake);
        None
    }

    fn duration(&mut self, node: &'d Node<'d>) -> Option<prost_types::Duration> {
        let mistake = match &node.content {
            Content::Scalar(scalar) if !scalar.is_null() => match duration::parse(&scalar.text) {
                Ok(duration) => return Some(duration),
                Err(error) => {
                    Mistake::error(node.span, ErrorReason::InvalidDuration, error.message)
                        .suggest(error.suggestion)
                }
            },
            _ => self
                .wrong_type(node, "a duration")
                .suggest("write a number and a unit, such as 2s, 500ms or 1m30s"),
        };
        self.refuse(mistake);
        None
    }

    /// `1280x800`.
    fn viewport(
        &mut self,
        message: &Message,
        node: &Node<'_>,
        scalar: &Scalar<'_>,
    ) -> Option<DynamicMessage> {
        let sides = scalar.text.split_once(['x', '×']);
        let side = |text: &str| text.trim().parse::<u32>().ok();
        let sides = sides.and_then(|(width, height)| Some([side(width)?, side(height)?]));
        let Some(sides) = sides else {
            let mistake = self
                .wrong_type(node, "a size")
                .suggest("write width x height, such as 1280x800");
            self.refuse(mistake);
            return None;
        };
        let mut out = DynamicMessage::new(message.descriptor.clone());
        for (name, side) in ["width", "height"].iter().zip(sides) {
            out.set_field_by_name(name, Value::U32(side));
        }
        Some(out)
    }
}

/// The field that is given already, where only one of several may be.
fn alternative(out: &DynamicMessage, field: &Field) -> Option<String> {
    let oneof = field.descriptor.containing_oneof()?;
    let mut others = oneof.fields().filter(|other| *other != field.descriptor);
    let given = others.find(|other| out.has_field(other))?;
    Some(given.name().to_owned())
}
