//! The schema of steps that are blocks.

use std::collections::BTreeMap;

use etude::catalog::{self, CommandSpec};
use serde_json::{Value, json};

use super::keys::Keys;
use super::value::{bounded, described, field_value, nullable, reference};
use super::{command_name, some_steps};
use crate::decode::{self, ASSERT, NOT_OF_BLOCKS};
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

/// A list of texts, or a text that stands for a list.
fn list() -> Value {
    field("ForEachBlock", "items")
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
