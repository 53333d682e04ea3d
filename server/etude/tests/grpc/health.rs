//! The health service tells the truth, and tells it when it changes.

use etude::v1;
use etude::v1::server_service_client::ServerServiceClient;
use etude_engine::backend::Health;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::support::{Fixture, GUARD, reason};

const SERVING: i32 = ServingStatus::Serving as i32;
const NOT_SERVING: i32 = ServingStatus::NotServing as i32;

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

async fn check(channel: &Channel, service: &str) -> i32 {
    let mut client = HealthClient::new(channel.clone());
    let response = client.check(of(service)).await.unwrap();
    response.into_inner().status
}

async fn next(stream: &mut tonic::Streaming<HealthCheckResponse>) -> i32 {
    let message = tokio::time::timeout(GUARD, stream.message()).await.unwrap();
    message.unwrap().unwrap().status
}

#[tokio::test]
async fn a_missing_browser_is_told_with_its_reason_and_so_is_its_return() {
    let fixture = Fixture::start().await;
    let mut client = HealthClient::new(fixture.channel.clone());
    let runs = client.watch(of("etude.v1.RunService")).await.unwrap();
    let mut runs = runs.into_inner();
    assert_eq!(next(&mut runs).await, SERVING);

    let reason = "no Chromium was found; install it";
    fixture
        .backend
        .health
        .send_replace(Health::NotServing(reason.into()));
    assert_eq!(next(&mut runs).await, NOT_SERVING);
    let states = [
        ("", NOT_SERVING),
        ("etude.v1.SessionService", NOT_SERVING),
        ("etude.v1.InteractService", NOT_SERVING),
        ("etude.v1.CommandService", NOT_SERVING),
        ("etude.v1.TestService", SERVING),
        ("etude.v1.ArtifactService", SERVING),
        ("etude.v1.ServerService", SERVING),
    ];
    for (service, expected) in states {
        assert_eq!(
            check(&fixture.channel, service).await,
            expected,
            "{service}"
        );
    }
    let mut info = ServerServiceClient::new(fixture.channel.clone());
    let info = info
        .get_server_info(v1::GetServerInfoRequest {})
        .await
        .unwrap()
        .into_inner();
    let part = |name: &str| {
        info.components
            .iter()
            .find(|part| part.name == name)
            .unwrap()
            .clone()
    };
    assert!(!part("browser").serving);
    assert_eq!(part("browser").detail, reason);
    assert!(part("store").serving);
    assert!(!part("runs").serving);

    fixture
        .backend
        .health
        .send_replace(Health::Serving("Fake 1.1".into()));
    assert_eq!(next(&mut runs).await, SERVING);
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_server_that_ends_says_so_to_who_watches() {
    let fixture = Fixture::start().await;
    let mut client = HealthClient::new(fixture.channel.clone());
    let mut all = client.watch(of("")).await.unwrap().into_inner();
    assert_eq!(next(&mut all).await, SERVING);
    let stop = tokio::spawn(fixture.server.shutdown());
    assert_eq!(next(&mut all).await, NOT_SERVING);
    let status = all.message().await.unwrap_err();
    assert_eq!(reason(&status), "SERVER_SHUTDOWN");
    stop.await.unwrap();
}

#[tokio::test]
async fn an_unknown_service_is_not_found() {
    let fixture = Fixture::start().await;
    let mut client = HealthClient::new(fixture.channel.clone());
    let status = client.check(of("etude.v1.Nothing")).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    reason(&status);
    fixture.server.shutdown().await;
}

/// As grpc.health.v1 says: the state is told, and the stream stays open.
#[tokio::test]
async fn an_unknown_service_can_be_watched() {
    let fixture = Fixture::start().await;
    let mut client = HealthClient::new(fixture.channel.clone());
    let unknown = client.watch(of("etude.v1.Nothing")).await.unwrap();
    let mut unknown = unknown.into_inner();
    assert_eq!(
        next(&mut unknown).await,
        ServingStatus::ServiceUnknown as i32
    );
    // A change of the other services is none of this one; only the server's end ends the stream.
    let mut known = client.watch(of("")).await.unwrap().into_inner();
    assert_eq!(next(&mut known).await, SERVING);
    let stop = tokio::spawn(fixture.server.shutdown());
    assert_eq!(next(&mut known).await, NOT_SERVING);
    let ended = tokio::time::timeout(GUARD, unknown.message()).await;
    assert_eq!(reason(&ended.unwrap().unwrap_err()), "SERVER_SHUTDOWN");
    stop.await.unwrap();
}

#[tokio::test]
async fn the_server_tells_its_version_and_limits() {
    let fixture = Fixture::start_with(|config| config.sessions.max = 3).await;
    let session = fixture.session().await;
    assert!(session.starts_with("sessions/"));
    let mut client = ServerServiceClient::new(fixture.channel.clone());
    let info = client
        .get_server_info(v1::GetServerInfoRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(info.version, etude_server::VERSION);
    assert_eq!(info.commit, etude_server::COMMIT);
    assert_eq!(info.active_sessions, 1);
    let limits = info.limits.unwrap();
    assert_eq!(limits.max_sessions, 3);
    assert!(limits.max_message_bytes >= 1024 * 1024);
    assert_eq!(limits.heartbeat_interval.unwrap().seconds, 15);
    fixture.server.shutdown().await;
}
