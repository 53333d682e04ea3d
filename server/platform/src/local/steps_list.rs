//! Reading steps: one, those of a checkpoint, and the history of one.

use axum::extract::State;
use serde_json::{Value, json};

use super::Local;
use super::answer::{Answer, Problem, Reply};
use super::checkpoints::{self, steps_of};
use super::entity::view;
use super::request::Ids;
use super::steps;
use crate::model::Step;

/// GET /teststeps/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let value = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { Ok(steps::found(&mut tx, id).await?.shown()) })
    })
    .await?;
    Answer::item(value)
}

/// GET /checkpoints/{id}/teststeps: how the reference CLI lists them.
pub(super) async fn of_checkpoint(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let steps = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let kept = checkpoints::reachable(&mut tx, id).await?;
            let steps = steps_of(&mut tx, id, &kept.steps).await?;
            let placed = steps
                .iter()
                .enumerate()
                .map(|(index, step)| placed(step, id, index));
            Ok(placed.collect::<Vec<_>>())
        })
    })
    .await?;
    Answer::items(steps)
}

/// A step with where it stands, and with its target a second time where the reference CLI looks.
pub(super) fn placed(step: &Step, checkpoint: i64, index: usize) -> Value {
    let mut value = json!(step);
    value["checkpointId"] = checkpoint.into();
    value["stepIndex"] = index.into();
    if let Some(target) = step
        .element
        .as_ref()
        .and_then(|element| element.target.as_ref())
    {
        value["target"] = json!(target);
    }
    value
}

/// GET /timelines/journeys/{journey}/checkpoints/{checkpoint}/steps/{step}: no history is kept.
pub(super) async fn timeline(
    State(local): State<Local>,
    Ids([_, checkpoint, step]): Ids<3>,
) -> Reply {
    view(
        local.records(),
        (checkpoint, step),
        |mut tx, (checkpoint, step)| {
            Box::pin(async move {
                let found = steps::found(&mut tx, step).await?;
                if found.kept.parent != checkpoint {
                    return Err(Problem::missing("Test step", step));
                }
                Ok(())
            })
        },
    )
    .await?;
    Answer::items(json!([]))
}
