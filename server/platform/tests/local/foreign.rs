//! Ids of another project or goal: they are not found, and nothing is made with them.

use http::StatusCode;
use serde_json::{Value, json};

use super::common::{Goal, Platform};

/// Something of every kind that requests name, in a project of its own.
struct Other {
    goal: Goal,
    library: i64,
    table: i64,
    environment: i64,
}

impl Other {
    async fn new(platform: &Platform) -> Self {
        // In another organization, so that the project may have the same name.
        let goal = platform.goal_of(8).await;
        let project = goal.project;
        let library = json!({"projectId": project, "name": "Theirs"});
        let table = json!({"projectId": project, "name": "t", "csv": "a\n1"});
        let environment = json!({"projectId": project, "name": "theirs"});
        Self {
            goal,
            library: made(platform, "POST /library/checkpoints/create", library).await,
            table: made(platform, "POST /testdata/tables/create", table).await,
            environment: made(platform, "POST /environments", environment).await,
        }
    }

    /// The id of what a noun calls.
    fn id(&self, noun: &str) -> i64 {
        match noun {
            "Goal" => self.goal.goal,
            "Journey" => self.goal.journey,
            "Library checkpoint" => self.library,
            "Test data table" => self.table,
            _ => self.environment,
        }
    }

    /// Requests that name something of it beside what is the caller's own, and what that is.
    fn requests(&self, own: &Goal) -> Vec<(String, Value, &'static str)> {
        let (project, goal, journey) = (own.project, own.goal, own.journey);
        let (table, environment) = (self.table, self.environment);
        let attach = format!("/testsuites/{journey}/checkpoints/attach");
        let library = json!({"libraryCheckpointId": self.library, "position": 2});
        let new_journey = |field: &str, value: Value| json!({"goalId": goal, "snapshotId": own.snapshot, "title": "T", field: value});
        let plan = |part: Value| json!({"projectId": project, "name": "P", "goals": [part]});
        let suite = json!({"goalId": goal, "suiteIds": [self.goal.journey]});
        let mut environment_of_plan = plan(json!({"goalId": goal}));
        environment_of_plan["environmentId"] = environment.into();
        let with = json!({"environmentId": environment});
        [
            (attach.as_str(), library.clone(), "Library checkpoint"),
            (
                "/testsuites",
                new_journey("checkpoints", json!([library])),
                "Library checkpoint",
            ),
            (
                "/testsuites",
                new_journey("dataTableId", table.into()),
                "Test data table",
            ),
            (
                &format!("/goals/{goal}/execute"),
                with.clone(),
                "Environment",
            ),
            (
                &format!("/testsuites/{journey}/execute"),
                with,
                "Environment",
            ),
            (
                "/goals",
                json!({"projectId": project, "name": "G", "url": "https://x.example.com",
                       "environmentId": environment}),
                "Environment",
            ),
            (
                "/environments",
                json!({"projectId": project, "name": "e", "inheritsFrom": environment}),
                "Environment",
            ),
            ("/plans", plan(json!({"goalId": self.goal.goal})), "Goal"),
            ("/plans", plan(suite), "Journey"),
            ("/plans", environment_of_plan, "Environment"),
        ]
        .map(|(path, body, noun)| (format!("POST {path}"), body, noun))
        .into()
    }
}

async fn made(platform: &Platform, request: &str, body: Value) -> i64 {
    platform.make(request, body).await["id"].as_i64().unwrap()
}

#[tokio::test]
async fn what_another_project_has_is_not_found() {
    let (platform, _server) = Platform::executing().await;
    let own = platform.goal().await;
    let other = Other::new(&platform).await;
    let mut requests = other.requests(&own);
    let bind = format!("PUT /testsuites/{}", own.journey);
    requests.push((bind, json!({"dataTableId": other.table}), "Test data table"));
    for (request, body, noun) in requests {
        let answer = platform.call(&request, Some(body.clone())).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{request} {body}");
        let id = other.id(noun);
        assert_eq!(answer.at("/about/id"), id, "{request} {body}");
        let error = json!({"code": "1403", "message": format!("{noun} not found")});
        assert_eq!(answer.at("/error"), &error, "{request} {body}");
    }
    let project = own.project;
    for (list, none) in [
        (format!("/projects/{project}/jobs?"), json!({})),
        (format!("/plans?projectId={project}&"), json!({})),
        (
            format!("/projects/{project}/environments?"),
            json!({"environments": []}),
        ),
    ] {
        let answer = platform.get(&format!("{list}envelope=false")).await;
        assert_eq!(answer.body, none, "{list}");
    }
}

#[tokio::test]
async fn what_belongs_to_no_project_may_be_used_by_each() {
    let platform = Platform::new().await;
    let goal = platform.goal().await;
    let table = json!({"name": "t", "description": "", "columns": ["a"]});
    let table = made(&platform, "POST /testdata/tables/create", table).await;
    let change = format!("PUT /testsuites/{}", goal.journey);
    let bound = platform.make(&change, json!({"dataTableId": table})).await;
    assert_eq!(bound["dataTableId"], table);
    let base = made(&platform, "POST /environments", json!({"name": "base"})).await;
    let heir = json!({"projectId": goal.project, "name": "heir", "inheritsFrom": base});
    let heir = platform.make("POST /environments", heir).await;
    assert_eq!(heir["inheritsFrom"], base);
}
