//! A platform that does what a script says, connections included.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the script decides.
pub(super) enum Reply {
    /// A status, headers and a body.
    Text(u16, Vec<(&'static str, String)>, String),
    /// The same, so long after.
    Late(Duration, Box<Reply>),
    /// The connection is reset.
    Reset,
    /// Nothing ever comes.
    Silence,
    /// An answer of which a byte comes now and then.
    Drips(Duration),
}

impl Reply {
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self::Text(status, Vec::new(), body.to_string())
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) method: String,
    /// Path and query.
    pub(super) path: String,
    /// The head in lower case.
    pub(super) head: String,
    pub(super) body: Value,
}

type Script = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

/// The platform.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    given_up: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Upstream {
    /// Starts a platform. The script gets each request and how many came before it.
    pub(super) async fn start(
        script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let given_up = Arc::new(AtomicUsize::new(0));
        let (all, gone) = (seen.clone(), given_up.clone());
        let script: Arc<Script> = Arc::new(script);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (all, gone, script) = (all.clone(), gone.clone(), script.clone());
                tokio::spawn(async move { serve(stream, &all, &gone, script.as_ref()).await });
            }
        });
        Self {
            address,
            seen,
            given_up,
            task,
        }
    }

    /// The requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }

    /// Starts counting again.
    pub(super) fn forget(&self) {
        self.seen.lock().clear();
    }

    pub(super) fn count(&self, method: &str) -> usize {
        let seen = self.seen.lock();
        seen.iter().filter(|one| one.method == method).count()
    }

    /// Waits until so many requests of this method have come.
    pub(super) async fn reached(&self, method: &str, count: usize) {
        while self.count(method) < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// How many requests their client gave up before they were answered.
    pub(super) fn given_up(&self) -> usize {
        self.given_up.load(Ordering::SeqCst)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, all: &Mutex<Vec<Seen>>, gone: &AtomicUsize, script: &Script) {
    while let Some(request) = read(&mut stream).await {
        let mut reply = {
            let mut all = all.lock();
            let before = all.len();
            all.push(request.clone());
            script(&request, before)
        };
        while let Reply::Late(wait, then) = reply {
            if !stays(&mut stream, wait).await {
                gone.fetch_add(1, Ordering::SeqCst);
                return;
            }
            reply = *then;
        }
        match reply {
            Reply::Text(status, headers, body) => {
                let headers: String = headers
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}\r\n"))
                    .collect();
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}"
                );
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Reset => {
                let _ = stream.set_zero_linger();
                return;
            }
            Reply::Silence => {
                if !stays(&mut stream, Duration::from_secs(600)).await {
                    gone.fetch_add(1, Ordering::SeqCst);
                }
                return;
            }
            Reply::Drips(pause) => {
                let head = "HTTP/1.1 200 X\r\ncontent-length: 100000\r\n\r\n";
                let _ = stream.write_all(head.as_bytes()).await;
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(pause).await;
                }
                return;
            }
            Reply::Late(..) => return,
        }
    }
}

/// Whether the client is still there after so long.
async fn stays(stream: &mut TcpStream, wait: Duration) -> bool {
    let mut byte = [0; 1];
    tokio::time::timeout(wait, stream.peek(&mut byte))
        .await
        .is_err()
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let lower = head.to_ascii_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.trim().parse().unwrap());
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ').map(str::to_owned);
    Some(Seen {
        method: words.next()?,
        path: words.next()?,
        head: lower,
        body: serde_json::from_slice(&bytes[end + 4..]).unwrap_or_default(),
    })
}
