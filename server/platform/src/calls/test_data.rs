//! Tables of test data.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Call;
use crate::model::{TestDataTable, TestDataValues};

/// Creates a table from CSV whose first row names the columns.
pub fn create(project: i64, name: &str, csv: &str) -> Call<TestDataTable> {
    let body = json!({
        "projectId": project,
        "name": name,
        "title": name,
        "csv": csv,
        "csvHasHeaders": true,
    });
    Call::create("/testdata/tables/create".to_owned(), body).slow()
}

/// A table with its columns.
pub fn get(id: i64) -> Call<TestDataTable> {
    Call::get(format!("/testdata/tables/{id}"))
}

/// The tables of a project. The cloud has no such list that is known.
pub fn list(project: i64) -> Call<Vec<TestDataTable>> {
    Call::list("/testdata/tables".to_owned()).query("projectId", project)
}

/// Changes a table's names.
pub fn rename(id: i64, name: &str) -> Call<Value> {
    let body = json!({"name": name, "title": name, "csvHasHeaders": true});
    Call::put(format!("/testdata/tables/{id}"), body)
}

/// Deletes a table.
pub fn delete(id: i64) -> Call<()> {
    Call::delete(format!("/testdata/tables/{id}"))
}

/// Copies a table with its rows.
pub fn clone(id: i64, project: i64, name: &str) -> Call<TestDataTable> {
    let body = json!({
        "testDataTableId": id,
        "projectId": project,
        "name": name,
        "title": name,
    });
    Call::create("/testdata/tables/clone".to_owned(), body).slow()
}

/// The values of a table.
pub fn values(id: i64) -> Call<TestDataValues> {
    Call::get(format!("/testdata/tables/{id}/values")).slow()
}

/// Sets values: by row from 1, then by the id of the column. `modified` is the table's own, so
/// that what another has changed meanwhile is not overwritten.
pub fn set_values(
    id: i64,
    values: &BTreeMap<i64, BTreeMap<i64, String>>,
    modified: Option<i64>,
) -> Call<Value> {
    let body = json!({"newTestDataValues": values, "modifiedDate": modified});
    Call::put(format!("/testdata/tables/{id}/values"), body).slow()
}
