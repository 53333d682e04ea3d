//! Executions: journeys become runs, and runs the platform's tree of results.

use etude::v1;
use http::StatusCode;
use serde_json::{Value, json};

use super::common::{Goal, Platform, click};
use super::engine;
use super::poller::poll;

/// A checkpoint of the goal's first journey with clicks on hints; the ids of its steps.
async fn checkpoint(platform: &Platform, goal: &Goal, title: &str, hints: &[&str]) -> Vec<i64> {
    let checkpoint = platform.checkpoint(goal, title).await;
    let mut steps = Vec::new();
    for hint in hints {
        let added = platform
            .make("POST /teststeps", click(checkpoint, hint))
            .await;
        steps.push(added["testStep"]["id"].as_i64().unwrap());
    }
    steps
}

/// Starts an execution and waits for its end; its whole tree.
async fn execute(platform: &Platform, goal: &Goal, request: Value) -> Value {
    let start = format!("POST /goals/{}/execute", goal.goal);
    let started = platform.make(&start, request).await;
    poll(platform, &started).await;
    let full = platform
        .get(&format!("/executions/{}", started["id"]))
        .await;
    full.at("/item").clone()
}

/// The results of steps by their ids, of all checkpoints of a journey.
fn results(execution: &Value, journey: i64) -> serde_json::Map<String, Value> {
    let cases = &execution["testSuites"][journey.to_string()]["testCases"];
    let cases = cases.as_object().unwrap().values();
    cases
        .flat_map(|case| case["testSteps"].as_object().unwrap().clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_step_goes_on_and_an_error_stops() {
    let (platform, _server) = Platform::executing().await;
    let goal = platform.goal().await;
    let hints = [
        "ok",
        "fail one",
        "ok two",
        "error three",
        "never",
        "never again",
    ];
    let steps = checkpoint(&platform, &goal, "Mixed", &hints).await;
    let execution = execute(&platform, &goal, json!({})).await;
    assert_eq!(
        (&execution["status"], &execution["outcome"]),
        (&json!("FINISHED"), &json!("ERROR"))
    );
    assert_eq!(
        execution["journeyStatistics"]["countPerOutcome"]["ERROR"],
        1
    );
    assert_eq!(execution["failedTestExecutions"], 1);
    let results = results(&execution, goal.journey);
    let outcomes: Vec<_> = steps
        .iter()
        .map(|id| results[&id.to_string()]["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        [
            "PASS",
            "FAIL",
            "PASS",
            "ERROR",
            "NOT_REACHED",
            "NOT_REACHED"
        ]
    );
    let output = &results[&steps[3].to_string()]["output"];
    assert_eq!(output["type"], "ERROR");
    assert!(
        output["message"]
            .as_str()
            .unwrap()
            .contains("nothing matches")
    );
    // Results are numbered as they are executed.
    let mut numbered: Vec<_> = results
        .values()
        .map(|r| (r["id"].as_i64().unwrap(), r["testStepId"].as_i64().unwrap()))
        .collect();
    numbered.sort_unstable();
    let order: Vec<_> = numbered.iter().skip(1).map(|(_, step)| *step).collect();
    assert_eq!(order, steps);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_begins_at_the_goals_address_or_where_it_is_asked_to() {
    let (platform, server) = Platform::executing().await;
    let goal = platform.goal().await;
    let open = |checkpoint: &Value, url: &str| {
        let meta = json!({"kind": "NAVIGATE", "type": "URL"});
        json!({"checkpointId": checkpoint, "stepIndex": -1,
               "parsedStep": {"action": "NAVIGATE", "value": url, "meta": meta}})
    };
    let mut journeys = Vec::new();
    for (title, first) in [
        ("Opens nothing", ""),
        ("Opens", "https://changed.example.com/"),
    ] {
        let new = json!({"goalId": goal.goal, "snapshotId": goal.snapshot, "title": title});
        let case = platform.make("POST /testcases", new).await["id"].clone();
        let new = json!({"goalId": goal.goal, "snapshotId": goal.snapshot, "title": title,
                         "checkpoints": [{"testCaseId": case}]});
        journeys.push(platform.make("POST /testsuites", new).await["id"].clone());
        if !first.is_empty() {
            platform.make("POST /teststeps", open(&case, first)).await;
        }
        let act = click(case.as_i64().unwrap(), "act");
        platform.make("POST /teststeps", act).await;
        platform.make("POST /teststeps", open(&case, "/two")).await;
    }
    let mut before = 0;
    // A relative address stays as written: a browser joins it with the base URL, the goal's.
    let two = "/two";
    for (journey, request, first) in [
        (0, json!({}), "https://shop.example.com"),
        (
            0,
            json!({"startingUrl": "https://other.example.com"}),
            "https://other.example.com",
        ),
        (1, json!({}), "https://changed.example.com/"),
        (
            1,
            json!({"startingUrl": "https://other.example.com"}),
            "https://other.example.com",
        ),
    ] {
        let mut request = request;
        request["suiteIds"] = json!([journeys[journey]]);
        let execution = execute(&platform, &goal, request).await;
        assert_eq!(execution["outcome"], "PASS", "{execution:#}");
        let executed = server.backend.executed();
        let now: Vec<_> = executed[before..]
            .iter()
            .map(|one| one.trim_end_matches('/'))
            .collect();
        assert_eq!(now, [first.trim_end_matches('/'), "act", two]);
        before = executed.len();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_has_the_fields_that_readers_know() {
    let (platform, _server) = Platform::executing().await;
    let goal = platform.goal().await;
    let steps = checkpoint(&platform, &goal, "Talk", &["talk about it"]).await;
    let execution = execute(&platform, &goal, json!({"initialData": {"secret": "hush"}})).await;
    for field in [
        "id",
        "type",
        "triggerType",
        "snapshotId",
        "goalId",
        "environmentId",
        "submitDate",
        "startDate",
        "endDate",
        "duration",
        "status",
        "outcome",
        "progress",
        "totalDuration",
        "totalTestExecutions",
        "successfulTestExecutions",
        "failedTestExecutions",
        "skippedTestExecutions",
        "notReachedTestExecutions",
        "tags",
        "launchedBy",
        "launchedByUser",
        "journeyStatistics",
        "meta",
        "testSuites",
    ] {
        assert!(execution.get(field).is_some(), "{field} is missing");
    }
    assert!(
        !execution.to_string().contains("hush"),
        "a value of a variable is shown"
    );
    let suite = &execution["testSuites"][goal.journey.to_string()];
    for field in [
        "testSuiteCanonicalId",
        "dataDriven",
        "journeyStatistics",
        "tracking",
        "libraryCheckpoints",
    ] {
        assert!(suite.get(field).is_some(), "{field} is missing");
    }
    let result = &results(&execution, goal.journey)[&steps[0].to_string()];
    for field in [
        "sideEffects",
        "sideEffectsSummary",
        "testDataValue",
        "duration",
        "totalDuration",
        "output",
    ] {
        assert!(
            result.get(field).is_some(),
            "{field} is missing: {result:#}"
        );
    }
    let cases = suite["testCases"].as_object().unwrap().values();
    let all = cases.flat_map(|case| case["testSteps"].as_object().unwrap().values());
    let with_events = all.filter(|step| step["eventsFile"].is_string()).count();
    assert_eq!(
        with_events, 2,
        "opening the address, and the one that talks"
    );
    for field in ["dataDrivenPerTestSuite", "dataRowsPerTestSuiteCanonicalId"] {
        assert_eq!(execution["meta"]["executionRequest"][field], json!({}));
    }
    let status = platform
        .get(&format!("/jobs/{}/status", execution["id"]))
        .await;
    for absent in ["testSuites", "totalDuration", "launchedByUser"] {
        assert_eq!(status.at("/item").get(absent), None);
    }
    let case = suite["testCases"]
        .as_object()
        .unwrap()
        .iter()
        .find(|(_, case)| !case["testSteps"][steps[0].to_string()].is_null())
        .unwrap()
        .0;
    let one = format!(
        "/executions/{}/suites/{}/cases/{case}/steps/{}",
        execution["id"], goal.journey, steps[0]
    );
    let one = platform.get(&one).await;
    assert_eq!(one.at("/item/testStepId"), steps[0]);
    let journeys = format!(
        "/testsuites/execution?jobId={}&includeJourneyDetails=true",
        execution["id"]
    );
    let journeys = platform.get(&journeys).await;
    let last = format!(
        "/item/journeys/{}/lastExecution/report/checkpoints",
        goal.journey
    );
    assert!(journeys.at(&last).is_object());
    for (suites, found) in [
        (String::new(), vec![goal.journey]),
        (format!("&suiteId[]={}", goal.journey), vec![goal.journey]),
        ("&suiteId[]=99".to_owned(), vec![]),
    ] {
        let path = format!(
            "/testsuites/execution?versionId={}&includeJourneyDetails=true{suites}",
            goal.snapshot
        );
        let of_version = platform.get(&path).await;
        let shown = of_version.at("/item/journeys").as_object().unwrap();
        let ids: Vec<i64> = shown.keys().map(|id| id.parse().unwrap()).collect();
        assert_eq!(ids, found);
        let count = of_version.at("/item/journeyStatistics/totalCount");
        assert_eq!(count, found.len());
        if !found.is_empty() {
            assert_eq!(of_version.body, journeys.body);
        }
    }
    let neither = platform.get("/testsuites/execution?suiteId[]=1").await;
    assert_eq!(neither.status, StatusCode::BAD_REQUEST);
    let list = format!(
        "/testsuites/latest_status?versionId={}&goalId={}",
        goal.snapshot, goal.goal
    );
    let list = platform.get(&list).await;
    let outcome = format!("/map/{}/lastExecution/statistics/outcome", goal.journey);
    assert_eq!(list.at(&outcome), "FAIL");
    let job = platform
        .get(&format!(
            "/testsuites/latest_status?jobId={}",
            execution["id"]
        ))
        .await;
    assert_eq!(job.at(&outcome), "FAIL");
    let jobs = platform
        .get(&format!("/projects/{}/jobs", goal.project))
        .await;
    assert_eq!(
        jobs.at(&format!("/map/{}/goalId", execution["id"])),
        goal.goal
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_with_data_is_executed_for_each_row() {
    let (platform, server) = Platform::executing().await;
    let goal = platform.goal().await;
    let checkpoint = platform.checkpoint(&goal, "Data").await;
    for variable in ["name", "from_env", "given"] {
        let parsed = json!({"action": "NAVIGATE", "value": "", "variable": variable, "meta": {}});
        let step = json!({"checkpointId": checkpoint, "stepIndex": -1, "parsedStep": parsed});
        platform.make("POST /teststeps", step).await;
    }
    let csv = "name,odd name\nhttps://one.test,x\nhttps://two.test,y\nhttps://three.test,z";
    let new = json!({"projectId": goal.project, "name": "names", "csv": csv});
    let table = platform.make("POST /testdata/tables/create", new).await;
    let bind = format!("PUT /testsuites/{}", goal.journey);
    platform
        .make(&bind, json!({"dataTableId": table["id"]}))
        .await;
    let variables = json!({"from_env": "https://env.test", "given": "https://hidden.test"});
    let new = json!({"name": "staging", "projectId": goal.project, "variables": variables});
    let environment = platform.make("POST /environments", new).await;
    let request = json!({"environmentId": environment["id"],
                         "initialData": {"given": "https://caller.test"},
                         "startingUrl": "https://other.test"});
    let execution = execute(&platform, &goal, request).await;
    let counts = &execution["journeyStatistics"]["countPerOutcome"];
    assert_eq!(counts["PASS"], 3, "{execution:#}");
    assert_eq!(execution["totalTestExecutions"], 3);
    let suite = &execution["testSuites"][goal.journey.to_string()];
    assert_eq!(suite["dataDriven"], true);
    let mut results = Vec::new();
    for row in ["1", "2", "3"] {
        let row = &suite["dataRows"][row];
        assert_eq!(row["outcome"], "PASS", "{suite:#}");
        for case in row["testCases"].as_object().unwrap().values() {
            let steps = case["testSteps"].as_object().unwrap().values();
            results.extend(steps.map(|step| step["id"].as_i64().unwrap()));
        }
    }
    assert_eq!(results.len(), 12, "four steps a row");
    results.dedup();
    assert!(results.is_sorted() && results.len() == 12, "{results:?}");
    assert_eq!(suite["testCases"], suite["dataRows"]["1"]["testCases"]);
    assert_eq!(execution["environmentId"], environment["id"]);
    let executed = server.backend.executed();
    for (name, times) in [
        ("one", 1),
        ("two", 1),
        ("three", 1),
        ("env", 3),
        ("caller", 3),
        ("other", 3),
        ("hidden", 0),
        ("shop.example", 0),
    ] {
        let found = executed
            .iter()
            .filter(|url| url.contains(&format!("//{name}.")))
            .count();
        assert_eq!(found, times, "{name}: {executed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn journeys_are_selected() {
    let (platform, _server) = Platform::executing().await;
    let goal = platform.goal().await;
    let new = |title: &str, tags: &[&str]| json!({"goalId": goal.goal, "snapshotId": goal.snapshot, "title": title, "tagNames": tags});
    let tagged = platform
        .make("POST /testsuites", new("Tagged", &["smoke"]))
        .await;
    let empty = platform.make("POST /testsuites", new("Empty", &[])).await;
    let suites = |execution: &Value| {
        let suites = execution["testSuites"].as_object().unwrap();
        suites.keys().cloned().collect::<Vec<_>>()
    };
    let all = execute(&platform, &goal, json!({})).await;
    assert_eq!(suites(&all).len(), 3);
    // What has no steps is skipped, which is no failure.
    assert_eq!(
        (&all["outcome"], &all["skippedTestExecutions"]),
        (&json!("PASS"), &json!(2))
    );
    let by_tag = execute(&platform, &goal, json!({"tags": ["smoke"]})).await;
    assert_eq!(suites(&by_tag), [tagged["id"].to_string()]);
    let by_id = execute(&platform, &goal, json!({"suiteIds": [goal.journey]})).await;
    assert_eq!(suites(&by_id), [goal.journey.to_string()]);
    let canonical = json!({"testSuiteCanonicalIds": [empty["canonicalId"]]});
    let by_canonical = execute(&platform, &goal, canonical).await;
    assert_eq!(suites(&by_canonical), [empty["id"].to_string()]);
    let one = format!("POST /testsuites/{}/execute", goal.journey);
    let started = platform.make(&one, json!({})).await;
    assert_eq!(poll(&platform, &started).await, 0);
    let start = format!("POST /goals/{}/execute", goal.goal);
    for (request, status) in [
        (json!({"suiteIds": [99]}), StatusCode::NOT_FOUND),
        (json!({"tags": ["nothing"]}), StatusCode::BAD_REQUEST),
        (
            json!({"httpHeaders": {"Host": "shop.example.com"}}),
            StatusCode::BAD_REQUEST,
        ),
        (json!({"environmentId": 99}), StatusCode::NOT_FOUND),
        (
            json!({"initialData": {"not a name": 1}}),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let refused = platform.call(&start, Some(request.clone())).await;
        assert_eq!(refused.status, status, "{request}");
    }
    let jobs = platform
        .get(&format!("/projects/{}/jobs", goal.project))
        .await;
    assert_eq!(
        jobs.at("/map").as_object().unwrap().len(),
        5,
        "a refused one was left"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn library_checkpoints_loops_and_flags_are_executed() {
    let (platform, server) = Platform::executing().await;
    let goal = platform.goal().await;
    let shared = platform.checkpoint(&goal, "Shared").await;
    platform
        .make("POST /teststeps", click(shared, "shared"))
        .await;
    let mut optional = click(shared, "error but optional");
    optional["parsedStep"]["optional"] = true.into();
    platform.make("POST /teststeps", optional).await;
    let mut skipped = click(shared, "skipped");
    skipped["parsedStep"]["skip"] = true.into();
    platform.make("POST /teststeps", skipped).await;
    let library = platform
        .make(
            &format!("POST /testcases/{shared}/add-to-library"),
            json!({}),
        )
        .await;
    let new = json!({"goalId": goal.goal, "snapshotId": goal.snapshot, "title": "Loop", "checkpoints": [
        {"testCaseId": shared, "checkpointMeta": {"loopIterations": 3}},
        {"libraryCheckpointId": library["id"]}]});
    let journey = platform.make("POST /testsuites", new).await;
    let request = json!({"suiteIds": [journey["id"]]});
    let execution = execute(&platform, &goal, request).await;
    assert_eq!(execution["outcome"], "PASS", "{execution:#}");
    let executed = server.backend.executed();
    assert_eq!(executed.iter().filter(|hint| *hint == "shared").count(), 4);
    assert!(!executed.contains(&"skipped".to_owned()));
    let suite = &execution["testSuites"][journey["id"].to_string()];
    let case = &suite["libraryCheckpoints"][library["id"].to_string()];
    assert_eq!(case["libraryCheckpoint"], true);
    assert_eq!(case["testSteps"].as_object().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_with_a_condition_is_executed_as_long_as_it_holds() {
    let (platform, server) = Platform::executing().await;
    let goal = platform.goal().await;
    let again = platform.checkpoint(&goal, "Again").await;
    let mut steps = vec![click(again, "again")];
    for (variable, value) in [("more", "$then"), ("then", "")] {
        let expression = value.starts_with('$').then_some(value);
        let parsed = json!({"action": "STORE", "value": "", "variable": variable,
                            "expression": expression, "meta": {}});
        steps.push(json!({"checkpointId": again, "stepIndex": -1, "parsedStep": parsed}));
    }
    for step in steps {
        platform.make("POST /teststeps", step).await;
    }
    let never = platform.checkpoint(&goal, "Never").await;
    platform
        .make("POST /teststeps", click(never, "never"))
        .await;
    let meta = |id, condition| json!({"testCaseId": id, "checkpointMeta": {"loopIterations": 4, "loopCondition": condition}});
    let new = json!({"goalId": goal.goal, "snapshotId": goal.snapshot, "title": "Loop",
                     "checkpoints": [meta(again, "$more"), meta(never, "$then")]});
    let journey = platform.make("POST /testsuites", new).await;
    let request = json!({"suiteIds": [journey["id"]], "initialData": {"more": "yes", "then": "1"}});
    let execution = execute(&platform, &goal, request).await;
    assert_eq!(execution["outcome"], "PASS", "{execution:#}");
    let executed = server.backend.executed();
    let clicks = executed.iter().filter(|hint| *hint == "again").count();
    assert_eq!(clicks, 2, "{executed:?}");
    assert!(!executed.contains(&"never".to_owned()));
    let cases = &execution["testSuites"][journey["id"].to_string()]["testCases"];
    let outcomes = |id: i64| -> Vec<Value> {
        let steps = cases[id.to_string()]["testSteps"].as_object().unwrap();
        steps.values().map(|step| step["outcome"].clone()).collect()
    };
    assert_eq!(outcomes(again), ["PASS", "PASS", "PASS"]);
    assert_eq!(outcomes(never), ["SKIP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_no_step_is_executed_twice_and_what_waited_is_executed() {
    let one_browser = etude_engine::runs::RunsOptions {
        max_browsers: 1,
        ..engine::options()
    };
    let (platform, server) = Platform::queueing(one_browser).await;
    server.work();
    let goal = platform.goal().await;
    let steps = checkpoint(&platform, &goal, "Long", &["order", "block", "never"]).await;
    let start = format!("POST /goals/{}/execute", goal.goal);
    let begun = json!({"initialData": {"user": "ada"}});
    let begun = platform.make(&start, begun).await;
    while !server.backend.executed().contains(&"block".to_owned()) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let waits = platform.make(&start, json!({})).await;
    let path = format!("/executions/{}/status", waits["id"]);
    assert_eq!(platform.get(&path).await.at("/item/status"), "QUEUED");

    let (platform, server) = platform.restarted(server).await;
    server.backend.release();
    assert_eq!(poll(&platform, &waits).await, 0);
    assert_eq!(poll(&platform, &begun).await, 3);
    let executed = server.backend.executed();
    let orders = executed.iter().filter(|hint| *hint == "order").count();
    assert_eq!(orders, 1, "the execution that waited: {executed:?}");
    let full = platform.get(&format!("/executions/{}", begun["id"])).await;
    let full = full.at("/item");
    assert_eq!(
        (&full["status"], &full["outcome"]),
        (&json!("FAILED"), &json!("ERROR"))
    );
    assert_eq!(full["output"]["exception"], "SERVER_RESTARTED");
    let message = full["output"]["message"].as_str().unwrap();
    let again = format!("executions/{}/failures/rerun", begun["id"]);
    assert!(message.contains(&again), "{message}");
    let results = results(full, goal.journey);
    let outcome = |step: i64| results[&step.to_string()]["outcome"].as_str().unwrap();
    let outcomes: Vec<_> = steps.iter().map(|step| outcome(*step)).collect();
    assert_eq!(outcomes, ["PASS", "NOT_REACHED", "NOT_REACHED"]);

    let again = platform.make(&format!("POST /{again}"), json!({})).await;
    assert_eq!(poll(&platform, &again).await, 0);
    let asked = &again["meta"]["initialDataPerJourneySequence"];
    assert!(asked.to_string().contains("\"user\""), "{again}");
}

/// All runs, also those that work for executions.
pub(crate) async fn all_runs(server: &engine::Server) -> Vec<v1::Run> {
    let request = v1::ListRunsRequest {
        show_owned: true,
        ..v1::ListRunsRequest::default()
    };
    server.runs.list(request).await.unwrap().runs
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_belong_to_their_execution() {
    let (platform, server) = Platform::executing().await;
    let goal = platform.goal().await;
    let execution = execute(&platform, &goal, json!({})).await;
    let suite = &execution["testSuites"][goal.journey.to_string()];
    let run = suite["run"].as_str().unwrap();
    let owner = format!("executions/{}", execution["id"]);
    assert_eq!(server.runs.get(run).await.unwrap().owner, owner);
    let listed = server.runs.list(v1::ListRunsRequest::default()).await;
    assert_eq!(listed.unwrap().runs, []);
    assert_eq!(all_runs(&server).await[0].name, run);
    let refused = server.runs.delete(run).await.unwrap_err();
    assert_eq!(refused.reason, v1::ErrorReason::RunOwned);
    assert_eq!(refused.metadata["owner"], owner);
}

#[tokio::test]
async fn an_execution_is_started_wholly_or_not() {
    let options = etude_engine::runs::RunsOptions {
        max_queued: 1,
        ..engine::options()
    };
    let (platform, server) = Platform::queueing(options).await;
    let goal = platform.goal().await;
    let shared = platform.checkpoint(&goal, "Shared").await;
    platform.make("POST /teststeps", click(shared, "ok")).await;
    let second = json!({"goalId": goal.goal, "snapshotId": goal.snapshot, "title": "Second",
                        "checkpoints": [{"testCaseId": shared}]});
    platform.make("POST /testsuites", second).await;
    let start = format!("POST /goals/{}/execute", goal.goal);
    let refused = platform.call(&start, Some(json!({}))).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        server.runs.counts().await.unwrap().queued,
        0,
        "a run was left"
    );
    assert_eq!(all_runs(&server).await, [], "a run was left");
    let jobs = platform
        .get(&format!("/projects/{}/jobs", goal.project))
        .await;
    assert_eq!(jobs.at("/map"), &json!({}));
    let queued = json!({"suiteIds": [goal.journey]});
    let started = platform.make(&start, queued).await;
    assert_eq!(
        (&started["status"], &started["outcome"]),
        (&json!("QUEUED"), &json!("RUNNING"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_executed_again() {
    let (platform, server) = Platform::executing().await;
    let goal = platform.goal().await;
    checkpoint(&platform, &goal, "Flaky", &["flaky 1"]).await;
    let with = json!({"initialData": {"user": "ada"}, "startingUrl": "https://other.example.com"});
    let execution = execute(&platform, &goal, with).await;
    assert_eq!(execution["outcome"], "FAIL");
    let rerun = format!("POST /executions/{}/failures/rerun", execution["id"]);
    let again = platform.make(&rerun, json!({})).await;
    assert_eq!(poll(&platform, &again).await, 0);
    let executed = server.backend.executed();
    let opened = |hint: &&String| *hint == "https://other.example.com";
    assert_eq!(executed.iter().filter(opened).count(), 2);
    let asked = &again["meta"]["initialDataPerJourneySequence"];
    assert!(asked.to_string().contains("\"user\""), "{again}");
    let nothing = format!("POST /executions/{}/failures/rerun", again["id"]);
    assert_eq!(
        platform.call(&nothing, None).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(
        server
            .backend
            .executed()
            .iter()
            .filter(|hint| *hint == "flaky 1")
            .count(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_sent_again_by_a_rerun_and_never_answered() {
    let (platform, server) = Platform::executing().await;
    let goal = platform.goal().await;
    checkpoint(&platform, &goal, "Headers", &["headers of the page"]).await;
    let given = json!({"httpHeaders": {"X-Tenant": "c4n4ry-value", "X-Number": 12}});
    let execution = execute(&platform, &goal, given).await;
    assert_eq!(execution["outcome"], "FAIL");
    let rerun = format!("POST /executions/{}/failures/rerun", execution["id"]);
    let again = platform.make(&rerun, json!({})).await;
    poll(&platform, &again).await;
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let sent = [header("X-Tenant", "c4n4ry-value"), header("X-Number", "12")];
    assert_eq!(server.backend.headers(), vec![sent.into(); 2]);
    let read = platform.get(&format!("/executions/{}", again["id"])).await;
    for answer in [&execution, &again, read.at("/item")] {
        let answer = answer.to_string();
        assert!(!answer.contains("c4n4ry"), "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_request_to_execute_starts_nothing() {
    let (platform, _server) = Platform::queueing(engine::options()).await;
    let goal = platform.goal().await;
    let start = format!("POST /goals/{}/execute", goal.goal);
    for (body, word) in [
        (json!({"startingUrl": "not a url"}), "startingUrl"),
        (json!({"startingUrl": "ftp://x.example.com"}), "startingUrl"),
        (json!({"startingUrl": "http://"}), "startingUrl"),
        (json!([]), "object"),
    ] {
        let refused = platform.call(&start, Some(body.clone())).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        let message = refused.at("/error/message").as_str().unwrap();
        assert!(message.contains(word), "{message}");
    }
    let jobs = format!("/projects/{}/jobs", goal.project);
    assert_eq!(platform.get(&jobs).await.at("/map"), &json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_cli_is_told_in_its_own_types() {
    let (platform, _server) = Platform::executing().await;
    let platform = platform.sending("x-virtuoso-client-name", "api-cli-generator");
    let goal = platform.goal().await;
    let start = format!(
        "POST /goals/{}/snapshots/{}/execute",
        goal.goal, goal.snapshot
    );
    let request = json!({"goalId": goal.goal, "snapshotId": goal.snapshot});
    let started = platform.make(&start, request).await;
    let id = started["id"].as_str().unwrap();
    assert!(started["startTime"].as_str().unwrap().ends_with('Z'));
    let end = loop {
        let execution = platform.get(&format!("/executions/{id}")).await;
        let status = execution.at("/item/status").as_str().unwrap().to_owned();
        if ["COMPLETED", "FAILED", "CANCELLED"].contains(&status.as_str()) {
            break execution;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(end.at("/item/status"), "COMPLETED");
    assert_eq!(end.at("/item/progress/completedSteps"), 1);
    let analysis = platform
        .get(&format!("/executions/analysis/{id}?includeAI=true"))
        .await;
    assert_eq!(analysis.at("/item/executionId"), id);
    assert_eq!(analysis.at("/item/summary/passedSteps"), 1);
    assert!(analysis.at("/item/summary/duration").is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_reads_only_what_has_been_added_to_the_log() {
    let (platform, _server, store) = Platform::counting().await;
    let goal = platform.goal().await;
    checkpoint(&platform, &goal, "Long", &["a", "fail b", "c"]).await;
    let first = execute(&platform, &goal, json!({})).await;
    let (id, read) = (first["id"].clone(), store.events_read());
    for path in ["", "/status", ""] {
        let again = platform.get(&format!("/executions/{id}{path}")).await;
        assert_eq!(again.at("/item/outcome"), &first["outcome"]);
    }
    let again = platform.get(&format!("/executions/{id}")).await;
    assert_eq!(again.at("/item"), &first);
    assert_eq!(store.events_read(), read, "nothing has been added");
}
