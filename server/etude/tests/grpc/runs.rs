//! Runs over gRPC. What the log guarantees is tested where it is kept.

use std::sync::atomic::Ordering;

use etude::v1::run_event::Payload;
use etude::v1::run_service_client::RunServiceClient;
use etude::v1::{self, Outcome, RunState, run_spec::Source};

use crate::support::{Fixture, GUARD, HANGING, until};

pub(crate) fn spec(url: &str) -> v1::RunSpec {
    let content =
        format!("name: Visit\ncheckpoints:\n  - name: Open\n    steps:\n      - navigate: {url}\n");
    v1::RunSpec {
        source: Some(Source::Document(v1::TestDocument {
            file_name: "visit.yaml".to_owned(),
            content: content.into(),
            files: Vec::new(),
        })),
        ..v1::RunSpec::default()
    }
}

#[tokio::test]
async fn run_test_creates_a_run_and_streams_it_to_its_end() {
    let fixture = Fixture::start().await;
    let mut client = RunServiceClient::new(fixture.channel.clone());
    let request = v1::RunTestRequest {
        spec: Some(spec("http://a.test/")),
        ..v1::RunTestRequest::default()
    };
    let mut stream = client.run_test(request).await.unwrap().into_inner();
    let mut events = Vec::new();
    let mut name = String::new();
    while let Some(message) = stream.message().await.unwrap() {
        name.clone_from(&message.run);
        events.extend(message.events);
    }
    let sequences: Vec<_> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=events.len() as i64).collect::<Vec<_>>());
    let Some(Payload::RunFinished(end)) = events.last().and_then(|e| e.payload.clone()) else {
        panic!("the last event is not the run's end: {events:#?}");
    };
    assert_eq!(end.outcome(), Outcome::Pass);

    // Once more, from the middle.
    let request = v1::WatchRunRequest {
        name: name.clone(),
        after_sequence: 2,
    };
    let mut stream = client.watch_run(request).await.unwrap().into_inner();
    let mut again = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        again.extend(message.events);
    }
    assert_eq!(again, events[2..]);
    let run = client.get_run(v1::GetRunRequest { name }).await.unwrap();
    assert_eq!(run.into_inner().run.unwrap().state(), RunState::Finished);
    fixture.server.shutdown().await;
}

async fn state_after_disconnect(cancel_on_disconnect: bool) -> RunState {
    let fixture = Fixture::start().await;
    let mut client = RunServiceClient::new(fixture.channel.clone());
    let request = v1::RunTestRequest {
        spec: Some(spec(HANGING)),
        cancel_on_disconnect,
        ..v1::RunTestRequest::default()
    };
    let mut stream = client.run_test(request).await.unwrap().into_inner();
    let name = stream.message().await.unwrap().unwrap().run;
    let counts = &fixture.backend.counts;
    until("the step has begun", || {
        counts.executing.load(Ordering::SeqCst) == 1
    })
    .await;
    drop(stream);
    if cancel_on_disconnect {
        until("the step is stopped", || {
            counts.dropped.load(Ordering::SeqCst) == 1
        })
        .await;
        let request = v1::WatchRunRequest {
            name: name.clone(),
            after_sequence: 0,
        };
        let mut stream = client.watch_run(request).await.unwrap().into_inner();
        let end = async { while stream.message().await.unwrap().is_some() {} };
        tokio::time::timeout(GUARD, end).await.unwrap();
    }
    let run = client.get_run(v1::GetRunRequest { name }).await.unwrap();
    let state = run.into_inner().run.unwrap().state();
    fixture.server.shutdown().await;
    state
}

#[tokio::test]
async fn a_run_is_cancelled_with_its_caller_only_if_that_was_said() {
    assert_eq!(state_after_disconnect(true).await, RunState::Cancelled);
    assert_eq!(state_after_disconnect(false).await, RunState::Running);
}
