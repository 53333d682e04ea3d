//! What becomes of runs when the server or its disk fails.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::blocks::{repeat, try_catch};
use common::faults::FaultyStore;
use common::{
    GUARD, Server, assert_state, check_log, checkpoint, config, drain, lines, options, reopened,
    rows, statistics, step, test,
};
use etude::v1::{Outcome, RecoveryPolicy, RunEvent, RunState, Test, run_event::Payload};
use etude_engine::runs::RunsOptions;
use etude_engine::store::{PageRequest, Pool, Store};
use etude_store::{Options, SqliteStore};
use futures::StreamExt;
use tempfile::tempdir;
use tokio::runtime::Runtime;

/// Starts a server, and kills it when `until` returns: every task stops where it stands.
fn crash<T>(folder: &Path, until: impl AsyncFnOnce(&Server) -> T) -> T {
    let runtime = Runtime::new().unwrap();
    let result = runtime.block_on(async {
        let server = reopen(folder).await;
        server.work();
        until(&server).await
    });
    runtime.shutdown_background();
    result
}

/// A server over the folder of one that has just been killed.
async fn reopen(folder: &Path) -> Server {
    let server = Server::over(reopened(folder).await, options(), Arc::default());
    server.runs.recover().await.unwrap();
    server
}

fn retried(test: Test) -> Test {
    config(test, |config| {
        config.recovery = RecoveryPolicy::Retry.into();
    })
}

fn after_restart<T>(folder: &Path, then: impl AsyncFnOnce(Server) -> T) -> T {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async { then(reopen(folder).await).await })
}

#[test]
fn a_run_that_was_executing_ends_with_the_reason() {
    let folder = tempdir().unwrap();
    let run = crash(folder.path(), async |server| {
        let test = Test {
            checkpoints: vec![
                checkpoint("one", &["a", "block", "b"]),
                checkpoint("two", &["c"]),
            ],
            teardown: vec![step("clean up")],
            ..rows(test(&[]), 5)
        };
        let run = server.create(test).await;
        while server.backend.executed().len() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        run
    });
    after_restart(folder.path(), async |server| {
        let events = server.events(&run).await;
        check_log(&events);
        let run = server.store.run(&run).await.unwrap();
        assert_state(&run, RunState::Finished, Outcome::Error);
        assert_eq!(run.failure.as_ref().unwrap().reason, "SERVER_RESTARTED");
        assert_eq!(statistics(&run), [25, 2, 0, 0, 0, 23]);
        assert_eq!(run.artifacts.len(), 3);
        let of_row = events.iter().filter(|event| row_of(event) == 2);
        let of_row: Vec<_> = of_row.cloned().collect();
        let in_doubt: Vec<_> = of_row
            .iter()
            .filter_map(|event| match &event.payload {
                Some(Payload::StepFinished(step)) => step.result.clone(),
                _ => None,
            })
            .filter(|result| {
                let failure = result.failure.as_ref();
                failure.is_some_and(|failure| failure.message.contains("whether it acted"))
            })
            .map(|result| result.text)
            .collect();
        assert_eq!(in_doubt, ["click on \"block\""], "the one that had begun");
        assert_eq!(
            lines(&of_row),
            [
                "row 2.1",
                "begin one",
                "step a",
                "a PASS",
                "step block",
                "block NOT_REACHED SERVER_RESTARTED",
                "b NOT_REACHED SERVER_RESTARTED",
                "end one NOT_REACHED",
                "c NOT_REACHED SERVER_RESTARTED",
                "end two NOT_REACHED",
                "clean up NOT_REACHED SERVER_RESTARTED",
                "end Teardown NOT_REACHED",
                "row 2 ERROR SERVER_RESTARTED",
            ]
        );
    });
}

#[test]
fn the_blocks_that_a_kill_left_open_are_closed_from_the_inside_out() {
    let folder = tempdir().unwrap();
    let run = crash(folder.path(), async |server| {
        let inner = try_catch(&["a", "block"], &["help"], &["last"]);
        let mut test = test(&["after"]);
        test.checkpoints[0]
            .steps
            .insert(0, repeat(2, vec![step("first"), inner]));
        let run = server.create(test).await;
        server.wait_for_step(&run, "block").await;
        run
    });
    after_restart(folder.path(), async |server| {
        let events = server.events(&run).await;
        check_log(&events);
        let lines = lines(&events);
        assert_eq!(
            lines[4..lines.len() - 3],
            [
                "step repeat 2 times",
                "step first",
                "first PASS",
                "step try",
                "step a",
                "a PASS",
                "step block",
                "block NOT_REACHED SERVER_RESTARTED",
                "try NOT_REACHED SERVER_RESTARTED",
                "repeat 2 times NOT_REACHED SERVER_RESTARTED",
                "after NOT_REACHED SERVER_RESTARTED",
            ]
        );
        let depths = events.iter().filter_map(|event| match &event.payload {
            Some(Payload::StepFinished(step)) => Some(step.within.len()),
            _ => None,
        });
        assert_eq!(depths.collect::<Vec<_>>(), [1, 2, 2, 1, 0, 0]);
        let run = server.store.run(&run).await.unwrap();
        assert_eq!(statistics(&run), [2, 0, 0, 0, 0, 2], "a block is one step");
    });
}

#[test]
fn a_run_that_asks_for_it_is_executed_again() {
    let folder = tempdir().unwrap();
    let (run, seen) = crash(folder.path(), async |server| {
        let run = server.create(retried(test(&["a", "block"]))).await;
        server.wait_for_step(&run, "block").await;
        let seen = server.store.events(&run, 0, 100).await.unwrap();
        (run, seen)
    });
    after_restart(folder.path(), async |server| {
        server.backend.release();
        server.work();
        let events = server.events(&run).await;
        check_log(&events);
        let seen: Vec<_> = seen.iter().map(|event| event.as_ref().clone()).collect();
        assert_eq!(events[..seen.len()], seen, "what was seen stays");
        assert_eq!(
            lines(&events[seen.len()..])[..3],
            ["recovered SERVER_RESTARTED 2", "run 2", "row 1.2"]
        );
        let run = server.store.run(&run).await.unwrap();
        assert_state(&run, RunState::Finished, Outcome::Pass);
        assert_eq!((run.attempt, statistics(&run)), (2, [2, 2, 0, 0, 0, 0]));
    });
}

#[test]
fn a_run_is_executed_again_three_times_at_most() {
    let folder = tempdir().unwrap();
    let run = crash(folder.path(), async |server| {
        let run = server.create(retried(test(&["block"]))).await;
        server.wait_for_step(&run, "block").await;
        run
    });
    for attempt in 2..=4 {
        crash(folder.path(), async |server| {
            let begun = |payload: &Payload| matches!(payload, Payload::RowStarted(row) if row.attempt == attempt);
            server.wait_for(&run, begun).await;
        });
    }
    after_restart(folder.path(), async |server| {
        let events = server.events(&run).await;
        check_log(&events);
        let run = server.store.run(&run).await.unwrap();
        assert_state(&run, RunState::Finished, Outcome::Error);
        assert_eq!(run.attempt, 4);
    });
}

#[test]
fn a_run_that_waited_or_was_only_claimed_is_executed() {
    let folder = tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let names = runtime.block_on(async {
        let server = Server::idle(folder.path(), options()).await;
        let names = [
            server.create(test(&["a"])).await,
            server.create(test(&["b"])).await,
        ];
        let claimed = server
            .store
            .claim_run(Pool::Browsers, "someone", Duration::from_secs(60))
            .await;
        assert_eq!(claimed.unwrap().unwrap().run.name, names[0]);
        names
    });
    runtime.shutdown_background();
    after_restart(folder.path(), async |server| {
        server.work();
        for run in names {
            check_log(&server.events(&run).await);
            let run = server.store.run(&run).await.unwrap();
            assert_state(&run, RunState::Finished, Outcome::Pass);
            assert_eq!(run.attempt, 1, "a claim alone is no attempt");
        }
    });
}

#[test]
fn a_run_of_which_no_step_had_begun_is_executed_whatever_its_config_says() {
    let folder = tempdir().unwrap();
    let run = crash(folder.path(), async |server| {
        server.backend.may_open(false);
        let run = server.create(test(&["a"])).await;
        let begun = |payload: &Payload| matches!(payload, Payload::RunStarted(_));
        server.wait_for(&run, begun).await;
        run
    });
    after_restart(folder.path(), async |server| {
        server.work();
        let events = server.events(&run).await;
        check_log(&events);
        assert!(lines(&events).contains(&"recovered SERVER_RESTARTED 2".to_owned()));
        let run = server.store.run(&run).await.unwrap();
        assert_state(&run, RunState::Finished, Outcome::Pass);
    });
}

/// Kills the server after each event of a run; a watcher that comes back misses nothing and sees
/// nothing twice.
#[test]
fn whenever_the_server_is_killed_the_log_has_no_gap() {
    for kill_after in 1..=14 {
        let folder = tempdir().unwrap();
        let policy = if kill_after % 2 == 0 {
            retried
        } else {
            |test| test
        };
        let (run, mut seen) = crash(folder.path(), async |server| {
            let run = server.create(policy(rows(test(&["a", "fail"]), 2))).await;
            let mut stream = server.runs.watch(&run, 0).await.unwrap();
            let mut seen: Vec<RunEvent> = Vec::new();
            while seen.len() < kill_after {
                match stream.next().await {
                    Some(message) => seen.extend(message.unwrap().events),
                    None => break,
                }
            }
            (run, seen)
        });
        after_restart(folder.path(), async |server| {
            server.work();
            let cursor = seen.last().map_or(0, |event| event.sequence);
            let stream = server.runs.watch(&run, cursor).await.unwrap();
            let (rest, end) = drain(stream).await;
            assert_eq!(end, None);
            seen.extend(rest);
            check_log(&seen);
            assert_eq!(seen, server.events(&run).await);
            let run = server.store.run(&run).await.unwrap();
            let [total, counts @ ..] = statistics(&run);
            assert_eq!(total, counts.iter().sum::<u32>());
        });
    }
}

// === Shutdown ===

#[tokio::test]
async fn a_shutdown_records_what_it_interrupts() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let run = server.create(test(&["a", "block", "b"])).await;
    server.wait_for_step(&run, "block").await;
    server.runs.shutdown().await;
    let run = server.store.run(&run).await.unwrap();
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(run.failure.as_ref().unwrap().reason, "SERVER_RESTARTED");
    assert_eq!(statistics(&run), [3, 1, 0, 0, 0, 2]);
    let events = server.store.events(&run.name, 0, 100).await.unwrap();
    check_log(
        &events
            .iter()
            .map(|event| event.as_ref().clone())
            .collect::<Vec<_>>(),
    );
    assert_eq!(server.backend.open_sessions(), 0);
}

#[tokio::test]
async fn a_run_whose_rows_were_not_all_begun_at_a_shutdown_has_not_passed() {
    let folder = tempdir().unwrap();
    let one_browser = RunsOptions {
        max_browsers: 1,
        ..options()
    };
    let server = Server::idle(folder.path(), one_browser).await;
    let first = server.create(rows(test(&["a"]), 2)).await;
    let second = server.create(test(&["block"])).await;
    server.work();
    server.wait_for_step(&second, "block").await;
    server.runs.shutdown().await;
    let run = server.store.run(&first).await.unwrap();
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(run.failure.as_ref().unwrap().reason, "SERVER_RESTARTED");
    assert_eq!(statistics(&run), [2, 1, 0, 0, 0, 1]);
}

#[tokio::test]
async fn after_a_shutdown_a_run_that_asks_for_it_waits_again() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let run = server.create(retried(rows(test(&["a", "block"]), 3))).await;
    server.wait_for_step(&run, "block").await;
    let waiting = server.create(test(&["c"])).await;
    server.runs.shutdown().await;
    let stored = server.store.run(&run).await.unwrap();
    assert_eq!(stored.state(), RunState::Queued);
    let events = server.store.events(&run, 0, 100).await.unwrap();
    let events: Vec<_> = events.iter().map(|event| event.as_ref().clone()).collect();
    assert_eq!(
        lines(&events).last().unwrap(),
        "recovered SERVER_SHUTDOWN 2"
    );
    server.store.close().await;
    drop(server);

    let server = reopen(folder.path()).await;
    server.backend.release();
    server.work();
    for run in [run, waiting] {
        check_log(&server.events(&run).await);
        let run = server.store.run(&run).await.unwrap();
        assert_state(&run, RunState::Finished, Outcome::Pass);
    }
}

#[tokio::test]
async fn after_a_shutdown_a_run_of_which_no_step_had_begun_waits_again() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.backend.may_open(false);
    let run = server.create(test(&["a"])).await;
    let begun = |payload: &Payload| matches!(payload, Payload::RunStarted(_));
    server.wait_for(&run, begun).await;
    server.runs.shutdown().await;
    let stored = server.store.run(&run).await.unwrap();
    assert_eq!(stored.state(), RunState::Queued);
    server.store.close().await;
    drop(server);

    let server = reopen(folder.path()).await;
    server.work();
    check_log(&server.events(&run).await);
    let run = server.store.run(&run).await.unwrap();
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!(run.attempt, 2);
}

// === A disk that fails ===

async fn faulty(folder: &Path) -> (Server, Arc<FaultyStore>) {
    let store = SqliteStore::open(Options::new(folder)).await.unwrap();
    let store = Arc::new(FaultyStore::new(Arc::new(store)));
    let as_store: Arc<dyn Store> = store.clone();
    let server = Server::over(as_store, options(), Arc::default());
    server.work();
    (server, store)
}

#[tokio::test]
async fn a_store_that_fails_for_a_moment_costs_nothing() {
    let folder = tempdir().unwrap();
    let (server, store) = faulty(folder.path()).await;
    let run = server.create(test(&["a", "block", "b"])).await;
    server.wait_for_step(&run, "block").await;
    store.fail_appends(true);
    server.backend.release();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        server.backend.executed(),
        ["a", "block"],
        "no step begins unrecorded"
    );
    store.fail_appends(false);
    check_log(&server.events(&run).await);
    let run = server.store.run(&run).await.unwrap();
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!(statistics(&run), [3, 3, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_store_that_fails_for_long_never_makes_a_success() {
    let folder = tempdir().unwrap();
    let (server, store) = faulty(folder.path()).await;
    let run = server.create(rows(test(&["a", "block", "b"]), 2)).await;
    let both = async {
        while server.backend.executed().len() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(GUARD, both).await.unwrap();
    store.fail_appends(true);
    server.backend.release();
    server.backend.all_closed().await;
    assert_eq!(
        server.store.run(&run).await.unwrap().state(),
        RunState::Running
    );
    store.fail_appends(false);
    let events = server.events(&run).await;
    check_log(&events);
    let run = server.store.run(&run).await.unwrap();
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(run.failure.as_ref().unwrap().reason, "STORAGE_FULL");
    assert_eq!(
        statistics(&run),
        [6, 2, 0, 0, 0, 4],
        "what was not recorded did not happen"
    );
    let (_, next) = server.execute(test(&["a"])).await;
    assert_state(&next, RunState::Finished, Outcome::Pass);
}

#[tokio::test]
async fn reports_that_cannot_be_stored_do_not_change_the_outcome() {
    let folder = tempdir().unwrap();
    let (server, store) = faulty(folder.path()).await;
    store.fail_artifacts(true);
    let (events, run) = server.execute(test(&["a"])).await;
    check_log(&events);
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert!(run.artifacts.is_empty());
    let lines = lines(&events);
    assert!(
        lines.contains(&"log the reports could not be stored: the disk is full".to_owned()),
        "{lines:#?}"
    );
}

/// A report that was stored before another could not be is named by no run.
#[tokio::test]
async fn a_run_keeps_all_of_its_reports_or_none() {
    for stored in 0..3 {
        let folder = tempdir().unwrap();
        let (server, store) = faulty(folder.path()).await;
        store.fail_artifacts_after(stored);
        let (events, run) = server.execute(test(&["a"])).await;
        check_log(&events);
        assert_state(&run, RunState::Finished, Outcome::Pass);
        assert!(run.artifacts.is_empty());
        let page = PageRequest {
            size: 10,
            token: String::new(),
        };
        let left = store.list_artifacts(&run.name, page).await.unwrap();
        assert_eq!(left.items, [], "after {stored} reports");
    }
}

fn row_of(event: &RunEvent) -> u32 {
    match event.payload.as_ref() {
        Some(Payload::RowStarted(row)) => row.row,
        Some(Payload::RowFinished(row)) => row.row,
        Some(Payload::StepStarted(step)) => step.path.map_or(0, |path| path.row),
        Some(Payload::StepFinished(step)) => step.path.map_or(0, |path| path.row),
        Some(Payload::CheckpointStarted(part)) => part.path.map_or(0, |path| path.row),
        Some(Payload::CheckpointFinished(part)) => part.path.map_or(0, |path| path.row),
        _ => 0,
    }
}
