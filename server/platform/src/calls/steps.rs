//! Steps.

use serde_json::{Value, json};

use super::Call;
use crate::model::{ParsedStep, Step, StepAdded};

/// Inserts a step into a checkpoint at an index, from 0.
pub fn create(checkpoint: i64, index: i32, step: &ParsedStep) -> Call<StepAdded> {
    let body = json!({"checkpointId": checkpoint, "stepIndex": index, "parsedStep": step});
    Call::create("/teststeps".to_owned(), body)
}

/// One step.
pub fn get(id: i64) -> Call<Step> {
    Call::get(format!("/teststeps/{id}"))
}

/// Replaces a step's properties. Its canonical id must be the one that the platform holds.
pub fn update(step: &Step) -> Call<Value> {
    let body = json!({
        "id": step.id,
        "canonicalId": step.canonical_id,
        "action": step.action,
        "value": step.value,
        "meta": step.meta,
        "variable": step.variable,
        "expression": step.expression,
        "element": step.element,
        "optional": step.optional,
        "ignoreOutcome": step.ignore_outcome,
        "skip": step.skip,
    });
    Call::put(format!("/teststeps/{}/properties", step.id), body)
}
