//! Journeys.

use serde_json::{Value, json};

use super::{Call, Kind};
use crate::model::{Journey, JourneyStatus};

/// Creates a journey in a snapshot.
pub fn create(goal: i64, snapshot: i64, title: &str, draft: bool) -> Call<Journey> {
    let body = json!({
        "goalId": goal,
        "snapshotId": snapshot,
        "name": title,
        "title": title,
        "archived": false,
        "draft": draft,
    });
    Call::create("/testsuites".to_owned(), body)
}

/// One journey with its checkpoints and their steps.
pub fn get(id: i64) -> Call<Journey> {
    Call::get(format!("/testsuites/{id}"))
}

/// The journeys of a snapshot, each with its last execution.
pub fn list(goal: i64, snapshot: i64) -> Call<Vec<JourneyStatus>> {
    Call::list("/testsuites/latest_status".to_owned())
        .query("versionId", snapshot)
        .query("goalId", goal)
}

/// Changes a journey's title.
pub fn rename(id: i64, title: &str) -> Call<Value> {
    Call::put(format!("/testsuites/{id}"), json!({"title": title}))
}

/// Deletes a journey.
pub fn delete(id: i64) -> Call<()> {
    Call::delete(format!("/testsuites/{id}"))
}

/// What is put into a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// A checkpoint of the journey's goal.
    Checkpoint(i64),
    /// A checkpoint of the project's library.
    Library(i64),
}

/// Puts a checkpoint into a journey at a position, from 2. A checkpoint of the library may be in it
/// several times.
pub fn attach(journey: i64, what: Attached, position: i32) -> Call<()> {
    let body = match what {
        Attached::Checkpoint(id) => json!({"checkpointId": id, "position": position}),
        Attached::Library(id) => json!({"libraryCheckpointId": id, "position": position}),
    };
    let path = format!("/testsuites/{journey}/checkpoints/attach");
    Call::done(Kind::Create, path, body)
}
