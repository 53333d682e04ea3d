//! How a run is executed: what follows from the outcome of a step, rows, retries, timeouts.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    Server, assert_state, check_log, checkpoint, config, flagged, lines, millis, options, rows,
    spec, statistics, step, test,
};
use etude::v1::{
    self, DataRow, ErrorReason, Outcome, RunState, Test, run_event::Payload, variable::Source,
};
use etude_engine::Error;
use tempfile::tempdir;

/// Executes a test; its log in lines, and the run.
async fn execute(test: Test) -> (Vec<String>, v1::Run) {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, run) = server.execute(test).await;
    check_log(&events);
    server.backend.all_closed().await;
    (lines(&events), run)
}

#[tokio::test]
async fn every_step_is_told_and_a_fail_goes_on() {
    let (lines, run) = execute(Test {
        starting_url: "https://shop.test/".to_owned(),
        setup: vec![step("log in")],
        checkpoints: vec![checkpoint("one", &["a", "fail"]), checkpoint("", &["b"])],
        teardown: vec![step("log out")],
        ..test(&[])
    })
    .await;
    assert_eq!(
        lines,
        [
            "queued 1x6",
            "run 1",
            "row 1.1",
            "begin Setup",
            "step navigate to \"https://shop.test/\"",
            "navigate to \"https://shop.test/\" PASS",
            "step log in",
            "log in PASS",
            "end Setup PASS",
            "begin one",
            "step a",
            "a PASS",
            "step fail",
            "fail FAIL ASSERTION_FAILED",
            "end one FAIL",
            "begin ",
            "step b",
            "b PASS",
            "end  PASS",
            "begin Teardown",
            "step log out",
            "log out PASS",
            "end Teardown PASS",
            "row 1 FAIL",
            "finished FAIL",
        ]
    );
    assert_state(&run, RunState::Finished, Outcome::Fail);
    assert_eq!(statistics(&run), [6, 5, 1, 0, 0, 0]);
    assert_eq!((run.attempt, run.artifacts.len()), (1, 3));
    assert!(run.start_time.is_some() && run.failure.is_none());
}

#[tokio::test]
async fn an_error_leaves_the_rest_unreached_except_the_teardown() {
    let (lines, run) = execute(Test {
        checkpoints: vec![
            checkpoint("one", &["error", "a"]),
            checkpoint("two", &["b"]),
        ],
        teardown: vec![step("error"), step("clean up")],
        ..test(&[])
    })
    .await;
    assert_eq!(
        lines[3..],
        [
            "begin one",
            "step error",
            "error ERROR TARGET_NOT_FOUND",
            "a NOT_REACHED PREVIOUS_STEP_ERROR",
            "end one ERROR",
            "b NOT_REACHED PREVIOUS_STEP_ERROR",
            "end two NOT_REACHED",
            "begin Teardown",
            "step error",
            "error ERROR TARGET_NOT_FOUND",
            "step clean up",
            "clean up PASS",
            "end Teardown ERROR",
            "row 1 ERROR",
            "finished ERROR",
        ]
    );
    assert_eq!(statistics(&run), [5, 1, 0, 2, 0, 2]);
    assert!(run.failure.is_none(), "the cause lies in a step");
}

#[tokio::test]
async fn a_setup_that_does_not_pass_keeps_the_checkpoints_from_being_reached() {
    for (setup, end) in [("fail", "FAIL"), ("error", "ERROR")] {
        let (lines, run) = execute(Test {
            setup: vec![step(setup), step("second")],
            teardown: vec![step("clean up")],
            ..test(&["a"])
        })
        .await;
        let second = match setup {
            "fail" => "second PASS",
            _ => "second NOT_REACHED PREVIOUS_STEP_ERROR",
        };
        for expected in [
            second,
            &format!("end Setup {end}"),
            "a NOT_REACHED SETUP_FAILED",
            "end main NOT_REACHED",
            "clean up PASS",
            &format!("finished {end}"),
        ] {
            assert!(
                lines.iter().any(|l| l == expected),
                "{expected}: {lines:#?}"
            );
        }
        assert_eq!(run.state(), RunState::Finished);
    }
}

#[tokio::test]
async fn flags_soften_what_goes_wrong() {
    let (lines, run) = execute(Test {
        checkpoints: vec![v1::Checkpoint {
            name: "main".to_owned(),
            steps: vec![
                flagged("error 1", |flags| flags.optional = true),
                flagged("fail 2", |flags| flags.optional = true),
                flagged("error 3", |flags| flags.ignore_outcome = true),
                flagged("fail 4", |flags| flags.ignore_outcome = true),
                flagged("never", |flags| flags.skip = true),
                step("a"),
            ],
            ..v1::Checkpoint::default()
        }],
        ..test(&[])
    })
    .await;
    assert_eq!(lines.last().unwrap(), "finished PASS");
    assert!(lines.contains(&"never SKIP".to_owned()));
    assert!(
        !lines.contains(&"step never".to_owned()),
        "it does not begin"
    );
    assert!(lines.contains(&"end main PASS".to_owned()));
    assert_eq!(statistics(&run), [6, 1, 2, 2, 1, 0]);

    let (lines, _) = execute(Test {
        checkpoints: vec![v1::Checkpoint {
            name: "main".to_owned(),
            steps: vec![
                flagged("error", |flags| flags.continue_on_failure = true),
                step("a"),
            ],
            ..v1::Checkpoint::default()
        }],
        ..test(&[])
    })
    .await;
    assert!(lines.contains(&"a PASS".to_owned()));
    assert_eq!(lines.last().unwrap(), "finished ERROR");
}

#[tokio::test]
async fn continue_on_error_goes_on_after_every_error() {
    let goes_on = config(test(&["error", "a", "error", "b"]), |config| {
        config.continue_on_error = true;
    });
    let (_, run) = execute(goes_on).await;
    assert_eq!(statistics(&run), [4, 2, 0, 2, 0, 0]);
    assert_state(&run, RunState::Finished, Outcome::Error);
}

#[tokio::test]
async fn a_test_whose_steps_are_all_skipped_has_not_passed() {
    let skipped = flagged("a", |flags| flags.skip = true);
    let (lines, run) = execute(Test {
        checkpoints: vec![v1::Checkpoint {
            name: "main".to_owned(),
            steps: vec![skipped],
            ..v1::Checkpoint::default()
        }],
        ..test(&[])
    })
    .await;
    assert!(lines.contains(&"end main SKIP".to_owned()));
    assert_state(&run, RunState::Finished, Outcome::Skip);
}

#[tokio::test]
async fn rows_run_at_the_same_time_up_to_the_browsers() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let run = server.create(rows(test(&["block"]), 5)).await;
    let both = async {
        while server.backend.executed().len() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(common::GUARD, both).await.unwrap();
    server.backend.release();
    check_log(&server.events(&run).await);
    assert_eq!(server.backend.most_open(), 2);
    let run = server.store.run(&run).await.unwrap();
    assert_eq!(statistics(&run), [5, 5, 0, 0, 0, 0]);
    assert_eq!(run.statistics.unwrap().rows, 5);
}

#[tokio::test]
async fn a_run_may_ask_for_fewer_rows_at_a_time() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let spec = v1::RunSpec {
        parallelism: 1,
        ..spec(rows(test(&["a", "b"]), 4))
    };
    let run = server.create_spec(spec).await;
    let events = server.events(&run).await;
    let order: Vec<_> = lines(&events)
        .into_iter()
        .filter(|line| line.starts_with("row "))
        .collect();
    let expected = (1..=4).flat_map(|row| [format!("row {row}.1"), format!("row {row} PASS")]);
    assert_eq!(order, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn counts_grow_while_a_run_is_executed() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let one_at_a_time = v1::RunSpec {
        parallelism: 1,
        ..spec(Test {
            data_rows: ["fail", "block"].map(row_of).to_vec(),
            ..test(&["$what"])
        })
    };
    let run = server.create_spec(one_at_a_time).await;
    let second = |payload: &Payload| matches!(payload, Payload::RowStarted(row) if row.row == 2);
    server.wait_for(&run, second).await;
    let known = server.store.run(&run).await.unwrap();
    assert_eq!(known.state(), RunState::Running);
    assert_eq!(statistics(&known), [2, 0, 1, 0, 0, 0]);
    server.backend.release();
    server.events(&run).await;
    let run = server.store.run(&run).await.unwrap();
    assert_eq!(statistics(&run), [2, 1, 1, 0, 0, 0]);
}

#[tokio::test]
async fn the_worst_row_decides() {
    let rows = ["pass", "fail", "error"].map(|value| DataRow {
        name: format!("row of {value}"),
        variables: vec![variable("what", value)],
    });
    let (lines, run) = execute(Test {
        data_rows: rows.to_vec(),
        ..templated("$what")
    })
    .await;
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(statistics(&run), [3, 1, 1, 1, 0, 0]);
    for line in ["row 1 PASS", "row 2 FAIL", "row 3 ERROR"] {
        assert!(lines.iter().any(|l| l == line), "{lines:#?}");
    }
}

#[tokio::test]
async fn variables_of_the_request_hide_those_of_rows_and_these_those_of_the_test() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let test = Test {
        variables: vec![
            variable("a", "test"),
            variable("b", "test"),
            variable("c", "test"),
        ],
        data_rows: vec![DataRow {
            variables: vec![variable("b", "row"), variable("c", "row")],
            ..DataRow::default()
        }],
        ..templated("$a $b $c")
    };
    let spec = v1::RunSpec {
        variables: vec![variable("c", "request")],
        ..spec(test)
    };
    let run = server.create_spec(spec).await;
    server.events(&run).await;
    assert_eq!(server.backend.executed(), ["test row request"]);
}

#[tokio::test]
async fn secrets_stand_in_no_event_and_a_missing_one_is_named() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let secret = |name: &str| v1::Variable {
        name: "password".to_owned(),
        source: Some(Source::Secret(name.to_owned())),
    };
    let with = |name| Test {
        variables: vec![secret(name)],
        ..templated("talk $password")
    };
    let (events, _) = server.execute(with("PASSWORD")).await;
    assert_eq!(server.backend.executed(), ["talk hunter2"]);
    assert!(!format!("{events:?}").contains("hunter2"), "{events:#?}");

    let (events, run) = server.execute(with("NONE")).await;
    let lines = lines(&events);
    assert!(
        lines.contains(&"row 1 ERROR SECRET_NOT_FOUND".to_owned()),
        "{lines:#?}"
    );
    let failure = run.failure.clone().unwrap();
    assert!(failure.message.contains("NONE"), "{failure:?}");
    assert_state(&run, RunState::Finished, Outcome::Error);
}

#[tokio::test]
async fn a_row_that_did_not_pass_is_executed_again() {
    let retried = config(test(&["flaky 2"]), |config| config.retries = 3);
    let (lines, run) = execute(retried).await;
    let rows: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("row"))
        .collect();
    assert_eq!(
        rows,
        [
            "row 1.1",
            "row 1 FAIL again",
            "row 1.2",
            "row 1 FAIL again",
            "row 1.3",
            "row 1 PASS"
        ]
    );
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!(
        statistics(&run),
        [1, 1, 0, 0, 0, 0],
        "the last execution counts"
    );

    let retried = config(test(&["error"]), |config| config.retries = 1);
    let (lines, run) = execute(retried).await;
    assert_eq!(lines.iter().filter(|line| *line == "step error").count(), 2);
    assert_state(&run, RunState::Finished, Outcome::Error);
}

#[tokio::test]
async fn a_row_that_takes_too_long_ends_and_is_still_torn_down() {
    let slow = Test {
        teardown: vec![step("clean up")],
        ..test(&["a", "block", "b"])
    };
    let (lines, run) = execute(config(slow, |config| config.timeout = millis(200))).await;
    assert_eq!(
        lines[6..],
        [
            "step block",
            "block ERROR RUN_TIMEOUT",
            "b NOT_REACHED RUN_TIMEOUT",
            "end main ERROR",
            "begin Teardown",
            "step clean up",
            "clean up PASS",
            "end Teardown PASS",
            "row 1 ERROR RUN_TIMEOUT",
            "finished ERROR RUN_TIMEOUT",
        ]
    );
    assert_state(&run, RunState::Finished, Outcome::Error);
}

#[tokio::test]
async fn a_browser_that_cannot_be_started_ends_the_run_with_what_to_do() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let advice = "no Chromium was found; install it with `apt-get install chromium`";
    server
        .backend
        .refuse(Error::new(ErrorReason::BrowserUnavailable, advice));
    let test = Test {
        teardown: vec![step("clean up")],
        ..rows(test(&["a"]), 1000)
    };
    let (events, run) = server.execute(test).await;
    check_log(&events);
    let lines = lines(&events);
    assert!(
        lines.len() < 30,
        "rows that cannot begin do not: {}",
        lines.len()
    );
    assert!(
        lines.contains(&"a NOT_REACHED BROWSER_UNAVAILABLE".to_owned()),
        "{lines:#?}"
    );
    assert_eq!(lines.last().unwrap(), "finished ERROR BROWSER_UNAVAILABLE");
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(run.failure.as_ref().unwrap().message, advice);
    assert_eq!(statistics(&run), [2000, 0, 0, 0, 0, 2000]);
}

#[tokio::test]
async fn a_browser_that_crashes_ends_its_row_and_no_other() {
    let rows = ["a", "crash", "b"].map(row_of);
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let mut test = templated("$what");
    test.checkpoints[0].steps.push(step("after"));
    test.teardown = vec![step("clean up")];
    let test = config(test, |config| config.continue_on_error = true);
    let (events, run) = server
        .execute(Test {
            data_rows: rows.to_vec(),
            ..test
        })
        .await;
    check_log(&events);
    let lines = lines(&events);
    for line in [
        "after NOT_REACHED BROWSER_CRASHED",
        "row 1 PASS",
        "row 2 ERROR BROWSER_CRASHED",
        "row 3 PASS",
        "finished ERROR BROWSER_CRASHED",
    ] {
        assert!(lines.iter().any(|l| l == line), "{line}: {lines:#?}");
    }
    server.backend.all_closed().await;
    assert_state(&run, RunState::Finished, Outcome::Error);
}

#[tokio::test]
async fn runs_share_the_browsers_in_turn() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let large = server.create(rows(test(&["a"]), 200)).await;
    let small = server.create(test(&["b"])).await;
    server.work();
    server.events(&small).await;
    let large_run = server.store.run(&large).await.unwrap();
    assert_eq!(
        large_run.state(),
        RunState::Running,
        "the small run did not wait for its end"
    );
    server.events(&large).await;
    assert_eq!(server.backend.most_open(), 2);
}

/// A data row that gives `$what` a value.
fn row_of(what: &str) -> DataRow {
    DataRow {
        variables: vec![variable("what", what)],
        ..DataRow::default()
    }
}

fn variable(name: &str, value: &str) -> v1::Variable {
    v1::Variable {
        name: name.to_owned(),
        source: Some(Source::Value(value.to_owned())),
    }
}

/// A test of one step whose hint is a template.
fn templated(hint: &str) -> Test {
    test(&[hint])
}
