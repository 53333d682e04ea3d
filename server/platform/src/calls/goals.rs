//! Goals and their snapshots.

use serde_json::{Value, json};

use super::Call;
use crate::model::{Checkpoints, DeviceSize, Goal, Versions};

/// What a new goal is like.
#[derive(Debug, Clone, PartialEq)]
pub struct NewGoal {
    /// Its project.
    pub project: i64,
    /// Its name.
    pub name: String,
    /// The address that its journeys start at.
    pub url: String,
    /// Its environment; `None`: the project's.
    pub environment: Option<i64>,
    /// Size of the browser's viewport.
    pub size: DeviceSize,
    /// Make a first journey that navigates to the address.
    pub first_journey: bool,
}

/// Creates a goal.
pub fn create(goal: &NewGoal) -> Call<Goal> {
    let body = json!({
        "projectId": goal.project,
        "name": goal.name,
        "environmentId": goal.environment,
        "url": goal.url,
        "deviceSize": {"width": goal.size.width, "height": goal.size.height},
        "meta": meta(),
        "createFirstJourney": goal.first_journey,
    });
    Call::create("/goals".to_owned(), body)
}

/// The settings of a new goal, as the platform's own pages send them.
fn meta() -> Value {
    json!({
        "onlyManagersCanPublishJourneys": null,
        "disableSameOrigin": false,
        "disableEventLogs": false,
        "bridgeClientUuid": null,
        "defaultMaxParallelism": null,
        "maxParallelism": null,
        "legacyElementSelection": null,
        "clientSideLibraryShimsEnabled": false,
        "popupAutoDismiss": true,
        "waitForNetworkTraffic": null,
        "failScriptOnNavigate": null,
    })
}

/// One goal.
pub fn get(id: i64) -> Call<Goal> {
    Call::get(format!("/goals/{id}"))
}

/// The goals of a project that are not archived.
pub fn list(project: i64) -> Call<Vec<Goal>> {
    Call::list(format!("/projects/{project}/goals")).query("archived", false)
}

/// Archives a goal.
pub fn delete(id: i64) -> Call<()> {
    Call::delete(format!("/goals/{id}"))
}

/// The snapshots of a goal, newest first.
pub fn versions(id: i64) -> Call<Versions> {
    Call::get(format!("/goals/{id}/versions"))
}

/// All checkpoints of a goal.
pub fn checkpoints(id: i64) -> Call<Checkpoints> {
    Call::get(format!("/goals/{id}/checkpoints"))
}
