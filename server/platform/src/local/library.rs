//! The library: checkpoints of a project, without versions.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Local;
use super::answer::{Answer, Problem, Reply};
use super::checkpoints::{self, KeptStep, steps_of};
use super::entity::{Entity, Tx, canonical_id, change, check_name, now, view};
use super::goals;
use super::people::rfc3339;
use super::projects::{in_project, project};
use super::request::{Ids, Json, Params};
use crate::model::{Checkpoint, LibraryCheckpoint, Step};

/// A library checkpoint, as it is kept: its steps are records of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptLibrary {
    pub(super) checkpoint: LibraryCheckpoint,
    /// The ids of its steps, in order.
    pub(super) steps: Vec<i64>,
    created: i64,
    updated: i64,
}

impl Entity for KeptLibrary {
    const KIND: &'static str = "library checkpoint";
    const NOUN: &'static str = "Library checkpoint";

    fn id(&self) -> i64 {
        self.checkpoint.id
    }

    fn parent(&self) -> i64 {
        self.checkpoint.project_id.unwrap_or_default()
    }
}

/// A library checkpoint as one of a journey's checkpoints.
pub(super) async fn as_case(tx: &mut Tx<'_>, id: i64) -> Result<Checkpoint, Problem> {
    let kept: KeptLibrary = tx.get(id).await?;
    let steps = steps_of(tx, id, &kept.steps).await?;
    Ok(Checkpoint {
        kind: "LibraryCheckpoint".to_owned(),
        id,
        canonical_id: kept.checkpoint.canonical_id,
        name: kept.checkpoint.name,
        title: kept.checkpoint.title,
        tags: kept.checkpoint.tags,
        steps,
        library_checkpoint_id: Some(id),
        ..Checkpoint::default()
    })
}

async fn whole(tx: &mut Tx<'_>, kept: KeptLibrary) -> Result<Shown, Problem> {
    let steps = steps_of(tx, kept.id(), &kept.steps).await?;
    let (created, updated) = (kept.created, kept.updated);
    Ok(Shown {
        checkpoint: LibraryCheckpoint {
            steps,
            ..kept.checkpoint
        },
        created,
        updated,
    })
}

/// A library checkpoint with its steps, on its way to the caller.
struct Shown {
    checkpoint: LibraryCheckpoint,
    created: i64,
    updated: i64,
}

impl Shown {
    fn answer(self) -> Reply {
        let mut dated = json!(self.checkpoint);
        dated["createdAt"] = Value::from(rfc3339(self.created));
        dated["updatedAt"] = Value::from(rfc3339(self.updated));
        Ok(Answer::item(self.checkpoint)?.for_reference_cli(move || dated.clone()))
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Words {
    name: Option<String>,
    title: Option<String>,
    description: Option<String>,
    tags: Option<Vec<String>>,
}

/// POST /testcases/{id}/add-to-library: a copy of the checkpoint, which stays as it is.
pub(super) async fn add(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(words): Json<Words>,
) -> Reply {
    let shown = change(local.records(), (id, words), |mut tx, (id, words)| {
        Box::pin(async move {
            let kept = checkpoints::reachable(&mut tx, id).await?;
            let snapshot = goals::snapshot(&mut tx, kept.parent()).await?;
            let goal = goals::goal(&mut tx, snapshot.goal).await?;
            let name = words.name.or(words.title);
            let name = name.unwrap_or_else(|| kept.checkpoint.title.clone());
            check_name("name", &name)?;
            let library_id = tx.new_id().await?;
            let mut order = Vec::new();
            for step in steps_of(&mut tx, id, &kept.steps).await? {
                let step = Step {
                    id: tx.new_id().await?,
                    canonical_id: canonical_id(),
                    ..step
                };
                order.push(step.id);
                let parent = library_id;
                tx.put(&KeptStep { parent, step }).await?;
            }
            let library = KeptLibrary {
                checkpoint: LibraryCheckpoint {
                    id: library_id,
                    canonical_id: canonical_id(),
                    project_id: Some(goal.project_id),
                    title: name.clone(),
                    name,
                    description: words.description.unwrap_or_default(),
                    tags: words.tags.unwrap_or(kept.checkpoint.tags),
                    ..LibraryCheckpoint::default()
                },
                steps: order,
                created: now(),
                updated: now(),
            };
            tx.put(&library).await?;
            whole(&mut tx, library).await
        })
    })
    .await?;
    shown.answer()
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewLibrary {
    #[serde(default, deserialize_with = "crate::model::loose::id")]
    project_id: i64,
    #[serde(flatten)]
    words: Words,
}

/// POST /library/checkpoints/create: one without steps.
pub(super) async fn create(State(local): State<Local>, Json(new): Json<NewLibrary>) -> Reply {
    let name = new
        .words
        .name
        .clone()
        .or(new.words.title.clone())
        .unwrap_or_default();
    check_name("name", &name)?;
    let shown = change(local.records(), (new, name), |mut tx, (new, name)| {
        Box::pin(async move {
            project(&mut tx, new.project_id).await?;
            let library = KeptLibrary {
                checkpoint: LibraryCheckpoint {
                    id: tx.new_id().await?,
                    canonical_id: canonical_id(),
                    project_id: Some(new.project_id),
                    title: name.clone(),
                    name,
                    description: new.words.description.unwrap_or_default(),
                    tags: new.words.tags.unwrap_or_default(),
                    ..LibraryCheckpoint::default()
                },
                steps: Vec::new(),
                created: now(),
                updated: now(),
            };
            tx.put(&library).await?;
            whole(&mut tx, library).await
        })
    })
    .await?;
    shown.answer()
}

/// GET /library/checkpoints: those of a project.
pub(super) async fn list(State(local): State<Local>, params: Params) -> Reply {
    let all = view(local.records(), params.id("projectId")?, |mut tx, id| {
        Box::pin(async move {
            project(&mut tx, id).await?;
            tx.all::<KeptLibrary>(id).await
        })
    })
    .await?;
    Answer::map(all.into_iter().map(|kept| (kept.id(), kept.checkpoint)))
}

/// GET /library/checkpoints/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let shown = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let kept: KeptLibrary = in_project(&mut tx, id).await?;
            whole(&mut tx, kept).await
        })
    })
    .await?;
    shown.answer()
}

/// PUT /library/checkpoints/{id}
pub(super) async fn update(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(words): Json<Words>,
) -> Reply {
    if let Some(name) = words.name.as_ref().or(words.title.as_ref()) {
        check_name("name", name)?;
    }
    let shown = change(local.records(), (id, words), |mut tx, (id, words)| {
        Box::pin(async move {
            let mut kept: KeptLibrary = in_project(&mut tx, id).await?;
            if let Some(name) = words.name.or(words.title) {
                kept.checkpoint.title.clone_from(&name);
                kept.checkpoint.name = name;
            }
            if let Some(description) = words.description {
                kept.checkpoint.description = description;
            }
            if let Some(tags) = words.tags {
                kept.checkpoint.tags = tags;
            }
            kept.updated = now();
            tx.put(&kept).await?;
            whole(&mut tx, kept).await
        })
    })
    .await?;
    shown.answer()
}

#[derive(Clone, Deserialize)]
pub(super) struct Move {
    #[serde(default, deserialize_with = "crate::model::loose::id")]
    position: i64,
}

/// POST /library/checkpoints/{id}/steps/{step}/move: positions count from 1.
pub(super) async fn move_step(
    State(local): State<Local>,
    Ids([id, step]): Ids<2>,
    Json(to): Json<Move>,
) -> Reply {
    let shown = change(local.records(), (id, step, to), |mut tx, (id, step, to)| {
        Box::pin(async move {
            let mut kept: KeptLibrary = in_project(&mut tx, id).await?;
            let from = place_of(&kept, step)?;
            let index = usize::try_from(to.position)
                .ok()
                .and_then(|n| n.checked_sub(1));
            let index = index
                .filter(|index| *index < kept.steps.len())
                .ok_or_else(|| {
                    Problem::invalid(format!(
                        "position must be 1 to {}, not {}",
                        kept.steps.len(),
                        to.position
                    ))
                })?;
            let moved = kept.steps.remove(from);
            kept.steps.insert(index, moved);
            kept.updated = now();
            tx.put(&kept).await?;
            whole(&mut tx, kept).await
        })
    })
    .await?;
    shown.answer()
}

/// DELETE /library/checkpoints/{id}/steps/{step}
pub(super) async fn remove_step(
    State(local): State<Local>,
    Ids([id, step]): Ids<2>,
) -> Result<StatusCode, Problem> {
    change(local.records(), (id, step), |mut tx, (id, step)| {
        Box::pin(async move {
            let mut kept: KeptLibrary = in_project(&mut tx, id).await?;
            let from = place_of(&kept, step)?;
            kept.steps.remove(from);
            kept.updated = now();
            tx.delete::<KeptStep>(step).await?;
            tx.put(&kept).await
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn place_of(kept: &KeptLibrary, step: i64) -> Result<usize, Problem> {
    let place = kept.steps.iter().position(|id| *id == step);
    place.ok_or_else(|| Problem::missing(KeptStep::NOUN, step))
}
