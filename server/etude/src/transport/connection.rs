//! Accepts connections and ends them: when they are silent, when they are old, on shutdown.
//!
//! tonic's own accept loop waits on shutdown for every client to close, without a bound, and
//! forgets to tell a client of an old connection to go before it cuts it; hence this one.

use std::hash::{BuildHasher as _, RandomState};
use std::pin::pin;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::App;
use super::io::ClientIo;

/// How long a client may take to send its preface or its first request's headers.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long calls may go on after their connection was asked to end for its age.
const AGE_GRACE: Duration = Duration::from_secs(30);

/// How long to wait when the system has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Streams of one connection at the same time.
const STREAMS_PER_CONNECTION: u32 = 200;

/// All headers of a request together, in bytes.
const HEADER_LIST_BYTES: u32 = 16 * 1024;

/// What may wait for a client that does not read, per stream, in bytes.
const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// Streams that a client may make the server reset before its connection is closed.
const LOCAL_RESETS: usize = 256;

/// Serves connections until `stop`, then lets the open ones end for at most `drain`, then
/// cuts them.
pub(crate) async fn serve(
    listener: TcpListener,
    app: App,
    max_age: Duration,
    stop: CancellationToken,
    drain: Duration,
) {
    let mut connections = JoinSet::new();
    let random = RandomState::new();
    let mut accepted: u64 = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            incoming = listener.accept() => match incoming {
                Ok((stream, _)) => {
                    accepted += 1;
                    let age = jittered(max_age, random.hash_one(accepted));
                    connections.spawn(connection(stream, app.clone(), age, stop.clone()));
                }
                Err(error) => {
                    warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    // Frees the port, so that new clients are refused instead of waiting.
    drop(listener);
    let deadline = Instant::now() + drain;
    while let Ok(Some(_)) = timeout_at(deadline, connections.join_next()).await {}
    if !connections.is_empty() {
        debug!(
            connections = connections.len(),
            "cutting connections that did not end"
        );
    }
    connections.shutdown().await;
}

/// Within a tenth around `age`, so that the clients of one moment do not all come back in another.
fn jittered(age: Duration, random: u64) -> Duration {
    let parts = u32::try_from(random % 2001).unwrap_or_default();
    age / 10_000 * (9_000 + parts)
}

async fn connection(stream: TcpStream, app: App, age: Duration, stop: CancellationToken) {
    // Without it small messages wait for acknowledgements of earlier ones.
    let _ = stream.set_nodelay(true);
    let (io, spoken) = ClientIo::new(stream);
    let builder = builder();
    let service = TowerToHyperService::new(app);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    let mut handshake = pin!(sleep(HANDSHAKE_TIMEOUT));
    let mut old = pin!(sleep(age));
    let (mut waits, mut leaving, mut stopping) = (true, false, false);
    loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    debug!(%error, "connection ended");
                }
                return;
            }
            () = &mut handshake, if waits => {
                waits = false;
                if !spoken.get() {
                    return;
                }
            }
            () = &mut old => {
                if leaving {
                    return;
                }
                leaving = true;
                connection.as_mut().graceful_shutdown();
                old.as_mut().reset(Instant::now() + AGE_GRACE);
            }
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .max_header_list_size(HEADER_LIST_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_local_error_reset_streams(LOCAL_RESETS);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE_TIMEOUT)
        .max_headers(64);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_spread_by_a_tenth() {
        let age = Duration::from_secs(1000);
        for random in 0..5000 {
            let jittered = jittered(age, random);
            assert!(
                jittered >= age * 9 / 10 && jittered <= age * 11 / 10,
                "{jittered:?}"
            );
        }
        assert_ne!(jittered(age, 1), jittered(age, 2));
    }
}
