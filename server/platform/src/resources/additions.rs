//! Whether a checkpoint takes a new step, and where, as far as reading tells.

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};

use super::checkpoints::COLLECTION;
use super::{count, names};
use crate::calls;
use crate::client::Client;
use crate::model::Checkpoint;

/// A checkpoint that takes steps.
///
/// # Errors
///
/// `PLATFORM_NOT_FOUND`; `SNAPSHOT_IMMUTABLE`; `CHECKPOINT_NOT_ATTACHED`.
pub(crate) async fn taking_steps(client: &Client, id: i64) -> Result<Checkpoint> {
    let case = client.call(calls::checkpoints::get(id)).await?;
    let Some(goal) = case.goal_id else {
        return Ok(case);
    };
    if let Some(snapshot) = case.snapshot_id {
        refuse_committed(client, goal, snapshot, id).await?;
    }
    if case.shared_count == 0 && is_loose(client, goal, id).await? {
        return Err(not_attached(id));
    }
    Ok(case)
}

/// Refuses a step that a checkpoint would not take.
///
/// # Errors
///
/// As [`taking_steps`]; `INVALID_REQUEST`: there is no such position.
pub(crate) async fn would_take(client: &Client, id: i64, position: i32) -> Result<()> {
    let steps = taking_steps(&client.fresh(), id).await?.steps;
    within(id, position, steps.len())
}

/// Refuses a position that a checkpoint does not have; 0 is after the last. The platform is asked only
/// when what is known of the checkpoint does not tell.
///
/// # Errors
///
/// `INVALID_REQUEST`; those of [`Client::call`].
pub(crate) async fn check_position(client: &Client, id: i64, position: i32) -> Result<()> {
    match usize::try_from(position) {
        Ok(0) => Ok(()),
        Ok(asked) => within(id, position, client.count_steps(id, asked - 1).await?),
        Err(_) => within(id, position, 0),
    }
}

fn within(id: i64, position: i32, steps: usize) -> Result<()> {
    let last = count(steps as i64).saturating_add(1);
    if (0..=last).contains(&position) {
        return Ok(());
    }
    let message = format!(
        "must be 1 to {last} in checkpoints/{id}, or 0 for after the last, and is {position}"
    );
    Err(Error::invalid("position", "range", message))
}

/// Refuses a checkpoint of a snapshot that never changes again.
async fn refuse_committed(client: &Client, goal: i64, snapshot: i64, id: i64) -> Result<()> {
    let versions = client.call(calls::goals::versions(goal)).await?.snapshots;
    let mut older = versions.iter().skip(1);
    let is_committed = older.any(|one| one.snapshot_id == snapshot && !one.dirty);
    let Some(head) = versions.first().filter(|_| is_committed) else {
        return Ok(());
    };
    let name = names::snapshot(goal, Some(snapshot));
    let message = format!(
        "{} belongs to {name}, which is committed and never changes; the same checkpoint has another \
         id in {}, which can be edited",
        names::name(COLLECTION, id),
        names::snapshot(goal, Some(head.snapshot_id)),
    );
    Err(Error::new(ErrorReason::SnapshotImmutable, message).resource(name))
}

/// Whether a checkpoint of a goal is in no journey, and the goal's list says so too: its own answer
/// may lack the number.
async fn is_loose(client: &Client, goal: i64, id: i64) -> Result<bool> {
    let all = client.call(calls::goals::checkpoints(goal)).await?;
    let listed = all.checkpoints.get(&id);
    Ok(listed.is_some_and(|one| one.shared_count == 0))
}

fn not_attached(id: i64) -> Error {
    let name = names::name(COLLECTION, id);
    let message = format!(
        "{name} is in no journey, and the platform takes steps only for one that is; put it into one \
         with AttachCheckpoint"
    );
    Error::new(ErrorReason::CheckpointNotAttached, message).resource(name)
}
