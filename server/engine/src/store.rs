//! What keeps state: the trait that the databases implement.
//!
//! Everything that a method has answered is durable: it survives a crash of the process and of
//! the machine. Writers of the same moment share a commit.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1;

use crate::error::Result;
use crate::remote::RemoteExecution;

/// Durable state: runs and their event logs, sessions, artifacts.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // === Runs ===

    /// Creates a run in the state QUEUED together with its first event, RunQueued, as number 1.
    /// When `request_id` is known with the same fingerprint, nothing is created and the earlier
    /// run is returned.
    ///
    /// # Errors
    ///
    /// `REQUEST_ID_REUSED`; `RUN_QUEUE_FULL` when `max_queued` runs wait; `STORAGE_FULL`;
    /// `STORAGE_FAILED`.
    async fn create_run(&self, run: NewRun) -> Result<v1::Run>;

    /// A run, without its test.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `STORAGE_FAILED`.
    async fn run(&self, name: &str) -> Result<v1::Run>;

    /// What a run executes.
    ///
    /// # Errors
    ///
    /// As for [`Store::run`].
    async fn run_spec(&self, name: &str) -> Result<v1::RunSpec>;

    /// Runs, without their tests, and the token of the next page.
    ///
    /// # Errors
    ///
    /// `INVALID_PAGE_TOKEN`; `STORAGE_FAILED`.
    async fn list_runs(&self, query: RunQuery) -> Result<Page<v1::Run>>;

    /// Takes the oldest run that waits for `pool` and marks it RUNNING for `worker` until the lease
    /// ends.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn claim_run(
        &self,
        pool: Pool,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<ClaimedRun>>;

    /// Makes the lease of a worker's runs last for `lease` from now on.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn renew_leases(&self, worker: &str, lease: Duration) -> Result<()>;

    /// RUNNING runs whose lease has ended, and on start-up those of earlier processes: what a
    /// recovery must decide upon.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn abandoned_runs(&self, worker: &str) -> Result<Vec<v1::Run>>;

    /// Appends events to a run's log, numbered without gaps in the order given, and applies
    /// `update` to the run in the same transaction. Returns the last sequence number.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `STORAGE_FULL`; `STORAGE_FAILED`: nothing was appended.
    async fn append(&self, run: &str, events: Vec<NewEvent>, update: RunUpdate) -> Result<i64>;

    /// Events after a sequence number, in order, at most `limit`.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `EVENTS_COMPACTED` with `first_sequence`; `SEQUENCE_IN_FUTURE`;
    /// `STORAGE_FAILED`.
    async fn events(&self, run: &str, after: i64, limit: usize) -> Result<Vec<Arc<v1::RunEvent>>>;

    /// Deletes a run with its events and artifacts.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `RUN_NOT_FINISHED`; `STORAGE_FAILED`.
    async fn delete_run(&self, name: &str) -> Result<()>;

    /// Removes the events of runs that finished longer ago than `age`, except their last; the
    /// runs remain. Runs with an owner keep theirs: he tells what they say. Returns how many runs lost
    /// events.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn compact_events(&self, age: Duration) -> Result<u64>;

    /// Counts of runs that wait and that are executed.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn run_counts(&self) -> Result<RunCounts>;

    /// Calls `listener` after every commit that changed a log, in the order of the sequence
    /// numbers of each run. Set once, before the first append.
    fn set_commit_listener(&self, listener: Arc<dyn CommitListener>);

    // === Sessions ===

    /// Keeps a session's present state.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn save_session(&self, session: &v1::Session) -> Result<()>;

    /// A kept session.
    ///
    /// # Errors
    ///
    /// `SESSION_NOT_FOUND`; `STORAGE_FAILED`.
    async fn session(&self, name: &str) -> Result<v1::Session>;

    /// Kept sessions, newest first, and the token of the next page.
    ///
    /// # Errors
    ///
    /// `INVALID_PAGE_TOKEN`; `STORAGE_FAILED`.
    async fn list_sessions(&self, page: PageRequest, show_ended: bool)
    -> Result<Page<v1::Session>>;

    /// Ends every session that is kept as active: what start-up does with those of an earlier
    /// process. Returns how many there were.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn end_active_sessions(&self, reason: &str) -> Result<u64>;

    /// Forgets sessions that ended longer ago than `age`, with their artifacts. Returns how many.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn forget_sessions(&self, age: Duration) -> Result<u64>;

    // === Artifacts ===

    /// Stores a file that is in memory.
    ///
    /// # Errors
    ///
    /// `STORAGE_FULL`; `STORAGE_FAILED`: nothing was stored.
    async fn put_artifact(&self, artifact: NewArtifact, content: Bytes) -> Result<v1::Artifact>;

    /// Begins to store a file that arrives in pieces. When `request_id` is known, the earlier
    /// artifact is returned instead.
    ///
    /// # Errors
    ///
    /// `STORAGE_FULL`; `STORAGE_FAILED`.
    async fn begin_artifact(&self, artifact: NewArtifact) -> Result<ArtifactSink>;

    /// What is known of an artifact.
    ///
    /// # Errors
    ///
    /// `ARTIFACT_NOT_FOUND`; `STORAGE_FAILED`.
    async fn artifact(&self, name: &str) -> Result<v1::Artifact>;

    /// Artifacts of a run or session, or all with an empty `parent`; oldest first.
    ///
    /// # Errors
    ///
    /// `INVALID_PAGE_TOKEN`; `STORAGE_FAILED`.
    async fn list_artifacts(&self, parent: &str, page: PageRequest) -> Result<Page<v1::Artifact>>;

    /// A piece of an artifact's content, at most `length` bytes; empty at its end. The whole
    /// content is checked against its SHA-256 before the first piece is returned.
    ///
    /// # Errors
    ///
    /// `ARTIFACT_NOT_FOUND`; `ARTIFACT_CORRUPT`; `ARTIFACT_OUT_OF_RANGE`; `STORAGE_FAILED`.
    async fn read_artifact(&self, name: &str, offset: u64, length: usize) -> Result<Bytes>;

    /// Where an artifact's content lies on this machine, under its own file name, for a browser to
    /// upload it.
    ///
    /// # Errors
    ///
    /// `ARTIFACT_NOT_FOUND`; `STORAGE_FAILED`.
    async fn artifact_path(&self, name: &str) -> Result<std::path::PathBuf>;

    /// Deletes an artifact.
    ///
    /// # Errors
    ///
    /// `ARTIFACT_NOT_FOUND`; `STORAGE_FAILED`.
    async fn delete_artifact(&self, name: &str) -> Result<()>;

    // === The store itself ===

    /// Checks that the store can be written; its version, for people.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`; `STORAGE_FULL`.
    async fn check(&self) -> Result<String>;

    /// Finishes what is being written and closes the database.
    async fn close(&self);
}

/// Hears of committed events.
pub trait CommitListener: Send + Sync + 'static {
    /// These events of a run are durable now. Must not block.
    fn committed(&self, run: &str, events: &[Arc<v1::RunEvent>]);
}

/// A run to be created.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// The run: name, test name, labels, environment, owner, statistics (totals and rows) and create
    /// time are set.
    pub run: v1::Run,
    /// What it executes, with the compiled test.
    pub spec: v1::RunSpec,
    /// The caller's id, or empty.
    pub request_id: String,
    /// Fingerprint of the request, to tell a repetition from a reuse.
    pub fingerprint: [u8; 32],
    /// The first event's payload.
    pub queued: v1::RunQueued,
    /// Runs that may wait.
    pub max_queued: u32,
}

/// Takes the values out of a spec that nobody may see once its run is over; true: there were some.
pub fn erase_hidden(spec: &mut v1::RunSpec) -> bool {
    use v1::environment_variable::Source;

    let mut erased = !spec.env.is_empty() || !spec.http_headers.is_empty();
    spec.env.clear();
    spec.http_headers.clear();
    let named = spec.environment.iter_mut();
    for variable in named.flat_map(|environment| &mut environment.variables) {
        if let Some(Source::Hidden(text)) = &mut variable.source {
            erased |= !text.is_empty();
            text.clear();
        }
    }
    erased
}

/// What executes a run, and so which line it waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// A browser of this server.
    Browsers,
    /// A platform, followed from here.
    Platforms,
}

impl Pool {
    /// The pool of a run that executes `spec`.
    #[must_use]
    pub fn of(spec: &v1::RunSpec) -> Self {
        match spec.platform {
            None => Self::Browsers,
            Some(_) => Self::Platforms,
        }
    }
}

/// A run that a worker has taken.
#[derive(Debug, Clone)]
pub struct ClaimedRun {
    /// The run; its `attempt` has been raised.
    pub run: v1::Run,
    /// What it executes.
    pub spec: v1::RunSpec,
    /// The platform's execution that executes it already.
    pub execution: Option<RemoteExecution>,
}

/// An event to be appended.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// When it happened.
    pub time: prost_types::Timestamp,
    /// What happened.
    pub payload: v1::run_event::Payload,
}

/// What changes of a run together with its log. `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct RunUpdate {
    /// The state.
    pub state: Option<v1::RunState>,
    /// The outcome.
    pub outcome: Option<v1::Outcome>,
    /// When its execution began.
    pub start_time: Option<prost_types::Timestamp>,
    /// When it finished.
    pub end_time: Option<prost_types::Timestamp>,
    /// Counts of steps.
    pub statistics: Option<v1::RunStatistics>,
    /// Why it ended ERROR.
    pub failure: Option<v1::Failure>,
    /// Its reports.
    pub artifacts: Option<Vec<String>>,
    /// How often it was claimed, when the last time is not to count.
    pub attempt: Option<u32>,
    /// The platform's execution that executes it; of no name: none does any more.
    pub execution: Option<RemoteExecution>,
}

/// Counts of runs by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Runs that wait.
    pub queued: u32,
    /// Runs that are executed.
    pub running: u32,
}

/// Which page of a list.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// How many items, 1 to 200.
    pub size: usize,
    /// The token of the page, or empty for the first.
    pub token: String,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The token of the next page; empty when this was the last.
    pub next: String,
}

/// Which runs, in which order.
#[derive(Debug, Clone, Default)]
pub struct RunQuery {
    /// Which page.
    pub page: PageRequest,
    /// Only runs in this state.
    pub state: Option<v1::RunState>,
    /// Only runs with this outcome.
    pub outcome: Option<v1::Outcome>,
    /// Only runs of the test with this name.
    pub test_name: Option<String>,
    /// Only runs in the environment with this name; empty: in none.
    pub environment: Option<String>,
    /// Only runs that work for this execution.
    pub owner: Option<String>,
    /// Also runs that work for an execution, whichever; those of `owner` anyway.
    pub show_owned: bool,
    /// Only runs with all of these labels.
    pub labels: Vec<(String, String)>,
    /// Only runs with all of these tags.
    pub tags: Vec<String>,
    /// Oldest first.
    pub ascending: bool,
}

/// A file to be stored.
#[derive(Debug, Clone, Default)]
pub struct NewArtifact {
    /// The run or session that left it, or empty.
    pub parent: String,
    /// File name, without folders.
    pub file_name: String,
    /// What it is.
    pub kind: v1::ArtifactKind,
    /// Media type.
    pub media_type: String,
    /// The caller's id, or empty.
    pub request_id: String,
    /// SHA-256 that the content must have, in hex; empty: any.
    pub sha256: String,
}

/// Takes the pieces of a file.
pub enum ArtifactSink {
    /// The file is stored already.
    Known(v1::Artifact),
    /// Write into it.
    Open(Box<dyn ArtifactWriter>),
}

/// Writes one artifact. Dropping it leaves nothing.
#[async_trait]
pub trait ArtifactWriter: Send {
    /// Adds a piece.
    ///
    /// # Errors
    ///
    /// `ARTIFACT_TOO_LARGE`; `STORAGE_FULL`; `STORAGE_FAILED`.
    async fn write(&mut self, data: Bytes) -> Result<()>;

    /// Checks and keeps it.
    ///
    /// # Errors
    ///
    /// `ARTIFACT_MISMATCH`; `STORAGE_FULL`; `STORAGE_FAILED`.
    async fn finish(self: Box<Self>) -> Result<v1::Artifact>;
}
