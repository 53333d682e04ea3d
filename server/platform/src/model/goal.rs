//! Goals.

use serde::{Deserialize, Serialize};

use super::{Object, loose};

/// A goal: a site under test with its journeys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Goal {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// The project it belongs to.
    #[serde(deserialize_with = "loose::id")]
    pub project_id: i64,
    /// Its name.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// The address at which its journeys start.
    #[serde(deserialize_with = "loose::text")]
    pub url: String,
    /// The environment of its executions; null: the project's.
    #[serde(deserialize_with = "loose::some_id")]
    pub environment_id: Option<i64>,
    /// The size of the browser's window.
    #[serde(deserialize_with = "loose::or_default")]
    pub device_size: DeviceSize,
    /// Settings, by their camelCase names; most may be null.
    #[serde(deserialize_with = "loose::object")]
    pub meta: Object,
    /// Whether it was put away.
    #[serde(deserialize_with = "loose::or_default")]
    pub archived: bool,
    /// When it was created, in milliseconds since 1970.
    #[serde(
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub created_date: Option<i64>,
    /// The newest snapshot, where an answer tells it.
    #[serde(
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub latest_snapshot_id: Option<i64>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// The size of a browser's window, in CSS pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceSize {
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

impl Default for DeviceSize {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 800,
        }
    }
}
