use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType};

use super::*;

/// The present schema and one more migration.
fn with_next(sql: &'static str) -> Migrator {
    let next = Migration::new(
        version() + 1,
        Cow::Borrowed("next"),
        MigrationType::Simple,
        sql.into_sql_str(),
        false,
    );
    Migrator::with_migrations(MIGRATIONS.iter().cloned().chain([next]).collect())
}

async fn has_table(connection: &mut SqliteConnection, name: &'static str) -> bool {
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = ?";
    let count: i64 = sqlx::query_scalar(tables)
        .bind(name)
        .fetch_one(connection)
        .await
        .unwrap();
    count == 1
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_version_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(folder.path());
    let mut connection = prepare(&options).await.unwrap();
    let broken = with_next("CREATE TABLE half (id INTEGER); INSERT INTO missing VALUES (1)");
    let error = migrate(&mut connection, &broken).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::StorageFailed);
    assert!(error.message.contains("missing"), "{error}");
    assert_eq!(applied(&mut connection).await.unwrap(), Some(version()));
    assert!(!has_table(&mut connection, "half").await);
    connection.close().await.unwrap();
    prepare(&options).await.unwrap();
}

#[tokio::test]
async fn a_later_version_finds_the_data_of_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(folder.path());
    let mut connection = prepare(&options).await.unwrap();
    let key = "SELECT page_key FROM store";
    let before: Vec<u8> = sqlx::query_scalar(key)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    migrate(
        &mut connection,
        &with_next("CREATE TABLE more (id INTEGER)"),
    )
    .await
    .unwrap();
    assert!(has_table(&mut connection, "more").await);
    let after: Vec<u8> = sqlx::query_scalar(key)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!((before.len(), before), (32, after));
    connection.close().await.unwrap();
    let error = prepare(&options).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::DatabaseTooNew);
}

#[tokio::test]
async fn commits_are_synced() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = prepare(&Options::new(folder.path())).await.unwrap();
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!((mode.as_str(), synchronous), ("wal", 2));
}
