//! A CI poller, written from the published contract: start, read `id`, ask for the status until it
//! is FINISHED, CANCELED or FAILED, then look at the outcome. Exit code 0: it passed; 2: FAIL or
//! ERROR; 3: it did not finish.

use std::time::Duration;

use serde_json::{Value, json};

use super::common::{Goal, Platform, click};
use super::engine::GUARD;

/// What such a script does; `started` is the answer to the start.
pub(crate) async fn poll(platform: &Platform, started: &Value) -> u8 {
    let id = match &started["id"] {
        Value::Number(id) => id.to_string(),
        Value::String(id) => id.clone(),
        other => panic!("no id: {other}"),
    };
    let path = format!("/executions/{id}/status?envelope=false");
    let end = async {
        loop {
            let answer = platform.get(&path).await;
            assert!(answer.status.is_success(), "{answer:?}");
            let status = answer.at("/status").as_str().unwrap().to_owned();
            if ["FINISHED", "CANCELED", "FAILED"].contains(&status.as_str()) {
                return (status, answer.at("/outcome").as_str().unwrap().to_owned());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (status, outcome) = tokio::time::timeout(GUARD, end).await.unwrap();
    match (status.as_str(), outcome.as_str()) {
        ("FINISHED", "FAIL" | "ERROR") => 2,
        ("FINISHED", _) => 0,
        _ => 3,
    }
}

/// A goal whose first journey does this after it has opened the address.
async fn goal(platform: &Platform, hints: &[&str]) -> Goal {
    let goal = platform.goal().await;
    let checkpoint = platform.checkpoint(&goal, "Do it").await;
    for hint in hints {
        platform
            .make("POST /teststeps", click(checkpoint, hint))
            .await;
    }
    goal
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poller_ends_with_the_code_of_the_outcome() {
    for (hint, code) in [("ok", 0), ("fail it", 2), ("error it", 2)] {
        let (platform, _server) = Platform::executing().await;
        let goal = goal(&platform, &[hint]).await;
        let start = format!("POST /goals/{}/execute?envelope=false", goal.goal);
        let started = platform.make(&start, json!({})).await;
        assert!(started["id"].is_number());
        assert_eq!(poll(&platform, &started).await, code, "{hint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_execution_ends_with_3() {
    let (platform, server) = Platform::executing().await;
    let goal = goal(&platform, &["block", "never"]).await;
    let start = format!(
        "POST /goals/{}/snapshots/{}/execute",
        goal.goal, goal.snapshot
    );
    let started = platform
        .make(&start, json!({"tags": [], "suiteIds": []}))
        .await;
    let id = started["id"].as_i64().unwrap();
    let (poller, cancelled) = tokio::join!(poll(&platform, &started), async {
        while !server.backend.executed().contains(&"block".to_owned()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        platform
            .make(&format!("POST /executions/{id}/cancel"), json!({}))
            .await
    });
    assert_eq!(cancelled["status"], "CANCELED");
    assert_eq!(poller, 3);
    let full = platform.get(&format!("/executions/{id}")).await;
    let suite = format!("/item/testSuites/{}", goal.journey);
    assert_eq!(full.at(&suite)["tracking"]["processed"], true);
    assert!(!server.backend.executed().contains(&"never".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_whose_browser_cannot_be_opened_ends_with_3() {
    let (platform, server) = Platform::executing().await;
    let goal = goal(&platform, &["ok"]).await;
    let reason = etude::v1::ErrorReason::BrowserUnavailable;
    server
        .backend
        .refuse(etude_engine::Error::new(reason, "no browser"));
    let start = format!("POST /goals/{}/execute", goal.goal);
    let started = platform.make(&start, json!({})).await;
    assert_eq!(poll(&platform, &started).await, 3);
}
