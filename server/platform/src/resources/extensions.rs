//! `ExtensionService`.

use etude::v1;
use etude_engine::{Error, Result};

use super::names::{self, name, optional};
use super::page::page;
use super::{check_mask, required};
use crate::calls;
use crate::client::Client;
use crate::model::{Resource, Script};

const COLLECTION: &str = "extensions";

/// What of an extension can be changed.
const FIELDS: [&str; 7] = [
    "display_name",
    "description",
    "script",
    "inputs",
    "async",
    "resources",
    "archived",
];

/// Creates an extension in a project.
///
/// # Errors
///
/// Those of [`Client::call`], as all functions here.
pub async fn create_extension(
    client: &Client,
    request: v1::CreateExtensionRequest,
) -> Result<v1::CreateExtensionResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let extension = required("extension", request.extension)?;
    super::named("extension.display_name", &extension.display_name)?;
    let mut script = Script {
        project_id: Some(project),
        ..Script::default()
    };
    for field in FIELDS.into_iter().filter(|field| *field != "archived") {
        set(&mut script, &extension, field);
    }
    let id = client.create_script(project, &script).await?.id;
    Ok(v1::CreateExtensionResponse {
        extension: Some(read(client, id).await?),
    })
}

/// Returns an extension with its script.
pub async fn get_extension(
    client: &Client,
    request: v1::GetExtensionRequest,
) -> Result<v1::GetExtensionResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    Ok(v1::GetExtensionResponse {
        extension: Some(read(client, id).await?),
    })
}

/// Lists the extensions of a project, by id.
pub async fn list_extensions(
    client: &Client,
    request: v1::ListExtensionsRequest,
) -> Result<v1::ListExtensionsResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let mut scripts = client.call(calls::scripts::list(project)).await?;
    scripts.sort_by_key(|script| script.id);
    let list = [client.name(), COLLECTION, &request.project];
    let (size, token) = (request.page_size, &request.page_token);
    let page = page(&list, scripts, |script| script.id, size, token)?;
    let without_script = |script: Script| v1::Extension {
        script: String::new(),
        ..message(script)
    };
    Ok(v1::ListExtensionsResponse {
        extensions: page.items.into_iter().map(without_script).collect(),
        next_page_token: page.next,
    })
}

/// Changes an extension.
pub async fn update_extension(
    client: &Client,
    request: v1::UpdateExtensionRequest,
) -> Result<v1::UpdateExtensionResponse> {
    let asked = required("extension", request.extension)?;
    let id = names::id("extension.name", COLLECTION, &asked.name)?;
    let mask = request.update_mask.filter(|mask| !mask.paths.is_empty());
    check_mask(mask.as_ref(), &FIELDS)?;
    let mut script = client.fresh().call(calls::scripts::get(id)).await?;
    let there = optional("projects", script.project_id);
    if !asked.project.is_empty() && asked.project != there {
        let message = format!("cannot be changed: the extension stays in `{there}`");
        return Err(Error::invalid("extension.project", "immutable", message));
    }
    let given = |field: &str| match &mask {
        Some(mask) => mask.paths.iter().any(|path| path == field),
        None => is_given(&asked, field),
    };
    for field in FIELDS.into_iter().filter(|field| given(field)) {
        set(&mut script, &asked, field);
    }
    let call = calls::scripts::update(&script).map_err(|error| unwritable(&error))?;
    client.call(call).await?;
    Ok(v1::UpdateExtensionResponse {
        extension: Some(read(client, id).await?),
    })
}

/// Whether a field is not empty.
fn is_given(extension: &v1::Extension, field: &str) -> bool {
    match field {
        "display_name" => !extension.display_name.is_empty(),
        "description" => !extension.description.is_empty(),
        "script" => !extension.script.is_empty(),
        "inputs" => !extension.inputs.is_empty(),
        "async" => extension.r#async,
        "resources" => !extension.resources.is_empty(),
        _ => extension.archived,
    }
}

fn set(script: &mut Script, extension: &v1::Extension, field: &str) {
    match field {
        "display_name" => script.name.clone_from(&extension.display_name),
        "description" => script.description.clone_from(&extension.description),
        "script" => script.script = Some(extension.script.clone()),
        "inputs" => script.inputs.clone_from(&extension.inputs),
        "async" => script.asynchronous = extension.r#async,
        "resources" => {
            let resources = extension.resources.iter().map(|url| Resource {
                url: url.clone(),
                ..Resource::default()
            });
            script.resources = resources.collect();
        }
        _ => script.archived = extension.archived,
    }
}

async fn read(client: &Client, id: i64) -> Result<v1::Extension> {
    Ok(message(client.call(calls::scripts::get(id)).await?))
}

fn message(script: Script) -> v1::Extension {
    let resources = script.resources.into_iter().map(|resource| resource.url);
    v1::Extension {
        name: name(COLLECTION, script.id),
        display_name: script.name,
        description: script.description,
        project: optional("projects", script.project_id),
        script: script.script.unwrap_or_default(),
        inputs: script.inputs,
        r#async: script.asynchronous,
        resources: resources.collect(),
        archived: script.archived,
    }
}

fn unwritable(error: &serde_json::Error) -> Error {
    Error::internal(format!("an extension cannot be written as JSON: {error}"))
}
