//! The schema of targets, alone and with their keys beside those of a command.

use serde_json::{Value, json};

use super::keys::{Keys, any_given};
use super::value::{described, field_value, needed, reference};
use crate::decode::{self, ROLE_NAME, TARGET};
use crate::model::{Field, Message};

/// A hint, or a map with one locator.
pub(super) fn target() -> Value {
    let mut keys = Keys::default();
    let beside = Beside::add(&mut keys, |_| true);
    keys.one_of(beside.locators, true);
    keys.rule(role_and_name());
    json!({"anyOf": [reference("hint"), keys.into_object()]})
}

/// The keys of a command that has a target: its own, and those of its target that are no names of
/// its own fields.
pub(super) fn command_keys(model: &Message) -> Keys {
    let Some(target) = model.field(TARGET) else {
        return Keys::of(model);
    };
    let mut keys = Keys::default();
    let mut target_names = Vec::new();
    for field in &model.fields {
        let value = field_value(field);
        match field.name() {
            TARGET => target_names = keys.spellings(model, field, value),
            _ => keys.field(model, field, value),
        }
    }
    let beside = Beside::add(&mut keys, |key| model.field(key).is_none());
    // A key of the target needs a locator beside it, and then the target is not given elsewhere.
    if !beside.others.is_empty() {
        let alone = json!({"not": any_given(&beside.others)});
        keys.rule(json!({"anyOf": [alone, any_given(&beside.locators)]}));
    }
    if beside.has_role_name {
        keys.rule(role_and_name());
    }
    target_names.extend(beside.locators);
    keys.one_of(target_names, needed(target));
    keys
}

/// The keys of a target that were added to a map.
struct Beside {
    locators: Vec<String>,
    others: Vec<String>,
    has_role_name: bool,
}

impl Beside {
    fn add(keys: &mut Keys, is_free: impl Fn(&str) -> bool) -> Self {
        let model = decode::target_message();
        let mut beside = Self {
            locators: Vec::new(),
            others: Vec::new(),
            has_role_name: false,
        };
        for field in model.fields.iter().filter(|field| is_free(field.name())) {
            if let Some(role) = field.message().filter(|_| decode::is_locator(field)) {
                keys.add(field.name(), role_forms(field, role));
                beside.locators.push(field.name().to_owned());
                if let Some(name) = role.field(ROLE_NAME).filter(|_| is_free(ROLE_NAME)) {
                    keys.add(
                        ROLE_NAME,
                        described(field_value(name), &name.spec.description),
                    );
                    beside.has_role_name = true;
                }
                continue;
            }
            let names = keys.spellings(model, field, field_value(field));
            if decode::is_locator(field) {
                beside.locators.extend(names);
            } else {
                keys.one_of(names.clone(), false);
                beside.others.extend(names);
            }
        }
        beside
    }
}

/// `role: button`, with or without `name: Save` beside it, or both in a map.
fn role_forms(field: &Field, role: &Message) -> Value {
    let alone = role
        .field(field.name())
        .map_or_else(|| reference("text"), field_value);
    let forms = json!({"anyOf": [alone, Keys::of(role).into_object()]});
    described(forms, &field.spec.description)
}

/// The name of a role stands beside that role, which then has no name inside.
fn role_and_name() -> Value {
    let unnamed = json!({"not": {"type": "object", "required": [ROLE_NAME]}});
    json!({
        "dependentRequired": {ROLE_NAME: ["role"]},
        "dependentSchemas": {ROLE_NAME: {"properties": {"role": unnamed}}},
    })
}
