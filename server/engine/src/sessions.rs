//! Sessions: browsers that wait for commands, and checkpoints that commands are added to.
//!
//! The commands of a session are executed in the tasks of their callers, one at a time, in the
//! order in which they came: each waits in a fair queue for the session's [`Scope`]. A caller that
//! goes away leaves the queue, or stops its step. One more task per session, its keeper, watches
//! the session's end (time to live, idleness, a browser that dies, deletion, shutdown) and closes
//! it.

mod create;
mod entry;
mod events;
mod keeper;
mod registry;
mod requests;
mod turn;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use etude::v1::{self, ErrorReason, Outcome, SessionState, StepResult};
use etude::validate::Validated;
use etude_language::natural;
use futures::{Stream, StreamExt as _, stream};

use self::entry::Entry;
use self::registry::Registry;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::executor::Executor;
#[cfg(doc)]
use crate::executor::Scope;
use crate::mask;
use crate::store::{Page, PageRequest, Store};

/// How long a shutdown waits for browsers to close.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(4);

/// How long a caller should wait before it tries again on another or restarted server.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Live sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

struct Inner {
    options: SessionsOptions,
    backend: Arc<dyn Backend>,
    /// Writes the steps of authoring sessions down; `None`: there can be none.
    author: Option<Arc<dyn Backend>>,
    executor: Executor,
    store: Arc<dyn Store>,
    registry: Arc<Registry>,
}

/// How sessions are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionsOptions {
    /// The most live sessions that are active at the same time, those being opened included.
    pub max_sessions: usize,
    /// The same of authoring sessions, which cost no browser.
    pub max_authoring: usize,
    /// How long a session lives when its creator says nothing.
    pub default_ttl: Duration,
    /// How long a session may stay without a command when its creator says nothing.
    pub default_idle: Duration,
    /// How long a session is kept after its end.
    pub keep_ended: Duration,
    /// The longest that a watcher hears nothing.
    pub heartbeat: Duration,
}

impl Default for SessionsOptions {
    fn default() -> Self {
        Self {
            max_sessions: 16,
            max_authoring: 1000,
            default_ttl: Duration::from_secs(60 * 60),
            default_idle: Duration::from_secs(10 * 60),
            keep_ended: Duration::from_secs(60 * 60),
            heartbeat: Duration::from_secs(10),
        }
    }
}

impl Sessions {
    /// Sessions of a backend, and of one that writes steps down. Must be called within a Tokio
    /// runtime.
    pub fn new(
        options: SessionsOptions,
        backend: Arc<dyn Backend>,
        author: Option<Arc<dyn Backend>>,
        executor: Executor,
        store: Arc<dyn Store>,
    ) -> Self {
        let registry = Arc::new(Registry::new(options.max_sessions, options.max_authoring));
        let inner = Arc::new(Inner {
            options,
            backend,
            author,
            executor,
            store,
            registry,
        });
        tokio::spawn(keeper::clean_up(Arc::downgrade(&inner)));
        Self { inner }
    }

    /// Ends the sessions that an earlier process has left in the store, and forgets old ones.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    pub async fn recover(&self) -> Result<()> {
        let reason = ErrorReason::ServerRestarted.name();
        let ended = self.inner.store.end_active_sessions(reason).await?;
        if ended > 0 {
            tracing::info!(ended, "sessions of an earlier process have ended");
        }
        self.inner
            .store
            .forget_sessions(self.inner.options.keep_ended)
            .await?;
        Ok(())
    }

    /// Opens a session. Dropping the future leaves nothing behind.
    ///
    /// # Errors
    ///
    /// `SESSION_LIMIT`; `REQUEST_ID_REUSED`; `INVALID_REQUEST` for a secret that the server does
    /// not hold; `STEP_ERROR` when the starting URL cannot be loaded; `SERVER_SHUTDOWN`; those of
    /// [`Executor::open`]; `STORAGE_FULL`; `STORAGE_FAILED`.
    pub async fn create(&self, request: v1::CreateSessionRequest) -> Result<v1::Session> {
        create::create(&self.inner, request).await
    }

    /// A session with its present state; while a step is executed, with the state before it.
    ///
    /// # Errors
    ///
    /// `SESSION_NOT_FOUND`; `STORAGE_FAILED`.
    pub async fn get(&self, name: &str) -> Result<v1::Session> {
        match self.inner.registry.find(name) {
            Some(entry) => Ok(entry.present().await),
            None => self.inner.store.session(name).await,
        }
    }

    /// Sessions, newest first, without their pages and variables, and the token of the next page.
    ///
    /// # Errors
    ///
    /// `INVALID_PAGE_TOKEN`; `STORAGE_FAILED`.
    pub async fn list(&self, page: PageRequest, show_ended: bool) -> Result<Page<v1::Session>> {
        let mut page = self.inner.store.list_sessions(page, show_ended).await?;
        for session in &mut page.items {
            // The store knows how a session began; what became of it is known here.
            if let Some(entry) = self.inner.registry.find(&session.name) {
                *session = entry.snapshot();
            }
            session.url.clear();
            session.title.clear();
            session.tabs.clear();
            session.frame.clear();
            session.variables.clear();
        }
        page.items
            .retain(|session| show_ended || session.state() == SessionState::Active);
        Ok(page)
    }

    /// Lets a session live for `ttl` from now on.
    ///
    /// # Errors
    ///
    /// `SESSION_NOT_FOUND`; `SESSION_ENDED`; `STORAGE_FAILED`.
    pub async fn extend(&self, name: &str, ttl: Duration) -> Result<v1::Session> {
        let entry = self.inner.active(name).await?;
        entry.extend(ttl);
        Ok(entry.snapshot())
    }

    /// Ends a session: when this returns, its step is stopped and its browser is gone.
    ///
    /// # Errors
    ///
    /// `SESSION_NOT_FOUND`; `STORAGE_FAILED`.
    pub async fn delete(&self, name: &str) -> Result<v1::Session> {
        let Some(entry) = self.inner.registry.find(name) else {
            return self.inner.store.session(name).await;
        };
        entry.end(ErrorReason::SessionDeleted);
        entry.closed().await;
        Ok(entry.snapshot())
    }

    /// A session's events after a sequence number, then live until it ends. A message without
    /// events is a heartbeat.
    ///
    /// # Errors
    ///
    /// `SESSION_NOT_FOUND`; `EVENTS_COMPACTED` with `first_sequence`, also in the stream when its
    /// reader falls too far behind; `SEQUENCE_IN_FUTURE`; `STORAGE_FAILED`.
    pub async fn watch(
        &self,
        name: &str,
        after: i64,
    ) -> Result<impl Stream<Item = Result<v1::WatchSessionResponse>> + Send + 'static + use<>> {
        if let Some(entry) = self.inner.registry.find(name) {
            entry.events().check(after)?;
            let heartbeat = self.inner.options.heartbeat;
            return Ok(events::watch(entry, after, heartbeat).left_stream());
        }
        // Its events lived in a process that is gone.
        let session = self.inner.store.session(name).await?;
        events::check_range(after, session.last_sequence + 1, session.last_sequence)?;
        Ok(stream::empty().right_stream())
    }

    /// Executes a command in a session, after those that came before it.
    ///
    /// # Errors
    ///
    /// `SESSION_NOT_FOUND`; `SESSION_ENDED`, also while it waits or is executed;
    /// `SERVER_SHUTDOWN`; `COMMAND_UNSUPPORTED`; `REQUEST_ID_REUSED`;
    /// `STEP_FAILED` and `STEP_ERROR` when the context asks for them; `STORAGE_FAILED`.
    pub async fn execute(
        &self,
        context: v1::CommandContext,
        command: Validated<v1::Command>,
    ) -> Result<StepResult> {
        let entry = self.inner.active(&context.session).await?;
        let executor = &self.inner.executor;
        executor.check_support(entry.backend().kind(), &command)?;
        let require_pass = context.require_pass;
        if context.validate_only {
            return preview(&entry, context, &command);
        }
        let result = turn::take(&entry, executor, context, command).await?;
        if require_pass {
            passed(result)
        } else {
            Ok(result)
        }
    }

    /// How many sessions are active, those being opened or closed included.
    pub fn active(&self) -> usize {
        self.inner.registry.taken()
    }

    /// Ends all sessions and closes their browsers; new ones are refused from now on. Returns
    /// after a few seconds at the latest.
    pub async fn shutdown(&self) {
        let entries = self.inner.registry.stop();
        for entry in &entries {
            entry.end(ErrorReason::ServerShutdown);
        }
        let closed = futures::future::join_all(entries.iter().map(|entry| entry.closed()));
        if tokio::time::timeout(SHUTDOWN_LIMIT, closed).await.is_err() {
            tracing::warn!("some browsers were not closed in time");
        }
    }
}

impl Inner {
    /// The session with this name, when it takes commands.
    async fn active(&self, name: &str) -> Result<Arc<Entry>> {
        if let Some(entry) = self.registry.find(name) {
            return match entry.end_reason() {
                None => Ok(entry),
                Some(reason) => Err(ended(name, reason.name())),
            };
        }
        let session = self.store.session(name).await?;
        Err(ended(name, &session.end_reason))
    }
}

/// What a command would do, without doing it.
fn preview(
    entry: &Entry,
    context: v1::CommandContext,
    command: &Validated<v1::Command>,
) -> Result<StepResult> {
    let text = mask::hide_credentials(&natural::text(command)).into_owned();
    let step = v1::Step {
        command: Some(v1::Command::clone(command)),
        flags: context.flags,
        ..v1::Step::default()
    };
    let wire = entry.backend().preview(&step)?;
    let authored_step = (!wire.is_empty()).then(|| v1::AuthoredStep {
        checkpoint: entry.snapshot().checkpoint,
        position: context.position,
        wire,
        ..v1::AuthoredStep::default()
    });
    Ok(StepResult {
        text,
        authored_step,
        ..StepResult::default()
    })
}

/// The result, or the error that a caller asked for in place of one that did not pass. A step that
/// is to be skipped has done what it should.
fn passed(result: StepResult) -> Result<StepResult> {
    let outcome = result.outcome();
    let reason = match outcome {
        Outcome::Fail => ErrorReason::StepFailed,
        Outcome::Error => ErrorReason::StepError,
        _ => return Ok(result),
    };
    let failure = result.failure.unwrap_or_default();
    Err(Error::new(reason, failure.message)
        .with("outcome", outcome.as_str_name())
        .with("reason", failure.reason)
        .with("step", result.text))
}

/// The error of a call to a session that has ended.
fn ended(name: &str, reason: &str) -> Error {
    if reason == ErrorReason::ServerShutdown.name() {
        return shutting_down();
    }
    Error::new(
        ErrorReason::SessionEnded,
        format!("{name} has ended: {reason}; create a new session"),
    )
    .with("end_reason", reason)
    .resource(name)
}

fn shutting_down() -> Error {
    Error::new(ErrorReason::ServerShutdown, "the server is shutting down").retry_after(RETRY_AFTER)
}

fn now() -> prost_types::Timestamp {
    SystemTime::now().into()
}

#[cfg(test)]
mod tests;
