//! Targets: a hint alone, or a map with one locator.

use etude::v1::ErrorReason;
use prost_reflect::{DynamicMessage, Value};

use super::Decoder;
use crate::diagnose::Mistake;
use crate::model::{self, Field, Message};
use crate::source::Span;
use crate::tree::{Content, Entry, NodeId};

/// The key of the accessible name beside `role: button`.
pub(crate) const ROLE_NAME: &str = "name";

/// The locator that a text alone is.
pub(crate) const HINT: &str = "hint";

/// The message of targets.
pub(crate) fn message() -> &'static Message {
    model::message("etude.v1.Target")
}

/// Whether the field is one of the ways to find an element.
pub(crate) fn is_locator(field: &Field) -> bool {
    field.is_alternative()
}

impl<'d> Decoder<'d, '_> {
    pub(super) fn target(&mut self, id: NodeId) -> Option<DynamicMessage> {
        let node = self.node(id);
        match &node.content {
            Content::Map(entries) => Some(self.target_fields(node.span, entries)),
            Content::Scalar(_) => {
                let text = self.text(node)?;
                let mut target = DynamicMessage::new(message().descriptor.clone());
                target.set_field_by_name(HINT, Value::String(text));
                Some(target)
            }
            Content::List(_) => {
                let mistake = self
                    .wrong_type(node, "a target")
                    .suggest("write the element's text, or a map such as {css: \"#login\"}");
                self.refuse(mistake);
                None
            }
        }
    }

    /// The target whose fields are these entries.
    pub(super) fn target_fields(&mut self, span: Span, entries: &[Entry<'d>]) -> DynamicMessage {
        let model = message();
        let mut target = DynamicMessage::new(model.descriptor.clone());
        let mut locator: Option<&str> = None;
        for entry in entries {
            let Some(field) = model.field(&entry.key) else {
                if entry.key != ROLE_NAME {
                    self.unknown_target_key(entry, model.names());
                }
                continue;
            };
            if let Some(first) = locator.filter(|_| is_locator(field)) {
                self.two_locators(entry, first);
                continue;
            }
            if is_locator(field) {
                locator = Some(field.name());
            }
            if field.name() == "role" {
                self.role(&mut target, field, entry, role_name_of(entries));
            } else {
                self.set(&mut target, field, entry);
            }
        }
        if let Some(entry) = role_name_of(entries).filter(|_| locator != Some("role")) {
            self.name_without_role(entry);
        }
        if locator.is_none() {
            self.no_locator(span);
        }
        target
    }

    fn name_without_role(&mut self, entry: &Entry<'_>) {
        let message = "\"name\" belongs to \"role\", which is not given".to_owned();
        let mistake = Mistake::error(entry.key_span, ErrorReason::UnknownKey, message);
        self.mistakes
            .add(mistake.suggest("add \"role: button\", or write \"hint\" instead of \"name\""));
    }

    /// `role: button` with `name: Save` beside it, or `role: {role: button, name: Save}`.
    fn role(
        &mut self,
        target: &mut DynamicMessage,
        field: &Field,
        entry: &Entry<'d>,
        name: Option<&Entry<'d>>,
    ) {
        let node = self.node(entry.value);
        let Some(model) = field.message() else {
            return;
        };
        let alone = Entry {
            key: "role".into(),
            ..entry.clone()
        };
        let mut entries = match &node.content {
            Content::Map(entries) => entries.clone(),
            _ => vec![alone],
        };
        entries.extend(name.cloned());
        self.within(field.name(), node.span, |decoder| {
            if let Some(role) = decoder.fields(model, &entries) {
                decoder.need(model, &role, entry.key_span, "role");
                target.set_field(&field.descriptor, Value::Message(role));
            }
        });
    }

    /// An unknown key where a target's keys may stand.
    pub(super) fn unknown_target_key<'n>(
        &mut self,
        entry: &Entry<'_>,
        known: impl Iterator<Item = &'n str>,
    ) {
        if entry.key == "selector" {
            let mistake = Mistake::error(
                entry.key_span,
                ErrorReason::UnknownKey,
                "the key \"selector\" has no meaning here".to_owned(),
            );
            self.mistakes
                .add(mistake.suggest("write \"css\" or \"xpath\""));
        } else {
            self.unknown_key(entry, known);
        }
    }

    fn two_locators(&mut self, entry: &Entry<'_>, first: &str) {
        let message = format!(
            "a target has one locator; \"{first}\" is given already, \"{}\" is too many",
            entry.key
        );
        let mistake = Mistake::error(entry.key_span, ErrorReason::InvalidValue, message);
        self.mistakes.add(mistake.suggest("remove one of them"));
    }

    fn no_locator(&mut self, span: Span) {
        let locators: Vec<_> = message()
            .fields
            .iter()
            .filter(|field| is_locator(field))
            .map(Field::name)
            .collect();
        self.refuse(Mistake::error(
            span,
            ErrorReason::MissingKey,
            format!("this target needs one of {}", locators.join(", ")),
        ));
    }
}

fn role_name_of<'e, 's>(entries: &'e [Entry<'s>]) -> Option<&'e Entry<'s>> {
    entries.iter().find(|entry| entry.key == ROLE_NAME)
}
