//! `LibraryCheckpointService`.

use etude::v1;
use etude_engine::Result;

use super::names::{self, name};
use super::{asks, check_mask, count, required, steps};
use crate::calls;
use crate::client::Client;
use crate::model::LibraryCheckpoint;

const COLLECTION: &str = "libraryCheckpoints";

/// Copies a checkpoint into the library.
///
/// # Errors
///
/// Those of [`Client::call`], as all functions here.
pub async fn create_library_checkpoint(
    client: &Client,
    request: v1::CreateLibraryCheckpointRequest,
) -> Result<v1::CreateLibraryCheckpointResponse> {
    let id = names::id("checkpoint", "checkpoints", &request.checkpoint)?;
    let title = match request.display_name.as_str() {
        "" => client.call(calls::checkpoints::get(id)).await?.title,
        given => given.to_owned(),
    };
    let (about, tags) = (&request.description, &request.tags);
    let copied = client.call(calls::checkpoints::add_to_library(id, &title, about, tags));
    let copy = read(client, copied.await?.id).await?;
    Ok(v1::CreateLibraryCheckpointResponse {
        checkpoint: Some(copy),
    })
}

/// Returns a checkpoint of the library with its steps.
pub async fn get_library_checkpoint(
    client: &Client,
    request: v1::GetLibraryCheckpointRequest,
) -> Result<v1::GetLibraryCheckpointResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    Ok(v1::GetLibraryCheckpointResponse {
        checkpoint: Some(read(client, id).await?),
    })
}

/// Changes the display name of a checkpoint of the library.
pub async fn update_library_checkpoint(
    client: &Client,
    request: v1::UpdateLibraryCheckpointRequest,
) -> Result<v1::UpdateLibraryCheckpointResponse> {
    let checkpoint = required("checkpoint", request.checkpoint)?;
    let id = names::id("checkpoint.name", COLLECTION, &checkpoint.name)?;
    let mask = request.update_mask.as_ref();
    check_mask(mask, &["display_name"])?;
    if asks(mask, "display_name") {
        let title = super::named("checkpoint.display_name", &checkpoint.display_name)?;
        client.call(calls::library::rename(id, title)).await?;
    }
    Ok(v1::UpdateLibraryCheckpointResponse {
        checkpoint: Some(read(client, id).await?),
    })
}

/// Moves a step of a checkpoint of the library.
pub async fn move_library_step(
    client: &Client,
    request: v1::MoveLibraryStepRequest,
) -> Result<v1::MoveLibraryStepResponse> {
    let id = names::id("checkpoint", COLLECTION, &request.checkpoint)?;
    let step = names::id("step", "steps", &request.step)?;
    let moved = client.call(calls::library::move_step(id, step, request.position));
    moved.await?;
    Ok(v1::MoveLibraryStepResponse {
        checkpoint: Some(read(client, id).await?),
    })
}

/// Removes a step of a checkpoint of the library.
pub async fn delete_library_step(
    client: &Client,
    request: v1::DeleteLibraryStepRequest,
) -> Result<v1::DeleteLibraryStepResponse> {
    let id = names::id("checkpoint", COLLECTION, &request.checkpoint)?;
    let step = names::id("step", "steps", &request.step)?;
    client.call(calls::library::delete_step(id, step)).await?;
    Ok(v1::DeleteLibraryStepResponse {
        checkpoint: Some(read(client, id).await?),
    })
}

async fn read(client: &Client, id: i64) -> Result<v1::PlatformCheckpoint> {
    Ok(message(client.call(calls::library::get(id)).await?))
}

fn message(checkpoint: LibraryCheckpoint) -> v1::PlatformCheckpoint {
    let name = name(COLLECTION, checkpoint.id);
    let title = match checkpoint.title.is_empty() {
        true => checkpoint.name.clone(),
        false => checkpoint.title,
    };
    v1::PlatformCheckpoint {
        steps: steps::messages(&name, &checkpoint.steps),
        step_count: count(checkpoint.steps.len() as i64),
        name,
        display_name: title,
        label: checkpoint.name,
        canonical_id: checkpoint.canonical_id,
        description: checkpoint.description,
        tags: checkpoint.tags,
        ..v1::PlatformCheckpoint::default()
    }
}
