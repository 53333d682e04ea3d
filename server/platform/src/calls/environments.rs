//! Environments and their variables.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Call, Kind, piece};
use crate::model::{Environment, Variable};

/// The answer to [`list`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Environments {
    /// The environments, as an array or as a map by id.
    pub environments: Value,
}

/// The environments of a project with their variables.
pub fn list(project: i64) -> Call<Environments> {
    Call::get(format!("/projects/{project}/environments"))
}

/// One environment. Only the local platform answers it.
pub fn get(id: i64) -> Call<Environment> {
    Call::get(format!("/environments/{id}"))
}

/// What a new environment is like.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEnvironment {
    /// Its project.
    pub project: i64,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The environment it inherits from.
    pub parent: Option<i64>,
}

/// Creates an environment without variables.
pub fn create(environment: &NewEnvironment) -> Call<Environment> {
    let mut body = json!({
        "projectId": environment.project,
        "name": environment.name,
        "description": environment.description,
        "variables": Map::new(),
    });
    if let Some(parent) = environment.parent {
        body["inheritsFrom"] = parent.into();
    }
    Call::create("/environments".to_owned(), body)
}

/// Deletes an environment.
pub fn delete(id: i64) -> Call<()> {
    Call::delete(format!("/environments/{id}"))
}

/// Adds a variable.
pub fn add_variable(id: i64, name: &str, value: &str, hidden: bool) -> Call<()> {
    let path = format!("/environments/{id}/variables");
    let body = json!({"name": name, "value": value, "hidden": hidden});
    Call::done(Kind::Create, path, body)
}

/// Replaces a variable's value.
pub fn set_variable(id: i64, variable: &Variable, value: &str, hidden: bool) -> Call<Value> {
    let path = format!("/environments/{id}/variables/{}", piece(&variable.name));
    let body = json!({
        "id": variable.id,
        "name": variable.name,
        "value": value,
        "hidden": hidden,
        "inherited": false,
        "file": false,
    });
    Call::put(path, body)
}

/// Removes a variable.
pub fn delete_variable(id: i64, name: &str) -> Call<()> {
    Call::delete(format!("/environments/{id}/variables/{}", piece(name)))
}
