//! The end of a server: bounded, and told to who watches.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use etude::v1::navigate_service_client::NavigateServiceClient;
use etude::v1::run_service_client::RunServiceClient;
use etude::v1::session_service_client::SessionServiceClient;
use etude::v1::{self, ErrorReason};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::Code;

use crate::runs::spec;
use crate::support::{Fixture, GUARD, HANGING, expect, navigate, until};

#[tokio::test]
async fn a_watcher_of_a_run_is_told_its_cursor() {
    let fixture = Fixture::start().await;
    let mut client = RunServiceClient::new(fixture.channel.clone());
    // It goes on after a restart, so the shutdown is not its end.
    let mut spec = spec(HANGING);
    spec.config = Some(v1::TestConfig {
        recovery: v1::RecoveryPolicy::Retry.into(),
        ..v1::TestConfig::default()
    });
    let request = v1::RunTestRequest {
        spec: Some(spec),
        ..v1::RunTestRequest::default()
    };
    let mut stream = client.run_test(request).await.unwrap().into_inner();
    let counts = std::sync::Arc::clone(&fixture.backend.counts);
    until("the step has begun", || {
        counts.executing.load(Ordering::SeqCst) == 1
    })
    .await;
    let stop = tokio::spawn(fixture.server.shutdown());
    let mut last = 0;
    let status = loop {
        match stream.message().await {
            Ok(Some(message)) => {
                last = message.events.last().map_or(last, |event| event.sequence);
            }
            Ok(None) => panic!("the stream ended without an error"),
            Err(status) => break status,
        }
    };
    let details = expect(&status, ErrorReason::ServerShutdown);
    let info = details.error_info().unwrap();
    assert_eq!(info.metadata["last_sequence"], last.to_string());
    assert!(details.retry_info().is_some());
    timeout(GUARD, stop).await.unwrap().unwrap();
    assert_eq!(
        counts.open.load(Ordering::SeqCst),
        0,
        "a session is still open"
    );
}

#[tokio::test]
async fn sessions_are_closed_and_their_watchers_told() {
    let fixture = Fixture::start().await;
    let name = fixture.session().await;
    let mut client = SessionServiceClient::new(fixture.channel.clone());
    let request = v1::WatchSessionRequest {
        name,
        after_sequence: 0,
    };
    let mut stream = client.watch_session(request).await.unwrap().into_inner();
    let counts = std::sync::Arc::clone(&fixture.backend.counts);
    let stop = tokio::spawn(fixture.server.shutdown());
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            // The session's end was its last event.
            Ok(None) => break None,
            Err(status) => break Some(status),
        }
    };
    if let Some(status) = status {
        expect(&status, ErrorReason::ServerShutdown);
    }
    timeout(GUARD, stop).await.unwrap().unwrap();
    assert_eq!(counts.open.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_call_in_progress_ends_with_an_error_that_can_be_retried() {
    let fixture = Fixture::start().await;
    let session = fixture.session().await;
    let counts = std::sync::Arc::clone(&fixture.backend.counts);
    let mut client = NavigateServiceClient::new(fixture.channel.clone());
    let call = tokio::spawn(async move { client.navigate(navigate(&session, HANGING)).await });
    until("the step has begun", || {
        counts.executing.load(Ordering::SeqCst) == 1
    })
    .await;
    timeout(GUARD, fixture.server.shutdown()).await.unwrap();
    let answer = timeout(GUARD, call).await.unwrap().unwrap();
    if let Err(status) = answer {
        let told = [Code::Unavailable, Code::FailedPrecondition, Code::Unknown];
        assert!(told.contains(&status.code()), "{status:?}");
    }
    assert_eq!(counts.open.load(Ordering::SeqCst), 0);
}

/// A client that speaks HTTP/2 just enough to open a stream, and never reads.
async fn stalled_client(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS with an initial window of 0, so that no body can be sent to this client.
    hello.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    stream.write_all(&hello).await.unwrap();
    stream
}

#[tokio::test]
async fn clients_that_do_not_read_cannot_hold_the_server() {
    let fixture = Fixture::start().await;
    let address = fixture.server.local_addr();
    let mut stalled = stalled_client(address).await;
    let silent = TcpStream::connect(address).await.unwrap();
    // Well begun, never finished.
    let mut half = TcpStream::connect(address).await.unwrap();
    half.write_all(b"PRI * HTTP/2.0").await.unwrap();
    until("the connections are there", || true).await;
    timeout(GUARD, fixture.server.shutdown()).await.unwrap();
    // The connections are gone, not merely forgotten.
    let mut rest = Vec::new();
    let ended = timeout(GUARD, stalled.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection is still open");
    drop((silent, half));
}

#[tokio::test]
async fn the_port_is_free_afterwards_and_waiting_ends() {
    let fixture = Fixture::start().await;
    let address = fixture.server.local_addr();
    let server = std::sync::Arc::new(fixture.server);
    let waiting = std::sync::Arc::clone(&server);
    let waited = tokio::spawn(async move {
        tokio::select! {
            () = waiting.wait() => {}
            () = tokio::time::sleep(std::time::Duration::from_millis(50)) => {}
        }
    });
    waited.await.unwrap();
    let server = std::sync::Arc::into_inner(server).unwrap();
    timeout(GUARD, server.shutdown()).await.unwrap();
    tokio::net::TcpListener::bind(address).await.unwrap();
}
