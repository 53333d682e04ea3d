//! The values in statements: texts, numbers, durations, words and targets.

use etude::DESCRIPTOR_POOL;
use etude::catalog::{self, CommandSpec, FieldSpec};
use etude::v1::VariableUse;
use prost_reflect::{EnumDescriptor, Kind};

use super::target;
use crate::{duration, template};

/// What a statement says of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Given {
    Text(String),
    /// A number, a boolean or a word.
    Plain(String),
    List(Vec<String>),
    /// The keys of a target.
    Target(Vec<(&'static str, String)>),
}

/// A value, and the text behind it.
type Read<'t> = Vec<(Given, &'t str)>;

/// Ordinals in words.
const ORDINALS: [&str; 10] = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
];

/// Numbers in words.
const NUMBERS: [&str; 10] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
];

/// Whether the field is a boolean.
pub(super) fn is_flag(command: &CommandSpec, name: &str) -> bool {
    let field = command.field(name);
    field.is_some_and(|field| field.descriptor.kind() == Kind::Bool)
}

/// The values of a field with which the text may begin, the likeliest first.
pub(super) fn read<'t>(command: &CommandSpec, name: &str, text: &'t str) -> Read<'t> {
    let text = text.trim_start();
    let Some(field) = command.field(name) else {
        return Vec::new();
    };
    match field.descriptor.kind() {
        _ if field.descriptor.is_list() => list(field, text).into_iter().collect(),
        Kind::String => string(field, text),
        Kind::Bool => accept(text).into_iter().collect(),
        Kind::Int32 | Kind::Uint32 => number(text).into_iter().collect(),
        Kind::Enum(words) => word_of(&words, text),
        Kind::Message(message) if message.name() == "Target" => target::read(text),
        Kind::Message(_) => time(text).into_iter().collect(),
        _ => Vec::new(),
    }
}

// === Texts ===

fn string<'t>(field: &FieldSpec, text: &'t str) -> Read<'t> {
    if field.variable != VariableUse::Unspecified {
        return variable(text).into_iter().collect();
    }
    if field.expression {
        return expression(text).into_iter().collect();
    }
    if let Some((inside, rest)) = quoted(text) {
        return vec![(Given::Text(inside), rest)];
    }
    if text.starts_with('$') && field.template {
        return dollar(text).into_iter().collect();
    }
    let bare = field.bare || matches!(field.name.as_str(), "url" | "file");
    match bare {
        true => bare_word(text).into_iter().collect(),
        false => Vec::new(),
    }
}

/// A text in double quotes, in which `\"` and `\\` stand for `"` and `\`.
pub(super) fn quoted(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut out = String::new();
    let mut letters = inside.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((out, &inside[at + 1..])),
            '\\' => match letters.next()?.1 {
                escaped @ ('"' | '\\') => out.push(escaped),
                other => out.extend(['\\', other]),
            },
            other => out.push(other),
        }
    }
    None
}

/// A variable or an expression, as a template.
pub(super) fn dollar(text: &str) -> Option<(Given, &str)> {
    let (value, rest) = text.split_at(template::end_of_first(text)?);
    Some((Given::Text(value.to_owned()), rest))
}

/// `$name` as the name.
pub(super) fn variable(text: &str) -> Option<(Given, &str)> {
    let rest = text.strip_prefix('$')?;
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    (!name.is_empty()).then(|| (Given::Text(name.to_owned()), rest))
}

/// `${…}` as what stands between the braces.
fn expression(text: &str) -> Option<(Given, &str)> {
    let (whole, rest) = text.split_at(template::end_of_first(text)?);
    let inside = whole.strip_prefix("${")?.strip_suffix('}')?;
    Some((Given::Text(inside.to_owned()), rest))
}

fn bare_word(text: &str) -> Option<(Given, &str)> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (!word.is_empty()).then(|| (Given::Text(word.to_owned()), rest))
}

// === Numbers and durations ===

/// A whole number, in digits, as a word or as an ordinal.
fn number(text: &str) -> Option<(Given, &str)> {
    let end = text
        .find(|c: char| c.is_whitespace() || c == ',')
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let lower = word.to_lowercase();
    let in_words = [ORDINALS, NUMBERS]
        .iter()
        .find_map(|list| list.iter().position(|w| *w == lower));
    let number = match in_words {
        Some(index) => i64::try_from(index + 1).ok()?,
        None => word.parse().ok()?,
    };
    let rest = match rest.trim_start().strip_prefix(',') {
        // The comma belongs to the form.
        Some(_) => rest,
        None => rest,
    };
    Some((Given::Plain(number.to_string()), rest))
}

/// `2 seconds`, `500 ms`, `1m30s`.
fn time(text: &str) -> Option<(Given, &str)> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (count, rest) = text.split_at(digits);
    let word_end = |text: &str| text.find(char::is_whitespace).unwrap_or(text.len());
    if !rest.starts_with(' ') {
        let (whole, rest) = text.split_at(word_end(text));
        duration::parse(whole).ok()?;
        return Some((Given::Text(whole.to_owned()), rest));
    }
    let after = rest.trim_start();
    let (unit, rest) = after.split_at(word_end(after));
    let unit = match unit.to_lowercase().as_str() {
        "second" | "seconds" | "s" | "sec" => "s",
        "minute" | "minutes" | "m" | "min" => "m",
        "millisecond" | "milliseconds" | "ms" => "ms",
        "hour" | "hours" | "h" => "h",
        _ => return None,
    };
    let written = format!("{count}{unit}");
    let parsed = duration::parse(&written).ok()?;
    Some((Given::Text(duration::format(&parsed)?), rest))
}

// === Words ===

/// `ok` or `cancel`.
fn accept(text: &str) -> Option<(Given, &str)> {
    for (word, value) in [("ok", "true"), ("cancel", "false")] {
        if let Some(rest) = behind(text, word) {
            return Some((Given::Plain(value.to_owned()), rest));
        }
    }
    None
}

/// The values of an enum whose words the text begins with, the longest first.
fn word_of<'t>(descriptor: &EnumDescriptor, text: &'t str) -> Read<'t> {
    let mut found: Vec<(usize, Given, &'t str)> = words(descriptor)
        .into_iter()
        .filter_map(|(said, value)| {
            let rest = behind(text, &said)?;
            Some((said.len(), Given::Plain(value), rest))
        })
        .collect();
    found.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
    found
        .into_iter()
        .map(|(_, given, rest)| (given, rest))
        .collect()
}

/// How each value of an enum is said, and how a file spells it. The spelling is empty when the
/// default is said alike: then that is meant.
pub(super) fn words(descriptor: &EnumDescriptor) -> Vec<(String, String)> {
    let extension = DESCRIPTOR_POOL.get_extension_by_name("etude.v1.words");
    let said = |number: i32| {
        let options = descriptor.get_value(number)?.options();
        let own = options.get_extension(extension.as_ref()?);
        own.as_str()
            .filter(|words| !words.is_empty())
            .map(str::to_owned)
    };
    let default = said(0);
    catalog::enum_words(descriptor)
        .into_iter()
        .map(|(word, number)| {
            let own = said(number).unwrap_or_else(|| word.replace('_', " "));
            match default.as_ref() == Some(&own) {
                true => (own, String::new()),
                false => (own, word),
            }
        })
        .collect()
}

fn list<'t>(field: &FieldSpec, text: &'t str) -> Option<(Given, &'t str)> {
    let mut items = Vec::new();
    let mut rest = text;
    loop {
        let one = match field.descriptor.kind() {
            Kind::Enum(descriptor) => word_of(&descriptor, rest).into_iter().next(),
            _ => quoted(rest).map(|(text, rest)| (Given::Text(text), rest)),
        };
        let (given, behind_it) = one?;
        match given {
            Given::Text(item) | Given::Plain(item) => items.push(item),
            _ => return None,
        }
        rest = behind_it;
        match behind(rest.trim_start(), "and") {
            Some(next) => rest = next.trim_start(),
            None => return Some((Given::List(items), rest)),
        }
    }
}

/// The text behind words, whatever their case.
pub(super) fn behind<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let (first, rest) = text.split_at_checked(words.len())?;
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric());
    (ends && first.eq_ignore_ascii_case(words)).then_some(rest)
}
