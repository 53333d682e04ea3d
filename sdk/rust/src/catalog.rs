//! The catalogue of commands, derived from the descriptors: what `CommandService` lists, what a
//! test file's keys mean, and what the command line offers.

mod info;

use std::collections::HashMap;
use std::sync::LazyLock;

use prost_reflect::{
    DynamicMessage, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    ServiceDescriptor, Value,
};

use crate::DESCRIPTOR_POOL;
use crate::v1::{Backend, Command, VariableUse};

/// One command.
#[derive(Debug)]
pub struct CommandSpec {
    /// The group, such as `interact`.
    pub group: String,
    /// The name within the group, in kebab case, such as `double-click`.
    pub name: String,
    /// Other names within the group.
    pub aliases: Vec<String>,
    /// The key of a step in a test file, such as `double_click`.
    pub yaml: String,
    /// Other keys that mean the same.
    pub yaml_aliases: Vec<String>,
    /// The field that the short form of a step fills.
    pub scalar: Option<String>,
    /// The natural-language form, as `CommandOptions` in the contract describes it.
    pub natural: String,
    /// The backends that can execute it.
    pub backends: Vec<Backend>,
    /// What it does.
    pub description: String,
    /// Its fields, in order.
    pub fields: Vec<FieldSpec>,
    /// Its message.
    pub message: MessageDescriptor,
    /// Its field in the `action` of [`Command`].
    pub action: FieldDescriptor,
    /// Path of its own method, such as `/etude.v1.InteractService/Click`.
    pub method: String,
}

/// One field of a command.
#[derive(Debug)]
pub struct FieldSpec {
    /// The name, in snake case.
    pub name: String,
    /// Other names in a test file.
    pub aliases: Vec<String>,
    /// Whether its text is a template.
    pub template: bool,
    /// Whether its text is JavaScript evaluated in the page.
    pub expression: bool,
    /// What the command does with the variable that its text names.
    pub variable: VariableUse,
    /// Whether the natural-language form shows its text without quotes.
    pub bare: bool,
    /// Whether it must be given.
    pub required: bool,
    /// Meaning, unit, default and bounds.
    pub description: String,
    /// Its descriptor.
    pub descriptor: FieldDescriptor,
}

impl CommandSpec {
    /// `group/name`, the command's name in events and in `commands/{group}/{name}`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }

    /// The field with this name or alias.
    pub fn field(&self, name: &str) -> Option<&FieldSpec> {
        self.fields
            .iter()
            .find(|field| field.name == name || field.aliases.iter().any(|a| a == name))
    }

    /// Whether the backend can execute the command.
    pub fn supports(&self, backend: Backend) -> bool {
        self.backends.contains(&backend)
    }
}

/// Every command, ordered by its field number in [`Command`]: by group, then as documented.
pub fn commands() -> &'static [CommandSpec] {
    &CATALOG.commands
}

/// The command with this YAML key or alias.
pub fn by_yaml(key: &str) -> Option<&'static CommandSpec> {
    CATALOG
        .by_yaml
        .get(key)
        .map(|index| &CATALOG.commands[*index])
}

/// The command with this group and name or alias.
pub fn by_name(group: &str, name: &str) -> Option<&'static CommandSpec> {
    commands().iter().find(|spec| {
        spec.group == group && (spec.name == name || spec.aliases.iter().any(|a| a == name))
    })
}

/// The command whose message has this full name, such as `etude.v1.Click`.
pub fn by_message(full_name: &str) -> Option<&'static CommandSpec> {
    CATALOG
        .by_message
        .get(full_name)
        .map(|index| &CATALOG.commands[*index])
}

/// What the catalogue says of a command; `None` when its `action` is empty.
pub fn of(command: &Command) -> Option<&'static CommandSpec> {
    let number = command.action.as_ref()?.field_number();
    let index = *CATALOG.by_number.get(number as usize)?;
    index.map(|index| &CATALOG.commands[index])
}

/// The options of a field of any message, such as those of [`crate::v1::Target`].
pub fn field_options(field: &FieldDescriptor) -> FieldSpec {
    CATALOG.extensions.field(field)
}

/// The comments of a service and of its methods, each as one paragraph.
pub fn service_comments(service: &ServiceDescriptor) -> (String, Vec<String>) {
    let methods = service.methods().map(|method| comment(method.full_name()));
    (comment(service.full_name()), methods.collect())
}

/// The comment of an enum's value, as one paragraph.
pub(crate) fn comment_of_enum_value(descriptor: &EnumDescriptor, number: i32) -> String {
    let value = descriptor.get_value(number);
    value.map_or(String::new(), |value| comment(value.full_name()))
}

/// The names of an enum's values in lower case, without their common prefix and without the
/// unspecified value: the spelling of test files.
pub fn enum_words(descriptor: &EnumDescriptor) -> Vec<(String, i32)> {
    let prefix = enum_prefix(descriptor);
    descriptor
        .values()
        .filter(|value| value.number() != 0)
        .map(|value| {
            (
                value.name().trim_start_matches(&prefix).to_lowercase(),
                value.number(),
            )
        })
        .collect()
}

fn enum_prefix(descriptor: &EnumDescriptor) -> String {
    let zero = descriptor.get_value(0);
    zero.map_or(String::new(), |zero| {
        zero.name().trim_end_matches("UNSPECIFIED").to_owned()
    })
}

// === Building it ===

struct Catalog {
    commands: Vec<CommandSpec>,
    by_yaml: HashMap<String, usize>,
    by_message: HashMap<String, usize>,
    /// Places of the commands by the numbers of their fields.
    by_number: Vec<Option<usize>>,
    extensions: Extensions,
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let extensions = Extensions::new();
    let commands: Vec<_> = actions()
        .filter_map(|action| extensions.command(action))
        .collect();
    let mut by_yaml = HashMap::new();
    let mut by_message = HashMap::new();
    let numbers = commands
        .iter()
        .map(|spec| spec.action.number() as usize + 1);
    let mut by_number = vec![None; numbers.max().unwrap_or_default()];
    for (index, spec) in commands.iter().enumerate() {
        by_number[spec.action.number() as usize] = Some(index);
        by_message.insert(spec.message.full_name().to_owned(), index);
        for key in std::iter::once(&spec.yaml).chain(&spec.yaml_aliases) {
            by_yaml.insert(key.clone(), index);
        }
    }
    Catalog {
        commands,
        by_yaml,
        by_message,
        by_number,
        extensions,
    }
});

fn actions() -> impl Iterator<Item = FieldDescriptor> {
    let command = DESCRIPTOR_POOL.get_message_by_name("etude.v1.Command");
    let mut fields: Vec<_> = command.iter().flat_map(MessageDescriptor::fields).collect();
    fields.sort_by_key(FieldDescriptor::number);
    fields.into_iter()
}

struct Extensions {
    command: ExtensionDescriptor,
    field: ExtensionDescriptor,
    validate: ExtensionDescriptor,
}

impl Extensions {
    #[allow(clippy::expect_used)]
    fn new() -> Self {
        let get = |name: &str| {
            // The pool is built from the contract that declares them.
            DESCRIPTOR_POOL
                .get_extension_by_name(name)
                .expect("the contract declares its options")
        };
        Self {
            command: get("etude.v1.command"),
            field: get("etude.v1.field"),
            validate: get("buf.validate.field"),
        }
    }

    fn command(&self, action: FieldDescriptor) -> Option<CommandSpec> {
        let Kind::Message(message) = action.kind() else {
            return None;
        };
        let options = message.options();
        let value = options.get_extension(&self.command);
        let options = value.as_message()?;
        let group = text(options, "group");
        Some(CommandSpec {
            name: text(options, "name"),
            aliases: texts(options, "aliases"),
            yaml: text(options, "yaml"),
            yaml_aliases: texts(options, "yaml_aliases"),
            scalar: Some(text(options, "scalar")).filter(|scalar| !scalar.is_empty()),
            natural: text(options, "natural"),
            backends: backends(options),
            description: comment(message.full_name()),
            fields: message.fields().map(|field| self.field(&field)).collect(),
            method: method_path(&group, message.name()),
            group,
            message,
            action,
        })
    }

    fn field(&self, field: &FieldDescriptor) -> FieldSpec {
        let options = field.options();
        let value = options.get_extension(&self.field);
        let ours = value.as_message();
        let rules = options.get_extension(&self.validate);
        let rule = |name: &str| {
            let rules = rules.as_message()?;
            rules.get_field_by_name(name)?.as_bool()
        };
        let description = comment(field.full_name());
        FieldSpec {
            name: field.name().to_owned(),
            aliases: ours
                .map(|options| texts(options, "aliases"))
                .unwrap_or_default(),
            template: ours.is_some_and(|options| flag(options, "template")),
            expression: ours.is_some_and(|options| flag(options, "expression")),
            variable: ours.map(variable_use).unwrap_or_default(),
            bare: ours.is_some_and(|options| flag(options, "bare")),
            required: rule("required").unwrap_or_default() || description.contains("Required"),
            description,
            descriptor: field.clone(),
        }
    }
}

fn method_path(group: &str, message: &str) -> String {
    let mut letters = group.chars();
    let service: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    format!("/etude.v1.{service}Service/{message}")
}

fn backends(options: &DynamicMessage) -> Vec<Backend> {
    let Some(list) = options.get_field_by_name("backends") else {
        return Vec::new();
    };
    let numbers = list
        .as_list()
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_enum_number);
    numbers
        .filter_map(|number| Backend::try_from(number).ok())
        .collect()
}

fn variable_use(options: &DynamicMessage) -> VariableUse {
    let number = options
        .get_field_by_name("variable")
        .and_then(|value| value.as_enum_number());
    number
        .and_then(|number| VariableUse::try_from(number).ok())
        .unwrap_or_default()
}

fn text(options: &DynamicMessage, name: &str) -> String {
    let value = options.get_field_by_name(name);
    value
        .as_deref()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn flag(options: &DynamicMessage, name: &str) -> bool {
    options
        .get_field_by_name(name)
        .and_then(|value| value.as_bool())
        .unwrap_or_default()
}

fn texts(options: &DynamicMessage, name: &str) -> Vec<String> {
    let Some(list) = options.get_field_by_name(name) else {
        return Vec::new();
    };
    let list = list.as_list().unwrap_or_default();
    list.iter()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

/// What the contract says of an element, as one paragraph; empty for those of other packages.
fn comment(full_name: &str) -> String {
    let found = COMMENTS.binary_search_by_key(&full_name, |(name, _)| name);
    found.map_or_else(|_| String::new(), |index| COMMENTS[index].1.to_owned())
}

include!(concat!(env!("OUT_DIR"), "/etude_comments.rs"));

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::v1::{Click, command::Action};

    #[test]
    fn every_action_of_command_is_in_the_catalogue() {
        assert_eq!(actions().count(), commands().len());
        assert!(commands().len() >= 100, "{}", commands().len());
    }

    #[test]
    fn yaml_keys_and_names_are_unique() {
        let mut keys = HashSet::new();
        let mut names = HashSet::new();
        for spec in commands() {
            for key in std::iter::once(&spec.yaml).chain(&spec.yaml_aliases) {
                assert!(keys.insert(key.clone()), "{key} stands twice");
            }
            for name in std::iter::once(&spec.name).chain(&spec.aliases) {
                assert!(
                    names.insert((spec.group.clone(), name.clone())),
                    "{name} stands twice"
                );
            }
        }
    }

    #[test]
    fn every_command_is_described_and_has_its_own_method() {
        for spec in commands() {
            assert!(!spec.description.is_empty(), "{}", spec.yaml);
            assert!(!spec.natural.is_empty(), "{}", spec.yaml);
            assert!(!spec.backends.is_empty(), "{}", spec.yaml);
            let (service, method) = spec.method[1..].split_once('/').unwrap();
            let service = DESCRIPTOR_POOL.get_service_by_name(service).unwrap();
            assert!(
                service.methods().any(|m| m.name() == method),
                "{}",
                spec.method
            );
            for field in &spec.fields {
                assert!(
                    !field.description.is_empty(),
                    "{}.{}",
                    spec.yaml,
                    field.name
                );
            }
        }
    }

    #[test]
    fn names_in_options_are_fields_of_the_command() {
        for spec in commands() {
            let fields = || spec.fields.iter().map(|field| field.name.as_str());
            if let Some(scalar) = &spec.scalar {
                assert!(
                    fields().any(|name| name == scalar),
                    "{}: {scalar}",
                    spec.yaml
                );
            }
            for part in spec.natural.split('{').skip(1) {
                let name = part.split('}').next().unwrap();
                assert!(
                    fields().any(|field| field == name),
                    "{}: {{{name}}}",
                    spec.yaml
                );
            }
            let mut names = HashSet::new();
            for field in &spec.fields {
                for name in std::iter::once(&field.name).chain(&field.aliases) {
                    assert!(
                        names.insert(name.clone()),
                        "{}: {name} stands twice",
                        spec.yaml
                    );
                }
            }
        }
    }

    #[test]
    fn a_command_is_found_by_key_name_and_value() {
        let click = by_yaml("click").unwrap();
        assert_eq!(click.path(), "interact/click");
        assert!(std::ptr::eq(click, by_name("interact", "click").unwrap()));
        let command = Command {
            action: Some(Action::Click(Click::default())),
        };
        assert!(std::ptr::eq(click, of(&command).unwrap()));
        assert!(click.field("on").unwrap().required);
        assert_eq!(click.method, "/etude.v1.InteractService/Click");
    }

    #[test]
    fn enum_words_have_no_prefix() {
        let descriptor = DESCRIPTOR_POOL
            .get_enum_by_name("etude.v1.ClickPosition")
            .unwrap();
        assert_eq!(enum_words(&descriptor)[0], ("top_left".to_owned(), 1));
    }
}
