//! Plans: goals that are executed together.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Local;
use super::answer::{Answer, Problem, Reply};
use super::entity::{Entity, Tx, change, check_name, view};
use super::environments::KeptEnvironment;
use super::executions::{self, Request, Scope};
use super::goals;
use super::journeys::KeptJourney;
use super::projects::{in_project, project};
use super::request::{Base, Ids, Json, Params};
use crate::model::{Execution, Goal, Object, Plan, PlanExecution, loose};

/// A plan, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptPlan {
    plan: Plan,
    parts: Vec<Part>,
    environment: Option<i64>,
}

/// A goal in a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    #[serde(deserialize_with = "loose::id")]
    goal_id: i64,
    /// Its journeys; none: all.
    #[serde(default, deserialize_with = "loose::ids")]
    suite_ids: Vec<i64>,
}

impl Entity for KeptPlan {
    const KIND: &'static str = "plan";
    const NOUN: &'static str = "Plan";

    fn id(&self) -> i64 {
        self.plan.id
    }

    fn parent(&self) -> i64 {
        self.plan.project_id.unwrap_or_default()
    }
}

/// An execution of a plan, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptPlanExecution {
    id: i64,
    plan: i64,
    jobs: Vec<i64>,
}

impl Entity for KeptPlanExecution {
    const KIND: &'static str = "plan execution";
    const NOUN: &'static str = "Plan execution";

    fn id(&self) -> i64 {
        self.id
    }

    fn parent(&self) -> i64 {
        self.plan
    }
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewPlan {
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "loose::id")]
    project_id: i64,
    #[serde(default, deserialize_with = "loose::or_default")]
    goals: Vec<Part>,
    #[serde(default, deserialize_with = "loose::some_id")]
    environment_id: Option<i64>,
}

/// POST /plans, which is ours: the platform's way to create plans is not public.
pub(super) async fn create(State(local): State<Local>, Json(new): Json<NewPlan>) -> Reply {
    check_name("name", &new.name)?;
    if new.goals.is_empty() {
        return Err(Problem::invalid(
            "goals: name at least one, as {\"goalId\": 1}",
        ));
    }
    let kept = change(local.records(), new, |mut tx, new| {
        Box::pin(async move {
            project(&mut tx, new.project_id).await?;
            for part in &new.goals {
                check_part(&mut tx, new.project_id, part).await?;
            }
            if let Some(id) = new.environment_id {
                tx.get_of::<KeptEnvironment>(new.project_id, id).await?;
            }
            let mut rest = Object::new();
            rest.insert("goals".to_owned(), json!(new.goals));
            rest.insert("environmentId".to_owned(), json!(new.environment_id));
            let kept = KeptPlan {
                plan: Plan {
                    id: tx.new_id().await?,
                    project_id: Some(new.project_id),
                    name: new.name,
                    rest,
                },
                parts: new.goals,
                environment: new.environment_id,
            };
            tx.put(&kept).await?;
            Ok(kept.plan)
        })
    })
    .await?;
    Answer::created(kept)
}

/// Whether a goal of the project has the journeys that a plan names.
async fn check_part(tx: &mut Tx<'_>, project: i64, part: &Part) -> Result<(), Problem> {
    tx.get_of::<Goal>(project, part.goal_id).await?;
    let goal = goals::goal(tx, part.goal_id).await?;
    let head = goals::head_of(tx, goal.id).await?;
    for id in &part.suite_ids {
        let journey: KeptJourney = tx.get_of(head.id, *id).await?;
        if journey.journey.archived {
            return Err(Problem::missing(KeptJourney::NOUN, *id));
        }
    }
    Ok(())
}

/// GET /plans?projectId=, which is ours.
pub(super) async fn list(State(local): State<Local>, params: Params) -> Reply {
    let plans = view(local.records(), params.id("projectId")?, |mut tx, id| {
        Box::pin(async move {
            project(&mut tx, id).await?;
            tx.all::<KeptPlan>(id).await
        })
    })
    .await?;
    Answer::map(plans.into_iter().map(|kept| (kept.plan.id, kept.plan)))
}

/// Takes an environment that is gone out of the plans of a project.
pub(super) async fn forget_environment(
    tx: &mut Tx<'_>,
    project: i64,
    environment: i64,
) -> Result<(), Problem> {
    for mut kept in tx.all::<KeptPlan>(project).await? {
        if kept.environment == Some(environment) {
            kept.environment = None;
            let shown = "environmentId".to_owned();
            kept.plan.rest.insert(shown, Value::Null);
            tx.put(&kept).await?;
        }
    }
    Ok(())
}

/// GET /plans/executions/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let kept = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { in_project::<KeptPlan>(&mut tx, id).await })
    })
    .await?;
    Answer::item(kept.plan)
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Execute {
    #[serde(deserialize_with = "loose::some_id")]
    environment_id: Option<i64>,
}

/// POST /plans/executions/{id}/execute; an older script sends PUT.
pub(super) async fn execute(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    base: Base,
    Json(request): Json<Execute>,
) -> Reply {
    let kept = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { in_project::<KeptPlan>(&mut tx, id).await })
    })
    .await?;
    let start = |part: Part| {
        let scope = Scope {
            goal: part.goal_id,
            snapshot: None,
            plan: Some(id),
        };
        let request = Request {
            suite_ids: part.suite_ids,
            environment_id: request.environment_id.or(kept.environment),
            ..Request::default()
        };
        (scope, request)
    };
    let started =
        executions::begin_all(&local, kept.parts.into_iter().map(start).collect()).await?;
    let jobs: Vec<i64> = started.iter().map(Entity::id).collect();
    let kept = change(local.records(), (id, jobs), |mut tx, (plan, jobs)| {
        Box::pin(async move {
            let id = tx.new_id().await?;
            let kept = KeptPlanExecution { id, plan, jobs };
            tx.put(&kept).await?;
            Ok(kept)
        })
    })
    .await?;
    answer(&local, kept, &base).await
}

/// GET /plans/executions/status/{id}
pub(super) async fn status(State(local): State<Local>, Ids([id]): Ids<1>, base: Base) -> Reply {
    let kept = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { tx.get::<KeptPlanExecution>(id).await })
    })
    .await?;
    answer(&local, kept, &base).await
}

async fn answer(local: &Local, kept: KeptPlanExecution, base: &Base) -> Reply {
    let (all, status, outcome) = executions::together(local, &kept.jobs, base).await?;
    let object = |job: &Execution| json!(job).as_object().cloned().unwrap_or_default();
    let jobs = all.iter().map(|job| (job.id, object(job))).collect();
    let mut rest = Object::new();
    rest.insert("planId".to_owned(), kept.plan.into());
    rest.insert("status".to_owned(), status.into());
    rest.insert("outcome".to_owned(), outcome.into());
    Answer::item(PlanExecution {
        id: kept.id,
        jobs,
        rest,
    })
}
