//! Journeys, which the wire calls test suites.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Local;
use super::answer::{Answer, Problem, Reply};
use super::checkpoints::{self, KeptCheckpoint};
use super::entity::{Entity, Tx, canonical_id, change, check_name, now, view};
use super::executions;
use super::goals::{self, KeptSnapshot};
use super::library::{self, KeptLibrary};
use super::request::{Base, Ids, Json, Params};
use super::test_data::{self, KeptTable};
use crate::model::{CheckpointMeta, Goal, Journey, JourneyStatus, Object};

/// Most times that a checkpoint is executed in a loop of a fixed length.
const MOST_ITERATIONS: i64 = 10;

/// A journey, as it is kept: its checkpoints are records of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptJourney {
    pub(super) journey: Journey,
    pub(super) cases: Vec<Case>,
    /// When it was changed last, in milliseconds since 1970.
    #[serde(default)]
    changed: Option<i64>,
}

/// A checkpoint's place in a journey.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Case {
    /// The checkpoint or library checkpoint.
    pub(super) id: i64,
    pub(super) library: bool,
    /// How often it is executed.
    meta: Option<CheckpointMeta>,
}

impl Case {
    /// The place of a goal's own checkpoint.
    pub(super) fn checkpoint(id: i64) -> Self {
        Self {
            id,
            library: false,
            meta: None,
        }
    }
}

impl Entity for KeptJourney {
    const KIND: &'static str = "journey";
    const NOUN: &'static str = "Journey";

    fn id(&self) -> i64 {
        self.journey.id
    }

    fn parent(&self) -> i64 {
        self.journey.snapshot_id
    }
}

/// A journey of a goal that exists.
pub(super) async fn reachable(tx: &mut Tx<'_>, id: i64) -> Result<KeptJourney, Problem> {
    let kept: KeptJourney = tx.get(id).await?;
    if kept.journey.archived {
        return Err(Problem::missing(KeptJourney::NOUN, id));
    }
    goals::snapshot(tx, kept.journey.snapshot_id).await?;
    Ok(kept)
}

/// A journey that can be edited.
async fn editable(tx: &mut Tx<'_>, id: i64) -> Result<KeptJourney, Problem> {
    let kept = reachable(tx, id).await?;
    goals::editable(tx, kept.journey.snapshot_id, None).await?;
    Ok(kept)
}

/// A journey with its checkpoints and their steps.
pub(super) async fn whole(tx: &mut Tx<'_>, kept: KeptJourney) -> Result<Journey, Problem> {
    let mut cases = Vec::with_capacity(kept.cases.len());
    for case in kept.cases {
        let mut checkpoint = if case.library {
            library::as_case(tx, case.id).await?
        } else {
            let kept: KeptCheckpoint = tx.get(case.id).await?;
            checkpoints::whole(tx, kept).await?
        };
        checkpoint.checkpoint_meta = case.meta;
        cases.push(checkpoint);
    }
    Ok(Journey {
        cases: Some(cases),
        ..kept.journey
    })
}

/// A new journey, which is not kept yet.
pub(super) async fn make(
    tx: &mut Tx<'_>,
    head: &KeptSnapshot,
    title: &str,
) -> Result<KeptJourney, Problem> {
    let number = tx.next(&format!("journeys of {}", head.goal)).await?;
    let journey = Journey {
        id: tx.new_id().await?,
        snapshot_id: head.id,
        goal_id: head.goal,
        name: format!("Suite {number}"),
        title: title.to_owned(),
        canonical_id: canonical_id(),
        draft: true,
        ..Journey::default()
    };
    Ok(KeptJourney {
        journey,
        cases: Vec::new(),
        changed: Some(now()),
    })
}

/// Keeps a journey that was changed.
async fn keep(tx: &mut Tx<'_>, kept: &mut KeptJourney) -> Result<(), Problem> {
    kept.changed = Some(now());
    tx.put(kept).await
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewJourney {
    #[serde(default, deserialize_with = "crate::model::loose::id")]
    snapshot_id: i64,
    #[serde(default, deserialize_with = "crate::model::loose::some_id")]
    goal_id: Option<i64>,
    name: Option<String>,
    title: Option<String>,
    draft: Option<bool>,
    #[serde(default, deserialize_with = "crate::model::loose::or_default")]
    checkpoints: Vec<Place>,
    #[serde(default, deserialize_with = "crate::model::loose::some_id")]
    data_table_id: Option<i64>,
    #[serde(
        default,
        alias = "tags",
        deserialize_with = "crate::model::loose::or_default"
    )]
    tag_names: Vec<String>,
}

/// What is put into a journey: in the body of an attach, and in the full form of a new journey.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    #[serde(
        default,
        alias = "testCaseId",
        deserialize_with = "crate::model::loose::some_id"
    )]
    checkpoint_id: Option<i64>,
    #[serde(default, deserialize_with = "crate::model::loose::some_id")]
    library_checkpoint_id: Option<i64>,
    #[serde(default, deserialize_with = "crate::model::loose::some_id")]
    position: Option<i64>,
    checkpoint_meta: Option<CheckpointMeta>,
}

/// POST /testsuites
pub(super) async fn create(State(local): State<Local>, Json(new): Json<NewJourney>) -> Reply {
    let title = new
        .title
        .clone()
        .or_else(|| new.name.clone())
        .unwrap_or_default();
    check_name("title", &title)?;
    let journey = change(local.records(), (new, title), |mut tx, (new, title)| {
        Box::pin(async move {
            let head = goals::editable(&mut tx, new.snapshot_id, new.goal_id).await?;
            let mut kept = make(&mut tx, &head, &title).await?;
            if let Some(name) = new.name {
                kept.journey.name = name;
            }
            kept.journey.draft = new.draft.unwrap_or(true);
            kept.journey.tags = new.tag_names;
            bind(&mut tx, &mut kept, new.data_table_id).await?;
            for place in new.checkpoints {
                let end = kept.cases.len();
                put_in(&mut tx, &mut kept, &place, end).await?;
            }
            tx.put(&kept).await?;
            whole(&mut tx, kept).await
        })
    })
    .await?;
    Answer::created(journey)
}

/// Gives a journey the table whose rows it is executed with.
async fn bind(tx: &mut Tx<'_>, kept: &mut KeptJourney, table: Option<i64>) -> Result<(), Problem> {
    if let Some(id) = table {
        let goal = goals::goal(tx, kept.journey.goal_id).await?;
        tx.get_of::<KeptTable>(goal.project_id, id).await?;
    }
    kept.journey.data_table_id = table;
    Ok(())
}

/// The journeys of a project's goals that are bound to a table. Those of committed snapshots are not
/// among them: they can neither be bound to another nor keep its rows from changing.
pub(super) async fn bound_to(
    tx: &mut Tx<'_>,
    project: i64,
    table: i64,
) -> Result<Vec<i64>, Problem> {
    let mut bound = Vec::new();
    for goal in tx.all::<Goal>(project).await? {
        if goal.archived {
            continue;
        }
        let head = goals::head_of(tx, goal.id).await?;
        let journeys = tx.all::<KeptJourney>(head.id).await?.into_iter();
        let journeys = journeys.map(|kept| kept.journey);
        let uses = |one: &Journey| !one.archived && one.data_table_id == Some(table);
        bound.extend(journeys.filter(uses).map(|one| one.id));
    }
    Ok(bound)
}

/// Puts a checkpoint into a journey; the checkpoint is kept, the journey is not yet.
async fn put_in(
    tx: &mut Tx<'_>,
    kept: &mut KeptJourney,
    place: &Place,
    index: usize,
) -> Result<(), Problem> {
    let meta = place.checkpoint_meta.clone();
    check_loop(meta.as_ref())?;
    let case = match (place.checkpoint_id, place.library_checkpoint_id) {
        (Some(id), None) => {
            let mut checkpoint: KeptCheckpoint = tx.get_of(kept.parent(), id).await?;
            if checkpoint.journeys.contains(&kept.journey.id) {
                let message = format!(
                    "checkpointId: the checkpoint {id} is in the journey {} already, and can be \
                     there only once",
                    kept.journey.id
                );
                return Err(Problem::conflict(message));
            }
            checkpoint.journeys.push(kept.journey.id);
            tx.put(&checkpoint).await?;
            Case::checkpoint(id)
        }
        (None, Some(id)) => {
            let goal = goals::goal(tx, kept.journey.goal_id).await?;
            tx.get_of::<KeptLibrary>(goal.project_id, id).await?;
            Case {
                library: true,
                ..Case::checkpoint(id)
            }
        }
        _ => {
            let message = "give checkpointId or libraryCheckpointId, and only one of them";
            return Err(Problem::invalid(message));
        }
    };
    kept.cases.insert(index, Case { meta, ..case });
    Ok(())
}

fn check_loop(meta: Option<&CheckpointMeta>) -> Result<(), Problem> {
    let iterations = meta.and_then(|meta| meta.loop_iterations.as_ref());
    match iterations.and_then(Value::as_i64) {
        Some(times) if !(0..=MOST_ITERATIONS).contains(&times) => Err(Problem::invalid(format!(
            "checkpointMeta.loopIterations must be 0 to {MOST_ITERATIONS}, not {times}"
        ))),
        _ => Ok(()),
    }
}

/// POST /testsuites/{id}/checkpoints/attach
pub(super) async fn attach(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(place): Json<Place>,
) -> Reply {
    let (journey, index) = change(local.records(), (id, place), |mut tx, (id, place)| {
        Box::pin(async move {
            let mut kept = editable(&mut tx, id).await?;
            let index = index_of(place.position, kept.cases.len())?;
            put_in(&mut tx, &mut kept, &place, index).await?;
            keep(&mut tx, &mut kept).await?;
            Ok((whole(&mut tx, kept).await?, index))
        })
    })
    .await?;
    let attached = json!(journey.cases.as_ref().and_then(|cases| cases.get(index)));
    Ok(Answer::item(journey)?.for_reference_cli(move || attached.clone()))
}

/// Where a checkpoint is put. The first place is that of the checkpoint that opens the address:
/// in a journey without one, the second place is the first.
fn index_of(position: Option<i64>, cases: usize) -> Result<usize, Problem> {
    let last = i64::try_from(cases)
        .unwrap_or(i64::MAX)
        .saturating_add(1)
        .max(2);
    let position = position.unwrap_or(last);
    if !(2..=last).contains(&position) {
        return Err(Problem::invalid(format!(
            "position must be 2 to {last} in this journey, not {position}; the first place is that \
             of the checkpoint that opens the address"
        )));
    }
    Ok(usize::try_from(position - 1).unwrap_or(cases).min(cases))
}

/// GET /testsuites/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let journey = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let kept = reachable(&mut tx, id).await?;
            let table = kept.journey.data_table_id;
            let mut journey = whole(&mut tx, kept).await?;
            if let Some(table) = table {
                let values = json!(test_data::first_row(&mut tx, table).await?);
                let key = "dataAttributeValues".to_owned();
                journey.rest.insert(key, values);
            }
            Ok(journey)
        })
    })
    .await?;
    Answer::item(journey)
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Changes {
    name: Option<String>,
    title: Option<String>,
    draft: Option<bool>,
    #[serde(alias = "tagNames")]
    tags: Option<Vec<String>>,
    /// Where it is: it can stay there only.
    #[serde(default, deserialize_with = "crate::model::loose::some_id")]
    goal_id: Option<i64>,
    #[serde(default, deserialize_with = "crate::model::loose::some_id")]
    snapshot_id: Option<i64>,
    /// Absent: as it is; null: none.
    #[serde(default, deserialize_with = "given")]
    data_table_id: Option<Option<i64>>,
}

fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<i64>>, D::Error> {
    crate::model::loose::some_id(deserializer).map(Some)
}

/// Refuses to move a journey: nothing does.
fn check_place(field: &str, asked: Option<i64>, there: i64) -> Result<(), Problem> {
    match asked {
        Some(other) if other != there => Err(Problem::invalid(format!(
            "{field} cannot be changed: the journey stays in {there}"
        ))),
        _ => Ok(()),
    }
}

/// PUT /testsuites/{id}
pub(super) async fn update(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(fields): Json<Changes>,
) -> Reply {
    if let Some(title) = &fields.title {
        check_name("title", title)?;
    }
    let journey = change(local.records(), (id, fields), |mut tx, (id, fields)| {
        Box::pin(async move {
            let mut kept = editable(&mut tx, id).await?;
            let journey = &mut kept.journey;
            check_place("goalId", fields.goal_id, journey.goal_id)?;
            check_place("snapshotId", fields.snapshot_id, journey.snapshot_id)?;
            journey.title = fields.title.unwrap_or_else(|| journey.title.clone());
            journey.name = fields.name.unwrap_or_else(|| journey.name.clone());
            journey.draft = fields.draft.unwrap_or(journey.draft);
            journey.tags = fields.tags.unwrap_or_else(|| journey.tags.clone());
            if let Some(table) = fields.data_table_id {
                bind(&mut tx, &mut kept, table).await?;
            }
            keep(&mut tx, &mut kept).await?;
            whole(&mut tx, kept).await
        })
    })
    .await?;
    Answer::item(journey)
}

/// DELETE /testsuites/{id}: puts it away. Its checkpoints stay in the goal.
pub(super) async fn archive(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    change(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let mut kept = editable(&mut tx, id).await?;
            kept.journey.archived = true;
            for case in kept.cases.iter().filter(|case| !case.library) {
                let mut checkpoint: KeptCheckpoint = tx.get(case.id).await?;
                checkpoint.journeys.retain(|journey| *journey != id);
                tx.put(&checkpoint).await?;
            }
            keep(&mut tx, &mut kept).await
        })
    })
    .await?;
    Answer::done()
}

/// GET /testsuites/latest_status: lists the journeys of a snapshot, or of an execution.
pub(super) async fn latest_status(State(local): State<Local>, params: Params, base: Base) -> Reply {
    if let Some(id) = params.some_id("jobId")? {
        return executions::latest_status(&local, id, &base).await;
    }
    let version = params
        .some_id("versionId")?
        .or(params.some_id("snapshotId")?);
    let snapshot = version.ok_or_else(|| {
        Problem::invalid("the query parameter versionId is missing (or snapshotId, or jobId)")
    })?;
    let goal = params.some_id("goalId")?;
    let journeys = view(local.records(), (snapshot, goal), |mut tx, (id, goal)| {
        Box::pin(async move {
            let snapshot = goals::snapshot(&mut tx, id).await?;
            if goal.is_some_and(|goal| goal != snapshot.goal) {
                return Err(Problem::missing(KeptSnapshot::NOUN, id));
            }
            tx.all::<KeptJourney>(id).await
        })
    })
    .await?;
    let mut last = executions::last_executions(&local, snapshot, &base).await?;
    let shown = journeys.into_iter().filter(|kept| !kept.journey.archived);
    Answer::map(shown.map(|kept| {
        let id = kept.journey.id;
        let last_change = ("lastChange".to_owned(), json!({"date": kept.changed}));
        let status = JourneyStatus {
            journey: kept.journey,
            last_execution: last.remove(&id),
            rest: Object::from_iter([last_change]),
        };
        (id, status)
    }))
}

/// GET /testsuites/{id}/history, contributors and users.
pub(super) async fn nobody_else(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    view(local.records(), id, |mut tx, id| {
        Box::pin(async move { reachable(&mut tx, id).await.map(drop) })
    })
    .await?;
    Answer::items(json!([super::people::user()]))
}
