//! Limits, queue, breaker and cache.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;

use super::*;

fn project() -> Reply {
    item(json!({"id": 12, "name": "Shop"}))
}

fn late(millis: u64) -> Reply {
    Reply::Late(Duration::from_millis(millis), Box::new(project()))
}

#[tokio::test]
async fn no_more_calls_are_on_their_way_than_allowed() {
    let upstream = Upstream::start(|_, _| Reply::Silence).await;
    let limits = Limits {
        concurrency: 2,
        queue: 3,
        ..quick()
    };
    let client = client(&upstream, limits);
    let calls: Vec<_> = (0..6)
        .map(|id| {
            let client = client.clone();
            tokio::spawn(async move { client.fresh().call(steps::get(id)).await })
        })
        .collect();
    let refused = loop {
        if let Some(done) = calls.iter().position(|call| call.is_finished()) {
            break done;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    let metrics = client.metrics();
    assert_eq!((metrics.in_flight, metrics.queued), (2, 3));
    let mut calls = calls;
    let error = calls.remove(refused).await.unwrap().unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformQueueFull);
    assert_eq!(client.metrics().queue_refused, 1);
    // Whoever gives up leaves the place at once.
    calls.iter().for_each(|call| call.abort());
    for call in calls {
        assert!(call.await.unwrap_err().is_cancelled());
    }
    let metrics = client.metrics();
    assert_eq!((metrics.in_flight, metrics.queued), (0, 0));
}

#[tokio::test]
async fn a_place_that_is_given_up_goes_to_the_next_in_the_queue() {
    let upstream = Upstream::start(|_, before| match before {
        0 => Reply::Silence,
        _ => project(),
    })
    .await;
    let limits = Limits {
        concurrency: 1,
        ..quick()
    };
    let client = client(&upstream, limits);
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.call(projects::get(1)).await }
    });
    while upstream.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let second = client.call(projects::get(2));
    let give_up = async {
        tokio::task::yield_now().await;
        first.abort();
    };
    let (second, ()) = tokio::join!(second, give_up);
    assert_eq!(second.unwrap().id, 12);
}

#[tokio::test]
async fn the_breaker_opens_leaves_the_platform_alone_and_closes() {
    let healthy = Arc::new(AtomicBool::new(false));
    let upstream = {
        let healthy = healthy.clone();
        Upstream::start(move |_, _| match healthy.load(Ordering::SeqCst) {
            true => project(),
            false => Reply::Text(503, vec![], String::new()),
        })
        .await
    };
    let limits = Limits {
        retries: 0,
        breaker: BreakerOptions {
            window: 8,
            failures: 4,
            pause: Duration::from_millis(1500),
            probes: 2,
        },
        ..quick()
    };
    let client = client(&upstream, limits);
    let fresh = client.fresh();
    let call = || fresh.call(steps::get(1));
    for _ in 0..4 {
        let error = call().await.unwrap_err();
        assert_eq!(error.reason, ErrorReason::PlatformUnavailable);
    }
    assert_eq!(client.metrics().breaker, BreakerState::Open);
    let error = call().await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformCircuitOpen);
    assert!(error.retry_after.unwrap() <= Duration::from_millis(1500));
    assert_eq!(upstream.seen().len(), 4);

    // After the pause a probe passes; it fails, and the breaker opens again.
    tokio::time::sleep(Duration::from_millis(1550)).await;
    let error = call().await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformUnavailable);
    assert_eq!(client.metrics().breaker, BreakerState::Open);
    assert_eq!(client.metrics().breaker_opened, 2);

    // As many probes as asked for succeed: it closes.
    healthy.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1550)).await;
    call().await.unwrap();
    assert_eq!(client.metrics().breaker, BreakerState::HalfOpen);
    call().await.unwrap();
    assert_eq!(client.metrics().breaker, BreakerState::Closed);
    assert!(client.metrics().breaker_refused >= 1);
}

#[tokio::test]
async fn refusals_in_good_order_leave_the_breaker_closed() {
    let error = json!({"success": false, "error": {"code": "1403", "message": "none"}});
    let upstream = Upstream::start(move |_, _| Reply::json(404, error.clone())).await;
    let client = client(&upstream, quick());
    for _ in 0..30 {
        client.call(projects::get(1)).await.unwrap_err();
    }
    assert_eq!(client.metrics().breaker, BreakerState::Closed);
    assert_eq!(upstream.seen().len(), 30);
}

#[tokio::test]
async fn a_probe_that_is_given_up_lets_another_one_through() {
    let upstream = Upstream::start(|_, before| match before {
        0 => Reply::Text(503, vec![], String::new()),
        1 => Reply::Silence,
        _ => project(),
    })
    .await;
    let limits = Limits {
        retries: 0,
        breaker: BreakerOptions {
            window: 1,
            failures: 1,
            pause: Duration::from_millis(1),
            probes: 1,
        },
        ..quick()
    };
    let client = client(&upstream, limits);
    client.fresh().call(steps::get(1)).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(5)).await;
    give_up(client.fresh().call(steps::get(1)), &upstream, "GET", 2).await;
    client.fresh().call(steps::get(1)).await.unwrap();
    assert_eq!(client.metrics().breaker, BreakerState::Closed);
}

#[tokio::test]
async fn a_token_makes_no_more_calls_per_second_than_it_may() {
    let upstream = Upstream::start(|_, _| project()).await;
    let limits = Limits {
        per_second: std::num::NonZeroU32::new(20),
        ..quick()
    };
    let client = client(&upstream, limits);
    let fresh = client.fresh();
    let all = join_all((0..25).map(|_| fresh.call(steps::get(1)))).await;
    assert!(all.iter().all(Result::is_ok));
    assert!((1..=5).contains(&client.metrics().rate_limited));
    let strict = Limits {
        per_second: std::num::NonZeroU32::new(1),
        longest_delay: Duration::from_millis(10),
        ..quick()
    };
    let client = super::client(&upstream, strict);
    let fresh = client.fresh();
    let (first, second) = tokio::join!(fresh.call(steps::get(1)), fresh.call(steps::get(1)));
    first.unwrap();
    let error = second.unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformRateLimited);
    assert!(error.retry_after.is_some());
}

#[tokio::test]
async fn what_was_read_is_kept_until_something_is_written() {
    let upstream = Upstream::start(|_, _| project()).await;
    let client = client(&upstream, quick());
    for _ in 0..3 {
        assert_eq!(client.call(projects::get(12)).await.unwrap().id, 12);
    }
    let metrics = client.metrics();
    assert_eq!((metrics.cache_hits, metrics.cache_misses), (2, 1));
    client.fresh().call(projects::get(12)).await.unwrap();
    assert_eq!(upstream.count("GET"), 2);
    client.call(journeys::rename(1, "x")).await.unwrap();
    client.call(projects::get(12)).await.unwrap();
    assert_eq!(upstream.count("GET"), 3);
}

#[tokio::test]
async fn what_is_read_while_something_is_written_is_not_kept() {
    let upstream = Upstream::start(|request, _| match request.method.as_str() {
        "GET" => late(100),
        _ => project(),
    })
    .await;
    let client = client(&upstream, quick());
    let read = client.call(projects::get(12));
    let write = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        client.call(journeys::rename(1, "x")).await
    };
    let (read, written) = tokio::join!(read, write);
    read.unwrap();
    written.unwrap();
    client.call(projects::get(12)).await.unwrap();
    assert_eq!(client.metrics().cache_hits, 0);
}

#[tokio::test]
async fn failures_are_not_kept() {
    let upstream = Upstream::start(|_, before| match before {
        0 => Reply::json(404, json!({"success": false, "error": {"code": "1403"}})),
        _ => project(),
    })
    .await;
    let client = client(&upstream, quick());
    client.call(projects::get(12)).await.unwrap_err();
    client.call(projects::get(12)).await.unwrap();
}
