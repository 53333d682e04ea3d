//! The checkpoint that a session adds to.

use etude::v1::{self, ErrorReason};
use etude_engine::{Error, Result};

use crate::calls;
use crate::calls::goals::NewGoal;
use crate::calls::journeys::NewJourney;
use crate::client::Client;
use crate::lookup::{find_goal, find_journey, find_project, single};
use crate::model::{DeviceSize, Journey};
use crate::resources::{checkpoints, goals, journeys, names};

/// The id of a checkpoint that can hold steps.
///
/// # Errors
///
/// `PLATFORM_NOT_FOUND`; `CHECKPOINT_NOT_ATTACHED`.
pub(super) async fn existing(client: &Client, name: &str) -> Result<i64> {
    let id = names::id("authoring.name", checkpoints::COLLECTION, name)?;
    let client = client.fresh();
    let case = client.call(calls::checkpoints::get(id)).await?;
    match case.goal_id.filter(|_| case.shared_count == 0) {
        Some(goal) if is_loose(&client, goal, id).await? => Err(not_attached(id)),
        _ => Ok(id),
    }
}

/// Whether a checkpoint of a goal is in no journey, and the goal's list says so too: its own answer
/// may lack the number.
async fn is_loose(client: &Client, goal: i64, id: i64) -> Result<bool> {
    let all = client.call(calls::goals::checkpoints(goal)).await?;
    let listed = all.checkpoints.get(&id);
    Ok(listed.is_some_and(|one| one.shared_count == 0))
}

fn not_attached(id: i64) -> Error {
    let name = names::name(checkpoints::COLLECTION, id);
    let message = format!(
        "{name} is in no journey, and the platform takes steps only for one that is; put it into one \
         with AttachCheckpoint"
    );
    Error::new(ErrorReason::CheckpointNotAttached, message).resource(name)
}

/// The id of the checkpoint at the end of a path, created with what leads to it when it is missing.
///
/// # Errors
///
/// `PLATFORM_IDENTIFIER_AMBIGUOUS`; `INVALID_REQUEST`: the goal has to be created and the path has
/// no URL. What was created before an error remains, and is found by the next attempt.
pub(super) async fn ensure(client: &Client, path: &v1::CheckpointPath) -> Result<i64> {
    let client = &client.fresh();
    let project = project(client, &path.project).await?;
    let (goal, is_new) = goal(client, project, path).await?;
    let _turn = client.turn_on_goal(goal).await;
    let journey = journey(client, goal, &path.journey, is_new).await?;
    checkpoint(client, &journey, &path.checkpoint).await
}

/// The project of a name, created when there is none.
async fn project(client: &Client, name: &str) -> Result<i64> {
    match find_project(client, name).await? {
        Some(found) => Ok(found.id),
        None => {
            let organization = client.organization().await?;
            let created = client.create_project(organization, name, "");
            Ok(created.await?.id)
        }
    }
}

/// The goal of a name, and whether it had to be created.
async fn goal(client: &Client, project: i64, path: &v1::CheckpointPath) -> Result<(i64, bool)> {
    if let Some(found) = find_goal(client, project, &path.goal).await? {
        return Ok((found.id, false));
    }
    if path.url.is_empty() {
        let message = format!(
            "is required: there is no goal `{}`, and a new one needs the address to start at",
            path.goal
        );
        return Err(Error::invalid("authoring.path.url", "required", message));
    }
    let goal = NewGoal {
        project,
        name: path.goal.clone(),
        url: path.url.clone(),
        environment: None,
        size: DeviceSize::default(),
        first_journey: true,
    };
    Ok((client.create_goal(&goal).await?.id, true))
}

/// The journey of a name. Of a new goal it is the one that the platform has made with it.
async fn journey(client: &Client, goal: i64, name: &str, is_new: bool) -> Result<Journey> {
    let all = journeys::all(client, goal, None).await?;
    let id = match find_journey(&all, name)? {
        Some(id) => id,
        None => match all.first().filter(|_| is_new) {
            Some(first) => {
                let id = first.journey.id;
                client.call(calls::journeys::rename(id, name)).await?;
                id
            }
            None => {
                let new = NewJourney {
                    goal,
                    snapshot: goals::head(client, goal).await?,
                    title: name.to_owned(),
                    ..NewJourney::default()
                };
                client.create_journey(&new).await?.id
            }
        },
    };
    client.call(calls::journeys::get(id)).await
}

async fn checkpoint(client: &Client, journey: &Journey, name: &str) -> Result<i64> {
    let cases = journey.cases.iter().flatten();
    let found = cases.filter(|case| case.title == name && case.library_checkpoint_id.is_none());
    match single("checkpoint", name, found.map(|case| case.id))? {
        Some(id) => Ok(id),
        None => Ok(checkpoints::create_in(client, journey, name, 0).await?.0),
    }
}
