//! Projects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Object, loose};

/// A project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Project {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// The organization it belongs to.
    #[serde(deserialize_with = "loose::id")]
    pub organization_id: i64,
    /// Its name, which is unique within the organization.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it was put away.
    #[serde(deserialize_with = "loose::or_default")]
    pub archived: bool,
    /// When it was created, in milliseconds since 1970.
    #[serde(deserialize_with = "loose::some_id")]
    pub created_date: Option<i64>,
    /// When it was changed last, in milliseconds since 1970.
    #[serde(deserialize_with = "loose::some_id")]
    pub modified_date: Option<i64>,
    /// The environment that its executions have unless they name another.
    #[serde(deserialize_with = "loose::some_id")]
    pub environment_id: Option<i64>,
    /// The user who created it.
    #[serde(deserialize_with = "loose::some_id")]
    pub created_by: Option<i64>,
    /// The user who changed it last.
    #[serde(deserialize_with = "loose::some_id")]
    pub modified_by: Option<i64>,
    /// What can be done in it, by UPPER_SNAKE name.
    #[serde(deserialize_with = "loose::or_default")]
    pub capabilities: BTreeMap<String, bool>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
