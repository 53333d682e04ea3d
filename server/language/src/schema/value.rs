//! The schema of values of fields.

use serde_json::{Map, Value, json};

use super::keys::Keys;
use crate::decode;
use crate::model::{Field, Rules, Shape};

/// Definitions that several values share.
pub(super) fn add_common(definitions: &mut Map<String, Value>) {
    definitions.insert(
        "text".to_owned(),
        json!({
            "description": "A text; numbers and booleans are taken as they are written.",
            "type": ["string", "number", "boolean"],
        }),
    );
    let number = "[0-9]+(\\.[0-9]+)?";
    let units = ["h", "m", "s", "ms", "us", "ns"];
    let parts: String = units.map(|unit| format!("({number}{unit})?")).concat();
    definitions.insert(
        "duration".to_owned(),
        json!({
            "description": "A number and a unit, such as 2s, 500ms or 1m30s.",
            "type": "string",
            "minLength": 2,
            "pattern": format!("^{parts}$"),
        }),
    );
    let hint = decode::target_message().field(decode::HINT);
    let hint = hint.map(|field| described(field_value(field), &field.spec.description));
    definitions.insert("hint".to_owned(), hint.unwrap_or_default());
}

/// What may stand as the value of a field.
pub(super) fn field_value(field: &Field) -> Value {
    let rules = &field.rules;
    if field.descriptor.is_map() {
        let map = json!({"type": ["object", "null"], "additionalProperties": reference("text")});
        return bounded(map, [("maxProperties", rules.max_items)]);
    }
    if !field.descriptor.is_list() {
        return single(field, rules);
    }
    let none = Rules::default();
    let item = single(field, rules.items.as_deref().unwrap_or(&none));
    let list = json!({"type": ["array", "null"], "items": item});
    let bounds = [("minItems", rules.min_items), ("maxItems", rules.max_items)];
    let mut list = bounded(list, bounds);
    if rules.unique {
        list["uniqueItems"] = true.into();
    }
    json!({"anyOf": [list, item]})
}

fn single(field: &Field, rules: &Rules) -> Value {
    match &field.shape {
        Shape::Text => text(rules),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Integer(lowest, highest) => {
            let mut value = json!({
                "type": "integer",
                "minimum": rules.least.unwrap_or(*lowest),
                "maximum": rules.most.unwrap_or(*highest),
            });
            if !rules.not.is_empty() {
                value["not"] = json!({"enum": rules.not});
            }
            value
        }
        Shape::Word(words) => {
            let allowed = words
                .iter()
                .filter(|(_, number)| !rules.not.contains(&i64::from(*number)));
            word(&allowed.map(|(word, _)| word.as_str()).collect::<Vec<_>>())
        }
        Shape::Duration => reference("duration"),
        Shape::Message(name) if name == "etude.v1.Target" => match field.required {
            true => reference("target"),
            false => nullable(reference("target")),
        },
        Shape::Message(name) => message(name),
        Shape::Other => json!(false),
    }
}

fn text(rules: &Rules) -> Value {
    let lengths = [
        ("minLength", rules.min_length),
        ("maxLength", rules.max_length),
    ];
    let mut value = bounded(reference("text"), lengths);
    let Some(pattern) = &rules.pattern else {
        return value;
    };
    value["pattern"] = pattern.as_str().into();
    // A pattern says nothing of numbers and booleans; as texts, they must match it too.
    let matches = |text: &str| regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text));
    let unwritten = [("number", "0"), ("boolean", "true")];
    let refused = unwritten.into_iter().filter(|(_, text)| !matches(text));
    let refused: Vec<_> = refused.map(|(kind, _)| kind).collect();
    if !refused.is_empty() {
        value["not"] = json!({"type": refused});
    }
    value
}

/// Adds the bounds that there are.
pub(super) fn bounded<const N: usize, B: Into<Value>>(
    mut value: Value,
    bounds: [(&str, Option<B>); N],
) -> Value {
    for (name, bound) in bounds {
        if let Some(bound) = bound {
            value[name] = bound.into();
        }
    }
    value
}

/// One of the words, for an editor to suggest, or another spelling of one.
fn word(words: &[&str]) -> Value {
    let spellings: Vec<_> = words.iter().map(|word| spellings(word)).collect();
    let pattern = format!("^\\s*({})\\s*$", spellings.join("|"));
    json!({"anyOf": [{"enum": words}, {"type": "string", "pattern": pattern}]})
}

/// A pattern for all that [`crate::suggest::same_word`] takes for `word`.
fn spellings(word: &str) -> String {
    let letter = |letter: char| match letter {
        '_' => "[ _-]*".to_owned(),
        _ => format!("[{letter}{}]", letter.to_ascii_uppercase()),
    };
    word.chars().map(letter).collect()
}

fn message(name: &str) -> Value {
    let model = crate::model::message(name);
    match name {
        "etude.v1.Viewport" => json!({"anyOf": [
            {"type": "string", "pattern": "^\\s*[0-9]+\\s*[x×]\\s*[0-9]+\\s*$"},
            nullable(Keys::of(model).into_object()),
        ]}),
        "etude.v1.BrowserOptions" => {
            let name = model.field("name").map(field_value).unwrap_or_default();
            json!({"anyOf": [name, nullable(Keys::of(model).into_object())]})
        }
        _ => nullable(Keys::of(model).into_object()),
    }
}

/// Whether a file must give the field: without it, it has a value that its rules refuse.
pub(super) fn needed(field: &Field) -> bool {
    let rules = &field.rules;
    let has_zero = !field.descriptor.supports_presence() && !field.descriptor.is_map();
    let refuses_zero = match field.shape {
        _ if field.descriptor.is_list() => rules.min_items.is_some_and(|least| least > 0),
        Shape::Integer(..) => {
            rules.least.is_some_and(|least| least > 0)
                || rules.most.is_some_and(|most| most < 0)
                || rules.not.contains(&0)
        }
        Shape::Word(_) => rules.not.contains(&0),
        _ => false,
    };
    field.required || has_zero && refuses_zero
}

pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// The value, or nothing.
pub(super) fn nullable(value: Value) -> Value {
    json!({"anyOf": [value, {"type": "null"}]})
}

pub(super) fn described(mut value: Value, description: &str) -> Value {
    value["description"] = description.into();
    value
}

/// Another name of something.
pub(super) fn alias(value: Value, of: &str) -> Value {
    described(value, &format!("The same as `{of}`."))
}
