//! Journeys.

use serde_json::{Value, json};

use super::{Call, Kind};
use crate::model::{Journey, JourneyStatus};

/// What a new journey is like.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewJourney {
    /// Its goal.
    pub goal: i64,
    /// Its snapshot: the newest of the goal.
    pub snapshot: i64,
    /// What people call it.
    pub title: String,
    /// Whether it is still a draft.
    pub draft: bool,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// The table whose rows it is executed with.
    pub table: Option<i64>,
}

/// Creates a journey in a snapshot.
pub fn create(new: &NewJourney) -> Call<Journey> {
    let mut body = json!({
        "goalId": new.goal,
        "snapshotId": new.snapshot,
        "name": new.title,
        "title": new.title,
        "archived": false,
        "draft": new.draft,
    });
    if !new.tags.is_empty() {
        body["tagNames"] = json!(new.tags);
    }
    if let Some(table) = new.table {
        body["dataTableId"] = table.into();
    }
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

/// Changes the words that a journey is selected by.
pub fn set_tags(id: i64, tags: &[String]) -> Call<Value> {
    Call::put(format!("/testsuites/{id}"), json!({"tags": tags}))
}

/// Binds a journey to the table whose rows it is executed with; `None`: to none.
pub fn set_table(id: i64, table: Option<i64>) -> Call<Value> {
    Call::put(format!("/testsuites/{id}"), json!({"dataTableId": table}))
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
