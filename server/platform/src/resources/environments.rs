//! `EnvironmentService`.

use etude::v1;
use etude_engine::{Error, Result};
use serde_json::Value;

use super::names::{self, name, optional};
use super::page::page;
use crate::calls;
use crate::calls::environments::NewEnvironment;
use crate::client::Client;
use crate::model::{Environment, Variable, envelope};

const COLLECTION: &str = "environments";

/// Creates an environment with its variables.
///
/// # Errors
///
/// Those of [`Client::call`], as all functions here. When the environment was made and a variable
/// could not be added, the error names both.
pub async fn create_environment(
    client: &Client,
    request: v1::CreateEnvironmentRequest,
) -> Result<v1::CreateEnvironmentResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let environment = NewEnvironment {
        project,
        name: request.display_name,
        description: request.description,
        parent: names::optional_id("parent", COLLECTION, &request.parent)?,
    };
    let created = client.create_environment(&environment);
    let id = created.await?.id;
    for variable in &request.variables {
        let (name, value) = (&variable.name, &variable.value);
        let added = client.call(calls::environments::add_variable(
            id,
            name,
            value,
            variable.hidden,
        ));
        added.await.map_err(|error| half_made(error, id, name))?;
    }
    Ok(v1::CreateEnvironmentResponse {
        environment: Some(read(client, project, id).await?),
    })
}

/// What is left half done, and how to go on.
fn half_made(error: Error, environment: i64, variable: &str) -> Error {
    let name = name(COLLECTION, environment);
    let message = format!(
        "{name} was created, and its variable `{variable}` could not be added: {}; add what is \
         missing with SetEnvironmentVariable",
        error.message
    );
    Error { message, ..error }.with("environment", name)
}

/// Lists the environments of a project, by id.
pub async fn list_environments(
    client: &Client,
    request: v1::ListEnvironmentsRequest,
) -> Result<v1::ListEnvironmentsResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let page = page(
        all(client, project).await?,
        request.page_size,
        &request.page_token,
    )?;
    Ok(v1::ListEnvironmentsResponse {
        environments: page.items.into_iter().map(message).collect(),
        next_page_token: page.next,
    })
}

/// Deletes an environment.
pub async fn delete_environment(
    client: &Client,
    request: v1::DeleteEnvironmentRequest,
) -> Result<v1::DeleteEnvironmentResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    client.call(calls::environments::delete(id)).await?;
    Ok(v1::DeleteEnvironmentResponse {})
}

/// Sets a variable of an environment.
pub async fn set_environment_variable(
    client: &Client,
    request: v1::SetEnvironmentVariableRequest,
) -> Result<v1::SetEnvironmentVariableResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let id = names::id("environment", COLLECTION, &request.environment)?;
    let environment = find(&client.fresh(), project, id).await?;
    let own = |variable: &&Variable| variable.name == request.variable && !variable.inherited;
    match environment.variables.iter().find(own) {
        Some(known) => {
            let (value, hidden) = (&request.value, request.hidden);
            let set = calls::environments::set_variable(id, known, value, hidden);
            client.call(set).await?;
        }
        None => {
            let (name, value) = (&request.variable, &request.value);
            let add = calls::environments::add_variable(id, name, value, request.hidden);
            client.call(add).await?;
        }
    }
    Ok(v1::SetEnvironmentVariableResponse {
        environment: Some(read(client, project, id).await?),
    })
}

/// Removes a variable of an environment.
pub async fn delete_environment_variable(
    client: &Client,
    request: v1::DeleteEnvironmentVariableRequest,
) -> Result<v1::DeleteEnvironmentVariableResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let id = names::id("environment", COLLECTION, &request.environment)?;
    let removed = client.call(calls::environments::delete_variable(id, &request.variable));
    removed.await?;
    Ok(v1::DeleteEnvironmentVariableResponse {
        environment: Some(read(client, project, id).await?),
    })
}

/// The environments of a project, by id.
pub(crate) async fn all(client: &Client, project: i64) -> Result<Vec<Environment>> {
    let answer = client.call(calls::environments::list(project)).await?;
    let items = envelope::entries(answer.environments).into_iter();
    let environments: Result<Vec<Environment>, _> = items.map(serde_json::from_value).collect();
    let mut environments = environments
        .map_err(|error| client.incomplete(&format!("what it should have: {error}")))?;
    environments.sort_by_key(|environment| environment.id);
    Ok(environments)
}

async fn find(client: &Client, project: i64, id: i64) -> Result<Environment> {
    let all = all(client, project).await?;
    let found = all.into_iter().find(|environment| environment.id == id);
    found.ok_or_else(|| client.not_found(&name(COLLECTION, id)))
}

async fn read(client: &Client, project: i64, id: i64) -> Result<v1::PlatformEnvironment> {
    Ok(message(find(client, project, id).await?))
}

fn message(environment: Environment) -> v1::PlatformEnvironment {
    let inherits = environment.rest.get("inheritsFrom").and_then(Value::as_i64);
    let mut variables: Vec<_> = environment.variables.into_iter().map(variable).collect();
    variables.sort_by(|a, b| a.name.cmp(&b.name));
    v1::PlatformEnvironment {
        name: name(COLLECTION, environment.id),
        display_name: environment.name,
        description: environment.description,
        parent: optional(COLLECTION, environment.parent_id.or(inherits)),
        variables,
    }
}

fn variable(variable: Variable) -> v1::PlatformVariable {
    let shown = variable.value.filter(|_| !variable.hidden);
    v1::PlatformVariable {
        name: variable.name,
        value: shown.unwrap_or_default(),
        hidden: variable.hidden,
        inherited: variable.inherited,
    }
}
