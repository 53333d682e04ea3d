//! The keys of a map: every spelling of every field, and which of them may stand together.

use serde_json::{Map, Value, json};

use super::value::{alias, described, field_value, needed};
use crate::model::{Field, Message};

/// The keys of a map.
#[derive(Default)]
pub(super) struct Keys {
    properties: Map<String, Value>,
    /// Spellings that are understood and that no editor should suggest.
    tolerated: Map<String, Value>,
    /// What must hold beside.
    rules: Vec<Value>,
}

impl Keys {
    /// The keys of all fields of a message.
    pub(super) fn of(model: &Message) -> Self {
        let mut keys = Self::default();
        let mut alternatives = Vec::new();
        for field in &model.fields {
            let value = field_value(field);
            match field.is_alternative() {
                true => alternatives.extend(keys.spellings(model, field, value)),
                false => keys.field(model, field, value),
            }
        }
        if !alternatives.is_empty() {
            keys.one_of(alternatives, true);
        }
        keys
    }

    /// A field: its key, the other names of it, and that one of them at most is given; one exactly
    /// when the field is needed.
    pub(super) fn field(&mut self, model: &Message, field: &Field, value: Value) {
        let names = self.spellings(model, field, value);
        self.one_of(names, needed(field));
    }

    /// The names of a field, without a rule.
    pub(super) fn spellings(
        &mut self,
        model: &Message,
        field: &Field,
        value: Value,
    ) -> Vec<String> {
        let name = field.name();
        self.add(name, described(value.clone(), &field.spec.description));
        for other in &field.spec.aliases {
            self.add(other, alias(value.clone(), name));
        }
        let names = model.spellings(field);
        for other in &names {
            if !self.properties.contains_key(*other) {
                self.tolerated.insert(exactly(other), value.clone());
            }
        }
        names.into_iter().map(str::to_owned).collect()
    }

    /// A key with its value.
    pub(super) fn add(&mut self, key: &str, value: Value) {
        self.properties.insert(key.to_owned(), value);
    }

    /// Takes a key from those that editors suggest.
    pub(super) fn tolerate(&mut self, key: &str) {
        if let Some(value) = self.properties.remove(key) {
            self.tolerated.insert(exactly(key), value);
        }
    }

    /// One of these keys is given at most, and exactly one when `needed`.
    pub(super) fn one_of(&mut self, names: Vec<String>, needed: bool) {
        if names.len() < 2 && !needed {
            return;
        }
        let mut forms: Vec<_> = names.iter().map(|name| given([name])).collect();
        let rule = match forms.as_slice() {
            [only] => only.clone(),
            _ => {
                if !needed {
                    forms.push(json!({"not": any_given(&names)}));
                }
                json!({"oneOf": forms})
            }
        };
        self.rule(rule);
    }

    /// Something that must hold of the whole map.
    pub(super) fn rule(&mut self, rule: Value) {
        self.rules.push(rule);
    }

    /// The schema of the map.
    pub(super) fn into_object(self) -> Value {
        let mut object = json!({
            "type": "object",
            "properties": self.properties,
            "additionalProperties": false,
        });
        if !self.tolerated.is_empty() {
            object["patternProperties"] = self.tolerated.into();
        }
        if !self.rules.is_empty() {
            object["allOf"] = self.rules.into();
        }
        object
    }
}

fn exactly(key: &str) -> String {
    format!("^{key}$")
}

/// All of these keys are given.
pub(super) fn given<const N: usize>(names: [&str; N]) -> Value {
    json!({"required": names.to_vec()})
}

/// One or more of these keys are given.
pub(super) fn any_given(names: &[String]) -> Value {
    json!({"anyOf": names.iter().map(|name| given([name])).collect::<Vec<_>>()})
}
