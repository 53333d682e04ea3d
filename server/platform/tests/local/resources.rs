//! The methods of the contract on the local platform: what a request names must be there, and an error
//! says which of it is not.

use std::collections::BTreeMap;

use etude::v1::{self, ErrorReason};
use etude_engine::Error;
use etude_platform::client::Client;
use etude_platform::resources::{
    checkpoints, environments, executions, extensions, goals, journeys, library_checkpoints, plans,
    projects, steps, test_data_tables,
};
use serde_json::json;

use super::common::{Goal, Platform, comment};
use super::engine;

/// A goal and another of a project of its own.
async fn two_goals(platform: &Platform) -> (Goal, Goal) {
    (platform.goal_of(1).await, platform.goal_of(2).await)
}

async fn made(platform: &Platform, request: &str, body: serde_json::Value) -> i64 {
    platform.make(request, body).await["id"].as_i64().unwrap()
}

/// What is wrong with a call: the reason, and the resource that it names.
fn told<T: std::fmt::Debug>(answer: Result<T, Error>) -> (ErrorReason, String) {
    let error = answer.unwrap_err();
    let resource = error.resource.unwrap_or_default();
    assert!(
        error.message.contains(&resource),
        "{resource}: {}",
        error.message
    );
    (error.reason, resource)
}

#[tokio::test]
async fn a_variable_of_an_environment_of_another_project_stays() {
    let platform = Platform::new().await;
    let (own, other) = two_goals(&platform).await;
    let variables = json!({"user": "ada"});
    let new = json!({"projectId": other.project, "name": "theirs", "variables": variables});
    let theirs = made(&platform, "POST /environments", new).await;
    for project in [own.project, 99_999] {
        let request = v1::DeleteEnvironmentVariableRequest {
            project: format!("projects/{project}"),
            environment: format!("environments/{theirs}"),
            variable: "user".to_owned(),
            ..Default::default()
        };
        let refused = environments::delete_environment_variable(&platform.client(), request).await;
        assert_eq!(told(refused).0, ErrorReason::PlatformNotFound);
    }
    let read = platform.get(&format!("/environments/{theirs}")).await;
    assert!(read.body.to_string().contains("ada"), "{:#}", read.body);
}

#[tokio::test]
async fn a_hidden_variable_stays_hidden_unless_it_is_to_be_shown() {
    let platform = Platform::new().await;
    let goal = platform.goal().await;
    let hidden = json!([{"name": "pw", "value": "c4n4ry", "hidden": true}]);
    let new = json!({"projectId": goal.project, "name": "e", "variables": hidden});
    let environment = made(&platform, "POST /environments", new).await;
    let set = async |value: &str, hidden: Option<bool>| {
        let request = v1::SetEnvironmentVariableRequest {
            project: format!("projects/{}", goal.project),
            environment: format!("environments/{environment}"),
            variable: "pw".to_owned(),
            value: value.to_owned(),
            hidden,
            ..Default::default()
        };
        let set = environments::set_environment_variable(&platform.client(), request).await;
        set.unwrap().environment.unwrap().variables.remove(0)
    };
    let rotated = set("new", None).await;
    assert_eq!((rotated.hidden, rotated.value.as_str()), (true, ""));
    let shown = set("shown", Some(false)).await;
    assert_eq!((shown.hidden, shown.value.as_str()), (false, "shown"));
}

/// Calls that name several resources, of which one is not there; what is told, and what should be.
async fn with_one_missing(
    client: &Client,
    own: &Goal,
    other: &Goal,
    (foreign, theirs, table): (i64, i64, i64),
) -> Vec<((ErrorReason, String), String)> {
    let (project, goal) = (
        format!("projects/{}", own.project),
        format!("goals/{}", own.goal),
    );
    let (foreign, theirs) = (
        format!("checkpoints/{foreign}"),
        format!("environments/{theirs}"),
    );
    let attach = v1::AttachCheckpointRequest {
        journey: format!("journeys/{}", own.journey),
        checkpoint: foreign.clone(),
        ..Default::default()
    };
    let start = v1::CreateExecutionRequest {
        goal: goal.clone(),
        ..Default::default()
    };
    let journey = format!("journeys/{}", other.journey);
    let with_journey = v1::CreateExecutionRequest {
        journeys: vec![format!("journeys/{}", own.journey), journey.clone()],
        ..start.clone()
    };
    let with_environment = v1::CreateExecutionRequest {
        environment: theirs.clone(),
        ..start.clone()
    };
    let snapshot = format!("{goal}/snapshots/{}", other.snapshot);
    let with_snapshot = v1::CreateExecutionRequest {
        snapshot: snapshot.clone(),
        ..start
    };
    let environment = v1::CreateEnvironmentRequest {
        project: project.clone(),
        display_name: "e".to_owned(),
        parent: theirs.clone(),
        ..Default::default()
    };
    let new_goal = v1::CreateGoalRequest {
        project,
        display_name: "g".to_owned(),
        url: "https://shop.test".to_owned(),
        environment: theirs.clone(),
        ..Default::default()
    };
    let nowhere = "projects/99999".to_owned();
    let clone = v1::CloneTestDataTableRequest {
        name: format!("testDataTables/{table}"),
        project: nowhere.clone(),
        display_name: "copy".to_owned(),
        ..Default::default()
    };
    vec![
        (
            told(journeys::attach_checkpoint(client, attach).await),
            foreign,
        ),
        (
            told(executions::create_execution(client, with_journey).await),
            journey,
        ),
        (
            told(executions::create_execution(client, with_environment).await),
            theirs.clone(),
        ),
        (
            told(executions::create_execution(client, with_snapshot).await),
            snapshot,
        ),
        (
            told(environments::create_environment(client, environment).await),
            theirs.clone(),
        ),
        (told(goals::create_goal(client, new_goal).await), theirs),
        (
            told(test_data_tables::clone_test_data_table(client, clone).await),
            nowhere,
        ),
    ]
}

#[tokio::test]
async fn an_error_names_what_is_not_there() {
    let (platform, _server) = Platform::queueing(engine::options()).await;
    let (own, other) = two_goals(&platform).await;
    let new = json!({"projectId": other.project, "name": "theirs"});
    let theirs = made(&platform, "POST /environments", new).await;
    let new = json!({"projectId": own.project, "name": "t", "csv": "a\n1"});
    let table = made(&platform, "POST /testdata/tables/create", new).await;
    let foreign = platform.checkpoint(&other, "Theirs").await;
    let ids = (foreign, theirs, table);
    for (told, name) in with_one_missing(&platform.client(), &own, &other, ids).await {
        assert_eq!(told, (ErrorReason::PlatformNotFound, name));
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_with_what_has_it() {
    let platform = Platform::new().await;
    let goal = platform.goal_of(1).await;
    let checkpoint = platform.checkpoint(&goal, "Log in").await;
    let client = platform.client();
    let project = v1::CreateProjectRequest {
        display_name: "Shop".to_owned(),
        ..Default::default()
    };
    let taken = told(projects::create_project(&client, project).await);
    let name = format!("projects/{}", goal.project);
    assert_eq!(taken, (ErrorReason::PlatformAlreadyExists, name));
    let twin = v1::CreateCheckpointRequest {
        journey: format!("journeys/{}", goal.journey),
        display_name: "Log in".to_owned(),
        ..Default::default()
    };
    let taken = told(checkpoints::create_checkpoint(&client, twin).await);
    let name = format!("checkpoints/{checkpoint}");
    assert_eq!(taken, (ErrorReason::PlatformAlreadyExists, name));
}

#[tokio::test]
async fn what_an_execution_cannot_begin_with_is_told_by_its_field() {
    let (platform, _server) = Platform::queueing(engine::options()).await;
    let goal = platform.goal().await;
    let client = platform.client();
    let start = v1::CreateExecutionRequest {
        goal: format!("goals/{}", goal.goal),
        ..Default::default()
    };
    let pair = |name: &str| BTreeMap::from([(name.to_owned(), "x".to_owned())]);
    let header = v1::CreateExecutionRequest {
        http_headers: pair("Host").into_iter().collect(),
        ..start.clone()
    };
    let data = v1::CreateExecutionRequest {
        initial_data: pair("no name").into_iter().collect(),
        ..start.clone()
    };
    let url = v1::CreateExecutionRequest {
        starting_url: "shop".to_owned(),
        ..start.clone()
    };
    let fields = [
        (header, "http_headers[\"Host\"]"),
        (data, "initial_data"),
        (url, "starting_url"),
    ];
    for (request, field) in fields {
        let error = executions::create_execution(&client, request)
            .await
            .unwrap_err();
        assert_eq!(
            error.reason,
            ErrorReason::PlatformInvalidArgument,
            "{field}"
        );
        let found: Vec<_> = error
            .violations
            .iter()
            .map(|one| one.field.as_str())
            .collect();
        assert_eq!(found, [field], "{}", error.message);
        assert!(!error.message.contains("spec."), "{}", error.message);
    }
    let tagged = v1::CreateExecutionRequest {
        tags: vec!["nobody".to_owned()],
        ..start.clone()
    };
    let error = executions::create_execution(&client, tagged)
        .await
        .unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformInvalidArgument);
    assert!(
        error.message.contains("none of the goal's 1 journeys"),
        "{}",
        error.message
    );
    let delete = format!("DELETE /testsuites/{}", goal.journey);
    platform.call(&delete, None).await;
    let error = executions::create_execution(&client, start)
        .await
        .unwrap_err();
    assert!(
        error.message.contains("the goal has no journeys"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn with_its_project_extensions_library_and_plans_are_gone() {
    let platform = Platform::new().await;
    let goal = platform.goal().await;
    let project = goal.project;
    let checkpoint = platform.checkpoint(&goal, "Shared").await;
    platform
        .make("POST /teststeps", comment(checkpoint, 0, "a"))
        .await;
    let add = format!("POST /testcases/{checkpoint}/add-to-library");
    let library = platform.make(&add, json!({})).await;
    let script = json!({"projectId": project, "name": "s", "script": "return 1"});
    let script = made(&platform, "POST /scripts", script).await;
    let plan = json!({"projectId": project, "name": "p", "goals": [{"goalId": goal.goal}]});
    let plan = made(&platform, "POST /plans", plan).await;
    platform
        .call(&format!("DELETE /projects/{project}"), None)
        .await;

    let client = platform.client();
    let gone = (ErrorReason::PlatformNotFound, format!("projects/{project}"));
    let extension = v1::UpdateExtensionRequest {
        extension: Some(v1::Extension {
            name: format!("extensions/{script}"),
            display_name: "new".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_eq!(
        told(extensions::update_extension(&client, extension).await),
        gone
    );
    let library_name = format!("libraryCheckpoints/{}", library["id"]);
    let rename = v1::UpdateLibraryCheckpointRequest {
        checkpoint: Some(v1::PlatformCheckpoint {
            name: library_name.clone(),
            display_name: "new".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let renamed = library_checkpoints::update_library_checkpoint(&client, rename).await;
    assert_eq!(told(renamed), gone);
    let step = v1::DeleteLibraryStepRequest {
        checkpoint: library_name,
        step: format!("steps/{}", library["steps"][0]["id"]),
        ..Default::default()
    };
    assert_eq!(
        told(library_checkpoints::delete_library_step(&client, step).await),
        gone
    );
    let name = format!("plans/{plan}");
    assert_eq!(
        told(plans::get_plan(&client, v1::GetPlanRequest { name }).await),
        gone
    );
}

#[tokio::test]
async fn a_step_of_the_library_says_where_it_is() {
    let platform = Platform::new().await;
    let goal = platform.goal().await;
    let checkpoint = platform.checkpoint(&goal, "Shared").await;
    platform
        .make("POST /teststeps", comment(checkpoint, 0, "a"))
        .await;
    let add = format!("POST /testcases/{checkpoint}/add-to-library");
    let library = platform.make(&add, json!({})).await;
    let client = platform.client();
    let name = format!("steps/{}", library["steps"][0]["id"]);
    let request = v1::GetStepRequest { name: name.clone() };
    let step = steps::get_step(&client, request)
        .await
        .unwrap()
        .step
        .unwrap();
    let place = format!("libraryCheckpoints/{}", library["id"]);
    assert_eq!(
        (step.checkpoint.as_str(), step.position),
        (place.as_str(), 1)
    );
    let hint = v1::target::Locator::Hint("Buy".to_owned());
    let click = v1::Click {
        target: Some(v1::Target {
            locator: Some(hint),
            ..Default::default()
        }),
        ..Default::default()
    };
    let update = v1::UpdateStepRequest {
        step: Some(v1::PlatformStep {
            name,
            step: Some(v1::Step {
                command: Some(v1::Command::from(click)),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refused = told(steps::update_step(&client, update).await);
    assert_eq!(refused, (ErrorReason::PlatformRefused, place));
}

#[tokio::test]
async fn nothing_is_moved_and_no_move_is_a_success() {
    let platform = Platform::new().await;
    let (own, other) = two_goals(&platform).await;
    let change = format!("PUT /testsuites/{}", own.journey);
    for (field, id) in [("goalId", other.goal), ("snapshotId", other.snapshot)] {
        let answer = platform.call(&change, Some(json!({field: id}))).await;
        assert_eq!(answer.status, http::StatusCode::BAD_REQUEST);
        let message = answer.at("/error/message").as_str().unwrap();
        assert!(message.contains(field), "{message}");
    }
    let same = json!({"goalId": own.goal, "snapshotId": own.snapshot, "title": "T"});
    assert_eq!(platform.make(&change, same).await["title"], "T");
    let script = json!({"projectId": own.project, "name": "s", "script": "return 1"});
    let script = made(&platform, "POST /scripts", script).await;
    let update = |project: i64| v1::UpdateExtensionRequest {
        extension: Some(v1::Extension {
            name: format!("extensions/{script}"),
            project: format!("projects/{project}"),
            ..Default::default()
        }),
        ..Default::default()
    };
    let client = platform.client();
    let moved = extensions::update_extension(&client, update(other.project)).await;
    assert_eq!(moved.unwrap_err().violations[0].field, "extension.project");
    let stays = extensions::update_extension(&client, update(own.project)).await;
    stays.unwrap();
}

#[tokio::test]
async fn a_plan_says_which_environment_is_not_there() {
    let (platform, _server) = Platform::queueing(engine::options()).await;
    let goal = platform.goal().await;
    let plan = json!({"projectId": goal.project, "name": "p", "goals": [{"goalId": goal.goal}]});
    let plan = made(&platform, "POST /plans", plan).await;
    let environment = "environments/99999".to_owned();
    let request = v1::ExecutePlanRequest {
        name: format!("plans/{plan}"),
        environment: environment.clone(),
        ..Default::default()
    };
    let refused = told(plans::execute_plan(&platform.client(), request).await);
    assert_eq!(refused, (ErrorReason::PlatformNotFound, environment));
}

#[tokio::test]
async fn a_page_token_is_of_one_list_and_loses_nothing_that_stays() {
    let platform = Platform::new().await;
    let (own, other) = two_goals(&platform).await;
    let client = platform.client();
    for goal in [own, other] {
        for title in ["A", "B", "C"] {
            let new = json!({"goalId": goal.goal, "snapshotId": goal.snapshot, "title": title});
            made(&platform, "POST /testsuites", new).await;
        }
    }
    let page = async |goal: i64, token: &str| {
        let request = v1::ListJourneysRequest {
            goal: format!("goals/{goal}"),
            page_size: 2,
            page_token: token.to_owned(),
            ..Default::default()
        };
        journeys::list_journeys(&client, request).await
    };
    let first = page(own.goal, "").await.unwrap();
    let token = first.next_page_token;
    let foreign = page(other.goal, &token).await.unwrap_err();
    assert_eq!(foreign.reason, ErrorReason::InvalidPageToken);
    for seen in first.journeys {
        let id = seen.name.trim_start_matches("journeys/");
        platform
            .call(&format!("DELETE /testsuites/{id}"), None)
            .await;
    }
    let second = page(own.goal, &token).await.unwrap().journeys;
    let titles: Vec<_> = second.iter().map(|one| one.display_name.as_str()).collect();
    assert_eq!(titles, ["B", "C"]);
}
