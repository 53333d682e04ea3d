//! Library checkpoints.

use serde::{Deserialize, Serialize};

use super::step::Step;
use super::{Object, loose};

/// A checkpoint of a project's library: shared by all goals, without versions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LibraryCheckpoint {
    /// Its id, of a number space of its own.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// Its UUID.
    #[serde(
        deserialize_with = "loose::text",
        skip_serializing_if = "String::is_empty"
    )]
    pub canonical_id: String,
    /// The project it belongs to.
    #[serde(
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub project_id: Option<i64>,
    /// Its name.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// Its title: the same as the name.
    #[serde(deserialize_with = "loose::text")]
    pub title: String,
    /// What it is about.
    #[serde(deserialize_with = "loose::text")]
    pub description: String,
    /// Words to select it by.
    #[serde(deserialize_with = "loose::list")]
    pub tags: Vec<String>,
    /// Its steps, in order.
    #[serde(deserialize_with = "loose::list")]
    pub steps: Vec<Step>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
