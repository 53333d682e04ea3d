//! What the contract promises of a run's log, and of watching it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::HashSet;
use std::time::Duration;

use common::{GUARD, Server, check_log, drain, options, reason, rows, test};
use etude_engine::runs::RunsOptions;
use futures::StreamExt;
use tempfile::tempdir;

#[tokio::test]
async fn the_log_is_ordered_unique_and_gap_free_and_ends_with_the_run() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, run) = server.execute(rows(test(&["a", "fail", "b"]), 3)).await;
    check_log(&events);
    assert_eq!(run.last_sequence, events.len() as i64);
    let stored = server.store.events(&run.name, 0, 1000).await.unwrap();
    let stored: Vec<_> = stored.iter().map(|event| event.as_ref().clone()).collect();
    assert_eq!(stored, events, "what was delivered is what is kept");
}

#[tokio::test]
async fn what_is_delivered_is_durable() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let run = server.create(test(&["a", "b", "c"])).await;
    let mut stream = server.runs.watch(&run, 0).await.unwrap();
    while let Some(message) = stream.next().await {
        let Some(last) = message.unwrap().events.last().cloned() else {
            continue;
        };
        let kept = server
            .store
            .events(&run, last.sequence - 1, 1)
            .await
            .unwrap();
        assert_eq!(*kept[0], last);
    }
}

#[tokio::test]
async fn a_watcher_resumes_from_every_sequence_number() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let run = server.create(test(&["a", "block", "b"])).await;
    server.wait_for_step(&run, "block").await;
    let known = server.store.run(&run).await.unwrap().last_sequence;
    let mut live = Vec::new();
    for after in 0..=known {
        live.push((after, server.runs.watch(&run, after).await.unwrap()));
    }
    server.backend.release();
    let all = server.events(&run).await;
    for (after, stream) in live {
        let (events, end) = drain(stream).await;
        assert_eq!((events.as_slice(), end), (&all[after as usize..], None));
    }
    for after in 0..=all.len() {
        let stream = server.runs.watch(&run, after as i64).await.unwrap();
        let (events, end) = drain(stream).await;
        assert_eq!((events.as_slice(), end), (&all[after..], None));
    }
}

#[tokio::test]
async fn a_slow_reader_gets_everything_in_few_messages() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let steps: Vec<_> = (0..1500).map(|number| format!("step {number}")).collect();
    let steps: Vec<_> = steps.iter().map(String::as_str).collect();
    let run = server.create(test(&steps)).await;
    let mut slow = server.runs.watch(&run, 0).await.unwrap();
    let mut events = slow.next().await.unwrap().unwrap().events;
    server.events(&run).await;
    let mut messages = 0;
    while let Some(message) = slow.next().await {
        let message = message.unwrap();
        let bytes: usize = message.events.iter().map(prost::Message::encoded_len).sum();
        assert!(bytes <= 64 * 1024, "{bytes}");
        events.extend(message.events);
        messages += 1;
    }
    check_log(&events);
    assert!(events.len() > 3000, "more than memory keeps");
    assert!(messages < events.len() / 20, "{messages} messages");
}

#[tokio::test]
async fn a_thousand_watchers_miss_nothing() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let run = server
        .create(test(&["block", "a", "b", "c", "d", "e"]))
        .await;
    server.wait_for_step(&run, "block").await;
    let mut watchers = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        watchers.spawn(drain(server.runs.watch(&run, 0).await.unwrap()));
    }
    server.backend.release();
    let all = server.events(&run).await;
    check_log(&all);
    while let Some(watched) = watchers.join_next().await {
        let (events, end) = watched.unwrap();
        assert!(events == all && end.is_none());
    }
}

#[tokio::test]
async fn a_quiet_stream_carries_heartbeats_with_the_last_sequence() {
    let folder = tempdir().unwrap();
    let options = RunsOptions {
        heartbeat: Duration::from_millis(50),
        ..options()
    };
    let server = Server::idle(folder.path(), options).await;
    let run = server.create(test(&["a"])).await;
    let mut stream = server.runs.watch(&run, 0).await.unwrap();
    // On a busy machine, reading the first event may take longer than a heartbeat.
    let first = loop {
        let message = tokio::time::timeout(GUARD, stream.next()).await.unwrap();
        let message = message.unwrap().unwrap();
        assert_eq!(message.last_sequence, 1);
        if !message.events.is_empty() {
            break message.events;
        }
    };
    assert_eq!(first.len(), 1);
    for _ in 0..3 {
        let beat = tokio::time::timeout(GUARD, stream.next()).await.unwrap();
        let beat = beat.unwrap().unwrap();
        assert!(beat.events.is_empty());
        assert_eq!(beat.last_sequence, 1);
    }
    server.work();
    let (rest, end) = drain(stream).await;
    assert!(end.is_none());
    assert_eq!(rest[0].sequence, 2);
}

#[tokio::test]
async fn the_promised_heartbeat_is_at_most_15_seconds() {
    assert!(RunsOptions::default().heartbeat <= Duration::from_secs(15));
}

#[tokio::test]
async fn a_sequence_in_the_future_is_refused() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let run = server.create(test(&["a"])).await;
    assert!(server.runs.watch(&run, 1).await.is_ok());
    let error = server.runs.watch(&run, 2).await.err().unwrap();
    assert_eq!(error.reason.name(), "SEQUENCE_IN_FUTURE");
    assert_eq!(error.metadata["last_sequence"], "1");
    let unknown = server.runs.watch("runs/none", 0).await.err().unwrap();
    assert_eq!(unknown.reason.name(), "RUN_NOT_FOUND");
}

#[tokio::test]
async fn compacted_events_are_refused_with_the_first_that_is_kept() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, run) = server.execute(test(&["a"])).await;
    assert_eq!(
        server.store.compact_events(Duration::ZERO).await.unwrap(),
        1
    );
    let last = events.len() as i64;
    for after in 0..last - 1 {
        let error = server.runs.watch(&run.name, after).await.err().unwrap();
        assert_eq!(error.reason.name(), "EVENTS_COMPACTED");
        assert_eq!(error.metadata["first_sequence"], last.to_string());
    }
    let (rest, end) = drain(server.runs.watch(&run.name, last - 1).await.unwrap()).await;
    assert_eq!((rest.len(), end), (1, None));
}

#[tokio::test]
async fn a_shutdown_ends_streams_with_their_cursor() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let run = server.create(test(&["a"])).await;
    let stream = server.runs.watch(&run, 0).await.unwrap();
    let mut seen = server.runs.watch(&run, 0).await.unwrap();
    seen.next().await.unwrap().unwrap();
    server.runs.shutdown().await;
    for (stream, cursor) in [(stream, "0"), (seen, "1")] {
        let (events, end) = drain(stream).await;
        let end = end.expect("not OK before the last event");
        assert!(events.is_empty());
        assert_eq!(end.reason.name(), "SERVER_SHUTDOWN");
        assert_eq!(end.metadata["last_sequence"], cursor);
        assert!(end.retry_after.is_some());
    }
    let request = etude::v1::CreateRunRequest::default();
    assert_eq!(reason(server.runs.create(request).await), "SERVER_SHUTDOWN");
}

#[tokio::test]
async fn a_deleted_run_ends_the_stream_with_an_error() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (_, run) = server.execute(test(&["a"])).await;
    let stream = server.runs.watch(&run.name, 0).await.unwrap();
    server.runs.delete(&run.name).await.unwrap();
    let (events, end) = drain(stream).await;
    assert!(events.is_empty());
    assert_eq!(end.unwrap().reason.name(), "RUN_NOT_FOUND");
}

#[tokio::test]
async fn many_runs_are_watched_at_the_same_time() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let mut names = HashSet::new();
    for _ in 0..20 {
        names.insert(server.create(test(&["a", "b"])).await);
    }
    assert_eq!(names.len(), 20);
    for name in names {
        check_log(&server.events(&name).await);
    }
}
