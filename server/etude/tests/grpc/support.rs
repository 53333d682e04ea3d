//! A server with a backend whose pages are make-believe, and calls of any method by bytes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, BufMut, Bytes};
use etude::v1::{self, command::Action};
use etude_engine::Result;
use etude_engine::backend::{
    Backend, BackendSession, ExecuteOptions, Execution, Health, PageState, SessionSpec, Verdict,
};
use etude_server::Server;
use etude_server::config::Config;
use parking_lot::Mutex;
use prost::Message;
use serde_json::Value;
use tokio::sync::watch;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Longer than anything here takes; a test that needs it has failed.
pub(crate) const GUARD: Duration = Duration::from_secs(60);

/// A page address at which commands never end by themselves.
pub(crate) const HANGING: &str = "http://hanging.test/";

// === The backend ===

/// A backend without browsers: every command passes at once, except at [`HANGING`].
pub(crate) struct FakeBackend {
    pub(crate) health: watch::Sender<Health>,
    pub(crate) counts: Arc<Counts>,
    /// The headers that each session sends, in the order in which they were opened.
    pub(crate) headers: Mutex<Vec<BTreeMap<String, String>>>,
}

/// What the backend was asked to do.
#[derive(Default)]
pub(crate) struct Counts {
    /// Commands that are being executed.
    pub(crate) executing: AtomicUsize,
    /// Commands that were given up before their end.
    pub(crate) dropped: AtomicUsize,
    /// Sessions that are open.
    pub(crate) open: AtomicUsize,
}

impl FakeBackend {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            health: watch::Sender::new(Health::Serving("Fake 1.0".to_owned())),
            counts: Arc::default(),
            headers: Mutex::default(),
        })
    }
}

#[async_trait]
impl Backend for FakeBackend {
    fn kind(&self) -> v1::Backend {
        v1::Backend::Browser
    }

    fn capacity(&self) -> usize {
        64
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    async fn open(&self, spec: SessionSpec) -> Result<Box<dyn BackendSession>> {
        self.headers.lock().push(spec.headers);
        self.counts.open.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(FakeSession {
            counts: Arc::clone(&self.counts),
            url: "about:blank".to_owned(),
        }))
    }

    async fn shutdown(&self) {}
}

struct FakeSession {
    counts: Arc<Counts>,
    url: String,
}

/// Notes when a command is dropped before its end.
struct Executing(Arc<Counts>, bool);

impl Drop for Executing {
    fn drop(&mut self) {
        self.0.executing.fetch_sub(1, Ordering::SeqCst);
        if !self.1 {
            self.0.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl BackendSession for FakeSession {
    fn browser(&self) -> &str {
        "Fake 1.0"
    }

    fn is_bidi(&self) -> bool {
        true
    }

    async fn execute(&mut self, command: &v1::Command, _: &ExecuteOptions) -> Execution {
        self.counts.executing.fetch_add(1, Ordering::SeqCst);
        let mut guard = Executing(Arc::clone(&self.counts), false);
        if let Some(Action::Navigate(navigate)) = &command.action {
            if navigate.url == HANGING {
                std::future::pending::<()>().await;
            }
            self.url.clone_from(&navigate.url);
        }
        guard.1 = true;
        Execution {
            url: self.url.clone(),
            ..Execution::new(Verdict::Pass)
        }
    }

    async fn evaluate(
        &mut self,
        _: &str,
        _: &BTreeMap<String, Value>,
        _: Duration,
    ) -> Result<Value, v1::Failure> {
        Ok(Value::Null)
    }

    async fn state(&mut self) -> PageState {
        PageState {
            url: self.url.clone(),
            ..PageState::default()
        }
    }

    fn is_alive(&self) -> bool {
        true
    }

    async fn close(self: Box<Self>) {
        self.counts.open.fetch_sub(1, Ordering::SeqCst);
    }
}

// === The server ===

/// A running server with its backend and a connection to it.
pub(crate) struct Fixture {
    pub(crate) server: Server,
    pub(crate) backend: Arc<FakeBackend>,
    pub(crate) channel: Channel,
    pub(crate) url: String,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::embedded();
        change(&mut config);
        let backend = FakeBackend::new();
        let server = Server::start_with_backend(config, Arc::clone(&backend) as Arc<dyn Backend>);
        let server = server.await.unwrap();
        let url = format!("http://{}", server.local_addr());
        let channel = connect(&url).await;
        Self {
            server,
            backend,
            channel,
            url,
        }
    }

    /// A session that is ready for commands.
    pub(crate) async fn session(&self) -> String {
        let mut sessions =
            v1::session_service_client::SessionServiceClient::new(self.channel.clone());
        let response = sessions.create_session(v1::CreateSessionRequest::default());
        let session = response.await.unwrap().into_inner().session.unwrap();
        session.name
    }
}

pub(crate) async fn connect(url: &str) -> Channel {
    let endpoint = Endpoint::from_shared(url.to_owned()).unwrap();
    endpoint.connect().await.unwrap()
}

/// A request that navigates a session.
pub(crate) fn navigate(session: &str, url: &str) -> v1::NavigateRequest {
    v1::NavigateRequest {
        context: Some(v1::CommandContext {
            session: session.to_owned(),
            ..v1::CommandContext::default()
        }),
        navigate: Some(v1::Navigate {
            url: url.to_owned(),
            ..v1::Navigate::default()
        }),
    }
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(GUARD, wait).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}

// === Errors ===

/// The reason of a status, which must have exactly one `ErrorInfo` of ours.
pub(crate) fn reason(status: &Status) -> String {
    let details = status.get_error_details_vec();
    let infos: Vec<_> = details
        .into_iter()
        .filter_map(|detail| match detail {
            tonic_types::ErrorDetail::ErrorInfo(info) => Some(info),
            _ => None,
        })
        .collect();
    assert_eq!(infos.len(), 1, "not exactly one ErrorInfo: {status:?}");
    assert_eq!(infos[0].domain, etude::ERROR_DOMAIN);
    infos[0].reason.clone()
}

/// The details of a status with this reason.
pub(crate) fn expect(status: &Status, expected: v1::ErrorReason) -> ErrorDetails {
    assert_eq!(reason(status), expected.name(), "{status:?}");
    assert_eq!(status.code(), expected.code());
    status.get_error_details()
}

// === Calls by bytes ===

/// Calls a unary method by its path with an encoded message.
pub(crate) async fn call(channel: Channel, path: &str, message: Bytes) -> Result<Bytes, Status> {
    let mut grpc = ready(channel).await?;
    let answer = grpc.unary(Request::new(message), path.parse().unwrap(), Raw);
    answer.await.map(Response::into_inner)
}

/// Calls a method with a response stream, and returns its first message or its error.
pub(crate) async fn first(
    channel: Channel,
    path: &str,
    message: Bytes,
) -> Result<Option<Bytes>, Status> {
    let mut grpc = ready(channel).await?;
    let answer = grpc.server_streaming(Request::new(message), path.parse().unwrap(), Raw);
    answer.await?.into_inner().message().await
}

async fn ready(channel: Channel) -> Result<tonic::client::Grpc<Channel>, Status> {
    let mut grpc = tonic::client::Grpc::new(channel);
    let waited = grpc.ready().await;
    waited.map_err(|error| Status::unavailable(error.to_string()))?;
    Ok(grpc)
}

/// A call over gRPC-Web and HTTP/1, to be sent.
pub(crate) fn web_request(
    fixture: &Fixture,
    path: &str,
    message: &impl Message,
) -> reqwest::RequestBuilder {
    let message = message.encode_to_vec();
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    reqwest::Client::new()
        .post(format!("{}{path}", fixture.url))
        .header("content-type", "application/grpc-web+proto")
        .header("x-grpc-web", "1")
        .body(body)
}

/// Passes bytes on as they are.
#[derive(Clone, Copy, Default)]
pub(crate) struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length)))
    }
}
