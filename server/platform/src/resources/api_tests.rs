//! `ApiTestService`.

use std::collections::BTreeMap;

use etude::v1;
use etude_engine::Result;
use serde_json::Value;

use super::names::{self, name};
use super::page::page;
use crate::calls;
use crate::client::Client;
use crate::model::{ApiFolder, ApiTest};

/// Lists the API tests of a project, by id.
///
/// # Errors
///
/// Those of [`Client::call`].
pub async fn list_api_tests(
    client: &Client,
    request: v1::ListApiTestsRequest,
) -> Result<v1::ListApiTestsResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let answer = client.call(calls::scripts::api_tests(project)).await?;
    let mut folders = BTreeMap::new();
    collect("", &answer.folders, &mut folders);
    let mut tests = answer.api_tests;
    tests.sort_by_key(|test| test.id);
    let list = [client.name(), "apiTests", &request.project];
    let (size, token) = (request.page_size, &request.page_token);
    let page = page(&list, tests, |test| test.id, size, token)?;
    let message = |test: ApiTest| v1::ApiTest {
        name: name("apiTests", test.id),
        full_name: full_name(&test, &folders),
        display_name: test.name,
    };
    Ok(v1::ListApiTestsResponse {
        api_tests: page.items.into_iter().map(message).collect(),
        next_page_token: page.next,
    })
}

/// The full names of folders, with a full stop at the end, by id.
fn collect(prefix: &str, folders: &BTreeMap<i64, ApiFolder>, names: &mut BTreeMap<i64, String>) {
    for (id, folder) in folders {
        let full = format!("{prefix}{}.", folder.name);
        collect(&full, &folder.folders, names);
        names.insert(*id, full);
    }
}

fn full_name(test: &ApiTest, folders: &BTreeMap<i64, String>) -> String {
    let id = match &test.folder {
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Object(folder)) => folder.get("id").and_then(Value::as_i64),
        _ => None,
    };
    let folder = id.and_then(|id| folders.get(&id));
    format!("{}{}", folder.map_or("", String::as_str), test.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ApiTests;

    #[test]
    fn a_full_name_holds_the_names_of_all_folders() {
        let answer = serde_json::json!({
            "apiTests": [{"id": 3, "name": "Login", "folder": 12}],
            "folders": {"11": {"name": "Shop", "folders": {"12": {"name": "Users", "folders": {}}}}},
        });
        let answer: ApiTests = serde_json::from_value(answer).unwrap();
        let mut folders = BTreeMap::new();
        collect("", &answer.folders, &mut folders);
        assert_eq!(
            full_name(&answer.api_tests[0], &folders),
            "Shop.Users.Login"
        );
    }
}
