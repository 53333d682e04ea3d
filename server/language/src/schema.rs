//! The JSON Schema of test files, from the descriptors: editors complete and check files by it.

mod blocks;
mod keys;
mod target;
mod value;

use std::collections::BTreeMap;

use etude::catalog::{self, CommandSpec};
use serde_json::{Map, Value, json};

use crate::decode::{self, ROW_NAME, STEPS};
use crate::model::{self, Field};
use keys::{Keys, given};
use value::{alias, bounded, described, field_value, needed, nullable, reference};

type Properties = Map<String, Value>;

/// The address that the schema calls itself by.
const ID: &str = "https://etude.dev/schema/v1/test.json";

/// The JSON Schema (2020-12) of test files.
///
/// It accepts what [`crate::parse`] accepts of the canonical form, in every spelling; the spellings that are only
/// tolerated (camelCase keys, `top left` for `top_left`) are patterns, which editors do not
/// suggest. It refuses what has the wrong structure, type or bounds; it does not see templates,
/// variables or the uniqueness of names.
pub fn schema() -> Value {
    let mut definitions = Properties::new();
    value::add_common(&mut definitions);
    definitions.insert("steps".to_owned(), steps());
    definitions.insert("step".to_owned(), step());
    definitions.insert("block".to_owned(), blocks::block());
    definitions.insert("condition".to_owned(), blocks::condition());
    definitions.insert("target".to_owned(), target::target());
    definitions.insert("variables".to_owned(), variables());
    for spec in catalog::commands() {
        definitions.insert(command_name(spec), command(spec));
    }
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "Étude test",
    });
    merge(&mut schema, test());
    merge(&mut schema, json!({"$defs": definitions}));
    schema
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

// === The test ===

fn test() -> Value {
    let model = model::message("etude.v1.Test");
    let mut keys = Keys::default();
    for field in &model.fields {
        match field.name() {
            "variables" => keys.field(model, field, reference("variables")),
            "data_rows" => {
                keys.field(model, field, data(field));
                keys.add("data", described(data(field), &field.spec.description));
                keys.tolerate("data_rows");
            }
            decode::DATA_FILE => {}
            "definitions" => {
                keys.field(model, field, blocks::definitions());
                let description = &field.spec.description;
                keys.add("define", described(blocks::definitions(), description));
                keys.tolerate("definitions");
            }
            "setup" | "teardown" => keys.field(model, field, nullable(reference("steps"))),
            // Its place can be taken by `steps`.
            "checkpoints" => {
                keys.spellings(model, field, checkpoints(field));
            }
            _ => keys.field(model, field, field_value(field)),
        }
    }
    let only = "The steps of a test with one checkpoint.";
    keys.add(STEPS, described(some_steps(), only));
    keys.one_of(vec![STEPS.to_owned(), "checkpoints".to_owned()], true);
    keys.into_object()
}

fn checkpoints(field: &Field) -> Value {
    let model = model::message("etude.v1.Checkpoint");
    let mut keys = Keys::default();
    for inner in &model.fields {
        let value = match inner.name() {
            STEPS => some_steps(),
            _ => field_value(inner),
        };
        keys.field(model, inner, value);
    }
    let list = json!({"type": "array", "items": keys.into_object()});
    let rules = &field.rules;
    bounded(
        list,
        [("minItems", rules.min_items), ("maxItems", rules.max_items)],
    )
}

fn variables() -> Value {
    let model = model::message("etude.v1.Variable");
    let description = |name: &str| {
        model
            .field(name)
            .map_or("", |field| &field.spec.description)
    };
    let named = |key: &str| {
        let mut keys = Keys::default();
        if let Some(field) = model.field(key) {
            keys.add(key, field_value(field));
            keys.rule(given([key]));
        }
        described(keys.into_object(), description(key))
    };
    let name = model.field("name").map(field_value).unwrap_or_default();
    let value = model.field("value").map(field_value).unwrap_or_default();
    let all = model::message("etude.v1.Test").field("variables");
    let variables = json!({
        "type": ["object", "null"],
        "propertyNames": name,
        "additionalProperties": {
            "anyOf": [
                described(value, description("value")),
                {"type": "null", "description": "Declared, without a value."},
                named("secret"),
                named("env"),
            ],
        },
    });
    let most = all.and_then(|field| field.rules.max_items);
    bounded(variables, [("maxProperties", most)])
}

fn data(field: &Field) -> Value {
    let row = model::message("etude.v1.DataRow").field("name");
    let row_name = row.map(field_value).unwrap_or_default();
    let rows = json!({
        "type": ["array", "null"],
        "items": {
            "allOf": [reference("variables")],
            "type": "object",
            "properties": {ROW_NAME: described(row_name, "What the row is called.")},
        },
    });
    let rows = bounded(rows, [("maxItems", field.rules.max_items)]);
    let mut wrapped = Keys::default();
    wrapped.add("rows", rows.clone());
    wrapped.add(decode::FILE, path());
    let names = ["rows", decode::FILE].map(str::to_owned);
    wrapped.one_of(names.to_vec(), false);
    json!({"anyOf": [rows, wrapped.into_object(), path()]})
}

/// The path of a file.
fn path() -> Value {
    let imports = model::message("etude.v1.Test").field("imports");
    let mut list = imports.map(field_value).unwrap_or_default();
    list["anyOf"][1].take()
}

// === Steps ===

fn steps() -> Value {
    json!({"type": "array", "items": reference("step"), "maxItems": 10_000})
}

/// Steps where there must be one at least.
fn some_steps() -> Value {
    let mut steps = reference("steps");
    steps["minItems"] = 1.into();
    steps
}

fn command_name(spec: &CommandSpec) -> String {
    format!("command.{}", spec.yaml)
}

fn keys(spec: &CommandSpec) -> impl Iterator<Item = &String> {
    std::iter::once(&spec.yaml).chain(&spec.yaml_aliases)
}

/// A command and flags, a block, or the name of a command that needs nothing.
fn step() -> Value {
    let mut all = Keys::default();
    let mut alone = Vec::new();
    let mut commands = Vec::new();
    for spec in catalog::commands() {
        for key in keys(spec) {
            let value = reference(&command_name(spec));
            let value = match *key == spec.yaml {
                true => described(value, &spec.description),
                false => alias(value, &spec.yaml),
            };
            all.add(key, value);
            commands.push(key.clone());
        }
        if needs_nothing(spec) {
            alone.extend(keys(spec));
        }
    }
    all.one_of(commands, true);
    let step = model::message("etude.v1.Step");
    if let Some(name) = step.field("name") {
        all.field(step, name, field_value(name));
    }
    for flag in &decode::flags().fields {
        all.field(decode::flags(), flag, field_value(flag));
    }
    json!({"anyOf": [
        all.into_object(),
        reference("block"),
        {"type": "string", "enum": alone},
    ]})
}

fn needs_nothing(spec: &CommandSpec) -> bool {
    let model = model::message(spec.message.full_name());
    !model.fields.iter().any(needed) && model.pairs.is_empty()
}

/// The value of a command's key.
fn command(spec: &CommandSpec) -> Value {
    let model = model::message(spec.message.full_name());
    let mut forms = Vec::new();
    if let Some(field) = spec.scalar.as_deref().and_then(|name| model.field(name)) {
        forms.push(match &field.shape {
            // As a map, a target stands beside the command's own keys.
            model::Shape::Message(_) => reference("hint"),
            _ => field_value(field),
        });
    }
    let mut map = target::command_keys(model);
    for pair in &model.pairs {
        let fields = pair.iter().filter_map(|name| model.field(name));
        let names: Vec<_> = fields.flat_map(|field| model.spellings(field)).collect();
        // An empty one is as good as none.
        let given = names.iter().map(|name| (*name, json!({"minLength": 1})));
        map.rule(json!({"properties": given.collect::<BTreeMap<_, _>>()}));
        map.one_of(names.into_iter().map(str::to_owned).collect(), true);
    }
    forms.push(map.into_object());
    if needs_nothing(spec) {
        forms.push(json!({"type": "null"}));
    }
    json!({"description": spec.description, "anyOf": forms})
}

#[cfg(test)]
mod tests;
