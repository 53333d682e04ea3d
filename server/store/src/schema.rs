//! The database file: its connections and the version of its schema.

use std::path::Path;
use std::time::Duration;

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, SqlitePool};

use crate::Options;
use crate::error::{database, failed};

/// Every version of the schema that this program knows.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Bytes of a page of the database.
const PAGE: u64 = 4096;

/// Brings the schema of an existing or new database up to date.
pub(crate) async fn prepare(options: &Options) -> Result<SqliteConnection> {
    refuse_newer(&options.database(), newest(&MIGRATIONS)).await?;
    let mut connection = writer(options).await?;
    migrate(&mut connection, &MIGRATIONS).await?;
    // From here on every commit is synced. A migration need not be: it lies in the same log as
    // the first write after it, and is synced with that or done again.
    sqlx::query("PRAGMA synchronous = FULL")
        .execute(&mut connection)
        .await
        .map_err(database)?;
    Ok(connection)
}

/// The one connection that writes, before it syncs its commits.
async fn writer(options: &Options) -> Result<SqliteConnection> {
    let mut connect = common(&options.database())
        .create_if_missing(true)
        .page_size(PAGE as u32)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        // Appends of each number of events have a statement of their own.
        .statement_cache_capacity(150)
        // A log that a burst of writes made long is cut after its checkpoint.
        .pragma("journal_size_limit", "67108864");
    if let Some(bytes) = options.max_database_bytes {
        connect = connect.pragma("max_page_count", (bytes / PAGE).max(1).to_string());
    }
    connect.connect().await.map_err(database)
}

/// Connections that read, each opened when it is first needed.
pub(crate) fn readers(options: &Options) -> SqlitePool {
    let connect = common(&options.database()).pragma("query_only", "ON");
    SqlitePoolOptions::new()
        .max_connections(options.readers.max(1))
        // The connections are threads of this process: there is no network to lose them by.
        .test_before_acquire(false)
        .connect_lazy_with(connect)
}

/// The version of the schema, for people.
pub(crate) fn version() -> i64 {
    newest(&MIGRATIONS)
}

fn common(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
}

fn newest(migrator: &Migrator) -> i64 {
    migrator
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// Refuses a database of a newer program without writing to its file.
async fn refuse_newer(file: &Path, known: i64) -> Result<()> {
    let empty = std::fs::metadata(file).map_or(true, |metadata| metadata.len() == 0);
    if empty {
        return Ok(());
    }
    let mut connection = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging()
        .connect()
        .await
        .map_err(database)?;
    let found = applied(&mut connection).await.map_err(database);
    connection.close().await.map_err(database)?;
    match found? {
        Some(found) if found > known => Err(too_new(file, found, known)),
        _ => Ok(()),
    }
}

async fn applied(connection: &mut SqliteConnection) -> sqlx::Result<Option<i64>> {
    let table = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    let exists: i64 = sqlx::query_scalar(table)
        .fetch_one(&mut *connection)
        .await?;
    if exists == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(connection)
        .await
}

fn too_new(file: &Path, found: i64, known: i64) -> Error {
    let message = format!(
        "the database {} has schema version {found}, and this program knows versions up to \
         {known}; use the newer program that wrote it, or another folder",
        file.display()
    );
    Error::new(ErrorReason::DatabaseTooNew, message)
        .with("database_version", found)
        .with("program_version", known)
}

/// Applies what is missing, each migration in a transaction of its own.
async fn migrate(connection: &mut SqliteConnection, migrator: &Migrator) -> Result<()> {
    migrator.run(connection).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => database(error),
        other => failed(format!(
            "the database's schema cannot be brought up to date: {other}"
        )),
    })
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
