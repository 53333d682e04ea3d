//! Records: documents that are read and changed as one.

use std::panic::AssertUnwindSafe;

use async_trait::async_trait;
use etude_engine::records::{Record, Records, Transaction, Verdict, Work};
use etude_engine::{Error, Result};
use futures::FutureExt as _;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};

use crate::SqliteStore;
use crate::error::{Failure, database};
use crate::writer::{Tx, Write};

#[async_trait]
impl Records for SqliteStore {
    async fn read(&self, mut work: Work) -> Result<()> {
        // One transaction sees one state of the database. It is given up, for there is nothing
        // to commit; dropping it does the same when the caller gives up.
        let mut transaction = self.readers.begin().await.map_err(database)?;
        let executed = execute(&mut work, &mut transaction).await;
        transaction.rollback().await.map_err(database)?;
        executed.map(drop).map_err(told)
    }

    async fn write(&self, work: Work) -> Result<()> {
        self.writer.write(Apply(work)).await
    }
}

fn told(failure: Failure) -> Error {
    match failure {
        Failure::Refused(error) => error,
        Failure::Database(error) => database(error),
    }
}

/// A piece of work, within a transaction that it shares with other writes.
struct Apply(Work);

impl Write for Apply {
    type Output = ();

    async fn apply(&mut self, tx: &mut Tx) -> Result<(), Failure> {
        statement(&mut tx.connection, "SAVEPOINT work").await?;
        let executed = execute(&mut self.0, &mut tx.connection).await;
        match executed {
            Ok(Verdict::Keep) => {}
            Ok(Verdict::Undo) | Err(Failure::Refused(_)) => {
                statement(&mut tx.connection, "ROLLBACK TO work").await?;
            }
            // The whole transaction is void.
            Err(Failure::Database(error)) => return Err(error.into()),
        }
        statement(&mut tx.connection, "RELEASE work").await?;
        executed.map(drop)
    }
}

async fn statement(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<()> {
    sqlx::query(sql).execute(connection).await.map(drop)
}

/// Lets work do its part. A panic in it must not end the task that writes.
async fn execute(work: &mut Work, connection: &mut SqliteConnection) -> Result<Verdict, Failure> {
    let mut view = View {
        connection,
        failed: None,
    };
    let done = AssertUnwindSafe(async { work(&mut view).await });
    let verdict = done.catch_unwind().await;
    // The work was told of it too; what it made of that does not matter.
    if let Some(error) = view.failed {
        return Err(error.into());
    }
    verdict.map_err(|_| Error::internal("a change of records panicked").into())
}

/// What a piece of work sees of the database.
struct View<'a> {
    connection: &'a mut SqliteConnection,
    /// Why a statement failed.
    failed: Option<sqlx::Error>,
}

type Row = (String, i64, i64, Option<String>, String);

fn record((kind, id, parent, name, body): Row) -> Record {
    Record {
        kind,
        id,
        parent,
        name,
        body,
    }
}

impl View<'_> {
    async fn rows(
        &mut self,
        query: sqlx::query::QueryAs<'_, sqlx::Sqlite, Row, SqliteArguments>,
    ) -> Result<Vec<Record>> {
        let rows = query.fetch_all(&mut *self.connection).await;
        let rows = self.noted(rows)?;
        Ok(rows.into_iter().map(record).collect())
    }

    async fn first(
        &mut self,
        query: sqlx::query::QueryAs<'_, sqlx::Sqlite, Row, SqliteArguments>,
    ) -> Result<Option<Record>> {
        Ok(self.rows(query).await?.into_iter().next())
    }

    fn noted<T>(&mut self, result: sqlx::Result<T>) -> Result<T> {
        result.map_err(|error| {
            let told = Error::new(
                etude::v1::ErrorReason::StorageFailed,
                format!("the database cannot be used: {error}"),
            );
            self.failed.get_or_insert(error);
            told
        })
    }
}

#[async_trait]
impl Transaction for View<'_> {
    async fn get(&mut self, kind: &str, id: i64) -> Result<Option<Record>> {
        const GET: &str = "\
            SELECT kind, id, parent, name, body FROM records WHERE kind = ? AND id = ?";
        self.first(sqlx::query_as(GET).bind(kind.to_owned()).bind(id))
            .await
    }

    async fn find(&mut self, kind: &str, parent: i64, name: &str) -> Result<Option<Record>> {
        const FIND: &str = "\
            SELECT kind, id, parent, name, body FROM records \
            WHERE kind = ? AND parent = ? AND name = ?";
        let find = sqlx::query_as(FIND).bind(kind.to_owned()).bind(parent);
        self.first(find.bind(name.to_owned())).await
    }

    async fn list(&mut self, kind: &str, parent: i64) -> Result<Vec<Record>> {
        const LIST: &str = "\
            SELECT kind, id, parent, name, body FROM records \
            WHERE kind = ? AND parent = ? ORDER BY id";
        self.rows(sqlx::query_as(LIST).bind(kind.to_owned()).bind(parent))
            .await
    }

    async fn put(&mut self, record: Record) -> Result<()> {
        const PUT: &str = "\
            INSERT INTO records (kind, id, parent, name, body) VALUES (?, ?, ?, ?, ?) \
            ON CONFLICT (kind, id) DO UPDATE SET \
                parent = excluded.parent, name = excluded.name, body = excluded.body";
        let put = sqlx::query(PUT)
            .bind(record.kind)
            .bind(record.id)
            .bind(record.parent)
            .bind(record.name)
            .bind(record.body)
            .execute(&mut *self.connection)
            .await;
        self.noted(put).map(drop)
    }

    async fn delete(&mut self, kind: &str, id: i64) -> Result<bool> {
        let delete = sqlx::query("DELETE FROM records WHERE kind = ? AND id = ?")
            .bind(kind.to_owned())
            .bind(id)
            .execute(&mut *self.connection)
            .await;
        Ok(self.noted(delete)?.rows_affected() > 0)
    }

    async fn next(&mut self, sequence: &str) -> Result<i64> {
        const NEXT: &str = "\
            INSERT INTO record_sequences (name, last) VALUES (?, 1) \
            ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last";
        let next = sqlx::query_scalar(NEXT)
            .bind(sequence.to_owned())
            .fetch_one(&mut *self.connection)
            .await;
        self.noted(next)
    }
}
