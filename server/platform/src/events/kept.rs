//! Events as records: one each, and one that says which there are.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use etude::v1::{self, ErrorReason};
use etude_engine::records::{Record, Transaction};
use etude_engine::{Error, Result};
use prost::Message as _;
use serde::{Deserialize, Serialize};

use super::{BATCH_BYTES, Delivery, KEPT, name};
use crate::resources::time::timestamp;

/// The id of the record that says which events there are, and the parent of all.
const HEAD: i64 = 1;
const NO_PARENT: i64 = 0;

/// Which events there are. None: the last is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) first: i64,
    pub(super) last: i64,
}

/// What is kept of an event beside its number and what its sender calls it.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Milliseconds since 1970.
    received: i64,
    content_type: String,
    body: String,
}

/// The number of a delivery's event.
pub(super) struct Added {
    pub(super) sequence: i64,
    pub(super) is_repeated: bool,
}

/// Which events are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted {
    /// So many before this number, backwards.
    NewestBelow(i64, usize),
    /// So many after this number, forwards.
    OldestAfter(i64, usize),
}

impl Wanted {
    fn numbers(self, head: Head) -> Vec<i64> {
        match self {
            Self::NewestBelow(below, count) => {
                let newest = head.last.min(below.saturating_sub(1));
                (head.first..=newest).rev().take(count).collect()
            }
            Self::OldestAfter(after, count) => {
                let oldest = head.first.max(after.saturating_add(1));
                (oldest..=head.last).take(count).collect()
            }
        }
    }
}

/// Adds the event of a delivery, unless it is there, and removes those that are one too many.
pub(super) async fn add(
    records: &mut dyn Transaction,
    platform: &str,
    delivery: Delivery,
) -> Result<Added> {
    let kind = kind(platform);
    if let Some(id) = &delivery.id
        && let Some(known) = records.find(&kind, NO_PARENT, id).await?
    {
        return Ok(Added {
            sequence: known.id,
            is_repeated: true,
        });
    }
    let head = head(records, platform).await?;
    let sequence = head.last + 1;
    let kept = Kept {
        received: now(),
        content_type: delivery.content_type,
        body: BASE64_STANDARD.encode(&delivery.body),
    };
    let event = record(kind.clone(), sequence, delivery.id, &kept)?;
    records.put(event).await?;
    let first = head.first.max(sequence - KEPT + 1);
    for old in head.first..first {
        records.delete(&kind, old).await?;
    }
    let head = Head {
        first,
        last: sequence,
    };
    records
        .put(record(head_kind(platform), HEAD, None, &head)?)
        .await?;
    Ok(Added {
        sequence,
        is_repeated: false,
    })
}

/// Reads events, and which there are at that moment.
pub(super) async fn read(
    records: &mut dyn Transaction,
    platform: &str,
    wanted: Wanted,
) -> Result<(Head, Vec<v1::PlatformEvent>)> {
    let head = head(records, platform).await?;
    let kind = kind(platform);
    let (mut events, mut bytes) = (Vec::new(), 0);
    for number in wanted.numbers(head) {
        let found = records.get(&kind, number).await?;
        let event = event(platform, found.ok_or_else(|| missing(platform, number))?)?;
        bytes += event.encoded_len();
        events.push(event);
        if bytes > BATCH_BYTES {
            break;
        }
    }
    Ok((head, events))
}

async fn head(records: &mut dyn Transaction, platform: &str) -> Result<Head> {
    match records.get(&head_kind(platform), HEAD).await? {
        Some(record) => read_json(&record),
        None => Ok(Head { first: 1, last: 0 }),
    }
}

fn event(platform: &str, record: Record) -> Result<v1::PlatformEvent> {
    let kept: Kept = read_json(&record)?;
    let body = BASE64_STANDARD.decode(&kept.body);
    let body = body.map_err(|error| unreadable(&record, &error))?;
    Ok(v1::PlatformEvent {
        name: name(platform, record.id),
        sequence: record.id,
        platform: platform.to_owned(),
        receive_time: timestamp(Some(kept.received)),
        delivery_id: record.name.unwrap_or_default(),
        content_type: kept.content_type,
        json: serde_json::from_slice(&body)
            .ok()
            .and_then(etude::json::in_message),
        body: Bytes::from(body),
    })
}

fn record(kind: String, id: i64, name: Option<String>, body: &impl Serialize) -> Result<Record> {
    let body = serde_json::to_string(body);
    Ok(Record {
        kind,
        id,
        parent: NO_PARENT,
        name,
        body: body.map_err(|error| Error::internal(error.to_string()))?,
    })
}

fn read_json<T: serde::de::DeserializeOwned>(record: &Record) -> Result<T> {
    serde_json::from_str(&record.body).map_err(|error| unreadable(record, &error))
}

fn unreadable(record: &Record, error: &dyn std::error::Error) -> Error {
    let Record { kind, id, .. } = record;
    let message = format!("the record {kind} {id} cannot be read: {error}");
    Error::new(ErrorReason::StorageFailed, message)
}

fn missing(platform: &str, number: i64) -> Error {
    let message = format!("{} is missing in the store", name(platform, number));
    Error::new(ErrorReason::StorageFailed, message)
}

/// Each platform has kinds of its own, so that its events count by themselves.
fn kind(platform: &str) -> String {
    format!("platform-event/{platform}")
}

fn head_kind(platform: &str) -> String {
    format!("platform-event-log/{platform}")
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}
