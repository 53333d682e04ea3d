//! Starting executions.

use std::collections::BTreeMap;

use axum::extract::State;
use etude::v1::{self, ErrorReason};
use serde::Deserialize;
use serde_json::{Value, json};

use super::compile::{self, Material};
use super::kept::{KeptExecution, KeptSuite, Start};
use super::{answer_status, of_kept};
use crate::local::answer::{Problem, Reply};
use crate::local::csv::Csv;
use crate::local::entity::{Entity, Tx, change, check_url, now};
use crate::local::environments::{self, KeptEnvironment};
use crate::local::goals::{self, KeptSnapshot};
use crate::local::journeys::{self, KeptJourney};
use crate::local::projects::project;
use crate::local::request::{Base, Ids, Json};
use crate::local::test_data::{self, KeptTable};
use crate::local::{Engine, Local};
use crate::model::{Journey, Object, Script, loose};

/// What an execution is asked to do.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::local) struct Request {
    #[serde(deserialize_with = "loose::ids")]
    pub(in crate::local) suite_ids: Vec<i64>,
    #[serde(deserialize_with = "loose::or_default")]
    pub(in crate::local) test_suite_canonical_ids: Vec<String>,
    #[serde(deserialize_with = "loose::or_default")]
    pub(in crate::local) tags: Vec<String>,
    #[serde(deserialize_with = "loose::some_id")]
    pub(in crate::local) environment_id: Option<i64>,
    #[serde(deserialize_with = "loose::or_default")]
    pub(in crate::local) initial_data: BTreeMap<String, Value>,
    #[serde(deserialize_with = "loose::or_default")]
    pub(in crate::local) http_headers: BTreeMap<String, Value>,
    pub(in crate::local) starting_url: Option<String>,
}

/// What is executed.
#[derive(Clone, Copy)]
pub(in crate::local) struct Scope {
    pub(in crate::local) goal: i64,
    /// The newest when there is none.
    pub(in crate::local) snapshot: Option<i64>,
    /// The plan that it belongs to.
    pub(in crate::local) plan: Option<i64>,
}

/// POST /goals/{id}/execute
pub(in crate::local) async fn execute_goal(
    State(local): State<Local>,
    Ids([goal]): Ids<1>,
    base: Base,
    Json(request): Json<Request>,
) -> Reply {
    let scope = Scope {
        goal,
        snapshot: None,
        plan: None,
    };
    answered(&local, scope, request, &base).await
}

/// POST /goals/{goal}/snapshots/{snapshot}/execute
pub(in crate::local) async fn execute_snapshot(
    State(local): State<Local>,
    Ids([goal, snapshot]): Ids<2>,
    base: Base,
    Json(request): Json<Request>,
) -> Reply {
    let scope = Scope {
        goal,
        snapshot: Some(snapshot),
        plan: None,
    };
    answered(&local, scope, request, &base).await
}

/// POST /testsuites/{id}/execute
pub(in crate::local) async fn execute_journey(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    base: Base,
    Json(mut request): Json<Request>,
) -> Reply {
    let journey = crate::local::entity::view(local.records(), id, |mut tx, id| {
        Box::pin(async move { journeys::reachable(&mut tx, id).await })
    })
    .await?
    .journey;
    request.suite_ids = vec![id];
    let scope = Scope {
        goal: journey.goal_id,
        snapshot: Some(journey.snapshot_id),
        plan: None,
    };
    answered(&local, scope, request, &base).await
}

/// POST /executions/{id}/failures/rerun: executes the journeys again that did not pass, as they were
/// executed: in their snapshot and environment, with the same initial data, headers and starting URL.
pub(in crate::local) async fn rerun_failures(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    base: Base,
) -> Reply {
    let old = super::whole(&local, id, &base).await?;
    if !old.state().has_ended() {
        return Err(Problem::conflict(format!(
            "the execution {id} has not ended yet"
        )));
    }
    let suites = old.kept.suites.iter().zip(&old.progress);
    let failed = suites.filter(|(_, progress)| {
        let passed = |outcome| matches!(outcome, Some("PASS" | "SKIP"));
        !progress.rows.iter().all(|row| passed(row.outcome))
    });
    let failed: Vec<i64> = failed.map(|(suite, _)| suite.id).collect();
    if failed.is_empty() {
        return Err(Problem::conflict(format!(
            "nothing of the execution {id} failed"
        )));
    }
    let starting_url = old.kept.request.get("startingUrl").and_then(Value::as_str);
    let headers = old.kept.http_headers.clone().into_iter();
    let request = Request {
        suite_ids: failed,
        environment_id: old.kept.environment,
        initial_data: given(&local, &old.kept).await?,
        http_headers: headers.map(|(name, value)| (name, value.into())).collect(),
        starting_url: starting_url.map(str::to_owned),
        ..Request::default()
    };
    let scope = Scope {
        goal: old.kept.goal,
        snapshot: Some(old.kept.snapshot),
        plan: None,
    };
    answered(&local, scope, request, &base).await
}

/// The values of variables that an execution was given, which only its runs know.
async fn given(local: &Local, kept: &KeptExecution) -> Result<BTreeMap<String, Value>, Problem> {
    let names = kept.request.get("initialData").and_then(Value::as_object);
    if names.is_none_or(Object::is_empty) {
        return Ok(BTreeMap::new());
    }
    let store = &local.engine()?.store;
    let mut variables = None;
    for suite in &kept.suites {
        let Start::Run(name) = &suite.run else {
            continue;
        };
        match store.run_spec(name).await {
            Ok(spec) => variables = Some(spec.variables),
            Err(error) if error.reason == ErrorReason::RunNotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    let variables = variables.ok_or_else(|| {
        let id = kept.id();
        Problem::conflict(format!(
            "the values of initialData of the execution {id} are not known any more; start another \
             one with them"
        ))
    })?;
    let value = |variable: v1::Variable| match variable.source {
        Some(v1::variable::Source::Value(text)) => Some((variable.name, Value::String(text))),
        _ => None,
    };
    Ok(variables.into_iter().filter_map(value).collect())
}

async fn answered(local: &Local, scope: Scope, request: Request, base: &Base) -> Reply {
    let kept = begin(local, scope, request).await?;
    answer_status(of_kept(local, kept, base).await?)
}

/// Starts an execution: all of its journeys, or nothing.
pub(in crate::local) async fn begin(
    local: &Local,
    scope: Scope,
    request: Request,
) -> Result<KeptExecution, Problem> {
    let mut started = begin_all(local, vec![(scope, request)]).await?;
    let missing = || etude_engine::Error::internal("an execution was not started").into();
    started.pop().ok_or_else(missing)
}

/// Starts several executions: all of them, or nothing.
pub(in crate::local) async fn begin_all(
    local: &Local,
    wanted: Vec<(Scope, Request)>,
) -> Result<Vec<KeptExecution>, Problem> {
    let engine = local.engine()?;
    let (all, runs) = change(local.records(), wanted, |mut tx, wanted| {
        Box::pin(async move {
            let (mut all, mut runs) = (Vec::new(), Vec::new());
            for (scope, request) in wanted {
                let (kept, of_kept) = prepare(&mut tx, scope, request).await?;
                all.push(kept);
                runs.push(of_kept);
            }
            Ok((all, runs))
        })
    })
    .await?;
    match create(engine, &all, runs).await {
        Ok(()) => Ok(all),
        Err(problem) => {
            for kept in &all {
                give_up(local, kept).await;
            }
            Err(problem)
        }
    }
}

/// Creates the runs of executions, once all of them have been checked.
async fn create(
    engine: &Engine,
    all: &[KeptExecution],
    runs: Vec<Vec<Option<v1::CreateRunRequest>>>,
) -> Result<(), Problem> {
    for run in runs.iter().flatten().flatten() {
        let check = v1::CreateRunRequest {
            validate_only: true,
            ..run.clone()
        };
        engine.runs.create(check).await.map_err(of_caller)?;
    }
    for (kept, runs) in all.iter().zip(runs) {
        for (suite, run) in kept.suites.iter().zip(runs) {
            if let (Start::Run(name), Some(run)) = (&suite.run, run) {
                engine.runs.create_owned(name, &kept.name(), run).await?;
            }
        }
    }
    Ok(())
}

/// What is wrong with a run, by the fields of the request that it was made of.
fn of_caller(error: etude_engine::Error) -> Problem {
    let Some(violation) = error.violations.first() else {
        return error.into();
    };
    let (field, description) = (&violation.field, &violation.description);
    let inner = |prefix: &str| {
        field
            .strip_prefix(prefix)
            .filter(|rest| !rest.contains('.'))
    };
    match (inner("spec.http_headers"), inner("spec.variables")) {
        (Some(which), _) => Problem::of_field(&format!("httpHeaders{which}"), description),
        (_, Some(_)) => Problem::of_field("initialData", description),
        _ => error.into(),
    }
}

/// Takes back what was started of an execution that could not be wholly.
async fn give_up(local: &Local, kept: &KeptExecution) {
    if let Ok(engine) = local.engine() {
        for suite in &kept.suites {
            if let Start::Run(name) = &suite.run
                && let Err(error) = engine.runs.take_back(name).await
                && error.reason != ErrorReason::RunNotFound
            {
                tracing::warn!(%error, run = %name, "a run could not be taken back");
            }
        }
    }
    let gone = change(local.records(), kept.id(), |mut tx, id| {
        Box::pin(async move { tx.delete::<KeptExecution>(id).await })
    });
    if let Err(left) = gone.await {
        tracing::warn!(
            execution = kept.id(),
            "an execution could not be taken back: {}",
            left.message
        );
    }
}

/// Reads what is to be executed as it is now, and keeps the execution with the names of its runs, of
/// which none is there yet.
async fn prepare(
    tx: &mut Tx<'_>,
    scope: Scope,
    request: Request,
) -> Result<(KeptExecution, Vec<Option<v1::CreateRunRequest>>), Problem> {
    let starting_url = request.starting_url.clone();
    let starting_url = starting_url.filter(|url| !url.is_empty());
    if let Some(url) = &starting_url {
        check_url("startingUrl", url).map_err(|wrong| wrong.about("startingUrl"))?;
    }
    let goal = goals::goal(tx, scope.goal).await?;
    let snapshot = match scope.snapshot {
        Some(id) => goals::snapshot(tx, id).await?,
        None => goals::head_of(tx, goal.id).await?,
    };
    if snapshot.goal != goal.id {
        return Err(Problem::missing(KeptSnapshot::NOUN, snapshot.id));
    }
    let project = project(tx, goal.project_id).await?;
    let environment = request
        .environment_id
        .or(goal.environment_id)
        .or(project.environment_id);
    let mut scripts: Vec<Script> = tx.all(project.id).await?;
    scripts.extend(tx.all::<Script>(project.organization_id).await?);
    let material = Material {
        scripts,
        goal,
        environment: match environment {
            Some(id) => {
                let kept: KeptEnvironment = tx.get_of(project.id, id).await?;
                Some((kept.0, environments::variables(tx, id).await?))
            }
            None => None,
        },
        initial: request.initial_data.clone(),
        http_headers: compile::headers(&request.http_headers),
        starting_url,
    };
    let mut suites: Vec<KeptSuite> = Vec::new();
    let mut runs = Vec::new();
    for (journey, table) in selected(tx, snapshot.id, &request).await? {
        let (suite, run) = compile::suite(&material, journey, table)?;
        suites.push(suite);
        runs.push(run);
    }
    let kept = KeptExecution {
        id: tx.new_id().await?,
        goal: scope.goal,
        snapshot: snapshot.id,
        environment,
        submitted: now(),
        plan: scope.plan,
        tags: request.tags.clone(),
        request: shown(&request, environment, &suites),
        http_headers: material.http_headers,
        suites,
    };
    tx.put(&kept).await?;
    Ok((kept, runs))
}

/// The journeys that a request selects, with the content of their tables.
async fn selected(
    tx: &mut Tx<'_>,
    snapshot: i64,
    request: &Request,
) -> Result<Vec<(Journey, Option<Csv>)>, Problem> {
    let all = tx.all::<KeptJourney>(snapshot).await?;
    let present: Vec<_> = all
        .into_iter()
        .filter(|kept| !kept.journey.archived)
        .collect();
    let unknown = |id: &&i64| !present.iter().any(|kept| kept.journey.id == **id);
    if let Some(id) = request.suite_ids.iter().find(unknown) {
        return Err(Problem::missing(KeptJourney::NOUN, *id));
    }
    let unknown = |id: &&String| !present.iter().any(|kept| kept.journey.canonical_id == **id);
    if let Some(id) = request.test_suite_canonical_ids.iter().find(unknown) {
        return Err(Problem::not_found(KeptJourney::NOUN).saying(id));
    }
    let count = present.len();
    let wanted = |journey: &Journey| {
        let named = request.suite_ids.contains(&journey.id)
            || request
                .test_suite_canonical_ids
                .contains(&journey.canonical_id);
        let any = request.suite_ids.is_empty() && request.test_suite_canonical_ids.is_empty();
        let tagged = journey.tags.iter().any(|tag| request.tags.contains(tag));
        (any || named) && (request.tags.is_empty() || tagged)
    };
    let mut chosen = Vec::new();
    for kept in present.into_iter().filter(|kept| wanted(&kept.journey)) {
        let table = match kept.journey.data_table_id {
            Some(id) => {
                let table: KeptTable = tx.find(id).await?.ok_or_else(|| {
                    Problem::missing(KeptTable::NOUN, id).saying(format!(
                        "the journey {} is bound to the test data table {id}, which is gone; bind it \
                         to another or to none",
                        kept.journey.id
                    ))
                })?;
                Some(test_data::content(tx, &table).await?)
            }
            None => None,
        };
        chosen.push((journeys::whole(tx, kept).await?, table));
    }
    if chosen.is_empty() {
        return Err(Problem::invalid(match count {
            0 => "the goal has no journeys".to_owned(),
            count => format!(
                "none of the goal's {count} journeys is selected: those that are named have none of \
                 the tags"
            ),
        }));
    }
    Ok(chosen)
}

/// The request as answers show it. Values of variables and headers may be secrets, so only their
/// names stay.
fn shown(request: &Request, environment: Option<i64>, suites: &[KeptSuite]) -> Object {
    let names = |values: &BTreeMap<String, Value>| -> Object {
        let names = values.keys();
        names.map(|name| (name.clone(), "…".into())).collect()
    };
    let shown = json!({
        "suiteIds": request.suite_ids,
        "testSuiteCanonicalIds": request.test_suite_canonical_ids,
        "dataDrivenPerTestSuite": {}, "dataDrivenPerTestSuiteCanonicalId": {},
        "dataRowsPerTestSuiteCanonicalId": {},
        "dataDriven": suites.iter().any(|suite| suite.rows > 0),
        "environmentId": environment,
        "startingUrl": request.starting_url,
        "initialData": names(&request.initial_data),
        "httpHeaders": names(&request.http_headers),
    });
    shown.as_object().cloned().unwrap_or_default()
}
