//! Runs and their logs.

use std::sync::Arc;
use std::time::Duration;

use super::common::{Heard, finish, finished, fresh, logged, messages, new_run, open, requested};
use etude::v1::{self, ErrorReason, RunState};
use etude_engine::remote::RemoteExecution;
use etude_engine::store::{Pool, RunCounts, RunUpdate, Store};
use futures::future::join_all;

const LEASE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_created_run_waits_with_its_first_event() {
    let (_folder, store) = fresh().await;
    let created = store.create_run(new_run("a")).await.unwrap();
    assert_eq!(created.state(), RunState::Queued);
    assert_eq!((created.first_sequence, created.last_sequence), (1, 1));
    assert_eq!(store.run("runs/a").await.unwrap(), created);
    assert_eq!(
        store.run_spec("runs/a").await.unwrap().base_url,
        "http://a.test"
    );
    let events = store.events("runs/a", 0, 10).await.unwrap();
    assert_eq!(messages(&events), [(1, "queued".to_owned())]);
    assert_eq!(events[0].event_time, created.create_time);
}

#[tokio::test]
async fn a_run_survives_a_restart_as_it_was() {
    let (folder, store) = fresh().await;
    store.create_run(new_run("a")).await.unwrap();
    store.claim_run(Pool::Browsers, "w", LEASE).await.unwrap();
    let (mut events, mut update) = finished(v1::Outcome::Error);
    events.insert(0, logged("it broke"));
    update.start_time = Some(prost_types::Timestamp {
        seconds: 3,
        nanos: 4,
    });
    update.statistics = Some(v1::RunStatistics {
        total: 3,
        errors: 3,
        ..Default::default()
    });
    update.failure = Some(v1::Failure {
        message: "no browser".to_owned(),
        ..Default::default()
    });
    update.artifacts = Some(vec!["artifacts/1".to_owned(), "artifacts/2".to_owned()]);
    store
        .append("runs/a", events, update.clone())
        .await
        .unwrap();
    let before = store.run("runs/a").await.unwrap();
    let log = store.events("runs/a", 0, 10).await.unwrap();
    store.close().await;

    let store = open(folder.path()).await;
    let after = store.run("runs/a").await.unwrap();
    assert_eq!(after, before);
    assert_eq!(
        (after.state(), after.outcome()),
        (RunState::Finished, v1::Outcome::Error)
    );
    assert_eq!(after.start_time, update.start_time);
    assert_eq!(after.end_time, update.end_time);
    assert_eq!(after.statistics, update.statistics);
    assert_eq!(after.failure, update.failure);
    assert_eq!(Some(after.artifacts), update.artifacts);
    assert_eq!(store.events("runs/a", 0, 10).await.unwrap(), log);
}

#[tokio::test]
async fn events_are_numbered_without_gaps_and_read_from_anywhere() {
    let (_folder, store) = fresh().await;
    store.create_run(new_run("a")).await.unwrap();
    // More than one multi-row statement holds, and remainders of each size.
    let events = (2..=80).map(|n| logged(n.to_string())).collect();
    assert_eq!(
        store
            .append("runs/a", events, RunUpdate::default())
            .await
            .unwrap(),
        80
    );
    assert_eq!(
        store
            .append("runs/a", vec![], RunUpdate::default())
            .await
            .unwrap(),
        80
    );
    let expected: Vec<_> = (2..=80).map(|n| (n, n.to_string())).collect();
    for (after, limit) in [(1, 100), (1, 7), (79, 5), (80, 5)] {
        let read = store.events("runs/a", after, limit).await.unwrap();
        let from = after as usize - 1;
        let to = (from + limit).min(expected.len());
        assert_eq!(messages(&read), expected[from..to], "{limit} after {after}");
    }
    assert!(store.events("runs/a", 0, 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn events_outside_the_log_are_told_apart() {
    let (_folder, store) = fresh().await;
    store.create_run(new_run("a")).await.unwrap();
    let future = store.events("runs/a", 2, 10).await.unwrap_err();
    assert_eq!(future.reason, ErrorReason::SequenceInFuture);
    assert_eq!(future.metadata["last_sequence"], "1");
    let unknown = store.events("runs/b", 0, 10).await.unwrap_err();
    assert_eq!(unknown.reason, ErrorReason::RunNotFound);
    assert_eq!(unknown.resource.as_deref(), Some("runs/b"));
}

#[tokio::test]
async fn writers_of_one_run_get_numbers_of_their_own_and_the_listener_hears_them_in_order() {
    let (_folder, store) = fresh().await;
    let heard = Arc::new(Heard::default());
    store.set_commit_listener(heard.clone());
    store.create_run(new_run("a")).await.unwrap();
    let append = |n: i32| {
        let events = vec![logged(n.to_string()), logged(n.to_string())];
        store.append("runs/a", events, RunUpdate::default())
    };
    let mut last: Vec<i64> = join_all((0..100).map(append))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    last.sort_unstable();
    assert_eq!(last, (3..=201).step_by(2).collect::<Vec<_>>());
    assert_eq!(heard.sequences("runs/a"), (1..=201).collect::<Vec<_>>());
    let log = store.events("runs/a", 0, 1000).await.unwrap();
    assert!(
        messages(&log)[1..]
            .chunks(2)
            .all(|pair| pair[0].1 == pair[1].1)
    );
    let told: Vec<_> = heard
        .0
        .lock()
        .iter()
        .flat_map(|(_, events)| events.clone())
        .collect();
    assert_eq!(told, log);
}

#[tokio::test]
async fn a_refused_write_does_not_fail_its_neighbours() {
    let (_folder, store) = fresh().await;
    store.create_run(new_run("a")).await.unwrap();
    let append = |n: usize| {
        // Every third is for a run that does not exist.
        let run = if n.is_multiple_of(3) {
            "runs/none"
        } else {
            "runs/a"
        };
        store.append(run, vec![logged(n.to_string())], RunUpdate::default())
    };
    let results = join_all((0..90).map(append)).await;
    for (n, result) in results.iter().enumerate() {
        match result {
            Ok(_) => assert!(!n.is_multiple_of(3)),
            Err(error) => {
                assert!(n.is_multiple_of(3));
                assert_eq!(error.reason, ErrorReason::RunNotFound);
            }
        }
    }
    assert_eq!(store.run("runs/a").await.unwrap().last_sequence, 61);
}

#[tokio::test]
async fn a_write_that_the_database_refuses_does_not_fail_its_neighbours() {
    let (_folder, store) = fresh().await;
    let heard = Arc::new(Heard::default());
    store.set_commit_listener(heard.clone());
    // The name of a run is unique: the second one makes the whole group's transaction void.
    let create = |n: usize| store.create_run(new_run(if n == 20 { 19 } else { n }));
    let results = join_all((0..40).map(create)).await;
    let failed: Vec<_> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].reason, ErrorReason::StorageFailed);
    assert_eq!(
        store.run_counts().await.unwrap(),
        RunCounts {
            queued: 39,
            running: 0
        }
    );
    let mut told: Vec<_> = heard.0.lock().iter().map(|(run, _)| run.clone()).collect();
    told.sort_unstable();
    let count = told.len();
    told.dedup();
    assert_eq!(
        (count, told.len()),
        (39, 39),
        "each is told once, when it is durable"
    );
}

#[tokio::test]
async fn a_repeated_request_finds_its_run() {
    let (folder, store) = fresh().await;
    let first = store
        .create_run(requested("a", "request", 1))
        .await
        .unwrap();
    finish(&store, "runs/a").await;
    store.close().await;
    let store = open(folder.path()).await;
    let again = store
        .create_run(requested("b", "request", 1))
        .await
        .unwrap();
    assert_eq!(
        (again.state(), again.name),
        (RunState::Finished, first.name)
    );
    let reused = store
        .create_run(requested("c", "request", 2))
        .await
        .unwrap_err();
    assert_eq!(reused.reason, ErrorReason::RequestIdReused);
    assert_eq!(reused.resource.as_deref(), Some("runs/a"));
    store.delete_run("runs/a").await.unwrap();
    let anew = store
        .create_run(requested("d", "request", 2))
        .await
        .unwrap();
    assert_eq!(
        anew.name, "runs/d",
        "the id is remembered as long as the run"
    );
}

#[tokio::test]
async fn the_same_request_at_the_same_moment_creates_one_run() {
    let (_folder, store) = fresh().await;
    let create = |n: i32| store.create_run(requested(n, "request", 1));
    let runs = join_all((0..50).map(create)).await;
    let names: std::collections::HashSet<_> =
        runs.into_iter().map(|run| run.unwrap().name).collect();
    assert_eq!(names.len(), 1);
    assert_eq!(store.run_counts().await.unwrap().queued, 1);
}

#[tokio::test]
async fn the_queue_has_a_limit() {
    let (_folder, store) = fresh().await;
    let limited = |mut run: etude_engine::store::NewRun| {
        run.max_queued = 2;
        run
    };
    store
        .create_run(limited(requested("a", "request", 1)))
        .await
        .unwrap();
    store.create_run(limited(new_run("b"))).await.unwrap();
    let error = store.create_run(limited(new_run("c"))).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::RunQueueFull);
    assert!(error.retry_after.is_some());
    let again = store
        .create_run(limited(requested("d", "request", 1)))
        .await
        .unwrap();
    assert_eq!(again.name, "runs/a", "a repetition needs no room");
    store.claim_run(Pool::Browsers, "w", LEASE).await.unwrap();
    store.create_run(limited(new_run("c"))).await.unwrap();
}

#[tokio::test]
async fn each_pool_has_a_line_of_its_own() {
    let (_folder, store) = fresh().await;
    for id in ["here", "there", "here too"] {
        let mut new = new_run(id);
        new.spec.platform = (id == "there").then(v1::PlatformRun::default);
        store.create_run(new).await.unwrap();
    }
    for (pool, expected) in [
        (Pool::Platforms, Some("runs/there")),
        (Pool::Platforms, None),
        (Pool::Browsers, Some("runs/here")),
        (Pool::Browsers, Some("runs/here too")),
        (Pool::Browsers, None),
    ] {
        let claimed = store.claim_run(pool, "w", LEASE).await.unwrap();
        let name = claimed.map(|claimed| claimed.run.name);
        assert_eq!(name.as_deref(), expected);
    }
}

#[tokio::test]
async fn runs_are_claimed_once_each_and_oldest_first() {
    let (_folder, store) = fresh().await;
    for n in 0..20 {
        store.create_run(new_run(n)).await.unwrap();
    }
    let first = store
        .claim_run(Pool::Browsers, "w", LEASE)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first.run.name, "runs/0");
    assert_eq!(
        (first.run.state(), first.run.attempt),
        (RunState::Running, 1)
    );
    assert_eq!(first.spec.base_url, "http://0.test");
    assert_eq!(store.run("runs/0").await.unwrap(), first.run);
    let claims = join_all((0..30).map(|_| store.claim_run(Pool::Browsers, "w", LEASE))).await;
    let names: Vec<_> = claims
        .into_iter()
        .filter_map(|claim| claim.unwrap())
        .map(|claim| claim.run.name)
        .collect();
    assert_eq!(
        names,
        (1..20).map(|n| format!("runs/{n}")).collect::<Vec<_>>()
    );
    assert_eq!(
        store.run_counts().await.unwrap(),
        RunCounts {
            queued: 0,
            running: 20
        }
    );
}

#[tokio::test]
async fn runs_of_ended_processes_are_abandoned_and_can_begin_again() {
    let (folder, store) = fresh().await;
    for id in ["mine", "yours", "done"] {
        store.create_run(new_run(id)).await.unwrap();
    }
    store.claim_run(Pool::Browsers, "new", LEASE).await.unwrap();
    store.claim_run(Pool::Browsers, "old", LEASE).await.unwrap();
    store.claim_run(Pool::Browsers, "old", LEASE).await.unwrap();
    finish(&store, "runs/done").await;
    store.renew_leases("old", LEASE).await.unwrap();
    store.close().await;

    let store = open(folder.path()).await;
    let abandoned = store.abandoned_runs("new").await.unwrap();
    let names: Vec<_> = abandoned.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["runs/yours"]);
    let queued = RunUpdate {
        state: Some(RunState::Queued),
        ..RunUpdate::default()
    };
    store
        .append("runs/yours", vec![logged("again")], queued)
        .await
        .unwrap();
    assert!(store.abandoned_runs("new").await.unwrap().is_empty());
    let claimed = store
        .claim_run(Pool::Browsers, "new", LEASE)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (claimed.run.name.as_str(), claimed.run.attempt),
        ("runs/yours", 2)
    );
}

#[tokio::test]
async fn only_what_is_over_can_be_deleted() {
    let (_folder, store) = fresh().await;
    store.create_run(new_run("a")).await.unwrap();
    let waits = store.delete_run("runs/a").await.unwrap_err();
    assert_eq!(waits.reason, ErrorReason::RunNotFinished);
    finish(&store, "runs/a").await;
    store.delete_run("runs/a").await.unwrap();
    for gone in [
        store.delete_run("runs/a").await.unwrap_err(),
        store.run("runs/a").await.unwrap_err(),
        store.run_spec("runs/a").await.unwrap_err(),
        store.events("runs/a", 0, 1).await.unwrap_err(),
        store
            .append("runs/a", vec![], RunUpdate::default())
            .await
            .unwrap_err(),
    ] {
        assert_eq!(gone.reason, ErrorReason::RunNotFound);
    }
    assert_eq!(store.run_counts().await.unwrap(), RunCounts::default());
    store.create_run(new_run("a")).await.unwrap();
    assert_eq!(
        store.events("runs/a", 0, 10).await.unwrap().len(),
        1,
        "nothing of it is left"
    );
}

#[tokio::test]
async fn old_logs_are_compacted_to_their_last_event() {
    let (_folder, store) = fresh().await;
    for n in 0..61 {
        let mut new = new_run(n);
        if n == 60 {
            new.run.owner = "executions/7".to_owned();
        }
        store.create_run(new).await.unwrap();
        store
            .append(
                &format!("runs/{n}"),
                vec![logged("x")],
                RunUpdate::default(),
            )
            .await
            .unwrap();
        if n > 0 {
            finish(&store, &format!("runs/{n}")).await;
        }
    }
    assert_eq!(
        store
            .compact_events(Duration::from_secs(u64::MAX))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        store
            .compact_events(Duration::from_secs(3600))
            .await
            .unwrap(),
        59
    );
    assert_eq!(
        store
            .compact_events(Duration::from_secs(3600))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        store.events("runs/0", 0, 10).await.unwrap().len(),
        2,
        "it has not finished"
    );
    let owned = store.events("runs/60", 0, 10).await.unwrap();
    assert_eq!(owned.len(), 3, "an execution tells what it says");
    let run = store.run("runs/7").await.unwrap();
    assert_eq!((run.first_sequence, run.last_sequence), (3, 3));
    for after in [0, 1] {
        let error = store.events("runs/7", after, 10).await.unwrap_err();
        assert_eq!(error.reason, ErrorReason::EventsCompacted);
        assert_eq!(error.metadata["first_sequence"], "3");
    }
    let rest = store.events("runs/7", 2, 10).await.unwrap();
    assert_eq!(messages(&rest), [(3, "finished".to_owned())]);
    assert!(store.events("runs/7", 3, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (_folder, store) = fresh().await;
    store.create_run(new_run("a")).await.unwrap();
    store.close().await;
    store.close().await;
    let written = store.create_run(new_run("b")).await.unwrap_err();
    assert_eq!(written.reason, ErrorReason::StorageFailed);
    let read = store.run("runs/a").await.unwrap_err();
    assert_eq!(read.reason, ErrorReason::StorageFailed);
}

#[tokio::test]
async fn the_execution_of_a_run_is_kept_with_it_until_it_is_taken_away() {
    let (_folder, store) = fresh().await;
    store.create_run(new_run("there")).await.unwrap();
    let of = |name: &str, memo: &[u8]| RunUpdate {
        execution: Some(RemoteExecution {
            name: name.to_owned(),
            memo: memo.to_vec(),
        }),
        state: Some(RunState::Queued),
        ..RunUpdate::default()
    };
    let append = async |update| {
        let appended = store.append("runs/there", vec![logged("x")], update);
        appended.await.unwrap();
    };
    let claimed = async || {
        let claimed = store
            .claim_run(Pool::Browsers, "worker", LEASE)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(store.run("runs/there").await.unwrap(), claimed.run);
        claimed.execution
    };
    assert_eq!(claimed().await, None);
    append(of("executions/7", b"memo")).await;
    append(RunUpdate::default()).await;
    let kept = claimed().await;
    assert_eq!(kept, of("executions/7", b"memo").execution);
    append(of("", b"")).await;
    assert_eq!(claimed().await, None);
}
