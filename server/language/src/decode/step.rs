//! Steps: one command and its flags. Blocks are in `block`.

use etude::catalog::{self, CommandSpec};
use etude::v1::{self, ErrorReason};
use prost::Message as _;
use prost::encoding::{WireType, encode_key};
use prost_reflect::{DynamicMessage, Value};

use super::{Decoder, block, target};
use crate::diagnose::{Mistake, shown};
use crate::model::{self, Field, Message};
use crate::source::Span;
use crate::suggest;
use crate::tree::{Content, Entry, NodeId};
use crate::variables::Uses;

/// The field of a command that may have a target's keys beside it.
pub(crate) const TARGET: &str = "target";

/// The message of the flags of a step.
pub(crate) fn flags() -> &'static Message {
    model::message("etude.v1.StepFlags")
}

/// The command that a step names, and where.
pub(super) struct Named {
    pub(super) spec: &'static CommandSpec,
    pub(super) span: Span,
    /// `None`: the step is the command's name alone.
    pub(super) value: Option<NodeId>,
}

impl<'d> Decoder<'d, '_> {
    /// The steps of a list, which is the value of `field`.
    pub(super) fn steps(
        &mut self,
        field: &Field,
        id: NodeId,
        uses: &mut Vec<Uses>,
    ) -> Vec<v1::Step> {
        let node = self.node(id);
        let items = match &node.content {
            Content::List(items) => items,
            content => {
                if !content.is_null() {
                    let mistake = self
                        .wrong_type(node, "a list of steps")
                        .suggest("begin each step with \"- \"");
                    self.refuse(mistake);
                }
                return Vec::new();
            }
        };
        if self.is_too_long(field, node, items) {
            return Vec::new();
        }
        let mut steps = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let span = self.node(*item).span;
            steps.push(self.item(index, span, |decoder| decoder.step(*item, span, uses)));
        }
        steps
    }

    fn step(&mut self, id: NodeId, span: Span, uses: &mut Vec<Uses>) -> v1::Step {
        let mut step = v1::Step {
            location: Some(self.source.location(span)),
            ..v1::Step::default()
        };
        if let Content::Map(entries) = &self.node(id).content
            && let Some(keys) = block::keys_of(entries)
        {
            self.block_step(keys, entries, span, &mut step, uses);
            return step;
        }
        let named = match &self.node(id).content {
            Content::Map(entries) => self.step_keys(entries, span, &mut step),
            _ => self.bare_command(id),
        };
        if let Some(named) = named {
            let mut used = Uses::default();
            step.command = self.within("command", named.span, |decoder| {
                decoder.command(&named, &mut used)
            });
            uses.push(used);
        }
        if step.command.is_none() {
            self.places.refuse(&self.path);
        }
        step
    }

    /// The command of a step; its name and flags are set.
    fn step_keys(
        &mut self,
        entries: &[Entry<'d>],
        span: Span,
        step: &mut v1::Step,
    ) -> Option<Named> {
        let mut named = None;
        let mut unknown = Vec::new();
        let mut given = Vec::new();
        for entry in entries {
            if entry.key == "name" {
                let node = self.node(entry.value);
                let name = self.within("name", node.span, |decoder| decoder.text(node));
                step.name = name.unwrap_or_default();
            } else if let Some(field) = flags().field(&entry.key) {
                given.push((field, entry));
            } else if let Some(spec) = catalog::by_yaml(&entry.key) {
                self.name_command(&mut named, spec, entry);
            } else {
                unknown.push(entry);
            }
        }
        step.flags = self.flags(&given);
        self.unknown_step_keys(&unknown, named.as_ref());
        if named.is_none() && unknown.is_empty() {
            let message = "this step has no command".to_owned();
            self.refuse(
                Mistake::error(span, ErrorReason::MissingKey, message)
                    .suggest("a step is a command and its value, such as \"click: Log in\""),
            );
        }
        named
    }

    fn name_command(
        &mut self,
        named: &mut Option<Named>,
        spec: &'static CommandSpec,
        entry: &Entry<'_>,
    ) {
        match named {
            Some(first) => self.second_command(entry, first.spec),
            None => {
                *named = Some(Named {
                    spec,
                    span: entry.key_span,
                    value: Some(entry.value),
                });
            }
        }
    }

    pub(super) fn flags(&mut self, given: &[(&Field, &Entry<'d>)]) -> Option<v1::StepFlags> {
        let (_, first) = given.first()?;
        let mut message = DynamicMessage::new(flags().descriptor.clone());
        self.within("flags", first.key_span, |decoder| {
            for (field, entry) in given {
                decoder.set(&mut message, field, entry);
            }
        });
        message.transcode_to().ok()
    }

    fn unknown_step_keys(&mut self, unknown: &[&Entry<'_>], named: Option<&Named>) {
        for entry in unknown {
            let Some(named) = named else {
                self.unknown_command(&entry.key, entry.key_span);
                continue;
            };
            let command = &named.spec.yaml;
            let model = model::message(named.spec.message.full_name());
            if model.field(&entry.key).is_some() {
                let message = format!("\"{}\" is a key of \"{command}\", not of a step", entry.key);
                let mistake = Mistake::error(entry.key_span, ErrorReason::UnknownKey, message);
                self.mistakes
                    .add(mistake.suggest(format!("indent it below \"{command}:\"")));
            } else {
                let flags = flags().names().chain(["name"]);
                self.unknown_key(entry, flags.chain(model.names()));
            }
        }
    }

    fn second_command(&mut self, entry: &Entry<'_>, first: &CommandSpec) {
        let message = format!(
            "a step has one command; \"{}\" follows \"{}\"",
            entry.key, first.yaml
        );
        let mistake = Mistake::error(entry.key_span, ErrorReason::MultipleCommands, message);
        self.mistakes
            .add(mistake.suggest(format!("begin a step of its own: \"- {}:\"", entry.key)));
    }

    fn unknown_command(&mut self, key: &str, span: Span) {
        if self.mistakes.is_full() {
            return;
        }
        if let Some(head) = block::head_of(key) {
            let message = format!("\"{key}\" stands alone");
            let mistake = Mistake::error(span, ErrorReason::UnknownCommand, message);
            self.mistakes
                .add(mistake.suggest(format!("put it beside \"{head}\"")));
            return;
        }
        let keys = catalog::commands().iter().flat_map(|spec| {
            std::iter::once(spec.yaml.as_str()).chain(spec.yaml_aliases.iter().map(String::as_str))
        });
        let mistake = Mistake::error(
            span,
            ErrorReason::UnknownCommand,
            format!("no command is called \"{}\"", shown(key)),
        );
        self.mistakes
            .add(match suggest::nearest_command(key, keys) {
                None if key.contains(' ') => {
                    mistake.suggest("a step is a command and its value, such as \"click: Log in\"")
                }
                None => mistake.suggest("\"etude commands\" lists them"),
                nearest => mistake.did_you_mean(nearest),
            });
    }

    /// `- refresh`: a command without fields.
    fn bare_command(&mut self, id: NodeId) -> Option<Named> {
        let node = self.node(id);
        let Content::Scalar(scalar) = &node.content else {
            let mistake = self.wrong_type(node, "a step");
            self.refuse(mistake);
            return None;
        };
        if scalar.is_null() {
            let mistake = self
                .no_value(node)
                .unwrap_or_else(|| self.wrong_type(node, "a step"));
            self.refuse(mistake);
            return None;
        }
        let Some(spec) = catalog::by_yaml(&scalar.text) else {
            self.unknown_command(&scalar.text, node.span);
            return None;
        };
        Some(Named {
            spec,
            span: node.span,
            value: None,
        })
    }

    pub(super) fn command(&mut self, named: &Named, uses: &mut Uses) -> Option<v1::Command> {
        let spec = named.spec;
        let model = model::message(spec.message.full_name());
        self.within(spec.action.name(), named.span, |decoder| {
            let message = decoder.command_fields(named, model)?;
            decoder.need(model, &message, named.span, &spec.yaml);
            uses.read(&message, model, &decoder.path);
            typed(spec, &message)
        })
    }

    fn command_fields(&mut self, named: &Named, model: &Message) -> Option<DynamicMessage> {
        let empty = || DynamicMessage::new(model.descriptor.clone());
        let Some(id) = named.value else {
            return Some(empty());
        };
        let node = self.node(id);
        if let Content::Map(entries) = &node.content {
            return self.command_map(node.span, entries, named.spec, model);
        }
        if node.content.is_null() {
            if model.fields.iter().any(|field| field.required)
                && let Some(mistake) = self.no_value(node)
            {
                self.refuse(mistake);
                return None;
            }
            return Some(empty());
        }
        let field = named
            .spec
            .scalar
            .as_deref()
            .and_then(|name| model.field(name));
        let Some(field) = field else {
            let mistake = self.no_short_form(named, model, id);
            self.refuse(mistake);
            return None;
        };
        let mut message = empty();
        let entry = Entry {
            key: field.name().to_owned().into(),
            key_span: named.span,
            value: id,
        };
        self.set(&mut message, field, &entry);
        Some(message)
    }

    fn no_short_form(&mut self, named: &Named, model: &Message, id: NodeId) -> Mistake {
        let node = self.node(id);
        let key = &named.spec.yaml;
        if model.fields.is_empty() {
            return Mistake::error(
                node.span,
                ErrorReason::WrongType,
                format!("\"{key}\" takes no value"),
            )
            .suggest(format!("write \"- {key}\""));
        }
        let example: Vec<_> = model
            .fields
            .iter()
            .filter(|field| field.required)
            .map(|field| format!("{}: …", field.name()))
            .collect();
        Mistake::error(
            node.span,
            ErrorReason::WrongType,
            format!("\"{key}\" has no short form; a map must stand here"),
        )
        .suggest(format!("write \"{key}: {{{}}}\"", example.join(", ")))
    }

    /// The command's own keys, and those of its target beside them.
    fn command_map(
        &mut self,
        span: Span,
        entries: &[Entry<'d>],
        spec: &CommandSpec,
        model: &Message,
    ) -> Option<DynamicMessage> {
        let mut message = DynamicMessage::new(model.descriptor.clone());
        let mut inline = Vec::new();
        for entry in entries {
            match model.field(&entry.key) {
                Some(field) => self.set(&mut message, field, entry),
                None if is_inline_target_key(model, &entry.key, entries) => {
                    inline.push(entry.clone());
                }
                None => self.unknown_field(spec, entry, model),
            }
        }
        let (Some(first), Some(field)) = (inline.first(), model.field(TARGET)) else {
            return Some(message);
        };
        if message.has_field(&field.descriptor) {
            let text = format!(
                "\"{}\" is a key of the target, which is given already",
                first.key
            );
            let mistake = Mistake::error(first.key_span, ErrorReason::DuplicateKey, text);
            self.mistakes
                .add(mistake.suggest(format!("move it into \"{}\"", field.name())));
            return Some(message);
        }
        self.within(field.name(), first.key_span, |decoder| {
            let target = decoder.target_fields(span, &inline);
            message.set_field(&field.descriptor, Value::Message(target));
        });
        Some(message)
    }

    fn unknown_field(&mut self, spec: &CommandSpec, entry: &Entry<'_>, model: &Message) {
        if flags().field(&entry.key).is_some() {
            let message = format!("the key \"{}\" has no meaning here", entry.key);
            let mistake = Mistake::error(entry.key_span, ErrorReason::UnknownKey, message);
            self.mistakes.add(mistake.suggest(format!(
                "it is a key of the step: put it beside \"{}\", not inside",
                spec.yaml
            )));
        } else if model.field(TARGET).is_some() {
            self.unknown_target_key(entry, model.names());
        } else {
            self.unknown_key(entry, model.names());
        }
    }

    /// Reports the required fields that are not given.
    pub(super) fn need(
        &mut self,
        model: &Message,
        message: &DynamicMessage,
        span: Span,
        key: &str,
    ) {
        for field in &model.fields {
            if !field.required || message.has_field(&field.descriptor) {
                continue;
            }
            let path = self.path_of(field.name());
            // A value that is empty or wrong was given; the checks or its own mistake tell.
            if self.places.has(&path) || self.places.is_refused(&path) {
                continue;
            }
            self.places.refuse(&path);
            let mistake = missing_key(field, span, &format!("\"{key}\""));
            self.mistakes.add(mistake);
        }
    }
}

/// The typed command of a command's own message. Setting the field of a dynamic `Command` would
/// clear a hundred others first, so it is wrapped as bytes.
pub(crate) fn typed(spec: &CommandSpec, message: &DynamicMessage) -> Option<v1::Command> {
    let mut bytes = Vec::new();
    encode_key(spec.action.number(), WireType::LengthDelimited, &mut bytes);
    message.encode_length_delimited(&mut bytes).ok()?;
    v1::Command::decode(bytes.as_slice()).ok()
}

/// `subject` needs the field.
pub(super) fn missing_key(field: &Field, span: Span, subject: &str) -> Mistake {
    let names: Vec<_> = field.names().map(|name| format!("\"{name}\"")).collect();
    let meaning = field
        .spec
        .description
        .split(". ")
        .next()
        .unwrap_or_default();
    Mistake::error(
        span,
        ErrorReason::MissingKey,
        format!("{subject} needs {}", names.join(" or ")),
    )
    .suggest(format!(
        "add \"{}: …\" ({})",
        field.name(),
        meaning.trim_end_matches('.')
    ))
}

/// Whether a key of a command's map is one of its target: the command has a target and no field
/// of this name.
pub(crate) fn is_inline_target_key(model: &Message, key: &str, entries: &[Entry<'_>]) -> bool {
    let role_name = || key == target::ROLE_NAME && entries.iter().any(|entry| entry.key == "role");
    model.field(TARGET).is_some() && (target::message().field(key).is_some() || role_name())
}
