//! The canonical protobuf JSON mapping of every message, the one form used in files, reports and
//! stored rows.

use prost_reflect::{
    DeserializeOptions, DynamicMessage, MessageDescriptor, ReflectMessage, SerializeOptions,
};
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
