//! Snapshots: the versions of a goal.

use serde::{Deserialize, Serialize};

use super::{Object, loose};

/// A version of a goal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Snapshot {
    /// Its id.
    #[serde(alias = "id", deserialize_with = "loose::id")]
    pub snapshot_id: i64,
    /// When it was created, in milliseconds since 1970.
    #[serde(deserialize_with = "loose::some_id")]
    pub created_date: Option<i64>,
    /// Whether it is the one that can be edited. All others never change.
    #[serde(deserialize_with = "loose::or_default")]
    pub dirty: bool,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// The versions of a goal, newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Versions {
    /// The versions.
    #[serde(deserialize_with = "loose::list")]
    pub snapshots: Vec<Snapshot>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
