//! Sessions.

use std::time::Duration;

use etude::v1::{self, ErrorReason, SessionState};
use etude_engine::store::{NewArtifact, PageRequest, Store};
use prost_types::Timestamp;

use super::common::{fresh, open};

const HOUR: Duration = Duration::from_secs(3600);

fn session(id: i64) -> v1::Session {
    v1::Session {
        name: format!("sessions/{id}"),
        state: SessionState::Active as i32,
        create_time: Some(Timestamp {
            seconds: id,
            nanos: 0,
        }),
        variables: [("user".to_owned(), "Ada".to_owned())].into(),
        ..v1::Session::default()
    }
}

fn ended(id: i64, end: i64) -> v1::Session {
    v1::Session {
        state: SessionState::Ended as i32,
        end_reason: "SESSION_IDLE".to_owned(),
        end_time: Some(Timestamp {
            seconds: end,
            nanos: 0,
        }),
        ..session(id)
    }
}

fn page(size: usize) -> PageRequest {
    PageRequest {
        size,
        token: String::new(),
    }
}

#[tokio::test]
async fn the_last_saved_state_is_kept() {
    let (folder, store) = fresh().await;
    store.save_session(&session(1)).await.unwrap();
    let later = v1::Session {
        url: "http://shop.test".to_owned(),
        steps_done: 4,
        ..session(1)
    };
    store.save_session(&later).await.unwrap();
    store.close().await;
    let store = open(folder.path()).await;
    assert_eq!(store.session("sessions/1").await.unwrap(), later);
    let unknown = store.session("sessions/2").await.unwrap_err();
    assert_eq!(unknown.reason, ErrorReason::SessionNotFound);
    assert_eq!(unknown.resource.as_deref(), Some("sessions/2"));
}

#[tokio::test]
async fn sessions_are_listed_newest_first_and_ended_ones_on_request() {
    let (_folder, store) = fresh().await;
    for id in 1..=6 {
        let session = if id % 2 == 0 {
            ended(id, 100)
        } else {
            session(id)
        };
        store.save_session(&session).await.unwrap();
    }
    let names = |page: &etude_engine::store::Page<v1::Session>| {
        page.items
            .iter()
            .map(|session| session.name.clone())
            .collect::<Vec<_>>()
    };
    let active = store.list_sessions(page(2), false).await.unwrap();
    assert_eq!(names(&active), ["sessions/5", "sessions/3"]);
    let next = PageRequest {
        size: 2,
        token: active.next,
    };
    let rest = store.list_sessions(next.clone(), false).await.unwrap();
    assert_eq!(
        (names(&rest), rest.next.as_str()),
        (vec!["sessions/1".to_owned()], "")
    );
    let all = store.list_sessions(page(200), true).await.unwrap();
    assert_eq!(all.items.len(), 6);
    let other = store.list_sessions(next, true).await.unwrap_err();
    assert_eq!(other.reason, ErrorReason::InvalidPageToken);
}

#[tokio::test]
async fn sessions_of_an_earlier_process_end_with_a_reason() {
    let (folder, store) = fresh().await;
    store.save_session(&session(1)).await.unwrap();
    store.save_session(&session(2)).await.unwrap();
    store.save_session(&ended(3, 50)).await.unwrap();
    store.close().await;
    let store = open(folder.path()).await;
    assert_eq!(
        store.end_active_sessions("SERVER_RESTARTED").await.unwrap(),
        2
    );
    assert_eq!(
        store.end_active_sessions("SERVER_RESTARTED").await.unwrap(),
        0
    );
    let first = store.session("sessions/1").await.unwrap();
    assert_eq!(
        (first.state(), first.end_reason.as_str()),
        (SessionState::Ended, "SERVER_RESTARTED")
    );
    assert!(first.end_time.is_some());
    assert_eq!(first.variables, session(1).variables);
    assert_eq!(store.session("sessions/3").await.unwrap(), ended(3, 50));
    assert!(
        store
            .list_sessions(page(10), false)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test]
async fn sessions_that_ended_long_ago_are_forgotten_with_their_artifacts() {
    let (_folder, store) = fresh().await;
    for id in 1..=70 {
        store.save_session(&ended(id, 50)).await.unwrap();
    }
    store.save_session(&session(100)).await.unwrap();
    store.save_session(&session(101)).await.unwrap();
    store.end_active_sessions("SERVER_RESTARTED").await.unwrap();
    store.save_session(&session(102)).await.unwrap();
    let of = |parent: &str| NewArtifact {
        parent: parent.to_owned(),
        ..NewArtifact::default()
    };
    let old = store
        .put_artifact(of("sessions/1"), "a".into())
        .await
        .unwrap();
    let young = store
        .put_artifact(of("sessions/100"), "b".into())
        .await
        .unwrap();
    assert_eq!(store.forget_sessions(HOUR).await.unwrap(), 70);
    assert_eq!(store.forget_sessions(HOUR).await.unwrap(), 0);
    assert_eq!(
        store
            .list_sessions(page(10), true)
            .await
            .unwrap()
            .items
            .len(),
        3
    );
    let gone = store.artifact(&old.name).await.unwrap_err();
    assert_eq!(gone.reason, ErrorReason::ArtifactNotFound);
    assert_eq!(store.read_artifact(&young.name, 0, 9).await.unwrap(), "b");
}
