//! Finding resources by what people call them.

use etude::v1::{self, ErrorReason};
use etude_engine::{Error, Result};

use crate::calls;
use crate::calls::goals::NewGoal;
use crate::calls::journeys::NewJourney;
use crate::client::Client;
use crate::model::{DeviceSize, Goal, Journey, JourneyStatus, Project};
use crate::resources::{checkpoints, goals, journeys, names};

/// The id of a checkpoint that can hold steps.
///
/// # Errors
///
/// `PLATFORM_NOT_FOUND`; `CHECKPOINT_NOT_ATTACHED`.
pub(crate) async fn existing(client: &Client, name: &str) -> Result<i64> {
    let id = name
        .strip_prefix("checkpoints/")
        .and_then(|id| id.parse().ok());
    let id: i64 = id.ok_or_else(|| {
        let message = "is not the name of a checkpoint; write checkpoints/ and its number";
        Error::invalid("authoring.name", "name", message)
    })?;
    client.fresh().call(calls::checkpoints::get(id)).await?;
    Ok(id)
}

/// The id of the checkpoint at the end of a path, created with what leads to it when it is missing.
///
/// # Errors
///
/// `PLATFORM_IDENTIFIER_AMBIGUOUS`; `INVALID_REQUEST`: the goal has to be created and the path has
/// no URL. What was created before an error remains, and is found by the next attempt.
pub(crate) async fn ensure(client: &Client, path: &v1::CheckpointPath) -> Result<i64> {
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

/// The project with a display name, or of a resource name.
///
/// # Errors
///
/// `PLATFORM_IDENTIFIER_AMBIGUOUS`; of a resource name `PLATFORM_NOT_FOUND`.
pub(crate) async fn find_project(client: &Client, name: &str) -> Result<Option<Project>> {
    if let Some(id) = id_in("projects", name) {
        return client.call(calls::projects::get(id)).await.map(Some);
    }
    let organization = client.organization().await?;
    let mut all = client.call(calls::projects::list(organization)).await?;
    all.retain(|one| one.name == name && !one.archived);
    single("project", name, all.iter().map(|one| one.id))?;
    Ok(all.pop())
}

/// The goal with a display name, or of a resource name.
///
/// # Errors
///
/// As [`find_project`]; `INVALID_REQUEST`: it belongs to another project.
pub(crate) async fn find_goal(client: &Client, project: i64, name: &str) -> Result<Option<Goal>> {
    if let Some(id) = id_in("goals", name) {
        let goal = client.call(calls::goals::get(id)).await?;
        if ![0, project].contains(&goal.project_id) {
            let message = format!("`{name}` belongs to projects/{}", goal.project_id);
            return Err(Error::invalid("goal", "project", message));
        }
        return Ok(Some(goal));
    }
    let mut all = client.call(calls::goals::list(project)).await?;
    all.retain(|one| one.name == name && !one.archived);
    single("goal", name, all.iter().map(|one| one.id))?;
    Ok(all.pop())
}

/// The id of the journey with a display name, or of a resource name.
///
/// # Errors
///
/// `PLATFORM_IDENTIFIER_AMBIGUOUS`.
pub(crate) fn find_journey(all: &[JourneyStatus], name: &str) -> Result<Option<i64>> {
    let all = all.iter().map(|status| &status.journey);
    if let Some(id) = id_in("journeys", name) {
        return Ok(all.map(|one| one.id).find(|one| *one == id));
    }
    let found = all.filter(|one| one.title == name);
    single("journey", name, found.map(|one| one.id))
}

/// The id in a resource name.
pub(crate) fn id_in(collection: &str, name: &str) -> Option<i64> {
    names::id("name", collection, name).ok()
}

/// The one id of a name, if there is one.
pub(crate) fn single(
    kind: &str,
    name: &str,
    mut ids: impl Iterator<Item = i64>,
) -> Result<Option<i64>> {
    let Some(first) = ids.next() else {
        return Ok(None);
    };
    let others: Vec<String> = ids.map(|id| format!("{kind}s/{id}")).collect();
    if others.is_empty() {
        return Ok(Some(first));
    }
    let message = format!(
        "{} {kind}s are called `{name}`: {kind}s/{first}, {}; name the one you mean",
        others.len() + 1,
        others.join(", ")
    );
    Err(Error::new(ErrorReason::PlatformIdentifierAmbiguous, message).with("name", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_several_have_is_refused_with_all_of_them() {
        assert_eq!(single("goal", "Shop", [].into_iter()).unwrap(), None);
        assert_eq!(single("goal", "Shop", [7].into_iter()).unwrap(), Some(7));
        let error = single("goal", "Shop", [7, 8].into_iter()).unwrap_err();
        assert_eq!(error.reason, ErrorReason::PlatformIdentifierAmbiguous);
        assert!(
            error.message.contains("goals/7, goals/8"),
            "{}",
            error.message
        );
    }
}
