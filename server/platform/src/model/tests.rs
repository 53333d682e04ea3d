//! Shapes that the platform's HTTP API is known to answer.

use serde_json::{Value, json};

use super::envelope::{self, Shape};
use super::*;

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn written<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn an_answer_is_taken_out_of_all_four_shapes() {
    let object = json!({"id": 7, "name": "Shop"});
    for body in [
        envelope::wrap(Shape::Item, object.clone()),
        object.clone(),
        json!({"success": true, "id": 7, "name": "Shop"}),
    ] {
        let project: Project = read(envelope::unwrap(body).unwrap());
        assert_eq!((project.id, project.name.as_str()), (7, "Shop"));
    }
    let map = json!({"7": object.clone()});
    let list = json!([object]);
    for body in [
        envelope::wrap(Shape::Map, map.clone()),
        envelope::wrap(Shape::Items, list.clone()),
        map,
        list,
    ] {
        let entries = envelope::entries(envelope::unwrap(body).unwrap());
        assert_eq!(entries.len(), 1);
        assert_eq!(read::<Project>(entries[0].clone()).id, 7);
    }
    assert_eq!(
        envelope::unwrap(json!({"success": true})).unwrap(),
        Value::Null
    );
}

#[test]
fn an_error_is_seen_whatever_its_form() {
    let code = |body: Value| envelope::unwrap(body).unwrap_err();
    let full =
        code(json!({"success": false, "error": {"code": "1403", "message": "Project not found"}}));
    assert_eq!(
        (full.code.as_str(), full.message.as_str()),
        ("1403", "Project not found")
    );
    let number = code(
        json!({"success": false, "error": {"code": 2605, "message": "Invalid test step command"}}),
    );
    assert_eq!(number.code, "2605");
    assert_eq!(
        code(json!({"success": false, "error": "broken"})).message,
        "broken"
    );
    assert_eq!(
        code(json!({"success": false, "code": 7, "message": "top"})).code,
        "7"
    );
    assert!(
        code(json!({"success": false}))
            .message
            .contains("success: false")
    );
    let bare = envelope::described(&json!({"code": "401", "message": "Unauthorized"}));
    assert_eq!(bare.unwrap().code, "401");
    let back = envelope::error_body(&full);
    assert_eq!(envelope::error_of(&back), Some(full));
}

#[test]
fn ids_are_numbers_or_text_and_nulls_are_read() {
    let project: Project = read(json!({
        "id": "101", "organizationId": 5.0, "name": "Shop", "archived": null,
        "createdDate": 1_753_000_000_000_i64, "environmentId": null,
        "capabilities": {"LOOPS": true}, "favourite": false
    }));
    assert_eq!((project.id, project.organization_id), (101, 5));
    assert_eq!(project.environment_id, None);
    assert!(project.capabilities["LOOPS"]);
    assert_eq!(project.rest["favourite"], false);
    let back = written(&project);
    assert_eq!(back["id"], 101);
    assert_eq!(back["environmentId"], Value::Null);
    assert_eq!(back["favourite"], false);
    assert_eq!(back.get("rest"), None);
    let wrong = serde_json::from_value::<Project>(json!({"id": "seven"}));
    assert!(
        wrong
            .unwrap_err()
            .to_string()
            .contains("not a whole number")
    );
}

#[test]
fn a_journey_with_its_steps_is_written_as_it_was_read() {
    let journey: Value = serde_json::from_str(include_str!("fixtures/journey.json")).unwrap();
    let read: Journey = read(journey.clone());
    let cases = read.cases.as_ref().unwrap();
    assert_eq!(cases[0].shared_count, 27);
    let target = cases[0].steps[1]
        .element
        .as_ref()
        .unwrap()
        .target
        .as_ref()
        .unwrap();
    assert_eq!(target.selectors[1].kind, "GUESS");
    assert_eq!(target.rest["tagName"], "BUTTON");
    assert_eq!(written(&read), journey);
}

#[test]
fn lists_may_be_maps_by_id() {
    let versions: Versions = read(json!({"snapshots": {
        "9": {"snapshotId": 9, "createdDate": 2, "dirty": true},
        "8": {"snapshotId": "8", "createdDate": 1, "dirty": false}
    }}));
    let ids: Vec<_> = versions
        .snapshots
        .iter()
        .map(|s| (s.snapshot_id, s.dirty))
        .collect();
    assert_eq!(ids, [(9, true), (8, false)]);
    let list: Checkpoints = read(json!({"checkpoints": [{"id": 3, "title": "Log in"}]}));
    assert_eq!(list.checkpoints[&3].title, "Log in");
    let map: Checkpoints =
        read(json!({"checkpoints": {"3": {"title": "Log in", "sharedCount": 2}}}));
    assert_eq!(map.checkpoints[&3].shared_count, 2);
}

#[test]
fn the_target_of_a_sent_step_is_found_in_both_places() {
    let target = json!({"selectors": [{"type": "GUESS", "value": "{\"clue\":\"File\"}"}]});
    let top: ParsedStep = read(json!({
        "action": "UPLOAD", "value": "https://example.com/a.png", "target": target, "meta": {}
    }));
    let under: ParsedStep = read(json!({
        "action": "UPLOAD", "value": "https://example.com/a.png",
        "element": {"target": target}, "meta": null
    }));
    assert_eq!(
        top.target().unwrap().selectors,
        under.target().unwrap().selectors
    );
    assert_eq!(written(&under)["meta"], json!({}));
    let unknown: ParsedStep = read(json!({"action": "EXECUTE", "extensionId": 5}));
    assert_eq!(written(&unknown)["extensionId"], 5);
}

#[test]
fn an_added_step_has_its_checkpoint() {
    let added: StepAdded = read(json!({
        "testStep": {"id": 9001, "action": "CLICK", "canonicalId": "u", "meta": {}},
        "checkpoint": {"id": 101, "steps": [{"id": 9001}]}
    }));
    assert_eq!(added.test_step.id, 9001);
    assert_eq!(added.checkpoint.unwrap().steps[0].id, 9001);
}

#[test]
fn an_execution_with_its_tree_is_written_as_it_was_read() {
    let execution: Value = serde_json::from_str(include_str!("fixtures/execution.json")).unwrap();
    let read: Execution = read(execution.clone());
    let suite = &read.test_suites.as_ref().unwrap()[&11];
    assert_eq!(suite.test_cases[&51].test_steps[&62].id, 700);
    assert_eq!(written(&read), execution);
    assert!(!format!("{read:?}").contains("secret"));
}

#[test]
fn a_failed_step_says_why() {
    let step: StepResult = read(json!({
        "id": 1, "testStepId": 2, "outcome": "ERROR",
        "output": {"type": "ERROR", "message": "target not found", "exception": null, "environment": {}}
    }));
    assert_eq!(
        step.output.unwrap().message.as_deref(),
        Some("target not found")
    );
}

#[test]
fn a_hidden_value_is_not_shown() {
    let variable: Variable =
        read(json!({"id": 1, "name": "password", "value": "hush", "hidden": true}));
    assert!(!format!("{variable:?}").contains("hush"));
    let environment: Environment = read(json!({
        "id": "9", "name": "staging", "variables": {"1": {"name": "url", "value": 5}}
    }));
    assert_eq!(environment.variables[0].value.as_deref(), Some("5"));
    let heir: Environment = read(json!({"id": 2, "inheritsFrom": 9, "variables": [{"id": 7}]}));
    assert_eq!(heir.parent_id, Some(9));
    let written = written(&heir);
    assert_eq!(written["variables"]["7"]["inherited"], false);
    assert_eq!(written["inheritsFrom"], 9);
}

#[test]
fn tables_scripts_tests_and_plans_are_read() {
    let values: TestDataValues = read(json!({"newTestDataValues": {"1": {"10": "a", "11": "b"}}}));
    assert_eq!(values.values[&1][&11], "b");
    let table: TestDataTable = read(
        json!({"id": 3, "projectId": null, "name": "t", "attributes": {"10": {"id": 10, "name": "user"}}}),
    );
    assert_eq!(table.attributes[&10].name, "user");
    let script: Script = read(
        json!({"id": 1, "projectId": null, "name": "sum", "async": true, "inputs": ["a"], "resources": [{"url": "https://example.com/x.js"}]}),
    );
    assert!(script.asynchronous);
    assert_eq!(written(&script)["async"], true);
    assert_eq!(written(&script).get("script"), None);
    let tests: ApiTests = read(json!({
        "apiTests": [{"id": 1, "name": "ping", "folder": 2}],
        "folders": {"2": {"name": "Shop", "folders": {"3": {"name": "Cart", "folders": {}}}}}
    }));
    assert_eq!(tests.folders[&2].folders[&3].name, "Cart");
    let plan: PlanExecution = read(json!({"id": 8, "jobs": {"90": {"id": 90}}}));
    assert!(plan.jobs.contains_key(&90));
}
