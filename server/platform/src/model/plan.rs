//! Plans and what executes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Object, loose};

/// A plan: goals that are executed together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Plan {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// The project it belongs to.
    #[serde(deserialize_with = "loose::some_id")]
    pub project_id: Option<i64>,
    /// Its name.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// One execution of a plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PlanExecution {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// The executions it consists of, by their ids, which are the keys.
    #[serde(deserialize_with = "loose::by_id")]
    pub jobs: BTreeMap<i64, Object>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
