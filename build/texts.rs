//! Generates the visits of a command's texts: which of its strings are templates, expressions or
//! names of variables. The field options of the contract say so; looking them up by reflection for
//! each executed step would cost more than the step.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    OneofDescriptor,
};

use super::UnknownRule;
use super::names::{camel, ident, snake};

/// The source of an `impl Texts` for `Command` and every message in it that holds such a text.
pub(super) fn generate(pool: &DescriptorPool) -> Result<String, UnknownRule> {
    let missing = |name: &str| UnknownRule(name.to_owned());
    let options = pool
        .get_extension_by_name("etude.v1.field")
        .ok_or_else(|| missing("etude.v1.field"))?;
    let command = pool
        .get_message_by_name("etude.v1.Command")
        .ok_or_else(|| missing("etude.v1.Command"))?;
    let mut texts = Texts {
        options,
        done: BTreeMap::new(),
    };
    texts.message(&command);
    Ok(texts.done.into_values().flatten().collect())
}

struct Texts {
    options: ExtensionDescriptor,
    /// The source of each message's visit by name; `None` when it holds no such text.
    done: BTreeMap<String, Option<String>>,
}

impl Texts {
    /// Whether the message holds such a text.
    fn message(&mut self, message: &MessageDescriptor) -> bool {
        if let Some(source) = self.done.get(message.full_name()) {
            return source.is_some();
        }
        let mut body = String::new();
        for field in message
            .fields()
            .filter(|field| field.containing_oneof().is_none())
        {
            self.plain_field(&field, &mut body);
        }
        for oneof in message.oneofs() {
            self.oneof(message, &oneof, &mut body);
        }
        let source = (!body.is_empty()).then(|| implementation(message.name(), &body));
        let holds = source.is_some();
        self.done.insert(message.full_name().to_owned(), source);
        holds
    }

    /// In the body, `&~` stands for `&` or `&mut `, and `~` elsewhere for nothing or `_mut`.
    fn plain_field(&mut self, field: &FieldDescriptor, body: &mut String) {
        let name = ident(field.name());
        let Some(visit) = self.visit(field) else {
            return;
        };
        // Writing to a String cannot fail.
        let _ = if field.is_map() {
            writeln!(
                body,
                "        for text in self.{name}.values~() {{ {visit} }}"
            )
        } else if field.is_list() {
            writeln!(body, "        for text in &~self.{name} {{ {visit} }}")
        } else if matches!(field.kind(), Kind::Message(_)) {
            writeln!(
                body,
                "        if let Some(text) = &~self.{name} {{ {visit} }}"
            )
        } else {
            let visit = visit.replace("text)", &format!("&~self.{name})"));
            writeln!(body, "        {visit}")
        };
    }

    fn oneof(&mut self, message: &MessageDescriptor, oneof: &OneofDescriptor, body: &mut String) {
        let variant = format!("v1::{}::{}", snake(message.name()), camel(oneof.name()));
        let mut arms = String::new();
        for field in oneof.fields() {
            if let Some(visit) = self.visit(&field) {
                let name = camel(field.name());
                let _ = writeln!(arms, "            Some({variant}::{name}(text)) => {visit}");
            }
        }
        if !arms.is_empty() {
            let name = ident(oneof.name());
            let arms = arms.replace(";\n", ",\n");
            let _ = writeln!(
                body,
                "        match &~self.{name} {{\n{arms}            _ => {{}}\n        }}"
            );
        }
    }

    /// The statement that visits the variable `text`; `None` when nothing in the field is visited.
    fn visit(&mut self, field: &FieldDescriptor) -> Option<String> {
        let value = match field.kind() {
            Kind::Message(entry) if entry.is_map_entry() => entry.map_entry_value_field().kind(),
            kind => kind,
        };
        match value {
            Kind::Message(inner) => self
                .message(&inner)
                .then(|| "text.visit_texts~(visit);".to_owned()),
            Kind::String => {
                let kind = self.kind(field)?;
                Some(format!("visit(TextKind::{kind}, text);"))
            }
            _ => None,
        }
    }

    fn kind(&self, field: &FieldDescriptor) -> Option<&'static str> {
        let options = field.options();
        let value = options.get_extension(&self.options);
        let options = value.as_message()?;
        let number = options
            .get_field_by_name("variable")
            .and_then(|value| value.as_enum_number());
        match number {
            Some(1) => Some("Sets"),
            Some(2) => Some("Reads"),
            _ if flag(options, "template") => Some("Template"),
            _ if flag(options, "expression") => Some("Expression"),
            _ => None,
        }
    }
}

fn implementation(name: &str, body: &str) -> String {
    let shared = body.replace("&~", "&").replace('~', "");
    let exclusive = body.replace("&~", "&mut ").replace('~', "_mut");
    format!(
        "impl Texts for v1::{name} {{\n    fn visit_texts<'a>(&'a self, visit: &mut dyn FnMut(TextKind, \
         &'a str)) {{\n{shared}    }}\n\n    fn visit_texts_mut(&mut self, visit: &mut dyn FnMut(TextKind, \
         &mut String)) {{\n{exclusive}    }}\n}}\n\n"
    )
}

fn flag(options: &DynamicMessage, name: &str) -> bool {
    options
        .get_field_by_name(name)
        .and_then(|value| value.as_bool())
        .unwrap_or_default()
}
