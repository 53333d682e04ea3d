//! Executions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Call, Kind};
use crate::model::Execution;

/// What is executed, and how.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Start {
    /// The goal.
    pub goal: i64,
    /// Its snapshot; `None`: the newest.
    pub snapshot: Option<i64>,
    /// The journeys; empty: all that are not archived.
    pub journeys: Vec<i64>,
    /// Only journeys with one of these tags; empty: whatever they have.
    pub tags: Vec<String>,
    /// Values of variables.
    pub initial_data: BTreeMap<String, String>,
    /// Headers of the browser's requests.
    pub http_headers: BTreeMap<String, String>,
    /// The address to start at; empty: the goal's.
    pub starting_url: String,
    /// The environment; `None`: the goal's.
    pub environment: Option<i64>,
    /// The most journeys at the same time; 0: as the platform likes.
    pub max_parallel: i32,
}

/// Starts an execution.
pub fn start(start: &Start) -> Call<Execution> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        if !empty {
            body.insert(name.to_owned(), value);
        }
    };
    put("suiteIds", json!(start.journeys));
    put("tags", json!(start.tags));
    put("initialData", json!(start.initial_data));
    put("httpHeaders", json!(start.http_headers));
    put("startingUrl", json!(start.starting_url));
    put("environmentId", json!(start.environment));
    if start.max_parallel > 0 {
        put("maxParallelExecutions", json!(start.max_parallel));
    }
    let goal = start.goal;
    let path = match start.snapshot {
        Some(snapshot) => format!("/goals/{goal}/snapshots/{snapshot}/execute"),
        None => format!("/goals/{goal}/execute"),
    };
    Call::create(path, Value::Object(body))
}

/// How an execution stands, without its results.
pub fn status(id: i64) -> Call<Execution> {
    Call::watch(format!("/executions/{id}/status"))
}

/// An execution with its results.
pub fn get(id: i64) -> Call<Execution> {
    Call::watch(format!("/executions/{id}")).slow()
}

/// The executions of a project, by their ids, which are the keys.
pub fn list(project: i64) -> Call<BTreeMap<String, Value>> {
    Call::watch(format!("/projects/{project}/jobs"))
}

/// Ends an execution early. The local platform's own; the cloud has nothing like it.
pub fn cancel(id: i64) -> Call<()> {
    Call::done(Kind::Write, format!("/executions/{id}/cancel"), json!({}))
}

/// Executes the journeys of an execution again that did not pass. How the cloud does it is not known.
pub fn rerun(id: i64) -> Call<Execution> {
    Call::create(format!("/executions/{id}/failures/rerun"), json!({}))
}
