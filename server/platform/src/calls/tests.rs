//! What is sent, and what is read of the answers.

use serde_json::json;

use super::*;

#[test]
fn a_list_is_read_from_an_array_and_from_a_map() {
    let call = projects::list(7);
    assert_eq!(call.request.path, "/projects");
    assert_eq!(call.request.query, [("organizationId".into(), "7".into())]);
    let one = json!({"id": "12", "name": "Shop"});
    for answer in [json!([one]), json!({"12": one})] {
        let read = call.read(answer).unwrap();
        assert_eq!((read[0].id, read[0].name.as_str()), (12, "Shop"));
    }
    assert!(call.read(json!(null)).unwrap().is_empty());
}

#[test]
fn what_makes_something_new_is_told_from_what_can_be_repeated() {
    assert_eq!(projects::create(1, "a", "").request.kind, Kind::Create);
    assert_eq!(projects::delete(1).request.kind, Kind::Write);
    assert_eq!(projects::get(1).request.kind, Kind::Read);
    assert_eq!(executions::status(1).request.kind, Kind::Watch);
    let attach = journeys::attach(1, journeys::Attached::Library(2), 3);
    assert_eq!(attach.request.kind, Kind::Create);
}

#[test]
fn a_start_says_only_what_differs_from_the_defaults() {
    let call = executions::start(&executions::Start {
        goal: 3,
        ..Default::default()
    });
    assert_eq!(call.request.path, "/goals/3/execute");
    assert_eq!(call.request.body, Some(json!({})));
    let call = executions::start(&executions::Start {
        goal: 3,
        snapshot: Some(4),
        journeys: vec![5],
        starting_url: "http://x/".to_owned(),
        ..Default::default()
    });
    assert_eq!(call.request.path, "/goals/3/snapshots/4/execute");
    let body = json!({"suiteIds": [5], "startingUrl": "http://x/"});
    assert_eq!(call.request.body, Some(body));
}

#[test]
fn a_name_in_a_path_stays_one_piece() {
    let call = environments::delete_variable(1, "a/b ?#é");
    assert_eq!(
        call.request.path,
        "/environments/1/variables/a%2Fb%20%3F%23%C3%A9"
    );
}

#[test]
fn a_step_is_inserted_with_its_index_and_the_parsed_form() {
    let step = crate::model::ParsedStep {
        action: "CLICK".to_owned(),
        ..Default::default()
    };
    let body = steps::create(7, 2, &step).request.body.unwrap();
    assert_eq!(body["checkpointId"], 7);
    assert_eq!(body["stepIndex"], 2);
    assert_eq!(body["parsedStep"]["action"], "CLICK");
}
