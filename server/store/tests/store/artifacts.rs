//! Artifacts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use etude::v1::{self, ArtifactKind, ErrorReason};
use etude_engine::store::{ArtifactSink, ArtifactWriter, NewArtifact, PageRequest, Store};
use etude_store::{Options, SqliteStore};
use futures::future::join_all;

use super::common::{finish, fresh, new_run, open};

const HELLO_SHA: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn upload(request_id: &str) -> NewArtifact {
    NewArtifact {
        file_name: "hello.txt".to_owned(),
        kind: ArtifactKind::Upload,
        media_type: "text/plain".to_owned(),
        request_id: request_id.to_owned(),
        ..NewArtifact::default()
    }
}

fn of(parent: &str) -> NewArtifact {
    NewArtifact {
        parent: parent.to_owned(),
        ..upload("")
    }
}

async fn put(store: &SqliteStore, content: &'static str) -> v1::Artifact {
    store
        .put_artifact(upload(""), content.into())
        .await
        .unwrap()
}

async fn begin(store: &SqliteStore, new: NewArtifact) -> Box<dyn ArtifactWriter> {
    match store.begin_artifact(new).await.unwrap() {
        ArtifactSink::Open(writer) => writer,
        ArtifactSink::Known(artifact) => panic!("{} is known already", artifact.name),
    }
}

/// The files of contents in a store's folder.
pub(crate) fn contents(folder: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(folder.join("artifacts"))
        .unwrap()
        .map(|f| f.unwrap().path());
    let contents = folders.filter(|folder| folder.file_name().unwrap().len() == 2);
    contents
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|f| f.unwrap().path())
        .collect()
}

fn unfinished(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("artifacts/incoming"))
        .unwrap()
        .count()
}

/// Waits until what is removed beside the caller is gone.
async fn until_contents(folder: &Path, count: usize) {
    let gone = async {
        while contents(folder).len() != count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), gone).await;
    assert!(
        waited.is_ok(),
        "{:?} remain, {count} expected",
        contents(folder)
    );
}

#[tokio::test]
async fn a_file_in_memory_is_kept_across_a_restart() {
    let (folder, store) = fresh().await;
    let stored = store
        .put_artifact(of("runs/a"), "hello".into())
        .await
        .unwrap();
    assert_eq!((stored.sha256.as_str(), stored.size_bytes), (HELLO_SHA, 5));
    assert_eq!(
        (stored.parent.as_str(), stored.kind()),
        ("runs/a", ArtifactKind::Upload)
    );
    assert_eq!(
        (stored.file_name.as_str(), stored.media_type.as_str()),
        ("hello.txt", "text/plain")
    );
    assert!(stored.create_time.is_some());
    store.close().await;
    let store = open(folder.path()).await;
    assert_eq!(store.artifact(&stored.name).await.unwrap(), stored);
    for (offset, length, piece) in [(0, 99, "hello"), (1, 3, "ell"), (4, 1, "o"), (5, 9, "")] {
        let read = store
            .read_artifact(&stored.name, offset, length)
            .await
            .unwrap();
        assert_eq!(read, piece, "{length} from {offset}");
    }
    let behind = store.read_artifact(&stored.name, 6, 1).await.unwrap_err();
    assert_eq!(behind.reason, ErrorReason::ArtifactOutOfRange);
}

#[tokio::test]
async fn a_file_in_pieces_is_the_same_as_one_in_memory() {
    let (folder, store) = fresh().await;
    let mut writer = begin(
        &store,
        NewArtifact {
            sha256: HELLO_SHA.to_owned(),
            ..upload("")
        },
    )
    .await;
    for piece in ["he", "", "llo"] {
        writer.write(piece.into()).await.unwrap();
    }
    let stored = writer.finish().await.unwrap();
    assert_eq!((stored.sha256.as_str(), stored.size_bytes), (HELLO_SHA, 5));
    assert_eq!(
        store.read_artifact(&stored.name, 0, 99).await.unwrap(),
        "hello"
    );
    let empty = begin(&store, upload("")).await.finish().await.unwrap();
    assert_eq!(empty.size_bytes, 0);
    assert_eq!(store.read_artifact(&empty.name, 0, 99).await.unwrap(), "");
    assert_eq!(unfinished(folder.path()), 0);
}

#[tokio::test]
async fn a_file_that_is_given_up_leaves_nothing() {
    let (folder, store) = fresh().await;
    let mut writer = begin(&store, upload("")).await;
    writer.write("half".into()).await.unwrap();
    assert_eq!(unfinished(folder.path()), 1);
    drop(writer);
    assert_eq!(unfinished(folder.path()), 0);
    let all = store
        .list_artifacts(
            "",
            PageRequest {
                size: 9,
                token: String::new(),
            },
        )
        .await
        .unwrap();
    assert!(all.items.is_empty());
    assert!(contents(folder.path()).is_empty());
}

#[tokio::test]
async fn content_that_was_announced_otherwise_is_refused() {
    let (folder, store) = fresh().await;
    let new = NewArtifact {
        sha256: HELLO_SHA.to_owned(),
        ..upload("")
    };
    let error = store
        .put_artifact(new.clone(), "Hello".into())
        .await
        .unwrap_err();
    assert_eq!(error.reason, ErrorReason::ArtifactMismatch);
    let mut writer = begin(&store, new).await;
    writer.write("Hello".into()).await.unwrap();
    assert_eq!(
        writer.finish().await.unwrap_err().reason,
        ErrorReason::ArtifactMismatch
    );
    assert_eq!(
        (unfinished(folder.path()), contents(folder.path()).len()),
        (0, 0)
    );
}

#[tokio::test]
async fn files_have_a_largest_size() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        max_artifact_bytes: 5,
        ..Options::new(folder.path())
    };
    let store = SqliteStore::open(options).await.unwrap();
    put(&store, "hello").await;
    let error = store
        .put_artifact(upload(""), "hello!".into())
        .await
        .unwrap_err();
    assert_eq!(error.reason, ErrorReason::ArtifactTooLarge);
    assert_eq!(error.metadata["limit"], "5");
    let mut writer = begin(&store, upload("")).await;
    writer.write("hello".into()).await.unwrap();
    let error = writer.write("!".into()).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::ArtifactTooLarge);
    assert_eq!(unfinished(folder.path()), 0);
    assert_eq!(
        writer.finish().await.unwrap_err().reason,
        ErrorReason::StorageFailed
    );
}

#[tokio::test]
async fn equal_contents_share_a_file_until_the_last_is_deleted() {
    let (folder, store) = fresh().await;
    let (first, second) = (put(&store, "same").await, put(&store, "same").await);
    let mut writer = begin(&store, upload("")).await;
    writer.write("same".into()).await.unwrap();
    let third = writer.finish().await.unwrap();
    assert_eq!(contents(folder.path()).len(), 1);
    for artifact in [first, second] {
        store.delete_artifact(&artifact.name).await.unwrap();
        assert_eq!(contents(folder.path()).len(), 1);
        let error = store.delete_artifact(&artifact.name).await.unwrap_err();
        assert_eq!(error.reason, ErrorReason::ArtifactNotFound);
    }
    assert_eq!(
        store.read_artifact(&third.name, 0, 9).await.unwrap(),
        "same"
    );
    store.delete_artifact(&third.name).await.unwrap();
    assert!(contents(folder.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn storing_and_deleting_the_same_content_at_once_loses_nothing() {
    let (folder, store) = fresh().await;
    let again_and_again = (0..6).map(|_| async {
        for _ in 0..60 {
            let artifact = put(&store, "contested").await;
            let read = store.read_artifact(&artifact.name, 0, 99).await.unwrap();
            assert_eq!(read, "contested");
            store.delete_artifact(&artifact.name).await.unwrap();
        }
    });
    join_all(again_and_again).await;
    assert!(contents(folder.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_give_up_leave_no_row_without_a_file() {
    let (folder, store) = fresh().await;
    let store = std::sync::Arc::new(store);
    for n in 0..100u64 {
        let content = format!("content {}", n % 3);
        let putting = {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move {
                let artifact = store
                    .put_artifact(upload(""), content.into())
                    .await
                    .unwrap();
                store.delete_artifact(&artifact.name).await.unwrap();
            })
        };
        tokio::time::sleep(Duration::from_micros(n * 50)).await;
        putting.abort();
        putting.await.ok();
    }
    // What had begun is done to its end, some time later.
    let settled = async {
        while contents(folder.path()).len() != distinct_contents(&store).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), settled)
        .await
        .unwrap();
    let page = PageRequest {
        size: 200,
        token: String::new(),
    };
    for artifact in store.list_artifacts("", page).await.unwrap().items {
        let read = store.read_artifact(&artifact.name, 0, 99).await;
        // The last deletions may still be under way; a row without its file is what must not be.
        if let Err(error) = read {
            assert_eq!(error.reason, ErrorReason::ArtifactNotFound);
        }
    }
}

async fn distinct_contents(store: &SqliteStore) -> usize {
    let page = PageRequest {
        size: 200,
        token: String::new(),
    };
    let listed = store.list_artifacts("", page).await.unwrap().items;
    let hashes: std::collections::HashSet<_> =
        listed.into_iter().map(|artifact| artifact.sha256).collect();
    hashes.len()
}

#[tokio::test]
async fn the_same_request_stores_one_artifact() {
    let (folder, store) = fresh().await;
    let put = |content: String| store.put_artifact(upload("request"), content.into());
    let stored = join_all((0..10).map(|n| put(format!("content {n}")))).await;
    let names: std::collections::HashSet<_> = stored
        .into_iter()
        .map(|artifact| artifact.unwrap().name)
        .collect();
    assert_eq!(names.len(), 1);
    until_contents(folder.path(), 1).await;
    let known = store.begin_artifact(upload("request")).await.unwrap();
    let ArtifactSink::Known(known) = known else {
        panic!("a known request was begun anew")
    };
    assert!(names.contains(&known.name));
}

#[tokio::test]
async fn damaged_and_missing_files_are_found_out() {
    let (folder, store) = fresh().await;
    let artifact = put(&store, "precious").await;
    assert_eq!(
        store.read_artifact(&artifact.name, 0, 3).await.unwrap(),
        "pre"
    );
    let file = contents(folder.path()).remove(0);
    std::fs::write(&file, "precioux!").unwrap();
    let error = store.read_artifact(&artifact.name, 0, 3).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::ArtifactCorrupt);
    assert_eq!(error.resource.as_deref(), Some(artifact.name.as_str()));
    std::fs::remove_file(&file).unwrap();
    let error = store.read_artifact(&artifact.name, 0, 3).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::ArtifactCorrupt);
    let error = store.artifact_path(&artifact.name).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::ArtifactCorrupt);
    // The same content, stored anew, heals it.
    put(&store, "precious").await;
    assert_eq!(
        store.read_artifact(&artifact.name, 0, 3).await.unwrap(),
        "pre"
    );
}

#[tokio::test]
async fn a_large_file_is_read_in_pieces() {
    let (_folder, store) = fresh().await;
    let content: Bytes = (0..5_000_000u32)
        .map(|n| (n / 7) as u8)
        .collect::<Vec<u8>>()
        .into();
    let artifact = store
        .put_artifact(upload(""), content.clone())
        .await
        .unwrap();
    let mut read = Vec::new();
    loop {
        let piece = store
            .read_artifact(&artifact.name, read.len() as u64, 65536)
            .await
            .unwrap();
        if piece.is_empty() {
            break;
        }
        read.extend(piece);
    }
    assert!(
        read == content,
        "what was read differs from what was stored"
    );
}

#[tokio::test]
async fn a_browser_finds_the_file_under_its_own_name() {
    let (folder, store) = fresh().await;
    let new = NewArtifact {
        file_name: "../Rechnung é.txt".to_owned(),
        ..upload("")
    };
    let artifact = store.put_artifact(new, "total: 3".into()).await.unwrap();
    let path = store.artifact_path(&artifact.name).await.unwrap();
    assert_eq!(
        store.artifact_path(&artifact.name).await.unwrap(),
        path,
        "asked again"
    );
    assert_eq!(path.file_name().unwrap(), ".._Rechnung é.txt");
    assert!(path.starts_with(folder.path()));
    assert_eq!(std::fs::read(&path).unwrap(), b"total: 3");
    store.delete_artifact(&artifact.name).await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn artifacts_are_listed_oldest_first_by_parent() {
    let (_folder, store) = fresh().await;
    let mut names = Vec::new();
    for n in 0..5 {
        let parent = if n == 2 { "sessions/b" } else { "runs/a" };
        let artifact = store
            .put_artifact(of(parent), n.to_string().into())
            .await
            .unwrap();
        names.push(artifact.name);
    }
    let page = |token: &str| PageRequest {
        size: 3,
        token: token.to_owned(),
    };
    let listed = |page: &etude_engine::store::Page<v1::Artifact>| {
        page.items
            .iter()
            .map(|artifact| artifact.name.clone())
            .collect::<Vec<_>>()
    };
    let all = store.list_artifacts("", page("")).await.unwrap();
    assert_eq!(listed(&all), names[..3]);
    let rest = store.list_artifacts("", page(&all.next)).await.unwrap();
    assert_eq!(
        (listed(&rest), rest.next),
        (names[3..].to_vec(), String::new())
    );
    names.remove(2);
    let of_run = store.list_artifacts("runs/a", page("")).await.unwrap();
    assert_eq!(listed(&of_run), names[..3]);
    let foreign = store
        .list_artifacts("sessions/b", page(&of_run.next))
        .await
        .unwrap_err();
    assert_eq!(foreign.reason, ErrorReason::InvalidPageToken);
}

#[tokio::test]
async fn a_deleted_run_takes_its_artifacts_along() {
    let (folder, store) = fresh().await;
    store.create_run(new_run("a")).await.unwrap();
    finish(&store, "runs/a").await;
    let own = store
        .put_artifact(of("runs/a"), "own".into())
        .await
        .unwrap();
    let shared = store
        .put_artifact(of("runs/a"), "shared".into())
        .await
        .unwrap();
    let other = store
        .put_artifact(of("runs/b"), "shared".into())
        .await
        .unwrap();
    store.delete_run("runs/a").await.unwrap();
    for gone in [own, shared] {
        let error = store.artifact(&gone.name).await.unwrap_err();
        assert_eq!(error.reason, ErrorReason::ArtifactNotFound);
    }
    assert_eq!(
        store.read_artifact(&other.name, 0, 9).await.unwrap(),
        "shared"
    );
    assert_eq!(contents(folder.path()).len(), 1);
}

#[tokio::test]
async fn files_that_a_crash_left_are_removed_by_the_next_start() {
    let (folder, store) = fresh().await;
    let kept = put(&store, "kept").await;
    store.close().await;
    // As a process leaves them that is killed between a file and its row.
    let left = folder.path().join("artifacts/2c");
    std::fs::create_dir_all(&left).unwrap();
    std::fs::write(left.join(HELLO_SHA), "hello").unwrap();
    std::fs::write(folder.path().join("artifacts/incoming/half"), "hel").unwrap();
    std::fs::write(folder.path().join("etude.lock"), "1").unwrap();
    let store = open(folder.path()).await;
    assert_eq!(unfinished(folder.path()), 0);
    until_contents(folder.path(), 1).await;
    assert_eq!(store.read_artifact(&kept.name, 0, 9).await.unwrap(), "kept");
}
