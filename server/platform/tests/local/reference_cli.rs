//! What the reference CLI sends and reads, with its odd forms.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::common::{Goal, Platform};

/// A platform that is called by the CLI.
async fn platform() -> Platform {
    let platform = Platform::new().await;
    let platform = platform.sending("x-virtuoso-client-id", "api-cli-generator");
    platform.sending("x-virtuoso-client-name", "api-cli-generator")
}

#[tokio::test]
async fn it_is_known_by_its_library_when_it_has_another_name() {
    let library = "go-resty/2.16.5 (https://github.com/go-resty/resty)";
    for (agent, name, id, known) in [
        (library, Some("my-ci"), Some("7"), true),
        (library, Some("my-ci"), None, false),
        (library, None, None, false),
        ("Go-http-client/1.1", Some("my-ci"), Some("7"), false),
        ("curl/8.5.0", Some("api-cli-generator"), None, true),
        ("curl/8.5.0", Some("CICD"), Some("7"), false),
    ] {
        let mut platform = Platform::new().await.sending("user-agent", agent);
        for (header, value) in [
            ("x-virtuoso-client-name", name),
            ("x-virtuoso-client-id", id),
        ] {
            if let Some(value) = value {
                platform = platform.sending(header, value);
            }
        }
        let made = platform
            .make("POST /environments", json!({"name": "e"}))
            .await;
        assert_eq!(made["id"].is_string(), known, "{agent} {name:?} {id:?}");
    }
}

async fn start(platform: &Platform) -> (Goal, i64) {
    let goal = platform.goal().await;
    let checkpoint = platform.checkpoint(&goal, "Steps").await;
    (goal, checkpoint)
}

/// Every step that its commands send, and other forms that its options and test files make.
fn bodies() -> Vec<Value> {
    let text = include_str!("../reference_cli/steps.yaml");
    let groups: BTreeMap<String, Vec<Value>> = serde_yaml::from_str(text).unwrap();
    let rows = groups.into_values().flatten();
    let mut bodies: Vec<Value> = rows.map(|row| row["sends"].clone()).collect();
    assert_eq!(bodies.len(), 59);
    let target = json!({"selectors": [{"type": "GUESS", "value": "{\"clue\":\"E\"}"}]});
    bodies.extend([
        json!({"action": "WRITE", "value": "text", "variable": "v", "meta": {}, "target": target}),
        json!({"action": "KEY", "value": "a", "meta": {"modifiers": ["ctrl"]}, "target": target}),
        json!({"action": "KEY", "value": "", "meta": {"kind": "KEY", "key": "ENTER"}}),
        json!({"action": "UPLOAD", "value": "", "meta": {"url": "https://example.com/a.png"},
               "target": target}),
        json!({"action": "NAVIGATE", "target": {"url": "https://a.example.com"}}),
        json!({"action": "WAIT", "value": "", "meta": {"type": "ELEMENT_VISIBLE", "timeoutMs": 50},
               "target": {"selectors": [{"kind": "AI", "value": "{\"clue\":\"E\"}"}]}}),
    ]);
    bodies
}

#[tokio::test]
async fn every_step_that_it_sends_is_taken_and_has_an_id_where_it_looks() {
    let platform = platform().await;
    let (_, checkpoint) = start(&platform).await;
    for (index, parsed) in bodies().into_iter().enumerate() {
        let body = json!({"checkpointId": checkpoint, "stepIndex": 9999, "parsedStep": parsed});
        // It asks in two ways: with a number at the top, and with the bare answer.
        let answer = platform.call("POST /teststeps", Some(body.clone())).await;
        assert_eq!(answer.status, StatusCode::OK, "{parsed}: {answer:?}");
        assert_eq!(answer.at("/id"), answer.at("/item/testStep/id"), "{parsed}");
        let bare = platform
            .call("POST /teststeps?envelope=false", Some(body))
            .await;
        assert!(bare.id("/testStep/id") > 1);
        let steps = bare.at("/checkpoint/steps").as_array().unwrap();
        assert_eq!(steps.len(), 2 * index + 2);
        assert!(steps.iter().all(|step| step["meta"].is_object()));
    }
}

#[tokio::test]
async fn window_steps_of_its_test_files_are_taken() {
    let platform = platform().await;
    let (_, checkpoint) = start(&platform).await;
    for (position, (extension, action)) in [
        (
            json!({"name": "resizeWindow", "context": {"width": 800, "height": 600}}),
            "WINDOW",
        ),
        (json!({"name": "maximizeWindow"}), "WINDOW"),
        (
            json!({"name": "switchTab", "context": {"tabId": "NEXT"}}),
            "SWITCH",
        ),
        (
            json!({"name": "switchIframe", "context": {"selector": "pay"}}),
            "SWITCH",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"checkpoint_id": checkpoint.to_string(), "position": -1,
                          "extension": extension});
        let answer = platform
            .call("POST /teststeps?envelope=false", Some(body))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.at("/position"), position);
        let id = answer.at("/id").as_str().unwrap();
        let step = platform.get(&format!("/teststeps/{id}")).await;
        assert_eq!(step.at("/item/action"), action);
    }
    let unknown = json!({"checkpoint_id": checkpoint.to_string(), "position": 1,
                         "extension": {"name": "configure"}});
    let answer = platform
        .call("POST /teststeps?envelope=false", Some(unknown))
        .await;
    assert_eq!(answer.at("/error/code"), "2605");
}

#[tokio::test]
async fn its_types_are_answered() {
    let platform = platform().await;
    let (goal, checkpoint) = start(&platform).await;
    let projects = platform.get("/projects?organizationId=7&limit=50").await;
    let created = projects.at(&format!("/map/{}/createdAt", goal.project));
    assert!(created.as_str().unwrap().contains('T'));
    let library = format!("POST /testcases/{checkpoint}/add-to-library");
    let library = platform.call(&library, None).await;
    assert!(
        library
            .at("/item/createdAt")
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    let attach = format!("POST /testsuites/{}/checkpoints/attach", goal.journey);
    let id = library.id("/item/id");
    let place = json!({"libraryCheckpointId": id, "position": 3});
    let attached = platform.make(&attach, place).await;
    assert_eq!(attached["id"], id);
    assert_eq!(attached["title"], "Steps");
    let new = json!({"name": "e", "description": "", "variables": {"a": "b"}});
    let environment = platform.make("POST /environments", new).await;
    assert!(environment["id"].is_string());
    assert_eq!(environment["variables"], json!({"a": "b"}));
    let new = json!({"name": "t", "description": "d", "columns": ["a", "b"]});
    let table = platform.make("POST /testdata/tables/create", new).await;
    let id = table["id"].as_str().unwrap();
    let rows = json!({"tableId": id, "data": [["a", "b"], ["1", "2"]], "format": "csv"});
    let import = platform
        .make(&format!("POST /testdata/tables/{id}/import"), rows)
        .await;
    assert_eq!(import["rowCount"], 1);
    let read = platform.get(&format!("/testdata/tables/{id}")).await;
    assert_eq!(read.at("/item/columns"), &json!(["a", "b"]));
}
