//! What the tests of the store share.

use std::path::Path;
use std::sync::Arc;

use etude::v1;
use etude_engine::store::{CommitListener, NewEvent, NewRun, RunUpdate, Store};
use etude_store::{Options, SqliteStore};
use parking_lot::Mutex;
use prost_types::Timestamp;
use tempfile::TempDir;

/// A store in a folder of its own.
pub(crate) async fn fresh() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    (folder, store)
}

/// The store in a folder.
pub(crate) async fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(Options::new(folder)).await.unwrap()
}

/// A run to be created, with everything that the engine sets.
pub(crate) fn new_run(id: impl std::fmt::Display) -> NewRun {
    let labels = [("team".to_owned(), "shop".to_owned())].into();
    NewRun {
        run: v1::Run {
            name: format!("runs/{id}"),
            test_name: "Buy a metronome".to_owned(),
            create_time: Some(Timestamp {
                seconds: 1_700_000_000,
                nanos: 5,
            }),
            statistics: Some(v1::RunStatistics {
                total: 3,
                rows: 1,
                ..Default::default()
            }),
            labels,
            ..v1::Run::default()
        },
        spec: v1::RunSpec {
            base_url: format!("http://{id}.test"),
            ..v1::RunSpec::default()
        },
        request_id: String::new(),
        fingerprint: [1; 32],
        queued: v1::RunQueued {
            rows: 1,
            steps_per_row: 3,
            ..v1::RunQueued::default()
        },
        max_queued: 1_000_000,
    }
}

/// The same as a caller with a request id would create.
pub(crate) fn requested(id: impl std::fmt::Display, request_id: &str, fingerprint: u8) -> NewRun {
    NewRun {
        request_id: request_id.to_owned(),
        fingerprint: [fingerprint; 32],
        ..new_run(id)
    }
}

/// A log message as an event.
pub(crate) fn logged(message: impl Into<String>) -> NewEvent {
    let logged = v1::RunLogged {
        message: message.into(),
        ..v1::RunLogged::default()
    };
    NewEvent {
        time: Timestamp {
            seconds: 1_700_000_001,
            nanos: 0,
        },
        payload: v1::run_event::Payload::RunLogged(logged),
    }
}

/// The end of a run.
pub(crate) fn finished(outcome: v1::Outcome) -> (Vec<NewEvent>, RunUpdate) {
    let end = Timestamp {
        seconds: 1_700_000_009,
        nanos: 7,
    };
    let payload = v1::run_event::Payload::RunFinished(v1::RunFinished {
        outcome: outcome as i32,
        ..v1::RunFinished::default()
    });
    let update = RunUpdate {
        state: Some(v1::RunState::Finished),
        outcome: Some(outcome),
        end_time: Some(end),
        ..RunUpdate::default()
    };
    (vec![NewEvent { time: end, payload }], update)
}

/// Ends a run.
pub(crate) async fn finish(store: &SqliteStore, run: &str) {
    let (events, update) = finished(v1::Outcome::Pass);
    store.append(run, events, update).await.unwrap();
}

/// The messages of logged events with their sequence numbers.
pub(crate) fn messages(events: &[Arc<v1::RunEvent>]) -> Vec<(i64, String)> {
    let message = |event: &Arc<v1::RunEvent>| match &event.payload {
        Some(v1::run_event::Payload::RunLogged(logged)) => logged.message.clone(),
        Some(v1::run_event::Payload::RunQueued(_)) => "queued".to_owned(),
        Some(v1::run_event::Payload::RunFinished(_)) => "finished".to_owned(),
        other => panic!("an event that no test appends: {other:?}"),
    };
    events
        .iter()
        .map(|event| (event.sequence, message(event)))
        .collect()
}

/// Remembers what was committed, by run.
#[derive(Default)]
pub(crate) struct Heard(pub(crate) Mutex<Vec<(String, Vec<Arc<v1::RunEvent>>)>>);

impl Heard {
    /// Sequence numbers in the order in which they were heard.
    pub(crate) fn sequences(&self, run: &str) -> Vec<i64> {
        let heard = self.0.lock();
        let of_run = heard.iter().filter(|(name, _)| name == run);
        of_run
            .flat_map(|(_, events)| events.iter().map(|event| event.sequence))
            .collect()
    }
}

impl CommitListener for Heard {
    fn committed(&self, run: &str, events: &[Arc<v1::RunEvent>]) {
        self.0.lock().push((run.to_owned(), events.to_vec()));
    }
}

/// This test program, to run one of its ignored tests as a process of its own.
pub(crate) fn this_program(test: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    command
}

/// Every event of a run, read in several pieces; fails unless they are numbered from 1 without
/// gaps up to the run's last.
pub(crate) async fn whole_log(store: &SqliteStore, run: &str) -> Vec<(i64, String)> {
    let mut log = Vec::new();
    loop {
        let after = log.len() as i64;
        let piece = store.events(run, after, 500).await.unwrap();
        if piece.is_empty() {
            break;
        }
        log.extend(messages(&piece));
    }
    let sequences: Vec<i64> = log.iter().map(|(sequence, _)| *sequence).collect();
    let last = store.run(run).await.unwrap().last_sequence;
    assert_eq!(
        sequences,
        (1..=last).collect::<Vec<_>>(),
        "the log of {run} has gaps"
    );
    log
}
