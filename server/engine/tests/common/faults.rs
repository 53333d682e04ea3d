//! A store that fails when told to.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1::{self, ErrorReason};
use etude_engine::store::{
    ArtifactSink, ArtifactWriter, ClaimedRun, CommitListener, NewArtifact, NewEvent, NewRun, Page,
    PageRequest, Pool, RunCounts, RunQuery, RunUpdate, Store,
};
use etude_engine::{Error, Result};

/// Hands everything to another store, unless it is told to fail.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    fail_appends: AtomicBool,
    fail_artifacts: AtomicBool,
    /// How many artifacts that arrive in pieces can still be kept.
    left: Arc<AtomicUsize>,
    /// How many events were read.
    read: AtomicUsize,
}

impl FaultyStore {
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            fail_appends: AtomicBool::new(false),
            fail_artifacts: AtomicBool::new(false),
            left: Arc::new(AtomicUsize::new(usize::MAX)),
            read: AtomicUsize::new(0),
        }
    }

    /// Whether nothing can be appended to logs.
    pub fn fail_appends(&self, fail: bool) {
        self.fail_appends.store(fail, Ordering::SeqCst);
    }

    /// Whether no artifact can be stored.
    pub fn fail_artifacts(&self, fail: bool) {
        self.fail_artifacts.store(fail, Ordering::SeqCst);
    }

    /// How many events were read.
    pub fn events_read(&self) -> usize {
        self.read.load(Ordering::SeqCst)
    }

    /// How many artifacts that arrive in pieces can be kept before the disk is full.
    pub fn fail_artifacts_after(&self, count: usize) {
        self.left.store(count, Ordering::SeqCst);
    }
}

/// An artifact that cannot be kept when it is one too many.
struct FaultyWriter {
    inner: Box<dyn ArtifactWriter>,
    left: Arc<AtomicUsize>,
}

#[async_trait]
impl ArtifactWriter for FaultyWriter {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        self.inner.write(data).await
    }

    async fn finish(self: Box<Self>) -> Result<v1::Artifact> {
        let (order, less) = (Ordering::SeqCst, |left: usize| left.checked_sub(1));
        match self.left.fetch_update(order, order, less) {
            Ok(_) => self.inner.finish().await,
            Err(_) => Err(disk_full()),
        }
    }
}

fn disk_full() -> Error {
    Error::new(ErrorReason::StorageFull, "the disk is full")
}

fn full(fails: &AtomicBool) -> Result<()> {
    if fails.load(Ordering::SeqCst) {
        return Err(disk_full());
    }
    Ok(())
}

#[async_trait]
impl Store for FaultyStore {
    async fn append(&self, run: &str, events: Vec<NewEvent>, update: RunUpdate) -> Result<i64> {
        full(&self.fail_appends)?;
        self.inner.append(run, events, update).await
    }

    async fn begin_artifact(&self, artifact: NewArtifact) -> Result<ArtifactSink> {
        full(&self.fail_artifacts)?;
        Ok(match self.inner.begin_artifact(artifact).await? {
            ArtifactSink::Open(inner) => ArtifactSink::Open(Box::new(FaultyWriter {
                inner,
                left: Arc::clone(&self.left),
            })),
            known => known,
        })
    }

    async fn put_artifact(&self, artifact: NewArtifact, content: Bytes) -> Result<v1::Artifact> {
        full(&self.fail_artifacts)?;
        self.inner.put_artifact(artifact, content).await
    }

    async fn create_run(&self, run: NewRun) -> Result<v1::Run> {
        self.inner.create_run(run).await
    }

    async fn run(&self, name: &str) -> Result<v1::Run> {
        self.inner.run(name).await
    }

    async fn run_spec(&self, name: &str) -> Result<v1::RunSpec> {
        self.inner.run_spec(name).await
    }

    async fn list_runs(&self, query: RunQuery) -> Result<Page<v1::Run>> {
        self.inner.list_runs(query).await
    }

    async fn claim_run(
        &self,
        pool: Pool,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<ClaimedRun>> {
        self.inner.claim_run(pool, worker, lease).await
    }

    async fn renew_leases(&self, worker: &str, lease: Duration) -> Result<()> {
        self.inner.renew_leases(worker, lease).await
    }

    async fn abandoned_runs(&self, worker: &str) -> Result<Vec<v1::Run>> {
        self.inner.abandoned_runs(worker).await
    }

    async fn events(&self, run: &str, after: i64, limit: usize) -> Result<Vec<Arc<v1::RunEvent>>> {
        let events = self.inner.events(run, after, limit).await?;
        self.read.fetch_add(events.len(), Ordering::SeqCst);
        Ok(events)
    }

    async fn delete_run(&self, name: &str) -> Result<()> {
        self.inner.delete_run(name).await
    }

    async fn compact_events(&self, age: Duration) -> Result<u64> {
        self.inner.compact_events(age).await
    }

    async fn run_counts(&self) -> Result<RunCounts> {
        self.inner.run_counts().await
    }

    fn set_commit_listener(&self, listener: Arc<dyn CommitListener>) {
        self.inner.set_commit_listener(listener);
    }

    async fn save_session(&self, session: &v1::Session) -> Result<()> {
        self.inner.save_session(session).await
    }

    async fn session(&self, name: &str) -> Result<v1::Session> {
        self.inner.session(name).await
    }

    async fn list_sessions(
        &self,
        page: PageRequest,
        show_ended: bool,
    ) -> Result<Page<v1::Session>> {
        self.inner.list_sessions(page, show_ended).await
    }

    async fn end_active_sessions(&self, reason: &str) -> Result<u64> {
        self.inner.end_active_sessions(reason).await
    }

    async fn forget_sessions(&self, age: Duration) -> Result<u64> {
        self.inner.forget_sessions(age).await
    }

    async fn artifact(&self, name: &str) -> Result<v1::Artifact> {
        self.inner.artifact(name).await
    }

    async fn list_artifacts(&self, parent: &str, page: PageRequest) -> Result<Page<v1::Artifact>> {
        self.inner.list_artifacts(parent, page).await
    }

    async fn read_artifact(&self, name: &str, offset: u64, length: usize) -> Result<Bytes> {
        self.inner.read_artifact(name, offset, length).await
    }

    async fn artifact_path(&self, name: &str) -> Result<PathBuf> {
        self.inner.artifact_path(name).await
    }

    async fn delete_artifact(&self, name: &str) -> Result<()> {
        self.inner.delete_artifact(name).await
    }

    async fn check(&self) -> Result<String> {
        self.inner.check().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
