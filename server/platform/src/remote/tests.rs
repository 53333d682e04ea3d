//! What an execution's tree becomes, from recorded and scripted answers.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use etude::v1::{self, Outcome, ScreenshotMoment, StepResult, TestPart};
use etude_engine::remote::{Progress, Remote as _, RemoteEnd, RemoteExecution, RemoteStep};
use futures::StreamExt as _;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::Platforms;
use super::memo::Memo;
use crate::client::{Client, ClientOptions, Limits};
use crate::deploy::{Deployed, DeployedPart, DeployedStep};

/// Longer than a test takes that does not hang.
const GUARD: Duration = Duration::from_secs(60);

/// A test whose only checkpoint has steps with these ids.
fn deployed(ids: &[i64]) -> Deployed {
    let steps = (1..).zip(ids).map(|(number, id)| DeployedStep {
        number,
        id: *id,
        ..DeployedStep::default()
    });
    let part = DeployedPart {
        part: TestPart::Checkpoint,
        checkpoint: 1,
        case_id: 51,
        steps: steps.collect(),
        ..DeployedPart::default()
    };
    Deployed {
        goal: 31,
        snapshot: 21,
        journey: 11,
        parts: vec![part],
        ..Deployed::default()
    }
}

/// A platform with an execution that answers these, the last again and again.
fn answering(answers: Vec<Value>) -> Router {
    let answers = Arc::new(Mutex::new(answers));
    let answer = move || {
        let mut answers = answers.lock();
        let next = match answers.len() {
            1 => answers[0].clone(),
            _ => answers.remove(0),
        };
        std::future::ready(json!({"success": true, "item": next}).to_string())
    };
    Router::new().route("/api/executions/5", get(answer))
}

/// What is told of an execution that answers these, the last again and again.
async fn told(ids: &[i64], answers: Vec<Value>) -> (Vec<RemoteStep>, RemoteEnd) {
    followed(ids, Client::local(answering(answers))).await
}

/// What is told of the execution of a platform.
async fn followed(ids: &[i64], client: Client) -> (Vec<RemoteStep>, RemoteEnd) {
    let platforms = Platforms::new(move |_| Ok(client.clone()));
    let execution = RemoteExecution {
        name: "executions/5".to_owned(),
        memo: Memo::of(&deployed(ids)).write().unwrap(),
    };
    let mut steps = Vec::new();
    let mut end = None;
    let mut told = platforms.follow("local", &execution);
    while let Some(progress) = told.next().await {
        assert!(end.is_none(), "the end is the last");
        match progress.unwrap() {
            Progress::Step(step) => steps.push(*step),
            Progress::Ended(ended) => end = Some(ended),
        }
    }
    (steps, end.unwrap())
}

/// An execution's answer: its status, its outcome, and its steps by their ids.
fn answer(status: &str, outcome: &str, steps: &[(i64, Value)]) -> Value {
    let steps: serde_json::Map<_, _> = steps
        .iter()
        .map(|(id, step)| (id.to_string(), step.clone()))
        .collect();
    json!({"id": 5, "status": status, "outcome": outcome, "testSuites": {"11": {
        "testSuiteId": 11, "testCases": {"51": {"testCaseId": 51, "testSteps": steps}},
        "libraryCheckpoints": {}}}})
}

fn step(number: i64, outcome: &str) -> Value {
    json!({"id": number, "testStepId": number, "outcome": outcome, "duration": 5})
}

fn failed(outcome: &str, message: &str, exception: &str) -> Value {
    json!({"id": 1, "outcome": outcome,
           "output": {"type": "ERROR", "message": message, "exception": exception}})
}

fn result(step: &RemoteStep) -> (Outcome, String, String) {
    let StepResult { failure, .. } = step.result.clone();
    let failure = failure.unwrap_or_default();
    (step.result.outcome(), failure.reason, failure.message)
}

fn reason(end: &RemoteEnd) -> &str {
    end.failure.as_ref().map_or("", |failure| &failure.reason)
}

#[tokio::test]
async fn a_recorded_execution_is_understood() {
    let recorded = include_str!("../model/fixtures/execution.json");
    let recorded: Value = serde_json::from_str(recorded).unwrap();
    let (steps, end) = told(&[62], vec![recorded]).await;
    assert_eq!((end.outcome, end.failure), (Outcome::Pass, None));
    let [step] = steps.as_slice() else {
        panic!("{steps:?}");
    };
    let path = v1::StepPath {
        part: TestPart::Checkpoint.into(),
        checkpoint: 1,
        step: 1,
        ..v1::StepPath::default()
    };
    assert_eq!(step.path, path);
    assert_eq!(step.result.outcome(), Outcome::Pass);
    let took = step.result.duration.unwrap();
    assert_eq!((took.seconds, took.nanos), (0, 800_000_000));
    assert_eq!(step.result.used_variables["user"], "ada");
    let picture = "https://example.com/700.png".to_owned();
    assert_eq!(step.pictures, [(ScreenshotMoment::After, picture)]);
}

#[tokio::test]
async fn results_are_told_as_they_appear_and_each_once() {
    let one = (62, step(1, "PASS"));
    let two = (61, step(2, "PASS"));
    let (steps, end) = told(
        &[62, 61],
        vec![
            answer("QUEUED", "RUNNING", &[]),
            answer("RUNNING", "RUNNING", &[(62, step(1, "RUNNING"))]),
            answer("RUNNING", "RUNNING", std::slice::from_ref(&one)),
            answer("SOMETHING_NEW", "RUNNING", &[one.clone(), two.clone()]),
            answer("FINISHED", "PASS", &[one, two]),
        ],
    )
    .await;
    let numbers: Vec<_> = steps.iter().map(|step| step.path.step).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!((end.outcome, end.failure), (Outcome::Pass, None));
}

#[tokio::test]
async fn a_follower_looks_when_the_platform_tells_something() {
    let one = (62, step(1, "PASS"));
    let router = answering(vec![
        answer("RUNNING", "RUNNING", &[]),
        answer("RUNNING", "RUNNING", std::slice::from_ref(&one)),
        answer("FINISHED", "PASS", &[one]),
    ]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let limits = Limits {
        poll_interval: Duration::from_secs(3600),
        poll_distance: Duration::from_millis(1),
        ..Limits::default()
    };
    let options = ClientOptions {
        limits,
        ..ClientOptions::new(format!("http://{address}/api"), "token".to_owned().into())
    };
    let client = Client::remote(options).unwrap();
    let telling = async {
        // A word before the first look is none: each is repeated until the end.
        loop {
            client.wake();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let following = tokio::time::timeout(GUARD, followed(&[62], client.clone()));
    let (steps, end) = tokio::select! {
        told = following => told.unwrap(),
        () = telling => unreachable!(),
    };
    assert_eq!((steps.len(), end.outcome), (1, Outcome::Pass));
    assert_eq!(client.metrics().requests, 3);
}

#[tokio::test]
async fn outcomes_have_the_platforms_words_and_our_reasons() {
    let cases = [
        (
            failed("FAIL", "is 3", ""),
            Outcome::Fail,
            "ASSERTION_FAILED",
            "is 3",
        ),
        (
            failed("FAIL", "", ""),
            Outcome::Fail,
            "PLATFORM_STEP_ERROR",
            "and not why",
        ),
        (
            failed(
                "ERROR",
                "gone",
                "org.openqa.selenium.NoSuchElementException",
            ),
            Outcome::Error,
            "TARGET_NOT_FOUND",
            "gone (org.openqa",
        ),
        (
            failed("ERROR", "odd", "Strange"),
            Outcome::Error,
            "PLATFORM_STEP_ERROR",
            "odd (Strange)",
        ),
        (
            failed("ERROR", "nothing matches", "TARGET_NOT_ACTIONABLE"),
            Outcome::Error,
            "TARGET_NOT_ACTIONABLE",
            "nothing matches",
        ),
        (step(1, "NOT_REACHED"), Outcome::NotReached, "", ""),
        (step(1, "SKIP"), Outcome::Skip, "", ""),
        (
            step(1, "PASSED"),
            Outcome::Error,
            "PLATFORM_BAD_RESPONSE",
            "`PASSED`",
        ),
    ];
    for (wire, outcome, reason, message) in cases {
        let shown = wire.to_string();
        let (steps, _) = told(&[62], vec![answer("FINISHED", "ERROR", &[(62, wire)])]).await;
        let came = result(&steps[0]);
        assert_eq!((came.0, came.1.as_str()), (outcome, reason), "{shown}");
        assert!(came.2.contains(message), "{shown}: {}", came.2);
    }
}

#[tokio::test]
async fn what_was_found_and_what_went_differently_is_told() {
    let mut wire = step(1, "PASS");
    wire["sideEffects"] = json!({
        "warnings": ["The direct click failed, so the element was force-clicked."],
        "usedData": {"user": "ada"},
        "discoveredElement": {
            "guessed": false, "similarity": 0.87, "element": {"text": "Log in", "selectors": []},
            "selector": {"type": "CSS_SELECTOR", "value": "form > button"},
            "failedSelectors": [{"type": "XPATH", "value": "Login"}]}});
    let (steps, _) = told(&[62], vec![answer("FINISHED", "PASS", &[(62, wire)])]).await;
    let result = &steps[0].result;
    assert_eq!(result.warnings[0].kind(), v1::WarningKind::Forced);
    let target = result.target.as_ref().unwrap();
    let won = target.selector.as_ref().unwrap();
    assert_eq!(
        (won.kind(), won.value.as_str()),
        (v1::SelectorKind::Css, "form > button")
    );
    let lost = target.failed_selectors[0].selector.as_ref().unwrap();
    assert_eq!(
        (lost.kind(), lost.value.as_str()),
        (v1::SelectorKind::Xpath, "Login")
    );
    assert_eq!(target.element, "Log in");
}

#[tokio::test]
async fn an_execution_that_did_not_come_to_its_end_is_no_success() {
    let passed = [(62, step(1, "PASS"))];
    for (status, expected) in [
        ("CANCELED", "PLATFORM_EXECUTION_ENDED"),
        ("FAILED", "PLATFORM_EXECUTION_ENDED"),
        ("FINISHED", ""),
    ] {
        let (_, end) = told(&[62], vec![answer(status, "PASS", &passed)]).await;
        assert_eq!(reason(&end), expected, "{status}");
    }
    let mut broken = answer("FAILED", "ERROR", &passed);
    let output = json!({"message": "it stopped", "exception": "SERVER_RESTARTED"});
    broken["output"] = output;
    let (_, end) = told(&[62], vec![broken]).await;
    let failure = end.failure.unwrap();
    assert_eq!(failure.reason, "SERVER_RESTARTED");
    assert!(failure.message.contains("it stopped"), "{failure:?}");
}

#[tokio::test]
async fn a_step_that_is_none_of_the_tests_is_told_when_it_failed() {
    let strange = |outcome| {
        let steps = [(62, step(1, "PASS")), (99, step(2, outcome))];
        told(&[62], vec![answer("FINISHED", outcome, &steps)])
    };
    assert_eq!(reason(&strange("PASS").await.1), "");
    let (steps, end) = strange("FAIL").await;
    assert_eq!((steps.len(), reason(&end)), (1, "PLATFORM_BAD_RESPONSE"));
    assert!(end.failure.unwrap().message.contains("steps/99"));
}

#[tokio::test]
async fn a_journey_with_several_rows_is_not_taken_for_one() {
    let mut rows = answer("FINISHED", "PASS", &[(62, step(1, "PASS"))]);
    rows["testSuites"]["11"]["journeyStatistics"] = json!({"totalCount": 2});
    let (_, end) = told(&[62], vec![rows]).await;
    assert_eq!(reason(&end), "PLATFORM_BAD_RESPONSE");
}

#[tokio::test]
async fn results_that_come_after_the_end_are_waited_for() {
    let (steps, end) = told(
        &[62],
        vec![
            answer("FINISHED", "PASS", &[]),
            answer("FINISHED", "PASS", &[]),
            answer("FINISHED", "PASS", &[(62, step(1, "PASS"))]),
        ],
    )
    .await;
    assert_eq!((steps.len(), end.outcome), (1, Outcome::Pass));
    let (steps, _) = told(&[62], vec![answer("FINISHED", "PASS", &[])]).await;
    assert!(steps.is_empty(), "nothing is made up");
}

#[tokio::test]
async fn steps_of_the_library_are_found() {
    let mut tree = answer("FINISHED", "PASS", &[]);
    let result = json!({"testCaseId": 8, "libraryCheckpoint": true,
                        "testSteps": {"62": step(1, "PASS")}});
    tree["testSuites"]["11"]["libraryCheckpoints"] = json!({"8": result});
    let (steps, _) = told(&[62], vec![tree]).await;
    assert_eq!(steps.len(), 1);
}
