//! A browser that does what the hint of a click says:
//!
//! - `fail…`, `error…`: the verdict
//! - `block…`: waits until [`FakeBackend::release`], then passes
//! - `crash…`: the browser goes, and the step ends ERROR
//! - `flaky N…`: ends FAIL the first N times
//! - `talk…`: ends FAIL, and the page says the hint wherever it can say something
//! - `headers…`: like `talk…`, with the values of the headers that the session adds to requests
//! - anything else passes

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1::{self, ErrorReason, command::Action, target::Locator};
use etude_engine::backend::{
    Backend, BackendSession, ExecuteOptions, Execution, Health, PageState, SessionSpec, Verdict,
};
use etude_engine::error::failure;
use etude_engine::{Error, Result};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;

/// A scripted backend.
pub struct FakeBackend {
    state: Arc<Mutex<State>>,
    released: watch::Sender<bool>,
    /// While false, no browser opens.
    opens: watch::Sender<bool>,
    health: watch::Sender<Health>,
}

#[derive(Default)]
struct State {
    executed: Vec<String>,
    open: usize,
    most_open: usize,
    opened: usize,
    /// Steps whose execution was dropped before its end.
    dropped: Vec<String>,
    flaky: HashMap<String, usize>,
    refusal: Option<Error>,
    /// The headers of every session, in the order in which they were opened.
    headers: Vec<BTreeMap<String, String>>,
}

impl Default for FakeBackend {
    fn default() -> Self {
        Self {
            state: Arc::default(),
            released: watch::Sender::new(false),
            opens: watch::Sender::new(true),
            health: watch::Sender::new(Health::Serving("Fake 1".to_owned())),
        }
    }
}

impl FakeBackend {
    /// Lets steps that block pass, now and later.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    /// Whether browsers open at once, or not until they may.
    pub fn may_open(&self, may: bool) {
        self.opens.send_replace(may);
    }

    /// Lets no browser be opened.
    pub fn refuse(&self, error: Error) {
        self.health
            .send_replace(Health::NotServing(error.message.clone()));
        self.state.lock().refusal = Some(error);
    }

    /// The hints and addresses that steps acted on, in order.
    pub fn executed(&self) -> Vec<String> {
        self.state.lock().executed.clone()
    }

    pub fn headers(&self) -> Vec<BTreeMap<String, String>> {
        self.state.lock().headers.clone()
    }

    pub fn dropped(&self) -> Vec<String> {
        self.state.lock().dropped.clone()
    }

    pub fn open_sessions(&self) -> usize {
        self.state.lock().open
    }

    pub fn most_open(&self) -> usize {
        self.state.lock().most_open
    }

    pub fn opened(&self) -> usize {
        self.state.lock().opened
    }

    /// Returns when every session has been closed.
    pub async fn all_closed(&self) {
        let wait = async {
            while self.open_sessions() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(super::GUARD, wait).await.unwrap();
    }
}

#[async_trait]
impl Backend for FakeBackend {
    fn kind(&self) -> v1::Backend {
        v1::Backend::Browser
    }

    fn capacity(&self) -> usize {
        100
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    async fn open(&self, spec: SessionSpec) -> Result<Box<dyn BackendSession>> {
        let mut opens = self.opens.subscribe();
        opens.wait_for(|may| *may).await.unwrap();
        let mut state = self.state.lock();
        if let Some(error) = &state.refusal {
            return Err(error.clone());
        }
        state.opened += 1;
        state.open += 1;
        state.headers.push(spec.headers.clone());
        state.most_open = state.most_open.max(state.open);
        Ok(Box::new(FakeSession {
            state: self.state.clone(),
            released: self.released.subscribe(),
            alive: true,
            headers: spec.headers.into_values().collect(),
        }))
    }

    async fn shutdown(&self) {}
}

struct FakeSession {
    state: Arc<Mutex<State>>,
    released: watch::Receiver<bool>,
    alive: bool,
    headers: Vec<String>,
}

/// Notes that a step was dropped before its end.
struct Watched {
    state: Arc<Mutex<State>>,
    hint: String,
    ended: bool,
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended {
            self.state.lock().dropped.push(self.hint.clone());
        }
    }
}

#[async_trait]
impl BackendSession for FakeSession {
    fn browser(&self) -> &str {
        "Fake 1"
    }

    fn is_bidi(&self) -> bool {
        true
    }

    async fn execute(&mut self, command: &v1::Command, _: &ExecuteOptions) -> Execution {
        if !self.alive {
            return error(ErrorReason::BrowserCrashed, "the browser has gone");
        }
        let hint = hint(command);
        self.state.lock().executed.push(hint.clone());
        let mut watched = Watched {
            state: self.state.clone(),
            hint: hint.clone(),
            ended: false,
        };
        let execution = self.act(&hint).await;
        watched.ended = true;
        execution
    }

    async fn evaluate(
        &mut self,
        _: &str,
        _: &BTreeMap<String, Value>,
        _: Duration,
    ) -> Result<Value, v1::Failure> {
        Ok(Value::Null)
    }

    async fn state(&mut self) -> PageState {
        PageState::default()
    }

    fn is_alive(&self) -> bool {
        self.alive
    }

    async fn close(self: Box<Self>) {
        self.state.lock().open -= 1;
    }
}

impl FakeSession {
    async fn act(&mut self, hint: &str) -> Execution {
        match hint.split(' ').next().unwrap_or_default() {
            "fail" => fail(),
            "error" => error(ErrorReason::TargetNotFound, "nothing matches"),
            "block" => {
                self.released.wait_for(|released| *released).await.unwrap();
                Execution::new(Verdict::Pass)
            }
            "crash" => {
                self.alive = false;
                error(ErrorReason::BrowserCrashed, "the browser has gone")
            }
            "flaky" => {
                let times: usize = hint.split(' ').nth(1).unwrap().parse().unwrap();
                let mut state = self.state.lock();
                let count = state.flaky.entry(hint.to_owned()).or_default();
                *count += 1;
                if *count <= times {
                    fail()
                } else {
                    Execution::new(Verdict::Pass)
                }
            }
            "talk" => talkative(hint),
            "headers" => talkative(&self.headers.join(", ")),
            _ => Execution::new(Verdict::Pass),
        }
    }
}

fn hint(command: &v1::Command) -> String {
    match &command.action {
        Some(Action::Click(click)) => match click.target.as_ref().and_then(|t| t.locator.clone()) {
            Some(Locator::Hint(hint)) => hint,
            other => panic!("{other:?}"),
        },
        Some(Action::Navigate(navigate)) => navigate.url.clone(),
        other => panic!("{other:?}"),
    }
}

fn fail() -> Execution {
    Execution::new(Verdict::Fail(v1::Failure {
        expected: "yes".to_owned(),
        actual: "no".to_owned(),
        ..failure(ErrorReason::AssertionFailed, "it does not hold")
    }))
}

fn error(reason: ErrorReason, message: &str) -> Execution {
    Execution::new(Verdict::Error(failure(reason, message)))
}

/// The hint, wherever a text of the page can stand.
fn talkative(hint: &str) -> Execution {
    let text = hint.to_owned();
    let failure = v1::Failure {
        reason: "ASSERTION_FAILED".to_owned(),
        message: text.clone(),
        expected: text.clone(),
        actual: text.clone(),
        hint: text.clone(),
    };
    Execution {
        output: Some(Value::String(text.clone())),
        target: Some(v1::TargetResolution {
            element: text.clone(),
            rule: "label".to_owned(),
            suggestions: vec![text.clone()],
            ..v1::TargetResolution::default()
        }),
        warnings: vec![v1::Warning {
            message: text.clone(),
            ..v1::Warning::default()
        }],
        screenshots: vec![(
            v1::ScreenshotMoment::After,
            Bytes::from_static(b"not a png"),
        )],
        console: vec![v1::ConsoleEntry {
            level: "error".to_owned(),
            text: text.clone(),
            source: text.clone(),
            time: None,
        }],
        network: vec![v1::NetworkEntry {
            method: "GET".to_owned(),
            url: text.clone(),
            error: text.clone(),
            ..v1::NetworkEntry::default()
        }],
        downloads: Vec::new(),
        url: text.clone(),
        verdict: Verdict::Fail(failure),
        authored: None,
    }
}
