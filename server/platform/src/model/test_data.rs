//! Test data tables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Object, loose};

/// A table of test data, without its values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TestDataTable {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// The project it belongs to.
    #[serde(deserialize_with = "loose::some_id")]
    pub project_id: Option<i64>,
    /// Its name.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// What people call it.
    #[serde(deserialize_with = "loose::text")]
    pub title: String,
    /// Its columns: names by id, in order.
    #[serde(deserialize_with = "loose::by_id")]
    pub attributes: BTreeMap<i64, Attribute>,
    /// When it was changed last, in milliseconds since 1970.
    #[serde(deserialize_with = "loose::some_id")]
    pub modified_date: Option<i64>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// A column of a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Attribute {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// Its name: that of the variable which has its values.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// The values of a table: by row from 1, then by the id of the column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TestDataValues {
    /// The values.
    #[serde(alias = "newTestDataValues", deserialize_with = "loose::or_default")]
    pub values: BTreeMap<i64, BTreeMap<i64, String>>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
