//! `ProjectService`.

use etude::v1;
use etude_engine::Result;

use super::names::{self, name, optional};
use super::page::page;
use super::time::timestamp;
use crate::calls;
use crate::client::Client;
use crate::model::Project;

/// Creates a project.
///
/// # Errors
///
/// `PLATFORM_ALREADY_EXISTS`; those of [`Client::call`], as all functions here.
pub async fn create_project(
    client: &Client,
    request: v1::CreateProjectRequest,
) -> Result<v1::CreateProjectResponse> {
    let organization = client.organization().await?;
    let (name, about) = (&request.display_name, &request.description);
    let created = client.create_project(organization, name, about).await?;
    let project = client.call(calls::projects::get(created.id)).await?;
    Ok(v1::CreateProjectResponse {
        project: Some(message(project)),
    })
}

/// Returns a project.
pub async fn get_project(
    client: &Client,
    request: v1::GetProjectRequest,
) -> Result<v1::GetProjectResponse> {
    let id = names::id("name", "projects", &request.name)?;
    let project = client.call(calls::projects::get(id)).await?;
    Ok(v1::GetProjectResponse {
        project: Some(message(project)),
    })
}

/// Lists the projects of the organization, by id.
pub async fn list_projects(
    client: &Client,
    request: v1::ListProjectsRequest,
) -> Result<v1::ListProjectsResponse> {
    let projects = all(client).await?;
    let (size, token) = (request.page_size, &request.page_token);
    let list = [client.name(), "projects"];
    let page = page(&list, projects, |project| project.id, size, token)?;
    Ok(v1::ListProjectsResponse {
        projects: page.items.into_iter().map(message).collect(),
        next_page_token: page.next,
    })
}

/// Archives a project.
pub async fn delete_project(
    client: &Client,
    request: v1::DeleteProjectRequest,
) -> Result<v1::DeleteProjectResponse> {
    let id = names::id("name", "projects", &request.name)?;
    client.call(calls::projects::delete(id)).await?;
    Ok(v1::DeleteProjectResponse {})
}

/// The projects of the organization, by id.
pub(crate) async fn all(client: &Client) -> Result<Vec<Project>> {
    let organization = client.organization().await?;
    let mut all = client.call(calls::projects::list(organization)).await?;
    all.retain(|project| !project.archived);
    all.sort_by_key(|project| project.id);
    Ok(all)
}

fn message(project: Project) -> v1::Project {
    v1::Project {
        name: name("projects", project.id),
        display_name: project.name,
        description: project.description.unwrap_or_default(),
        organization_id: project.organization_id,
        environment: optional("environments", project.environment_id),
        archived: project.archived,
        create_time: timestamp(project.created_date),
        update_time: timestamp(project.modified_date),
    }
}
