//! API tests and their folders.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Object, loose};

/// The API tests of a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiTests {
    /// The tests.
    #[serde(deserialize_with = "loose::list")]
    pub api_tests: Vec<ApiTest>,
    /// The folders, by id.
    #[serde(deserialize_with = "loose::by_id")]
    pub folders: BTreeMap<i64, ApiFolder>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// A call of an interface that steps can make.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiTest {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// Its name.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// The folder it lies in, by id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<serde_json::Value>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// A folder of API tests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiFolder {
    /// Its name.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// The folders in it, by id.
    #[serde(deserialize_with = "loose::by_id")]
    pub folders: BTreeMap<i64, ApiFolder>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
