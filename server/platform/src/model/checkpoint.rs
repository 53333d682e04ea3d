//! Checkpoints, which the wire calls test cases.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::journey::CheckpointMeta;
use super::step::Step;
use super::{Object, loose};

/// A checkpoint: steps that journeys share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Checkpoint {
    /// `Checkpoint`.
    #[serde(deserialize_with = "loose::text")]
    pub kind: String,
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// Its UUID, which is the same in all snapshots.
    #[serde(deserialize_with = "loose::text")]
    pub canonical_id: String,
    /// The snapshot it belongs to; of a library checkpoint none.
    #[serde(deserialize_with = "loose::some_id")]
    pub snapshot_id: Option<i64>,
    /// The goal it belongs to; of a library checkpoint none.
    #[serde(deserialize_with = "loose::some_id")]
    pub goal_id: Option<i64>,
    /// The name that the platform gave it, like `TC27`.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// What people call it; unique within the goal.
    #[serde(deserialize_with = "loose::text")]
    pub title: String,
    /// In how many journeys it is.
    #[serde(deserialize_with = "loose::id")]
    pub shared_count: i64,
    /// Words to select it by.
    #[serde(deserialize_with = "loose::list")]
    pub tags: Vec<String>,
    /// Its steps, in order.
    #[serde(deserialize_with = "loose::list")]
    pub steps: Vec<Step>,
    /// In a journey: the library checkpoint that stands here.
    #[serde(
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub library_checkpoint_id: Option<i64>,
    /// In a journey: how often it is executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_meta: Option<CheckpointMeta>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self {
            kind: "Checkpoint".to_owned(),
            id: 0,
            canonical_id: String::new(),
            snapshot_id: None,
            goal_id: None,
            name: String::new(),
            title: String::new(),
            shared_count: 0,
            tags: Vec::new(),
            steps: Vec::new(),
            library_checkpoint_id: None,
            checkpoint_meta: None,
            rest: Object::new(),
        }
    }
}

/// The checkpoints of a goal, as `/goals/{id}/checkpoints` lists them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Checkpoints {
    /// By id.
    #[serde(deserialize_with = "loose::by_id")]
    pub checkpoints: BTreeMap<i64, CheckpointSummary>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// What a list says of a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CheckpointSummary {
    /// The name that the platform gave it.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// What people call it.
    #[serde(deserialize_with = "loose::text")]
    pub title: String,
    /// In how many journeys it is.
    #[serde(deserialize_with = "loose::id")]
    pub shared_count: i64,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
