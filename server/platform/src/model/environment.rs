//! Environments and their variables.

use serde::{Deserialize, Serialize};

use super::{Object, loose};

/// Variables under a name, which may inherit those of another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Environment {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// The project it belongs to.
    #[serde(deserialize_with = "loose::some_id")]
    pub project_id: Option<i64>,
    /// The environment whose variables it inherits.
    #[serde(
        rename = "inheritsFrom",
        alias = "parentId",
        alias = "parent",
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub parent_id: Option<i64>,
    /// Its name.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// What it is for.
    #[serde(deserialize_with = "loose::text")]
    pub description: String,
    /// Its variables. They are written as a map by id.
    #[serde(deserialize_with = "loose::list", serialize_with = "map_by_id")]
    pub variables: Vec<Variable>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

fn map_by_id<S: serde::Serializer>(
    variables: &[Variable],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        variables
            .iter()
            .map(|one| (one.id.unwrap_or_default(), one)),
    )
}

/// A variable of an environment.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Variable {
    /// Its id.
    #[serde(
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<i64>,
    /// Its name, without `$`.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// Its value. Null in an answer when it is hidden.
    #[serde(deserialize_with = "loose::some_text")]
    pub value: Option<String>,
    /// Whether its value is never shown.
    #[serde(deserialize_with = "loose::or_default")]
    pub hidden: bool,
    /// Whether it stands in the environment that is inherited.
    #[serde(deserialize_with = "loose::or_default")]
    pub inherited: bool,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

impl std::fmt::Debug for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = if self.hidden {
            Some("…")
        } else {
            self.value.as_deref()
        };
        f.debug_struct("Variable")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("value", &value)
            .field("hidden", &self.hidden)
            .finish_non_exhaustive()
    }
}
