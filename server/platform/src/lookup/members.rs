//! What a resource holds, with the names that people gave.

use etude_engine::{Error, Result};

use super::route::kind;
use crate::calls;
use crate::client::Client;
use crate::resources::{environments, journeys};

/// A resource within another.
#[derive(Debug)]
pub(super) struct Member {
    /// Its id.
    pub(super) id: i64,
    /// What people call it; of a step its position.
    pub(super) name: String,
}

fn member(id: i64, name: impl Into<String>) -> Member {
    let name = name.into();
    Member { id, name }
}

/// The members of a collection that a resource holds; of projects, those of the organization.
pub(super) async fn of(client: &Client, collection: &str, holder: i64) -> Result<Vec<Member>> {
    match collection {
        "projects" => projects(client).await,
        "goals" => goals(client, holder).await,
        "journeys" => {
            let all = journeys::all(client, holder, None).await?.into_iter();
            Ok(all
                .map(|one| member(one.journey.id, one.journey.title))
                .collect())
        }
        "checkpoints" => checkpoints(client, holder).await,
        "steps" => {
            let steps = client.call(calls::checkpoints::get(holder)).await?.steps;
            let places = steps.iter().zip(1..);
            Ok(places
                .map(|(step, place)| member(step.id, place.to_string()))
                .collect())
        }
        "environments" => {
            let all = environments::all(client, holder).await?.into_iter();
            Ok(all.map(|one| member(one.id, one.name)).collect())
        }
        "extensions" => {
            let all = client.call(calls::scripts::list(holder)).await?.into_iter();
            let all = all.filter(|one| !one.archived);
            Ok(all.map(|one| member(one.id, one.name)).collect())
        }
        "apiTests" => {
            let all = client.call(calls::scripts::api_tests(holder)).await?;
            let all = all.api_tests.into_iter();
            Ok(all.map(|one| member(one.id, one.name)).collect())
        }
        other => listed_here_only(client, other, holder).await,
    }
}

async fn projects(client: &Client) -> Result<Vec<Member>> {
    let organization = client.organization().await?;
    let all = client.call(calls::projects::list(organization)).await?;
    let all = all.into_iter().filter(|one| !one.archived);
    Ok(all.map(|one| member(one.id, one.name)).collect())
}

async fn goals(client: &Client, project: i64) -> Result<Vec<Member>> {
    let all = client.call(calls::goals::list(project)).await?;
    let all = all.into_iter().filter(|one| !one.archived);
    Ok(all.map(|one| member(one.id, one.name)).collect())
}

/// The checkpoints of a journey that are its goal's own.
async fn checkpoints(client: &Client, journey: i64) -> Result<Vec<Member>> {
    let cases = client.call(calls::journeys::get(journey)).await?.cases;
    let cases = cases.into_iter().flatten();
    let own = cases.filter(|case| case.library_checkpoint_id.is_none());
    Ok(own.map(|case| member(case.id, case.title)).collect())
}

/// Of these the cloud has no list that is known; the local platform has.
async fn listed_here_only(client: &Client, collection: &str, project: i64) -> Result<Vec<Member>> {
    if !client.is_local() {
        let message = format!(
            "the Virtuoso cloud tells no names of its {}s; write {collection}/ and the number",
            kind(collection)
        );
        return Err(Error::invalid("path", "listed", message));
    }
    Ok(match collection {
        "libraryCheckpoints" => {
            let all = client.call(calls::library::list(project)).await?;
            all.into_iter()
                .map(|one| member(one.id, one.name))
                .collect()
        }
        "testDataTables" => {
            let all = client.call(calls::test_data::list(project)).await?;
            all.into_iter()
                .map(|one| member(one.id, one.name))
                .collect()
        }
        _ => {
            let all = client.call(calls::plans::list(project)).await?;
            all.into_iter()
                .map(|one| member(one.id, one.name))
                .collect()
        }
    })
}
