//! A session's events: the last ones, in memory, for any number of watchers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use etude::v1::{self, ErrorReason, SessionEvent, session_event::Payload};
use futures::{Stream, stream};
use parking_lot::Mutex;
use prost::Message as _;
use tokio::sync::watch;

use super::entry::Entry;
use crate::error::{Error, Result};

/// The most events that are kept.
const MAX_EVENTS: usize = 1000;

/// The most bytes of events that are kept, as they are encoded.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The most events of one message.
const BATCH_EVENTS: usize = 100;

/// The size, in bytes, that a message of several events does not exceed.
const BATCH_BYTES: usize = 256 * 1024;

/// The last events of a session.
pub(super) struct EventLog {
    kept: Mutex<Kept>,
    mark: watch::Sender<Mark>,
}

/// An event that was appended, and how it is kept.
pub(super) struct Pushed {
    pub(super) event: SessionEvent,
    pub(super) encoded: Bytes,
}

/// Events are kept encoded: that is a fraction of their size in memory, and each is written for
/// every command but seldom read.
#[derive(Default)]
struct Kept {
    events: VecDeque<Bytes>,
    bytes: usize,
    last: i64,
}

/// How far a log has come.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Mark {
    last: i64,
    closed: bool,
}

impl EventLog {
    pub(super) fn new() -> Self {
        Self {
            kept: Mutex::default(),
            mark: watch::Sender::default(),
        }
    }

    /// Appends an event of now.
    pub(super) fn push(&self, payload: Payload) -> Pushed {
        self.push_at(SystemTime::now(), payload)
    }

    /// Appends an event of this moment.
    pub(super) fn push_at(&self, time: SystemTime, payload: Payload) -> Pushed {
        let mut kept = self.kept.lock();
        kept.last += 1;
        let last = kept.last;
        let event = SessionEvent {
            sequence: last,
            event_time: Some(time.into()),
            payload: Some(payload),
        };
        let encoded = Bytes::from(event.encode_to_vec());
        kept.bytes += encoded.len();
        kept.events.push_back(encoded.clone());
        kept.drop_old();
        // Within the lock, so that marks are published in order and nobody begins to watch in
        // between. Most sessions are watched by nobody, and waking nobody takes its time.
        let watched = self.mark.receiver_count() > 0;
        self.mark.send_if_modified(|mark| {
            mark.last = last;
            watched
        });
        drop(kept);
        Pushed { event, encoded }
    }

    /// Tells from now on how far the log has come.
    fn subscribe(&self) -> watch::Receiver<Mark> {
        let _kept = self.kept.lock();
        self.mark.subscribe()
    }

    /// No further event will come.
    pub(super) fn close(&self) {
        self.mark.send_modify(|mark| mark.closed = true);
    }

    pub(super) fn last(&self) -> i64 {
        self.mark.borrow().last
    }

    /// Whether events after `after` can be served.
    pub(super) fn check(&self, after: i64) -> Result<()> {
        let kept = self.kept.lock();
        check_range(after, kept.first(), kept.last)
    }

    /// Events after `after`, as many as fit a message.
    fn batch(&self, after: i64) -> Result<Vec<SessionEvent>> {
        let kept = self.kept.lock();
        check_range(after, kept.first(), kept.last)?;
        let skipped = usize::try_from(after + 1 - kept.first()).unwrap_or_default();
        let mut bytes = 0;
        let fits = |event: &&Bytes| {
            let first = bytes == 0;
            bytes += event.len();
            first || bytes <= BATCH_BYTES
        };
        let events = kept.events.iter().skip(skipped).take(BATCH_EVENTS);
        let events: Vec<_> = events.take_while(fits).cloned().collect();
        drop(kept);
        events.into_iter().map(decode).collect()
    }
}

fn decode(event: Bytes) -> Result<SessionEvent> {
    SessionEvent::decode(event).map_err(|error| Error::internal(error.to_string()))
}

impl Kept {
    /// Sequence number of the first event that is kept.
    fn first(&self) -> i64 {
        self.last + 1 - self.events.len() as i64
    }

    fn drop_old(&mut self) {
        while self.events.len() > MAX_EVENTS || (self.bytes > MAX_BYTES && self.events.len() > 1) {
            if let Some(event) = self.events.pop_front() {
                self.bytes -= event.len();
            }
        }
    }
}

/// Whether events after `after` are among those from `first` to `last`.
pub(super) fn check_range(after: i64, first: i64, last: i64) -> Result<()> {
    if after > last {
        let message = format!("the last event has the number {last}, which is before {after}");
        return Err(Error::new(ErrorReason::SequenceInFuture, message).with("last_sequence", last));
    }
    if after + 1 < first {
        let message = format!("the events before number {first} are no longer kept");
        return Err(Error::new(ErrorReason::EventsCompacted, message).with("first_sequence", first));
    }
    Ok(())
}

/// A session's events after `after`, then live until it ends.
pub(super) fn watch(
    entry: Arc<Entry>,
    after: i64,
    heartbeat: Duration,
) -> impl Stream<Item = Result<v1::WatchSessionResponse>> + Send + 'static {
    let watcher = Watcher {
        mark: entry.events().subscribe(),
        entry,
        cursor: after,
        heartbeat,
        failed: false,
    };
    stream::unfold(watcher, |mut watcher| async {
        let message = watcher.next().await?;
        watcher.failed = message.is_err();
        Some((message, watcher))
    })
}

struct Watcher {
    entry: Arc<Entry>,
    mark: watch::Receiver<Mark>,
    cursor: i64,
    heartbeat: Duration,
    failed: bool,
}

impl Watcher {
    async fn next(&mut self) -> Option<Result<v1::WatchSessionResponse>> {
        if self.failed {
            return None;
        }
        let mut mark = *self.mark.borrow_and_update();
        if self.cursor >= mark.last && !mark.closed {
            // The sender lives as long as the entry, so this only ends with a change or the time.
            let changed = tokio::time::timeout(self.heartbeat, self.mark.changed()).await;
            mark = *self.mark.borrow_and_update();
            if changed.is_err() {
                return Some(Ok(message(Vec::new(), mark)));
            }
        }
        if self.cursor >= mark.last {
            return (!mark.closed).then(|| Ok(message(Vec::new(), mark)));
        }
        let batch = self.entry.events().batch(self.cursor);
        Some(batch.map(|events| {
            self.cursor = events.last().map_or(self.cursor, |event| event.sequence);
            message(events, mark)
        }))
    }
}

fn message(events: Vec<SessionEvent>, mark: Mark) -> v1::WatchSessionResponse {
    let newest = events.last().map_or(0, |event| event.sequence);
    v1::WatchSessionResponse {
        events,
        last_sequence: mark.last.max(newest),
    }
}
