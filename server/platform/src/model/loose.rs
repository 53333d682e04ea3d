//! Readers for what the platform writes in several ways.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Object;

/// A number that may stand in quotes; null is 0.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(some_id(deserializer)?.unwrap_or_default())
}

/// A number that may stand in quotes, or nothing.
pub(crate) fn some_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = match &value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number =
        number.ok_or_else(|| D::Error::custom(format!("{value} is not a whole number")))?;
    Ok(Some(number))
}

/// Numbers that may stand in quotes; null is none.
pub(crate) fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i64>, D::Error> {
    let values = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
    values
        .into_iter()
        .map(|value| id(value).map_err(D::Error::custom))
        .collect()
}

/// A number that JSON wrote with a fraction of nothing, such as `7.0`.
fn whole(number: f64) -> Option<i64> {
    let in_range = number.fract() == 0.0 && number.abs() < 9e15;
    in_range.then_some(number as i64)
}

/// Text that may be a number or a boolean; null is empty.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(some_text(deserializer)?.unwrap_or_default())
}

/// Text that may be a number or a boolean, or nothing.
pub(crate) fn some_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(value) => Ok(Some(value.to_string())),
        other => Err(D::Error::custom(format!("{other} is not text"))),
    }
}

/// A value for which null stands for its default.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list, or a map whose values are the list's items; null is an empty list.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let items = match Value::deserialize(deserializer)? {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        Value::Object(map) => map.into_iter().map(|(_, item)| item).collect(),
        other => return Err(D::Error::custom(format!("{other} is not a list"))),
    };
    items
        .into_iter()
        .map(|item| serde_json::from_value(item).map_err(D::Error::custom))
        .collect()
}

/// A map by id; a list becomes one by the `id` of its items. Null is an empty map.
pub(crate) fn by_id<'de, D, T>(deserializer: D) -> Result<BTreeMap<i64, T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let entries = match Value::deserialize(deserializer)? {
        Value::Null => Vec::new(),
        Value::Array(items) => items
            .into_iter()
            .map(|item| (key_of(&item), item))
            .collect(),
        Value::Object(map) => map.into_iter().collect(),
        other => return Err(D::Error::custom(format!("{other} is not a map by id"))),
    };
    let entry = |(key, item): (String, Value)| {
        let key = key.parse().map_err(|_| not_an_id(&key))?;
        let item = serde_json::from_value(item).map_err(D::Error::custom)?;
        Ok((key, item))
    };
    entries.into_iter().map(entry).collect()
}

/// An object; null is an empty one.
pub(crate) fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
    or_default(deserializer)
}

fn key_of(item: &Value) -> String {
    match item.get("id") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn not_an_id<E: serde::de::Error>(key: impl fmt::Display) -> E {
    E::custom(format!("`{key}` is not an id"))
}
