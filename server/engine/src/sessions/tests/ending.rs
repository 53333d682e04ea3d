//! How sessions end.

use super::*;
use crate::testing::millis;

fn lasting(ttl: i64, idle: i64) -> CreateSessionRequest {
    CreateSessionRequest {
        ttl: Some(millis(ttl)),
        idle_timeout: Some(millis(idle)),
        ..CreateSessionRequest::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_at_its_time_and_stops_its_step() {
    let bench = Bench::new(&slow());
    let session = bench.create(lasting(60_000, 3_600_000)).await.unwrap().name;
    tokio::time::sleep(Duration::from_secs(59)).await;
    let error = bench.run(&session, click("Hang")).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::SessionEnded);
    assert_eq!(error.metadata["end_reason"], "SESSION_EXPIRED");
    bench.sessions.delete(&session).await.unwrap();
    assert_eq!(
        bench.backend.log(),
        ["click started", "click dropped", "closed"]
    );
    assert_eq!(bench.end_reason(&session).await, "SESSION_EXPIRED");
    assert_eq!(bench.sessions.active(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_end_can_be_moved() {
    let bench = Bench::new(&slow());
    let session = bench.create(lasting(60_000, 3_600_000)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(50)).await;
    let ttl = Duration::from_secs(100);
    let extended = bench.sessions.extend(&session.name, ttl).await.unwrap();
    assert_eq!(extended.last_sequence, 1);
    tokio::time::sleep(Duration::from_secs(99)).await;
    assert_eq!(bench.end_reason(&session.name).await, "");
    bench
        .sessions
        .extend(&session.name, Duration::from_secs(1))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(bench.end_reason(&session.name).await, "SESSION_EXPIRED");
    let refused = bench.sessions.extend(&session.name, ttl).await;
    assert_eq!(reason(refused), ErrorReason::SessionEnded);
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_ends_and_a_busy_one_does_not() {
    let bench = Bench::new(&slow());
    let session = bench.create(lasting(3_600_000, 10_000)).await.unwrap().name;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(8)).await;
        bench.run(&session, v1::Refresh::default()).await.unwrap();
    }
    let wait = v1::WaitTime {
        duration: Some(millis(60_000)),
    };
    bench.run(&session, wait).await.unwrap();
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(bench.end_reason(&session).await, "");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(bench.end_reason(&session).await, "SESSION_IDLE");
    assert_eq!(bench.backend.open_sessions(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_dies_in_a_step_ends_its_session() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    let dies = bench.spawn(&session, click("Crash"));
    let waits = bench.spawn(&session, click("x"));
    let result = dies.await.unwrap().unwrap();
    assert_eq!(result.failure.unwrap().reason, "BROWSER_CRASHED");
    let error = waits.await.unwrap().unwrap_err();
    assert_eq!(error.metadata["end_reason"], "BROWSER_CRASHED");
    settle().await;
    let ended = bench.sessions.get(&session).await.unwrap();
    assert_eq!(ended.end_reason, "BROWSER_CRASHED");
    assert_eq!(bench.sessions.active(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_dies_between_steps_ends_its_session() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    bench.run(&session, click("x")).await.unwrap();
    bench.backend.kill();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(bench.end_reason(&session).await, "BROWSER_CRASHED");
}

#[tokio::test(start_paused = true)]
async fn deletion_stops_the_step_and_turns_waiting_callers_away() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    let hangs = bench.spawn(&session, click("Hang"));
    settle().await;
    let waits = bench.spawn(&session, click("x"));
    settle().await;
    bench.sessions.delete(&session).await.unwrap();
    for call in [hangs, waits] {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.reason, ErrorReason::SessionEnded);
        assert_eq!(error.metadata["end_reason"], "SESSION_DELETED");
    }
    assert_eq!(
        bench.backend.log(),
        ["click started", "click dropped", "closed"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_everything_and_refuses_more() {
    let bench = Bench::new(&slow());
    let (one, two) = (bench.open().await, bench.open().await);
    let hangs = bench.spawn(&one, click("Hang"));
    settle().await;
    bench.sessions.shutdown().await;
    assert_eq!(bench.backend.open_sessions(), 0);
    let stopped = hangs.await.unwrap().unwrap_err();
    assert_eq!(stopped.reason, ErrorReason::ServerShutdown);
    assert!(stopped.retry_after.is_some());
    let refused = bench.run(&two, click("x")).await;
    assert_eq!(reason(refused), ErrorReason::ServerShutdown);
    let refused = bench.create(CreateSessionRequest::default()).await;
    assert_eq!(reason(refused), ErrorReason::ServerShutdown);
    let kept = bench.store.sessions();
    assert!(
        kept.iter()
            .all(|session| session.end_reason == "SERVER_SHUTDOWN")
    );
}

#[tokio::test(start_paused = true)]
async fn an_ended_session_is_kept_for_an_hour() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    bench.sessions.delete(&session).await.unwrap();
    tokio::time::sleep(Duration::from_secs(59 * 60)).await;
    assert!(bench.sessions.watch(&session, 0).await.is_ok());
    tokio::time::sleep(Duration::from_secs(3 * 60)).await;
    // Its events are forgotten; the store, whose clock is not the test's, still has its record.
    let forgotten = bench.sessions.watch(&session, 0).await.map(drop);
    assert_eq!(reason(forgotten), ErrorReason::EventsCompacted);
}
