//! A backend whose sessions do what a script says, and write down what happened to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use etude::v1::{self, ErrorReason};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;

use crate::backend::{
    Backend, BackendSession, ExecuteOptions, Execution, Health, PageState, SessionSpec,
};
use crate::error::{Error, Result, failure};

/// What a session does with a command.
pub(crate) enum Act {
    /// Answers at once.
    Reply(Execution),
    /// Answers after a time.
    After(Duration, Execution),
    /// Never answers; the future must be dropped.
    Hang,
    /// Its browser dies.
    Crash,
}

type Script = dyn Fn(&v1::Command, &ExecuteOptions) -> Act + Send + Sync;
type Evaluator = dyn Fn(&str, &BTreeMap<String, Value>) -> Result<Value, v1::Failure> + Send + Sync;

/// A backend that follows a script. Clones share everything.
#[derive(Clone)]
pub(crate) struct FakeBackend {
    shared: Arc<Shared>,
}

struct Shared {
    kind: v1::Backend,
    script: Box<Script>,
    evaluator: Box<Evaluator>,
    log: Mutex<Vec<String>>,
    /// Sessions that are open: neither closed nor dropped.
    open: AtomicUsize,
    opened: AtomicUsize,
    open_delay: Mutex<Duration>,
    open_error: Mutex<Option<Error>>,
    dead: AtomicBool,
    health: watch::Sender<Health>,
}

impl FakeBackend {
    /// Every session answers commands as `script` says.
    pub(crate) fn new(
        script: impl Fn(&v1::Command, &ExecuteOptions) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::evaluating(script, |_, _| Ok(Value::Null))
    }

    /// Every command passes.
    pub(crate) fn passing() -> Self {
        Self::new(|_, _| Act::Reply(super::pass()))
    }

    /// Also evaluates expressions, by `evaluator`.
    pub(crate) fn evaluating(
        script: impl Fn(&v1::Command, &ExecuteOptions) -> Act + Send + Sync + 'static,
        evaluator: impl Fn(&str, &BTreeMap<String, Value>) -> Result<Value, v1::Failure>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self::of_kind(v1::Backend::Browser, script, evaluator)
    }

    /// Writes commands down in the checkpoint `checkpoints/7`, as `script` says.
    pub(crate) fn authoring(
        script: impl Fn(&v1::Command, &ExecuteOptions) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::of_kind(v1::Backend::Platform, script, |_, _| Ok(Value::Null))
    }

    fn of_kind(
        kind: v1::Backend,
        script: impl Fn(&v1::Command, &ExecuteOptions) -> Act + Send + Sync + 'static,
        evaluator: impl Fn(&str, &BTreeMap<String, Value>) -> Result<Value, v1::Failure>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let shared = Shared {
            kind,
            script: Box::new(script),
            evaluator: Box::new(evaluator),
            log: Mutex::default(),
            open: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
            open_delay: Mutex::default(),
            open_error: Mutex::default(),
            dead: AtomicBool::new(false),
            health: watch::Sender::new(Health::Serving("fake 1.0".to_owned())),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Lets every later opening take a time.
    pub(crate) fn set_open_delay(&self, delay: Duration) {
        *self.shared.open_delay.lock() = delay;
    }

    /// Lets every later opening fail, or succeed again.
    pub(crate) fn set_open_error(&self, error: Option<Error>) {
        *self.shared.open_error.lock() = error;
    }

    /// Kills the browsers of all sessions.
    pub(crate) fn kill(&self) {
        self.shared.dead.store(true, Ordering::SeqCst);
    }

    /// What happened, in order: `click started`, `click ended`, `click dropped`, `closed`.
    pub(crate) fn log(&self) -> Vec<String> {
        self.shared.log.lock().clone()
    }

    /// How many sessions are open.
    pub(crate) fn open_sessions(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// How many sessions have been opened in all.
    pub(crate) fn opened_sessions(&self) -> usize {
        self.shared.opened.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Backend for FakeBackend {
    fn kind(&self) -> v1::Backend {
        self.shared.kind
    }

    fn preview(&self, step: &v1::Step) -> Result<String> {
        let writes = self.shared.kind == v1::Backend::Platform;
        Ok(if writes {
            format!("{step:?}")
        } else {
            String::new()
        })
    }

    fn capacity(&self) -> usize {
        16
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.shared.health.subscribe()
    }

    async fn open(&self, _: SessionSpec) -> Result<Box<dyn BackendSession>> {
        let delay = *self.shared.open_delay.lock();
        if delay > Duration::ZERO {
            tokio::time::sleep(delay).await;
        }
        if let Some(error) = self.shared.open_error.lock().clone() {
            return Err(error);
        }
        self.shared.open.fetch_add(1, Ordering::SeqCst);
        self.shared.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(FakeSession {
            shared: self.shared.clone(),
            state: PageState {
                url: "about:blank".to_owned(),
                ..PageState::default()
            },
        }))
    }

    async fn shutdown(&self) {
        self.kill();
    }
}

struct FakeSession {
    shared: Arc<Shared>,
    state: PageState,
}

impl Drop for FakeSession {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl BackendSession for FakeSession {
    fn browser(&self) -> &str {
        "fake 1.0"
    }

    fn is_bidi(&self) -> bool {
        true
    }

    fn checkpoint(&self) -> &str {
        match self.shared.kind {
            v1::Backend::Platform => "checkpoints/7",
            _ => "",
        }
    }

    async fn execute(&mut self, command: &v1::Command, options: &ExecuteOptions) -> Execution {
        let mut note = Note::start(&self.shared, command);
        let execution = match (self.shared.script)(command, options) {
            Act::Reply(execution) => execution,
            Act::After(delay, execution) => {
                tokio::time::sleep(delay).await;
                execution
            }
            Act::Hang => std::future::pending().await,
            Act::Crash => {
                self.shared.dead.store(true, Ordering::SeqCst);
                super::error(ErrorReason::BrowserCrashed, "the browser ended by itself")
            }
        };
        note.ended = true;
        if !execution.url.is_empty() {
            self.state.url.clone_from(&execution.url);
        }
        execution
    }

    async fn evaluate(
        &mut self,
        expression: &str,
        variables: &BTreeMap<String, Value>,
        timeout: Duration,
    ) -> Result<Value, v1::Failure> {
        if expression == "hang()" {
            tokio::time::sleep(timeout).await;
            return Err(failure(ErrorReason::StepTimeout, "the expression hangs"));
        }
        (self.shared.evaluator)(expression, variables)
    }

    async fn state(&mut self) -> PageState {
        self.state.clone()
    }

    fn is_alive(&self) -> bool {
        !self.shared.dead.load(Ordering::SeqCst)
    }

    async fn close(self: Box<Self>) {
        self.shared.log.lock().push("closed".to_owned());
    }
}

/// Writes down how a command went, also when its future is dropped.
struct Note {
    shared: Arc<Shared>,
    name: String,
    ended: bool,
}

impl Note {
    fn start(shared: &Arc<Shared>, command: &v1::Command) -> Self {
        let spec = etude::catalog::of(command);
        let name = spec.map_or("nothing", |spec| spec.yaml.as_str()).to_owned();
        shared.log.lock().push(format!("{name} started"));
        let shared = shared.clone();
        let ended = false;
        Self {
            shared,
            name,
            ended,
        }
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        let how = if self.ended { "ended" } else { "dropped" };
        self.shared.log.lock().push(format!("{} {how}", self.name));
    }
}
