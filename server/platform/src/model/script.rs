//! Scripts, which people call extensions.

use serde::{Deserialize, Serialize};

use super::{Object, loose};

/// A script of a project or an organization.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Script {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// The project it belongs to; null: the organization.
    #[serde(deserialize_with = "loose::some_id")]
    pub project_id: Option<i64>,
    /// The organization it belongs to.
    #[serde(deserialize_with = "loose::some_id")]
    pub organization_id: Option<i64>,
    /// Its name, by which steps use it.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// What it does.
    #[serde(deserialize_with = "loose::text")]
    pub description: String,
    /// Its JavaScript. Absent where an answer leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// The names of its parameters.
    #[serde(deserialize_with = "loose::list")]
    pub inputs: Vec<String>,
    /// Whether it ends by a call of its own.
    #[serde(rename = "async", deserialize_with = "loose::or_default")]
    pub asynchronous: bool,
    /// Scripts that are loaded before it.
    #[serde(deserialize_with = "loose::list")]
    pub resources: Vec<Resource>,
    /// Whether it was put away.
    #[serde(deserialize_with = "loose::or_default")]
    pub archived: bool,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// A script that is loaded before another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Resource {
    /// Where it lies.
    #[serde(deserialize_with = "loose::text")]
    pub url: String,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
