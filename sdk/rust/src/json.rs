//! The canonical protobuf JSON mapping of every message, the one form used in files, reports and
//! stored rows.

use prost_reflect::{
    DeserializeOptions, DynamicMessage, MessageDescriptor, ReflectMessage, SerializeOptions,
};
use prost_types::value::Kind;
use serde_json::Value;

/// The JSON of `message`, with names in lowerCamelCase and default values left out.
pub fn to_value<M: ReflectMessage>(message: &M) -> Value {
    let dynamic = message.transcode_to_dynamic();
    dynamic_to_value(&dynamic)
}

/// As [`to_value`], for a message that is known by its descriptor only.
pub fn dynamic_to_value(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new().skip_default_fields(true);
    // Only a NaN in a `google.protobuf.Value` or a date beyond year 9999 has no JSON form.
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap_or_else(|error| Value::String(format!("(no JSON form: {error})")))
}

/// The deepest nesting of a value in a message; decoders refuse what is nested about twice as deep.
const VALUE_DEPTH: usize = 24;

/// Any JSON value, as messages hold it; its numbers become doubles. `None`: it is nested more deeply
/// than decoders take.
pub fn in_message(value: Value) -> Option<prost_types::Value> {
    (depth(&value) <= VALUE_DEPTH).then(|| to_prost(value))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn to_prost(value: Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(flag) => Kind::BoolValue(flag),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(items) => Kind::ListValue(prost_types::ListValue {
            values: items.into_iter().map(to_prost).collect(),
        }),
        Value::Object(entries) => Kind::StructValue(prost_types::Struct {
            fields: entries
                .into_iter()
                .map(|(key, value)| (key, to_prost(value)))
                .collect(),
        }),
    };
    prost_types::Value { kind: Some(kind) }
}

/// The message that a JSON value holds. Unknown fields are refused.
///
/// # Errors
///
/// The value does not fit the message; the error names the field.
pub fn from_value<M: ReflectMessage + Default>(value: Value) -> Result<M, serde_json::Error> {
    let descriptor = M::default().descriptor();
    let dynamic = dynamic_from_value(descriptor, value)?;
    dynamic
        .transcode_to::<M>()
        .map_err(serde::de::Error::custom)
}

/// As [`from_value`], for a message that is known by its descriptor only.
///
/// # Errors
///
/// The value does not fit the message; the error names the field.
pub fn dynamic_from_value(
    descriptor: MessageDescriptor,
    value: Value,
) -> Result<DynamicMessage, serde_json::Error> {
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    DynamicMessage::deserialize_with_options(descriptor, value, &options)
}
