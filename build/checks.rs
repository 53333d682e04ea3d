//! Generates the checks of `buf.validate` annotations as plain Rust.
//!
//! A library that interprets the annotations at run time exists; its build needs protoc, and its
//! checks go through reflection on every request. The rules that the contract uses are few, so
//! they are compiled; a rule that this generator does not know fails the build.

use std::fmt::Write as _;

use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    OneofDescriptor, Value,
};

use super::UnknownRule;
use super::names::{camel, ident, snake};
use super::patterns;

type Result<T> = std::result::Result<T, UnknownRule>;

/// The source of an `impl Validate` for every message of `package`.
pub(super) fn generate(pool: &DescriptorPool, package: &str) -> Result<String> {
    let rules = Rules::new(pool)?;
    let mut out = String::new();
    for message in pool.all_messages() {
        if message.package_name() == package && !message.is_map_entry() {
            rules.message(&message, &mut out)?;
        }
    }
    Ok(out)
}

struct Rules {
    field: ExtensionDescriptor,
    message: ExtensionDescriptor,
    oneof: ExtensionDescriptor,
}

impl Rules {
    fn new(pool: &DescriptorPool) -> Result<Self> {
        let extension = |name: &str| {
            pool.get_extension_by_name(name)
                .ok_or_else(|| UnknownRule(name.to_owned()))
        };
        Ok(Self {
            field: extension("buf.validate.field")?,
            message: extension("buf.validate.message")?,
            oneof: extension("buf.validate.oneof")?,
        })
    }

    fn message(&self, message: &MessageDescriptor, out: &mut String) -> Result<()> {
        let mut body = String::new();
        for field in message
            .fields()
            .filter(|field| field.containing_oneof().is_none())
        {
            self.plain_field(&field, &mut body)?;
        }
        for oneof in message.oneofs() {
            self.oneof(message, &oneof, &mut body)?;
        }
        self.message_oneofs(message, &mut body)?;
        let (at, found) = if body.is_empty() {
            ("_at", "_found")
        } else {
            ("at", "found")
        };
        let name = message.name();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "impl Validate for v1::{name} {{\n    fn check(&self, {at}: &Path<'_>, {found}: &mut \
             Violations) {{\n{body}    }}\n}}\n"
        );
        Ok(())
    }

    fn plain_field(&self, field: &FieldDescriptor, body: &mut String) -> Result<()> {
        let rules = message_option(&field.options(), &self.field);
        let ident = ident(field.name());
        let path = format!("at.field(\"{}\")", field.name());
        if field.is_map() {
            return map_field(field, rules.as_ref(), &ident, &path, body);
        }
        if field.is_list() {
            return list_field(field, rules.as_ref(), &ident, &path, body);
        }
        if let Kind::Message(message) = field.kind() {
            if required(rules.as_ref()) {
                let _ = writeln!(
                    body,
                    "        rules::required(self.{ident}.is_some(), &{path}, found);"
                );
            }
            if let Some(check) = message_check(&message, rules.as_ref(), "value", &path)? {
                let _ = writeln!(
                    body,
                    "        if let Some(value) = &self.{ident} {{ {check} }}"
                );
            }
            return Ok(());
        }
        if let Some(rules) = rules {
            let check = scalar_check(
                &field.kind(),
                &rules,
                &format!("self.{ident}"),
                &path,
                field,
            )?;
            let _ = writeln!(body, "        {check}");
        }
        Ok(())
    }

    fn oneof(
        &self,
        message: &MessageDescriptor,
        oneof: &OneofDescriptor,
        body: &mut String,
    ) -> Result<()> {
        let ident = ident(oneof.name());
        let rules = message_option(&oneof.options(), &self.oneof);
        if required(rules.as_ref()) {
            let _ = writeln!(
                body,
                "        rules::required(self.{ident}.is_some(), &at.field(\"{}\"), found);",
                oneof.name()
            );
        }
        let variant = format!("v1::{}::{}", snake(message.name()), camel(oneof.name()));
        let mut arms = String::new();
        for field in oneof.fields() {
            let rules = message_option(&field.options(), &self.field);
            let path = format!("at.field(\"{}\")", field.name());
            let check = match field.kind() {
                Kind::Message(inner) => message_check(&inner, rules.as_ref(), "value", &path)?,
                kind => match rules {
                    Some(rules) => Some(scalar_check(&kind, &rules, "*value", &path, &field)?),
                    None => None,
                },
            };
            if let Some(check) = check {
                let _ = writeln!(
                    arms,
                    "            Some({variant}::{}(value)) => {{ {check} }}",
                    camel(field.name())
                );
            }
        }
        if !arms.is_empty() {
            let all = oneof.fields().count() == arms.lines().count();
            let rest = if all { "None => {}" } else { "_ => {}" };
            let _ = writeln!(
                body,
                "        match &self.{ident} {{\n{arms}            {rest}\n        }}"
            );
        }
        Ok(())
    }

    /// `option (buf.validate.message).oneof`: exactly one of several plain fields.
    fn message_oneofs(&self, message: &MessageDescriptor, body: &mut String) -> Result<()> {
        let Some(rules) = message_option(&message.options(), &self.message) else {
            return Ok(());
        };
        let Some(list) = rules.get_field_by_name("oneof") else {
            return Ok(());
        };
        for group in list.as_list().unwrap_or_default() {
            let Some(group) = group.as_message() else {
                continue;
            };
            let names = strings(group, "fields");
            let set = names
                .iter()
                .map(|name| is_given(message, name))
                .collect::<Vec<_>>()
                .join(", ");
            let _ = writeln!(
                body,
                "        rules::exactly_one(&[{set}], &{names:?}, {}, at, found);",
                flag(group, "required")
            );
        }
        Ok(())
    }
}

/// Whether a field of `self` is given, as source.
fn is_given(message: &MessageDescriptor, name: &str) -> String {
    let field = message.get_field_by_name(name);
    let is_message =
        field.is_some_and(|field| !field.is_list() && field.kind().as_message().is_some());
    match is_message {
        true => format!("self.{}.is_some()", ident(name)),
        false => format!("!self.{}.is_empty()", ident(name)),
    }
}

fn message_check(
    message: &MessageDescriptor,
    rules: Option<&DynamicMessage>,
    value: &str,
    path: &str,
) -> Result<Option<String>> {
    if message.full_name() == "google.protobuf.Duration" {
        let Some(rules) = rules.and_then(|rules| typed(rules, "duration")) else {
            return Ok(None);
        };
        let bounds = ["gt", "gte", "lte"].map(|name| {
            let bound = rules.get_field_by_name(name).filter(|_| has(&rules, name));
            match bound.as_deref().and_then(Value::as_message) {
                Some(bound) => {
                    let seconds = bound.get_field_by_name("seconds").and_then(|v| v.as_i64());
                    format!("Some({})", seconds.unwrap_or_default())
                }
                None => "None".to_owned(),
            }
        });
        known(&rules, &["gt", "gte", "lte"])?;
        return Ok(Some(format!(
            "rules::duration({value}, {}, {}, {}, &{path}, found);",
            bounds[0], bounds[1], bounds[2]
        )));
    }
    if message.package_name() != "etude.v1" {
        return Ok(None);
    }
    Ok(Some(format!("{value}.check(&{path}, found);")))
}

fn list_field(
    field: &FieldDescriptor,
    rules: Option<&DynamicMessage>,
    ident: &str,
    path: &str,
    body: &mut String,
) -> Result<()> {
    let list = rules.and_then(|rules| typed(rules, "repeated"));
    let mut item_rules = None;
    if let Some(list) = &list {
        known(list, &["min_items", "max_items", "unique", "items"])?;
        let _ = writeln!(
            body,
            "        rules::items(self.{ident}.len(), {}, {}, &{path}, found);",
            number(list, "min_items"),
            number(list, "max_items")
        );
        if flag(list, "unique") {
            let _ = writeln!(
                body,
                "        rules::unique(&self.{ident}, &{path}, found);"
            );
        }
        item_rules = typed(list, "items");
    }
    let item = format!("{path}.index(index)");
    let check = match field.kind() {
        Kind::Message(message) => message_check(&message, item_rules.as_ref(), "value", &item)?,
        kind => match item_rules {
            Some(rules) => Some(scalar_check(&kind, &rules, "*value", &item, field)?),
            None => None,
        },
    };
    if let Some(check) = check {
        let _ = writeln!(
            body,
            "        for (index, value) in self.{ident}.iter().enumerate() {{ {check} }}"
        );
    }
    Ok(())
}

fn map_field(
    field: &FieldDescriptor,
    rules: Option<&DynamicMessage>,
    ident: &str,
    path: &str,
    body: &mut String,
) -> Result<()> {
    let Some(map) = rules.and_then(|rules| typed(rules, "map")) else {
        return Ok(());
    };
    known(&map, &["max_pairs", "keys", "values"])?;
    let _ = writeln!(
        body,
        "        rules::items(self.{ident}.len(), None, {}, &{path}, found);",
        number(&map, "max_pairs")
    );
    for (part, value) in [("keys", "*key"), ("values", "*value")] {
        if let Some(rules) = typed(&map, part) {
            let check = scalar_check(
                &Kind::String,
                &rules,
                value,
                &format!("{path}.key(key)"),
                field,
            )?;
            let pattern = if part == "keys" {
                "key"
            } else {
                "(key, value)"
            };
            let each = if part == "keys" { "keys()" } else { "iter()" };
            let _ = writeln!(
                body,
                "        for {pattern} in self.{ident}.{each} {{ {check} }}"
            );
        }
    }
    Ok(())
}

fn scalar_check(
    kind: &Kind,
    rules: &DynamicMessage,
    value: &str,
    path: &str,
    field: &FieldDescriptor,
) -> Result<String> {
    let unknown = || UnknownRule(format!("{}: {rules:?}", field.full_name()));
    match kind {
        Kind::String => {
            let text = typed(rules, "string").ok_or_else(unknown)?;
            known(&text, &["min_len", "max_len", "pattern", "in"])?;
            let pattern = string(&text, "pattern");
            let pattern = match pattern.is_empty() {
                true => "None".to_owned(),
                false => {
                    let words = patterns::words(&pattern).ok_or_else(unknown)?;
                    format!(
                        "Some({{ static PATTERN: LazyLock<Result<Regex, regex::Error>> = \
                         LazyLock::new(|| Regex::new({pattern:?})); (&PATTERN, {words:?}) }})"
                    )
                }
            };
            Ok(format!(
                "rules::text(&{value}, {}, {}, {pattern}, &{:?}, &{path}, found);",
                number(&text, "min_len"),
                number(&text, "max_len"),
                strings(&text, "in"),
            ))
        }
        Kind::Bytes => {
            let bytes = typed(rules, "bytes").ok_or_else(unknown)?;
            known(&bytes, &["max_len"])?;
            Ok(format!(
                "rules::bytes(({value}).len(), {}, &{path}, found);",
                number(&bytes, "max_len")
            ))
        }
        Kind::Enum(descriptor) => {
            let rules = typed(rules, "enum").ok_or_else(unknown)?;
            known(&rules, &["defined_only", "not_in"])?;
            let name = descriptor.name();
            Ok(format!(
                "rules::enumeration({value}, v1::{name}::is_valid({value}), &{:?}, &{path}, found);",
                integers(&rules, "not_in"),
            ))
        }
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 => {
            let name = format!("{kind:?}").to_lowercase();
            let rules = typed(rules, &name).ok_or_else(unknown)?;
            known(&rules, &["gte", "lte", "not_in"])?;
            Ok(format!(
                "rules::integer(rules::{}, i128::from({value}), ({}, {}), &{:?}, &{path}, found);",
                name.to_uppercase(),
                number(&rules, "gte"),
                number(&rules, "lte"),
                integers(&rules, "not_in"),
            ))
        }
        _ => Err(unknown()),
    }
}

// === Reading rules ===

fn message_option(
    options: &DynamicMessage,
    extension: &ExtensionDescriptor,
) -> Option<DynamicMessage> {
    options
        .has_extension(extension)
        .then(|| options.get_extension(extension).as_message().cloned())
        .flatten()
}

fn has(rules: &DynamicMessage, name: &str) -> bool {
    rules.has_field_by_name(name)
}

fn typed(rules: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    has(rules, name)
        .then(|| rules.get_field_by_name(name)?.as_message().cloned())
        .flatten()
}

fn required(rules: Option<&DynamicMessage>) -> bool {
    rules.is_some_and(|rules| flag(rules, "required"))
}

fn flag(rules: &DynamicMessage, name: &str) -> bool {
    rules
        .get_field_by_name(name)
        .and_then(|value| value.as_bool())
        .unwrap_or_default()
}

fn string(rules: &DynamicMessage, name: &str) -> String {
    let value = rules.get_field_by_name(name);
    value
        .as_deref()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn strings(rules: &DynamicMessage, name: &str) -> Vec<String> {
    let Some(list) = rules.get_field_by_name(name) else {
        return Vec::new();
    };
    let list = list.as_list().unwrap_or_default();
    list.iter()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

fn integers(rules: &DynamicMessage, name: &str) -> Vec<i128> {
    let Some(list) = rules.get_field_by_name(name) else {
        return Vec::new();
    };
    list.as_list()
        .unwrap_or_default()
        .iter()
        .filter_map(integer)
        .collect()
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::I32(n) => Some((*n).into()),
        Value::I64(n) => Some((*n).into()),
        Value::U32(n) => Some((*n).into()),
        Value::U64(n) => Some((*n).into()),
        _ => None,
    }
}

/// `Some(n)` or `None`, as source.
fn number(rules: &DynamicMessage, name: &str) -> String {
    let value = has(rules, name)
        .then(|| rules.get_field_by_name(name))
        .flatten();
    match value.as_deref().and_then(integer) {
        Some(number) => format!("Some({number})"),
        None => "None".to_owned(),
    }
}

/// Fails on a rule that would otherwise be ignored.
fn known(rules: &DynamicMessage, names: &[&str]) -> Result<()> {
    match rules
        .fields()
        .find(|(field, _)| !names.contains(&field.name()))
    {
        Some((field, _)) => Err(UnknownRule(field.full_name().to_owned())),
        None => Ok(()),
    }
}
