//! The library of checkpoints.

use serde_json::{Value, json};

use super::{Call, Kind};
use crate::model::LibraryCheckpoint;

/// One checkpoint of the library with its steps.
pub fn get(id: i64) -> Call<LibraryCheckpoint> {
    Call::get(format!("/library/checkpoints/{id}"))
}

/// The checkpoints of a project's library. The cloud has no such list that is known.
pub fn list(project: i64) -> Call<Vec<LibraryCheckpoint>> {
    Call::list("/library/checkpoints".to_owned()).query("projectId", project)
}

/// Changes the title of a checkpoint of the library.
pub fn rename(id: i64, title: &str) -> Call<Value> {
    Call::put(format!("/library/checkpoints/{id}"), json!({"name": title}))
}

/// Moves a step to a place, from 1.
pub fn move_step(checkpoint: i64, step: i64, position: i32) -> Call<()> {
    let path = format!("/library/checkpoints/{checkpoint}/steps/{step}/move");
    Call::done(Kind::Write, path, json!({"position": position}))
}

/// Removes a step.
pub fn delete_step(checkpoint: i64, step: i64) -> Call<()> {
    Call::delete(format!("/library/checkpoints/{checkpoint}/steps/{step}"))
}
