//! Which journeys are asked for.

use etude_engine::Result;

use crate::calls;
use crate::client::Client;
use crate::lookup::{self, id_in};
use crate::model::{Goal, Project};
use crate::resources::{goals, journeys};

/// A journey that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) project: i64,
    pub(super) goal: i64,
    pub(super) journey: i64,
    pub(super) title: String,
    /// What its file's folders are called.
    pub(super) folders: Vec<String>,
}

/// The journeys of a resource name or a path of names.
pub(super) async fn find(client: &Client, source: &str) -> Result<Vec<Found>> {
    let client = &client.fresh();
    if let Some(id) = id_in("journeys", source) {
        let journey = client.call(calls::journeys::get(id)).await?;
        let goal = client.call(calls::goals::get(journey.goal_id)).await?;
        return Ok(vec![Found {
            project: goal.project_id,
            goal: goal.id,
            journey: id,
            title: journey.title,
            folders: Vec::new(),
        }]);
    }
    if let Some(id) = id_in("goals", source) {
        let goal = client.call(calls::goals::get(id)).await?;
        return of_goal(client, &goal, &[]).await;
    }
    if let Some(id) = id_in("projects", source) {
        let project = client.call(calls::projects::get(id)).await?;
        return of_project(client, &project).await;
    }
    let collections = ["projects", "goals", "journeys"].map(str::to_owned);
    let name = lookup::resolve(client, source, &collections, "").await?;
    Box::pin(find(client, &name)).await
}

async fn of_project(client: &Client, project: &Project) -> Result<Vec<Found>> {
    let mut all = Vec::new();
    for goal in goals::all(client, project.id).await? {
        let folders = [goal.name.clone()];
        all.extend(of_goal(client, &goal, &folders).await?);
    }
    Ok(all)
}

async fn of_goal(client: &Client, goal: &Goal, folders: &[String]) -> Result<Vec<Found>> {
    let found = journeys::all(client, goal.id, None).await?.into_iter();
    let found = found.map(|status| Found {
        project: goal.project_id,
        goal: goal.id,
        journey: status.journey.id,
        title: status.journey.title,
        folders: folders.to_vec(),
    });
    Ok(found.collect())
}
