//! Finding a resource within another by its display name.

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};

use crate::calls;
use crate::client::Client;
use crate::model::{Goal, JourneyStatus, Project};
use crate::resources::{goals, names, projects};

/// The project with a display name, or of a resource name.
///
/// # Errors
///
/// `PLATFORM_IDENTIFIER_AMBIGUOUS`; of a resource name `PLATFORM_NOT_FOUND`.
pub(crate) async fn find_project(client: &Client, name: &str) -> Result<Option<Project>> {
    if let Some(id) = id_in("projects", name) {
        return client.call(calls::projects::get(id)).await.map(Some);
    }
    let mut all = projects::all(client).await?;
    all.retain(|one| one.name == name);
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
    let mut all = goals::all(client, project).await?;
    all.retain(|one| one.name == name);
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
