//! What the server accepts at the same time, and where it listens.

use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;

use etude::v1::navigate_service_client::NavigateServiceClient;
use etude::v1::session_service_client::SessionServiceClient;
use etude::v1::{self, ErrorReason};
use etude_server::config::Config;
use etude_server::{Server, StartError};

use crate::support::{Fixture, GUARD, HANGING, expect, navigate, until};

#[tokio::test]
async fn calls_beyond_the_limit_are_refused_at_once() {
    let fixture = Fixture::start_with(|config| config.server.max_concurrent_calls = 1).await;
    let session = fixture.session().await;
    let mut client = NavigateServiceClient::new(fixture.channel.clone());
    let mut other = client.clone();
    let request = navigate(&session, HANGING);
    let hanging = tokio::spawn(async move { other.navigate(request).await });
    let counts = &fixture.backend.counts;
    until("the first call is executed", || {
        counts.executing.load(Ordering::SeqCst) == 1
    })
    .await;
    let status = client
        .navigate(navigate(&session, "http://a.test/"))
        .await
        .unwrap_err();
    let details = expect(&status, ErrorReason::ServerOverloaded);
    assert!(details.retry_info().unwrap().retry_delay.is_some());
    hanging.abort();
    until("the first call has ended", || {
        counts.executing.load(Ordering::SeqCst) == 0
    })
    .await;
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn sessions_beyond_the_limit_are_refused() {
    let fixture = Fixture::start_with(|config| config.sessions.max = 1).await;
    fixture.session().await;
    let mut client = SessionServiceClient::new(fixture.channel.clone());
    let status = client
        .create_session(v1::CreateSessionRequest::default())
        .await
        .unwrap_err();
    let details = expect(&status, ErrorReason::SessionLimit);
    assert!(details.retry_info().is_some());
    fixture.server.shutdown().await;
}

fn listening(address: &str) -> Config {
    let mut config = Config::embedded();
    config.server.listen = address.parse().unwrap();
    config
}

async fn refusal(config: Config) -> StartError {
    match Server::start(config).await {
        Err(error) => error,
        Ok(server) => panic!("it started on {}", server.local_addr()),
    }
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    for address in ["0.0.0.0:0", "[::]:0", "10.1.2.3:0"] {
        let error = refusal(listening(address)).await;
        assert_eq!(error.reason(), ErrorReason::BindRefused, "{address}");
        assert!(
            error.to_string().contains("--insecure-bind-behind-proxy"),
            "{error}"
        );
    }
    let fixture = Fixture::start_with(|config| {
        config.server.listen = SocketAddr::from(([0, 0, 0, 0], 0));
        config.server.allow_insecure_bind = true;
    });
    fixture.await.server.shutdown().await;
}

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_do() {
    let fixture = Fixture::start().await;
    let taken = fixture.server.local_addr();
    let error = refusal(listening(&taken.to_string())).await;
    assert_eq!(error.reason(), ErrorReason::PortInUse);
    assert!(error.to_string().contains("server.listen"), "{error}");
    assert!(
        error.to_string().contains(&taken.port().to_string()),
        "{error}"
    );
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_client_that_never_speaks_is_disconnected() {
    let fixture = Fixture::start().await;
    let address = fixture.server.local_addr();
    let silent = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(GUARD)).unwrap();
        // The server may greet first; it must close in the end.
        let mut received = Vec::new();
        stream.read_to_end(&mut received)
    });
    silent.await.unwrap().unwrap();
    fixture.server.shutdown().await;
}
