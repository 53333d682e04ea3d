//! Events are appended to a run's log, and the run changes with them.

use std::sync::{Arc, LazyLock};

use etude::v1;
use etude_engine::Result;
use etude_engine::store::{NewEvent, RunUpdate};
use prost::Message;
use sqlx::AssertSqlSafe;

use super::refuse_unknown;
use crate::clock;
use crate::error::Failure;
use crate::writer::{Tx, Write, Writer};

/// Leaves everything but the log's end alone, and with it most indexes.
const NUMBER: &str = "\
    UPDATE runs SET last_sequence = last_sequence + ?2 \
    WHERE name = ?1 RETURNING id, last_sequence";

/// A run that is not RUNNING is nobody's.
const NUMBER_AND_UPDATE: &str = "\
    UPDATE runs SET last_sequence = last_sequence + ?2, \
        state = coalesce(?3, state), \
        outcome = CASE WHEN ?4 IS NULL THEN outcome ELSE nullif(?4, 0) END, \
        start_time = coalesce(?5, start_time), \
        end_time = coalesce(?6, end_time), \
        statistics = coalesce(?7, statistics), \
        failure = coalesce(?8, failure), \
        artifacts = coalesce(?9, artifacts), \
        worker = CASE WHEN coalesce(?3, state) = 2 THEN worker END, \
        lease_until = CASE WHEN coalesce(?3, state) = 2 THEN lease_until END \
    WHERE name = ?1 RETURNING id, last_sequence";

/// Inserts many events, some or one. Few statement texts, so that each stays prepared.
static INSERTS: LazyLock<[(usize, Arc<str>); 3]> =
    LazyLock::new(|| [32, 4, 1].map(|rows| (rows, insert(rows))));

/// Appends events; returns the last sequence number.
pub(crate) async fn append(
    writer: &Writer,
    run: &str,
    events: Vec<NewEvent>,
    update: RunUpdate,
) -> Result<i64> {
    writer.write(Append::new(run, events, update)).await
}

struct Append {
    run: String,
    events: Vec<Arc<v1::RunEvent>>,
    /// The same events, without their numbers, which are not known before they are written.
    encoded: Vec<Vec<u8>>,
    update: Option<Box<Update>>,
}

impl Append {
    fn new(run: &str, events: Vec<NewEvent>, update: RunUpdate) -> Self {
        let events = events.into_iter().map(|event| v1::RunEvent {
            sequence: 0,
            event_time: Some(event.time),
            payload: Some(event.payload),
        });
        let (events, encoded) = events
            .map(|event| (Arc::new(event.clone()), event.encode_to_vec()))
            .unzip();
        Self {
            run: run.to_owned(),
            events,
            encoded,
            update: Update::new(update).map(Box::new),
        }
    }

    /// Takes numbers for the events and updates the run: its id and its last number.
    async fn number(&self, tx: &mut Tx) -> Result<(i64, i64), Failure> {
        let count = self.events.len() as i64;
        let numbered = match &self.update {
            None => {
                let query = sqlx::query_as(NUMBER).bind(&self.run).bind(count);
                query.fetch_optional(&mut tx.connection).await?
            }
            Some(update) => {
                let query = sqlx::query_as(NUMBER_AND_UPDATE)
                    .bind(&self.run)
                    .bind(count);
                let query = query
                    .bind(update.state)
                    .bind(update.outcome)
                    .bind(update.start_time)
                    .bind(update.end_time)
                    .bind(update.statistics.as_deref())
                    .bind(update.failure.as_deref())
                    .bind(update.artifacts.as_deref());
                query.fetch_optional(&mut tx.connection).await?
            }
        };
        numbered.ok_or_else(|| refuse_unknown(&self.run))
    }

    async fn insert(&self, tx: &mut Tx, id: i64, first: i64) -> Result<(), Failure> {
        let mut rest = self.encoded.as_slice();
        let mut sequence = first;
        for (rows, sql) in INSERTS.iter() {
            while rest.len() >= *rows {
                let (chunk, after) = rest.split_at(*rows);
                let mut query = sqlx::query(AssertSqlSafe(Arc::clone(sql)));
                for event in chunk {
                    query = query.bind(id).bind(sequence).bind(event.as_slice());
                    sequence += 1;
                }
                query.execute(&mut tx.connection).await?;
                rest = after;
            }
        }
        Ok(())
    }
}

impl Write for Append {
    type Output = i64;

    async fn apply(&mut self, tx: &mut Tx) -> Result<i64, Failure> {
        let (id, last) = self.number(tx).await?;
        let first = last - self.events.len() as i64 + 1;
        self.insert(tx, id, first).await?;
        for (event, sequence) in self.events.iter_mut().zip(first..) {
            Arc::make_mut(event).sequence = sequence;
        }
        tx.announce(&self.run, self.events.clone());
        Ok(last)
    }
}

/// A [`RunUpdate`] as columns.
struct Update {
    state: Option<i32>,
    outcome: Option<i32>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    statistics: Option<Vec<u8>>,
    failure: Option<Vec<u8>>,
    artifacts: Option<Vec<u8>>,
}

impl Update {
    /// `None` when nothing changes.
    fn new(update: RunUpdate) -> Option<Self> {
        let artifacts = update.artifacts.map(|artifacts| {
            let run = v1::Run {
                artifacts,
                ..v1::Run::default()
            };
            run.encode_to_vec()
        });
        let columns = Self {
            state: update.state.map(|state| state as i32),
            outcome: update.outcome.map(|outcome| outcome as i32),
            start_time: update.start_time.as_ref().map(clock::nanos),
            end_time: update.end_time.as_ref().map(clock::nanos),
            statistics: update.statistics.as_ref().map(Message::encode_to_vec),
            failure: update.failure.as_ref().map(Message::encode_to_vec),
            artifacts,
        };
        (!columns.is_empty()).then_some(columns)
    }

    fn is_empty(&self) -> bool {
        self.state.is_none()
            && self.outcome.is_none()
            && self.start_time.is_none()
            && self.end_time.is_none()
            && self.statistics.is_none()
            && self.failure.is_none()
            && self.artifacts.is_none()
    }
}

fn insert(rows: usize) -> Arc<str> {
    let values = vec!["(?, ?, ?)"; rows].join(", ");
    format!("INSERT INTO events (run_id, sequence, event) VALUES {values}").into()
}
