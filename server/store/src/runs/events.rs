//! A run's log is read.

use std::sync::Arc;

use etude::v1::{self, ErrorReason};
use etude_engine::{Error, Result};
use prost::Message;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use super::not_found;
use crate::error::{database, unreadable};

/// One statement, so that the bounds of the log and its events are of the same moment.
const READ: &str = "\
    SELECT first_sequence, last_sequence, sequence, event \
    FROM runs LEFT JOIN events ON run_id = id AND sequence > ?2 \
    WHERE name = ?1 ORDER BY sequence LIMIT ?3";

/// Events after a sequence number, in order, at most `limit`.
pub(crate) async fn read(
    readers: &SqlitePool,
    run: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<Arc<v1::RunEvent>>> {
    let rows = sqlx::query(READ)
        .bind(run)
        .bind(after)
        // Even who asks for no event is told when there are none.
        .bind(i64::try_from(limit.max(1)).unwrap_or(i64::MAX))
        .fetch_all(readers)
        .await
        .map_err(database)?;
    let bounds = rows.first().ok_or_else(|| not_found(run))?;
    let first: i64 = bounds.try_get(0).map_err(database)?;
    let last: i64 = bounds.try_get(1).map_err(database)?;
    check(run, after, first, last)?;
    rows.iter()
        .take(limit)
        .filter_map(|row| event(row).transpose())
        .collect()
}

fn check(run: &str, after: i64, first: i64, last: i64) -> Result<()> {
    if after > last {
        let message = format!("{run} has no event {after} yet; its last one is {last}");
        return Err(Error::new(ErrorReason::SequenceInFuture, message)
            .with("last_sequence", last)
            .resource(run));
    }
    if after.max(0) + 1 < first {
        let message = format!(
            "the events of {run} before {first} have been removed; begin after {}",
            first - 1
        );
        return Err(Error::new(ErrorReason::EventsCompacted, message)
            .with("first_sequence", first)
            .resource(run));
    }
    Ok(())
}

/// The event of a row; `None` when the row has the log's bounds only.
fn event(row: &SqliteRow) -> Result<Option<Arc<v1::RunEvent>>> {
    let Some(sequence) = row.try_get(2).map_err(database)? else {
        return Ok(None);
    };
    let bytes: &[u8] = row.try_get(3).map_err(database)?;
    let event = v1::RunEvent::decode(bytes).map_err(|error| unreadable("an event", &error))?;
    Ok(Some(Arc::new(v1::RunEvent { sequence, ..event })))
}
