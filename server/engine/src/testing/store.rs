//! A store in memory. It keeps sessions and artifacts as the real ones do; of runs it knows what
//! tests without a database need.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1::{self, ErrorReason, RunState, SessionState};
use parking_lot::Mutex;

use crate::error::{Error, Result};
use crate::store::{
    ArtifactSink, ArtifactWriter, ClaimedRun, CommitListener, NewArtifact, NewEvent, NewRun, Page,
    PageRequest, Pool, RunCounts, RunQuery, RunUpdate, Store,
};

/// A store in memory.
#[derive(Default)]
pub(crate) struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    runs: BTreeMap<String, KeptRun>,
    sessions: BTreeMap<String, v1::Session>,
    artifacts: BTreeMap<String, (v1::Artifact, Bytes)>,
    listener: Option<Arc<dyn CommitListener>>,
    folder: Option<tempfile::TempDir>,
    full: bool,
}

struct KeptRun {
    new: NewRun,
    run: v1::Run,
    events: Vec<Arc<v1::RunEvent>>,
}

impl MemoryStore {
    /// An empty store.
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Lets every write of an artifact fail from now on.
    pub(crate) fn set_full(&self) {
        self.state.lock().full = true;
    }

    /// The artifacts with their content.
    pub(crate) fn artifacts(&self) -> Vec<(v1::Artifact, Bytes)> {
        self.state.lock().artifacts.values().cloned().collect()
    }

    /// The sessions as they were saved last.
    pub(crate) fn sessions(&self) -> Vec<v1::Session> {
        self.state.lock().sessions.values().cloned().collect()
    }
}

impl State {
    fn run(&mut self, name: &str) -> Result<&mut KeptRun> {
        let missing = || not_found(ErrorReason::RunNotFound, name);
        self.runs.get_mut(name).ok_or_else(missing)
    }

    fn append(&mut self, run: &str, events: Vec<NewEvent>) -> Result<i64> {
        let kept = self.run(run)?;
        let mut fresh = Vec::new();
        for event in events {
            let event = Arc::new(v1::RunEvent {
                sequence: kept.events.len() as i64 + 1,
                event_time: Some(event.time),
                payload: Some(event.payload),
            });
            kept.events.push(event.clone());
            fresh.push(event);
        }
        let last = kept.events.len() as i64;
        if let Some(listener) = &self.listener {
            listener.committed(run, &fresh);
        }
        Ok(last)
    }

    fn put(&mut self, new: NewArtifact, content: Bytes) -> Result<v1::Artifact> {
        if self.full {
            return Err(Error::new(ErrorReason::StorageFull, "the disk is full"));
        }
        let artifact = v1::Artifact {
            name: format!("artifacts/{}", self.artifacts.len() + 1),
            parent: new.parent,
            file_name: new.file_name,
            kind: new.kind.into(),
            media_type: new.media_type,
            size_bytes: content.len() as i64,
            create_time: Some(SystemTime::now().into()),
            ..v1::Artifact::default()
        };
        let kept = (artifact.clone(), content);
        self.artifacts.insert(artifact.name.clone(), kept);
        Ok(artifact)
    }

    fn artifact(&self, name: &str) -> Result<&(v1::Artifact, Bytes)> {
        let missing = || not_found(ErrorReason::ArtifactNotFound, name);
        self.artifacts.get(name).ok_or_else(missing)
    }
}

fn not_found(reason: ErrorReason, name: &str) -> Error {
    Error::new(reason, format!("there is no {name}")).resource(name)
}

fn page<T: Clone>(items: Vec<T>, page: &PageRequest) -> Page<T> {
    let start = page.token.parse().unwrap_or(0).min(items.len());
    let end = (start + page.size.max(1)).min(items.len());
    let more = end < items.len();
    Page {
        items: items[start..end].to_vec(),
        next: if more { end.to_string() } else { String::new() },
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create_run(&self, run: NewRun) -> Result<v1::Run> {
        let mut state = self.state.lock();
        let name = run.run.name.clone();
        let event = NewEvent {
            time: SystemTime::now().into(),
            payload: v1::run_event::Payload::RunQueued(run.queued.clone()),
        };
        let kept = v1::Run {
            state: RunState::Queued.into(),
            ..run.run.clone()
        };
        let kept = KeptRun {
            new: run,
            run: kept,
            events: Vec::new(),
        };
        state.runs.insert(name.clone(), kept);
        state.append(&name, vec![event])?;
        Ok(state.run(&name)?.run.clone())
    }

    async fn run(&self, name: &str) -> Result<v1::Run> {
        Ok(self.state.lock().run(name)?.run.clone())
    }

    async fn run_spec(&self, name: &str) -> Result<v1::RunSpec> {
        Ok(self.state.lock().run(name)?.new.spec.clone())
    }

    async fn list_runs(&self, query: RunQuery) -> Result<Page<v1::Run>> {
        let state = self.state.lock();
        let runs = state.runs.values().map(|kept| kept.run.clone()).collect();
        Ok(page(runs, &query.page))
    }

    async fn claim_run(&self, pool: Pool, _: &str, _: Duration) -> Result<Option<ClaimedRun>> {
        let mut state = self.state.lock();
        let waits = |kept: &&mut KeptRun| {
            kept.run.state() == RunState::Queued && Pool::of(&kept.new.spec) == pool
        };
        Ok(state.runs.values_mut().find(waits).map(|kept| {
            kept.run.set_state(RunState::Running);
            kept.run.attempt += 1;
            ClaimedRun {
                run: kept.run.clone(),
                spec: kept.new.spec.clone(),
                execution: None,
            }
        }))
    }

    async fn renew_leases(&self, _: &str, _: Duration) -> Result<()> {
        Ok(())
    }

    async fn abandoned_runs(&self, _: &str) -> Result<Vec<v1::Run>> {
        Ok(Vec::new())
    }

    async fn append(&self, run: &str, events: Vec<NewEvent>, update: RunUpdate) -> Result<i64> {
        let mut state = self.state.lock();
        let kept = &mut state.run(run)?.run;
        if let Some(state) = update.state {
            kept.set_state(state);
        }
        if let Some(outcome) = update.outcome {
            kept.set_outcome(outcome);
        }
        kept.start_time = update.start_time.or(kept.start_time);
        kept.end_time = update.end_time.or(kept.end_time);
        kept.attempt = update.attempt.unwrap_or(kept.attempt);
        kept.statistics = update.statistics.or(kept.statistics);
        kept.failure = update.failure.or(kept.failure.take());
        if let Some(artifacts) = update.artifacts {
            kept.artifacts = artifacts;
        }
        state.append(run, events)
    }

    async fn events(&self, run: &str, after: i64, limit: usize) -> Result<Vec<Arc<v1::RunEvent>>> {
        let mut state = self.state.lock();
        let events = state.run(run)?.events.iter();
        Ok(events.skip(after as usize).take(limit).cloned().collect())
    }

    async fn delete_run(&self, name: &str) -> Result<()> {
        let mut state = self.state.lock();
        state.run(name)?;
        state.runs.remove(name);
        Ok(())
    }

    async fn compact_events(&self, _: Duration) -> Result<u64> {
        Ok(0)
    }

    async fn run_counts(&self) -> Result<RunCounts> {
        let state = self.state.lock();
        let count = |wanted| {
            let runs = state.runs.values();
            runs.filter(|kept| kept.run.state() == wanted).count() as u32
        };
        Ok(RunCounts {
            queued: count(RunState::Queued),
            running: count(RunState::Running),
        })
    }

    fn set_commit_listener(&self, listener: Arc<dyn CommitListener>) {
        self.state.lock().listener = Some(listener);
    }

    async fn save_session(&self, session: &v1::Session) -> Result<()> {
        let mut state = self.state.lock();
        state.sessions.insert(session.name.clone(), session.clone());
        Ok(())
    }

    async fn session(&self, name: &str) -> Result<v1::Session> {
        let state = self.state.lock();
        let session = state.sessions.get(name).cloned();
        session.ok_or_else(|| not_found(ErrorReason::SessionNotFound, name))
    }

    async fn list_sessions(
        &self,
        request: PageRequest,
        show_ended: bool,
    ) -> Result<Page<v1::Session>> {
        let shown = |session: &&v1::Session| show_ended || session.state() == SessionState::Active;
        let sessions = self.sessions();
        let mut sessions: Vec<_> = sessions.iter().filter(shown).cloned().collect();
        sessions.reverse();
        Ok(page(sessions, &request))
    }

    async fn end_active_sessions(&self, reason: &str) -> Result<u64> {
        let mut state = self.state.lock();
        let mut ended = 0;
        for session in state.sessions.values_mut() {
            if session.state() == SessionState::Active {
                session.set_state(SessionState::Ended);
                session.end_reason = reason.to_owned();
                ended += 1;
            }
        }
        Ok(ended)
    }

    async fn forget_sessions(&self, age: Duration) -> Result<u64> {
        let mut state = self.state.lock();
        let before = state.sessions.len();
        let limit: prost_types::Timestamp = (SystemTime::now() - age).into();
        state.sessions.retain(|_, session| {
            let end = session.end_time;
            end.is_none_or(|end| (end.seconds, end.nanos) >= (limit.seconds, limit.nanos))
        });
        Ok((before - state.sessions.len()) as u64)
    }

    async fn put_artifact(&self, artifact: NewArtifact, content: Bytes) -> Result<v1::Artifact> {
        self.state.lock().put(artifact, content)
    }

    async fn begin_artifact(&self, artifact: NewArtifact) -> Result<ArtifactSink> {
        Ok(ArtifactSink::Open(Box::new(Writer {
            state: self.state.clone(),
            artifact,
            content: Vec::new(),
        })))
    }

    async fn artifact(&self, name: &str) -> Result<v1::Artifact> {
        Ok(self.state.lock().artifact(name)?.0.clone())
    }

    async fn list_artifacts(
        &self,
        parent: &str,
        request: PageRequest,
    ) -> Result<Page<v1::Artifact>> {
        let artifacts = self.artifacts().into_iter().map(|(artifact, _)| artifact);
        let ours = artifacts.filter(|artifact| parent.is_empty() || artifact.parent == parent);
        Ok(page(ours.collect(), &request))
    }

    async fn read_artifact(&self, name: &str, offset: u64, length: usize) -> Result<Bytes> {
        let content = self.state.lock().artifact(name)?.1.clone();
        let start = (offset as usize).min(content.len());
        Ok(content.slice(start..(start + length).min(content.len())))
    }

    async fn artifact_path(&self, name: &str) -> Result<PathBuf> {
        let mut state = self.state.lock();
        let content = state.artifact(name)?.1.clone();
        let folder = state.folder.take().or_else(|| tempfile::tempdir().ok());
        let folder = folder.ok_or_else(|| Error::internal("no folder"))?;
        let path = folder.path().join(name.replace('/', "-"));
        state.folder = Some(folder);
        std::fs::write(&path, content).map_err(|error| Error::internal(error.to_string()))?;
        Ok(path)
    }

    async fn delete_artifact(&self, name: &str) -> Result<()> {
        let mut state = self.state.lock();
        state.artifact(name)?;
        state.artifacts.remove(name);
        Ok(())
    }

    async fn check(&self) -> Result<String> {
        Ok("memory".to_owned())
    }

    async fn close(&self) {}
}

struct Writer {
    state: Arc<Mutex<State>>,
    artifact: NewArtifact,
    content: Vec<u8>,
}

#[async_trait]
impl ArtifactWriter for Writer {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        self.content.extend_from_slice(&data);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<v1::Artifact> {
        self.state.lock().put(self.artifact, self.content.into())
    }
}
