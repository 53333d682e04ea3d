//! Checkpoints.

use serde_json::json;

use super::Call;
use crate::model::{Checkpoint, LibraryCheckpoint};

/// Creates a checkpoint in a snapshot. It is in no journey yet, and can hold no steps until it is.
pub fn create(goal: i64, snapshot: i64, title: &str) -> Call<Checkpoint> {
    let body = json!({"goalId": goal, "snapshotId": snapshot, "title": title});
    Call::create("/testcases".to_owned(), body)
}

/// One checkpoint with its steps.
pub fn get(id: i64) -> Call<Checkpoint> {
    Call::get(format!("/testcases/{id}"))
}

/// Removes a step of a checkpoint.
pub fn delete_step(checkpoint: i64, step: i64) -> Call<()> {
    Call::delete(format!("/testcases/{checkpoint}/steps/{step}"))
}

/// Copies a checkpoint into the library.
pub fn add_to_library(
    id: i64,
    name: &str,
    description: &str,
    tags: &[String],
) -> Call<LibraryCheckpoint> {
    let body = json!({"name": name, "description": description, "tags": tags});
    Call::create(format!("/testcases/{id}/add-to-library"), body)
}
