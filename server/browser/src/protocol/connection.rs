//! A BiDi connection: commands out, their answers and events in, over one WebSocket.
//!
//! Commands are sent as they come, whether or not earlier ones have been answered, and the socket
//! does not hold small messages back (`TCP_NODELAY`): two commands in a row cost one round trip.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::{ProtocolError, Reply};

/// The longest message that a browser may send, in bytes: a screenshot of a very long page.
const LONGEST_MESSAGE: usize = 256 * 1024 * 1024;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection to a browser. Clones share it; the last one to go closes it.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    outgoing: mpsc::UnboundedSender<String>,
    calls: Arc<Calls>,
    gone: watch::Receiver<bool>,
}

/// Commands that wait for their answers.
#[derive(Debug, Default)]
struct Calls {
    last: AtomicU64,
    /// By the command's id; nothing once the connection has ended.
    waiting: Mutex<Option<HashMap<u64, oneshot::Sender<Reply<Value>>>>>,
}

/// What a browser sends: an answer, which has an id, or an event, which has a method.
#[derive(Deserialize)]
struct Incoming {
    id: Option<u64>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    result: Value,
    /// The code of a refusal.
    error: Option<String>,
    #[serde(default)]
    message: String,
}

impl Connection {
    /// Connects. `on_event` hears every event before any answer that the browser sent after it.
    pub(crate) async fn open(
        url: &str,
        on_event: impl Fn(&str, &Value) + Send + 'static,
    ) -> Result<Self, tungstenite::Error> {
        const NO_DELAY: bool = true;
        let config = WebSocketConfig::default()
            .max_message_size(Some(LONGEST_MESSAGE))
            .max_frame_size(Some(LONGEST_MESSAGE));
        let (socket, _) =
            tokio_tungstenite::connect_async_with_config(url, Some(config), NO_DELAY).await?;
        let (sink, stream) = socket.split();
        let (outgoing, messages) = mpsc::unbounded_channel();
        let (ended, gone) = watch::channel(false);
        let calls = Arc::new(Calls {
            waiting: Mutex::new(Some(HashMap::new())),
            ..Calls::default()
        });
        let writer = tokio::spawn(write(sink, messages));
        let reader = Arc::clone(&calls);
        tokio::spawn(async move {
            read(stream, &reader, on_event).await;
            writer.abort();
            reader.end();
            let _ = ended.send(true);
        });
        Ok(Self {
            outgoing,
            calls,
            gone,
        })
    }

    /// Sends a command at once, and then waits for its answer.
    pub(crate) fn send(
        &self,
        method: &str,
        params: Value,
    ) -> impl Future<Output = Reply<Value>> + Send + use<> {
        let (id, answer) = self.calls.begin();
        // Its parameters may hold secrets.
        tracing::trace!(id, method, "command");
        let command = json!({ "id": id, "method": method, "params": params });
        // A writer that has gone leaves no answer, which says the same.
        let _ = self.outgoing.send(command.to_string());
        let call = Call {
            id,
            calls: Arc::clone(&self.calls),
        };
        async move {
            let answer = answer.await;
            drop(call);
            answer.unwrap_or_else(|_| Err(ended()))
        }
    }

    /// Becomes true when the connection has ended.
    pub(crate) fn gone(&self) -> watch::Receiver<bool> {
        self.gone.clone()
    }
}

fn ended() -> ProtocolError {
    ProtocolError::Gone("its connection was closed".to_owned())
}

/// A command whose answer is waited for. Whoever stops waiting leaves nothing behind.
struct Call {
    id: u64,
    calls: Arc<Calls>,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.calls.take(self.id);
    }
}

impl Calls {
    fn begin(&self) -> (u64, oneshot::Receiver<Reply<Value>>) {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, answer) = oneshot::channel();
        if let Some(waiting) = self.waiting.lock().as_mut() {
            waiting.insert(id, sender);
        }
        (id, answer)
    }

    fn take(&self, id: u64) -> Option<oneshot::Sender<Reply<Value>>> {
        self.waiting.lock().as_mut()?.remove(&id)
    }

    /// Nobody is answered any more.
    fn end(&self) {
        self.waiting.lock().take();
    }
}

async fn write(
    mut sink: SplitSink<Socket, Message>,
    mut messages: mpsc::UnboundedReceiver<String>,
) {
    while let Some(message) = messages.recv().await {
        if let Err(error) = sink.send(Message::text(message)).await {
            tracing::debug!(%error, "a command could not be sent to a browser");
            return;
        }
    }
    let _ = sink.close().await;
}

async fn read(mut stream: SplitStream<Socket>, calls: &Calls, on_event: impl Fn(&str, &Value)) {
    while let Some(received) = stream.next().await {
        match received {
            Ok(Message::Text(text)) => dispatch(&text, calls, &on_event),
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "the connection to a browser ended");
                return;
            }
        }
    }
}

fn dispatch(text: &str, calls: &Calls, on_event: &impl Fn(&str, &Value)) {
    let incoming: Incoming = match serde_json::from_str(text) {
        Ok(incoming) => incoming,
        Err(error) => {
            tracing::warn!(%error, "a browser sent a message that cannot be read");
            return;
        }
    };
    tracing::trace!(id = incoming.id, method = incoming.method, "received");
    if let Some(method) = &incoming.method {
        on_event(method, &incoming.params);
        return;
    }
    // A command that nobody waits for any more is answered too.
    let Some(waiting) = incoming.id.and_then(|id| calls.take(id)) else {
        return;
    };
    let _ = waiting.send(match incoming.error {
        Some(code) => Err(ProtocolError::from_bidi(code, incoming.message)),
        None => Ok(incoming.result),
    });
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;
    use tokio::net::TcpListener;

    use super::*;

    type Heard = Arc<Mutex<Vec<String>>>;

    /// A connection to a browser that takes two commands before it answers as `answers` say; `#1`
    /// and `#2` stand for the commands' ids. Then it ends the connection.
    async fn connected(answers: &'static [&'static str]) -> (Connection, Heard) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let mut ids = Vec::new();
            while ids.len() < 2 {
                let command = socket.next().await.unwrap().unwrap();
                let command: Value = serde_json::from_str(command.to_text().unwrap()).unwrap();
                ids.push(command["id"].to_string());
            }
            for answer in answers {
                let answer = answer.replace("#1", &ids[0]).replace("#2", &ids[1]);
                socket.send(Message::text(answer)).await.unwrap();
            }
            socket.close(None).await.unwrap();
            while socket.next().await.is_some() {}
        });
        let heard = Heard::default();
        let hears = Arc::clone(&heard);
        let connection = Connection::open(&url, move |method, _| hears.lock().push(method.into()));
        (connection.await.unwrap(), heard)
    }

    #[tokio::test]
    async fn answers_find_their_commands_in_any_order() {
        let (connection, heard) = connected(&[
            r#"{"method": "log.entryAdded", "params": {}}"#,
            r#"{"id": #2, "result": {"n": 2}}"#,
            "no JSON",
            r#"{"id": 99, "result": {}}"#,
            r#"{"id": #1, "error": "no such frame", "message": "it has gone"}"#,
        ])
        .await;
        let (one, two) = (
            connection.send("a", json!({})),
            connection.send("b", json!({})),
        );
        assert_eq!(two.await.unwrap()["n"], 2);
        assert_eq!(
            *heard.lock(),
            ["log.entryAdded"],
            "an event comes before what follows it"
        );
        assert!(matches!(one.await, Err(ProtocolError::PageLeft(_))));
    }

    #[tokio::test]
    async fn whoever_waits_when_the_connection_ends_is_told() {
        let (connection, _) = connected(&[r#"{"id": #1, "result": {}}"#]).await;
        let (one, two) = (
            connection.send("a", json!({})),
            connection.send("b", json!({})),
        );
        assert!(one.await.is_ok());
        assert!(matches!(two.await, Err(ProtocolError::Gone(_))));
        connection.gone().wait_for(|gone| *gone).await.unwrap();
        let late = connection.send("c", json!({})).await;
        assert!(matches!(late, Err(ProtocolError::Gone(_))), "{late:?}");
    }

    #[tokio::test]
    async fn a_command_that_nobody_waits_for_leaves_nothing_behind() {
        let (connection, _) = connected(&[]).await;
        drop(connection.send("a", json!({})));
        assert_eq!(
            connection.calls.waiting.lock().as_ref().map(HashMap::len),
            Some(0)
        );
    }
}
