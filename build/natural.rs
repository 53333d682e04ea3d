//! Generates the parts of every command's natural-language form. The contract has the form as a
//! text with field names in it; reading it by reflection for each executed step would cost more
//! than the step.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, Kind,
    MessageDescriptor,
};

use super::UnknownRule;
use super::commands::actions;
use super::names::{camel, ident};

/// The source of an `impl Natural` for `Command`, and of an `impl Words` for every enum that a
/// form or a target says.
pub(super) fn generate(pool: &DescriptorPool) -> Result<String, UnknownRule> {
    let extension = |name: &str| {
        pool.get_extension_by_name(name)
            .ok_or_else(|| UnknownRule(name.to_owned()))
    };
    let mut forms = Forms {
        command: extension("etude.v1.command")?,
        field: extension("etude.v1.field")?,
        words: extension("etude.v1.words")?,
        enums: BTreeMap::new(),
    };
    let mut arms = String::new();
    for action in actions(pool) {
        if let Kind::Message(message) = action.kind() {
            let form = forms.command(&message)?;
            // Writing to a String cannot fail.
            let _ = writeln!(
                arms,
                "            Some(Action::{}(command)) => {{\n{form}            }}",
                camel(action.name())
            );
        }
    }
    forms.target(pool);
    let words: String = forms.enums.into_values().collect();
    Ok(format!(
        "impl Natural for v1::Command {{\n    #[allow(unused_variables)]\n    \
         fn parts<'a>(&'a self, say: &mut dyn FnMut(Part<'a>)) {{\n        match &self.action {{\n\
         {arms}            None => {{}}\n        }}\n    }}\n}}\n\n{words}"
    ))
}

struct Forms {
    command: ExtensionDescriptor,
    field: ExtensionDescriptor,
    words: ExtensionDescriptor,
    /// The source of each enum's words by name.
    enums: BTreeMap<String, String>,
}

impl Forms {
    fn command(&mut self, message: &MessageDescriptor) -> Result<String, UnknownRule> {
        let options = message.options();
        let value = options.get_extension(&self.command);
        let form = value.as_message().map(|options| text(options, "natural"));
        let mut out = String::new();
        self.form(&form.unwrap_or_default(), message, false, &mut out)?;
        Ok(out)
    }

    /// The statements that say a form, or what one of its brackets holds.
    fn form(
        &mut self,
        form: &str,
        message: &MessageDescriptor,
        bracket: bool,
        out: &mut String,
    ) -> Result<(), UnknownRule> {
        let unclosed = || UnknownRule(format!("the form `{form}`"));
        let mut rest = form;
        while let Some(at) = rest.find(['{', '[']) {
            words(&rest[..at], out);
            let close = match rest[at..].starts_with('{') {
                true => '}',
                false => ']',
            };
            let end = at + rest[at..].find(close).ok_or_else(unclosed)?;
            let inside = &rest[at + 1..end];
            if close == '}' {
                self.value(&named(inside, message)?, bracket, out)?;
            } else {
                let name = inside.split(['{', '}']).nth(1).ok_or_else(unclosed)?;
                let _ = writeln!(
                    out,
                    "                if {} {{",
                    given(&named(name, message)?)
                );
                self.form(inside, message, true, out)?;
                let _ = writeln!(out, "                }}");
            }
            rest = &rest[end + 1..];
        }
        words(rest, out);
        Ok(())
    }

    /// The statement that says a field. A boolean in a bracket only decides upon the bracket.
    fn value(
        &mut self,
        field: &FieldDescriptor,
        bracket: bool,
        out: &mut String,
    ) -> Result<(), UnknownRule> {
        if bracket && matches!(field.kind(), Kind::Bool) {
            return Ok(());
        }
        let name = format!("command.{}", ident(field.name()));
        let _ = match (field.is_list(), field.kind()) {
            (true, _) => {
                let part = self.part(field, "*item")?.replace("&*item", "item");
                writeln!(
                    out,
                    "                say(Part::List({name}.iter().map(|item| {part}).collect()));"
                )
            }
            // The form says how long even if nobody has.
            (false, Kind::Message(message)) if message.name() == "Duration" => {
                let value = format!("{name}.as_ref().unwrap_or(&NO_TIME)");
                writeln!(out, "                say(Part::Duration({value}));")
            }
            (false, Kind::Message(_)) => {
                let part = self.part(field, "value")?.replace("&value", "value");
                writeln!(
                    out,
                    "                if let Some(value) = &{name} {{ say({part}); }}"
                )
            }
            (false, _) => writeln!(out, "                say({});", self.part(field, &name)?),
        };
        Ok(())
    }

    /// The part that `value`, a place of the field's type, is.
    fn part(&mut self, field: &FieldDescriptor, value: &str) -> Result<String, UnknownRule> {
        let unknown = || UnknownRule(format!("{} in a form", field.full_name()));
        Ok(match field.kind() {
            Kind::String => format!("Part::{}(&{value})", self.text_kind(field)),
            Kind::Bool => format!("Part::Word(if {value} {{ \"ok\" }} else {{ \"cancel\" }})"),
            Kind::Int32 | Kind::Uint32 => format!("Part::Number(i64::from({value}))"),
            Kind::Enum(descriptor) => {
                self.enumeration(&descriptor);
                let name = descriptor.name();
                format!("Part::Word(v1::{name}::words({value}).unwrap_or_default())")
            }
            Kind::Message(message) if message.name() == "Target" => {
                format!("Part::Target(&{value})")
            }
            _ => return Err(unknown()),
        })
    }

    fn text_kind(&self, field: &FieldDescriptor) -> &'static str {
        let options = field.options();
        let value = options.get_extension(&self.field);
        let Some(options) = value.as_message() else {
            return "Text";
        };
        let number = options
            .get_field_by_name("variable")
            .and_then(|value| value.as_enum_number());
        match number {
            Some(1..) => "Variable",
            _ if flag(options, "expression") => "Expression",
            _ if flag(options, "template") => "Template",
            _ if flag(options, "bare") => "Bare",
            _ => "Text",
        }
    }

    /// The enums in a target; its own words are composed where templates are known.
    fn target(&mut self, pool: &DescriptorPool) {
        let target = pool.get_message_by_name("etude.v1.Target");
        for field in target.iter().flat_map(MessageDescriptor::fields) {
            if let Kind::Enum(descriptor) = field.kind() {
                self.enumeration(&descriptor);
            }
        }
    }

    /// A value's own words, else its name in lower case with spaces and without the enum's prefix.
    fn enumeration(&mut self, descriptor: &EnumDescriptor) {
        let name = descriptor.name();
        if self.enums.contains_key(name) {
            return;
        }
        let zero = descriptor.get_value(0);
        let prefix = zero.map_or(String::new(), |zero| {
            zero.name().trim_end_matches("UNSPECIFIED").to_owned()
        });
        let mut arms = String::new();
        for value in descriptor.values() {
            let options = value.options();
            let own = options.get_extension(&self.words);
            let words = match own.as_str() {
                Some(words) if !words.is_empty() => words.to_owned(),
                _ if value.number() == 0 => continue,
                _ => {
                    let name = value.name().trim_start_matches(&prefix);
                    name.to_lowercase().replace('_', " ")
                }
            };
            let _ = writeln!(arms, "            {} => {words:?},", value.number());
        }
        let source = format!(
            "impl Words for v1::{name} {{\n    fn words(number: i32) -> Option<&'static str> {{\n        \
             Some(match number {{\n{arms}            _ => return None,\n        }})\n    }}\n}}\n\n"
        );
        self.enums.insert(name.to_owned(), source);
    }
}

fn words(words: &str, out: &mut String) {
    if !words.is_empty() {
        let _ = writeln!(out, "                say(Part::Words({words:?}));");
    }
}

fn named(name: &str, message: &MessageDescriptor) -> Result<FieldDescriptor, UnknownRule> {
    message
        .get_field_by_name(name)
        .ok_or_else(|| UnknownRule(format!("{{{name}}} in the form of {}", message.name())))
}

/// Whether a field differs from its default.
fn given(field: &FieldDescriptor) -> String {
    let name = format!("command.{}", ident(field.name()));
    match field.kind() {
        _ if field.is_list() || field.is_map() => format!("!{name}.is_empty()"),
        _ if field.supports_presence() => format!("{name}.is_some()"),
        Kind::String | Kind::Bytes => format!("!{name}.is_empty()"),
        Kind::Bool => name,
        _ => format!("{name} != 0"),
    }
}

fn text(options: &DynamicMessage, name: &str) -> String {
    let value = options.get_field_by_name(name);
    let text = value.as_deref().and_then(prost_reflect::Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn flag(options: &DynamicMessage, name: &str) -> bool {
    options
        .get_field_by_name(name)
        .and_then(|value| value.as_bool())
        .unwrap_or_default()
}
