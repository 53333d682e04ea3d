//! The disk is full, and has space again.

use std::path::Path;
use std::process::{Command, Stdio};

use etude::v1::ErrorReason;
use etude_engine::store::{NewArtifact, PageRequest, RunUpdate, Store};
use etude_engine::{Error, Result};
use etude_store::{Options, SqliteStore};
use futures::future::join_all;

use super::artifacts::contents;
use super::common::{finish, logged, new_run, open, this_program, whole_log};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

async fn append(store: &SqliteStore, run: &str, bytes: usize) -> Result<i64> {
    store
        .append(run, vec![logged("x".repeat(bytes))], RunUpdate::default())
        .await
}

/// Appends until there is no space. Returns the last acknowledged number and the error.
async fn fill(store: &SqliteStore, run: &str) -> (i64, Error) {
    let mut last = 1;
    loop {
        match append(store, run, 20 * KIB).await {
            Ok(sequence) => last = sequence,
            Err(error) => return (last, error),
        }
        assert!(last < 10_000, "the medium is not bounded");
    }
}

fn assert_full(error: &Error) {
    assert_eq!(error.reason, ErrorReason::StorageFull, "{error}");
    assert!(error.retry_after.is_some());
}

#[tokio::test]
async fn a_full_database_refuses_writes_and_goes_on_when_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        max_database_bytes: Some(MIB as u64),
        ..Options::new(folder.path())
    };
    let store = SqliteStore::open(options).await.unwrap();
    for id in ["ballast", "a", "b"] {
        store.create_run(new_run(id)).await.unwrap();
    }
    append(&store, "runs/ballast", 200 * KIB).await.unwrap();
    finish(&store, "runs/ballast").await;
    let (last, error) = fill(&store, "runs/a").await;
    assert_full(&error);
    assert_eq!(
        whole_log(&store, "runs/a").await.len() as i64,
        last,
        "nothing is half-applied"
    );

    // A large write among small ones that fit still: only the large one fails.
    let sizes = [1, 500 * KIB, 1, 1];
    let results = join_all(sizes.map(|bytes| append(&store, "runs/b", bytes))).await;
    let failed: Vec<bool> = results.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, true, false, false]);
    assert_full(results[1].as_ref().unwrap_err());
    assert_eq!(whole_log(&store, "runs/b").await.len(), 4);

    store.delete_run("runs/ballast").await.unwrap();
    assert_eq!(append(&store, "runs/a", 20 * KIB).await.unwrap(), last + 1);
    store.close().await;
    let store = open(folder.path()).await;
    assert_eq!(whole_log(&store, "runs/a").await.len() as i64, last + 1);
}

#[tokio::test]
async fn a_broken_folder_is_a_failure_and_not_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let incoming = folder.path().join("artifacts/incoming");
    std::fs::remove_dir(&incoming).unwrap();
    for error in [
        store
            .put_artifact(NewArtifact::default(), "x".into())
            .await
            .unwrap_err(),
        store
            .begin_artifact(NewArtifact::default())
            .await
            .err()
            .unwrap(),
        store.check().await.unwrap_err(),
    ] {
        assert_eq!(error.reason, ErrorReason::StorageFailed);
    }
    std::fs::create_dir(&incoming).unwrap();
    store.check().await.unwrap();
}

/// A disk of its own for a process, where the system allows that: a small file system in memory,
/// mounted where only that process sees it.
const MOUNT: &str = r#"mount -t tmpfs -o size=4m none "$STORE_FOLDER" && exec "$@""#;

/// Elsewhere a limit on the size of files, of which a write is told instead of a full disk.
const LIMIT: &str = r#"trap '' XFSZ; ulimit -f 1024; exec "$@""#;

#[test]
fn a_full_disk_refuses_writes_and_goes_on_when_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let namespace = ["-m", "-rm"]
        .into_iter()
        .find(|flag| mounts(folder.path(), flag));
    let (mut command, child) = match namespace {
        Some(flag) => {
            let mut command = Command::new("unshare");
            command.args([flag, "sh", "-c", MOUNT]);
            (command, "full::child_on_a_small_disk")
        }
        None => {
            let mut command = Command::new("sh");
            command.args(["-c", LIMIT]);
            (command, "full::child_with_small_files")
        }
    };
    let program = this_program(child);
    command
        .arg("sh")
        .arg(program.get_program())
        .args(program.get_args());
    let output = command.env("STORE_FOLDER", folder.path()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{child}:\n{printed}\n{complaints}");
    assert!(
        printed.contains("1 passed"),
        "{child} was not run:\n{printed}"
    );
}

/// Whether a process may mount a file system of its own here.
fn mounts(folder: &Path, flag: &str) -> bool {
    let probe = Command::new("unshare")
        .args([flag, "sh", "-c", MOUNT, "sh", "true"])
        .env("STORE_FOLDER", folder)
        .stderr(Stdio::null())
        .status();
    probe.is_ok_and(|status| status.success())
}

#[tokio::test]
#[ignore = "needs the small disk that the test above gives it"]
async fn child_on_a_small_disk() {
    let folder = std::env::var("STORE_FOLDER").unwrap();
    let folder = Path::new(&folder);
    let store = open(folder).await;
    store.create_run(new_run("a")).await.unwrap();
    let ballast = folder.join("ballast");
    std::fs::write(&ballast, vec![0; MIB]).unwrap();
    let small = store
        .put_artifact(NewArtifact::default(), "small".into())
        .await
        .unwrap();

    let (last, error) = fill(&store, "runs/a").await;
    assert_full(&error);
    let error = store
        .put_artifact(NewArtifact::default(), vec![1; MIB].into())
        .await
        .unwrap_err();
    assert_full(&error);
    assert_eq!(
        whole_log(&store, "runs/a").await.len() as i64,
        last,
        "nothing is half-applied"
    );
    assert_eq!(
        store.read_artifact(&small.name, 0, 9).await.unwrap(),
        "small",
        "reading goes on"
    );
    assert_eq!(
        std::fs::read_dir(folder.join("artifacts/incoming"))
            .unwrap()
            .count(),
        0
    );
    assert_eq!(contents(folder).len(), 1);

    std::fs::remove_file(&ballast).unwrap();
    store.check().await.unwrap();
    assert_eq!(append(&store, "runs/a", 20 * KIB).await.unwrap(), last + 1);
    store
        .put_artifact(NewArtifact::default(), vec![1; 100 * KIB].into())
        .await
        .unwrap();
    store.close().await;
    let store = open(folder).await;
    assert_eq!(whole_log(&store, "runs/a").await.len() as i64, last + 1);
}

#[tokio::test]
#[ignore = "needs the limit that the test above sets"]
async fn child_with_small_files() {
    let folder = std::env::var("STORE_FOLDER").unwrap();
    let folder = Path::new(&folder);
    let store = open(folder).await;
    let large = vec![1; 2 * MIB];
    let error = store
        .put_artifact(NewArtifact::default(), large.into())
        .await
        .unwrap_err();
    assert_full(&error);
    assert_eq!(
        std::fs::read_dir(folder.join("artifacts/incoming"))
            .unwrap()
            .count(),
        0
    );
    let page = PageRequest {
        size: 9,
        token: String::new(),
    };
    assert!(
        store
            .list_artifacts("", page)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let small = store
        .put_artifact(NewArtifact::default(), "small".into())
        .await
        .unwrap();
    assert_eq!(
        store.read_artifact(&small.name, 0, 9).await.unwrap(),
        "small"
    );
}
