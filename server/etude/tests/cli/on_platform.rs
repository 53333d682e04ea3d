//! `etude run --on virtuoso`: the local platform, with nothing set up, and a real browser.

use std::time::Duration;

use etude::v1::{self, ExecutionState, Outcome, run_event::Payload};
use etude::{Client, RunStream};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::support::{PATIENCE, Serving, Shop, file, run, sandbox};

const TEST: &str = r#"
name: There and here
starting_url: /login.html
variables: {user: alice}
checkpoints:
  - name: Log in
    steps:
      - write: {text: $user, into: Username}
      - write: {text: wonderland, into: Password}
      - assert_variable: {variable: user, value: bob}
      - {click: Log in, name: Enter}
      - assert_exists: Welcome, Alice Liddell
  - name: Behind
    steps:
      - execute: throw new Error("no")
      - comment: never
"#;

/// What a watcher hears of each step.
fn steps(shop: &Shop, more: &[&str]) -> Vec<Value> {
    let test = file("a.yaml", TEST);
    let mut arguments = vec!["run", test.path.to_str().unwrap(), "--base-url", &shop.url];
    arguments.extend(["--output", "json"]);
    arguments.extend(sandbox());
    arguments.extend(more);
    let done = run(arguments).expect(1);
    let mut document: Value = serde_json::from_str(&done.stdout).unwrap();
    let on_platform = document["tests"][0]["run"]["execution"].as_str();
    assert_eq!(
        on_platform.is_some_and(|name| !name.is_empty()),
        !more.is_empty()
    );
    let Value::Array(steps) = document["tests"][0]["steps"].take() else {
        panic!("{}", done.stdout);
    };
    let heard = |step: &Value| {
        let result = &step["result"];
        json!({
            "path": step["path"], "command": step["command"], "text": result["text"],
            "outcome": result["outcome"], "failure": result["failure"],
            "screenshots": result["screenshots"].as_array().map_or(0, Vec::len),
        })
    };
    steps.iter().map(heard).collect()
}

#[test]
fn on_the_local_platform_a_test_gives_the_same_results_as_in_the_browser() {
    let shop = Shop::start();
    let here = steps(&shop, &[]);
    let there = steps(&shop, &["--on", "virtuoso"]);
    assert_eq!(there, here);
    let outcomes: Vec<_> = here
        .iter()
        .map(|step| step["outcome"].as_str().unwrap().replace("OUTCOME_", ""))
        .collect();
    let expected = "PASS PASS PASS FAIL PASS PASS ERROR NOT_REACHED";
    assert_eq!(outcomes.join(" "), expected);
}

#[test]
fn options_of_a_platform_need_one() {
    let test = file("a.yaml", TEST);
    let done = run(["run", test.path.to_str().unwrap(), "--goal", "Web"]);
    done.complains(2, &["--goal", "--on virtuoso"]);
}

#[test]
fn all_tests_that_a_platform_cannot_hold_are_told_before_any_is_executed() {
    let folder = tempfile::tempdir().unwrap();
    let bad = "name: B\nstarting_url: http://127.0.0.1:9/\nsteps:\n  - refresh\n";
    let good = "name: A\nstarting_url: http://127.0.0.1:9/\nsteps:\n  - click: Log in\n";
    let other = bad.replace("name: B", "name: C");
    for (name, test) in [("a.yaml", good), ("b.yaml", bad), ("c.yaml", &other)] {
        std::fs::write(folder.path().join(name), test).unwrap();
    }
    let mut arguments = vec!["run", folder.path().to_str().unwrap(), "--on", "virtuoso"];
    arguments.extend(sandbox());
    let done = run(arguments).expect(2);
    for file in ["b.yaml", "c.yaml"] {
        assert!(done.stderr.contains(file), "{}", done.stderr);
    }
    assert!(
        done.stderr
            .contains("2 tests cannot be executed there; none was")
    );
    assert!(
        !done.stdout.contains('✓') && !done.stdout.contains('✗'),
        "{}",
        done.stdout
    );
}

/// Starts a test on the server's own platform.
async fn start(client: &Client, shop: &Shop, name: &str, steps: &str) -> RunStream {
    let test = format!("name: {name}\nstarting_url: /terms.html\nsteps:\n{steps}");
    let spec = v1::RunSpec {
        platform: Some(v1::PlatformRun {
            platform: "local".to_owned(),
            ..v1::PlatformRun::default()
        }),
        ..v1::RunSpec::document("test.yaml", test).base_url(&shop.url)
    };
    client.run_test(spec).await.unwrap()
}

/// Reads a run's events until one fits.
async fn until(events: &mut RunStream, fits: impl Fn(&Payload) -> bool) -> Payload {
    while let Some(event) = events.next().await {
        let payload = event.unwrap().payload.unwrap();
        if fits(&payload) {
            return payload;
        }
    }
    panic!("the run has ended");
}

async fn end(events: &mut RunStream) -> v1::RunFinished {
    match until(events, |event| matches!(event, Payload::RunFinished(_))).await {
        Payload::RunFinished(end) => end,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn after_a_kill_no_step_is_executed_twice_and_what_waited_is_executed() {
    let shop = Shop::start();
    let mut serving = Serving::start_with(&["--set", "runs.max_parallel=1"]);
    let client = Client::connect(serving.url.clone()).await.unwrap();
    let mut quick = start(&client, &shop, "Quick", "  - comment: done\n").await;
    assert_eq!(end(&mut quick).await.outcome(), Outcome::Pass);
    let quick = client.run(quick.run()).await.unwrap().execution;
    let slow = "  - comment: ordered\n  - wait: 10m\n";
    let mut slow = start(&client, &shop, "Slow", slow).await;
    let is_ordered = |event: &Payload| match event {
        Payload::StepFinished(step) => step.result.as_ref().unwrap().text.contains("ordered"),
        _ => false,
    };
    until(&mut slow, is_ordered).await;
    let waits = again(&client, &quick).await;
    assert_eq!(waits.state(), ExecutionState::Queued);
    serving.kill_and_restart();

    let ended = end(&mut slow).await;
    assert_eq!(ended.outcome(), Outcome::Error);
    let failure = ended.failure.unwrap();
    let followed = client.run(slow.run()).await.unwrap();
    assert_eq!(failure.reason, "SERVER_RESTARTED");
    assert!(failure.message.contains(&followed.execution), "{failure:?}");
    tells_what_was_done(&client, &followed.execution).await;
    assert_eq!(outcome(&client, &waits.name).await, Outcome::Pass);
}

/// Starts the journey of an execution once more.
async fn again(client: &Client, execution: &str) -> v1::Execution {
    let results = results(client, execution).await;
    let request = v1::CreateExecutionRequest {
        goal: results.execution.unwrap().goal,
        journeys: vec![results.journeys[0].journey.clone()],
        ..Default::default()
    };
    client.call(request).await.unwrap().execution.unwrap()
}

/// What came of an execution, once it has ended.
async fn outcome(client: &Client, execution: &str) -> Outcome {
    let end = async {
        loop {
            let now = results(client, execution).await.execution.unwrap();
            if now.end_time.is_some() {
                return now.outcome();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, end).await.unwrap()
}

async fn results(client: &Client, execution: &str) -> v1::GetExecutionResultsResponse {
    let name = execution.to_owned();
    let request = v1::GetExecutionResultsRequest { name };
    client.call(request).await.unwrap()
}

/// The execution whose server was killed tells what came of its steps, and its run that each of
/// them began once.
async fn tells_what_was_done(client: &Client, execution: &str) {
    let results = results(client, execution).await;
    let execution = results.execution.unwrap();
    assert_eq!(execution.state(), ExecutionState::Failed);
    assert_eq!(execution.outcome(), Outcome::Error);
    let message = execution.failure.unwrap().message;
    assert!(message.contains("etude executions rerun"), "{message}");
    let [journey] = results.journeys.as_slice() else {
        panic!("{:?}", results.journeys);
    };
    let steps = journey.checkpoints.iter().flat_map(|one| &one.steps);
    let outcomes: Vec<_> = steps.map(v1::ExecutionStepResult::outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Pass, Outcome::Pass, Outcome::NotReached]
    );
    let events: Vec<_> = client
        .watch_run(&journey.run, 0)
        .try_collect()
        .await
        .unwrap();
    let began = |event: &&v1::RunEvent| matches!(event.payload, Some(Payload::StepStarted(_)));
    assert_eq!(events.iter().filter(began).count(), 3);
    assert_eq!(
        client.run(&journey.run).await.unwrap().owner,
        execution.name
    );
}
