//! Servers for the tests, and what stands between them and the client.

use std::net::SocketAddr;
use std::time::Duration;

use etude::{Client, RetryPolicy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tonic::transport::server::Router;
use tonic_types::{ErrorDetails, StatusExt as _};

/// A server on a free port, until it is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn start(router: Router) -> Self {
        Self::start_at(router, "127.0.0.1:0".parse().unwrap()).await
    }

    pub(crate) async fn start_at(router: Router, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        let task = tokio::spawn(async move {
            router.serve_with_incoming(incoming).await.unwrap();
        });
        Self { address, task }
    }

    /// A client that is quick to notice and to try again.
    pub(crate) fn client(&self) -> Client {
        client_of(self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn client_of(address: SocketAddr) -> Client {
    Client::builder(address.to_string())
        .stream_silence(Duration::from_millis(300))
        .retry(RetryPolicy {
            first_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(20),
            give_up_after: Duration::from_secs(30),
        })
        .connect_lazy()
        .unwrap()
}

/// A proxy that cuts each connection after a random number of bytes from the server. Some cuts
/// leave room for a whole HTTP/2 frame of 16 KiB: nothing smaller reaches a client.
pub(crate) async fn cutting_proxy(target: SocketAddr, seed: u64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut random = Random(seed);
        while let Ok((client, _)) = listener.accept().await {
            let bytes = 200 + random.below(80_000);
            tokio::spawn(forward(client, target, bytes));
        }
    });
    address
}

async fn forward(client: TcpStream, target: SocketAddr, mut bytes: usize) {
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let upwards = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    });
    let mut buffer = [0; 1024];
    while bytes > 0 {
        let most = bytes.min(buffer.len());
        match from_server.read(&mut buffer[..most]).await {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                bytes -= count;
                if to_client.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        }
    }
    upwards.abort();
}

/// Numbers that differ from seed to seed and are the same each time.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound).unwrap()
    }
}

/// A status as the server writes it.
pub(crate) fn status(
    code: tonic::Code,
    reason: &str,
    retry_after: Option<Duration>,
) -> tonic::Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(
        reason,
        etude::ERROR_DOMAIN,
        [("first_sequence".to_owned(), "7".to_owned())],
    );
    if let Some(delay) = retry_after {
        details.set_retry_info(Some(delay));
    }
    tonic::Status::with_error_details(code, format!("told to: {reason}"), details)
}
