//! Runs are deleted, and old logs compacted.

use std::time::Duration;

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};

use super::{is_over, refuse_unknown};
use crate::artifacts::rows::{Removed, remove_of};
use crate::clock;
use crate::error::Failure;
use crate::writer::{Tx, Write, Writer};

/// Logs that are compacted in one transaction: others must not wait long for theirs.
const BATCH: i64 = 50;

/// Deletes the rows of a run, its log and its artifacts. Returns the artifacts, whose files the
/// caller removes.
pub(crate) async fn delete(writer: &Writer, name: &str) -> Result<Vec<Removed>> {
    writer
        .write(Delete {
            name: name.to_owned(),
        })
        .await
}

struct Delete {
    name: String,
}

impl Write for Delete {
    type Output = Vec<Removed>;

    async fn apply(&mut self, tx: &mut Tx) -> Result<Vec<Removed>, Failure> {
        let found: Option<(i64, i32)> = sqlx::query_as("SELECT id, state FROM runs WHERE name = ?")
            .bind(&self.name)
            .fetch_optional(&mut tx.connection)
            .await?;
        let (id, state) = found.ok_or_else(|| refuse_unknown(&self.name))?;
        if !is_over(state) {
            return Err(not_finished(&self.name).into());
        }
        let removed = remove_of(tx, &self.name).await?;
        // The log, the labels and what was executed go with it.
        sqlx::query("DELETE FROM runs WHERE id = ?")
            .bind(id)
            .execute(&mut tx.connection)
            .await?;
        Ok(removed)
    }
}

fn not_finished(name: &str) -> Error {
    let message = format!("{name} has not finished; cancel it first");
    Error::new(ErrorReason::RunNotFinished, message).resource(name)
}

/// Removes the events of runs that finished longer ago than `age`, except their last. Returns how
/// many runs lost events.
pub(crate) async fn compact(writer: &Writer, age: Duration) -> Result<u64> {
    let before = clock::nanos_ago(age);
    let mut compacted = 0;
    loop {
        let batch = writer.write(Compact { before }).await?;
        compacted += batch;
        if batch == 0 {
            return Ok(compacted);
        }
    }
}

struct Compact {
    before: i64,
}

impl Write for Compact {
    type Output = u64;

    async fn apply(&mut self, tx: &mut Tx) -> Result<u64, Failure> {
        const OLD: &str = "\
            SELECT id, last_sequence FROM runs \
            WHERE end_time < ? AND first_sequence < last_sequence AND state IN (3, 4) \
                AND owner IS NULL \
            ORDER BY end_time LIMIT ?";
        let runs: Vec<(i64, i64)> = sqlx::query_as(OLD)
            .bind(self.before)
            .bind(BATCH)
            .fetch_all(&mut tx.connection)
            .await?;
        for (id, last) in &runs {
            const CUT: &str = "\
                UPDATE runs SET first_sequence = ?2 WHERE id = ?1; \
                DELETE FROM events WHERE run_id = ?1 AND sequence < ?2";
            sqlx::query(CUT)
                .bind(id)
                .bind(last)
                .execute(&mut tx.connection)
                .await?;
        }
        Ok(runs.len() as u64)
    }
}
