//! Deadlines and cancellations reach what is being done.

use std::sync::atomic::Ordering;
use std::time::Duration;

use etude::v1::navigate_service_client::NavigateServiceClient;
use etude::v1::session_service_client::SessionServiceClient;
use etude::v1::{self, ErrorReason};
use tonic::{Request, Status};

use crate::support::{Fixture, HANGING, expect, navigate, until, web_request};

fn within<T>(message: T, timeout: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(timeout);
    request
}

#[tokio::test]
async fn the_deadline_stops_the_step_in_the_browser() {
    let fixture = Fixture::start().await;
    let session = fixture.session().await;
    // tonic's client has a timer of its own, which would hide the server's answer.
    let path = "/etude.v1.NavigateService/Navigate";
    let request = web_request(&fixture, path, &navigate(&session, HANGING));
    let response = request.header("grpc-timeout", "200m").send().await.unwrap();
    let status = Status::from_header_map(response.headers()).unwrap();
    expect(&status, ErrorReason::DeadlineExceeded);
    let counts = &fixture.backend.counts;
    until("the step is stopped", || {
        counts.dropped.load(Ordering::SeqCst) == 1
    })
    .await;
    assert_eq!(counts.executing.load(Ordering::SeqCst), 0);
    // The session goes on.
    let mut client = NavigateServiceClient::new(fixture.channel.clone());
    let answer = client.navigate(navigate(&session, "http://a.test/")).await;
    assert_eq!(
        answer.unwrap().into_inner().result.unwrap().outcome(),
        v1::Outcome::Pass
    );
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_caller_that_goes_stops_the_step_in_the_browser() {
    let fixture = Fixture::start().await;
    let session = fixture.session().await;
    let counts = &fixture.backend.counts;
    let mut client = NavigateServiceClient::new(fixture.channel.clone());
    let call = tokio::spawn(async move { client.navigate(navigate(&session, HANGING)).await });
    until("the step has begun", || {
        counts.executing.load(Ordering::SeqCst) == 1
    })
    .await;
    call.abort();
    until("the step is stopped", || {
        counts.dropped.load(Ordering::SeqCst) == 1
    })
    .await;
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_stream_ends_at_its_deadline() {
    let fixture = Fixture::start().await;
    let name = fixture.session().await;
    let mut request = Request::new(v1::WatchSessionRequest {
        name,
        after_sequence: 0,
    });
    request
        .metadata_mut()
        .insert("grpc-timeout", "300m".parse().unwrap());
    let mut client = SessionServiceClient::new(fixture.channel.clone());
    let mut stream = client.watch_session(request).await.unwrap().into_inner();
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended without an error"),
            Err(status) => break status,
        }
    };
    expect(&status, ErrorReason::DeadlineExceeded);
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_deadline_that_is_far_away_changes_nothing() {
    let fixture = Fixture::start().await;
    let session = fixture.session().await;
    let mut client = NavigateServiceClient::new(fixture.channel.clone());
    let request = within(
        navigate(&session, "http://a.test/"),
        Duration::from_secs(3600),
    );
    assert!(client.navigate(request).await.is_ok());
    let mut request = Request::new(navigate(&session, "http://a.test/"));
    request
        .metadata_mut()
        .insert("grpc-timeout", "soon".parse().unwrap());
    let status = client.navigate(request).await.unwrap_err();
    let details = expect(&status, ErrorReason::InvalidRequest);
    assert_eq!(
        details.bad_request().unwrap().field_violations[0].field,
        "grpc-timeout"
    );
    fixture.server.shutdown().await;
}
