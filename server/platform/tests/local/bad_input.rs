//! Input that is wrong or strange: a coded error that says what to do, and nothing half made.

use axum::body::Body;
use http::StatusCode;
use serde_json::{Value, json};

use super::common::{Platform, comment};

/// A request that must be refused with a code and a message which names `field`.
async fn refused(platform: &Platform, request: &str, body: Value, field: &str) {
    let answer = platform.call(request, Some(body)).await;
    assert!(answer.status.is_client_error(), "{request}: {answer:?}");
    assert_eq!(answer.at("/success"), false);
    assert!(answer.at("/error/code").is_string());
    let message = answer.at("/error/message").as_str().unwrap();
    assert!(message.contains(field), "{request}: {message}");
}

#[tokio::test]
async fn names_are_kept_unchanged_up_to_their_bound() {
    let platform = Platform::new().await;
    let long = "x".repeat(10_000);
    for name in [
        "a/b/../c",
        "🛒 Größe \"x\" \\ 'y'",
        " spaced ",
        long.as_str(),
    ] {
        let made = platform
            .make("POST /projects", json!({"name": name, "organizationId": 7}))
            .await;
        let read = platform.get(&format!("/projects/{}", made["id"])).await;
        assert_eq!(read.at("/item/name"), name);
    }
    for name in ["", "   ", &"x".repeat(10_001)] {
        let new = json!({"name": name, "organizationId": 7});
        refused(&platform, "POST /projects", new, "name").await;
    }
}

#[tokio::test]
async fn wrong_requests_change_nothing() {
    let platform = Platform::new().await;
    let goal = platform.goal().await;
    let checkpoint = platform.checkpoint(&goal, "Kept").await;
    platform
        .make("POST /teststeps", comment(checkpoint, 0, "only"))
        .await;
    let path = format!(
        "/snapshots/{}/goals/{}/testsuites",
        goal.snapshot, goal.goal
    );
    let before = platform.get(&path).await.body;
    let attach = format!("POST /testsuites/{}/checkpoints/attach", goal.journey);
    let free = json!({"goalId": goal.goal, "snapshotId": goal.snapshot, "title": "Free"});
    let free = platform.make("POST /testcases", free).await["id"].clone();
    for position in [-1, 0, 1, 4, 1_000_000] {
        let body = json!({"checkpointId": free, "position": position});
        refused(&platform, &attach, body, "position").await;
    }
    let neither = json!({"position": 2});
    refused(&platform, &attach, neither, "checkpointId").await;
    let both = json!({"checkpointId": free, "libraryCheckpointId": free, "position": 2});
    refused(&platform, &attach, both, "checkpointId").await;
    let foreign = json!({"goalId": 99, "snapshotId": goal.snapshot, "title": "T"});
    refused(&platform, "POST /testcases", foreign, "snapshotId").await;
    let no_step = json!({"checkpointId": checkpoint, "stepIndex": 0});
    refused(&platform, "POST /teststeps", no_step, "parsedStep").await;
    let click = json!({"action": "CLICK", "value": "", "meta": {}});
    let no_target = json!({"checkpointId": checkpoint, "parsedStep": click});
    refused(&platform, "POST /teststeps", no_target, "target").await;
    // The second of two checkpoints is wrong: the journey and the first place are not made either.
    let half = json!({"goalId": goal.goal, "snapshotId": goal.snapshot, "title": "Half",
        "checkpoints": [{"testCaseId": free}, {"testCaseId": 99}]});
    refused(&platform, "POST /testsuites", half, "Checkpoint").await;
    assert_eq!(platform.get(&path).await.body, before);
    let free = platform.get(&format!("/testcases/{free}")).await;
    assert_eq!(free.at("/item/sharedCount"), 0);
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let platform = Platform::new().await;
    for body in [
        "{",
        "[]",
        " [\"x\", 1, \"d\"]",
        "\"text\"",
        "{\"name\": 5, \"organizationId\": {}}",
    ] {
        let answer = platform.send("POST /projects", Body::from(body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(
            answer
                .at("/error/message")
                .as_str()
                .unwrap()
                .contains("body")
        );
    }
    let not_utf8 = platform
        .send("POST /projects", Body::from(vec![b'"', 0xff, b'"']))
        .await;
    assert_eq!(not_utf8.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_value_of_a_wrong_type_is_told_with_its_field() {
    let platform = Platform::new().await;
    for (request, body, field) in [
        (
            "POST /projects",
            json!({"name": 5, "organizationId": 1}),
            "name",
        ),
        (
            "POST /projects",
            json!({"name": "n", "organizationId": {}}),
            "organizationId",
        ),
        (
            "POST /testsuites",
            json!({"title": "t", "goalId": 1, "draft": "x"}),
            "draft",
        ),
        (
            "POST /environments/1/variables",
            json!({"name": "n", "hidden": 3}),
            "hidden",
        ),
    ] {
        let answer = platform.call(request, Some(body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let message = answer.at("/error/message").as_str().unwrap();
        assert!(
            message.contains(&format!("{field}: ")),
            "{request}: {message}"
        );
        assert_eq!(answer.at("/about/field"), field);
    }
    refused(
        &platform,
        "PUT /environments/1/variables/%FF",
        json!({}),
        "UTF-8",
    )
    .await;
    refused(&platform, "GET /projects/%FF", json!({}), "UTF-8").await;
    refused(&platform, "GET //files/screenshots/%FF", json!({}), "UTF-8").await;
    let list = "GET /testsuites/latest_status";
    refused(&platform, list, json!({}), "versionId").await;
}

#[tokio::test]
async fn a_table_is_made_wholly_or_not() {
    let platform = Platform::new().await;
    let goal = platform.goal().await;
    let table = |csv: &str| json!({"projectId": goal.project, "name": "t", "csv": csv});
    for (csv, field) in [
        ("a,b\n1,2\n3", "line 3"),
        ("a,b\n1,2,3", "line 2"),
        ("a,a\n1,2", "called `a`"),
        (",b\n1,2", "column 1"),
        ("a,b\n1,\"x\n2,y\n3,z\n", "csv: line 2: nothing closes"),
        ("a,b\n1,\"x\"y\n", "csv: line 2: text stands behind"),
        ("", "columns"),
    ] {
        refused(&platform, "POST /testdata/tables/create", table(csv), field).await;
    }
    let list = format!("/testdata/tables?projectId={}", goal.project);
    assert_eq!(platform.get(&list).await.at("/map"), &json!({}));
    let strange = "\u{feff}user;x,note\r\n\"a, \"\"b\"\"\",\"two\r\nlines\"\r\n";
    let made = platform
        .make("POST /testdata/tables/create", table(strange))
        .await;
    let import = format!("POST /testdata/tables/{}/import", made["id"]);
    let open = json!({"csv": "note\nfine\n\"open\n"});
    refused(&platform, &import, open, "csv: line 3: nothing closes").await;
    let names: Vec<_> = made["attributes"].as_object().unwrap().values().collect();
    assert_eq!(names[0]["name"], "user;x");
    let values = platform
        .get(&format!("/testdata/tables/{}/values", made["id"]))
        .await;
    let row = values.at("/item/values/1").as_object().unwrap();
    assert_eq!(
        row.values().collect::<Vec<_>>(),
        ["a, \"b\"", "two\r\nlines"]
    );
}

#[tokio::test]
async fn a_table_of_100_000_rows_is_kept() {
    let platform = Platform::new().await;
    let goal = platform.goal().await;
    let rows: String = (1..=100_000).map(|n| format!("user{n},{n}\n")).collect();
    let new = json!({"projectId": goal.project, "name": "big", "csv": format!("user,n\n{rows}")});
    let made = platform.make("POST /testdata/tables/create", new).await;
    assert_eq!(made["rowCount"], 100_000);
    let columns: Vec<_> = made["attributes"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let values = platform
        .get(&format!("/testdata/tables/{}/values", made["id"]))
        .await;
    assert_eq!(
        values.at("/item/values").as_object().unwrap().len(),
        100_000
    );
    assert_eq!(
        values.at(&format!("/item/values/99999/{}", columns[0])),
        "user99999"
    );
    let put = format!("PUT /testdata/tables/{}/values", made["id"]);
    let cell = json!({"newTestDataValues": {"50000": {columns[0].clone(): "changed"}}});
    platform.make(&put, cell).await;
    let values = platform
        .get(&format!("/testdata/tables/{}/values", made["id"]))
        .await;
    assert_eq!(
        values.at(&format!("/item/values/50000/{}", columns[0])),
        "changed"
    );
}
