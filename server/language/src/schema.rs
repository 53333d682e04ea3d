//! The JSON Schema of test files, from the descriptors: editors complete and check files by it.

mod value;

use etude::catalog::{self, CommandSpec};
use serde_json::{Map, Value, json};

use crate::decode::{self, ROLE_NAME, ROW_NAME, STEPS, TARGET};
use crate::model::{self, Field, Message};
use value::{alias, bounded, described, field_value, nullable, object, reference};

type Properties = Map<String, Value>;

/// The address that the schema calls itself by.
const ID: &str = "https://etude.dev/schema/v1/test.json";

/// The JSON Schema (2020-12) of test files.
///
/// It accepts what [`crate::parse`] accepts, except for spellings that are tolerated and not
/// recommended (camelCase keys, `top left` for `top_left`), and it does not see templates,
/// variables or the uniqueness of names.
pub fn schema() -> Value {
    let mut definitions = Properties::new();
    value::add_common(&mut definitions);
    definitions.insert("steps".to_owned(), steps());
    definitions.insert("step".to_owned(), step());
    definitions.insert("target".to_owned(), target());
    definitions.insert("variables".to_owned(), variables());
    for spec in catalog::commands() {
        definitions.insert(command_name(spec), command(spec));
    }
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "Étude test",
        "oneOf": [{"required": [STEPS]}, {"required": ["checkpoints"]}],
    });
    let test = object(test_properties(), vec!["name".to_owned()]);
    merge(&mut schema, test);
    merge(&mut schema, json!({"$defs": definitions}));
    schema
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

// === The test ===

fn test_properties() -> Properties {
    let model = model::message("etude.v1.Test");
    let mut properties = Properties::new();
    for field in &model.fields {
        let value = match field.name() {
            "variables" => reference("variables"),
            "data_rows" => data(),
            "setup" | "teardown" => nullable(reference("steps")),
            "checkpoints" => checkpoints(field),
            _ => field_value(field),
        };
        let key = match field.name() {
            "data_rows" => "data",
            name => name,
        };
        properties.insert(key.to_owned(), described(value, &field.spec.description));
    }
    properties.insert(
        STEPS.to_owned(),
        described(
            reference("steps"),
            "The steps of a test with one checkpoint.",
        ),
    );
    properties
}

fn checkpoints(field: &Field) -> Value {
    let model = model::message("etude.v1.Checkpoint");
    let mut properties = Properties::new();
    for inner in &model.fields {
        let value = match inner.name() {
            STEPS => reference("steps"),
            _ => field_value(inner),
        };
        let value = described(value, &inner.spec.description);
        properties.insert(inner.name().to_owned(), value);
    }
    let list = json!({
        "type": "array",
        "items": object(properties, vec![STEPS.to_owned()]),
    });
    let rules = &field.rules;
    bounded(
        list,
        [("minItems", rules.min_items), ("maxItems", rules.max_items)],
    )
}

fn variables() -> Value {
    let model = model::message("etude.v1.Variable");
    let description = |name| {
        model
            .field(name)
            .map_or("", |field| &field.spec.description)
    };
    let mut secret = Properties::new();
    if let Some(field) = model.field("secret") {
        secret.insert("secret".to_owned(), field_value(field));
    }
    let name = model
        .field("name")
        .and_then(|field| field.rules.pattern.clone());
    json!({
        "type": ["object", "null"],
        "propertyNames": bounded(json!({}), [("pattern", name)]),
        "additionalProperties": {
            "anyOf": [
                described(reference("text"), description("value")),
                {"type": "null", "description": "Declared, without a value."},
                described(object(secret, vec!["secret".to_owned()]), description("secret")),
            ],
        },
    })
}

fn data() -> Value {
    let rows = json!({
        "type": ["array", "null"],
        "items": {
            "allOf": [reference("variables")],
            "type": "object",
            "properties": {ROW_NAME: {"description": "What the row is called."}},
        },
    });
    let mut wrapped = Properties::new();
    wrapped.insert("rows".to_owned(), rows.clone());
    json!({"anyOf": [rows, object(wrapped, Vec::new())]})
}

// === Steps ===

fn steps() -> Value {
    json!({"type": "array", "items": reference("step"), "maxItems": 10_000})
}

fn command_name(spec: &CommandSpec) -> String {
    format!("command.{}", spec.yaml)
}

fn keys(spec: &CommandSpec) -> impl Iterator<Item = &String> {
    std::iter::once(&spec.yaml).chain(&spec.yaml_aliases)
}

/// A command and flags, or the name of a command that needs nothing.
fn step() -> Value {
    let mut properties = Properties::new();
    let mut alone = Vec::new();
    let mut one_of = Vec::new();
    for spec in catalog::commands() {
        for key in keys(spec) {
            let own = *key == spec.yaml;
            let value = reference(&command_name(spec));
            let value = match own {
                true => described(value, &spec.description),
                false => alias(value, &spec.yaml),
            };
            properties.insert(key.clone(), value);
            one_of.push(json!({"required": [key]}));
        }
        let model = model::message(spec.message.full_name());
        if !model.fields.iter().any(|field| field.required) && !needs_pair(spec) {
            alone.extend(keys(spec));
        }
    }
    let step = model::message("etude.v1.Step");
    let name = step.field("name");
    for field in name.into_iter().chain(&decode::flags().fields) {
        let value = described(field_value(field), &field.spec.description);
        properties.insert(field.name().to_owned(), value);
    }
    let mut with_flags = object(properties, Vec::new());
    merge(&mut with_flags, json!({"oneOf": one_of}));
    json!({"anyOf": [with_flags, {"type": "string", "enum": alone}]})
}

/// Whether the contract wants exactly one of several fields.
fn needs_pair(spec: &CommandSpec) -> bool {
    spec.message
        .options()
        .extensions()
        .any(|(extension, _)| extension.full_name() == "buf.validate.message")
}

/// The value of a command's key.
fn command(spec: &CommandSpec) -> Value {
    let model = model::message(spec.message.full_name());
    let required = || model.fields.iter().filter(|field| field.required);
    let mut forms = Vec::new();
    if let Some(field) = spec.scalar.as_deref().and_then(|name| model.field(name)) {
        forms.push(match &field.shape {
            // As a map, a target stands beside the command's own keys.
            model::Shape::Message(_) => reference("hint"),
            _ => field_value(field),
        });
    }
    let mut map = object(command_properties(model), Vec::new());
    let needs: Vec<_> = required().map(|field| one_of_names(field, model)).collect();
    if !needs.is_empty() {
        merge(&mut map, json!({"allOf": needs}));
    }
    forms.push(map);
    if required().next().is_none() && !needs_pair(spec) {
        forms.push(json!({"type": "null"}));
    }
    json!({"description": spec.description, "anyOf": forms})
}

fn command_properties(model: &Message) -> Properties {
    let mut properties = Properties::new();
    for field in &model.fields {
        let value = field_value(field);
        for name in &field.spec.aliases {
            properties.insert(name.clone(), alias(value.clone(), field.name()));
        }
        properties.insert(
            field.name().to_owned(),
            described(value, &field.spec.description),
        );
    }
    if model.field(TARGET).is_some() {
        for (key, value) in target_properties() {
            if model.field(&key).is_none() {
                properties.insert(key, value);
            }
        }
    }
    properties
}

/// The field is given by one of its names; a target also by one of its own keys.
fn one_of_names(field: &Field, model: &Message) -> Value {
    let own = field.names().map(str::to_owned);
    let beside = decode::target_message()
        .fields
        .iter()
        .filter(|locator| field.name() == TARGET && decode::is_locator(locator))
        .map(|locator| locator.name().to_owned())
        .filter(|name| model.field(name).is_none());
    let names: Vec<_> = own.chain(beside).collect();
    let mut names = names.into_iter().map(|name| json!({"required": [name]}));
    match (names.next(), names.len()) {
        (Some(only), 0) => only,
        (first, _) => json!({"anyOf": first.into_iter().chain(names).collect::<Vec<_>>()}),
    }
}

// === Targets ===

fn target() -> Value {
    let locators = decode::target_message()
        .fields
        .iter()
        .filter(|field| decode::is_locator(field));
    let one_of: Vec<_> = locators
        .map(|field| json!({"required": [field.name()]}))
        .collect();
    let mut map = object(target_properties(), Vec::new());
    merge(
        &mut map,
        json!({"oneOf": one_of, "dependentRequired": {ROLE_NAME: ["role"]}}),
    );
    json!({"anyOf": [reference("hint"), map]})
}

fn target_properties() -> Properties {
    let mut properties = Properties::new();
    for field in &decode::target_message().fields {
        let value = match field.message() {
            Some(role) => role_forms(&mut properties, role),
            None => field_value(field),
        };
        let value = described(value, &field.spec.description);
        properties.insert(field.name().to_owned(), value);
    }
    properties
}

/// `role: button` with `name: Save` beside it, or both in a map.
fn role_forms(beside: &mut Properties, role: &Message) -> Value {
    let mut inner = Properties::new();
    for field in &role.fields {
        let value = described(field_value(field), &field.spec.description);
        inner.insert(field.name().to_owned(), value);
    }
    if let Some(name) = inner.get(ROLE_NAME) {
        beside.insert(ROLE_NAME.to_owned(), name.clone());
    }
    json!({"anyOf": [reference("text"), object(inner, vec!["role".to_owned()])]})
}
