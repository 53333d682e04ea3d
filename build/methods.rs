//! Generates the constructor of every command and the session's method that executes it, from the
//! command's natural-language form: `write {text} in {target}` becomes
//! `session.write(text, target)`.

use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};

use super::commands::actions;
use super::names::{ident, snake};

/// The source of the constructors and of the methods of `Session`.
pub(super) fn generate(pool: &DescriptorPool) -> String {
    let mut constructors = String::new();
    let mut methods = String::new();
    for action in actions(pool) {
        let Kind::Message(message) = action.kind() else {
            continue;
        };
        let Some(options) = options(pool, &message) else {
            continue;
        };
        let parameters = parameters(pool, &message, &options);
        command(
            &message,
            &options,
            &parameters,
            &mut constructors,
            &mut methods,
        );
    }
    format!("{constructors}impl crate::Session {{\n{methods}}}\n")
}

fn command(
    message: &MessageDescriptor,
    options: &DynamicMessage,
    parameters: &[Parameter],
    constructors: &mut String,
    methods: &mut String,
) {
    let name = message.name();
    let natural = text(options, "natural");
    let join =
        |part: fn(&Parameter) -> String| parameters.iter().map(part).collect::<Vec<_>>().join(", ");
    let list = join(|parameter| format!("{}: {}", parameter.name, parameter.kind));
    let names = join(|parameter| parameter.name.clone());
    let fields: String = parameters
        .iter()
        .map(|parameter| match parameter.value == parameter.name {
            true => format!("{}, ", parameter.name),
            false => format!("{}: {}, ", parameter.name, parameter.value),
        })
        .collect();
    let all = message.fields().len() == parameters.len();
    let rest = if all { "" } else { "..Self::default() " };
    // Writing to a String cannot fail.
    let _ = writeln!(
        constructors,
        "impl v1::{name} {{\n    /// `{natural}`\n    pub fn new({list}) -> Self {{\n        \
         Self {{ {fields}{rest}}}\n    }}\n}}\n"
    );
    let method = ident(&snake(name));
    let receiver = if list.is_empty() { "&self" } else { "&self, " };
    let _ = writeln!(
        methods,
        "    /// `{natural}`\n    ///\n    /// # Errors\n    ///\n    /// As [`Session::run`](crate::Session::run).\n    \
         pub async fn {method}({receiver}{list}) -> crate::Result<v1::StepResult> {{\n        \
         self.run(v1::{name}::new({names})).await\n    }}\n"
    );
}

/// One parameter of a constructor.
struct Parameter {
    name: String,
    kind: &'static str,
    value: String,
}

/// The required fields, that of the short form, and those that the natural-language form always
/// says; in the order in which it says them.
fn parameters(
    pool: &DescriptorPool,
    message: &MessageDescriptor,
    options: &DynamicMessage,
) -> Vec<Parameter> {
    let natural = text(options, "natural");
    let scalar = text(options, "scalar");
    let always = placeholders(&without_brackets(&natural));
    let either = first_of_exactly_one(pool, message);
    let mut fields: Vec<FieldDescriptor> = message
        .fields()
        .filter(|field| {
            let name = field.name();
            required(pool, field)
                || name == scalar
                || either.as_deref() == Some(name)
                || (scalar.is_empty() && always.iter().any(|said| said == name))
        })
        .collect();
    let said = placeholders(&natural);
    fields.sort_by_key(|field| {
        let place = said.iter().position(|name| name == field.name());
        place.unwrap_or(usize::MAX)
    });
    fields.iter().filter_map(parameter).collect()
}

fn placeholders(natural: &str) -> Vec<String> {
    let parts = natural.split('{').skip(1);
    parts
        .filter_map(|part| Some(part.split_once('}')?.0.to_owned()))
        .collect()
}

/// The form without its `[…]`, which are said for other than default values only.
fn without_brackets(natural: &str) -> String {
    let mut parts = natural.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        out + part.split_once(']').map_or(part, |(_, rest)| rest)
    })
}

/// The first of several fields of which exactly one must be set.
fn first_of_exactly_one(pool: &DescriptorPool, message: &MessageDescriptor) -> Option<String> {
    let extension = pool.get_extension_by_name("buf.validate.message")?;
    let options = message.options();
    let rules = options.get_extension(&extension);
    let groups = rules.as_message()?.get_field_by_name("oneof")?.into_owned();
    let group = groups.as_list()?.first()?.as_message()?.clone();
    let fields = group.get_field_by_name("fields")?.into_owned();
    fields.as_list()?.first()?.as_str().map(str::to_owned)
}

/// `None` for a field of a kind that a call cannot spell shortly; the struct has it.
fn parameter(field: &FieldDescriptor) -> Option<Parameter> {
    if field.is_list() || field.is_map() {
        return None;
    }
    let name = ident(field.name());
    let (kind, value) = match field.kind() {
        Kind::String => ("impl Into<String>", format!("{name}.into()")),
        Kind::Bool => ("bool", name.clone()),
        Kind::Int32 => ("i32", name.clone()),
        Kind::Uint32 => ("u32", name.clone()),
        Kind::Enum(list) if list.name() == "Comparison" => {
            ("v1::Comparison", format!("{name} as i32"))
        }
        Kind::Message(message) if message.name() == "Target" => {
            ("impl Into<v1::Target>", format!("Some({name}.into())"))
        }
        Kind::Message(message) if message.full_name() == "google.protobuf.Duration" => {
            ("std::time::Duration", format!("crate::duration({name})"))
        }
        _ => return None,
    };
    Some(Parameter { name, kind, value })
}

fn options(pool: &DescriptorPool, message: &MessageDescriptor) -> Option<DynamicMessage> {
    let extension = pool.get_extension_by_name("etude.v1.command")?;
    let options = message.options();
    let value = options.get_extension(&extension);
    value.as_message().cloned()
}

fn required(pool: &DescriptorPool, field: &FieldDescriptor) -> bool {
    let rules = pool.get_extension_by_name("buf.validate.field");
    rules.is_some_and(|rules| {
        let options = field.options();
        let value = options.get_extension(&rules);
        let flag = value
            .as_message()
            .and_then(|rules| Some(rules.get_field_by_name("required")?.as_bool() == Some(true)));
        flag.unwrap_or_default()
    })
}

fn text(options: &DynamicMessage, name: &str) -> String {
    let value = options.get_field_by_name(name);
    let text = value.as_deref().and_then(|value| value.as_str());
    text.unwrap_or_default().to_owned()
}
