//! A store is opened, or refuses to be.

use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;

use etude::v1::ErrorReason;
use etude_engine::store::Store;
use etude_store::{Options, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::common::{fresh, new_run, open, this_program};

async fn raw(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::from_str("sqlite:").unwrap();
    options
        .filename(folder.join("etude.db"))
        .connect()
        .await
        .unwrap()
}

async fn refusal(folder: &Path) -> etude_engine::Error {
    SqliteStore::open(Options::new(folder)).await.err().unwrap()
}

/// What a newer program does to a database.
async fn make_newer(connection: &mut SqliteConnection) {
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (77, 'later', TRUE, x'00', 0)",
    )
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn folders_are_made_and_the_store_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("a/b")).await;
    let version = store.check().await.unwrap();
    assert!(
        version.starts_with("SQLite 3.") && version.contains("schema 6"),
        "{version}"
    );
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_as_it_is() {
    let (folder, store) = fresh().await;
    store.create_run(new_run("a")).await.unwrap();
    store.close().await;
    let mut connection = raw(folder.path()).await;
    make_newer(&mut connection).await;
    connection.close().await.unwrap();
    let file = folder.path().join("etude.db");
    let before = std::fs::read(&file).unwrap();
    let error = refusal(folder.path()).await;
    assert_eq!(error.reason, ErrorReason::DatabaseTooNew);
    assert_eq!(error.metadata["database_version"], "77");
    assert_eq!(error.metadata["program_version"], "6");
    assert!(
        error.message.contains("77") && error.message.contains("up to 6"),
        "{error}"
    );
    assert!(
        before == std::fs::read(&file).unwrap(),
        "the refused database was written to"
    );
}

#[tokio::test]
async fn a_newer_database_is_left_as_it_is_even_after_a_crash_of_its_program() {
    let (folder, store) = fresh().await;
    store.create_run(new_run("a")).await.unwrap();
    store.close().await;
    let mut connection = raw(folder.path()).await;
    make_newer(&mut connection).await;
    // A copy of the files while they are open is what a killed program leaves: the newer version
    // is in the write-ahead log alone.
    let copy = tempfile::tempdir().unwrap();
    for file in ["etude.db", "etude.db-wal"] {
        std::fs::copy(folder.path().join(file), copy.path().join(file)).unwrap();
    }
    let read = |file: &str| std::fs::read(copy.path().join(file)).unwrap();
    let before = (read("etude.db"), read("etude.db-wal"));
    assert_eq!(
        refusal(copy.path()).await.reason,
        ErrorReason::DatabaseTooNew
    );
    assert!(
        before == (read("etude.db"), read("etude.db-wal")),
        "the files were written to"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("etude.db"), "Dear diary, ".repeat(1000)).unwrap();
    let error = refusal(folder.path()).await;
    assert_eq!(error.reason, ErrorReason::StorageFailed);
    assert!(error.message.contains("not a database"), "{error}");
    let content = std::fs::read_to_string(folder.path().join("etude.db")).unwrap();
    assert!(content.starts_with("Dear diary"));
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = refusal(&file.join("store")).await;
    assert_eq!(error.reason, ErrorReason::StorageFailed);
    assert!(error.message.contains(file.to_str().unwrap()), "{error}");
}

#[tokio::test]
async fn a_second_process_is_told_who_uses_the_folder() {
    let (folder, store) = fresh().await;
    let second = this_program("opening::child_opens")
        .env("STORE_FOLDER", folder.path())
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&second.stdout).into_owned();
    let pid = std::process::id();
    assert!(
        printed.contains(&format!("refused DatabaseInUse {pid}")),
        "{printed}"
    );
    store.create_run(new_run("a")).await.unwrap();
    store.close().await;
    let third: Command = {
        let mut command = this_program("opening::child_opens");
        command
            .env("STORE_FOLDER", folder.path())
            .stdout(Stdio::piped());
        command
    };
    let printed = { third }.output().unwrap().stdout;
    assert!(String::from_utf8_lossy(&printed).contains("opened"));
}

#[tokio::test]
#[ignore = "the other process of the test above"]
async fn child_opens() {
    let folder = std::env::var("STORE_FOLDER").unwrap();
    match SqliteStore::open(Options::new(folder)).await {
        Ok(_) => println!("\nopened"),
        Err(error) => println!("\nrefused {:?} {}", error.reason, error.metadata["pid"]),
    }
}
