//! Plans: they execute all of their goals, or none.

use http::StatusCode;
use serde_json::{Value, json};

use super::common::Platform;
use super::engine;
use super::executions::all_runs;
use super::poller::poll;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_executes_its_goals() {
    let (platform, _server) = Platform::executing().await;
    let goal = platform.goal().await;
    let new =
        json!({"name": "Nightly", "projectId": goal.project, "goals": [{"goalId": goal.goal}]});
    let plan = platform.make("POST /plans", new).await;
    let read = platform
        .get(&format!("/plans/executions/{}", plan["id"]))
        .await;
    assert_eq!(read.at("/item/name"), "Nightly");
    for method in ["POST", "PUT"] {
        let start = format!(
            "{method} /plans/executions/{}/execute?envelope=false",
            plan["id"]
        );
        let started = platform.make(&start, json!({})).await;
        let jobs = started["jobs"].as_object().unwrap();
        assert_eq!(jobs.len(), 1);
        for (id, job) in jobs {
            assert_eq!(job["id"].to_string(), *id);
            assert_eq!(poll(&platform, job).await, 0);
        }
        let status = platform
            .get(&format!("/plans/executions/status/{}", started["id"]))
            .await;
        assert_eq!(status.at("/item/status"), "FINISHED");
        assert_eq!(status.at("/item/outcome"), "PASS");
    }
    let jobs = platform
        .get(&format!(
            "/projects/{}/jobs?planIds[]={}",
            goal.project, plan["id"]
        ))
        .await;
    assert_eq!(jobs.at("/map").as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn a_plan_with_a_goal_that_is_gone_begins_nothing() {
    let (platform, server) = Platform::queueing(engine::options()).await;
    let goal = platform.goal().await;
    let gone = json!({"projectId": goal.project, "name": "Gone", "url": "https://x.example.com",
                      "createFirstJourney": true});
    let gone = platform.make("POST /goals", gone).await["id"].clone();
    let plan = json!({"name": "Nightly", "projectId": goal.project,
                      "goals": [{"goalId": goal.goal}, {"goalId": gone}]});
    let plan = platform.make("POST /plans", plan).await["id"].clone();
    let archive = format!("DELETE /goals/{gone}");
    assert_eq!(platform.call(&archive, None).await.status, StatusCode::OK);
    let start = format!("POST /plans/executions/{plan}/execute");
    let refused = platform.call(&start, Some(json!({}))).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(refused.at("/error/message"), "Goal not found");
    let jobs = format!("/projects/{}/jobs", goal.project);
    assert_eq!(platform.get(&jobs).await.at("/map"), &json!({}));
    assert_eq!(all_runs(&server).await, []);
}

#[tokio::test]
async fn without_its_environment_a_goal_can_be_executed() {
    let (platform, _server) = Platform::queueing(engine::options()).await;
    let project = platform.goal().await.project;
    let environment = json!({"projectId": project, "name": "staging"});
    let environment = platform.make("POST /environments", environment).await["id"].clone();
    let goal = json!({"projectId": project, "name": "Staged", "url": "https://x.example.com",
                      "environmentId": environment, "createFirstJourney": true});
    let goal = platform.make("POST /goals", goal).await["id"].clone();
    let plan = json!({"name": "Nightly", "projectId": project, "goals": [{"goalId": goal}],
                      "environmentId": environment});
    let plan = platform.make("POST /plans", plan).await["id"].clone();
    let delete = format!("DELETE /environments/{environment}");
    assert_eq!(platform.call(&delete, None).await.status, StatusCode::OK);
    for (path, of) in [
        (format!("/goals/{goal}"), goal),
        (format!("/plans/executions/{plan}"), plan),
    ] {
        let read = platform.get(&path).await;
        assert_eq!(read.at("/item/id"), &of);
        assert_eq!(read.at("/item/environmentId"), &Value::Null);
        let start = format!("POST {path}/execute");
        platform.make(&start, json!({})).await;
    }
}
