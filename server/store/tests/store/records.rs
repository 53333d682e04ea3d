//! Records: read and changed as one, whatever happens.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use etude::v1::ErrorReason;
use etude_engine::Error;
use etude_engine::records::{self, Record, Transaction};
use etude_store::SqliteStore;

use super::common::{fresh, open, this_program};

/// Additions to one record, and processes that are killed.
const ROUNDS: usize = 12;

fn record(kind: &str, id: i64, parent: i64, name: Option<&str>, body: &str) -> Record {
    Record {
        kind: kind.to_owned(),
        id,
        parent,
        name: name.map(str::to_owned),
        body: body.to_owned(),
    }
}

/// Adds a child to a list, as two records that must not part: the list names its children.
async fn add(tx: &mut dyn Transaction, note: &str) -> Result<i64, Error> {
    let id = tx.next("ids").await?;
    let list = tx.get("list", 1).await?;
    let mut children: Vec<i64> = match list {
        Some(list) => list
            .body
            .split_terminator(',')
            .map(|id| id.parse().unwrap())
            .collect(),
        None => Vec::new(),
    };
    children.push(id);
    let body: String = children.iter().map(|id| format!("{id},")).collect();
    tx.put(record("list", 1, 0, None, &body)).await?;
    tx.put(record("child", id, 1, None, note)).await?;
    Ok(id)
}

async fn add_to(store: &SqliteStore, note: String) -> Result<i64, Error> {
    records::write(store, move |tx| {
        let note = note.clone();
        Box::pin(async move { add(tx, &note).await })
    })
    .await
}

/// What the list names, and the children that there are.
async fn state(store: &SqliteStore) -> (Vec<i64>, Vec<i64>) {
    let state = records::read(store, |tx| {
        Box::pin(async move {
            let list = tx.get("list", 1).await?;
            let children = tx.list("child", 1).await?;
            Ok::<_, Error>((list, children))
        })
    });
    let (list, children) = state.await.unwrap();
    let list = list.map(|list| list.body).unwrap_or_default();
    (
        list.split_terminator(',')
            .map(|id| id.parse().unwrap())
            .collect(),
        children.iter().map(|child| child.id).collect(),
    )
}

#[tokio::test]
async fn a_record_is_found_by_id_name_and_parent() {
    let (_folder, store) = fresh().await;
    let put = record("goal", 7, 3, Some("Größe / 🛒"), "{\"a\":1}");
    let expected = put.clone();
    records::write(&store, move |tx| {
        let put = put.clone();
        Box::pin(async move {
            tx.put(put.clone()).await?;
            tx.put(record("goal", 5, 3, None, "{}")).await?;
            tx.put(record("goal", 6, 4, Some("Größe / 🛒"), "{}")).await
        })
    })
    .await
    .unwrap();
    let (by_id, by_name, all, missing) = records::read(&store, |tx| {
        Box::pin(async move {
            Ok::<_, Error>((
                tx.get("goal", 7).await?,
                tx.find("goal", 3, "Größe / 🛒").await?,
                tx.list("goal", 3).await?,
                tx.get("journey", 7).await?,
            ))
        })
    })
    .await
    .unwrap();
    assert_eq!(by_id.as_ref(), Some(&expected));
    assert_eq!(by_name, by_id);
    assert_eq!(all.iter().map(|r| r.id).collect::<Vec<_>>(), [5, 7]);
    assert_eq!(missing, None);
}

#[tokio::test]
async fn work_that_fails_leaves_nothing_and_its_neighbours_are_kept() {
    let (_folder, store) = fresh().await;
    let store = Arc::new(store);
    let refused = |store: Arc<SqliteStore>| async move {
        records::write(&*store, |tx| {
            Box::pin(async move {
                add(tx, "half").await?;
                tx.delete("list", 1).await?;
                Err::<(), _>(Error::invalid("name", "taken", "is taken"))
            })
        })
        .await
    };
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            if n % 2 == 0 {
                add_to(&store, format!("{n}")).await.map(drop)
            } else {
                refused(store).await
            }
        });
    }
    let results = tasks.join_all().await;
    let reasons = results
        .into_iter()
        .filter_map(Result::err)
        .map(|error| error.reason);
    assert_eq!(
        reasons.collect::<Vec<_>>(),
        [ErrorReason::InvalidRequest; 20]
    );
    let (list, children) = state(&store).await;
    // Numbers of undone work are given again, so there is no gap.
    assert_eq!(list, (1..=20).collect::<Vec<_>>());
    assert_eq!(list, children);
}

#[tokio::test(flavor = "multi_thread")]
async fn adders_to_one_record_never_collide() {
    let (_folder, store) = fresh().await;
    let store = Arc::new(store);
    let mut tasks = tokio::task::JoinSet::new();
    for adder in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut ids = Vec::new();
            for n in 0..25 {
                ids.push(add_to(&store, format!("{adder}-{n}")).await.unwrap());
            }
            ids
        });
    }
    let ids: BTreeSet<i64> = tasks.join_all().await.into_iter().flatten().collect();
    let (list, children) = state(&store).await;
    assert_eq!(list.len(), 400);
    assert_eq!(list.iter().copied().collect::<BTreeSet<_>>(), ids);
    assert_eq!(children, ids.into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_name_is_unique_within_its_parent() {
    let (_folder, store) = fresh().await;
    let put = |id: i64| {
        let store = &store;
        async move {
            records::write(store, move |tx| {
                Box::pin(async move { tx.put(record("goal", id, 3, Some("Shop"), "{}")).await })
            })
            .await
        }
    };
    put(1).await.unwrap();
    put(1).await.unwrap();
    let error: Error = put(2).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::StorageFailed);
    add_to(&store, "after".to_owned()).await.unwrap();
}

#[tokio::test]
async fn reading_work_cannot_change_anything() {
    let (_folder, store) = fresh().await;
    let error = records::read(&store, |tx| {
        Box::pin(async move { tx.put(record("goal", 1, 0, None, "{}")).await })
    })
    .await;
    let error: Error = error.unwrap_err();
    assert_eq!(error.reason, ErrorReason::StorageFailed);
    // The connection is as good as before.
    assert_eq!(state(&store).await, (vec![], vec![]));
}

#[tokio::test]
async fn work_that_panics_harms_nobody() {
    let (_folder, store) = fresh().await;
    add_to(&store, "before".to_owned()).await.unwrap();
    let panicked = records::write(&store, |tx| {
        Box::pin(async move {
            add(tx, "half").await?;
            panic!("a defect");
            #[allow(unreachable_code)]
            Ok::<(), Error>(())
        })
    });
    assert_eq!(panicked.await.unwrap_err().reason, ErrorReason::Internal);
    assert_eq!(add_to(&store, "after".to_owned()).await.unwrap(), 2);
    assert_eq!(state(&store).await, (vec![1, 2], vec![1, 2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_records_survive_a_kill_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: BTreeSet<i64> = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut child = this_program("records::child_adds")
            .env("STORE_FOLDER", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acks = lines.map(Result::unwrap).filter_map(|line| {
            let id = line.strip_prefix("ack ")?.strip_suffix(" .")?;
            Some(id.parse().unwrap())
        });
        acknowledged.insert(acks.next().unwrap());
        let life = Duration::from_millis((round * round) as u64 % 37 * 3);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(life);
            child.kill().unwrap();
            child.wait().unwrap();
        });
        acknowledged.extend(acks);
        killer.join().unwrap();
        let store = open(folder.path()).await;
        let (list, children) = state(&store).await;
        assert_eq!(list, children, "a list and its children parted");
        let missing = acknowledged.iter().find(|id| !list.contains(id));
        assert_eq!(missing, None, "an acknowledged record is gone");
        etude_engine::store::Store::close(&store).await;
    }
    assert!(acknowledged.len() > ROUNDS, "hardly anything was written");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the process that the test above kills"]
async fn child_adds() {
    let store = open(std::env::var("STORE_FOLDER").unwrap().as_ref()).await;
    let store = Arc::new(store);
    let mut tasks = tokio::task::JoinSet::new();
    for adder in 0..4 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for n in 0.. {
                let id = add_to(&store, format!("{adder}-{n}")).await.unwrap();
                println!("\nack {id} .");
            }
        });
    }
    tasks.join_next().await.unwrap().unwrap();
}
