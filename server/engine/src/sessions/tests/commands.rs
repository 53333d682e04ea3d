//! Commands: their order, their end, and their repetition.

use etude::v1::StepFlags;

use super::*;
use crate::backend::{Execution, Verdict};
use crate::error::failure;
use crate::testing::target;

#[tokio::test(start_paused = true)]
async fn commands_are_executed_one_at_a_time_in_the_order_they_came() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    let mut calls = Vec::new();
    for number in 0..20 {
        let comes: v1::Command = if number % 2 == 0 {
            click("x").into()
        } else {
            v1::Refresh::default().into()
        };
        calls.push(bench.spawn(&session, comes));
        settle().await;
    }
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().outcome(), Outcome::Pass);
    }
    let expected: Vec<_> = (0..10)
        .flat_map(|_| {
            [
                "click started",
                "click ended",
                "refresh started",
                "refresh ended",
            ]
        })
        .collect();
    assert_eq!(bench.backend.log(), expected);
    assert_eq!(bench.sessions.get(&session).await.unwrap().steps_done, 20);
}

#[tokio::test(start_paused = true)]
async fn two_sessions_do_not_wait_for_each_other() {
    let bench = Bench::new(&slow());
    let (one, two) = (bench.open().await, bench.open().await);
    let hangs = bench.spawn(&one, click("Hang"));
    settle().await;
    bench.run(&two, v1::Refresh::default()).await.unwrap();
    hangs.abort();
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_before_its_turn_is_passed_over() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    let first = bench.spawn(&session, click("x"));
    settle().await;
    let leaves = bench.spawn(&session, v1::GoBack::default());
    settle().await;
    let last = bench.spawn(&session, v1::Refresh::default());
    settle().await;
    leaves.abort();
    first.await.unwrap().unwrap();
    last.await.unwrap().unwrap();
    assert_eq!(
        bench.backend.log(),
        [
            "click started",
            "click ended",
            "refresh started",
            "refresh ended"
        ]
    );
    assert_eq!(bench.sessions.get(&session).await.unwrap().steps_done, 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_during_its_turn_stops_its_step() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    let leaves = bench.spawn(&session, click("Hang"));
    settle().await;
    leaves.abort();
    settle().await;
    assert_eq!(bench.backend.log(), ["click started", "click dropped"]);
    let result = bench.run(&session, v1::Refresh::default()).await.unwrap();
    assert_eq!(result.outcome(), Outcome::Pass);
    assert_eq!(bench.sessions.get(&session).await.unwrap().steps_done, 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_readable_while_a_step_is_executed() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    let set = v1::SetVariable {
        variable: "user".into(),
        value: "Ada".into(),
    };
    bench.run(&session, set).await.unwrap();
    let hangs = bench.spawn(&session, click("Hang"));
    settle().await;
    let before = tokio::time::Instant::now();
    let read = bench.sessions.get(&session).await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(
        (read.steps_done, read.variables["user"].as_str()),
        (1, "Ada")
    );
    hangs.abort();
}

#[tokio::test]
async fn a_command_is_only_checked_without_waiting_for_a_turn() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    let hangs = bench.spawn(&session, click("Hang"));
    let check = CommandContext {
        validate_only: true,
        ..context(&session)
    };
    let result = bench
        .sessions
        .execute(check, valid(click("Log in")))
        .await
        .unwrap();
    assert_eq!(result.outcome(), Outcome::Unspecified);
    assert_eq!(result.text, "click on \"Log in\"");
    hangs.abort();
}

#[tokio::test]
async fn a_caller_can_ask_for_an_error_in_place_of_an_outcome() {
    let backend = FakeBackend::new(|command, _| {
        let failed = |reason| failure(reason, "in words");
        Act::Reply(Execution::new(match &command.action {
            Some(Action::AssertExists(_)) => Verdict::Fail(failed(ErrorReason::AssertionFailed)),
            Some(Action::Click(_)) => Verdict::Error(failed(ErrorReason::TargetNotFound)),
            _ => Verdict::Pass,
        }))
    });
    let bench = Bench::new(&backend);
    let session = bench.open().await;
    let run = async |command: v1::Command, skip| {
        let flags = StepFlags {
            skip,
            ..StepFlags::default()
        };
        let context = CommandContext {
            require_pass: true,
            flags: Some(flags),
            ..context(&session)
        };
        bench.sessions.execute(context, valid(command)).await
    };
    let assert = v1::AssertExists {
        target: target("x"),
    };
    let error = run(assert.into(), false).await.unwrap_err();
    assert_eq!(
        (error.reason, error.message.as_str()),
        (ErrorReason::StepFailed, "in words")
    );
    assert_eq!(error.metadata["outcome"], "OUTCOME_FAIL");
    assert_eq!(error.metadata["reason"], "ASSERTION_FAILED");
    let error = run(click("x").into(), false).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::StepError);
    assert_eq!(error.metadata["step"], "click on \"x\"");
    assert_eq!(
        run(click("x").into(), true).await.unwrap().outcome(),
        Outcome::Skip
    );
    assert!(run(v1::Refresh::default().into(), false).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_repeated_command_is_not_executed_again() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    let with_id = |id: &str| CommandContext {
        request_id: id.to_owned(),
        ..context(&session)
    };
    let both = ["a", "a"].map(|id| bench.sessions.execute(with_id(id), valid(click("x"))));
    let both = futures::future::join_all(both).await;
    assert_eq!(both[0], both[1]);
    assert_eq!(bench.backend.log(), ["click started", "click ended"]);
    let reused = bench
        .sessions
        .execute(with_id("a"), valid(click("y")))
        .await;
    assert_eq!(reason(reused), ErrorReason::RequestIdReused);
    // A step that was stopped half-way may have acted; it is not repeated either.
    let stopped = bench.sessions.execute(with_id("b"), valid(click("Hang")));
    assert!(
        tokio::time::timeout(Duration::from_secs(1), stopped)
            .await
            .is_err()
    );
    let again = bench
        .sessions
        .execute(with_id("b"), valid(click("Hang")))
        .await
        .unwrap();
    assert_eq!(again.failure.unwrap().reason, "CANCELLED");
    assert_eq!(bench.backend.log().len(), 4);
    // One that was given up before its turn has not been executed.
    let first = bench.spawn(&session, click("x"));
    settle().await;
    let early = bench.sessions.execute(with_id("c"), valid(click("z")));
    assert!(
        tokio::time::timeout(Duration::from_millis(1), early)
            .await
            .is_err()
    );
    first.await.unwrap().unwrap();
    let late = bench
        .sessions
        .execute(with_id("c"), valid(click("z")))
        .await
        .unwrap();
    assert_eq!(late.outcome(), Outcome::Pass);
}

#[tokio::test]
async fn the_last_thousand_answers_are_remembered() {
    let bench = Bench::new(&FakeBackend::passing());
    let session = bench.open().await;
    let run = async |id: usize| {
        let context = CommandContext {
            request_id: id.to_string(),
            ..context(&session)
        };
        bench
            .sessions
            .execute(context, valid(v1::Refresh::default()))
            .await
            .unwrap();
        bench.sessions.get(&session).await.unwrap().steps_done
    };
    for id in 0..1001 {
        run(id).await;
    }
    assert_eq!(run(1).await, 1001);
    assert_eq!(run(0).await, 1002);
}
