//! Incoming webhooks, over real HTTP, and the events that they become.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use etude::v1::execution_service_client::ExecutionServiceClient;
use etude::v1::navigate_service_client::NavigateServiceClient;
use etude::v1::platform_service_client::PlatformServiceClient;
use etude::v1::{self, ErrorReason, ExecutionState};
use etude_server::config::{AccountConfig, Config};
use etude_server::{Server, StartError};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::Request;

use crate::support::{Fixture, GUARD, HANGING, expect, navigate, until};

const TOKEN: &str = "a token of the test + more";

/// The same in an address.
const IN_ADDRESS: &str = "virtuoso?a=b&token=a%20token+of+the+test+%2B+more";

/// The largest body that is accepted, in bytes.
const LARGEST: usize = 64 * 1024;

/// Lets the cloud send webhooks, with this token.
fn open(config: &mut Config, folder: &TempDir, token: &str) {
    std::fs::write(folder.path().join("HOOK"), token).unwrap();
    config.secrets.folder = Some(folder.path().to_owned());
    config.platform.webhook_secret = Some("HOOK".to_owned());
}

/// A server that accepts webhooks and keeps its data, with its folder.
async fn open_server(folder: &TempDir) -> Fixture {
    Fixture::start_with(|config| {
        open(config, folder, TOKEN);
        config.temporary = false;
        config.data_dir = Some(folder.path().join("data"));
    })
    .await
}

/// A request to the address of a platform's webhooks.
fn to(server: &Fixture, platform: &str) -> RequestBuilder {
    Client::new().post(format!("{}/webhooks/{platform}", server.url))
}

/// A webhook with the token.
fn webhook(server: &Fixture, body: impl Into<reqwest::Body>) -> RequestBuilder {
    to(server, "virtuoso").bearer_auth(TOKEN).body(body)
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

/// The status and the body of an answer, which is always JSON.
async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response: Response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let status = response.status();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn of<M>(platform: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    let platform = platform.parse().unwrap();
    request.metadata_mut().insert("etude-platform", platform);
    request
}

async fn events(server: &Fixture) -> Vec<v1::PlatformEvent> {
    let mut service = PlatformServiceClient::new(server.channel.clone());
    let request = of("virtuoso", v1::ListPlatformEventsRequest::default());
    let page = service.list_platform_events(request).await.unwrap();
    page.into_inner().events
}

async fn metrics(server: &Fixture, platform: &str) -> Option<v1::WebhookMetrics> {
    let mut service = PlatformServiceClient::new(server.channel.clone());
    let platform = service.get_platform(of(platform, v1::GetPlatformRequest {}));
    platform
        .await
        .unwrap()
        .into_inner()
        .platform
        .unwrap()
        .webhooks
}

#[tokio::test]
async fn a_webhook_becomes_an_event_once_also_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = open_server(&folder).await;
    let send = |server: &Fixture, id: &str, body: &'static str| {
        let request = webhook(server, body).header("content-type", "application/json; odd=1");
        answer(request.header("webhook-id", id.to_owned()))
    };
    let name = json!({"name": "platforms/virtuoso/events/1"});
    let body = r#"{"jobId": 12}"#;
    let accepted = (StatusCode::ACCEPTED, name);
    assert_eq!(send(&server, "msg-1", body).await, accepted);
    assert_eq!(send(&server, "msg-1", body).await, accepted);
    server.server.shutdown().await;

    let server = open_server(&folder).await;
    assert_eq!(send(&server, "msg-1", body).await, accepted);
    let by_key = webhook(&server, "{broken").header("idempotency-key", "msg-2");
    assert_eq!(status(by_key).await, StatusCode::ACCEPTED);
    let kept = events(&server).await;
    let [second, first] = kept.as_slice() else {
        panic!("{kept:?}");
    };
    assert_eq!(
        (first.sequence, first.platform.as_str()),
        (1, "virtuoso"),
        "{first:?}"
    );
    assert_eq!(first.body, body);
    assert_eq!(first.content_type, "application/json; odd=1");
    assert_eq!(first.delivery_id, "msg-1");
    assert!(first.receive_time.is_some());
    let shown = etude::json::to_value(first);
    assert_eq!(shown["json"], json!({"jobId": 12.0}));
    assert_eq!(second.body, "{broken", "what is no JSON is kept");
    assert_eq!(
        (second.json.as_ref(), second.content_type.as_str()),
        (None, "")
    );
    let metrics = metrics(&server, "virtuoso").await.unwrap();
    assert_eq!((metrics.accepted, metrics.repeated), (1, 1));
    server.server.shutdown().await;
}

#[tokio::test]
async fn only_who_has_the_token_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let server = Fixture::start_with(|config| open(config, &folder, TOKEN)).await;
    let with = |place: &str| to(&server, place).body("1");
    let to = || with("virtuoso");
    let wrong = [
        to(),
        to().bearer_auth("a token of the test + mor"),
        to().bearer_auth(""),
        to().header("authorization", TOKEN),
        to().basic_auth("token", Some(TOKEN)),
        with("virtuoso?token="),
        with("virtuoso?token=wrong"),
        with(&IN_ADDRESS.replace("token=", "secret=")),
        // A wrong header is not helped by the address.
        with(IN_ADDRESS).bearer_auth("wrong"),
    ];
    let count = wrong.len() as u64;
    for request in wrong {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
    assert_eq!(events(&server).await, []);
    assert_eq!(status(with(IN_ADDRESS)).await, StatusCode::ACCEPTED);
    let http_2 = Client::builder().http2_prior_knowledge().build().unwrap();
    let over_http_2 = http_2
        .post(format!("{}/webhooks/virtuoso", server.url))
        .bearer_auth(TOKEN);
    assert_eq!(status(over_http_2).await, StatusCode::ACCEPTED);
    assert_eq!(events(&server).await.len(), 2);
    let metrics = metrics(&server, "virtuoso").await.unwrap();
    assert_eq!((metrics.unauthorized, metrics.accepted), (count, 2));
    // A page that may not call gets nowhere, whatever it knows.
    let foreign = to().bearer_auth(TOKEN).header("origin", "https://a.test");
    assert_eq!(status(foreign).await, StatusCode::FORBIDDEN);
    server.server.shutdown().await;
}

#[tokio::test]
async fn without_a_secret_nothing_is_heard_and_the_answer_says_what_turns_it_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Fixture::start_with(|config| {
        open(config, &folder, TOKEN);
        config.platform.webhook_secret = None;
        let account = |webhook_secret: Option<&str>| AccountConfig {
            token_secret: Some("LOST".to_owned()),
            webhook_secret: webhook_secret.map(str::to_owned),
            ..AccountConfig::default()
        };
        let accounts = [
            ("deaf".to_owned(), account(None)),
            ("team-a".to_owned(), account(Some("HOOK"))),
        ];
        config.platform.accounts.extend(accounts);
    })
    .await;
    for (platform, option) in [
        ("virtuoso", "set platform.webhook_secret"),
        ("deaf", "set platform.accounts.deaf.webhook_secret"),
        ("local", "no platform of this name"),
        ("team-b", "no platform of this name"),
        ("team-a/", "no platform of this name"),
        ("", "no platform of this name"),
    ] {
        let (status, body) = answer(to(&server, platform).bearer_auth(TOKEN)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{platform}");
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(option), "{platform}: {message}");
        assert_eq!(metrics_or_none(&server, platform).await, None);
    }
    // An account has a token of its own, and its events need none of the cloud.
    let accepted = answer(to(&server, "team-a").bearer_auth(TOKEN)).await;
    assert_eq!(accepted.0, StatusCode::ACCEPTED);
    assert_eq!(accepted.1["name"], "platforms/team-a/events/1");
    assert_eq!(events(&server).await, []);
    server.server.shutdown().await;
}

async fn metrics_or_none(server: &Fixture, platform: &str) -> Option<v1::WebhookMetrics> {
    match platform {
        "virtuoso" | "deaf" | "local" => metrics(server, platform).await,
        _ => None,
    }
}

#[tokio::test]
async fn a_secret_that_is_missing_or_can_be_guessed_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = async |change: &dyn Fn(&mut Config)| {
        let mut config = Config::embedded();
        change(&mut config);
        match Server::start(config).await {
            Err(error) => error,
            Ok(_) => panic!("it started"),
        }
    };
    let missing = refusal(&|config| config.platform.webhook_secret = Some("NONE".to_owned()));
    let missing = missing.await;
    assert_eq!(missing.reason(), ErrorReason::ConfigInvalid);
    assert!(
        missing.to_string().contains("ETUDE_SECRET_NONE"),
        "{missing}"
    );
    for token in ["", "fifteen letters"] {
        let short = refusal(&|config| open(config, &folder, token)).await;
        assert!(matches!(short, StartError::Config(_)), "{short}");
        let text = short.to_string();
        assert!(text.contains("platform.webhook_secret"), "{text}");
        assert!(token.is_empty() || !text.contains(token), "{text}");
    }
}

#[tokio::test]
async fn what_is_no_webhook_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Fixture::start_with(|config| open(config, &folder, TOKEN)).await;
    let address = format!("{}/webhooks/virtuoso", server.url);
    for method in [Method::GET, Method::PUT, Method::OPTIONS, Method::DELETE] {
        let request = Client::new().request(method, &address).bearer_auth(TOKEN);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "POST");
    }
    let too_large = webhook(&server, vec![b' '; LARGEST + 1]);
    let too_large = answer(too_large).await;
    assert_eq!(too_large.0, StatusCode::PAYLOAD_TOO_LARGE);
    for name in ["webhook-id", "idempotency-key", "content-type"] {
        let long = webhook(&server, "1").header(name, "x".repeat(256));
        let (status, body) = answer(long).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["message"].as_str().unwrap().contains(name), "{body}");
    }
    cut_short(&server).await;
    until_refused(&server, 5).await;
    assert_eq!(events(&server).await, []);
    let largest = webhook(&server, vec![b' '; LARGEST]);
    assert_eq!(status(largest).await, StatusCode::ACCEPTED);
    server.server.shutdown().await;
}

/// Sends a body that ends before it is whole.
async fn cut_short(server: &Fixture) {
    let stream = TcpStream::connect(server.server.local_addr()).await;
    let mut stream = stream.unwrap();
    let head = format!(
        "POST /webhooks/virtuoso HTTP/1.1\r\nhost: etude\r\nauthorization: Bearer {TOKEN}\r\n\
         content-length: 100\r\n\r\nhalf of it"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    // Whether it is answered or closed: there is an end.
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

async fn until_refused(server: &Fixture, count: u64) {
    let wait = async {
        while metrics(server, "virtuoso").await.unwrap().refused < count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(GUARD, wait).await.unwrap();
}

#[tokio::test]
async fn a_server_without_room_asks_for_the_webhook_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let server = Fixture::start_with(|config| {
        open(config, &folder, TOKEN);
        config.server.max_concurrent_calls = 1;
    })
    .await;
    let session = server.session().await;
    let mut client = NavigateServiceClient::new(server.channel.clone());
    let hanging = tokio::spawn(async move { client.navigate(navigate(&session, HANGING)).await });
    let executing = &server.backend.counts.executing;
    until("the call is executed", || {
        executing.load(Ordering::SeqCst) == 1
    })
    .await;
    let response = webhook(&server, "1").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(body["reason"], "SERVER_OVERLOADED");
    hanging.abort();
    until("the call has ended", || {
        executing.load(Ordering::SeqCst) == 0
    })
    .await;
    assert_eq!(status(webhook(&server, "1")).await, StatusCode::ACCEPTED);
    server.server.shutdown().await;
}

#[tokio::test]
async fn a_watcher_hears_of_events_and_resumes_and_the_shutdown_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = open_server(&folder).await;
    let mut service = PlatformServiceClient::new(server.channel.clone());
    let watch = |after_sequence| {
        of(
            "virtuoso",
            v1::WatchPlatformEventsRequest { after_sequence },
        )
    };
    let opened = service.watch_platform_events(watch(0)).await;
    let mut messages = opened.unwrap().into_inner();
    let greeting = messages.message().await.unwrap().unwrap();
    assert_eq!((greeting.events.len(), greeting.last_sequence), (0, 0));
    for body in ["1", "2"] {
        assert_eq!(status(webhook(&server, body)).await, StatusCode::ACCEPTED);
        let told = messages.message().await.unwrap().unwrap();
        assert_eq!(told.events[0].body, body);
    }
    let future = service.watch_platform_events(watch(3)).await.unwrap_err();
    expect(&future, ErrorReason::SequenceInFuture);
    server.server.shutdown().await;
    let ended = messages.message().await.unwrap_err();
    expect(&ended, ErrorReason::ServerShutdown);

    let server = open_server(&folder).await;
    let mut service = PlatformServiceClient::new(server.channel.clone());
    let resumed = service.watch_platform_events(watch(1)).await;
    let mut messages = resumed.unwrap().into_inner();
    let told = messages.message().await.unwrap().unwrap();
    assert_eq!(told.events[0].name, "platforms/virtuoso/events/2");
    assert_eq!((told.events.len(), told.last_sequence), (1, 2));
    drop(messages);
    server.server.shutdown().await;
}

/// A cloud with an execution that has ended when it is asked for the second time; how often it was.
async fn cloud() -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let status = move || {
        let (status, outcome) = match counter.fetch_add(1, Ordering::SeqCst) {
            0 => ("RUNNING", "RUNNING"),
            _ => ("FINISHED", "PASS"),
        };
        std::future::ready(json!({"id": 5, "status": status, "outcome": outcome}).to_string())
    };
    let router = Router::new().route("/api/executions/5/status", get(status));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

#[tokio::test]
async fn who_waits_for_an_execution_looks_when_a_webhook_comes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("VIRTUOSO_API_TOKEN"), "t").unwrap();
    let (url, asked) = cloud().await;
    let server = Fixture::start_with(|config| {
        open(config, &folder, TOKEN);
        config.platform.url = url;
        config.platform.poll_interval = Duration::from_secs(3600);
    })
    .await;
    let mut service = ExecutionServiceClient::new(server.channel.clone());
    let request = v1::WatchExecutionRequest {
        name: "executions/5".to_owned(),
    };
    let mut states = service
        .watch_execution(of("virtuoso", request))
        .await
        .unwrap()
        .into_inner();
    let mut state = async || {
        let next = tokio::time::timeout(GUARD, states.message()).await;
        let next = next.unwrap().unwrap();
        next.map(|next| next.execution.unwrap().state())
    };
    assert_eq!(state().await, Some(ExecutionState::Running));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(status(webhook(&server, "{}")).await, StatusCode::ACCEPTED);
    let ended = loop {
        match state().await {
            // A heartbeat.
            Some(ExecutionState::Running) => {}
            other => break other,
        }
    };
    assert_eq!(ended, Some(ExecutionState::Finished));
    assert_eq!(
        asked.load(Ordering::SeqCst),
        2,
        "without a webhook it waits"
    );
    assert_eq!(state().await, None);
    server.server.shutdown().await;
}
