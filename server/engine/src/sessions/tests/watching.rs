//! Events of sessions.

use etude::v1::{SessionEvent, WatchSessionResponse, session_event::Payload};

use super::*;
use crate::testing::target;

/// The events of a stream until it ends.
async fn all(stream: impl Stream<Item = Result<WatchSessionResponse>>) -> Vec<SessionEvent> {
    let messages = stream.collect::<Vec<_>>().await;
    messages
        .into_iter()
        .flat_map(|message| message.unwrap().events)
        .collect()
}

fn word(event: &SessionEvent) -> &'static str {
    match event.payload.as_ref().unwrap() {
        Payload::StepStarted(_) => "started",
        Payload::StepFinished(_) => "finished",
        Payload::Extended(_) => "extended",
        Payload::Ended(_) => "ended",
    }
}

#[tokio::test(start_paused = true)]
async fn events_come_in_order_without_gaps_from_any_place() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    let early = bench.sessions.watch(&session, 0).await.unwrap();
    let early = tokio::spawn(all(early));
    bench.run(&session, click("x")).await.unwrap();
    bench
        .sessions
        .extend(&session, Duration::from_secs(60))
        .await
        .unwrap();
    let middle = bench.sessions.watch(&session, 2).await.unwrap();
    let middle = tokio::spawn(all(middle));
    let leaves = bench.spawn(&session, click("Hang"));
    settle().await;
    leaves.abort();
    settle().await;
    bench.sessions.delete(&session).await.unwrap();
    let events = early.await.unwrap();
    let numbers: Vec<_> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let words: Vec<_> = events.iter().map(word).collect();
    assert_eq!(
        words,
        [
            "started", "finished", "extended", "started", "finished", "ended"
        ]
    );
    let Some(Payload::StepFinished(stopped)) = &events[4].payload else {
        panic!("{:?}", events[4]);
    };
    let failure = stopped.result.as_ref().unwrap().failure.as_ref().unwrap();
    assert_eq!((stopped.step, failure.reason.as_str()), (2, "CANCELLED"));
    assert_eq!(middle.await.unwrap(), events[2..]);
    // After its end too.
    let late = bench.sessions.watch(&session, 4).await.unwrap();
    assert_eq!(all(late).await, events[4..]);
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_heartbeats() {
    let bench = Bench::new(&slow());
    let session = bench.open().await;
    bench.run(&session, click("x")).await.unwrap();
    let mut stream = Box::pin(bench.sessions.watch(&session, 2).await.unwrap());
    for _ in 0..3 {
        let before = tokio::time::Instant::now();
        let message = stream.next().await.unwrap().unwrap();
        assert_eq!((message.events.len(), message.last_sequence), (0, 2));
        assert!(before.elapsed() <= Duration::from_secs(15));
    }
    bench.run(&session, click("x")).await.unwrap();
    let message = stream.next().await.unwrap().unwrap();
    assert_eq!(message.events[0].sequence, 3);
}

#[tokio::test]
async fn events_that_are_gone_or_to_come_are_refused() {
    let bench = Bench::new(&FakeBackend::passing());
    let session = bench.open().await;
    let slow_reader = bench.sessions.watch(&session, 0).await.unwrap();
    for _ in 0..600 {
        bench.run(&session, v1::Refresh::default()).await.unwrap();
    }
    let refused = bench
        .sessions
        .watch(&session, 199)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(refused.reason, ErrorReason::EventsCompacted);
    assert_eq!(refused.metadata["first_sequence"], "201");
    let refused = bench.sessions.watch(&session, 1201).await.map(drop);
    assert_eq!(reason(refused), ErrorReason::SequenceInFuture);
    // One that has fallen behind hears the same, and nothing after it.
    let heard = slow_reader.collect::<Vec<_>>().await;
    assert_eq!(heard.len(), 1);
    assert_eq!(
        heard[0].clone().map(drop).unwrap_err().reason,
        ErrorReason::EventsCompacted
    );
    let kept = bench.sessions.watch(&session, 200).await.unwrap();
    let events = kept.take(10).collect::<Vec<_>>().await;
    let numbers: Vec<_> = events
        .into_iter()
        .flat_map(|message| message.unwrap().events)
        .map(|event| event.sequence)
        .collect();
    assert_eq!(numbers, (201..=1200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_message_of_large_events_stays_small() {
    use prost::Message as _;
    let backend = FakeBackend::new(|_, _| {
        Act::Reply(crate::backend::Execution {
            output: Some(serde_json::json!("x".repeat(60_000))),
            ..pass()
        })
    });
    let bench = Bench::new(&backend);
    let session = bench.open().await;
    for _ in 0..20 {
        bench.run(&session, v1::Refresh::default()).await.unwrap();
    }
    bench.sessions.delete(&session).await.unwrap();
    let messages = bench.sessions.watch(&session, 0).await.unwrap();
    let messages: Vec<_> = messages.map(|message| message.unwrap()).collect().await;
    assert!(
        messages
            .iter()
            .all(|message| message.encoded_len() < 300_000)
    );
    assert_eq!(
        messages
            .iter()
            .map(|message| message.events.len())
            .sum::<usize>(),
        41
    );
}

#[tokio::test]
async fn no_event_and_no_session_holds_a_secret() {
    let backend = FakeBackend::new(|_, _| {
        Act::Reply(crate::backend::Execution {
            output: Some(serde_json::json!("c4n4ry")),
            url: "http://shop.test/?q=c4n4ry".into(),
            ..pass()
        })
    });
    let bench = Bench::new(&backend);
    let request = CreateSessionRequest {
        variables: vec![secret_variable("password", "PASSWORD")],
        base_url: "http://$password.test/".into(),
        display_name: "with a secret".into(),
        ..CreateSessionRequest::default()
    };
    let session = bench.create(request).await.unwrap();
    let store = v1::StoreText {
        target: target("x"),
        variable: "text".into(),
    };
    bench.run(&session.name, store).await.unwrap();
    let write = v1::Write {
        target: target("c4n4ry"),
        text: "c4n4ry".into(),
        ..v1::Write::default()
    };
    bench.run(&session.name, write).await.unwrap();
    let read = bench.sessions.get(&session.name).await.unwrap();
    let ended = bench.sessions.delete(&session.name).await.unwrap();
    let events = all(bench.sessions.watch(&session.name, 0).await.unwrap()).await;
    assert_eq!(events.len(), 5);
    let kept = bench.store.sessions();
    let told = format!("{session:?} {read:?} {ended:?} {events:?} {kept:?}");
    assert!(!told.contains("c4n4ry"), "{told}");
}
