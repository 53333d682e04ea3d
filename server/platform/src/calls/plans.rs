//! Plans.

use serde_json::{Value, json};

use super::Call;
use crate::model::{Plan, PlanExecution};

/// One plan.
pub fn get(id: i64) -> Call<Plan> {
    Call::get(format!("/plans/executions/{id}"))
}

/// The plans of a project. The cloud has no such list that is known.
pub fn list(project: i64) -> Call<Vec<Plan>> {
    Call::list("/plans".to_owned()).query("projectId", project)
}

/// Executes a plan.
pub fn execute(id: i64, environment: Option<i64>) -> Call<PlanExecution> {
    let body = match environment {
        Some(environment) => json!({"environmentId": environment}),
        None => json!({}),
    };
    Call::create(format!("/plans/executions/{id}/execute"), body)
}

/// How an execution of a plan stands.
pub fn status(id: i64) -> Call<Value> {
    Call::watch(format!("/plans/executions/status/{id}"))
}
