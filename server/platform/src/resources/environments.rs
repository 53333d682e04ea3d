//! `EnvironmentService`.

use std::collections::HashSet;

use etude::v1;
use etude::validate::Violation;
use etude_engine::{Error, Result};
use serde_json::Value;

use super::names::{self, name, optional};
use super::page::page;
use crate::calls;
use crate::calls::environments::NewEnvironment;
use crate::client::Client;
use crate::model::{Environment, Variable, envelope};

const COLLECTION: &str = "environments";

/// The most characters of a variable's name and of its value, as the contract has them where a
/// variable is set.
const NAME_CHARACTERS: usize = 1000;
const VALUE_CHARACTERS: usize = 1 << 20;

/// Creates an environment with its variables.
///
/// # Errors
///
/// `INVALID_REQUEST`: variables are wrong, all of them, and nothing was made; those of
/// [`Client::call`], as all functions here. When the environment was made and a variable could not be
/// added, the error says what is there and what is missing.
pub async fn create_environment(
    client: &Client,
    request: v1::CreateEnvironmentRequest,
) -> Result<v1::CreateEnvironmentResponse> {
    let project = names::id("project", "projects", &request.project)?;
    check(&request.variables)?;
    let environment = NewEnvironment {
        project,
        name: request.display_name,
        description: request.description,
        parent: names::optional_id("parent", COLLECTION, &request.parent)?,
    };
    let created = client.create_environment(&environment);
    let id = created.await?.id;
    for (index, variable) in request.variables.iter().enumerate() {
        let (name, value) = (&variable.name, &variable.value);
        let added = client.call(calls::environments::add_variable(
            id,
            name,
            value,
            variable.hidden,
        ));
        let half = |error| half_made(error, id, request.variables.split_at(index));
        added.await.map_err(half)?;
    }
    Ok(v1::CreateEnvironmentResponse {
        environment: Some(read(client, project, id).await?),
    })
}

/// Refuses variables that no environment can hold: every mistake of all of them.
fn check(variables: &[v1::PlatformVariable]) -> Result<()> {
    let mut seen = HashSet::new();
    let mut violations = Vec::new();
    for (index, variable) in variables.iter().enumerate() {
        let mut wrong = |field: &str, rule, description: String| {
            violations.push(Violation {
                field: format!("variables[{index}].{field}"),
                rule,
                description,
            });
        };
        let name = variable.name.as_str();
        if name.trim().is_empty() {
            wrong("name", "min_len", "must not be empty".to_owned());
        } else if !seen.insert(name) {
            wrong("name", "unique", format!("`{name}` is given twice"));
        }
        if name.chars().count() > NAME_CHARACTERS {
            let most = format!("must have at most {NAME_CHARACTERS} characters");
            wrong("name", "max_len", most);
        }
        if variable.value.chars().count() > VALUE_CHARACTERS {
            let most = format!("must have at most {VALUE_CHARACTERS} characters");
            wrong("value", "max_len", most);
        }
    }
    match violations.is_empty() {
        true => Ok(()),
        false => Err(Error::violated(violations)),
    }
}

/// What is left half done, and how to go on: the variables that were added, and the others, the first
/// of which was refused.
fn half_made(
    error: Error,
    environment: i64,
    (added, missing): (&[v1::PlatformVariable], &[v1::PlatformVariable]),
) -> Error {
    let name = name(COLLECTION, environment);
    let list = |variables: &[v1::PlatformVariable]| {
        let names: Vec<_> = variables
            .iter()
            .map(|variable| format!("`{}`", variable.name))
            .collect();
        names.join(", ")
    };
    let there = match added {
        [] => "without variables".to_owned(),
        added => format!("with {}", list(added)),
    };
    let message = format!(
        "{}; {name} was created {there}, and lacks {}: add them with SetEnvironmentVariable, and do \
         not create the environment again",
        error.message,
        list(missing)
    );
    Error { message, ..error }.with("environment", name)
}

/// Lists the environments of a project, by id.
pub async fn list_environments(
    client: &Client,
    request: v1::ListEnvironmentsRequest,
) -> Result<v1::ListEnvironmentsResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let list = [client.name(), COLLECTION, &request.project];
    let (size, token) = (request.page_size, &request.page_token);
    let page = page(
        &list,
        all(client, project).await?,
        |one| one.id,
        size,
        token,
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
            let value = &request.value;
            let hidden = request.hidden.unwrap_or(known.hidden);
            let set = calls::environments::set_variable(id, known, value, hidden);
            client.call(set).await?;
        }
        None => {
            let (name, value) = (&request.variable, &request.value);
            let hidden = request.hidden.unwrap_or_default();
            let add = calls::environments::add_variable(id, name, value, hidden);
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
    find(&client.fresh(), project, id).await?;
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
