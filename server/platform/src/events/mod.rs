//! What a platform tells by itself: a durable log of the webhooks that came in.
//!
//! A delivery is kept as it was received; nothing is read into it. Events count 1, 2, 3 … within
//! their platform, and only the newest are kept. `watch` follows the log.

mod kept;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

use bytes::Bytes;
use etude::v1;
use etude_engine::Result;
use etude_engine::records::{self, Records};

use self::kept::{Head, Wanted};
use crate::resources::page::{Order, Place};

/// How many events of a platform are kept.
const KEPT: i64 = 1000;

/// A page and a message end with the event that makes them larger than this, in bytes. One event
/// may have half a megabyte, and no message should have more than one.
const BATCH_BYTES: usize = 256 * 1024;

/// Events of a page when the caller does not say, and the most of one.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;

/// The events of one platform. Cheap to clone.
#[derive(Clone)]
pub struct EventLog {
    inner: Arc<Inner>,
}

struct Inner {
    platform: String,
    records: Arc<dyn Records>,
    /// Told whenever an event was added. It only wakes: the records are the truth.
    added: tokio::sync::watch::Sender<()>,
}

/// What a webhook brought.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// What the sender calls it, if it does.
    pub id: Option<String>,
    /// Its content type; empty: not told.
    pub content_type: String,
    /// Its body.
    pub body: Bytes,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Resource name of the event.
    pub name: String,
    /// Whether the event was there before, from a delivery with the same id.
    pub is_repeated: bool,
}

impl EventLog {
    /// The log of a platform, by its name.
    pub fn new(platform: &str, records: Arc<dyn Records>) -> Self {
        Self {
            inner: Arc::new(Inner {
                platform: platform.to_owned(),
                records,
                added: tokio::sync::watch::Sender::new(()),
            }),
        }
    }

    /// Makes a delivery an event, which is durable when this returns.
    ///
    /// # Errors
    ///
    /// `STORAGE_FULL`; `STORAGE_FAILED`: nothing was kept.
    pub async fn accept(&self, delivery: Delivery) -> Result<Accepted> {
        let inner = &self.inner;
        let platform = inner.platform.clone();
        let added = records::write(&*inner.records, move |records| {
            let (platform, delivery) = (platform.clone(), delivery.clone());
            Box::pin(async move { kept::add(records, &platform, delivery).await })
        })
        .await?;
        if !added.is_repeated {
            inner.added.send_replace(());
        }
        Ok(Accepted {
            name: name(&inner.platform, added.sequence),
            is_repeated: added.is_repeated,
        })
    }

    /// Lists the events, newest first.
    ///
    /// # Errors
    ///
    /// `INVALID_PAGE_TOKEN`; `STORAGE_FAILED`.
    pub async fn list(
        &self,
        request: v1::ListPlatformEventsRequest,
    ) -> Result<v1::ListPlatformEventsResponse> {
        let list = [self.inner.platform.as_str(), "events"];
        let below = match request.page_token.as_str() {
            "" => i64::MAX,
            token => Place::open(&list, token)?.last,
        };
        let count = match usize::try_from(request.page_size).unwrap_or_default() {
            0 => PAGE,
            size => size.min(LARGEST_PAGE),
        };
        let (head, events) = self.read(Wanted::NewestBelow(below, count)).await?;
        let oldest = events.last().map_or(0, |event| event.sequence);
        Ok(v1::ListPlatformEventsResponse {
            next_page_token: match oldest > head.first {
                true => Place {
                    count: 0,
                    last: oldest,
                    order: Order::Falling,
                }
                .seal(&list),
                false => String::new(),
            },
            events,
        })
    }

    /// Reads events, in the order in which they are wanted, until they are as many bytes as a
    /// message should have.
    async fn read(&self, wanted: Wanted) -> Result<(Head, Vec<v1::PlatformEvent>)> {
        let platform = self.inner.platform.clone();
        records::read(&*self.inner.records, move |records| {
            let platform = platform.clone();
            Box::pin(async move { kept::read(records, &platform, wanted).await })
        })
        .await
    }
}

/// The resource name of an event.
fn name(platform: &str, sequence: i64) -> String {
    format!("platforms/{platform}/events/{sequence}")
}
