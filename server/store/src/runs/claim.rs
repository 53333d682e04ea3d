//! Workers take runs from the queue and hold them by leases.

use std::time::Duration;

use etude::v1;
use etude_engine::Result;
use etude_engine::remote::RemoteExecution;
use etude_engine::store::{ClaimedRun, Pool};
use prost::Message;
use sqlx::{Row, SqlitePool};

use super::{RUN_COLUMNS, from_row, run_columns};
use crate::clock;
use crate::error::{Failure, database, unreadable};
use crate::writer::{Tx, Write, Writer};

/// Takes the oldest run that waits for the pool.
pub(crate) async fn claim(
    writer: &Writer,
    pool: Pool,
    worker: &str,
    lease: Duration,
) -> Result<Option<ClaimedRun>> {
    writer
        .write(Claim {
            pool,
            worker: worker.to_owned(),
            lease,
        })
        .await
}

struct Claim {
    pool: Pool,
    worker: String,
    lease: Duration,
}

impl Write for Claim {
    type Output = Option<ClaimedRun>;

    async fn apply(&mut self, tx: &mut Tx) -> Result<Option<ClaimedRun>, Failure> {
        const OLDEST: &str = concat!(
            "SELECT ",
            run_columns!(),
            ", id, spec, execution_memo FROM runs JOIN run_specs ON run_id = id ",
            "WHERE state = 1 AND on_platform = ? ORDER BY create_time, id LIMIT 1"
        );
        const TAKE: &str = "\
            UPDATE runs SET state = 2, attempt = ?2, worker = ?3, lease_until = ?4 WHERE id = ?1";
        let oldest = sqlx::query(OLDEST)
            .bind(self.pool == Pool::Platforms)
            .fetch_optional(&mut tx.connection)
            .await?;
        let Some(row) = oldest else { return Ok(None) };
        let id: i64 = row.try_get(RUN_COLUMNS)?;
        let spec: &[u8] = row.try_get(RUN_COLUMNS + 1)?;
        let spec =
            v1::RunSpec::decode(spec).map_err(|error| unreadable("what a run executes", &error))?;
        let memo: Option<Vec<u8>> = row.try_get(RUN_COLUMNS + 2)?;
        let mut run = from_row(&row)?;
        run.state = v1::RunState::Running as i32;
        run.attempt += 1;
        sqlx::query(TAKE)
            .bind(id)
            .bind(run.attempt)
            .bind(&self.worker)
            .bind(lease_end(self.lease))
            .execute(&mut tx.connection)
            .await?;
        let execution = (!run.execution.is_empty()).then(|| RemoteExecution {
            name: run.execution.clone(),
            memo: memo.unwrap_or_default(),
        });
        Ok(Some(ClaimedRun {
            run,
            spec,
            execution,
        }))
    }
}

/// Makes the lease of a worker's runs last from now on.
pub(crate) async fn renew(writer: &Writer, worker: &str, lease: Duration) -> Result<()> {
    writer
        .write(Renew {
            worker: worker.to_owned(),
            lease,
        })
        .await
}

struct Renew {
    worker: String,
    lease: Duration,
}

impl Write for Renew {
    type Output = ();

    async fn apply(&mut self, tx: &mut Tx) -> Result<(), Failure> {
        sqlx::query("UPDATE runs SET lease_until = ?2 WHERE worker = ?1 AND state = 2")
            .bind(&self.worker)
            .bind(lease_end(self.lease))
            .execute(&mut tx.connection)
            .await?;
        Ok(())
    }
}

/// RUNNING runs of other workers. The folder's lock makes this process the only one, so that
/// whoever else holds a run has ended, whatever his lease says.
pub(crate) async fn abandoned(readers: &SqlitePool, worker: &str) -> Result<Vec<v1::Run>> {
    const OTHERS: &str = concat!(
        "SELECT ",
        run_columns!(),
        " FROM runs WHERE state = 2 AND worker IS NOT ? ORDER BY create_time, id"
    );
    let rows = sqlx::query(OTHERS)
        .bind(worker)
        .fetch_all(readers)
        .await
        .map_err(database)?;
    rows.iter().map(from_row).collect()
}

fn lease_end(lease: Duration) -> i64 {
    clock::now_millis().saturating_add(clock::millis(lease))
}
