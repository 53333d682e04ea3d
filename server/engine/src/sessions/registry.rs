//! Which sessions there are, how many may be, and which request made which.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use etude::v1::{self, ErrorReason};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::entry::Entry;
use super::{RETRY_AFTER, shutting_down};
use crate::error::{Error, Result};

/// The most ended sessions whose events are kept in memory.
const MAX_ENDED: usize = 256;

/// The sessions of this process.
pub(super) struct Registry {
    /// The most live sessions.
    limit: usize,
    /// The most authoring sessions.
    authoring_limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sessions: HashMap<String, Arc<Entry>>,
    ended: VecDeque<(Instant, String)>,
    creations: HashMap<String, Arc<Creation>>,
    taken: usize,
    authoring: usize,
    stopping: bool,
}

/// What a request id has made. The lock is held while the session is being opened, so that a
/// repetition of the request waits for it.
pub(super) struct Creation {
    /// The request, to tell a repetition from a reuse.
    pub(super) request: v1::CreateSessionRequest,
    /// The session; `None` until it is open.
    pub(super) session: tokio::sync::Mutex<Option<Arc<Entry>>>,
}

/// The place of one session among those that may be active; given back when dropped.
pub(super) struct Slot {
    registry: Arc<Registry>,
    authoring: bool,
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.registry.state.lock().count(self.authoring) -= 1;
    }
}

impl State {
    /// How many sessions of a kind are active.
    fn count(&mut self, authoring: bool) -> &mut usize {
        if authoring {
            &mut self.authoring
        } else {
            &mut self.taken
        }
    }
}

fn too_many(active: usize, limit: usize) -> Error {
    let message = format!(
        "{active} sessions are active, as many as the server allows; delete one or try again later"
    );
    Error::new(ErrorReason::SessionLimit, message)
        .with("limit", limit)
        .with("active", active)
        .retry_after(RETRY_AFTER)
}

impl Registry {
    pub(super) fn new(limit: usize, authoring_limit: usize) -> Self {
        Self {
            limit,
            authoring_limit,
            state: Mutex::default(),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Entry>> {
        self.state.lock().sessions.get(name).cloned()
    }

    pub(super) fn taken(&self) -> usize {
        let state = self.state.lock();
        state.taken + state.authoring
    }

    /// Takes a place for a session to be opened.
    pub(super) fn reserve(self: &Arc<Self>, authoring: bool) -> Result<Slot> {
        let mut state = self.state.lock();
        if state.stopping {
            return Err(shutting_down());
        }
        let limit = if authoring {
            self.authoring_limit
        } else {
            self.limit
        };
        let active = state.count(authoring);
        if *active >= limit {
            return Err(too_many(*active, limit));
        }
        *active += 1;
        let registry = self.clone();
        Ok(Slot {
            registry,
            authoring,
        })
    }

    /// Makes a session known. False: the server is shutting down, and it must be closed.
    pub(super) fn add(&self, entry: &Arc<Entry>) -> bool {
        let mut state = self.state.lock();
        if !state.stopping {
            let name = entry.name().to_owned();
            state.sessions.insert(name, entry.clone());
        }
        !state.stopping
    }

    /// What the request id has made or is making. A request that is not the first one's is
    /// refused.
    pub(super) fn creation(&self, request: &v1::CreateSessionRequest) -> Result<Arc<Creation>> {
        let mut state = self.state.lock();
        let creation = state
            .creations
            .entry(request.request_id.clone())
            .or_insert_with(|| {
                Arc::new(Creation {
                    request: request.clone(),
                    session: tokio::sync::Mutex::default(),
                })
            });
        if creation.request == *request {
            Ok(creation.clone())
        } else {
            Err(request_id_reused(&request.request_id))
        }
    }

    /// Forgets request ids that have made nothing and that nobody is at work on.
    pub(super) fn drop_idle_creations(&self) {
        let mut state = self.state.lock();
        state.creations.retain(|_, creation| {
            Arc::strong_count(creation) > 1
                || creation
                    .session
                    .try_lock()
                    .is_ok_and(|session| session.is_some())
        });
    }

    /// Notes that a session has ended; the oldest beyond a number are forgotten here.
    pub(super) fn ended(&self, name: &str) {
        let mut state = self.state.lock();
        state.ended.push_back((Instant::now(), name.to_owned()));
        if state.ended.len() > MAX_ENDED {
            state.forget_oldest();
        }
    }

    /// Forgets sessions that ended longer ago than `age`.
    pub(super) fn forget(&self, age: Duration) {
        let mut state = self.state.lock();
        while state
            .ended
            .front()
            .is_some_and(|(end, _)| end.elapsed() > age)
        {
            state.forget_oldest();
        }
    }

    /// Refuses new sessions from now on; returns those that there are.
    pub(super) fn stop(&self) -> Vec<Arc<Entry>> {
        let mut state = self.state.lock();
        state.stopping = true;
        state.sessions.values().cloned().collect()
    }
}

impl State {
    fn forget_oldest(&mut self) {
        let Some((_, name)) = self.ended.pop_front() else {
            return;
        };
        self.sessions.remove(&name);
        self.creations.retain(|_, creation| {
            let made = creation.session.try_lock();
            !made.is_ok_and(|made| made.as_ref().is_some_and(|entry| entry.name() == name))
        });
    }
}

pub(super) fn request_id_reused(id: &str) -> Error {
    Error::new(
        ErrorReason::RequestIdReused,
        format!("the request id `{id}` belongs to an earlier request with other content"),
    )
    .with("request_id", id)
}
