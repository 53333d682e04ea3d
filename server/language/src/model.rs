//! What the descriptors say of the messages that a test file holds, read once: the names, shapes
//! and rules of their fields.

mod rules;

use std::collections::HashMap;
use std::sync::LazyLock;

use etude::catalog::{self, FieldSpec};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

pub(crate) use rules::Rules;

/// A message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) descriptor: MessageDescriptor,
    pub(crate) fields: Vec<Field>,
    /// Fields of which exactly one is given.
    pub(crate) pairs: Vec<Vec<String>>,
    names: HashMap<String, usize>,
}

/// A field.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) descriptor: FieldDescriptor,
    pub(crate) spec: FieldSpec,
    pub(crate) shape: Shape,
    pub(crate) rules: Rules,
    /// Whether a file must give it.
    pub(crate) required: bool,
    /// Where the natural-language form of its command says it, unless that is in brackets.
    pub(crate) said: Option<usize>,
}

/// What a value is, of a list or map: what each of its values is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Text,
    Bool,
    /// A whole number, of a type with these bounds.
    Integer(i64, i64),
    /// A word, and the number of each.
    Word(Vec<(String, i32)>),
    Duration,
    /// The message with this full name.
    Message(String),
    /// Something that no test file holds.
    Other,
}

const DURATION: &str = "google.protobuf.Duration";

static MESSAGES: LazyLock<HashMap<String, Message>> = LazyLock::new(|| {
    let mut found = HashMap::new();
    let mut waiting: Vec<_> = etude::DESCRIPTOR_POOL
        .get_message_by_name("etude.v1.Test")
        .into_iter()
        .collect();
    while let Some(descriptor) = waiting.pop() {
        let name = descriptor.full_name().to_owned();
        if found.contains_key(&name) || name == DURATION {
            continue;
        }
        waiting.extend(descriptor.fields().filter_map(|field| match field.kind() {
            Kind::Message(message) if !field.is_map() => Some(message),
            _ => None,
        }));
        found.insert(name, Message::new(descriptor));
    }
    found
});

/// What is known of the message with this full name. A test holds it, so it is known.
pub(crate) fn message(full_name: &str) -> &'static Message {
    static EMPTY: LazyLock<Message> = LazyLock::new(|| {
        Message::new(prost_reflect::ReflectMessage::descriptor(
            &etude::v1::Refresh::default(),
        ))
    });
    MESSAGES.get(full_name).unwrap_or(&EMPTY)
}

impl Message {
    fn new(descriptor: MessageDescriptor) -> Self {
        let mut fields: Vec<_> = descriptor.fields().map(Field::new).collect();
        if let Some(command) = catalog::by_message(descriptor.full_name()) {
            let needed = outside_brackets(&command.natural);
            for field in &mut fields {
                // A text may be empty, but leaving it out is a slip: `write: {into: Name}`.
                field.said = needed.find(&format!("{{{}}}", field.name()));
                field.required |= field.shape == Shape::Text && field.said.is_some();
            }
        }
        spell_words(&mut fields);
        let mut names = HashMap::new();
        for (index, field) in fields.iter().enumerate() {
            names.insert(field.name().to_owned(), index);
            for alias in &field.spec.aliases {
                names.insert(alias.clone(), index);
            }
        }
        for (index, field) in fields.iter().enumerate() {
            let json = field.descriptor.json_name().to_owned();
            names.entry(json).or_insert(index);
        }
        Self {
            pairs: rules::pairs(&descriptor),
            descriptor,
            fields,
            names,
        }
    }

    /// The field with this name, alias or JSON name.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.names.get(name).map(|index| &self.fields[*index])
    }

    /// All by which a file can name one of the fields: its names, and its JSON name.
    pub(crate) fn spellings<'m>(&'m self, field: &'m Field) -> Vec<&'m str> {
        let json = field.descriptor.json_name();
        let is_own = self
            .field(json)
            .is_some_and(|found| found.name() == field.name());
        let other = (is_own && !field.names().any(|name| name == json)).then_some(json);
        field.names().chain(other).collect()
    }

    /// Names and aliases of all fields, for suggestions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().flat_map(Field::names)
    }
}

impl Field {
    fn new(descriptor: FieldDescriptor) -> Self {
        let spec = catalog::field_options(&descriptor);
        let rules = Rules::of(&descriptor);
        Self {
            shape: Shape::of(&value_descriptor(&descriptor)),
            required: !is_alternative(&descriptor)
                && !descriptor.is_list()
                && (spec.required || rules.min_length.is_some_and(|least| least > 0)),
            said: None,
            spec,
            rules,
            descriptor,
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.descriptor.name()
    }

    /// Whether it is one of several of which exactly one is given.
    pub(crate) fn is_alternative(&self) -> bool {
        is_alternative(&self.descriptor)
    }

    /// The name and the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name()).chain(self.spec.aliases.iter().map(String::as_str))
    }

    /// The name that a printed file has. Of a target, a variable and a comparison that is the first
    /// word that reads well: `into`, `as`, `is`.
    pub(crate) fn printed_name(&self) -> &str {
        let is_target = self.shape == Shape::Message("etude.v1.Target".to_owned());
        let is_variable = self.spec.variable != etude::v1::VariableUse::Unspecified;
        if !is_target && !is_variable && !self.is_comparison() {
            return self.name();
        }
        // "element" says no more than "target" does.
        let mut words = self.spec.aliases.iter().filter(|alias| *alias != "element");
        words.next().map_or(self.name(), String::as_str)
    }

    /// Whether it says how values are compared.
    pub(crate) fn is_comparison(&self) -> bool {
        matches!(self.descriptor.kind(), Kind::Enum(of) if of.full_name() == "etude.v1.Comparison")
    }

    /// The message that it holds.
    pub(crate) fn message(&self) -> Option<&'static Message> {
        match &self.shape {
            Shape::Message(name) => Some(message(name)),
            _ => None,
        }
    }
}

/// Descriptions name values of enums as the contract does; files spell them as words.
fn spell_words(fields: &mut [Field]) {
    let mut words = Vec::new();
    for field in fields.iter() {
        if let (Kind::Enum(descriptor), Shape::Word(list)) = (field.descriptor.kind(), &field.shape)
        {
            words.extend(list.iter().filter_map(|(word, number)| {
                let value = descriptor.get_value(*number)?;
                Some((value.name().to_owned(), word.clone()))
            }));
        }
    }
    // A longer name may begin with a shorter one.
    words.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    for (name, word) in &words {
        for field in fields.iter_mut() {
            if field.spec.description.contains(name) {
                field.spec.description = field.spec.description.replace(name, word);
            }
        }
    }
}

/// The parts of a natural-language form that are always said.
fn outside_brackets(form: &str) -> String {
    let parts = form
        .split('[')
        .enumerate()
        .map(|(index, part)| match index {
            0 => part,
            _ => part.split_once(']').map_or("", |(_, rest)| rest),
        });
    parts.collect()
}

/// Whether a message has at most one of this field and others.
fn is_alternative(descriptor: &FieldDescriptor) -> bool {
    descriptor
        .containing_oneof()
        .is_some_and(|oneof| !oneof.is_synthetic())
}

/// Of a map the field of its values, of anything else the field itself.
fn value_descriptor(field: &FieldDescriptor) -> FieldDescriptor {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => entry.map_entry_value_field(),
        _ => field.clone(),
    }
}

impl Shape {
    fn of(field: &FieldDescriptor) -> Self {
        match field.kind() {
            Kind::String => Self::Text,
            Kind::Bool => Self::Bool,
            Kind::Int32 => Self::Integer(i32::MIN.into(), i32::MAX.into()),
            Kind::Uint32 => Self::Integer(0, u32::MAX.into()),
            Kind::Enum(descriptor) => Self::Word(catalog::enum_words(&descriptor)),
            Kind::Message(message) if message.full_name() == DURATION => Self::Duration,
            Kind::Message(message) => Self::Message(message.full_name().to_owned()),
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_a_test_is_known_and_every_field_has_a_shape() {
        assert!(MESSAGES.len() > 110, "{}", MESSAGES.len());
        for message in MESSAGES.values() {
            for field in &message.fields {
                assert_ne!(
                    field.shape,
                    Shape::Other,
                    "{}",
                    field.descriptor.full_name()
                );
            }
        }
    }

    #[test]
    fn fields_are_found_by_every_name() {
        let write = message("etude.v1.Write");
        for name in ["target", "into", "in"] {
            assert_eq!(write.field(name).unwrap().name(), "target");
        }
        let test = message("etude.v1.Test");
        assert_eq!(test.field("startingUrl").unwrap().name(), "starting_url");
        assert_eq!(test.field("data").unwrap().name(), "data_rows");
        assert!(test.field("name").unwrap().required);
        assert!(!message("etude.v1.Target").field("hint").unwrap().required);
    }

    #[test]
    fn a_text_that_a_command_always_says_must_be_given() {
        let required = |name: &str| {
            let message = message(&format!("etude.v1.{name}"));
            let fields = message.fields.iter().filter(|field| field.required);
            fields.map(Field::name).collect::<Vec<_>>()
        };
        assert_eq!(required("Write"), ["target", "text"]);
        assert_eq!(required("AssertVariable"), ["value"]);
        assert_eq!(required("PressKey"), ["key"]);
        assert_eq!(required("TakeScreenshot"), [""; 0]);
        assert_eq!(required("SetVariable"), ["variable", "value"]);
    }
}
