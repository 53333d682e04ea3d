//! Projects.

use serde_json::json;

use super::Call;
use crate::model::Project;

/// Creates a project in an organization.
pub fn create(organization: i64, name: &str, description: &str) -> Call<Project> {
    let mut body = json!({"name": name, "organizationId": organization});
    if !description.is_empty() {
        body["description"] = description.into();
    }
    Call::create("/projects".to_owned(), body)
}

/// The projects of an organization.
pub fn list(organization: i64) -> Call<Vec<Project>> {
    Call::list("/projects".to_owned()).query("organizationId", organization)
}

/// One project.
pub fn get(id: i64) -> Call<Project> {
    Call::get(format!("/projects/{id}"))
}

/// Archives a project.
pub fn delete(id: i64) -> Call<()> {
    Call::delete(format!("/projects/{id}"))
}
