//! `CheckpointService`.

use etude::v1;
use etude_engine::{Error, Result};

use super::names::{self, name, optional, snapshot};
use super::page::page;
use super::{count, journeys, steps};
use crate::calls;
use crate::calls::journeys::Attached;
use crate::client::Client;
use crate::model::{Checkpoint, Journey};

pub(crate) const COLLECTION: &str = "checkpoints";

/// Creates a checkpoint in a journey.
///
/// # Errors
///
/// Those of [`Client::call`], as all functions here. When the checkpoint was made and could not be
/// put into its journey, the error names it.
pub async fn create_checkpoint(
    client: &Client,
    request: v1::CreateCheckpointRequest,
) -> Result<v1::CreateCheckpointResponse> {
    let journey = names::id("journey", "journeys", &request.journey)?;
    let journey = client.fresh().call(calls::journeys::get(journey)).await?;
    let (id, position) =
        create_in(client, &journey, &request.display_name, request.position).await?;
    let checkpoint = client.call(calls::checkpoints::get(id)).await?;
    Ok(v1::CreateCheckpointResponse {
        checkpoint: Some(message(checkpoint)),
        position,
    })
}

/// Creates a checkpoint and puts it into a journey as it was read; its id and position.
pub(crate) async fn create_in(
    client: &Client,
    journey: &Journey,
    title: &str,
    position: i32,
) -> Result<(i64, i32)> {
    check_position(journey, position)?;
    let (goal, snapshot) = (journey.goal_id, journey.snapshot_id);
    let created = client.create_checkpoint(goal, snapshot, title);
    let id = created.await?.id;
    let attached = journeys::attach(client, journey.id, Attached::Checkpoint(id), position).await;
    let position = attached.map_err(|error| unattached(error, id, journey.id))?;
    Ok((id, position))
}

/// Refuses a position that the journey does not have, before anything is made for it.
fn check_position(journey: &Journey, position: i32) -> Result<()> {
    let cases = journey.cases.as_ref().map_or(0, Vec::len);
    let last = count(cases as i64 + 1).max(2);
    if position == 0 || (2..=last).contains(&position) {
        return Ok(());
    }
    let message = format!(
        "must be 2 to {last} in journeys/{}, or 0 for after the last, and is {position}; the first \
         place is that of the checkpoint that opens the address",
        journey.id
    );
    Err(Error::invalid("position", "range", message))
}

/// What is left half done, and how to go on.
fn unattached(error: Error, checkpoint: i64, journey: i64) -> Error {
    let name = name(COLLECTION, checkpoint);
    let message = format!(
        "{name} was created, and could not be put into journeys/{journey}: {}; attach it with \
         AttachCheckpoint, and do not create it again",
        error.message
    );
    Error { message, ..error }.with("checkpoint", name)
}

/// Returns a checkpoint with its steps.
pub async fn get_checkpoint(
    client: &Client,
    request: v1::GetCheckpointRequest,
) -> Result<v1::GetCheckpointResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let checkpoint = client.call(calls::checkpoints::get(id)).await?;
    Ok(v1::GetCheckpointResponse {
        checkpoint: Some(message(checkpoint)),
    })
}

/// Lists the checkpoints of a journey, in order.
pub async fn list_checkpoints(
    client: &Client,
    request: v1::ListCheckpointsRequest,
) -> Result<v1::ListCheckpointsResponse> {
    let journey = names::id("journey", "journeys", &request.journey)?;
    let cases = client.call(calls::journeys::get(journey)).await?.cases;
    let list = [client.name(), "checkpoints", &request.journey];
    let id = |case: &Checkpoint| case.library_checkpoint_id.unwrap_or(case.id);
    let (size, token) = (request.page_size, &request.page_token);
    let page = page(&list, cases.unwrap_or_default(), id, size, token)?;
    let without_steps = |case: Checkpoint| v1::PlatformCheckpoint {
        steps: Vec::new(),
        ..message(case)
    };
    Ok(v1::ListCheckpointsResponse {
        checkpoints: page.items.into_iter().map(without_steps).collect(),
        next_page_token: page.next,
    })
}

pub(super) fn message(checkpoint: Checkpoint) -> v1::PlatformCheckpoint {
    let name = match checkpoint.library_checkpoint_id {
        Some(library) if library > 0 => name("libraryCheckpoints", library),
        _ => name(COLLECTION, checkpoint.id),
    };
    let goal = checkpoint.goal_id.unwrap_or_default();
    v1::PlatformCheckpoint {
        steps: steps::messages(&name, &checkpoint.steps),
        step_count: count(checkpoint.steps.len() as i64),
        name,
        display_name: checkpoint.title,
        label: checkpoint.name,
        goal: optional("goals", checkpoint.goal_id),
        snapshot: snapshot(goal, checkpoint.snapshot_id),
        canonical_id: checkpoint.canonical_id,
        shared_count: count(checkpoint.shared_count),
        description: String::new(),
        tags: checkpoint.tags,
    }
}
