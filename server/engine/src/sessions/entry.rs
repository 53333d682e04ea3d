//! One session: its scope behind a fair queue, what is known of it, and its end.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use etude::v1::{self, ErrorReason, SessionState, StepResult, session_event::Payload};
use parking_lot::Mutex;
use tokio::sync::{MutexGuard, watch};
use tokio::time::Instant;

use super::events::EventLog;
use super::requests::Answers;
use super::{ended, now};
use crate::backend::{Backend, PageState};
use crate::error::Result;
use crate::executor::Scope;

/// How long a reader waits for the page's state.
const STATE_LIMIT: Duration = Duration::from_secs(2);

/// One session.
pub(super) struct Entry {
    name: String,
    backend: Arc<dyn Backend>,
    /// Fair: whoever comes first gets it first, and who goes away leaves the queue. `None` once
    /// the session is closed.
    scope: tokio::sync::Mutex<Option<Scope>>,
    known: Mutex<Known>,
    pub(super) answers: Mutex<Answers>,
    events: EventLog,
    /// Why it ends; the first reason stays.
    ending: watch::Sender<Option<ErrorReason>>,
    closed: watch::Sender<bool>,
}

/// What is known of a session without asking its browser.
struct Known {
    session: v1::Session,
    revision: u64,
    expires: Instant,
    last_used: Instant,
    idle_timeout: Duration,
}

/// A session's scope, taken out of the queue.
pub(super) struct Taken<'a> {
    guard: MutexGuard<'a, Option<Scope>>,
}

impl Entry {
    /// A session over an open scope.
    pub(super) fn new(
        session: v1::Session,
        backend: Arc<dyn Backend>,
        scope: Scope,
        ttl: Duration,
        idle_timeout: Duration,
    ) -> Arc<Self> {
        let known = Known {
            revision: scope.variables().revision(),
            expires: Instant::now() + ttl,
            last_used: Instant::now(),
            idle_timeout,
            session: v1::Session {
                variables: scope.variables().masked(),
                ..session.clone()
            },
        };
        Arc::new(Self {
            name: session.name,
            backend,
            scope: tokio::sync::Mutex::new(Some(scope)),
            known: Mutex::new(known),
            answers: Mutex::default(),
            events: EventLog::new(),
            ending: watch::Sender::new(None),
            closed: watch::Sender::new(false),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What executes its commands, or writes them down.
    pub(super) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    pub(super) fn events(&self) -> &EventLog {
        &self.events
    }

    // === What is known ===

    /// The session as it is known.
    pub(super) fn snapshot(&self) -> v1::Session {
        let mut session = self.known.lock().session.clone();
        session.last_sequence = self.events.last();
        session
    }

    /// The session with its page's present state, unless a step holds its browser.
    pub(super) async fn present(&self) -> v1::Session {
        if let Ok(mut guard) = self.scope.try_lock()
            && let Some(scope) = guard.as_mut()
            && let Ok(state) = tokio::time::timeout(STATE_LIMIT, scope.state()).await
        {
            self.known.lock().set_page(state);
        }
        self.snapshot()
    }

    /// Notes what a step has changed.
    pub(super) fn used(&self, scope: &Scope, result: &StepResult, at: SystemTime) {
        let mut known = self.known.lock();
        known.last_used = Instant::now();
        let session = &mut known.session;
        session.last_used_time = Some(at.into());
        session.steps_done = scope.steps();
        if session.url != result.url {
            session.url.clone_from(&result.url);
        }
        let revision = scope.variables().revision();
        if known.revision != revision {
            known.revision = revision;
            known.session.variables = scope.variables().masked();
        }
    }

    /// Notes that a step was stopped.
    pub(super) fn stopped(&self, number: u64) {
        let mut known = self.known.lock();
        known.last_used = Instant::now();
        known.session.last_used_time = Some(now());
        known.session.steps_done = number;
    }

    // === Taking turns ===

    /// Waits for the scope behind those who came before.
    pub(super) async fn take(&self) -> Result<Taken<'_>> {
        // It is free only when nobody waits for it.
        if let Ok(guard) = self.scope.try_lock()
            && guard.is_some()
            && self.end_reason().is_none()
        {
            return Ok(Taken { guard });
        }
        let guard = tokio::select! {
            biased;
            reason = self.ends() => return Err(ended(&self.name, reason.name())),
            guard = self.scope.lock() => guard,
        };
        if guard.is_none() {
            return Err(ended(&self.name, self.snapshot().end_reason.as_str()));
        }
        Ok(Taken { guard })
    }

    // === Its end ===

    /// Lets it live for `ttl` from now on.
    pub(super) fn extend(&self, ttl: Duration) {
        let expire_time = Some((SystemTime::now() + ttl).into());
        {
            let mut known = self.known.lock();
            known.expires = Instant::now() + ttl;
            known.session.expire_time = expire_time;
        }
        self.events
            .push(Payload::Extended(v1::SessionExtended { expire_time }));
    }

    /// Ends it; its step, if any, is stopped. Only the first reason counts.
    pub(super) fn end(&self, reason: ErrorReason) {
        self.ending.send_if_modified(|ending| {
            let first = ending.is_none();
            ending.get_or_insert(reason);
            first
        });
    }

    /// Why it ends or has ended.
    pub(super) fn end_reason(&self) -> Option<ErrorReason> {
        *self.ending.borrow()
    }

    /// Waits until it ends.
    pub(super) async fn ends(&self) -> ErrorReason {
        let mut ending = self.ending.subscribe();
        // The sender is a field of this session, so it cannot go away.
        let reason = ending.wait_for(Option::is_some).await;
        reason
            .ok()
            .and_then(|reason| *reason)
            .unwrap_or(ErrorReason::Internal)
    }

    /// Waits until its browser is gone.
    pub(super) async fn closed(&self) {
        let mut closed = self.closed.subscribe();
        // As above.
        let _ = closed.wait_for(|closed| *closed).await;
    }

    /// When it must be looked after, and why it ends if that is now.
    pub(super) fn due(&self) -> Result<Instant, ErrorReason> {
        let (expires, idles) = {
            let known = self.known.lock();
            (known.expires, known.last_used + known.idle_timeout)
        };
        if expires <= Instant::now() {
            return Err(ErrorReason::SessionExpired);
        }
        let Ok(guard) = self.scope.try_lock() else {
            // A step holds the browser: the session is not idle, and the step will tell of a crash.
            return Ok(expires);
        };
        match guard.as_ref() {
            Some(scope) if !scope.is_alive() => Err(ErrorReason::BrowserCrashed),
            _ if idles <= Instant::now() => Err(ErrorReason::SessionIdle),
            _ => Ok(expires.min(idles)),
        }
    }

    /// Takes its scope away for good, to close it.
    pub(super) async fn take_away(&self) -> Option<Scope> {
        self.scope.lock().await.take()
    }

    /// Notes that it has ended; it takes no commands any more.
    pub(super) fn set_ended(&self, reason: ErrorReason) {
        let mut known = self.known.lock();
        known.session.set_state(SessionState::Ended);
        known.session.end_reason = reason.name().to_owned();
        known.session.end_time = Some(now());
    }

    /// Notes that its browser is gone: the last event.
    pub(super) fn set_closed(&self, reason: ErrorReason) {
        let reason = reason.name().to_owned();
        self.events
            .push(Payload::Ended(v1::SessionEnded { reason }));
        self.events.close();
    }

    /// Tells everyone who waits for its close.
    pub(super) fn announce_closed(&self) {
        self.closed.send_replace(true);
    }
}

impl Taken<'_> {
    #[allow(clippy::expect_used)]
    pub(super) fn scope(&mut self) -> &mut Scope {
        // Checked by `Entry::take`, and only the keeper takes it away, which needs the lock.
        self.guard.as_mut().expect("a taken scope is there")
    }
}

impl Known {
    fn set_page(&mut self, state: PageState) {
        self.session.url = state.url;
        self.session.title = state.title;
        self.session.tabs = state.tabs;
        self.session.frame = state.frame;
    }
}
