//! Executions by project, and their results by journey and by step.

use std::collections::BTreeMap;

use axum::extract::State;
use etude::v1;
use serde_json::{Value, json};

use super::kept::{KeptExecution, KeptSuite};
use super::of_kept;
use super::tree::Whole;
use crate::local::Local;
use crate::local::answer::{Answer, Problem, Reply};
use crate::local::entity::{Entity, Tx, view};
use crate::local::goals::{self, KeptSnapshot};
use crate::local::journeys::{self, KeptJourney};
use crate::local::projects::project;
use crate::local::request::{Base, Ids, Params};
use crate::model::{Goal, Object, StepResult};

/// GET /projects/{id}/jobs
pub(in crate::local) async fn of_project(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    base: Base,
    params: Params,
) -> Reply {
    let plans = params.ids("planIds")?;
    let begin = params
        .count("dateBegin")?
        .map_or(0, |date| i64::try_from(date).unwrap_or(i64::MAX));
    let end = params.count("dateEnd")?;
    let end = end.map_or(i64::MAX, |date| i64::try_from(date).unwrap_or(i64::MAX));
    let all = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            project(&mut tx, id).await?;
            let mut all = Vec::new();
            for goal in tx.all::<Goal>(id).await? {
                all.extend(tx.all::<KeptExecution>(goal.id).await?);
            }
            Ok(all)
        })
    })
    .await?;
    let wanted = |kept: &KeptExecution| {
        let of_plan = plans.is_empty() || kept.plan.is_some_and(|plan| plans.contains(&plan));
        of_plan && (begin..=end).contains(&kept.submitted)
    };
    let mut jobs = Vec::new();
    for kept in all.into_iter().filter(wanted) {
        let (id, plan) = (kept.id(), kept.plan);
        let mut job = json!(of_kept(&local, kept, &base).await?.status());
        if let Some(plan) = plan {
            job["plan"] = json!({"id": plan});
        }
        jobs.push((id, job));
    }
    Answer::map(jobs)
}

/// The newest execution of each journey of a snapshot.
pub(in crate::local) async fn last_executions(
    local: &Local,
    snapshot: i64,
    base: &Base,
) -> Result<BTreeMap<i64, Value>, Problem> {
    if local.engine().is_err() {
        return Ok(BTreeMap::new());
    }
    let newest = view(local.records(), snapshot, |mut tx, id| {
        Box::pin(async move {
            let snapshot: KeptSnapshot = tx.get(id).await?;
            newest_of(&mut tx, &snapshot).await
        })
    })
    .await?;
    let mut last = BTreeMap::new();
    for (kept, journeys) in newest {
        let whole = of_kept(local, kept, base).await?;
        for id in journeys {
            if let Some(value) = last_execution(&whole, id) {
                last.insert(id, value);
            }
        }
    }
    Ok(last)
}

/// Executions of a snapshot, newest first, with the journeys for which each is the newest.
async fn newest_of(
    tx: &mut Tx<'_>,
    snapshot: &KeptSnapshot,
) -> Result<Vec<(KeptExecution, Vec<i64>)>, Problem> {
    let mut seen = std::collections::BTreeSet::new();
    let mut newest = Vec::new();
    let all = tx.all::<KeptExecution>(snapshot.goal).await?;
    for kept in all
        .into_iter()
        .rev()
        .filter(|kept| kept.snapshot == snapshot.id)
    {
        let new = kept
            .suites
            .iter()
            .map(|suite| suite.id)
            .filter(|id| seen.insert(*id));
        let new: Vec<i64> = new.collect();
        if !new.is_empty() {
            newest.push((kept, new));
        }
    }
    Ok(newest)
}

fn index_of(whole: &Whole, journey: i64) -> Option<usize> {
    let mut suites = whole.kept.suites.iter();
    suites.position(|suite| suite.id == journey)
}

fn last_execution(whole: &Whole, journey: i64) -> Option<Value> {
    let result = whole.suite(index_of(whole, journey)?);
    Some(json!({
        "job": {"id": whole.kept.id(), "status": whole.status().status},
        "statistics": result.journey_statistics,
        "tracking": result.tracking,
    }))
}

/// GET /testsuites/latest_status?jobId=: the journeys of one execution.
pub(in crate::local) async fn latest_status(local: &Local, id: i64, base: &Base) -> Reply {
    let whole = super::whole(local, id, base).await?;
    let journeys = journeys_of(local, &whole).await?;
    Answer::map(journeys.into_iter().map(|(id, journey)| {
        let last = last_execution(&whole, id);
        (id, json!({"journey": journey, "lastExecution": last}))
    }))
}

/// The journeys of an execution, as they are now; those that are gone by their titles only.
async fn journeys_of(local: &Local, whole: &Whole) -> Result<Vec<(i64, Value)>, Problem> {
    let suites: Vec<KeptSuite> = whole.kept.suites.clone();
    view(local.records(), suites, |mut tx, suites| {
        Box::pin(async move {
            let mut all = Vec::new();
            for suite in suites {
                let journey = match tx.find::<KeptJourney>(suite.id).await? {
                    Some(kept) => json!(journeys::whole(&mut tx, kept).await?),
                    None => json!({"id": suite.id, "title": suite.title}),
                };
                all.push((suite.id, journey));
            }
            Ok(all)
        })
    })
    .await
}

/// GET /testsuites/execution: the journeys of an execution with their results; with `versionId` those
/// of a snapshot, each with the results of its newest execution.
pub(in crate::local) async fn execution_journeys(
    State(local): State<Local>,
    base: Base,
    params: Params,
) -> Reply {
    let wanted = params.ids("suiteId")?;
    let (executions, mut journeys) = match params.some_id("jobId")? {
        Some(id) => {
            let whole = super::whole(&local, id, &base).await?;
            let journeys = journeys_of(&local, &whole).await?;
            (vec![whole], journeys)
        }
        None => of_snapshot(&local, params.id("versionId")?, &base).await?,
    };
    journeys.retain(|(id, _)| wanted.is_empty() || wanted.contains(id));
    let with_details = params.is_true("includeJourneyDetails");
    let mut outcomes = Vec::new();
    let mut shown = Object::new();
    for (id, mut journey) in journeys {
        if let (false, Some(fields)) = (with_details, journey.as_object_mut()) {
            fields.shift_remove("cases");
        }
        let last = executions.iter().find_map(|whole| {
            let mut last = last_execution(whole, id)?;
            last["report"] = report(whole, id);
            outcomes.extend(whole.outcomes_of(index_of(whole, id)?));
            Some(last)
        });
        shown.insert(
            id.to_string(),
            json!({"journey": journey, "lastExecution": last}),
        );
    }
    Answer::item(json!({
        "journeyStatistics": super::tree::statistics(&outcomes),
        "journeys": shown,
    }))
}

/// The executions of a snapshot, newest first, and its journeys.
async fn of_snapshot(
    local: &Local,
    id: i64,
    base: &Base,
) -> Result<(Vec<Whole>, Vec<(i64, Value)>), Problem> {
    let (kept, journeys) = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let snapshot = goals::snapshot(&mut tx, id).await?;
            let mut journeys = Vec::new();
            for kept in tx.all::<KeptJourney>(id).await? {
                if !kept.journey.archived {
                    let journey = journeys::whole(&mut tx, kept).await?;
                    journeys.push((journey.id, json!(journey)));
                }
            }
            Ok((newest_of(&mut tx, &snapshot).await?, journeys))
        })
    })
    .await?;
    let mut executions = Vec::new();
    for (kept, _) in kept {
        executions.push(of_kept(local, kept, base).await?);
    }
    Ok((executions, journeys))
}

fn report(whole: &Whole, journey: i64) -> Value {
    let full = whole.full();
    let Some(suite) = full
        .test_suites
        .and_then(|mut suites| suites.remove(&journey))
    else {
        return Value::Null;
    };
    let steps = |steps: &BTreeMap<i64, StepResult>| {
        let step = |step: &StepResult| {
            let mut value = json!(step);
            value["stepId"] = step.test_step_id.into();
            (step.id.to_string(), value)
        };
        json!({"steps": steps.values().map(step).collect::<Object>()})
    };
    let cases = |cases: &BTreeMap<i64, crate::model::CaseResult>| {
        let case = |case: &crate::model::CaseResult| {
            (case.test_case_canonical_id.clone(), steps(&case.test_steps))
        };
        Value::Object(cases.values().map(case).collect::<Object>())
    };
    json!({
        "checkpoints": cases(&suite.test_cases),
        "libraryCheckpointExecutionReports": cases(&suite.library_checkpoints),
    })
}

/// GET /executions/{job}/suites/{suite}/cases/{case}/steps/{step}
pub(in crate::local) async fn step_of_suite(
    State(local): State<Local>,
    Ids([id, suite, case, step]): Ids<4>,
    base: Base,
) -> Reply {
    one_step(&local, [id, suite, case, step], false, &base).await
}

/// GET /executions/{job}/suites/{suite}/library-checkpoints/{checkpoint}/steps/{step}
pub(in crate::local) async fn step_of_library(
    State(local): State<Local>,
    Ids([id, suite, case, step]): Ids<4>,
    base: Base,
) -> Reply {
    one_step(&local, [id, suite, case, step], true, &base).await
}

async fn one_step(
    local: &Local,
    [id, suite, case, step]: [i64; 4],
    library: bool,
    base: &Base,
) -> Reply {
    let whole = super::whole(local, id, base).await?;
    let full = whole.full();
    let suites = full.test_suites.unwrap_or_default();
    let result = suites.get(&suite).and_then(|suite| {
        let cases = if library {
            &suite.library_checkpoints
        } else {
            &suite.test_cases
        };
        cases.get(&case)?.test_steps.get(&step)
    });
    let result = result.ok_or_else(|| Problem::not_found("Step result"))?;
    let mut value = json!(result);
    if let Some(events) = super::files::events_of(&whole, result.id) {
        value["consoleLogs"] = console(&events);
        value["networkTraffic"] = network(&events);
    }
    Answer::item(value)
}

/// What the page logged during a step.
pub(super) fn console(result: &v1::StepResult) -> Value {
    let entry = |entry: &v1::ConsoleEntry| {
        json!({"level": entry.level, "text": entry.text, "source": entry.source,
               "time": entry.time.as_ref().map(super::progress::milliseconds)})
    };
    result.console.iter().map(entry).collect()
}

/// The requests that went wrong during a step.
pub(super) fn network(result: &v1::StepResult) -> Value {
    let entry = |entry: &v1::NetworkEntry| {
        json!({"method": entry.method, "url": entry.url, "status": entry.status,
               "error": entry.error,
               "time": entry.time.as_ref().map(super::progress::milliseconds)})
    };
    result.network.iter().map(entry).collect()
}
