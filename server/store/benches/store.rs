//! What the store does in a second, beside what a sync of its disk takes.
//!
//! `cargo bench -p etude-store`; the store lies in the system's folder for temporary files, or in
//! `TMPDIR`. Every figure is of durable, acknowledged writes.

// A benchmark that cannot be carried out may panic.
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use etude::v1;
use etude_engine::store::{NewArtifact, NewEvent, NewRun, RunUpdate, Store};
use etude_store::{Options, SqliteStore};
use prost_types::Timestamp;

const CALLERS: usize = 64;
const LENGTH: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    println!(
        "sync of 4 KiB            {:>9.2} ms median",
        millis(median_sync(folder.path()))
    );
    let opening = Instant::now();
    let store = SqliteStore::open(Options::new(folder.path().join("store")))
        .await
        .unwrap();
    println!(
        "open, new folder         {:>9.2} ms",
        millis(opening.elapsed())
    );
    let store = Arc::new(store);
    println!(
        "create_run, one caller   {:>9.2} ms median",
        millis(median_create(&store).await)
    );
    creates(&store).await;
    appends(&store, 1).await;
    appends(&store, 20).await;
    reads(&store).await;
    artifacts(&store).await;
    store.close().await;
    let opening = Instant::now();
    let store = SqliteStore::open(Options::new(folder.path().join("store")))
        .await
        .unwrap();
    println!(
        "open, existing           {:>9.2} ms",
        millis(opening.elapsed())
    );
    store.close().await;
}

/// A median time in which the disk makes a page durable.
fn median_sync(folder: &Path) -> Duration {
    let mut file = File::create(folder.join("sync")).unwrap();
    let sync = |_| {
        let start = Instant::now();
        file.write_all(&[1; 4096]).unwrap();
        file.sync_data().unwrap();
        start.elapsed()
    };
    median((0..200).map(sync).collect())
}

async fn median_create(store: &SqliteStore) -> Duration {
    let mut times = Vec::new();
    for n in 0..500 {
        let run = new_run(&format!("single-{n}"));
        let start = Instant::now();
        store.create_run(run).await.unwrap();
        times.push(start.elapsed());
    }
    median(times)
}

async fn creates(store: &Arc<SqliteStore>) {
    let (count, took) = concurrently(store, |store, caller, n| async move {
        store
            .create_run(new_run(&format!("{caller}-{n}")))
            .await
            .unwrap();
    })
    .await;
    println!(
        "create_run, {CALLERS} callers   {:>9.0} /s",
        rate(count, took)
    );
}

async fn appends(store: &Arc<SqliteStore>, events: usize) {
    let (count, took) = concurrently(store, move |store, caller, n| async move {
        let events = (0..events)
            .map(|event| step_finished(n * events + event))
            .collect();
        let run = format!("runs/{caller}-0");
        store
            .append(&run, events, RunUpdate::default())
            .await
            .unwrap();
    })
    .await;
    let of = if events == 1 {
        String::new()
    } else {
        format!(" of {events} events")
    };
    println!(
        "append{of}, {CALLERS} callers {:>9.0} /s",
        rate(count, took)
    );
}

async fn reads(store: &Arc<SqliteStore>) {
    let (count, took) = concurrently(store, |store, caller, _| async move {
        let events = store
            .events(&format!("runs/{caller}-0"), 10, 100)
            .await
            .unwrap();
        assert_eq!(events.len(), 100);
    })
    .await;
    println!(
        "events, 100 per read     {:>9.0} events/s",
        rate(count * 100, took)
    );
}

async fn artifacts(store: &Arc<SqliteStore>) {
    let (count, took) = concurrently(store, |store, caller, n| async move {
        let mut content = vec![0; 100 << 10];
        content[..16].copy_from_slice(&[caller.to_be_bytes(), n.to_be_bytes()].concat());
        store
            .put_artifact(NewArtifact::default(), content.into())
            .await
            .unwrap();
    })
    .await;
    println!("put_artifact of 100 KiB  {:>9.0} /s", rate(count, took));
}

/// Lets many callers call again and again for some seconds; how often they did, and the time.
async fn concurrently<F>(
    store: &Arc<SqliteStore>,
    call: impl Fn(Arc<SqliteStore>, usize, usize) -> F + Clone + Send + 'static,
) -> (usize, Duration)
where
    F: Future<Output = ()> + Send,
{
    let count = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let callers = (0..CALLERS).map(|caller| {
        let (store, call, count) = (Arc::clone(store), call.clone(), Arc::clone(&count));
        tokio::spawn(async move {
            for n in 0.. {
                call(Arc::clone(&store), caller, n).await;
                count.fetch_add(1, Ordering::Relaxed);
                if start.elapsed() > LENGTH {
                    return;
                }
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    (count.load(Ordering::Relaxed), start.elapsed())
}

fn new_run(id: &str) -> NewRun {
    let step = |n: usize| v1::Step {
        name: format!("Step {n} of the journey"),
        ..Default::default()
    };
    let test = v1::Test {
        name: "Buy a metronome".to_owned(),
        setup: (0..20).map(step).collect(),
        ..v1::Test::default()
    };
    NewRun {
        run: v1::Run {
            name: format!("runs/{id}"),
            test_name: "Buy a metronome".to_owned(),
            create_time: Some(Timestamp {
                seconds: 1_700_000_000,
                nanos: 0,
            }),
            statistics: Some(v1::RunStatistics {
                total: 20,
                rows: 1,
                ..Default::default()
            }),
            ..v1::Run::default()
        },
        spec: v1::RunSpec {
            source: Some(v1::run_spec::Source::Test(test)),
            ..v1::RunSpec::default()
        },
        request_id: format!("request-{id}"),
        fingerprint: [7; 32],
        queued: v1::RunQueued {
            rows: 1,
            steps_per_row: 20,
            ..v1::RunQueued::default()
        },
        max_queued: u32::MAX,
    }
}

fn step_finished(n: usize) -> NewEvent {
    let finished = v1::StepFinished {
        command: "interact/click".to_owned(),
        result: Some(v1::StepResult::default()),
        path: Some(v1::StepPath {
            row: 1,
            step: n as u32,
            ..v1::StepPath::default()
        }),
        ..v1::StepFinished::default()
    };
    NewEvent {
        time: Timestamp {
            seconds: 1_700_000_000,
            nanos: 0,
        },
        payload: v1::run_event::Payload::StepFinished(finished),
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
