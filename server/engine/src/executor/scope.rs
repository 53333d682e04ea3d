//! What commands are executed in: a backend's session with its variables and defaults.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use etude::v1;
use etude_language::builtins::Builtin;
use serde_json::Value;

use super::builtins::Facts;
use crate::backend::{BackendSession, PageState};
use crate::secrets::Secrets;
use crate::variables::Variables;

/// Longest step when nothing else is said.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// Longest navigation when nothing else is said.
pub const DEFAULT_NAVIGATION_TIMEOUT: Duration = Duration::from_secs(30);

/// What holds for the steps of a scope whose flags say nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct StepDefaults {
    /// The longest that a step may take, per attempt.
    pub timeout: Duration,
    /// The longest that a navigation may take.
    pub navigation_timeout: Duration,
    /// When screenshots are taken.
    pub screenshots: v1::ScreenshotPolicy,
}

impl Default for StepDefaults {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
            navigation_timeout: DEFAULT_NAVIGATION_TIMEOUT,
            screenshots: v1::ScreenshotPolicy::OnFailure,
        }
    }
}

/// What a scope begins with.
#[derive(Debug, Clone, Default)]
pub struct ScopeOptions {
    /// Resource name of the run or session, the parent of its artifacts.
    pub owner: String,
    /// The address that relative addresses are completed with: a template. Empty: none.
    pub base_url: String,
    /// Its variables.
    pub variables: Variables,
    /// What its built-in variables tell.
    pub facts: Facts,
    /// What holds for its steps.
    pub defaults: StepDefaults,
}

/// A backend's session with its variables and defaults. One step at a time is executed in it.
pub struct Scope {
    pub(super) session: Box<dyn BackendSession>,
    pub(super) backend: v1::Backend,
    pub(super) owner: String,
    pub(super) base_url: String,
    pub(super) variables: Variables,
    pub(super) facts: Facts,
    /// The server's, which `${ENV:NAME}` reads when nobody brought the name.
    pub(super) secrets: Arc<Secrets>,
    pub(super) defaults: StepDefaults,
    /// Number of the present or last step.
    pub(super) steps: u64,
    /// Address of the page after the last step that told it, masked.
    pub(super) url: String,
}

impl Scope {
    /// A scope over a session of `backend`. Its base address is used as it is;
    /// [`Executor::open`](super::Executor::open) substitutes variables in it.
    pub fn new(
        session: Box<dyn BackendSession>,
        backend: v1::Backend,
        options: ScopeOptions,
    ) -> Self {
        Self {
            session,
            backend,
            owner: options.owner,
            base_url: options.base_url,
            variables: options.variables,
            facts: options.facts,
            secrets: Arc::default(),
            defaults: options.defaults,
            steps: 0,
            url: String::new(),
        }
    }

    /// Its variables.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Its variables, for setting some between steps.
    pub fn variables_mut(&mut self) -> &mut Variables {
        &mut self.variables
    }

    /// The variable of this name, else the built-in one.
    pub(super) fn find(&self, name: &str) -> Option<Found<'_>> {
        if let Some(variable) = self.variables.get(name) {
            return Some(Found {
                value: Cow::Borrowed(&variable.value),
                secret: variable.secret,
                builtin: None,
            });
        }
        let builtin = Builtin::parse(name)?;
        Some(Found {
            value: Cow::Owned(self.facts.value(builtin, &self.owner)?),
            secret: false,
            builtin: Some(builtin),
        })
    }

    /// The address that relative addresses are completed with.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What executes its commands.
    pub fn backend(&self) -> v1::Backend {
        self.backend
    }

    /// Whether its commands are written down instead of being executed.
    pub fn is_authoring(&self) -> bool {
        !self.checkpoint().is_empty()
    }

    /// The checkpoint that its commands are added to, `checkpoints/{id}`; empty: they are executed.
    pub fn checkpoint(&self) -> &str {
        self.session.checkpoint()
    }

    /// How many steps have been executed or skipped.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The browser, as it names itself.
    pub fn browser(&self) -> &str {
        self.session.browser()
    }

    /// Whether the browser is driven over BiDi.
    pub fn is_bidi(&self) -> bool {
        self.session.is_bidi()
    }

    /// Whether further steps can be executed; false once the browser has gone.
    pub fn is_alive(&self) -> bool {
        self.session.is_alive()
    }

    /// The page's present state, secrets and credentials masked.
    pub async fn state(&mut self) -> PageState {
        let mut state = self.session.state().await;
        let mask = self.variables.masking();
        mask.scrub(&mut state.url);
        mask.scrub(&mut state.title);
        for tab in &mut state.tabs {
            mask.scrub(&mut tab.url);
            mask.scrub(&mut tab.title);
        }
        state
    }

    /// Closes the session: when this returns, its browser and files are gone.
    pub async fn close(self) {
        self.session.close().await;
    }

    /// Gives the backend's session back.
    pub fn into_session(self) -> Box<dyn BackendSession> {
        self.session
    }
}

/// What a name stands for.
pub(super) struct Found<'a> {
    pub(super) value: Cow<'a, Value>,
    pub(super) secret: bool,
    /// Which built-in variable it is, if it is one.
    pub(super) builtin: Option<Builtin>,
}

/// All but the values of variables.
impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("owner", &self.owner)
            .field("backend", &self.backend)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}
