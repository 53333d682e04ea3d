//! The schema of values of fields.

use serde_json::{Map, Value, json};

use crate::decode;
use crate::model::{Field, Message, Rules, Shape};

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
    let mut list = bounded(list, [("maxItems", rules.max_items)]);
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
            let allowed: Vec<_> = allowed.map(|(word, _)| word).collect();
            json!({"enum": allowed})
        }
        Shape::Duration => reference("duration"),
        Shape::Message(name) => message(name),
        Shape::Other => json!(false),
    }
}

fn text(rules: &Rules) -> Value {
    let lengths = [
        ("minLength", rules.min_length),
        ("maxLength", rules.max_length),
    ];
    let value = bounded(reference("text"), lengths);
    bounded(value, [("pattern", rules.pattern.clone())])
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

fn message(name: &str) -> Value {
    let model = crate::model::message(name);
    match name {
        "etude.v1.Target" => reference("target"),
        "etude.v1.Viewport" => json!({"anyOf": [
            {"type": "string", "pattern": "^ *[0-9]+ *[x×] *[0-9]+ *$"},
            message_map(model),
        ]}),
        "etude.v1.BrowserOptions" => {
            let name = model.field("name").map(field_value).unwrap_or_default();
            json!({"anyOf": [name, nullable(message_map(model))]})
        }
        _ => nullable(message_map(model)),
    }
}

fn message_map(model: &Message) -> Value {
    let mut properties = Map::new();
    for field in &model.fields {
        let value = described(field_value(field), &field.spec.description);
        properties.insert(field.name().to_owned(), value);
    }
    let required = model.fields.iter().filter(|field| field.required);
    object(properties, required.map(|f| f.name().to_owned()).collect())
}

/// A map with these keys and no others.
pub(super) fn object(properties: Map<String, Value>, required: Vec<String>) -> Value {
    let mut value = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        value["required"] = required.into();
    }
    value
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
