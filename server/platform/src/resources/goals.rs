//! `GoalService`.

use etude::v1;
use etude_engine::Result;

use super::names::{self, name, optional, snapshot};
use super::page::page;
use super::time::timestamp;
use super::{checkpoints, count, journeys};
use crate::calls;
use crate::calls::goals::NewGoal;
use crate::client::Client;
use crate::model::{DeviceSize, Goal, Snapshot};

/// Creates a goal.
///
/// # Errors
///
/// Those of [`Client::call`], as all functions here.
pub async fn create_goal(
    client: &Client,
    request: v1::CreateGoalRequest,
) -> Result<v1::CreateGoalResponse> {
    let goal = NewGoal {
        project: names::id("project", "projects", &request.project)?,
        environment: names::optional_id("environment", "environments", &request.environment)?,
        name: request.display_name,
        url: request.url,
        size: size(request.viewport),
        first_journey: !request.omit_first_journey,
    };
    let id = client.create_goal(&goal).await?.id;
    let goal = present(client, id).await?;
    let first_journey = match request.omit_first_journey {
        true => None,
        false => journeys::first(client, id).await?,
    };
    Ok(v1::CreateGoalResponse {
        goal: Some(goal),
        first_journey,
    })
}

/// Returns a goal.
pub async fn get_goal(client: &Client, request: v1::GetGoalRequest) -> Result<v1::GetGoalResponse> {
    let id = names::id("name", "goals", &request.name)?;
    Ok(v1::GetGoalResponse {
        goal: Some(present(client, id).await?),
    })
}

/// Lists the goals of a project, by id.
pub async fn list_goals(
    client: &Client,
    request: v1::ListGoalsRequest,
) -> Result<v1::ListGoalsResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let goals = all(client, project).await?;
    let list = [client.name(), "goals", &request.project];
    let (size, token) = (request.page_size, &request.page_token);
    let page = page(&list, goals, |goal| goal.id, size, token)?;
    Ok(v1::ListGoalsResponse {
        goals: page.items.into_iter().map(message).collect(),
        next_page_token: page.next,
    })
}

/// Archives a goal.
pub async fn delete_goal(
    client: &Client,
    request: v1::DeleteGoalRequest,
) -> Result<v1::DeleteGoalResponse> {
    let id = names::id("name", "goals", &request.name)?;
    client.call(calls::goals::delete(id)).await?;
    Ok(v1::DeleteGoalResponse {})
}

/// Lists the snapshots of a goal, newest first.
pub async fn list_snapshots(
    client: &Client,
    request: v1::ListSnapshotsRequest,
) -> Result<v1::ListSnapshotsResponse> {
    let goal = names::id("goal", "goals", &request.goal)?;
    let versions = client.call(calls::goals::versions(goal)).await?;
    let list = [client.name(), "snapshots", &request.goal];
    let (size, token) = (request.page_size, &request.page_token);
    let id = |version: &Snapshot| version.snapshot_id;
    let page = page(&list, versions.snapshots, id, size, token)?;
    let of_goal = |version: Snapshot| v1::Snapshot {
        name: snapshot(goal, Some(version.snapshot_id)),
        create_time: timestamp(version.created_date),
        dirty: version.dirty,
    };
    Ok(v1::ListSnapshotsResponse {
        snapshots: page.items.into_iter().map(of_goal).collect(),
        next_page_token: page.next,
    })
}

/// Lists all checkpoints of a goal, by id.
pub async fn list_goal_checkpoints(
    client: &Client,
    request: v1::ListGoalCheckpointsRequest,
) -> Result<v1::ListGoalCheckpointsResponse> {
    let goal = names::id("goal", "goals", &request.goal)?;
    let all = client.call(calls::goals::checkpoints(goal)).await?;
    let all: Vec<_> = all.checkpoints.into_iter().collect();
    let list = [client.name(), "goalCheckpoints", &request.goal];
    let (size, token) = (request.page_size, &request.page_token);
    let page = page(&list, all, |(id, _)| *id, size, token)?;
    let checkpoints = page
        .items
        .into_iter()
        .map(|(id, one)| v1::PlatformCheckpoint {
            name: name(checkpoints::COLLECTION, id),
            display_name: one.title,
            label: one.name,
            goal: name("goals", goal),
            shared_count: count(one.shared_count),
            ..v1::PlatformCheckpoint::default()
        });
    Ok(v1::ListGoalCheckpointsResponse {
        checkpoints: checkpoints.collect(),
        next_page_token: page.next,
    })
}

/// The goals of a project, by id.
pub(crate) async fn all(client: &Client, project: i64) -> Result<Vec<Goal>> {
    let mut all = client.call(calls::goals::list(project)).await?;
    all.retain(|goal| !goal.archived);
    all.sort_by_key(|goal| goal.id);
    Ok(all)
}

/// The snapshot of a goal that can be edited: the newest.
pub(crate) async fn head(client: &Client, goal: i64) -> Result<i64> {
    let versions = client.call(calls::goals::versions(goal)).await?;
    let newest = versions.snapshots.first().map(|newest| newest.snapshot_id);
    newest.ok_or_else(|| client.incomplete(&format!("a snapshot of goal {goal}")))
}

/// A goal with its snapshot.
async fn present(client: &Client, id: i64) -> Result<v1::Goal> {
    let goal = client.call(calls::goals::get(id)).await?;
    let newest = head(client, id).await?;
    Ok(v1::Goal {
        snapshot: snapshot(id, Some(newest)),
        ..message(goal)
    })
}

fn message(goal: Goal) -> v1::Goal {
    v1::Goal {
        name: name("goals", goal.id),
        display_name: goal.name,
        project: name("projects", goal.project_id),
        url: goal.url,
        environment: optional("environments", goal.environment_id),
        snapshot: snapshot(goal.id, goal.latest_snapshot_id),
        viewport: Some(v1::Viewport {
            width: goal.device_size.width,
            height: goal.device_size.height,
        }),
        archived: goal.archived,
    }
}

fn size(viewport: Option<v1::Viewport>) -> DeviceSize {
    viewport.map_or_else(DeviceSize::default, |viewport| DeviceSize {
        width: viewport.width,
        height: viewport.height,
    })
}
