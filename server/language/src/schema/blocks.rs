//! The schema of steps that are blocks.

use std::collections::BTreeMap;

use etude::catalog::{self, CommandSpec};
use serde_json::{Value, json};

use super::keys::Keys;
use super::value::{bounded, described, field_value, nullable, reference};
use super::{command_name, path, some_steps};
use crate::decode::{self, ASSERT, FILE, INCLUDE, NOT_OF_BLOCKS, PARAMS, WITH};
use crate::model;

/// A block with its name and flags.
pub(super) fn block() -> Value {
    let condition = || reference("condition");
    let steps = || nullable(reference("steps"));
    json!({"anyOf": [
        kind(
            "Steps that are executed when a condition holds.",
            [("if", condition()), ("then", some_steps())],
            [("elif", elif()), ("else", steps())],
        ),
        kind(
            "Steps that are executed a number of times.",
            [("repeat", field("RepeatBlock", "count")), ("steps", some_steps())],
            [],
        ),
        kind(
            "Steps that are executed as long as a condition holds.",
            [("while", condition()), ("steps", some_steps())],
            [("max", field("WhileBlock", "max"))],
        ),
        kind(
            "Steps that are executed for each item of a list.",
            [
                ("for_each", field("ForEachBlock", "variable")),
                ("in", list()),
                ("steps", some_steps()),
            ],
            [],
        ),
        kind(
            "Steps whose failure is dealt with by others.",
            [("try", some_steps())],
            [("catch", steps()), ("finally", steps())],
        ),
        kind(
            "The steps of a definition.",
            [("use", used())],
            [(WITH, arguments())],
        ),
        kind(
            "The steps of another file.",
            [(INCLUDE, included())],
            [(WITH, arguments())],
        ),
    ]})
}

/// A path, or a map with values for parameters.
fn included() -> Value {
    let mut keys = Keys::default();
    keys.add(FILE, path());
    keys.rule(json!({"required": [FILE]}));
    let others = [WITH, PARAMS, "arguments"];
    for name in others {
        keys.add(name, arguments());
    }
    keys.tolerate(PARAMS);
    keys.tolerate("arguments");
    keys.one_of(others.map(str::to_owned).to_vec(), false);
    json!({"anyOf": [path(), keys.into_object()]})
}

/// A name, or a map with values for parameters.
fn used() -> Value {
    let mut keys = Keys::default();
    for name in ["block", "name"] {
        keys.add(name, field("UseBlock", "block"));
    }
    keys.tolerate("name");
    keys.one_of(vec!["block".to_owned(), "name".to_owned()], true);
    let others = [WITH, PARAMS, "arguments"];
    for name in others {
        keys.add(name, arguments());
    }
    keys.tolerate(PARAMS);
    keys.tolerate("arguments");
    keys.one_of(others.map(str::to_owned).to_vec(), false);
    json!({"anyOf": [field("UseBlock", "block"), keys.into_object()]})
}

/// A value for each parameter.
fn arguments() -> Value {
    let argument = model::message("etude.v1.Argument");
    let of = |name| argument.field(name).map(field_value).unwrap_or_default();
    let most = model::message("etude.v1.UseBlock").field("arguments");
    let map = json!({
        "type": ["object", "null"],
        "propertyNames": of("name"),
        "additionalProperties": of("value"),
    });
    bounded(
        map,
        [(
            "maxProperties",
            most.and_then(|field| field.rules.max_items),
        )],
    )
}

/// A map of definitions by name.
pub(super) fn definitions() -> Value {
    let definition = model::message("etude.v1.Definition");
    let test = model::message("etude.v1.Test").field("definitions");
    let name = definition
        .field("name")
        .map(field_value)
        .unwrap_or_default();
    let mut keys = Keys::default();
    for name in [PARAMS, "parameters"] {
        keys.add(name, parameters());
    }
    keys.tolerate("parameters");
    keys.one_of(vec![PARAMS.to_owned(), "parameters".to_owned()], false);
    keys.add("steps", some_steps());
    keys.rule(json!({"required": ["steps"]}));
    let map = json!({
        "type": ["object", "null"],
        "propertyNames": name,
        "additionalProperties": {"anyOf": [some_steps(), keys.into_object()]},
    });
    bounded(
        map,
        [(
            "maxProperties",
            test.and_then(|field| field.rules.max_items),
        )],
    )
}

/// A list of names, or a map of names and defaults.
fn parameters() -> Value {
    let parameter = model::message("etude.v1.Parameter");
    let of = |name| parameter.field(name).map(field_value).unwrap_or_default();
    let all = model::message("etude.v1.Definition").field("parameters");
    let most = all.and_then(|field| field.rules.max_items);
    let list = json!({"type": "array", "items": of("name")});
    let map = json!({
        "type": ["object", "null"],
        "propertyNames": of("name"),
        "additionalProperties": nullable(of("default_value")),
    });
    json!({"anyOf": [
        bounded(list, [("maxItems", most)]),
        bounded(map, [("maxProperties", most)]),
    ]})
}

fn kind<const N: usize, const M: usize>(
    description: &str,
    needed: [(&str, Value); N],
    others: [(&str, Value); M],
) -> Value {
    let mut keys = Keys::default();
    let names = needed.iter().map(|(name, _)| *name);
    keys.rule(json!({"required": names.collect::<Vec<_>>()}));
    for (key, value) in needed.into_iter().chain(others) {
        keys.add(key, value);
    }
    let step = model::message("etude.v1.Step");
    if let Some(name) = step.field("name") {
        keys.field(step, name, field_value(name));
    }
    let flags = decode::flags();
    for flag in &flags.fields {
        if !NOT_OF_BLOCKS.contains(&flag.name()) {
            keys.field(flags, flag, field_value(flag));
        }
    }
    described(keys.into_object(), description)
}

fn field(message: &str, name: &str) -> Value {
    let field = model::message(&format!("etude.v1.{message}")).field(name);
    field.map_or(Value::Null, |field| {
        described(field_value(field), &field.spec.description)
    })
}

/// A list of texts and records, a text that stands for a list, or a file.
fn list() -> Value {
    let mut file = Keys::default();
    file.add(FILE, path());
    file.rule(json!({"required": [FILE]}));
    let items = model::message("etude.v1.ForEachBlock").field("items");
    let most = items.and_then(|field| field.rules.max_items);
    let text = field("Argument", "value");
    let records = json!({"type": "array", "items": {"anyOf": [text, {"type": "object"}]}});
    json!({"anyOf": [
        field("ForEachBlock", "items"),
        bounded(records, [("maxItems", most)]),
        file.into_object(),
    ]})
}

fn elif() -> Value {
    let mut keys = Keys::default();
    keys.add("if", reference("condition"));
    keys.add("then", some_steps());
    keys.rule(json!({"required": ["if", "then"]}));
    let branch = keys.into_object();
    let most = model::message("etude.v1.IfBlock").field("branches");
    let most = most.and_then(|field| field.rules.max_items);
    let list = json!({"type": "array", "items": branch});
    // The first branch is that of the `if`.
    let list = bounded(list, [("maxItems", most.map(|most| most - 1))]);
    json!({"anyOf": [list, branch, {"type": "null"}]})
}

/// A text, or a map: a comparison, `not`, or an assertion.
pub(super) fn condition() -> Value {
    let mut keys = Keys::default();
    keys.add("not", described(reference("condition"), "The opposite."));
    let assertions = assertions();
    for (key, spec) in &assertions {
        let value = reference(&command_name(spec));
        keys.add(key, described(value, &spec.description));
    }
    let names = assertions.into_keys().map(str::to_owned);
    let names = names.chain(["not".to_owned()]).collect();
    keys.one_of(names, true);
    json!({"anyOf": [
        field("Condition", "expression"),
        keys.into_object(),
        {"type": "object", "minProperties": 2, "$ref": "#/$defs/command.assert_variable"},
    ]})
}

/// Every key of an assertion, and the same without `assert_` unless that is a key of another one.
fn assertions() -> BTreeMap<&'static str, &'static CommandSpec> {
    let all = || catalog::commands().iter().filter(|c| c.group == "assert");
    let keys = |spec| super::keys(spec).map(move |key| (key.as_str(), spec));
    let short = all()
        .flat_map(keys)
        .filter_map(|(key, spec)| Some((key.strip_prefix(ASSERT)?, spec)));
    short.chain(all().flat_map(keys)).collect()
}
