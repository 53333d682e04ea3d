//! A process that writes is killed, again and again: what it acknowledged is there.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use etude_engine::store::{NewArtifact, Pool, RunUpdate, Store};
use etude_store::SqliteStore;

use super::common::{logged, new_run, open, requested, this_program, whole_log};

const ROUNDS: u32 = 20;
/// Runs that the killed process writes to at the same time.
const WRITERS: u32 = 8;

/// What a killed process had acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// By run: the last number of each append, and the message of its two events.
    appends: HashMap<String, Vec<(i64, String)>>,
    /// Names of artifacts with their contents.
    artifacts: Vec<(String, String)>,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        // From amid the first writes to amid the checkpoints of a long log.
        let life = Duration::from_millis(u64::from(round * round) % 97 * 2);
        let acknowledged = killed(folder.path(), round, life);
        let store = open(folder.path()).await;
        verify(&store, &acknowledged).await;
        repeat_requests(&store, round, &acknowledged).await;
        all.push(acknowledged);
        store.close().await;
    }
    let store = open(folder.path()).await;
    for acknowledged in &all {
        verify(&store, acknowledged).await;
    }
    let appends: usize = all
        .iter()
        .flat_map(|round| round.appends.values())
        .map(Vec::len)
        .sum();
    assert!(
        appends > ROUNDS as usize,
        "the killed processes had hardly written: {appends}"
    );
    // In each round, a worker had taken one run.
    let abandoned = store.abandoned_runs("another").await.unwrap();
    assert_eq!(abandoned.len(), ROUNDS as usize);
}

/// Lets a process write until it is killed, `life` after its first acknowledgement.
fn killed(folder: &Path, round: u32, life: Duration) -> Acknowledged {
    let mut child = this_program("crash::child_writes")
        .env("STORE_FOLDER", folder)
        .env("STORE_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let first = lines
        .by_ref()
        .find(|line| line.starts_with("ack "))
        .unwrap();
    let killer = std::thread::spawn(move || {
        std::thread::sleep(life);
        child.kill().unwrap();
        child.wait().unwrap();
    });
    let mut acknowledged = Acknowledged::default();
    for line in std::iter::once(first).chain(lines) {
        acknowledged.note(&line);
    }
    killer.join().unwrap();
    acknowledged
}

impl Acknowledged {
    fn note(&mut self, line: &str) {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            // The process was killed while it wrote its last line, unless that ends so.
            ["ack", "append", run, last, message, "."] => {
                let appends = self.appends.entry((*run).to_owned()).or_default();
                appends.push((last.parse().unwrap(), (*message).to_owned()));
            }
            ["ack", "artifact", name, content, "."] => {
                self.artifacts
                    .push(((*name).to_owned(), (*content).to_owned()));
            }
            _ => {}
        }
    }
}

async fn verify(store: &SqliteStore, acknowledged: &Acknowledged) {
    for (run, appends) in &acknowledged.appends {
        let log = whole_log(store, run).await;
        for (last, message) in appends {
            for sequence in [*last - 1, *last] {
                assert_eq!(
                    log[sequence as usize - 1],
                    (sequence, message.clone()),
                    "{run}"
                );
            }
        }
        // Appends of two events each: none is there by half.
        for pair in log[1..].chunks(2) {
            assert!(pair.len() == 2 && pair[0].1 == pair[1].1, "{run}: {pair:?}");
        }
    }
    for (name, content) in &acknowledged.artifacts {
        assert_eq!(
            store.read_artifact(name, 0, 99).await.unwrap(),
            content.as_bytes()
        );
    }
}

/// A caller who does not know what became of his request repeats it.
async fn repeat_requests(store: &SqliteStore, round: u32, acknowledged: &Acknowledged) {
    for run in acknowledged.appends.keys() {
        let id = run.strip_prefix("runs/").unwrap();
        let again = store
            .create_run(requested(format!("{id}-again"), id, 1))
            .await
            .unwrap();
        assert_eq!(&again.name, run, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the process that the test above kills"]
async fn child_writes() {
    let store = open(std::env::var("STORE_FOLDER").unwrap().as_ref()).await;
    let round = std::env::var("STORE_ROUND").unwrap();
    let store = std::sync::Arc::new(store);
    // The oldest run that waits is from an earlier round, if there is one.
    store
        .create_run(new_run(format!("claimed-{round}")))
        .await
        .unwrap();
    store
        .claim_run(
            Pool::Browsers,
            &format!("worker-{round}"),
            Duration::from_secs(60),
        )
        .await
        .unwrap()
        .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        tasks.spawn(write_on(store.clone(), format!("{round}-{writer}")));
    }
    tasks.join_next().await.unwrap().unwrap();
}

async fn write_on(store: std::sync::Arc<SqliteStore>, id: String) {
    store.create_run(requested(&id, &id, 1)).await.unwrap();
    let run = format!("runs/{id}");
    for n in 0.. {
        let message = format!("message-{n}");
        let events = vec![logged(message.as_str()), logged(message.as_str())];
        let last = store
            .append(&run, events, RunUpdate::default())
            .await
            .unwrap();
        println!("\nack append {run} {last} {message} .");
        if n % 8 == 0 {
            let content = format!("content-{id}-{n}");
            let new = NewArtifact {
                parent: run.clone(),
                ..NewArtifact::default()
            };
            let artifact = store
                .put_artifact(new, content.clone().into())
                .await
                .unwrap();
            println!("\nack artifact {} {content} .", artifact.name);
        }
    }
}
