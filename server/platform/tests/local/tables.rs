//! Tables of test data and the journeys that are bound to them.

use etude::v1::{self, ErrorReason};
use etude_platform::resources::{journeys, test_data_tables};
use http::StatusCode;
use serde_json::json;

use super::common::{Goal, Platform};
use super::engine;

/// A table of the project, to which the first journey is bound.
async fn bound(platform: &Platform, goal: &Goal, project: Option<i64>) -> i64 {
    let new = json!({"projectId": project, "name": "t", "csv": "a\n1"});
    let table = platform.make("POST /testdata/tables/create", new).await;
    let bind = format!("PUT /testsuites/{}", goal.journey);
    platform
        .make(&bind, json!({"dataTableId": table["id"]}))
        .await;
    table["id"].as_i64().unwrap()
}

#[tokio::test]
async fn a_table_that_journeys_are_bound_to_is_not_deleted() {
    let platform = Platform::new().await;
    let goal = platform.goal().await;
    let table = bound(&platform, &goal, Some(goal.project)).await;
    let delete = format!("DELETE /testdata/tables/{table}");
    let refused = platform.call(&delete, None).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let message = refused.at("/error/message").as_str().unwrap();
    let journey = format!("journeys/{}", goal.journey);
    assert!(message.contains(&journey), "{message}");

    let client = platform.client();
    let name = format!("testDataTables/{table}");
    let request = v1::DeleteTestDataTableRequest {
        name: name.clone(),
        ..Default::default()
    };
    let refused = test_data_tables::delete_test_data_table(&client, request.clone()).await;
    assert_eq!(refused.unwrap_err().reason, ErrorReason::PlatformConflict);
    let update = |journey: v1::Journey, paths: &[&str]| {
        let request = v1::UpdateJourneyRequest {
            journey: Some(journey),
            update_mask: Some(prost_types::FieldMask {
                paths: paths.iter().map(ToString::to_string).collect(),
            }),
            ..Default::default()
        };
        async {
            let updated = journeys::update_journey(&client, request).await;
            updated.unwrap().journey.unwrap()
        }
    };
    let with = |title: &str, table: &str| v1::Journey {
        name: journey.clone(),
        display_name: title.to_owned(),
        data_table: table.to_owned(),
        ..Default::default()
    };
    // Without a mask what is not given stays.
    let renamed = update(with("New", ""), &[]).await;
    assert_eq!(
        (renamed.display_name.as_str(), &renamed.data_table),
        ("New", &name)
    );
    let unbound = update(with("", ""), &["data_table"]).await;
    assert_eq!(
        (unbound.display_name.as_str(), unbound.data_table.as_str()),
        ("New", "")
    );
    assert_eq!(update(with("", &name), &[]).await.data_table, name);
    update(with("", ""), &["data_table"]).await;
    let deleted = test_data_tables::delete_test_data_table(&client, request).await;
    deleted.unwrap();
    let again = bound(&platform, &goal, Some(goal.project)).await;
    let archive = format!("DELETE /testsuites/{}", goal.journey);
    platform.call(&archive, None).await;
    let delete = format!("DELETE /testdata/tables/{again}");
    assert_eq!(platform.call(&delete, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_its_table_a_journey_is_not_executed_and_both_are_named() {
    let (platform, _server) = Platform::queueing(engine::options()).await;
    let goal = platform.goal().await;
    // Which journeys use a table of no project is not known.
    let table = bound(&platform, &goal, None).await;
    let delete = format!("DELETE /testdata/tables/{table}");
    assert_eq!(platform.call(&delete, None).await.status, StatusCode::OK);
    let start = format!("POST /goals/{}/execute", goal.goal);
    let refused = platform.call(&start, Some(json!({}))).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(refused.at("/about/id"), table);
    let message = refused.at("/error/message").as_str().unwrap();
    let named = format!(
        "the journey {} is bound to the test data table {table}",
        goal.journey
    );
    assert!(message.contains(&named), "{message}");
}
