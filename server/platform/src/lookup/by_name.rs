//! Finding a resource within another by its display name.

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};

use crate::calls;
use crate::client::Client;
use crate::model::{Goal, JourneyStatus, Project};
use crate::resources::{goals, names, projects};

/// Collections whose members have a number behind their name.
const COLLECTIONS: [&str; 15] = [
    "projects",
    "goals",
    "snapshots",
    "journeys",
    "checkpoints",
    "steps",
    "libraryCheckpoints",
    "environments",
    "testDataTables",
    "extensions",
    "apiTests",
    "plans",
    "executions",
    "runs",
    "sessions",
];

/// The project with a display name, or of a resource name.
///
/// # Errors
///
/// `PLATFORM_IDENTIFIER_AMBIGUOUS`; of a resource name `PLATFORM_NOT_FOUND`; `INVALID_REQUEST`: a number,
/// which is the name of none and the id of one, or the resource name of something else.
pub(crate) async fn find_project(client: &Client, name: &str) -> Result<Option<Project>> {
    if let Some(id) = id_in("projects", name) {
        return client.call(calls::projects::get(id)).await.map(Some);
    }
    let mut all = projects::all(client).await?;
    all.retain(|one| one.name == name);
    if single("project", name, all.iter().map(|one| one.id))?.is_none()
        && let Some(id) = number(name)
    {
        let found = client.call(calls::projects::get(id)).await;
        refuse_id("project", id, found)?;
    }
    if all.is_empty() {
        refuse_resource("project", name)?;
    }
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
    let mut all = goals::all(client, project).await?;
    all.retain(|one| one.name == name);
    if single("goal", name, all.iter().map(|one| one.id))?.is_none()
        && let Some(id) = number(name)
    {
        let found = client.call(calls::goals::get(id)).await;
        refuse_id("goal", id, found)?;
    }
    if all.is_empty() {
        refuse_resource("goal", name)?;
    }
    Ok(all.pop())
}

/// The id of the journey with a display name, or of a resource name.
///
/// # Errors
///
/// `PLATFORM_IDENTIFIER_AMBIGUOUS`; `INVALID_REQUEST`: as [`find_project`].
pub(crate) fn find_journey(all: &[JourneyStatus], name: &str) -> Result<Option<i64>> {
    let all = || all.iter().map(|status| &status.journey);
    let with_id = |id: i64| all().map(|one| one.id).find(|one| *one == id);
    if let Some(id) = id_in("journeys", name) {
        return Ok(with_id(id));
    }
    let titled = all().filter(|one| one.title == name).map(|one| one.id);
    let found = single("journey", name, titled)?;
    match number(name).filter(|_| found.is_none()).and_then(with_id) {
        Some(id) => Err(is_an_id("journey", id)),
        None if found.is_none() => refuse_resource("journey", name).map(|()| None),
        None => Ok(found),
    }
}

/// Refuses a resource name as the display name of something new, so that nothing is made of that name
/// by mistake. `kind` is the field's name too.
///
/// # Errors
///
/// `INVALID_REQUEST`.
pub(crate) fn refuse_resource(kind: &str, name: &str) -> Result<()> {
    let mut parts = name.split('/');
    let is_collection = parts.next().is_some_and(|one| COLLECTIONS.contains(&one));
    let digits = |id: &str| !id.is_empty() && id.bytes().all(|letter| letter.is_ascii_digit());
    if !is_collection || !parts.next().is_some_and(digits) {
        return Ok(());
    }
    let message = format!(
        "`{name}` is the name of none, and names no {kind} by its id: write {kind}s/ and the number \
         of one, or create a {kind} with the name {name} first"
    );
    Err(Error::invalid(kind, "name", message))
}

/// The id in a resource name.
pub(crate) fn id_in(collection: &str, name: &str) -> Option<i64> {
    names::id("name", collection, name).ok()
}

/// Whether a name is a number, which may be meant as an id.
pub(super) fn is_number(name: &str) -> bool {
    number(name).is_some()
}

fn number(name: &str) -> Option<i64> {
    let digits = name.bytes().all(|letter| letter.is_ascii_digit());
    name.parse().ok().filter(|id| digits && *id > 0)
}

/// Refuses the number of something that was found by it, so that nothing is made of that name by
/// mistake.
fn refuse_id<T>(kind: &str, id: i64, found: Result<T>) -> Result<()> {
    match found {
        Ok(_) => Err(is_an_id(kind, id)),
        Err(error) => match error.reason {
            ErrorReason::PlatformNotFound | ErrorReason::PlatformPermissionDenied => Ok(()),
            _ => Err(error),
        },
    }
}

fn is_an_id(kind: &str, id: i64) -> Error {
    let message = format!(
        "`{id}` is the name of none, and the id of one: write {kind}s/{id} if you mean that, or \
         create a {kind} with the name {id} first"
    );
    Error::invalid(kind, "name", message)
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
        "{} {kind}s are called `{name}`: {kind}s/{first}, {}; write one of these ids in its place",
        others.len() + 1,
        others.join(", ")
    );
    Err(Error::new(ErrorReason::PlatformIdentifierAmbiguous, message).with("name", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_only_the_id_of_one_is_refused_with_both_ways_to_write_it() {
        let journey = |id: i64, title: &str| {
            let mut status = JourneyStatus::default();
            status.journey.id = id;
            status.journey.title = title.to_owned();
            status
        };
        let all = [journey(7, "Log in"), journey(8, "9"), journey(9, "Buy")];
        assert_eq!(find_journey(&all, "9").unwrap(), Some(8));
        assert_eq!(find_journey(&all, "10").unwrap(), None);
        assert_eq!(find_journey(&all, "journeys/7").unwrap(), Some(7));
        let error = find_journey(&all, "7").unwrap_err();
        for part in ["write journeys/7", "create a journey with the name 7"] {
            assert!(error.message.contains(part), "{}", error.message);
        }
    }

    #[test]
    fn a_resource_name_of_something_else_is_no_name_of_something_new() {
        for name in ["goals/1003", "projects/0", "goals/7/snapshots/3"] {
            let error = refuse_resource("project", name).unwrap_err();
            assert!(error.message.contains("write projects/"), "{error}");
            assert_eq!(error.violations[0].field, "project");
        }
        for name in [
            "goals", "goals/", "goals/x", "teams/7", "Goals/7", "7/goals",
        ] {
            refuse_resource("project", name).unwrap();
        }
        assert!(find_journey(&[], "goals/7").is_err());
        assert_eq!(find_journey(&[], "journeys/7").unwrap(), None);
    }

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
