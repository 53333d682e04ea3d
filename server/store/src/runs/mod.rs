//! Runs: their rows, and what is done with them.

pub(crate) mod append;
pub(crate) mod claim;
pub(crate) mod create;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod remove;

use etude::v1::{self, ErrorReason};
use etude_engine::store::RunCounts;
use etude_engine::{Error, Result};
use prost::Message;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use crate::clock::timestamp;
use crate::error::{Failure, database, unreadable};

/// The columns that [`from_row`] reads, in its order.
macro_rules! run_columns {
    () => {
        "head, state, outcome, start_time, end_time, first_sequence, last_sequence, attempt, \
         statistics, failure, artifacts, execution, owner"
    };
}
pub(crate) use run_columns;

/// How many columns those are: where further ones begin.
pub(crate) const RUN_COLUMNS: usize = 13;

/// A run, without its test.
pub(crate) async fn get(readers: &SqlitePool, name: &str) -> Result<v1::Run> {
    let row = sqlx::query(concat!(
        "SELECT ",
        run_columns!(),
        " FROM runs WHERE name = ?"
    ))
    .bind(name)
    .fetch_optional(readers)
    .await
    .map_err(database)?;
    from_row(&row.ok_or_else(|| not_found(name))?)
}

/// What a run executes.
pub(crate) async fn spec(readers: &SqlitePool, name: &str) -> Result<v1::RunSpec> {
    const SPEC: &str = "SELECT spec FROM run_specs JOIN runs ON runs.id = run_id WHERE name = ?";
    let spec: Option<Vec<u8>> = sqlx::query_scalar(SPEC)
        .bind(name)
        .fetch_optional(readers)
        .await
        .map_err(database)?;
    let spec = spec.ok_or_else(|| not_found(name))?;
    v1::RunSpec::decode(spec.as_slice()).map_err(|error| unreadable("what a run executes", &error))
}

/// Counts of runs that wait and that are executed.
pub(crate) async fn counts(readers: &SqlitePool) -> Result<RunCounts> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT state, runs FROM run_counts WHERE state IN (1, 2)")
            .fetch_all(readers)
            .await
            .map_err(database)?;
    let count = |state: v1::RunState| {
        let found = rows
            .iter()
            .find(|(number, _)| *number == i64::from(state as i32));
        found.map_or(0, |(_, runs)| u32::try_from(*runs).unwrap_or(u32::MAX))
    };
    Ok(RunCounts {
        queued: count(v1::RunState::Queued),
        running: count(v1::RunState::Running),
    })
}

/// The run that stands in the first columns of a row.
pub(crate) fn from_row(row: &SqliteRow) -> Result<v1::Run> {
    let column = |error| database(error);
    let head: &[u8] = row.try_get(0).map_err(column)?;
    let mut run = v1::Run::decode(head).map_err(|error| unreadable("a run", &error))?;
    run.state = row.try_get(1).map_err(column)?;
    run.outcome = row
        .try_get::<Option<i32>, _>(2)
        .map_err(column)?
        .unwrap_or_default();
    run.start_time = row
        .try_get::<Option<i64>, _>(3)
        .map_err(column)?
        .map(timestamp);
    run.end_time = row
        .try_get::<Option<i64>, _>(4)
        .map_err(column)?
        .map(timestamp);
    run.first_sequence = row.try_get(5).map_err(column)?;
    run.last_sequence = row.try_get(6).map_err(column)?;
    run.attempt = row.try_get(7).map_err(column)?;
    run.statistics = message(row, 8, "a run's statistics")?;
    run.failure = message(row, 9, "a run's failure")?;
    let artifacts: Option<v1::Run> = message(row, 10, "a run's list of artifacts")?;
    run.artifacts = artifacts.map(|run| run.artifacts).unwrap_or_default();
    let execution: Option<String> = row.try_get(11).map_err(column)?;
    run.execution = execution.unwrap_or_default();
    let owner: Option<String> = row.try_get(12).map_err(column)?;
    run.owner = owner.unwrap_or_default();
    Ok(run)
}

fn message<M: Message + Default>(row: &SqliteRow, column: usize, what: &str) -> Result<Option<M>> {
    let bytes: Option<&[u8]> = row.try_get(column).map_err(database)?;
    bytes
        .map(|bytes| M::decode(bytes).map_err(|error| unreadable(what, &error)))
        .transpose()
}

/// Whether a run in this state is over.
pub(crate) fn is_over(state: i32) -> bool {
    state == v1::RunState::Finished as i32 || state == v1::RunState::Cancelled as i32
}

pub(crate) fn not_found(name: &str) -> Error {
    Error::new(ErrorReason::RunNotFound, format!("there is no run {name}")).resource(name)
}

/// The same, in a write.
pub(crate) fn refuse_unknown(name: &str) -> Failure {
    Failure::Refused(not_found(name))
}
