//! Checkpoints, which the wire calls test cases.

use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::Local;
use super::answer::{Answer, Problem, Reply};
use super::entity::{Entity, Tx, canonical_id, change, check_name, view};
use super::goals::{self, KeptSnapshot};
use super::request::{Ids, Json};
use crate::model::{Checkpoint, CheckpointSummary, Object, Step};

/// A checkpoint, as it is kept: its steps are records of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptCheckpoint {
    pub(super) checkpoint: Checkpoint,
    /// The ids of its steps, in order.
    pub(super) steps: Vec<i64>,
    /// The journeys it is in.
    pub(super) journeys: Vec<i64>,
}

impl Entity for KeptCheckpoint {
    const KIND: &'static str = "checkpoint";
    const NOUN: &'static str = "Checkpoint";

    fn id(&self) -> i64 {
        self.checkpoint.id
    }

    fn parent(&self) -> i64 {
        self.checkpoint.snapshot_id.unwrap_or_default()
    }

    fn unique_name(&self) -> Option<String> {
        Some(self.checkpoint.title.clone())
    }
}

impl KeptCheckpoint {
    /// What a list says of it.
    pub(super) fn summary(&self) -> CheckpointSummary {
        CheckpointSummary {
            name: self.checkpoint.name.clone(),
            title: self.checkpoint.title.clone(),
            shared_count: count(&self.journeys),
            rest: Object::new(),
        }
    }
}

/// A step, as it is kept; its parent is a checkpoint or a library checkpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptStep {
    pub(super) parent: i64,
    pub(super) step: Step,
}

impl Entity for KeptStep {
    const KIND: &'static str = "step";
    const NOUN: &'static str = "Test step";

    fn id(&self) -> i64 {
        self.step.id
    }

    fn parent(&self) -> i64 {
        self.parent
    }
}

/// The steps of a checkpoint or library checkpoint in the order of their ids in `order`.
pub(super) async fn steps_of(
    tx: &mut Tx<'_>,
    parent: i64,
    order: &[i64],
) -> Result<Vec<Step>, Problem> {
    let kept = tx.all::<KeptStep>(parent).await?;
    let mut by_id: std::collections::HashMap<i64, Step> = kept
        .into_iter()
        .map(|kept| (kept.step.id, kept.step))
        .collect();
    Ok(order.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// A checkpoint with its steps.
pub(super) async fn whole(tx: &mut Tx<'_>, kept: KeptCheckpoint) -> Result<Checkpoint, Problem> {
    let steps = steps_of(tx, kept.id(), &kept.steps).await?;
    Ok(Checkpoint {
        shared_count: count(&kept.journeys),
        steps,
        ..kept.checkpoint
    })
}

fn count(ids: &[i64]) -> i64 {
    i64::try_from(ids.len()).unwrap_or(i64::MAX)
}

/// A new checkpoint, which is not kept yet.
pub(super) async fn make(
    tx: &mut Tx<'_>,
    head: &KeptSnapshot,
    title: &str,
) -> Result<KeptCheckpoint, Problem> {
    let number = tx.next(&format!("checkpoints of {}", head.goal)).await?;
    let checkpoint = Checkpoint {
        id: tx.new_id().await?,
        canonical_id: canonical_id(),
        snapshot_id: Some(head.id),
        goal_id: Some(head.goal),
        name: format!("TC{number}"),
        title: title.to_owned(),
        ..Checkpoint::default()
    };
    Ok(KeptCheckpoint {
        checkpoint,
        steps: Vec::new(),
        journeys: Vec::new(),
    })
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewCheckpoint {
    #[serde(default, deserialize_with = "crate::model::loose::id")]
    snapshot_id: i64,
    #[serde(default, deserialize_with = "crate::model::loose::some_id")]
    goal_id: Option<i64>,
    #[serde(default)]
    title: String,
}

/// POST /testcases
pub(super) async fn create(State(local): State<Local>, Json(new): Json<NewCheckpoint>) -> Reply {
    check_name("title", &new.title)?;
    let checkpoint = change(local.records(), new, |mut tx, new| {
        Box::pin(async move {
            let head = goals::editable(&mut tx, new.snapshot_id, new.goal_id).await?;
            let kept = make(&mut tx, &head, &new.title).await?;
            tx.put(&kept).await?;
            Ok(kept.checkpoint)
        })
    })
    .await?;
    Answer::created(checkpoint)
}

/// GET /testcases/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let checkpoint = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let kept = reachable(&mut tx, id).await?;
            whole(&mut tx, kept).await
        })
    })
    .await?;
    Answer::item(checkpoint)
}

/// A checkpoint of a goal that exists.
pub(super) async fn reachable(tx: &mut Tx<'_>, id: i64) -> Result<KeptCheckpoint, Problem> {
    let kept: KeptCheckpoint = tx.get(id).await?;
    goals::snapshot(tx, kept.parent()).await?;
    Ok(kept)
}

/// PUT /testcases/{id}: gives it another title or tags.
pub(super) async fn update(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(fields): Json<Changes>,
) -> Reply {
    if let Some(title) = &fields.title {
        check_name("title", title)?;
    }
    let checkpoint = change(local.records(), (id, fields), |mut tx, (id, fields)| {
        Box::pin(async move {
            let mut kept = reachable(&mut tx, id).await?;
            goals::editable(&mut tx, kept.parent(), None).await?;
            if let Some(title) = fields.title {
                kept.checkpoint.title = title;
            }
            if let Some(tags) = fields.tags {
                kept.checkpoint.tags = tags;
            }
            tx.put(&kept).await?;
            whole(&mut tx, kept).await
        })
    })
    .await?;
    Answer::item(checkpoint)
}

#[derive(Clone, Deserialize)]
pub(super) struct Changes {
    title: Option<String>,
    tags: Option<Vec<String>>,
}
