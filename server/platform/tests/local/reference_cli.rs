//! What the reference CLI sends and reads, with its odd forms.

use http::StatusCode;
use serde_json::{Value, json};

use super::common::{Goal, Platform};

/// A platform that is called by the CLI.
async fn platform() -> Platform {
    let platform = Platform::new().await;
    let platform = platform.sending("x-virtuoso-client-id", "api-cli-generator");
    platform.sending("x-virtuoso-client-name", "api-cli-generator")
}

async fn start(platform: &Platform) -> (Goal, i64) {
    let goal = platform.goal().await;
    let checkpoint = platform.checkpoint(&goal, "Steps").await;
    (goal, checkpoint)
}

fn hint(clue: &str) -> Value {
    json!({"selectors": [{"type": "GUESS", "value": format!("{{\"clue\":\"{clue}\"}}")}]})
}

/// Every body that its step commands send, without the target where they have one.
fn bodies() -> Vec<Value> {
    let with_target = [
        json!({"action": "ASSERT_EXISTS", "value": "see \"E\"", "meta": {}}),
        json!({"action": "ASSERT_NOT_EXISTS", "value": "do not see \"E\"", "meta": {}}),
        json!({"action": "ASSERT_EQUALS", "value": "expect E to have text \"V\"", "meta": {}}),
        json!({"action": "ASSERT_NOT_EQUALS", "value": "V", "meta": {}}),
        json!({"action": "ASSERT_CHECKED", "value": "see E is checked", "meta": {}}),
        json!({"action": "ASSERT_SELECTED", "value": "", "meta": {}}),
        json!({"action": "ASSERT_GREATER_THAN", "value": "5", "meta": {}}),
        json!({"action": "ASSERT_GREATER_THAN_OR_EQUAL", "value": "5", "meta": {}}),
        json!({"action": "ASSERT_LESS_THAN", "value": "5", "meta": {}}),
        json!({"action": "ASSERT_LESS_THAN_OR_EQUAL", "value": "5", "meta": {}}),
        json!({"action": "ASSERT_MATCHES", "value": "[0-9]+", "meta": {}}),
        json!({"action": "CLICK", "value": "", "meta": {}}),
        json!({"action": "MOUSE", "value": "", "meta": {"action": "DOUBLE_CLICK"}}),
        json!({"action": "MOUSE", "value": "", "meta": {"action": "RIGHT_CLICK"}}),
        json!({"action": "MOUSE", "value": "", "meta": {"action": "OVER"}}),
        json!({"action": "MOUSE", "value": "", "meta": {"action": "MOVE"}}),
        json!({"action": "MOUSE", "value": "", "meta": {"action": "DOWN"}}),
        json!({"action": "MOUSE", "value": "", "meta": {"action": "UP"}}),
        json!({"action": "MOUSE", "value": "", "meta": {"action": "ENTER"}}),
        json!({"action": "WRITE", "value": "text", "variable": "v", "meta": {}}),
        json!({"action": "KEY", "value": "a", "meta": {"modifiers": ["ctrl"]}}),
        json!({"action": "PICK", "value": "V", "meta": {}}),
        json!({"action": "PICK", "value": "-1", "meta": {"type": "INDEX"}}),
        json!({"action": "SWITCH", "meta": {"kind": "SWITCH", "type": "FRAME_BY_ELEMENT"}}),
        json!({"action": "STORE", "value": "", "variable": "v", "meta": {}}),
        json!({"action": "STORE", "value": "", "variable": "v", "meta": {"attribute": "href"}}),
        json!({"action": "WAIT", "value": "20000", "meta": {}}),
        json!({"action": "UPLOAD", "value": "https://example.com/a.png", "meta": {}}),
        json!({"action": "UPLOAD", "value": "", "meta": {"url": "https://example.com/a.png"}}),
    ];
    let mut bodies: Vec<Value> = with_target.into();
    for body in &mut bodies {
        body["target"] = hint("E");
    }
    bodies.extend([
        json!({"action": "ASSERT_VARIABLE", "variable": "n", "value": "V",
               "meta": {"kind": "ASSERT_VARIABLE", "type": "EQUALS"}}),
        json!({"action": "MOUSE", "meta": {"action": "OFFSET", "x": 1, "y": -2}}),
        json!({"action": "NAVIGATE", "value": "https://a.example.com", "meta": {"useNewTab": true}}),
        json!({"action": "NAVIGATE", "target": {"url": "https://a.example.com"}}),
        json!({"action": "SCROLL", "value": "", "meta": {"type": "TOP"}}),
        json!({"action": "SCROLL", "value": "", "meta": {"type": "POSITION", "x": 0, "y": 5}}),
        json!({"action": "SCROLL", "value": "", "meta": {"type": "OFFSET", "x": 0, "y": -1000}}),
        json!({"action": "SCROLL", "value": "", "meta": {"type": "ELEMENT"}, "target": {"selectors":
               [{"kind": "AI", "value": "{\"clue\":\"E\"}"}]}}),
        json!({"action": "WINDOW", "value": "", "meta": {"type": "MAXIMIZE"}}),
        json!({"action": "SWITCH", "meta": {"kind": "SWITCH", "type": "NEXT_TAB"}}),
        json!({"action": "SWITCH", "value": "2", "meta": {"kind": "SWITCH", "type": "TAB"}}),
        json!({"action": "SWITCH", "meta": {"type": "PARENT_FRAME"}}),
        json!({"action": "STORE", "value": "L", "variable": "v", "meta": {}}),
        json!({"action": "ENVIRONMENT", "value": "V", "meta": {"type": "ADD", "name": "n",
               "domain": "d", "path": "/", "secure": true, "httpOnly": true}}),
        json!({"action": "ENVIRONMENT", "meta": {"type": "DELETE", "name": "n"}}),
        json!({"action": "ENVIRONMENT", "meta": {"type": "CLEAR"}}),
        json!({"action": "DISMISS", "value": "", "meta": {"kind": "DISMISS", "type": "ALERT"}}),
        json!({"action": "DISMISS", "value": "t", "meta": {"kind": "DISMISS", "type": "PROMPT",
               "action": "OK"}}),
        json!({"action": "WAIT", "value": "", "meta": {"type": "ELEMENT_VISIBLE", "timeoutMs": 50},
               "target": {"selectors": [{"kind": "AI", "value": "{\"clue\":\"E\"}"}]}}),
        json!({"action": "WAIT", "value": "1500", "meta": {"type": "TIME"}}),
        json!({"action": "KEY", "value": "", "meta": {"kind": "KEY", "key": "ENTER"}}),
        json!({"action": "COMMENT", "value": "text", "meta": {}}),
        json!({"action": "EXECUTE", "value": "return 1", "meta": {"explicit": true, "script": "return 1"}}),
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
    for (extension, action) in [
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
    ] {
        let body = json!({"checkpoint_id": checkpoint.to_string(), "position": -1,
                          "extension": extension});
        let answer = platform
            .call("POST /teststeps?envelope=false", Some(body))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
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
