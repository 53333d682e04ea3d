//! Events are appended to a run's log, and the run changes with them.

use std::sync::{Arc, LazyLock};

use etude::v1;
use etude_engine::Result;
use etude_engine::remote::RemoteExecution;
use etude_engine::store::{NewEvent, RunUpdate, erase_hidden};
use prost::Message;
use sqlx::AssertSqlSafe;

use super::{is_over, refuse_unknown};
use crate::clock;
use crate::error::Failure;
use crate::writer::{Tx, Write, Writer};

/// Most events of one statement.
const CHUNK: usize = 32;

/// Takes numbers for events. Leaves everything but the log's end alone, and with it most indexes.
const NUMBER: &str = "\
    UPDATE runs SET last_sequence = last_sequence + ?2 WHERE name = ?1 RETURNING last_sequence";

/// A run that is not RUNNING is nobody's.
const UPDATE: &str = "\
    UPDATE runs SET state = coalesce(?2, state), \
        outcome = CASE WHEN ?3 IS NULL THEN outcome ELSE nullif(?3, 0) END, \
        start_time = coalesce(?4, start_time), \
        end_time = coalesce(?5, end_time), \
        statistics = coalesce(?6, statistics), \
        failure = coalesce(?7, failure), \
        artifacts = coalesce(?8, artifacts), \
        attempt = coalesce(?9, attempt), \
        execution = CASE WHEN ?10 IS NULL THEN execution ELSE nullif(?10, '') END, \
        worker = CASE WHEN coalesce(?2, state) = 2 THEN worker END, \
        lease_until = CASE WHEN coalesce(?2, state) = 2 THEN lease_until END \
    WHERE name = ?1";

const MEMO: &str = "\
    UPDATE run_specs SET execution_memo = ?2 WHERE run_id = (SELECT id FROM runs WHERE name = ?1)";

const SPEC: &str = "SELECT run_id, spec FROM run_specs JOIN runs ON id = run_id WHERE name = ?1";

/// A text for each number of events, so that each stays prepared.
static APPEND: LazyLock<Vec<Arc<str>>> =
    LazyLock::new(|| (0..=CHUNK).map(|count| append_sql(count).into()).collect());

/// Numbers and inserts so many events. Both is done in one text, so that the database's thread is
/// asked once; without the run, the second statement finds nothing.
fn append_sql(count: usize) -> String {
    if count == 0 {
        return NUMBER.to_owned();
    }
    let event = |n: usize| format!("({n}, ?{})", n + 2);
    let events = (1..=count).map(event).collect::<Vec<_>>().join(", ");
    format!(
        "{NUMBER}; INSERT INTO events (run_id, sequence, event) \
         SELECT id, last_sequence - ?2 + column1, column2 \
         FROM runs, (VALUES {events}) WHERE name = ?1"
    )
}

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

    /// Numbers and inserts some events; returns the number of the last.
    async fn insert(&self, tx: &mut Tx, events: &[Vec<u8>]) -> Result<i64, Failure> {
        let text = AssertSqlSafe(Arc::clone(&APPEND[events.len()]));
        let mut query = sqlx::query_scalar(text)
            .bind(&self.run)
            .bind(events.len() as i64);
        for event in events {
            query = query.bind(event.as_slice());
        }
        // Reading all rows is what executes every statement.
        let last: Vec<i64> = query.fetch_all(&mut tx.connection).await?;
        last.first()
            .copied()
            .ok_or_else(|| refuse_unknown(&self.run))
    }

    async fn update(&self, tx: &mut Tx, update: &Update) -> Result<(), Failure> {
        sqlx::query(UPDATE)
            .bind(&self.run)
            .bind(update.state)
            .bind(update.outcome)
            .bind(update.start_time)
            .bind(update.end_time)
            .bind(update.statistics.as_deref())
            .bind(update.failure.as_deref())
            .bind(update.artifacts.as_deref())
            .bind(update.attempt)
            .bind(update.execution.as_ref().map(|execution| &execution.name))
            .execute(&mut tx.connection)
            .await?;
        if let Some(execution) = &update.execution {
            sqlx::query(MEMO)
                .bind(&self.run)
                .bind(execution.memo.as_slice())
                .execute(&mut tx.connection)
                .await?;
        }
        match update.state {
            Some(state) if is_over(state) => self.erase_hidden(tx).await,
            _ => Ok(()),
        }
    }

    /// Nobody needs the hidden values of a run that is over.
    async fn erase_hidden(&self, tx: &mut Tx) -> Result<(), Failure> {
        let found: Option<(i64, Vec<u8>)> = sqlx::query_as(SPEC)
            .bind(&self.run)
            .fetch_optional(&mut tx.connection)
            .await?;
        let Some((id, spec)) = found else {
            return Ok(());
        };
        let Ok(mut spec) = v1::RunSpec::decode(spec.as_slice()) else {
            return Ok(());
        };
        if erase_hidden(&mut spec) {
            sqlx::query("UPDATE run_specs SET spec = ?2 WHERE run_id = ?1")
                .bind(id)
                .bind(spec.encode_to_vec())
                .execute(&mut tx.connection)
                .await?;
        }
        Ok(())
    }
}

impl Write for Append {
    type Output = i64;

    async fn apply(&mut self, tx: &mut Tx) -> Result<i64, Failure> {
        let (head, tail) = self.encoded.split_at(self.encoded.len().min(CHUNK));
        let mut last = self.insert(tx, head).await?;
        for chunk in tail.chunks(CHUNK) {
            last = self.insert(tx, chunk).await?;
        }
        if let Some(update) = &self.update {
            self.update(tx, update).await?;
        }
        let first = last - self.events.len() as i64 + 1;
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
    attempt: Option<u32>,
    execution: Option<RemoteExecution>,
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
            attempt: update.attempt,
            execution: update.execution,
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
            && self.attempt.is_none()
            && self.execution.is_none()
    }
}
