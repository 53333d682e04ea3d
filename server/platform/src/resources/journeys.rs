//! `JourneyService`.

use etude::v1;
use etude_engine::Result;
use serde_json::Value;

use super::executions::outcome;
use super::names::{self, name, optional, snapshot};
use super::page::page;
use super::time::timestamp;
use super::{asks, check_mask, checkpoints, count, goals, required};
use crate::calls;
use crate::calls::journeys::{Attached, NewJourney};
use crate::client::Client;
use crate::model::{Checkpoint, Journey, JourneyStatus};

const COLLECTION: &str = "journeys";

/// Creates an empty journey.
///
/// # Errors
///
/// Those of [`Client::call`], as all functions here.
pub async fn create_journey(
    client: &Client,
    request: v1::CreateJourneyRequest,
) -> Result<v1::CreateJourneyResponse> {
    let goal = names::id("goal", "goals", &request.goal)?;
    let snapshot = match names::snapshot_id("snapshot", goal, &request.snapshot)? {
        Some(snapshot) => snapshot,
        None => goals::head(client, goal).await?,
    };
    let new = NewJourney {
        goal,
        snapshot,
        title: request.display_name,
        draft: request.draft,
        ..NewJourney::default()
    };
    let created = client.create_journey(&new).await?;
    let journey = read(client, created.id).await?;
    Ok(v1::CreateJourneyResponse {
        journey: Some(journey),
    })
}

/// Returns a journey with its checkpoints.
pub async fn get_journey(
    client: &Client,
    request: v1::GetJourneyRequest,
) -> Result<v1::GetJourneyResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    Ok(v1::GetJourneyResponse {
        journey: Some(read(client, id).await?),
    })
}

/// Lists the journeys of a snapshot, by id.
pub async fn list_journeys(
    client: &Client,
    request: v1::ListJourneysRequest,
) -> Result<v1::ListJourneysResponse> {
    let goal = names::id("goal", "goals", &request.goal)?;
    let snapshot = match names::snapshot_id("snapshot", goal, &request.snapshot)? {
        Some(snapshot) => snapshot,
        None => goals::head(client, goal).await?,
    };
    let all = all(client, goal, Some(snapshot)).await?;
    // Another snapshot has other journeys, also where the newest is asked for.
    let list = [
        client.name(),
        COLLECTION,
        &request.goal,
        &snapshot.to_string(),
    ];
    let (size, token) = (request.page_size, &request.page_token);
    let page = page(&list, all, |status| status.journey.id, size, token)?;
    Ok(v1::ListJourneysResponse {
        journeys: page.items.into_iter().map(with_execution).collect(),
        next_page_token: page.next,
    })
}

/// What of a journey can be changed.
const FIELDS: [&str; 2] = ["display_name", "data_table"];

/// Changes a journey's display name, and the table that it is bound to.
pub async fn update_journey(
    client: &Client,
    request: v1::UpdateJourneyRequest,
) -> Result<v1::UpdateJourneyResponse> {
    let journey = required("journey", request.journey)?;
    let id = names::id("journey.name", COLLECTION, &journey.name)?;
    let mask = request.update_mask.as_ref();
    check_mask(mask, &FIELDS)?;
    let (title, table) = (&journey.display_name, &journey.data_table);
    let table = names::optional_id("journey.data_table", "testDataTables", table)?;
    let names_fields = mask.is_some_and(|mask| !mask.paths.is_empty());
    // Without a mask, only what is given: an empty table would take the journey's away.
    let binds = asks(mask, "data_table") && (names_fields || table.is_some());
    let renames = asks(mask, "display_name") && (names_fields || !title.is_empty() || !binds);
    if renames {
        let title = super::named("journey.display_name", title)?;
        client.call(calls::journeys::rename(id, title)).await?;
    }
    if binds {
        client.call(calls::journeys::set_table(id, table)).await?;
    }
    Ok(v1::UpdateJourneyResponse {
        journey: Some(read(client, id).await?),
    })
}

/// Deletes a journey.
pub async fn delete_journey(
    client: &Client,
    request: v1::DeleteJourneyRequest,
) -> Result<v1::DeleteJourneyResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    client.call(calls::journeys::delete(id)).await?;
    Ok(v1::DeleteJourneyResponse {})
}

/// Puts a checkpoint into a journey.
pub async fn attach_checkpoint(
    client: &Client,
    request: v1::AttachCheckpointRequest,
) -> Result<v1::AttachCheckpointResponse> {
    let journey = names::id("journey", COLLECTION, &request.journey)?;
    let what = match names::id("checkpoint", "libraryCheckpoints", &request.checkpoint) {
        Ok(id) => Attached::Library(id),
        Err(_) => {
            let id = names::id("checkpoint", checkpoints::COLLECTION, &request.checkpoint)?;
            Attached::Checkpoint(id)
        }
    };
    attach(client, journey, what, request.position).await?;
    Ok(v1::AttachCheckpointResponse {
        journey: Some(read(client, journey).await?),
    })
}

/// Puts a checkpoint into a journey at a position, 0 for after the last; the position it got.
pub(crate) async fn attach(
    client: &Client,
    journey: i64,
    what: Attached,
    position: i32,
) -> Result<i32> {
    let position = match position {
        0 => {
            let cases = client.call(calls::journeys::get(journey)).await?.cases;
            // The first one navigates.
            count(cases.map_or(0, |cases| cases.len()) as i64 + 1).max(2)
        }
        position => position,
    };
    client.attach(journey, what, position).await?;
    Ok(position)
}

/// The journeys of a snapshot, or of the newest, by id.
pub(crate) async fn all(
    client: &Client,
    goal: i64,
    snapshot: Option<i64>,
) -> Result<Vec<JourneyStatus>> {
    let snapshot = match snapshot {
        Some(snapshot) => snapshot,
        None => goals::head(client, goal).await?,
    };
    let mut all = client.call(calls::journeys::list(goal, snapshot)).await?;
    all.retain(|status| !status.journey.archived);
    all.sort_by_key(|status| status.journey.id);
    Ok(all)
}

/// The oldest journey of a goal: the one that the platform has made with it.
pub(super) async fn first(client: &Client, goal: i64) -> Result<Option<v1::Journey>> {
    match all(client, goal, None).await?.first() {
        Some(first) => Ok(Some(read(client, first.journey.id).await?)),
        None => Ok(None),
    }
}

async fn read(client: &Client, id: i64) -> Result<v1::Journey> {
    Ok(message(client.call(calls::journeys::get(id)).await?))
}

fn with_execution(status: JourneyStatus) -> v1::Journey {
    let last = status.last_execution.unwrap_or_default();
    let at = |path: &str| last.pointer(path);
    let date = [
        "/endDate",
        "/startDate",
        "/submitDate",
        "/job/endDate",
        "/job/submitDate",
    ];
    let word = at("/statistics/outcome").or_else(|| at("/outcome"));
    v1::Journey {
        last_execution_time: timestamp(date.iter().find_map(|path| at(path)?.as_i64())),
        last_outcome: outcome(word.and_then(Value::as_str)).into(),
        ..message(status.journey)
    }
}

fn message(journey: Journey) -> v1::Journey {
    let cases = journey.cases.unwrap_or_default().into_iter();
    v1::Journey {
        name: name(COLLECTION, journey.id),
        display_name: journey.title,
        label: journey.name,
        goal: name("goals", journey.goal_id),
        snapshot: snapshot(journey.goal_id, Some(journey.snapshot_id)),
        canonical_id: journey.canonical_id,
        draft: journey.draft,
        archived: journey.archived,
        tags: journey.tags,
        data_table: optional("testDataTables", journey.data_table_id),
        checkpoints: (1..)
            .zip(cases)
            .map(|(position, case)| placed(position, case))
            .collect(),
        last_execution_time: None,
        last_outcome: v1::Outcome::Unspecified.into(),
    }
}

fn placed(position: i32, case: Checkpoint) -> v1::JourneyCheckpoint {
    let meta = case.checkpoint_meta.clone().unwrap_or_default();
    let iterations = match meta.loop_iterations {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    v1::JourneyCheckpoint {
        position,
        checkpoint: Some(checkpoints::message(case)),
        loop_iterations: iterations,
        loop_condition: meta.loop_condition.unwrap_or_default(),
    }
}
