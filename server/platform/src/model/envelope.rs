//! What is wrapped around an answer, and errors.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An error that the platform answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{message} (code {code})")]
pub struct ApiError {
    /// The platform's code, such as `1403`; empty when it gives none.
    pub code: String,
    /// What it says.
    pub message: String,
    /// What of the request it is about.
    pub about: About,
}

/// What of a request an error is about. Only the local platform tells it, beside the error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The id of what it did not find.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// How an answer is wrapped unless `envelope=false` was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{"success": true, "item": …}`: one object.
    Item,
    /// `{"success": true, "map": {"101": …}}`: a collection by id.
    Map,
    /// `{"success": true, "items": […]}`: a list.
    Items,
}

/// Wraps an answer.
pub fn wrap(shape: Shape, value: Value) -> Value {
    match shape {
        Shape::Item => json!({"success": true, "item": value}),
        Shape::Map => json!({"success": true, "map": value}),
        Shape::Items => json!({"success": true, "items": value}),
    }
}

/// Takes an answer out of whatever is wrapped around it: one of the shapes of [`Shape`], or
/// nothing. A bare `{"success": true}` is null.
///
/// # Errors
///
/// The answer says that it is an error, whatever its HTTP status was.
pub fn unwrap(mut body: Value) -> Result<Value, ApiError> {
    if let Some(error) = error_of(&body) {
        return Err(error);
    }
    let Some(object) = body.as_object_mut() else {
        return Ok(body);
    };
    if !object.get("success").is_some_and(Value::is_boolean) {
        return Ok(body);
    }
    for key in ["item", "map", "items"] {
        if let Some(value) = object.shift_remove(key) {
            return Ok(value);
        }
    }
    object.shift_remove("success");
    Ok(if object.is_empty() { Value::Null } else { body })
}

/// The items of a list that arrives as an array or as a map by id.
pub fn entries(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Object(map) => map.into_iter().map(|(_, item)| item).collect(),
        Value::Null => Vec::new(),
        single => vec![single],
    }
}

/// The error that an answer tells, if it does.
pub fn error_of(body: &Value) -> Option<ApiError> {
    let failed = body.get("success") == Some(&Value::Bool(false));
    let error = body.get("error").filter(|error| !error.is_null());
    match error {
        Some(Value::String(message)) if failed || body.get("success").is_none() => Some(ApiError {
            message: message.clone(),
            ..ApiError::default()
        }),
        Some(error @ Value::Object(_)) if failed || body.get("success").is_none() => {
            let about = body.get("about").map(About::deserialize);
            let about = about.and_then(Result::ok).unwrap_or_default();
            Some(ApiError {
                about,
                ..described(error)?
            })
        }
        _ if failed => Some(described(body).unwrap_or_else(|| ApiError {
            message: "the platform says no more than success: false".to_owned(),
            ..ApiError::default()
        })),
        _ => None,
    }
}

/// An error's body, as the platform writes it.
pub fn error_body(error: &ApiError) -> Value {
    let mut body =
        json!({"success": false, "error": {"code": error.code, "message": error.message}});
    if error.about != About::default() {
        body["about"] = json!(error.about);
    }
    body
}

/// An error that stands in a body without anything around it: `{"code": …, "message": …}`.
pub fn described(error: &Value) -> Option<ApiError> {
    #[derive(Deserialize)]
    struct Described {
        #[serde(default, deserialize_with = "super::loose::text")]
        code: String,
        #[serde(default, deserialize_with = "super::loose::text")]
        message: String,
    }
    let Described { code, message } = Described::deserialize(error).ok()?;
    let says_something = !(code.is_empty() && message.is_empty());
    says_something.then(|| ApiError {
        code,
        message,
        ..ApiError::default()
    })
}
