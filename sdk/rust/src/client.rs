//! The connection to a server, and the call of any unary method.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};

use crate::codec::Codec;
use crate::error::{Error, Result};
use crate::retry::{Backoff, RetryPolicy};
use crate::rpc::Rpc;
use crate::tls;
use crate::v1::{self, ErrorReason};

/// A connection to an Étude server.
///
/// Cheap to clone; all clones share one HTTP/2 connection, which is opened again by itself when it
/// breaks.
///
/// ```no_run
/// # async fn example() -> etude::Result<()> {
/// use etude::{Client, v1};
///
/// let client = Client::connect("http://127.0.0.1:50051").await?;
/// let session = client.create_session(v1::CreateSessionRequest {
///     starting_url: "https://example.com".into(),
///     ..Default::default()
/// }).await?;
/// session.click("More information").await?;
/// session.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    channel: Channel,
    options: ClientOptions,
}

/// How a client connects and calls. [`Client::builder`] begins one.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    url: String,
    authority: Option<String>,
    connect_timeout: Duration,
    call_timeout: Duration,
    keepalive: Duration,
    max_message_bytes: usize,
    stream_silence: Duration,
    retry: RetryPolicy,
}

impl Client {
    /// Connects to the server at `url`, such as `http://127.0.0.1:50051`; without a scheme it is
    /// `http`. For `https`, the server's certificate must come from an authority that this machine
    /// or Mozilla trusts; [`ClientOptions::ca_certificate`] names another.
    ///
    /// # Errors
    ///
    /// `SERVER_UNREACHABLE`: nothing answers there. `INVALID_REQUEST`: it is not such a URL.
    pub async fn connect(url: impl Into<String>) -> Result<Self> {
        Self::builder(url).connect().await
    }

    /// A client with other than the default options.
    pub fn builder(url: impl Into<String>) -> ClientOptions {
        ClientOptions {
            url: url.into(),
            authority: None,
            connect_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(60),
            keepalive: Duration::from_secs(20),
            max_message_bytes: 4 * 1024 * 1024,
            // Twice the longest gap that the contract allows between two heartbeats.
            stream_silence: Duration::from_secs(30),
            retry: RetryPolicy::default(),
        }
    }

    /// Calls the method that `request` belongs to, once, with the client's call timeout.
    ///
    /// # Errors
    ///
    /// What the server answered, or `SERVER_UNREACHABLE`, or `DEADLINE_EXCEEDED`.
    pub async fn call<R: Rpc>(&self, request: R) -> Result<R::Response> {
        self.call_within(request, Some(self.options.call_timeout))
            .await
    }

    /// The connection, for the generated clients in [`crate::v1`].
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// What the server is and can do.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn server_info(&self) -> Result<v1::GetServerInfoResponse> {
        self.call_again(v1::GetServerInfoRequest {}).await
    }

    /// Calls a method that may be called twice; again and again while the reason passes.
    pub(crate) async fn call_again<R: Rpc>(&self, request: R) -> Result<R::Response> {
        self.again(|| self.call(request.clone())).await
    }

    /// Makes attempts until one succeeds, fails for good, or the policy ends them.
    pub(crate) async fn again<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut backoff = self.backoff();
        loop {
            let error = match attempt().await {
                Err(error) if error.is_transient() => error,
                result => return result,
            };
            match backoff.next_delay(error.retry_after()) {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Err(error),
            }
        }
    }

    pub(crate) async fn call_within<R: Rpc>(
        &self,
        message: R,
        timeout: Option<Duration>,
    ) -> Result<R::Response> {
        let mut request = Request::new(message);
        if let Some(timeout) = timeout {
            request.set_timeout(timeout);
        }
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(self.options.max_message_bytes);
        grpc.ready()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let response = grpc
            .unary(
                request,
                PathAndQuery::from_static(R::METHOD),
                Codec::<R, R::Response>::default(),
            )
            .await?;
        Ok(response.into_inner())
    }

    pub(crate) fn backoff(&self) -> Backoff {
        Backoff::new(self.options.retry.clone())
    }

    pub(crate) fn stream_silence(&self) -> Duration {
        self.options.stream_silence
    }

    pub(crate) fn max_message_bytes(&self) -> usize {
        self.options.max_message_bytes
    }

    pub(crate) fn unreachable(&self, error: &dyn std::error::Error) -> Error {
        unreachable_server(&self.options.url, error)
    }
}

impl ClientOptions {
    /// The authorities, as certificates in PEM, of one of which the server's certificate must come.
    /// Default: those that this machine or Mozilla trusts. Of no use with `http`.
    pub fn ca_certificate(mut self, pem: impl Into<String>) -> Self {
        self.authority = Some(pem.into());
        self
    }

    /// The longest that opening the connection may take. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The longest that a call may take. Default 60 s. Commands and streams are not bounded by
    /// it: the server ends a command at its step's timeout, and a stream lasts as long as a run.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// How often a quiet connection is checked while calls wait. Default 20 s.
    pub fn keepalive(mut self, interval: Duration) -> Self {
        self.keepalive = interval;
        self
    }

    /// The largest message that is accepted, in bytes. Default 4 MiB.
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.max_message_bytes = bytes;
        self
    }

    /// How long a stream may say nothing, no heartbeat either, before it is taken for broken and
    /// opened again. Default 30 s, twice the gap that the contract allows.
    pub fn stream_silence(mut self, silence: Duration) -> Self {
        self.stream_silence = silence;
        self
    }

    /// When calls are tried again that may be.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// As [`Client::connect`].
    pub async fn connect(self) -> Result<Client> {
        let endpoint = self.endpoint()?;
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| unreachable_server(&self.url, &error))?;
        Ok(Client {
            channel,
            options: self,
        })
    }

    /// A client that connects with its first call.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`: the URL is none.
    pub fn connect_lazy(self) -> Result<Client> {
        let channel = self.endpoint()?.connect_lazy();
        Ok(Client {
            channel,
            options: self,
        })
    }

    fn endpoint(&self) -> Result<Endpoint> {
        let url = match self.url.contains("://") {
            true => self.url.clone(),
            false => format!("http://{}", self.url),
        };
        let wrong = |why: &str| {
            Error::new(
                ErrorReason::InvalidRequest,
                format!(
                    "{:?} is not a server's address: {why}; write http://HOST:PORT or https://HOST:PORT",
                    self.url
                ),
            )
        };
        let endpoint = Endpoint::from_shared(url).map_err(|error| wrong(&error.to_string()))?;
        let endpoint = match endpoint.uri().scheme_str() {
            Some("http") => endpoint,
            Some("https") => tls::secured(endpoint, self.authority.as_deref())?,
            _ => return Err(wrong("unknown scheme")),
        };
        endpoint
            .user_agent(concat!("etude-rust/", env!("CARGO_PKG_VERSION")))
            .map(|endpoint| {
                endpoint
                    .connect_timeout(self.connect_timeout)
                    .tcp_nodelay(true)
                    .http2_keep_alive_interval(self.keepalive)
                    .keep_alive_timeout(self.keepalive)
            })
            .map_err(|error| wrong(&error.to_string()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn unreachable_server(url: &str, error: &dyn std::error::Error) -> Error {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Error::new(
        ErrorReason::ServerUnreachable,
        format!(
            "no Étude server answers at {url}: {cause}; start one with `etude serve`, or name another address"
        ),
    )
}
