//! What executes commands, or writes them down: the traits that the browser and the platform
//! implement.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1;
use serde_json::Value;
use tokio::sync::watch;

use crate::error::Result;

/// A place where sessions can be opened.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Which of the contract's backends this is.
    fn kind(&self) -> v1::Backend;

    /// How many sessions it can hold at the same time.
    fn capacity(&self) -> usize;

    /// Whether sessions can be opened now, and why not; changes are published.
    fn health(&self) -> watch::Receiver<Health>;

    /// Opens a session. Dropping the future leaves nothing behind.
    ///
    /// # Errors
    ///
    /// `BROWSER_UNAVAILABLE`, `BROWSER_NOT_FOUND`, `DRIVER_NOT_FOUND`: the message says what to
    /// install or mend. `COMMAND_UNSUPPORTED`: it cannot add headers to requests.
    async fn open(&self, spec: SessionSpec) -> Result<Box<dyn BackendSession>>;

    /// What a step becomes that a session of this backend writes down instead of executing it;
    /// empty for a backend that executes.
    ///
    /// # Errors
    ///
    /// `COMMAND_UNSUPPORTED` for what cannot be written down.
    fn preview(&self, _step: &v1::Step) -> Result<String> {
        Ok(String::new())
    }

    /// Ends everything that the backend started: browsers, drivers, profiles.
    async fn shutdown(&self);
}

/// Whether a backend can open sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Not known yet: it is starting.
    Starting,
    /// It can; with the version of what it runs, for people.
    Serving(String),
    /// It cannot; with the reason and what to do.
    NotServing(String),
}

/// What a session should be like.
#[derive(Debug, Clone, Default)]
pub struct SessionSpec {
    /// Size of the viewport; the default is 1280 × 800.
    pub viewport: Option<v1::Viewport>,
    /// Which browser, and how it is started; the backend's defaults hold for what is unset.
    pub browser: v1::BrowserOptions,
    /// Leave dialogs open that no command answers.
    pub keep_dialogs: bool,
    /// The checkpoint that steps are added to, for a backend that writes them down.
    pub authoring: Option<v1::Authoring>,
    /// Headers that are added to every request of the session's pages. Their values are secrets,
    /// and appear in no error. A session that cannot add them is not opened.
    pub headers: BTreeMap<String, String>,
}

/// One session of a backend: one browser with one current tab and frame.
///
/// Its methods are never called at the same time. Dropping the future of a method must be safe:
/// the action stops at once, and the session can be used or closed afterwards.
#[async_trait]
pub trait BackendSession: Send {
    /// The browser, as it names itself, with its version.
    fn browser(&self) -> &str;

    /// Whether it is driven over BiDi; false: over the classic protocol.
    fn is_bidi(&self) -> bool;

    /// The checkpoint that steps are added to, `checkpoints/{id}`; empty for a session that
    /// executes them.
    fn checkpoint(&self) -> &str {
        ""
    }

    /// Executes one command, whose templates have been substituted. It never fails as a call: what
    /// goes wrong is the verdict.
    async fn execute(&mut self, command: &v1::Command, options: &ExecuteOptions) -> Execution;

    /// Evaluates a JavaScript expression in the current frame, awaiting a promise. The names of
    /// `variables`, with a `$` before them, are bound to their values.
    ///
    /// # Errors
    ///
    /// The failure of the step that needs the value: `SCRIPT_FAILED`, `UNEXPECTED_DIALOG`,
    /// `BROWSER_CRASHED`, `STEP_TIMEOUT` …
    async fn evaluate(
        &mut self,
        expression: &str,
        variables: &BTreeMap<String, Value>,
        timeout: Duration,
    ) -> Result<Value, v1::Failure>;

    /// The page's present state.
    async fn state(&mut self) -> PageState;

    /// Whether the session can still be used; false once its browser has gone.
    fn is_alive(&self) -> bool;

    /// Closes it: when this returns, its browser or user context and all its files are gone.
    async fn close(self: Box<Self>);
}

/// How one command is executed.
#[derive(Debug, Clone)]
pub struct ExecuteOptions {
    /// The longest that finding the target, the action or the assertion may take.
    pub timeout: Duration,
    /// The longest that a navigation may take.
    pub navigation_timeout: Duration,
    /// When screenshots are taken.
    pub screenshots: v1::ScreenshotPolicy,
    /// What relative addresses are completed with. Empty: nothing.
    pub base_url: String,
    /// All variables, for the script of ExecuteScript and expressions of StoreExpression and
    /// WaitExpression, and the stored elements that targets name.
    pub variables: BTreeMap<String, Value>,
    /// The file of an upload command, already on this machine.
    pub upload: Option<LocalFile>,
    /// How a step is written down, for a session that does so.
    pub placement: Placement,
}

/// How a step is written down.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Placement {
    /// Its flags.
    pub flags: v1::StepFlags,
    /// Its place in the checkpoint, from 1; 0: after the last.
    pub position: i32,
}

/// A file on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Where it is.
    pub path: PathBuf,
    /// The name it should appear under.
    pub file_name: String,
}

/// The verdict of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Done, or the assertion holds.
    Pass,
    /// The assertion was evaluated and does not hold.
    Fail(v1::Failure),
    /// It could not be executed.
    Error(v1::Failure),
}

/// What came of a command.
#[derive(Debug, Clone)]
pub struct Execution {
    /// The verdict.
    pub verdict: Verdict,
    /// The value that was read: what the store commands keep, what an assertion compared, what a
    /// script returned.
    pub output: Option<Value>,
    /// How the target was found.
    pub target: Option<v1::TargetResolution>,
    /// What went differently from plan.
    pub warnings: Vec<v1::Warning>,
    /// Screenshots as PNG.
    pub screenshots: Vec<(v1::ScreenshotMoment, Bytes)>,
    /// Warnings and errors that the page logged meanwhile.
    pub console: Vec<v1::ConsoleEntry>,
    /// Requests that went wrong meanwhile.
    pub network: Vec<v1::NetworkEntry>,
    /// Files that were downloaded meanwhile. They lie in the session's folder until it is closed.
    pub downloads: Vec<LocalFile>,
    /// Address of the page afterwards.
    pub url: String,
    /// The step that was written down.
    pub authored: Option<v1::AuthoredStep>,
}

impl Execution {
    /// An execution with a verdict and nothing else to tell.
    pub fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            output: None,
            target: None,
            warnings: Vec::new(),
            screenshots: Vec::new(),
            console: Vec::new(),
            network: Vec::new(),
            downloads: Vec::new(),
            url: String::new(),
            authored: None,
        }
    }
}

/// The state of a session's page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PageState {
    /// Address of the current page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// The tabs, by order of opening.
    pub tabs: Vec<v1::Tab>,
    /// Path of the current frame, as indexes.
    pub frame: Vec<u32>,
}
