//! `ExecuteBatch`.

use etude::v1::command_service_client::CommandServiceClient;
use etude::v1::{self, ErrorReason};
use futures::{StreamExt as _, stream};

use crate::support::{Fixture, expect, navigate};

fn request(session: Option<&str>, url: &str) -> v1::ExecuteBatchRequest {
    let navigate = navigate(session.unwrap_or_default(), url);
    v1::ExecuteBatchRequest {
        context: session.and(navigate.context),
        command: navigate.navigate.map(Into::into),
    }
}

#[tokio::test]
async fn responses_come_in_the_order_of_the_requests() {
    let fixture = Fixture::start().await;
    let session = fixture.session().await;
    let mut client = CommandServiceClient::new(fixture.channel.clone());
    let requests: Vec<_> = (0..100)
        .map(|index| {
            request(
                (index == 0).then_some(&*session),
                &format!("http://a.test/{index}"),
            )
        })
        .collect();
    let responses = client.execute_batch(stream::iter(requests)).await.unwrap();
    let responses: Vec<_> = responses.into_inner().map(Result::unwrap).collect().await;
    assert_eq!(responses.len(), 100);
    for (index, response) in responses.into_iter().enumerate() {
        assert_eq!(response.index, index as u64);
        let result = response.result.unwrap();
        assert_eq!(result.url, format!("http://a.test/{index}"));
    }
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_wrong_request_ends_the_stream_and_is_named() {
    let fixture = Fixture::start().await;
    let session = fixture.session().await;
    let mut client = CommandServiceClient::new(fixture.channel.clone());
    let requests = vec![
        request(Some(&session), "http://a.test/"),
        v1::ExecuteBatchRequest::default(),
    ];
    let responses = client.execute_batch(stream::iter(requests)).await.unwrap();
    let mut responses = responses.into_inner();
    assert!(responses.message().await.unwrap().is_some());
    let status = responses.message().await.unwrap_err();
    let details = expect(&status, ErrorReason::InvalidRequest);
    assert_eq!(details.error_info().unwrap().metadata["index"], "1");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_request_that_is_too_large_ends_the_stream_by_its_reason() {
    let fixture = Fixture::start().await;
    let session = fixture.session().await;
    let mut client = CommandServiceClient::new(fixture.channel.clone());
    let requests = vec![
        request(Some(&session), "http://a.test/"),
        request(None, &"x".repeat(2 * 1024 * 1024)),
    ];
    let responses = client.execute_batch(stream::iter(requests)).await.unwrap();
    let mut responses = responses.into_inner();
    assert!(responses.message().await.unwrap().is_some());
    let status = responses.message().await.unwrap_err();
    let details = expect(&status, ErrorReason::MessageTooLarge);
    assert!(details.retry_info().is_some());
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn the_first_request_needs_a_session() {
    let fixture = Fixture::start().await;
    let mut client = CommandServiceClient::new(fixture.channel.clone());
    let requests = stream::iter([request(None, "http://a.test/")]);
    let mut responses = client.execute_batch(requests).await.unwrap().into_inner();
    let status = responses.message().await.unwrap_err();
    let details = expect(&status, ErrorReason::InvalidRequest);
    assert_eq!(
        details.bad_request().unwrap().field_violations[0].field,
        "context"
    );
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_reader_that_stops_is_not_read_from() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let fixture = Fixture::start().await;
    let session = fixture.session().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    // Each response repeats the address, so the windows of the connection fill up.
    let url = format!("http://a.test/{}", "x".repeat(60_000));
    let requests = stream::repeat(()).map(move |()| {
        counted.fetch_add(1, Ordering::SeqCst);
        request(Some(&session), &url)
    });
    let mut client = CommandServiceClient::new(fixture.channel.clone());
    let responses = client.execute_batch(requests.take(10_000)).await.unwrap();
    let settled = async {
        let mut before = usize::MAX;
        while sent.load(Ordering::SeqCst) != before {
            before = sent.load(Ordering::SeqCst);
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(crate::support::GUARD, settled)
        .await
        .unwrap();
    assert!(sent.load(Ordering::SeqCst) < 10_000);
    drop(responses);
    fixture.server.shutdown().await;
}
