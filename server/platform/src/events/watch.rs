//! The stream of a platform's events.

use std::time::Duration;

use etude::v1::{self, ErrorReason};
use etude_engine::{Error, Result};
use futures::{Stream, stream};
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout_at};

use super::kept::{Head, Wanted};
use super::{EventLog, name};

/// The longest that a watcher hears nothing.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// The most events of a message.
const BATCH: usize = 100;

impl EventLog {
    /// Streams the events after a number, then live; 0: all that are kept.
    ///
    /// # Errors
    ///
    /// `SEQUENCE_IN_FUTURE`; `EVENTS_COMPACTED`, also in the stream; `STORAGE_FAILED`.
    pub async fn watch(
        &self,
        request: v1::WatchPlatformEventsRequest,
    ) -> Result<impl Stream<Item = Result<v1::WatchPlatformEventsResponse>> + Send + use<>> {
        // Listening begins before anything is read, so that nothing is missed in between.
        let added = self.inner.added.subscribe();
        let (head, _) = self.read(Wanted::OldestAfter(0, 0)).await?;
        let after = match request.after_sequence {
            0 => head.first - 1,
            after => after,
        };
        self.check(head, after)?;
        let watch = Watch {
            log: self.clone(),
            added,
            after,
            // The first message comes at once.
            silent_until: Instant::now(),
        };
        Ok(stream::try_unfold(watch, Watch::next))
    }

    /// Whether the event after a number is there or to come.
    fn check(&self, head: Head, after: i64) -> Result<()> {
        let platform = &self.inner.platform;
        if after > head.last {
            let message = format!(
                "{} does not exist yet; the last event has the number {}",
                name(platform, after),
                head.last
            );
            let error = Error::new(ErrorReason::SequenceInFuture, message);
            return Err(error.with("last_sequence", head.last));
        }
        if after + 1 < head.first {
            let message = format!(
                "{} is no longer kept; the first event that is has the number {}",
                name(platform, after + 1),
                head.first
            );
            let error = Error::new(ErrorReason::EventsCompacted, message);
            return Err(error.with("first_sequence", head.first));
        }
        Ok(())
    }
}

/// A watcher's place in a log.
struct Watch {
    log: EventLog,
    added: Receiver<()>,
    /// The number of the last event that was told.
    after: i64,
    /// When a heartbeat is due.
    silent_until: Instant,
}

impl Watch {
    /// The next message: events as soon as there are some, else a heartbeat.
    async fn next(mut self) -> Result<Option<(v1::WatchPlatformEventsResponse, Self)>> {
        loop {
            self.added.mark_unchanged();
            let wanted = Wanted::OldestAfter(self.after, BATCH);
            let (head, events) = self.log.read(wanted).await?;
            self.log.check(head, self.after)?;
            if events.is_empty() && Instant::now() < self.silent_until {
                // It fails when the time is over; then there is a heartbeat.
                let _ = timeout_at(self.silent_until, self.added.changed()).await;
                continue;
            }
            self.after = events.last().map_or(self.after, |event| event.sequence);
            self.silent_until = Instant::now() + HEARTBEAT;
            let message = v1::WatchPlatformEventsResponse {
                events,
                last_sequence: head.last,
            };
            return Ok(Some((message, self)));
        }
    }
}
