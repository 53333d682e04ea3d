//! The stream of a run's events: a state machine without a task or buffers of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use etude::v1::{self, ErrorReason, RunEvent, WatchRunResponse, run_event::Payload};
use futures::Stream;
use prost::Message;
use tokio::time::{Instant, Sleep, sleep_until};

use super::hub::{Hub, Next, Subscription};
use crate::error::{Error, Result};
use crate::store::Store;

/// The most bytes of events in one message, a single larger event excepted.
const MESSAGE_BYTES: usize = 64 * 1024;

/// Events that are read from the store at a time.
const PAGE_EVENTS: usize = 128;

/// When a client should come back after a shutdown.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A run's events from a sequence number on, until its last.
///
/// Each message holds all events that are ready, up to 64 KiB: a reader that keeps up gets every
/// event at once, one that lags gets fewer and larger messages. The stream ends without an error
/// only after the run's last event.
pub struct WatchStream {
    store: Arc<dyn Store>,
    subscription: Subscription,
    /// Sequence number of the last event that was delivered.
    cursor: i64,
    state: State,
    heartbeat: Heartbeat,
}

type Page = Pin<Box<dyn Future<Output = Result<Vec<Arc<RunEvent>>>> + Send>>;

enum State {
    /// The next events come from the topic.
    Live,
    /// The next events are being read from the store.
    Reading(Page),
    /// These were read and did not fit into one message; the next comes last.
    Rest(Vec<Arc<RunEvent>>),
    Ended,
}

impl WatchStream {
    /// Watches a run from the event after `after` on.
    pub(super) async fn open(
        hub: &Arc<Hub>,
        store: Arc<dyn Store>,
        run: &str,
        after: i64,
        heartbeat: Duration,
    ) -> Result<Self> {
        // Subscribed first: what is committed after the run is read comes through the topic.
        let subscription = hub.subscribe(run);
        let turn = hub.opening.acquire().await;
        let run = store.run(run).await?;
        drop(turn);
        check_cursor(&run, after)?;
        subscription.raise_last(run.last_sequence);
        let seen_all = is_over(&run) && after == run.last_sequence;
        Ok(Self {
            store,
            subscription,
            cursor: after,
            state: if seen_all { State::Ended } else { State::Live },
            heartbeat: Heartbeat::new(heartbeat),
        })
    }

    fn read_page(&self) -> Page {
        let store = Arc::clone(&self.store);
        let run = self.subscription.run().to_owned();
        let after = self.cursor;
        Box::pin(async move { store.events(&run, after, PAGE_EVENTS).await })
    }

    fn deliver_read(&mut self, mut events: Vec<Arc<RunEvent>>) -> Result<WatchRunResponse> {
        if events.first().map(|event| event.sequence) != Some(self.cursor + 1) {
            let run = self.subscription.run();
            let message = format!("event {} of {run} is missing in the store", self.cursor + 1);
            return Err(self.end(Error::new(ErrorReason::StorageFailed, message)));
        }
        events.reverse();
        Ok(self.deliver_page(events))
    }

    fn deliver_page(&mut self, mut newest_first: Vec<Arc<RunEvent>>) -> WatchRunResponse {
        let mut events = Vec::new();
        let mut bytes = 0;
        while let Some(event) = newest_first.last() {
            bytes += event.encoded_len();
            if bytes > MESSAGE_BYTES && !events.is_empty() {
                break;
            }
            events.extend(newest_first.pop().map(|event| RunEvent::clone(&event)));
        }
        if !newest_first.is_empty() {
            self.state = State::Rest(newest_first);
        }
        self.deliver(events)
    }

    fn deliver(&mut self, events: Vec<RunEvent>) -> WatchRunResponse {
        if let Some(last) = events.last() {
            self.cursor = last.sequence;
            if matches!(last.payload, Some(Payload::RunFinished(_))) {
                self.state = State::Ended;
            }
        }
        self.message(events)
    }

    fn message(&mut self, events: Vec<RunEvent>) -> WatchRunResponse {
        self.heartbeat.sent();
        WatchRunResponse {
            events,
            last_sequence: self.subscription.last().max(self.cursor),
        }
    }

    fn end(&mut self, error: Error) -> Error {
        self.state = State::Ended;
        error.with("last_sequence", self.cursor)
    }

    /// A heartbeat when one is due.
    fn beat(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<WatchRunResponse>>> {
        match self.heartbeat.poll_due(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Ok(self.message(Vec::new())))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Stream for WatchStream {
    type Item = Result<WatchRunResponse>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match std::mem::replace(&mut this.state, State::Live) {
                State::Ended => {
                    this.state = State::Ended;
                    return Poll::Ready(None);
                }
                State::Rest(events) => return Poll::Ready(Some(Ok(this.deliver_page(events)))),
                State::Reading(mut page) => match page.as_mut().poll(cx) {
                    Poll::Pending => {
                        this.state = State::Reading(page);
                        return this.beat(cx);
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(this.end(error)))),
                    Poll::Ready(Ok(events)) => {
                        return Poll::Ready(Some(this.deliver_read(events)));
                    }
                },
                State::Live => match this
                    .subscription
                    .next(this.cursor, MESSAGE_BYTES, cx.waker())
                {
                    Next::Events(events) => return Poll::Ready(Some(Ok(this.deliver(events)))),
                    Next::Behind => this.state = State::Reading(this.read_page()),
                    Next::Nothing => return this.beat(cx),
                    Next::Closed => return Poll::Ready(Some(Err(this.end(shutting_down())))),
                },
            }
        }
    }
}

/// Tells when a stream has been silent for too long.
struct Heartbeat {
    /// The longest silence.
    every: Duration,
    last_message: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Heartbeat {
    fn new(promised: Duration) -> Self {
        // Sent somewhat earlier than promised, so that it also arrives in time.
        let every = promised - promised / 5;
        let now = Instant::now();
        Self {
            every,
            last_message: now,
            timer: Box::pin(sleep_until(now + every)),
        }
    }

    fn sent(&mut self) {
        self.last_message = Instant::now();
    }

    /// The timer is set anew only when it fires, not for every message.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.timer.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => {
                    let due = self.last_message + self.every;
                    let now = Instant::now();
                    if due <= now {
                        self.timer.as_mut().reset(now + self.every);
                        return Poll::Ready(());
                    }
                    self.timer.as_mut().reset(due);
                }
            }
        }
    }
}

fn check_cursor(run: &v1::Run, after: i64) -> Result<()> {
    if after > run.last_sequence {
        let message = format!(
            "event {after} of {} does not exist yet; the last is {}",
            run.name, run.last_sequence
        );
        return Err(Error::new(ErrorReason::SequenceInFuture, message)
            .with("last_sequence", run.last_sequence)
            .resource(run.name.clone()));
    }
    if after + 1 < run.first_sequence {
        let message = format!(
            "event {} of {} has been removed by retention; the first that is kept is {}",
            after + 1,
            run.name,
            run.first_sequence
        );
        return Err(Error::new(ErrorReason::EventsCompacted, message)
            .with("first_sequence", run.first_sequence)
            .resource(run.name.clone()));
    }
    Ok(())
}

/// Whether a run has had its last event.
pub(super) fn is_over(run: &v1::Run) -> bool {
    matches!(
        run.state(),
        v1::RunState::Finished | v1::RunState::Cancelled
    )
}

pub(super) fn shutting_down() -> Error {
    let message = "the server is shutting down; come back with the last sequence number seen";
    Error::new(ErrorReason::ServerShutdown, message).retry_after(RETRY_AFTER)
}
