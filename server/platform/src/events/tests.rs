use std::time::Duration;

use etude::v1::ErrorReason;
use etude_engine::Error;
use etude_engine::store::Store as _;
use etude_store::{Options, SqliteStore};
use futures::stream::BoxStream;
use futures::{StreamExt as _, future};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use super::*;

/// Longer than a test takes that does not hang.
const GUARD: Duration = Duration::from_secs(60);

async fn open(folder: &TempDir) -> Arc<SqliteStore> {
    let store = SqliteStore::open(Options::new(folder.path())).await;
    Arc::new(store.unwrap())
}

async fn log() -> (EventLog, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::new("virtuoso", open(&folder).await);
    (log, folder)
}

fn delivery(id: &str, body: impl Into<Bytes>) -> Delivery {
    Delivery {
        id: (!id.is_empty()).then(|| id.to_owned()),
        content_type: "application/json".to_owned(),
        body: body.into(),
    }
}

/// Adds so many events; their bodies are their numbers.
async fn fill(log: &EventLog, count: usize) {
    for number in 1..=count {
        let accepted = log.accept(delivery("", number.to_string())).await.unwrap();
        assert_eq!(
            accepted.name,
            format!("platforms/virtuoso/events/{number}"),
            "without gaps"
        );
    }
}

async fn list(log: &EventLog, size: i32, token: &str) -> (Vec<i64>, String) {
    let request = v1::ListPlatformEventsRequest {
        page_size: size,
        page_token: token.to_owned(),
    };
    let page = log.list(request).await.unwrap();
    (numbers(&page.events), page.next_page_token)
}

fn numbers(events: &[v1::PlatformEvent]) -> Vec<i64> {
    events.iter().map(|event| event.sequence).collect()
}

/// All pages of a list.
async fn pages(log: &EventLog, size: i32) -> Vec<Vec<i64>> {
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let (page, next) = list(log, size, &token).await;
        pages.push(page);
        if next.is_empty() {
            return pages;
        }
        token = next;
    }
}

type Messages = BoxStream<'static, Result<v1::WatchPlatformEventsResponse>>;

async fn watch(log: &EventLog, after_sequence: i64) -> Result<Messages> {
    let request = v1::WatchPlatformEventsRequest { after_sequence };
    Ok(log.watch(request).await?.boxed())
}

async fn refused(log: &EventLog, after: i64) -> Error {
    match watch(log, after).await {
        Err(error) => error,
        Ok(_) => panic!("it is watched after {after}"),
    }
}

/// The numbers of the next so many events.
async fn seen(messages: &mut Messages, count: usize) -> Vec<i64> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let next = timeout(GUARD, messages.next()).await.unwrap();
        seen.extend(numbers(&next.unwrap().unwrap().events));
    }
    seen
}

#[tokio::test]
async fn a_delivery_is_kept_as_it_was_received_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let bodies: [&[u8]; 4] = [
        br#"{"jobId": 12, "ok": [true, null]}"#,
        b"{\"a\":",
        b"\xff\0",
        b"",
    ];
    let log = EventLog::new("virtuoso", store.clone());
    for (number, body) in bodies.iter().enumerate() {
        log.accept(delivery(&format!("id-{number}"), *body))
            .await
            .unwrap();
    }
    store.close().await;

    let log = EventLog::new("virtuoso", open(&folder).await);
    let mut kept = log.list(Default::default()).await.unwrap().events;
    kept.reverse();
    for (number, event) in kept.iter().enumerate() {
        assert_eq!(event.body, bodies[number]);
        assert_eq!(event.delivery_id, format!("id-{number}"));
        assert_eq!(event.content_type, "application/json");
        assert_eq!(event.platform, "virtuoso");
        assert!(event.receive_time.is_some());
        assert_eq!(event.json.is_some(), number == 0);
    }
    let shown = etude::json::to_value(&kept[0])["json"].clone();
    assert_eq!(shown, json!({"jobId": 12.0, "ok": [true, null]}));
}

#[tokio::test]
async fn what_is_nested_too_deeply_for_decoders_is_in_the_body_only() {
    let (log, _folder) = log().await;
    for depth in [24, 25, 200] {
        let body = "[".repeat(depth) + &"]".repeat(depth);
        log.accept(delivery("", body)).await.unwrap();
    }
    let page = log.list(Default::default()).await.unwrap();
    let has_json: Vec<_> = page
        .events
        .iter()
        .map(|event| event.json.is_some())
        .collect();
    assert_eq!(has_json, [false, false, true]);
    // The encoded message can be read by those who limit its depth.
    use prost::Message as _;
    let bytes = page.encode_to_vec();
    assert_eq!(
        v1::ListPlatformEventsResponse::decode(bytes.as_slice()).unwrap(),
        page
    );
}

#[tokio::test]
async fn a_delivery_that_is_repeated_is_one_event_also_when_both_come_at_once() {
    let (log, _folder) = log().await;
    let [first, second] = [
        log.accept(delivery("a", "1")),
        log.accept(delivery("a", "2")),
    ];
    let (first, second) = future::join(first, second).await;
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.name, second.name);
    assert_ne!(first.is_repeated, second.is_repeated);
    assert!(!log.accept(delivery("b", "1")).await.unwrap().is_repeated);
    assert_eq!(pages(&log, 0).await, [[2, 1]]);
    // Without an id nobody can tell.
    log.accept(delivery("", "1")).await.unwrap();
    log.accept(delivery("", "1")).await.unwrap();
    assert_eq!(pages(&log, 0).await, [[4, 3, 2, 1]]);
}

#[tokio::test]
async fn platforms_count_and_remember_for_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let [one, other] = ["virtuoso", "team-a"].map(|name| EventLog::new(name, store.clone()));
    for log in [&one, &other] {
        let accepted = log.accept(delivery("same", "1")).await.unwrap();
        assert!(!accepted.is_repeated && accepted.name.ends_with("/events/1"));
    }
    assert_eq!(pages(&one, 0).await, [[1]]);
}

#[tokio::test]
async fn pages_are_newest_first_and_have_what_came_between_on_none() {
    let (log, _folder) = log().await;
    assert_eq!(list(&log, 0, "").await, (vec![], String::new()));
    fill(&log, 5).await;
    let (page, token) = list(&log, 2, "").await;
    assert_eq!(page, [5, 4]);
    log.accept(delivery("", "6")).await.unwrap();
    assert_eq!(list(&log, 2, &token).await.0, [3, 2]);
    assert_eq!(pages(&log, 4).await, [vec![6, 5, 4, 3], vec![2, 1]]);
    for made_up in ["x", "-1", "0", "3"] {
        let request = v1::ListPlatformEventsRequest {
            page_token: made_up.to_owned(),
            ..Default::default()
        };
        let error = log.list(request).await.unwrap_err();
        assert_eq!(error.reason, ErrorReason::InvalidPageToken, "{made_up}");
    }
}

#[tokio::test]
async fn a_page_of_large_events_ends_early_and_all_pages_are_all_events() {
    let (log, _folder) = log().await;
    for _ in 0..9 {
        log.accept(delivery("", vec![b'x'; 64 * 1024]))
            .await
            .unwrap();
    }
    let pages = pages(&log, 0).await;
    assert_eq!(pages, [vec![9, 8, 7, 6], vec![5, 4, 3, 2], vec![1]]);
    assert_eq!(seen(&mut watch(&log, 0).await.unwrap(), 9).await.len(), 9);
}

#[tokio::test]
async fn only_the_newest_are_kept_and_a_watcher_is_told() {
    let (log, _folder) = log().await;
    let deliveries = (0..KEPT + 3).map(|number| log.accept(delivery(&format!("{number}"), "1")));
    future::try_join_all(deliveries).await.unwrap();
    let kept: Vec<_> = pages(&log, 200).await.concat();
    assert_eq!(kept.len() as i64, KEPT);
    assert_eq!((kept[0], kept[kept.len() - 1]), (KEPT + 3, 4));

    let error = refused(&log, 2).await;
    assert_eq!(error.reason, ErrorReason::EventsCompacted);
    assert_eq!(error.metadata["first_sequence"], "4");
    let all = seen(&mut watch(&log, 0).await.unwrap(), kept.len()).await;
    assert!(all.iter().eq(kept.iter().rev()));

    // A reader that falls behind hears of it as well.
    let mut slow = watch(&log, 3).await.unwrap();
    log.accept(delivery("", "1")).await.unwrap();
    let error = slow.next().await.unwrap().unwrap_err();
    assert_eq!(error.reason, ErrorReason::EventsCompacted);
}

#[tokio::test]
async fn a_watcher_resumes_from_every_number_and_then_hears_what_comes() {
    let (log, _folder) = log().await;
    let mut first = watch(&log, 0).await.unwrap();
    let greeting = first.next().await.unwrap().unwrap();
    assert_eq!((greeting.events.len(), greeting.last_sequence), (0, 0));
    fill(&log, 3).await;
    assert_eq!(seen(&mut first, 3).await, [1, 2, 3]);
    let mut watchers = Vec::new();
    for after in 1..=3 {
        let mut messages = watch(&log, after).await.unwrap();
        let greeting = messages.next().await.unwrap().unwrap();
        let expected: Vec<_> = (after + 1..=3).collect();
        assert_eq!(numbers(&greeting.events), expected);
        assert_eq!(greeting.last_sequence, 3);
        watchers.push(messages);
    }
    log.accept(delivery("", "4")).await.unwrap();
    for messages in &mut watchers {
        assert_eq!(seen(messages, 1).await, [4]);
    }
    let error = refused(&log, 5).await;
    assert_eq!(error.reason, ErrorReason::SequenceInFuture);
    assert_eq!(error.metadata["last_sequence"], "4");
}
