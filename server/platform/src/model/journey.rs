//! Journeys, which the wire calls test suites.

use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::{Object, loose};

/// A journey.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Journey {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// The snapshot it belongs to.
    #[serde(deserialize_with = "loose::id")]
    pub snapshot_id: i64,
    /// The goal it belongs to.
    #[serde(deserialize_with = "loose::id")]
    pub goal_id: i64,
    /// The name that the platform gave it, like `Suite 14`.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// What people call it.
    #[serde(deserialize_with = "loose::text")]
    pub title: String,
    /// Its UUID, which is the same in all snapshots.
    #[serde(deserialize_with = "loose::text")]
    pub canonical_id: String,
    /// Whether it is still a draft.
    #[serde(deserialize_with = "loose::or_default")]
    pub draft: bool,
    /// Whether it was put away.
    #[serde(deserialize_with = "loose::or_default")]
    pub archived: bool,
    /// Words to select it by.
    #[serde(deserialize_with = "loose::list")]
    pub tags: Vec<String>,
    /// The table whose rows it is executed with.
    #[serde(
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub data_table_id: Option<i64>,
    /// Its checkpoints with their steps, in order. Absent where an answer leaves them out.
    #[serde(
        deserialize_with = "some_cases",
        skip_serializing_if = "Option::is_none"
    )]
    pub cases: Option<Vec<Checkpoint>>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

fn some_cases<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Checkpoint>>, D::Error> {
    loose::list(deserializer).map(Some)
}

/// How often a checkpoint of a journey is executed: it belongs to their link.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CheckpointMeta {
    /// A number or a variable, at most 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loop_iterations: Option<serde_json::Value>,
    /// A JavaScript expression or a variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loop_condition: Option<String>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// One entry of `/testsuites/latest_status`, which lists journeys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JourneyStatus {
    /// The journey.
    pub journey: Journey,
    /// Its last execution with its `statistics`; null when it has none.
    pub last_execution: Option<serde_json::Value>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
