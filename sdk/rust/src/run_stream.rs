//! A run's events as one stream that survives broken connections and restarts of the server.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use futures::stream::{self, BoxStream, StreamExt as _};
use tonic::{Code, Streaming};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::retry::Backoff;
use crate::v1::run_event::Payload;
use crate::v1::run_service_client::RunServiceClient;
use crate::v1::{
    ErrorReason, GetRunRequest, RunEvent, RunFinished, RunState, WatchRunRequest, WatchRunResponse,
};

/// The events of a run, each once and in order, to the last.
///
/// The stream is taken up again behind the last event it has seen when the connection breaks,
/// when the server restarts, and when it says nothing for
/// [`stream_silence`](crate::ClientOptions::stream_silence). It ends after `RunFinished`, or after
/// one error: that of an answer that will not change, or the last one when nothing was answered
/// for [`give_up_after`](crate::RetryPolicy::give_up_after).
pub struct RunStream {
    run: String,
    last_sequence: i64,
    events: BoxStream<'static, Result<RunEvent>>,
}

impl RunStream {
    pub(crate) fn new(client: Client, run: String, after: i64) -> Self {
        let watcher = Watcher {
            backoff: client.backoff(),
            client,
            run: run.clone(),
            seen: after,
            connection: None,
            events: VecDeque::new(),
            ended: false,
        };
        let events = stream::unfold(watcher, |mut watcher| async move {
            Some((watcher.next().await?, watcher))
        });
        Self {
            run,
            last_sequence: after,
            events: events.boxed(),
        }
    }

    /// The run's name: `runs/{id}`.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Sequence number of the last event that this stream has given out.
    /// [`Client::watch_run`] goes on behind it.
    pub fn last_sequence(&self) -> i64 {
        self.last_sequence
    }

    /// Reads to the end, and returns the last event's content.
    ///
    /// # Errors
    ///
    /// The stream's error; `RUN_NOT_FOUND` when the stream began behind the last event.
    pub async fn finish(mut self) -> Result<RunFinished> {
        while let Some(event) = self.next().await {
            if let Some(Payload::RunFinished(finished)) = event?.payload {
                return Ok(finished);
            }
        }
        Err(Error::local(
            Code::OutOfRange,
            format!("{} has no event behind {}", self.run, self.last_sequence),
        ))
    }
}

impl Stream for RunStream {
    type Item = Result<RunEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.events.poll_next_unpin(cx));
        if let Some(Ok(event)) = &item {
            self.last_sequence = event.sequence;
        }
        Poll::Ready(item)
    }
}

impl fmt::Debug for RunStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunStream")
            .field("run", &self.run)
            .field("last_sequence", &self.last_sequence)
            .finish_non_exhaustive()
    }
}

struct Watcher {
    client: Client,
    run: String,
    /// Sequence number of the last event that was received.
    seen: i64,
    connection: Option<Streaming<WatchRunResponse>>,
    /// Received and not yet given out.
    events: VecDeque<RunEvent>,
    backoff: Backoff,
    ended: bool,
}

impl Watcher {
    async fn next(&mut self) -> Option<Result<RunEvent>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                self.ended |= matches!(event.payload, Some(Payload::RunFinished(_)));
                return Some(Ok(event));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.receive().await {
                self.connection = None;
                if let Err(error) = self.wait_after(error).await {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }

    /// Receives one message, or learns that there is none left.
    async fn receive(&mut self) -> Result<()> {
        let silence = self.client.stream_silence();
        let received = tokio::time::timeout(silence, self.message()).await;
        let Ok(message) = received else {
            return Err(Error::new(
                ErrorReason::ServerUnreachable,
                format!("{}: the server has said nothing for {silence:?}", self.run),
            ));
        };
        match message? {
            Some(message) => {
                self.backoff.reset();
                self.accept(message.events)
            }
            None => self.check_end().await,
        }
    }

    async fn message(&mut self) -> Result<Option<WatchRunResponse>> {
        if self.connection.is_none() {
            let request = WatchRunRequest {
                name: self.run.clone(),
                after_sequence: self.seen,
            };
            let mut service = RunServiceClient::new(self.client.channel())
                .max_decoding_message_size(self.client.max_message_bytes());
            self.connection = Some(service.watch_run(request).await?.into_inner());
        }
        match &mut self.connection {
            Some(connection) => Ok(connection.message().await?),
            None => Ok(None),
        }
    }

    /// Takes the events that follow; what was seen before is left out, and a gap is not passed on.
    fn accept(&mut self, events: Vec<RunEvent>) -> Result<()> {
        for event in events {
            if event.sequence > self.seen + 1 {
                return Err(Error::new(
                    ErrorReason::StorageFailed,
                    format!(
                        "{}: event {} came after event {}",
                        self.run, event.sequence, self.seen
                    ),
                ));
            }
            if event.sequence == self.seen + 1 {
                self.seen = event.sequence;
                self.events.push_back(event);
            }
        }
        Ok(())
    }

    /// The stream ended OK without the run's last event: right when that was seen before.
    async fn check_end(&mut self) -> Result<()> {
        self.connection = None;
        if !self.events.is_empty() {
            return Ok(());
        }
        let name = self.run.clone();
        let run = self.client.call(GetRunRequest { name }).await?;
        let run = run.run.unwrap_or_default();
        let over = matches!(run.state(), RunState::Finished | RunState::Cancelled);
        if over && run.last_sequence <= self.seen {
            self.ended = true;
            return Ok(());
        }
        Err(Error::new(
            ErrorReason::ServerUnreachable,
            format!("{}: the stream ended before the run", self.run),
        ))
    }

    /// Waits before the next attempt; the error itself when there is to be none.
    async fn wait_after(&mut self, error: Error) -> Result<()> {
        // A full server asks for patience by RESOURCE_EXHAUSTED with a delay.
        let busy = error.code() == Code::ResourceExhausted && error.retry_after().is_some();
        if !error.is_transient() && !busy {
            return Err(error);
        }
        match self.backoff.next_delay(error.retry_after()) {
            Some(delay) => {
                tokio::time::sleep(delay).await;
                Ok(())
            }
            None => Err(error),
        }
    }
}
