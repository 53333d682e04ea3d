//! A run is created: its row, what it executes, its labels, tags and first event at once.

use std::sync::Arc;
use std::time::Duration;

use etude::v1::{self, ErrorReason};
use etude_engine::store::{NewRun, Pool};
use etude_engine::{Error, Result};
use prost::Message;
use sqlx::Row;

use super::{RUN_COLUMNS, from_row, run_columns};
use crate::clock;
use crate::error::Failure;
use crate::writer::{Tx, Write, Writer};

/// Time after which a full queue may have room again.
const QUEUE_RETRY: Duration = Duration::from_secs(1);

/// Does everything in one text, so that the database's thread is asked once: nothing is inserted
/// when the request has created a run before or when too many wait, and then the later statements
/// find that nothing has changed; tags find no run of the name. (Parameters without numbers, because sqlx counts only those on
/// from statement to statement.)
const CREATE: &str = "\
    INSERT INTO runs (name, test_name, state, create_time, first_sequence, last_sequence, attempt, \
                      request_id, fingerprint, head, statistics, environment, owner, \
                      on_platform) \
    SELECT ?, ?, 1, ?, 1, 1, 0, ?, ?, ?, ?, ?, ?, ? \
    WHERE NOT EXISTS (SELECT 1 FROM runs WHERE request_id = ?) \
        AND (SELECT runs FROM run_counts WHERE state = 1) < ? \
    RETURNING id; \
    INSERT INTO run_specs (run_id, spec) SELECT last_insert_rowid(), ? WHERE changes() > 0; \
    INSERT INTO events (run_id, sequence, event) \
    SELECT last_insert_rowid(), 1, ? WHERE changes() > 0; \
    INSERT INTO run_labels (run_id, key, value) \
    SELECT last_insert_rowid(), key, value FROM json_each(?) WHERE changes() > 0; \
    INSERT INTO run_tags (run_id, tag) \
    SELECT runs.id, json_each.value FROM json_each(?), runs WHERE runs.name = ?";

/// Creates a run, or finds the one that the same request created.
pub(crate) async fn create(writer: &Writer, new: NewRun) -> Result<v1::Run> {
    writer.write(Create::new(new)).await
}

struct Create {
    run: v1::Run,
    head: Vec<u8>,
    statistics: Option<Vec<u8>>,
    labels: Option<String>,
    tags: Option<String>,
    spec: Vec<u8>,
    pool: Pool,
    event: Arc<v1::RunEvent>,
    encoded_event: Vec<u8>,
    request_id: Option<String>,
    fingerprint: [u8; 32],
    max_queued: u32,
}

impl Create {
    /// Encodes everything here, in the caller's task, so that the writer need not.
    fn new(new: NewRun) -> Self {
        let run = v1::Run {
            state: v1::RunState::Queued as i32,
            outcome: v1::Outcome::Unspecified as i32,
            first_sequence: 1,
            last_sequence: 1,
            attempt: 0,
            test: None,
            ..new.run
        };
        let head = v1::Run {
            name: run.name.clone(),
            test_name: run.test_name.clone(),
            create_time: run.create_time,
            labels: run.labels.clone(),
            environment: run.environment.clone(),
            tags: run.tags.clone(),
            ..v1::Run::default()
        };
        let event = v1::RunEvent {
            sequence: 0,
            event_time: run.create_time,
            payload: Some(v1::run_event::Payload::RunQueued(new.queued)),
        };
        Self {
            head: head.encode_to_vec(),
            statistics: run.statistics.as_ref().map(Message::encode_to_vec),
            labels: (!run.labels.is_empty()).then(|| serde_json::json!(run.labels).to_string()),
            tags: (!run.tags.is_empty()).then(|| serde_json::json!(run.tags).to_string()),
            spec: new.spec.encode_to_vec(),
            pool: Pool::of(&new.spec),
            encoded_event: event.encode_to_vec(),
            event: Arc::new(v1::RunEvent {
                sequence: 1,
                ..event
            }),
            request_id: Some(new.request_id).filter(|id| !id.is_empty()),
            fingerprint: new.fingerprint,
            max_queued: new.max_queued,
            run,
        }
    }

    /// Creates the run; `false` when it must not be.
    async fn insert(&self, tx: &mut Tx) -> Result<bool, Failure> {
        let inserted = sqlx::query(CREATE)
            .bind(&self.run.name)
            .bind(&self.run.test_name)
            .bind(self.run.create_time.as_ref().map_or(0, clock::nanos))
            .bind(&self.request_id)
            .bind(self.fingerprint.as_slice())
            .bind(self.head.as_slice())
            .bind(self.statistics.as_deref())
            .bind(Some(&self.run.environment).filter(|name| !name.is_empty()))
            .bind(Some(&self.run.owner).filter(|name| !name.is_empty()))
            .bind(self.pool == Pool::Platforms)
            .bind(&self.request_id)
            .bind(self.max_queued)
            .bind(self.spec.as_slice())
            .bind(self.encoded_event.as_slice())
            .bind(&self.labels)
            .bind(&self.tags)
            .bind(&self.run.name)
            // Reading all rows is what executes every statement.
            .fetch_all(&mut tx.connection)
            .await?;
        Ok(!inserted.is_empty())
    }

    /// The run that the same request created earlier.
    async fn earlier(&self, tx: &mut Tx) -> Result<Option<v1::Run>, Failure> {
        const EARLIER: &str = concat!(
            "SELECT ",
            run_columns!(),
            ", fingerprint FROM runs WHERE request_id = ?"
        );
        let query = sqlx::query(EARLIER).bind(&self.request_id);
        let Some(row) = query.fetch_optional(&mut tx.connection).await? else {
            return Ok(None);
        };
        let run = from_row(&row)?;
        let fingerprint: &[u8] = row.try_get(RUN_COLUMNS)?;
        if fingerprint != self.fingerprint {
            return Err(reused(&run.name).into());
        }
        Ok(Some(run))
    }
}

impl Write for Create {
    type Output = v1::Run;

    async fn apply(&mut self, tx: &mut Tx) -> Result<v1::Run, Failure> {
        if !self.insert(tx).await? {
            let earlier = self.earlier(tx).await?;
            return earlier.ok_or_else(|| queue_full(self.max_queued).into());
        }
        tx.announce(&self.run.name, vec![Arc::clone(&self.event)]);
        Ok(self.run.clone())
    }
}

fn reused(run: &str) -> Error {
    let message =
        format!("the request id belongs to another request, which created {run}; use a new one");
    Error::new(ErrorReason::RequestIdReused, message).resource(run)
}

fn queue_full(max: u32) -> Error {
    let message = format!("{max} runs wait already, which is the limit; try again later");
    Error::new(ErrorReason::RunQueueFull, message)
        .with("limit", max)
        .retry_after(QUEUE_RETRY)
}
