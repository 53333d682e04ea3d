//! What the tests of runs share: a server over a real store and a scripted browser.

// Each test file is a crate of its own and uses its own part of this.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

pub mod backend;
pub mod blocks;
pub mod faults;
pub mod remote;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use etude::v1::{
    self, Checkpoint, DataRow, Outcome, RunEvent, RunSpec, RunState, Step, StepFlags, Test,
    TestConfig, run_event::Payload,
};
use etude_engine::backend::Backend;
use etude_engine::executor::{Executor, ExecutorOptions};
use etude_engine::runs::{Runs, RunsOptions, WatchStream};
use etude_engine::secrets::Secrets;
use etude_engine::store::Store;
use etude_engine::{Error, Result};
use etude_store::{Options, SqliteStore};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use self::backend::FakeBackend;

/// Longer than anything here takes; a test that hangs fails.
pub const GUARD: Duration = Duration::from_secs(60);

/// A server without a network: the runs, their store and a scripted browser.
pub struct Server {
    pub runs: Runs,
    pub store: Arc<dyn Store>,
    pub backend: Arc<FakeBackend>,
}

/// The store of a server that has just been killed, once its tasks have let it go.
pub async fn reopened(folder: &Path) -> Arc<SqliteStore> {
    let open = async {
        loop {
            match SqliteStore::open(Options::new(folder)).await {
                Ok(store) => return store,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    Arc::new(tokio::time::timeout(GUARD, open).await.unwrap())
}

/// Options for tests: two browsers, little patience.
pub fn options() -> RunsOptions {
    RunsOptions {
        max_browsers: 2,
        max_queued: 1000,
        storage_patience: Duration::from_millis(300),
        ..RunsOptions::default()
    }
}

impl Server {
    /// A server that executes runs.
    pub async fn start(folder: &Path) -> Self {
        let server = Self::idle(folder, options()).await;
        server.work();
        server
    }

    /// A server that creates runs and executes none.
    pub async fn idle(folder: &Path, options: RunsOptions) -> Self {
        let store = SqliteStore::open(Options::new(folder)).await.unwrap();
        Self::over(Arc::new(store), options, Arc::default())
    }

    pub fn over(store: Arc<dyn Store>, options: RunsOptions, backend: Arc<FakeBackend>) -> Self {
        let secrets = Secrets::from_vars("S_", [("S_PASSWORD".into(), "hunter2".into())]);
        let executor = Executor::new(ExecutorOptions::new(store.clone(), Arc::new(secrets)));
        let as_backend: Arc<dyn Backend> = backend.clone();
        let runs = Runs::new(options, as_backend, executor, store.clone());
        Self {
            runs,
            store,
            backend,
        }
    }

    pub fn work(&self) {
        let runs = self.runs.clone();
        tokio::spawn(async move { runs.work(CancellationToken::new()).await });
    }

    pub async fn create(&self, test: Test) -> String {
        self.create_spec(spec(test)).await
    }

    pub async fn create_spec(&self, spec: RunSpec) -> String {
        let request = v1::CreateRunRequest {
            spec: Some(spec),
            ..v1::CreateRunRequest::default()
        };
        self.runs.create(request).await.unwrap().name
    }

    /// All events of a run, from its beginning to its end.
    pub async fn events(&self, run: &str) -> Vec<RunEvent> {
        let stream = self.runs.watch(run, 0).await.unwrap();
        let (events, end) = drain(stream).await;
        assert_eq!(end, None);
        events
    }

    /// Creates a run and waits for its end; its events, and the run.
    pub async fn execute(&self, test: Test) -> (Vec<RunEvent>, v1::Run) {
        let run = self.create(test).await;
        let events = self.events(&run).await;
        (events, self.store.run(&run).await.unwrap())
    }

    /// Returns when an event of the run fits.
    pub async fn wait_for(&self, run: &str, fits: impl Fn(&Payload) -> bool) {
        let mut stream = self.runs.watch(run, 0).await.unwrap();
        let wait = async {
            while let Some(message) = stream.next().await {
                let events = message.unwrap().events;
                if events
                    .iter()
                    .any(|event| event.payload.as_ref().is_some_and(&fits))
                {
                    return;
                }
            }
            panic!("the run ended before that");
        };
        tokio::time::timeout(GUARD, wait).await.unwrap();
    }

    pub async fn wait_for_step(&self, run: &str, text: &str) {
        self.wait_for(
            run,
            |payload| matches!(payload, Payload::StepStarted(step) if step.text.contains(text)),
        )
        .await;
    }
}

/// Everything that a stream delivers, and how it ends.
pub async fn drain(mut stream: WatchStream) -> (Vec<RunEvent>, Option<Error>) {
    let mut events = Vec::new();
    let drained = async {
        while let Some(message) = stream.next().await {
            match message {
                Ok(message) => events.extend(message.events),
                Err(error) => return Some(error),
            }
        }
        None
    };
    let end = tokio::time::timeout(GUARD, drained).await.unwrap();
    (events, end)
}

/// Asserts what holds for every finished log.
pub fn check_log(events: &[RunEvent]) {
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.sequence, index as i64 + 1, "no gaps, nothing twice");
    }
    let is_last = |event: &RunEvent| matches!(event.payload, Some(Payload::RunFinished(_)));
    assert_eq!(events.iter().filter(|event| is_last(event)).count(), 1);
    assert!(events.last().is_some_and(is_last));
    assert!(matches!(events[0].payload, Some(Payload::RunQueued(_))));
    check_pairs(events);
}

/// Whatever began has ended, unless the run began again.
fn check_pairs(events: &[RunEvent]) {
    let mut open = Vec::new();
    for event in events {
        match event.payload.as_ref().unwrap() {
            Payload::RunRecovered(_) => open.clear(),
            Payload::RowStarted(row) => open.push(format!("row {}", row.row)),
            Payload::StepStarted(step) => open.push(place(step.path, &step.within)),
            Payload::RowFinished(row) => close(&mut open, &format!("row {}", row.row)),
            Payload::StepFinished(step) => {
                let place = place(step.path, &step.within);
                open.retain(|other| *other != place);
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "began and did not end: {open:?}");
}

fn place(path: Option<v1::StepPath>, within: &[v1::BlockPosition]) -> String {
    format!("{:?} {within:?}", path.unwrap())
}

fn close(open: &mut Vec<String>, what: &str) {
    let at = open.iter().position(|other| other == what);
    open.remove(at.unwrap_or_else(|| panic!("{what} ended and had not begun")));
}

/// A log in short lines: `step a PASS`, `row 1 ERROR RUN_TIMEOUT` …
pub fn lines(events: &[RunEvent]) -> Vec<String> {
    let payloads = events.iter().filter_map(|event| event.payload.as_ref());
    payloads.map(line).collect()
}

fn line(payload: &Payload) -> String {
    let reason = |failure: &Option<v1::Failure>| {
        let reason = failure
            .as_ref()
            .map(|failure| format!(" {}", failure.reason));
        reason.unwrap_or_default()
    };
    match payload {
        Payload::RunQueued(queued) => format!("queued {}x{}", queued.rows, queued.steps_per_row),
        Payload::RunStarted(started) => format!("run {}", started.attempt),
        Payload::RowStarted(started) => format!("row {}.{}", started.row, started.attempt),
        Payload::CheckpointStarted(started) => format!("begin {}", started.name),
        Payload::StepStarted(started) => format!("step {}", short(&started.text)),
        Payload::StepFinished(finished) => {
            let result = finished.result.as_ref().unwrap();
            let reason = reason(&result.failure);
            format!("{} {}{reason}", short(&result.text), word(result.outcome()))
        }
        Payload::CheckpointFinished(finished) => {
            format!("end {} {}", finished.name, word(finished.outcome()))
        }
        Payload::RowFinished(finished) => {
            let retry = if finished.will_retry { " again" } else { "" };
            let reason = reason(&finished.failure);
            format!(
                "row {} {}{reason}{retry}",
                finished.row,
                word(finished.outcome())
            )
        }
        Payload::RunLogged(logged) => format!("log {}", logged.message),
        Payload::RunRecovered(recovered) => {
            format!("recovered {} {}", recovered.reason, recovered.attempt)
        }
        Payload::RunFinished(finished) => {
            let cancelled = if finished.cancelled { " cancelled" } else { "" };
            let reason = reason(&finished.failure);
            format!("finished {}{reason}{cancelled}", word(finished.outcome()))
        }
    }
}

/// `click on "a"` as `a`.
fn short(text: &str) -> &str {
    let hint = text.strip_prefix("click on \"");
    hint.and_then(|hint| hint.strip_suffix('"')).unwrap_or(text)
}

pub fn word(outcome: Outcome) -> &'static str {
    outcome.as_str_name().trim_start_matches("OUTCOME_")
}

// === Tests to execute ===

pub fn spec(test: Test) -> RunSpec {
    RunSpec {
        source: Some(v1::run_spec::Source::Test(test)),
        ..RunSpec::default()
    }
}

/// A test with one checkpoint, `main`, of steps that [`backend`] understands.
pub fn test(steps: &[&str]) -> Test {
    Test {
        name: "a test".to_owned(),
        checkpoints: vec![checkpoint("main", steps)],
        ..Test::default()
    }
}

pub fn checkpoint(name: &str, steps: &[&str]) -> Checkpoint {
    Checkpoint {
        name: name.to_owned(),
        steps: steps.iter().map(|step| self::step(step)).collect(),
        ..Checkpoint::default()
    }
}

/// A step that clicks on `hint`.
pub fn step(hint: &str) -> Step {
    let target = v1::Target {
        locator: Some(v1::target::Locator::Hint(hint.to_owned())),
        ..v1::Target::default()
    };
    let click = v1::Click {
        target: Some(target),
        ..v1::Click::default()
    };
    Step {
        command: Some(click.into()),
        ..Step::default()
    }
}

pub fn flagged(hint: &str, set: impl FnOnce(&mut StepFlags)) -> Step {
    let mut flags = StepFlags::default();
    set(&mut flags);
    Step {
        flags: Some(flags),
        ..step(hint)
    }
}

pub fn rows(test: Test, count: usize) -> Test {
    Test {
        data_rows: vec![DataRow::default(); count],
        ..test
    }
}

pub fn config(test: Test, set: impl FnOnce(&mut TestConfig)) -> Test {
    let mut config = test.config.clone().unwrap_or_default();
    set(&mut config);
    Test {
        config: Some(config),
        ..test
    }
}

pub fn millis(millis: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration {
        seconds: millis / 1000,
        nanos: (millis % 1000) as i32 * 1_000_000,
    })
}

/// The numbers of a run's statistics: total, passed, failed, errors, skipped, not reached.
pub fn statistics(run: &v1::Run) -> [u32; 6] {
    let s = run.statistics.unwrap();
    [
        s.total,
        s.passed,
        s.failed,
        s.errors,
        s.skipped,
        s.not_reached,
    ]
}

pub fn assert_state(run: &v1::Run, state: RunState, outcome: Outcome) {
    assert_eq!((run.state(), run.outcome()), (state, outcome), "{run:?}");
    assert!(run.end_time.is_some());
}

pub fn reason<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.unwrap_err().reason.name()
}
