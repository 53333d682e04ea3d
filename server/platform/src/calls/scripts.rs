//! Extensions, which the wire calls scripts, and API tests.

use serde_json::Value;

use super::Call;
use crate::model::{ApiTests, Script};

/// Creates an extension.
///
/// # Errors
///
/// It cannot be written as JSON, which does not happen.
pub fn create(script: &Script) -> serde_json::Result<Call<Script>> {
    Ok(Call::create("/scripts".to_owned(), body(script)?))
}

/// One extension with its script.
pub fn get(id: i64) -> Call<Script> {
    Call::get(format!("/scripts/{id}")).query("includeBody", true)
}

/// The extensions of a project, without their scripts.
pub fn list(project: i64) -> Call<Vec<Script>> {
    Call::list(format!("/projects/{project}/scripts")).query("includeBody", false)
}

/// Replaces an extension.
///
/// # Errors
///
/// As for [`create`].
pub fn update(script: &Script) -> serde_json::Result<Call<Value>> {
    Ok(Call::put(format!("/scripts/{}", script.id), body(script)?))
}

/// The API tests of a project with their folders.
pub fn api_tests(project: i64) -> Call<ApiTests> {
    Call::get("/api-tests".to_owned())
        .query("projectId", project)
        .query("detailed", true)
}

/// A new script has no id yet.
fn body(script: &Script) -> serde_json::Result<Value> {
    let mut body = serde_json::to_value(script)?;
    if script.id == 0
        && let Some(fields) = body.as_object_mut()
    {
        fields.shift_remove("id");
    }
    Ok(body)
}
