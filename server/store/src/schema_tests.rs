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
async fn runs_of_older_executions_get_their_owner() {
    const OLDER: &str = r#"
        INSERT INTO runs (name, test_name, state, create_time, first_sequence, last_sequence,
                          attempt, head)
            VALUES ('runs/a', '', 3, 0, 1, 1, 1, x''), ('runs/b', '', 3, 0, 1, 1, 1, x''),
                   ('runs/c', '', 3, 0, 1, 1, 1, x'');
        INSERT INTO records (kind, id, parent, body) VALUES
            ('execution', 1007, 1, '{"id": 1007, "suites": [{"id": 1, "run": "Empty"},
                {"id": 2, "run": {"Run": "runs/b"}}, {"id": 3, "run": {"Run": "runs/gone"}}]}'),
            ('execution', 1009, 1, '{"id": 1009, "suites": [{"id": 4, "run": {"Run": "runs/c"}}]}'),
            ('goal', 1, 0, '{"suites": [{"run": {"Run": "runs/a"}}]}')"#;
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(folder.path());
    let mut connection = writer(&options).await.unwrap();
    let before = MIGRATIONS.iter().filter(|one| one.version < 5).cloned();
    let before = Migrator::with_migrations(before.collect());
    migrate(&mut connection, &before).await.unwrap();
    sqlx::raw_sql(OLDER).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let mut connection = prepare(&options).await.unwrap();
    let owners: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT name, owner FROM runs ORDER BY name")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let owned = |name: &str, owner: Option<&str>| (name.to_owned(), owner.map(str::to_owned));
    assert_eq!(
        owners,
        [
            owned("runs/a", None),
            owned("runs/b", Some("executions/1007")),
            owned("runs/c", Some("executions/1009")),
        ]
    );
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
