//! `PlanService`.

use etude::v1;
use etude_engine::Result;
use serde_json::Value;

use super::executions;
use super::names::{self, name};
use super::time::timestamp;
use crate::calls;
use crate::client::Client;
use crate::model::{Plan, PlanExecution};

const EXECUTIONS: &str = "planExecutions";

/// Returns a plan.
///
/// # Errors
///
/// Those of [`Client::call`], as all functions here.
pub async fn get_plan(client: &Client, request: v1::GetPlanRequest) -> Result<v1::GetPlanResponse> {
    let id = names::id("name", "plans", &request.name)?;
    let plan = client.call(calls::plans::get(id)).await?;
    Ok(v1::GetPlanResponse {
        plan: Some(message(plan)),
    })
}

/// Executes a plan.
pub async fn execute_plan(
    client: &Client,
    request: v1::ExecutePlanRequest,
) -> Result<v1::ExecutePlanResponse> {
    let id = names::id("name", "plans", &request.name)?;
    let environment = names::optional_id("environment", "environments", &request.environment)?;
    let started = client.call(calls::plans::execute(id, environment)).await?;
    Ok(v1::ExecutePlanResponse {
        plan_execution: Some(present(client, started).await?),
    })
}

/// Returns what has become of an execution of a plan.
pub async fn get_plan_execution(
    client: &Client,
    request: v1::GetPlanExecutionRequest,
) -> Result<v1::GetPlanExecutionResponse> {
    let id = names::id("name", EXECUTIONS, &request.name)?;
    let status = client.call(calls::plans::status(id)).await?;
    let execution: PlanExecution = serde_json::from_value(status)
        .map_err(|error| client.incomplete(&format!("what it should have: {error}")))?;
    let execution = PlanExecution { id, ..execution };
    Ok(v1::GetPlanExecutionResponse {
        plan_execution: Some(present(client, execution).await?),
    })
}

/// An execution of a plan with the present state of its executions.
async fn present(client: &Client, plan: PlanExecution) -> Result<v1::PlanExecution> {
    let mut executions = Vec::with_capacity(plan.jobs.len());
    for job in plan.jobs.keys() {
        executions.push(executions::status(client, *job).await?);
    }
    Ok(v1::PlanExecution {
        name: name(EXECUTIONS, plan.id),
        executions,
    })
}

fn message(plan: Plan) -> v1::Plan {
    let next = plan
        .rest
        .get("nextScheduleExecution")
        .and_then(Value::as_i64);
    v1::Plan {
        name: name("plans", plan.id),
        display_name: plan.name,
        next_execution_time: timestamp(next),
    }
}
