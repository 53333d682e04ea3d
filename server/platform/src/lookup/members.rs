//! What a resource holds, with the names that people gave.

use etude_engine::{Error, Result};

use super::route::kind;
use crate::calls;
use crate::client::Client;
use crate::resources::{environments, goals, journeys, projects};

/// A resource within another.
#[derive(Debug)]
pub(super) struct Member {
    /// Its id.
    pub(super) id: i64,
    /// What people call it; of a step its position.
    pub(super) name: String,
}

/// Members, from what says the id and the name of each.
fn members<T>(
    all: impl IntoIterator<Item = T>,
    id_and_name: impl Fn(T) -> (i64, String),
) -> Vec<Member> {
    let member = |(id, name)| Member { id, name };
    all.into_iter().map(id_and_name).map(member).collect()
}

/// The members of a collection that a resource holds; of projects, those of the organization.
pub(super) async fn of(client: &Client, collection: &str, holder: i64) -> Result<Vec<Member>> {
    Ok(match collection {
        "projects" => members(projects::all(client).await?, |one| (one.id, one.name)),
        "goals" => members(goals::all(client, holder).await?, |one| (one.id, one.name)),
        "journeys" => {
            let all = journeys::all(client, holder, None).await?;
            members(all, |one| (one.journey.id, one.journey.title))
        }
        "checkpoints" => {
            let cases = client.call(calls::journeys::get(holder)).await?.cases;
            // Those of the library are not the journey's to name.
            let cases = cases.into_iter().flatten();
            let own = cases.filter(|case| case.library_checkpoint_id.is_none());
            members(own, |case| (case.id, case.title))
        }
        "steps" => {
            let steps = client.call(calls::checkpoints::get(holder)).await?.steps;
            let places = (1..).zip(steps);
            members(places, |(place, step): (u32, _)| {
                (step.id, place.to_string())
            })
        }
        "environments" => {
            let all = environments::all(client, holder).await?;
            members(all, |one| (one.id, one.name))
        }
        "extensions" => {
            let all = client.call(calls::scripts::list(holder)).await?;
            let all = all.into_iter().filter(|one| !one.archived);
            members(all, |one| (one.id, one.name))
        }
        "apiTests" => {
            let all = client.call(calls::scripts::api_tests(holder)).await?;
            members(all.api_tests, |one| (one.id, one.name))
        }
        other => listed_here_only(client, other, holder).await?,
    })
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
            members(all, |one| (one.id, one.name))
        }
        "testDataTables" => {
            let all = client.call(calls::test_data::list(project)).await?;
            members(all, |one| (one.id, one.name))
        }
        _ => {
            let all = client.call(calls::plans::list(project)).await?;
            members(all, |one| (one.id, one.name))
        }
    })
}
