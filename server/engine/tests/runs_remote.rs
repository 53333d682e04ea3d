//! Runs that a platform executes, by a platform that follows a script.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::blocks::block;
use common::remote::{FakeRemote, Script};
use common::{
    Server, assert_state, check_log, checkpoint, config, flagged, lines, options, reason, reopened,
    spec, statistics, step, test,
};
use etude::v1::{
    self, ErrorReason, Outcome, RecoveryPolicy, RunEvent, RunSpec, RunState, Test,
    run_event::Payload,
};
use etude_engine::Error;
use etude_engine::error::failure;
use etude_engine::remote::RemoteEnd;
use etude_engine::runs::RunsOptions;
use tempfile::tempdir;
use tokio::runtime::Runtime;

fn on_platform(test: Test) -> RunSpec {
    RunSpec {
        platform: Some(v1::PlatformRun::default()),
        ..spec(test)
    }
}

async fn server(folder: &Path, remote: &FakeRemote, options: RunsOptions) -> Server {
    let server = Server::idle(folder, options).await;
    server.runs.set_remote(Arc::new(remote.clone()));
    server
}

/// Executes a test on a platform; its events and the run.
async fn execute(remote: &FakeRemote, spec: RunSpec) -> (Vec<RunEvent>, v1::Run) {
    let folder = tempdir().unwrap();
    let server = server(folder.path(), remote, options()).await;
    server.work();
    let run = server.create_spec(spec).await;
    let events = server.events(&run).await;
    check_log(&events);
    (events, server.store.run(&run).await.unwrap())
}

/// The lines of a log without what the run says of itself.
fn steps_of(events: &[RunEvent]) -> Vec<String> {
    let lines = lines(events).into_iter();
    lines.filter(|line| !line.starts_with("log ")).collect()
}

/// Steps of every kind of ending, in every part.
fn mixed() -> Test {
    let visit = v1::UseBlock {
        block: "visit".to_owned(),
        ..v1::UseBlock::default()
    };
    let mut one = checkpoint("one", &["a", "fail b"]);
    one.steps
        .push(block(v1::block::Kind::UseBlock(visit.clone())));
    one.steps
        .push(flagged("mute skipped", |flags| flags.skip = true));
    Test {
        setup: vec![step("first")],
        definitions: vec![v1::Definition {
            name: "visit".to_owned(),
            steps: vec![step("in"), step("out")],
            ..v1::Definition::default()
        }],
        checkpoints: vec![one, checkpoint("two", &["c", "error d", "e"])],
        ..test(&[])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_there_looks_like_a_run_here() {
    let remote = FakeRemote::new(Script::default());
    let (there, run) = execute(&remote, on_platform(mixed())).await;
    let folder = tempdir().unwrap();
    let (here, _) = Server::start(folder.path()).await.execute(mixed()).await;
    assert_eq!(steps_of(&there), steps_of(&here));
    assert_eq!(run.execution, "executions/1");
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(statistics(&run), [8, 4, 1, 1, 1, 1]);
    assert_eq!(run.artifacts.len(), 3, "its reports");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_is_an_execution_with_its_own_variables() {
    let row = |user: &str| v1::DataRow {
        name: user.to_owned(),
        variables: vec![v1::Variable {
            name: "user".to_owned(),
            source: Some(v1::variable::Source::Value(user.to_owned())),
        }],
    };
    let test = Test {
        data_rows: vec![row("ada"), row("bob")],
        ..test(&["a", "fail b"])
    };
    let remote = FakeRemote::new(Script::default());
    let (events, run) = execute(&remote, on_platform(test)).await;
    let given: Vec<_> = remote
        .variables()
        .into_iter()
        .map(|row| row["user"].clone())
        .collect();
    assert_eq!(given, ["ada", "bob"]);
    assert_state(&run, RunState::Finished, Outcome::Fail);
    assert_eq!(run.execution, "executions/2", "the latest");
    let lines = lines(&events);
    let ends: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("row"))
        .collect();
    assert_eq!(ends, ["row 1.1", "row 1 FAIL", "row 2.1", "row 2 FAIL"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_fails_is_executed_again_while_retries_are_left() {
    let remote = FakeRemote::new(Script::default());
    let test = config(test(&["flaky a"]), |config| config.retries = 2);
    let (events, run) = execute(&remote, on_platform(test)).await;
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!(
        (remote.started(), statistics(&run)),
        (2, [1, 1, 0, 0, 0, 0])
    );
    assert!(lines(&events).contains(&"row 1 FAIL again".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_platform_does_not_say_is_never_a_pass() {
    let told = |says: RemoteEnd| Script {
        says: Some(says),
        ..Script::default()
    };
    let end = |outcome| RemoteEnd {
        outcome,
        failure: None,
    };
    let ended = failure(ErrorReason::PlatformExecutionEnded, "the platform broke");
    let cases = [
        (Script::default(), &["a", "mute b"], "PLATFORM_BAD_RESPONSE"),
        (
            told(end(Outcome::Pass)),
            &["mute a", "mute b"],
            "PLATFORM_BAD_RESPONSE",
        ),
        (
            told(end(Outcome::Fail)),
            &["a", "b"],
            "PLATFORM_BAD_RESPONSE",
        ),
        (
            told(end(Outcome::Unspecified)),
            &["a", "b"],
            "PLATFORM_BAD_RESPONSE",
        ),
        (
            told(RemoteEnd {
                outcome: Outcome::Pass,
                failure: Some(ended),
            }),
            &["a", "b"],
            "PLATFORM_EXECUTION_ENDED",
        ),
    ];
    for (script, steps, expected) in cases {
        let (events, run) = execute(&FakeRemote::new(script), on_platform(test(steps))).await;
        assert_state(&run, RunState::Finished, Outcome::Error);
        let failure = run.failure.unwrap();
        assert_eq!(failure.reason, expected, "{:?}", lines(&events));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_may_fail_does_not_hide_that_nothing_is_known_of_it() {
    let mut test = test(&["a"]);
    let muted = flagged("mute b", |flags| flags.optional = true);
    test.checkpoints[0].steps.push(muted);
    let (_, run) = execute(&FakeRemote::new(Script::default()), on_platform(test)).await;
    assert_state(&run, RunState::Finished, Outcome::Error);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_costs_time_and_tells_nothing_twice() {
    let remote = FakeRemote::new(Script {
        breaks_after: Some(2),
        ..Script::default()
    });
    let (events, run) = execute(&remote, on_platform(test(&["a", "b", "c"]))).await;
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!(remote.started(), 1);
    let told: Vec<_> = lines(&events);
    for step in ["a PASS", "b PASS", "c PASS"] {
        assert_eq!(told.iter().filter(|line| *line == step).count(), 1);
    }
    let says_so = |line: &String| line.contains("cannot be followed for now");
    assert!(told.iter().any(says_so), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn screenshots_are_fetched_as_the_test_says() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script::default());
    let server = server(folder.path(), &remote, options()).await;
    server.work();
    let pictures = async |policy: v1::ScreenshotPolicy| {
        let test = config(test(&["a", "fail b"]), |config| {
            config.screenshots = policy.into();
        });
        let run = server.create_spec(on_platform(test)).await;
        server.events(&run).await;
        let page = etude_engine::store::PageRequest {
            size: 50,
            ..Default::default()
        };
        let all = server.store.list_artifacts(&run, page).await.unwrap();
        let shot = |one: &&v1::Artifact| one.kind() == v1::ArtifactKind::Screenshot;
        all.items.iter().filter(shot).count()
    };
    assert_eq!(pictures(v1::ScreenshotPolicy::Never).await, 0);
    assert_eq!(pictures(v1::ScreenshotPolicy::Unspecified).await, 1);
    assert_eq!(pictures(v1::ScreenshotPolicy::EveryStep).await, 2);
}

// === Refusals ===

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_cannot_execute_is_refused_before_anything_is_made() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script::default());
    let server = server(folder.path(), &remote, options()).await;
    let create = async |spec: RunSpec| {
        let request = v1::CreateRunRequest {
            spec: Some(spec),
            ..v1::CreateRunRequest::default()
        };
        reason(server.runs.create(request).await)
    };
    let mut secret = on_platform(test(&["$password"]));
    secret.variables = vec![v1::Variable {
        name: "password".to_owned(),
        source: Some(v1::variable::Source::Secret("PASSWORD".to_owned())),
    }];
    assert_eq!(create(secret).await, "PLATFORM_SECRET");
    let mut cloud = on_platform(test(&["a"]));
    cloud.platform.as_mut().unwrap().platform = "virtuoso".to_owned();
    assert_eq!(create(cloud).await, "PLATFORM_NOT_CONFIGURED");
    assert_eq!(server.runs.counts().await.unwrap().queued, 0);
    assert_eq!(remote.deploys(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_cannot_be_started_ends_with_the_reason_and_is_not_tried_again() {
    let unknown = Error::new(ErrorReason::PlatformOutcomeUnknown, "the answer was lost");
    let remote = FakeRemote::new(Script {
        refuses: Some(unknown),
        ..Script::default()
    });
    let test = config(test(&["a"]), |config| config.retries = 3);
    let (events, run) = execute(&remote, on_platform(common::rows(test, 2))).await;
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(run.failure.unwrap().reason, "PLATFORM_OUTCOME_UNKNOWN");
    assert_eq!(remote.deploys(), 1);
    assert_eq!(
        steps_of(&events)[2..],
        [
            "row 1.1",
            "a NOT_REACHED PLATFORM_OUTCOME_UNKNOWN",
            "end main NOT_REACHED",
            "row 1 ERROR PLATFORM_OUTCOME_UNKNOWN",
            "finished ERROR PLATFORM_OUTCOME_UNKNOWN",
        ]
    );
}

// === Cancelling, time, places ===

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_run_cancels_its_execution() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script::default());
    let server = server(folder.path(), &remote, options()).await;
    server.work();
    let run = server
        .create_spec(on_platform(test(&["a", "block", "c"])))
        .await;
    server.wait_for_step(&run, "a").await;
    let cancelled = server.runs.cancel(&run).await.unwrap();
    assert_state(&cancelled, RunState::Cancelled, Outcome::NotReached);
    assert_eq!(remote.cancelled(), ["executions/1"]);
    let events = server.events(&run).await;
    check_log(&events);
    assert!(lines(&events).contains(&"c NOT_REACHED RUN_CANCELLED".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_cannot_be_cancelled_is_said_to_go_on() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script {
        cannot_cancel: true,
        ..Script::default()
    });
    let server = server(folder.path(), &remote, options()).await;
    server.work();
    let run = server.create_spec(on_platform(test(&["a", "block"]))).await;
    server.wait_for_step(&run, "a").await;
    let cancelled = server.runs.cancel(&run).await.unwrap();
    assert_state(&cancelled, RunState::Cancelled, Outcome::NotReached);
    let lines = lines(&server.events(&run).await);
    let says_so = "log executions/1 goes on: the platform has no method for it";
    assert!(lines.contains(&says_so.to_owned()), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_takes_too_long_is_cancelled_and_ends_with_the_reason() {
    let remote = FakeRemote::new(Script::default());
    let test = config(test(&["a", "block"]), |config| {
        config.timeout = common::millis(300);
    });
    let (_, run) = execute(&remote, on_platform(test)).await;
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(run.failure.unwrap().reason, "RUN_TIMEOUT");
    assert_eq!(remote.cancelled(), ["executions/1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_on_platforms_take_no_browser_and_have_a_limit_of_their_own() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script::default());
    let options = RunsOptions {
        max_browsers: 1,
        max_remote: 1,
        ..options()
    };
    let server = server(folder.path(), &remote, options).await;
    server.work();
    let first = server.create_spec(on_platform(test(&["block"]))).await;
    while remote.started() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = server.create_spec(on_platform(test(&["b"]))).await;
    // The one browser is free although two runs are for the platform.
    let (_, here) = server.execute(test(&["here"])).await;
    assert_state(&here, RunState::Finished, Outcome::Pass);
    assert_eq!(remote.started(), 1);
    let waits = server.store.run(&second).await.unwrap();
    assert_eq!(waits.state(), RunState::Queued);
    let waits = server.runs.cancel(&second).await.unwrap();
    assert_state(&waits, RunState::Cancelled, Outcome::NotReached);
    remote.release();
    server.events(&first).await;
    assert_eq!(remote.started(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_a_platform_does_not_wait_for_a_browser() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script::default());
    let options = RunsOptions {
        max_browsers: 1,
        ..options()
    };
    let server = server(folder.path(), &remote, options).await;
    server.work();
    let here = server.create(test(&["here", "block"])).await;
    server.wait_for_step(&here, "here").await;
    let waits = server.create(test(&["waits"])).await;
    let there = server.create_spec(on_platform(test(&["there"]))).await;
    server.events(&there).await;
    let there = server.store.run(&there).await.unwrap();
    assert_state(&there, RunState::Finished, Outcome::Pass);
    let waits = server.store.run(&waits).await.unwrap();
    assert_eq!(waits.state(), RunState::Queued);
}

// === Restarts ===

/// Starts a server, and kills it when `until` returns: every task stops where it stands.
fn crash<T>(folder: &Path, remote: &FakeRemote, until: impl AsyncFnOnce(&Server) -> T) -> T {
    let runtime = Runtime::new().unwrap();
    let result = runtime.block_on(async {
        let server = reopen(folder, remote).await;
        until(&server).await
    });
    runtime.shutdown_background();
    result
}

/// A server over the folder of one that has ended.
async fn reopen(folder: &Path, remote: &FakeRemote) -> Server {
    let server = Server::over(reopened(folder).await, options(), Arc::default());
    server.runs.set_remote(Arc::new(remote.clone()));
    server.runs.recover().await.unwrap();
    server.work();
    server
}

fn after_restart(folder: &Path, remote: &FakeRemote, run: &str) -> (Vec<RunEvent>, v1::Run) {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let server = reopen(folder, remote).await;
        let events = server.events(run).await;
        check_log(&events);
        (events, server.store.run(run).await.unwrap())
    })
}

#[test]
fn after_a_kill_the_same_execution_is_followed_and_nothing_is_told_twice() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script::default());
    let mut test = mixed();
    test.checkpoints[0].steps.insert(1, step("block"));
    let run = crash(folder.path(), &remote, async |server| {
        let run = server.create_spec(on_platform(test.clone())).await;
        server.wait_for_step(&run, "a").await;
        run
    });
    remote.release();
    let (events, run) = after_restart(folder.path(), &remote, &run);
    assert_eq!(remote.started(), 1);
    assert_eq!((run.attempt, run.execution.as_str()), (1, "executions/1"));
    let undisturbed = FakeRemote::new(Script::default());
    undisturbed.release();
    let runtime = Runtime::new().unwrap();
    let (expected, _) = runtime.block_on(execute(&undisturbed, on_platform(test)));
    assert_eq!(lines(&events), lines(&expected));
    assert_eq!(statistics(&run), [9, 5, 1, 1, 1, 1]);
}

#[test]
fn a_kill_between_rows_executes_no_row_twice() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script::default());
    let run = crash(folder.path(), &remote, async |server| {
        let test = common::rows(test(&["a", "block"]), 3);
        remote.release();
        let run = server.create_spec(on_platform(test)).await;
        let first = |payload: &Payload| matches!(payload, Payload::RowFinished(_));
        server.wait_for(&run, first).await;
        run
    });
    let (_, run) = after_restart(folder.path(), &remote, &run);
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert!(remote.started() <= 3, "{}", remote.started());
    assert_eq!(statistics(&run), [6, 6, 0, 0, 0, 0]);
}

#[test]
fn of_an_execution_that_was_being_started_nothing_is_claimed() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script {
        hangs_in_start: true,
        ..Script::default()
    });
    let kill = |test: Test| {
        crash(folder.path(), &remote, async |server| {
            let before = remote.started();
            let run = server.create_spec(on_platform(test)).await;
            while remote.started() == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            run
        })
    };
    let run = kill(test(&["a"]));
    remote.script(|script| script.hangs_in_start = false);
    let (_, run) = after_restart(folder.path(), &remote, &run);
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(run.failure.unwrap().reason, "PLATFORM_OUTCOME_UNKNOWN");
    assert_eq!(remote.started(), 1, "it was not executed twice");

    remote.script(|script| script.hangs_in_start = true);
    let again = config(test(&["a"]), |config| {
        config.recovery = RecoveryPolicy::Retry.into();
    });
    let run = kill(again);
    remote.script(|script| script.hangs_in_start = false);
    let (_, run) = after_restart(folder.path(), &remote, &run);
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!(
        (remote.started(), run.attempt),
        (3, 2),
        "its config says so"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_platforms_server_stopped_the_config_decides() {
    let remote = FakeRemote::new(Script {
        breaks_off: 1,
        ..Script::default()
    });
    let (_, run) = execute(&remote, on_platform(test(&["a"]))).await;
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(run.failure.unwrap().reason, "SERVER_RESTARTED");
    assert_eq!((remote.started(), run.attempt), (1, 1));

    let remote = FakeRemote::new(Script {
        breaks_off: 2,
        ..Script::default()
    });
    let again = config(test(&["a"]), |config| {
        config.recovery = RecoveryPolicy::Retry.into();
    });
    let (events, run) = execute(&remote, on_platform(again)).await;
    check_log(&events);
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!((remote.started(), run.attempt), (3, 3));
    assert_eq!(run.execution, "executions/3");
    let lines = lines(&events);
    let recovered = lines.iter().filter(|line| line.starts_with("recovered"));
    assert_eq!(recovered.count(), 2, "{lines:?}");
}

#[test]
fn a_kill_before_it_was_started_loses_nothing() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script {
        hangs_in_deploy: true,
        ..Script::default()
    });
    let run = crash(folder.path(), &remote, async |server| {
        let run = server.create_spec(on_platform(test(&["a"]))).await;
        while remote.deploys() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        run
    });
    remote.script(|script| script.hangs_in_deploy = false);
    let (_, run) = after_restart(folder.path(), &remote, &run);
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!((remote.started(), run.attempt), (1, 1));
}

#[test]
fn a_shutdown_leaves_a_run_and_the_next_start_goes_on_with_it() {
    let folder = tempdir().unwrap();
    let remote = FakeRemote::new(Script::default());
    let run = crash(folder.path(), &remote, async |server| {
        let run = server.create_spec(on_platform(test(&["a", "block"]))).await;
        server.wait_for_step(&run, "a").await;
        server.runs.shutdown().await;
        run
    });
    assert_eq!(remote.cancelled(), Vec::<String>::new());
    remote.release();
    let (events, run) = after_restart(folder.path(), &remote, &run);
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!(remote.started(), 1);
    let again = |line: &String| line.starts_with("recovered");
    assert!(!lines(&events).iter().any(again));
}
