//! Goals and their snapshots.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Local;
use super::answer::{Answer, Problem, Reply};
use super::checkpoints::{self, KeptCheckpoint, KeptStep};
use super::entity::{Entity, Tx, canonical_id, change, check_name, check_url, now, view};
use super::environments::KeptEnvironment;
use super::journeys::{self, Case, KeptJourney};
use super::projects::project;
use super::request::{Ids, Json, Params};
use crate::deploy::titles::FIRST;
use crate::model::{Checkpoints, DeviceSize, Goal, Journey, Object, Snapshot, Step};

/// The goal's settings and what they are unless the creator says otherwise.
const META: &str = r#"{
    "onlyManagersCanPublishJourneys": null, "disableSameOrigin": false, "disableEventLogs": false,
    "bridgeClientUuid": null, "defaultMaxParallelism": null, "maxParallelism": null,
    "legacyElementSelection": null, "clientSideLibraryShimsEnabled": false,
    "popupAutoDismiss": true, "waitForNetworkTraffic": null, "failScriptOnNavigate": null
}"#;

impl Entity for Goal {
    const KIND: &'static str = "goal";
    const NOUN: &'static str = "Goal";

    fn id(&self) -> i64 {
        self.id
    }

    fn parent(&self) -> i64 {
        self.project_id
    }
}

/// A snapshot, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptSnapshot {
    pub(super) id: i64,
    pub(super) goal: i64,
    created_date: i64,
    pub(super) dirty: bool,
}

impl Entity for KeptSnapshot {
    const KIND: &'static str = "snapshot";
    const NOUN: &'static str = "Snapshot";

    fn id(&self) -> i64 {
        self.id
    }

    fn parent(&self) -> i64 {
        self.goal
    }
}

/// A goal that is not archived, of a project that is not either.
pub(super) async fn goal(tx: &mut Tx<'_>, id: i64) -> Result<Goal, Problem> {
    let goal: Goal = tx.get(id).await?;
    if goal.archived {
        return Err(Problem::missing(Goal::NOUN, id));
    }
    project(tx, goal.project_id).await?;
    Ok(goal)
}

/// The snapshot of a goal that can be edited.
pub(super) async fn head_of(tx: &mut Tx<'_>, goal: i64) -> Result<KeptSnapshot, Problem> {
    let snapshots = tx.all::<KeptSnapshot>(goal).await?;
    let head = snapshots.into_iter().rev().find(|snapshot| snapshot.dirty);
    head.ok_or_else(|| Problem::not_found(KeptSnapshot::NOUN))
}

/// A snapshot of a goal that exists.
pub(super) async fn snapshot(tx: &mut Tx<'_>, id: i64) -> Result<KeptSnapshot, Problem> {
    let snapshot: KeptSnapshot = tx.get(id).await?;
    goal(tx, snapshot.goal).await?;
    Ok(snapshot)
}

/// A snapshot that can be edited; with `goal`, one of that goal.
pub(super) async fn editable(
    tx: &mut Tx<'_>,
    id: i64,
    of_goal: Option<i64>,
) -> Result<KeptSnapshot, Problem> {
    let snapshot = snapshot(tx, id).await?;
    if of_goal.is_some_and(|goal| goal != snapshot.goal) {
        let message = format!("snapshotId: the snapshot {id} belongs to another goal");
        return Err(Problem::invalid(message));
    }
    if !snapshot.dirty {
        let head = head_of(tx, snapshot.goal).await?;
        return Err(Problem::conflict(format!(
            "the snapshot {id} is committed and never changes; edit the snapshot {}",
            head.id
        )));
    }
    Ok(snapshot)
}

/// The versions of a goal, newest first.
pub(super) async fn versions(tx: &mut Tx<'_>, goal: i64) -> Result<Vec<Snapshot>, Problem> {
    let snapshots = tx.all::<KeptSnapshot>(goal).await?.into_iter().rev();
    Ok(snapshots.map(|kept| shown(&kept)).collect())
}

fn shown(kept: &KeptSnapshot) -> Snapshot {
    Snapshot {
        snapshot_id: kept.id,
        created_date: Some(kept.created_date),
        dirty: kept.dirty,
        rest: Object::new(),
    }
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewGoal {
    #[serde(default, deserialize_with = "crate::model::loose::id")]
    project_id: i64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    url: String,
    #[serde(default, deserialize_with = "crate::model::loose::some_id")]
    environment_id: Option<i64>,
    device_size: Option<DeviceSize>,
    meta: Option<Object>,
    #[serde(default, deserialize_with = "crate::model::loose::or_default")]
    create_first_journey: bool,
}

/// POST /goals
pub(super) async fn create(State(local): State<Local>, Json(new): Json<NewGoal>) -> Reply {
    check_name("name", &new.name)?;
    check_url("url", &new.url)?;
    let goal = change(local.records(), new, |mut tx, new| {
        Box::pin(async move {
            project(&mut tx, new.project_id).await?;
            if let Some(id) = new.environment_id {
                tx.get_of::<KeptEnvironment>(new.project_id, id).await?;
            }
            let mut meta: Object = serde_json::from_str(META).unwrap_or_default();
            meta.extend(new.meta.unwrap_or_default());
            let mut goal = Goal {
                id: tx.new_id().await?,
                project_id: new.project_id,
                name: new.name,
                url: new.url,
                environment_id: new.environment_id,
                device_size: new.device_size.unwrap_or_default(),
                meta,
                created_date: Some(now()),
                ..Goal::default()
            };
            tx.put(&goal).await?;
            let head = begin(&mut tx, goal.id).await?;
            if new.create_first_journey {
                first_journey(&mut tx, &goal, &head).await?;
            }
            goal.latest_snapshot_id = Some(head.id);
            Ok(goal)
        })
    })
    .await?;
    Answer::created(goal)
}

async fn begin(tx: &mut Tx<'_>, goal: i64) -> Result<KeptSnapshot, Problem> {
    let snapshot = KeptSnapshot {
        id: tx.new_id().await?,
        goal,
        created_date: now(),
        dirty: true,
    };
    tx.put(&snapshot).await?;
    Ok(snapshot)
}

/// The journey that a goal begins with: one checkpoint that opens the goal's address.
async fn first_journey(tx: &mut Tx<'_>, goal: &Goal, head: &KeptSnapshot) -> Result<(), Problem> {
    let mut journey = journeys::make(tx, head, "First journey").await?;
    let mut checkpoint = checkpoints::make(tx, head, FIRST).await?;
    let meta = json!({
        "kind": "NAVIGATE", "type": "URL", "value": goal.url, "url": goal.url, "useNewTab": false,
    });
    let step = Step {
        id: tx.new_id().await?,
        canonical_id: canonical_id(),
        action: "NAVIGATE".to_owned(),
        value: goal.url.clone(),
        meta: meta.as_object().cloned().unwrap_or_default(),
        ..Step::default()
    };
    checkpoint.steps.push(step.id);
    checkpoint.journeys.push(journey.journey.id);
    journey.cases.push(Case::checkpoint(checkpoint.id()));
    let parent = checkpoint.id();
    tx.put(&KeptStep { parent, step }).await?;
    tx.put(&checkpoint).await?;
    tx.put(&journey).await
}

/// GET /goals/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let goal = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let goal = goal(&mut tx, id).await?;
            with_head(&mut tx, goal).await
        })
    })
    .await?;
    Answer::item(goal)
}

async fn with_head(tx: &mut Tx<'_>, goal: Goal) -> Result<Goal, Problem> {
    let head = head_of(tx, goal.id).await?;
    Ok(Goal {
        latest_snapshot_id: Some(head.id),
        ..goal
    })
}

/// GET /projects/{id}/goals
pub(super) async fn of_project(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    params: Params,
) -> Reply {
    listed(&local, id, params.is_true("archived")).await
}

/// GET /goals: the older form of the same.
pub(super) async fn list(State(local): State<Local>, params: Params) -> Reply {
    listed(&local, params.id("projectId")?, params.is_true("archived")).await
}

async fn listed(local: &Local, id: i64, archived: bool) -> Reply {
    let goals = view(local.records(), (id, archived), |mut tx, (id, archived)| {
        Box::pin(async move {
            project(&mut tx, id).await?;
            let mut goals = Vec::new();
            for goal in tx.all::<Goal>(id).await? {
                if goal.archived == archived {
                    goals.push(with_head(&mut tx, goal).await?);
                }
            }
            Ok(goals)
        })
    })
    .await?;
    Answer::map(goals.into_iter().map(|goal| (goal.id, goal)))
}

/// DELETE /goals/{id}: puts it away.
pub(super) async fn archive(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    change(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let mut goal = goal(&mut tx, id).await?;
            goal.archived = true;
            tx.put(&goal).await
        })
    })
    .await?;
    Answer::done()
}

/// Takes an environment that is gone out of the goals of a project.
pub(super) async fn forget_environment(
    tx: &mut Tx<'_>,
    project: i64,
    environment: i64,
) -> Result<(), Problem> {
    for mut goal in tx.all::<Goal>(project).await? {
        if goal.environment_id == Some(environment) {
            goal.environment_id = None;
            tx.put(&goal).await?;
        }
    }
    Ok(())
}

/// GET /goals/{id}/versions
pub(super) async fn list_versions(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let versions = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            goal(&mut tx, id).await?;
            versions(&mut tx, id).await
        })
    })
    .await?;
    Answer::item(json!({"snapshots": versions}))
}

/// POST /goals/{id}/versions, which is ours: commits the present snapshot and begins another with
/// copies of everything in it. The committed one keeps its ids and never changes again.
pub(super) async fn commit(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let head = change(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            goal(&mut tx, id).await?;
            let mut old = head_of(&mut tx, id).await?;
            old.dirty = false;
            tx.put(&old).await?;
            let head = begin(&mut tx, id).await?;
            copy(&mut tx, &old, &head).await?;
            Ok(shown(&head))
        })
    })
    .await?;
    Answer::created(head)
}

/// Copies checkpoints and journeys; canonical ids stay, ids are new.
async fn copy(tx: &mut Tx<'_>, old: &KeptSnapshot, new: &KeptSnapshot) -> Result<(), Problem> {
    let mut ids = std::collections::HashMap::new();
    let mut copies = Vec::new();
    for kept in tx.all::<KeptCheckpoint>(old.id).await? {
        let mut copy = kept.clone();
        copy.checkpoint.id = tx.new_id().await?;
        copy.checkpoint.snapshot_id = Some(new.id);
        copy.journeys.clear();
        copy.steps.clear();
        for step in checkpoints::steps_of(tx, kept.id(), &kept.steps).await? {
            let id = tx.new_id().await?;
            let step = Step { id, ..step };
            let parent = copy.checkpoint.id;
            tx.put(&KeptStep { parent, step }).await?;
            copy.steps.push(id);
        }
        ids.insert(kept.id(), copies.len());
        copies.push(copy);
    }
    for mut kept in tx.all::<KeptJourney>(old.id).await? {
        kept.journey.id = tx.new_id().await?;
        kept.journey.snapshot_id = new.id;
        for case in &mut kept.cases {
            if let Some(copy) = ids.get(&case.id).and_then(|index| copies.get_mut(*index)) {
                case.id = copy.checkpoint.id;
                copy.journeys.push(kept.journey.id);
            }
        }
        tx.put(&kept).await?;
    }
    for copy in copies {
        tx.put(&copy).await?;
    }
    Ok(())
}

/// GET /snapshots/{id}
pub(super) async fn get_snapshot(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let snapshot = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { snapshot(&mut tx, id).await })
    })
    .await?;
    let mut value = json!(shown(&snapshot));
    value["id"] = snapshot.id.into();
    value["goalId"] = snapshot.goal.into();
    Answer::item(value)
}

/// GET /snapshots/{snapshot}/goals/{goal}/testsuites
pub(super) async fn journeys_of(
    State(local): State<Local>,
    Ids([snapshot_id, goal_id]): Ids<2>,
) -> Reply {
    let journeys = all_journeys(&local, snapshot_id, goal_id).await?;
    Answer::map(journeys.into_iter().map(|journey| (journey.id, journey)))
}

/// GET /goals/{goal}/export/{snapshot}
pub(super) async fn export(
    State(local): State<Local>,
    Ids([goal_id, snapshot_id]): Ids<2>,
) -> Reply {
    let journeys = all_journeys(&local, snapshot_id, goal_id).await?;
    Answer::item(json!({"suites": journeys}))
}

async fn all_journeys(
    local: &Local,
    snapshot_id: i64,
    goal_id: i64,
) -> Result<Vec<Journey>, Problem> {
    view(
        local.records(),
        (snapshot_id, goal_id),
        |mut tx, (id, goal)| {
            Box::pin(async move {
                let snapshot = snapshot(&mut tx, id).await?;
                if snapshot.goal != goal {
                    return Err(Problem::missing(KeptSnapshot::NOUN, id));
                }
                let mut journeys = Vec::new();
                for kept in tx.all::<KeptJourney>(id).await? {
                    if !kept.journey.archived {
                        journeys.push(journeys::whole(&mut tx, kept).await?);
                    }
                }
                Ok(journeys)
            })
        },
    )
    .await
}

/// GET /goals/{id}/checkpoints
pub(super) async fn list_checkpoints(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let checkpoints = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            goal(&mut tx, id).await?;
            let head = head_of(&mut tx, id).await?;
            let kept = tx.all::<KeptCheckpoint>(head.id).await?;
            let summaries = kept.iter().map(|kept| (kept.id(), kept.summary()));
            Ok(Checkpoints {
                checkpoints: summaries.collect(),
                rest: Object::new(),
            })
        })
    })
    .await?;
    Answer::item(checkpoints)
}

/// GET /goals/{id}/contributors
pub(super) async fn contributors(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    view(local.records(), id, |mut tx, id| {
        Box::pin(async move { goal(&mut tx, id).await.map(drop) })
    })
    .await?;
    Answer::items(vec![super::people::user()])
}
