//! The shared executor: the only place where commands are executed, whoever asks for them.
//!
//! One step goes through these stages: flags → check of the command and of what the backend
//! supports → for each attempt: values in place of templates, then the command itself, by the
//! backend or, for those that need no page, here → what was read into variables → screenshots and
//! downloads into artifacts → the result, with nothing in it that must not be shown.

mod api;
mod artifacts;
mod authoring;
mod blocks;
mod builtins;
mod compare;
pub mod flags;
mod result;
mod scope;
pub(crate) mod shown;
mod templates;
mod timing;
mod upload;
mod wait;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use etude::catalog;
use etude::texts::{TextKind, Texts};
use etude::v1::{self, ErrorReason, Failure, Outcome, ScreenshotPolicy, command::Action};
use etude::validate::{Validate as _, Validated};
use serde_json::Value;

pub use self::builtins::Facts;
use self::result::{Attempt, Started};
pub use self::scope::{
    DEFAULT_NAVIGATION_TIMEOUT, DEFAULT_TIMEOUT, Scope, ScopeOptions, StepDefaults,
};
use self::templates::Used;
use self::timing::Timing;
pub(crate) use self::timing::to_std;
use crate::backend::{
    Backend, ExecuteOptions, Execution, LocalFile, Placement, SessionSpec, Verdict,
};
use crate::error::{Error, Result, failure};
use crate::secrets::Secrets;
use crate::store::Store;

/// Executes commands. Cheap to clone.
#[derive(Clone)]
pub struct Executor {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    secrets: Arc<Secrets>,
    scratch: PathBuf,
    /// Made for the first API call: it loads the trusted certificates, which few servers need.
    http: OnceLock<Option<reqwest::Client>>,
}

/// What an executor works with.
#[derive(Clone)]
pub struct ExecutorOptions {
    /// Where artifacts are kept.
    pub store: Arc<dyn Store>,
    /// The secrets that variables may refer to.
    pub secrets: Arc<Secrets>,
    /// Folder for files that are fetched for an upload; each is removed after its step.
    pub scratch: PathBuf,
}

impl ExecutorOptions {
    /// Options with the system's folder for temporary files.
    pub fn new(store: Arc<dyn Store>, secrets: Arc<Secrets>) -> Self {
        let scratch = std::env::temp_dir();
        Self {
            store,
            secrets,
            scratch,
        }
    }
}

impl Executor {
    /// An executor.
    pub fn new(options: ExecutorOptions) -> Self {
        Self {
            inner: Arc::new(Inner {
                store: options.store,
                secrets: options.secrets,
                scratch: options.scratch,
                http: OnceLock::new(),
            }),
        }
    }

    /// The secrets that variables may refer to.
    pub fn secrets(&self) -> &Secrets {
        &self.inner.secrets
    }

    /// Opens a session of a backend as a scope, with variables substituted in its base address.
    /// Dropping the future leaves nothing behind.
    ///
    /// # Errors
    ///
    /// Those of [`Backend::open`]; `UNKNOWN_VARIABLE`, `INVALID_EXPRESSION` and what else can go
    /// wrong with the base address.
    pub async fn open(
        &self,
        backend: &dyn Backend,
        spec: SessionSpec,
        options: ScopeOptions,
    ) -> Result<Scope> {
        let session = backend.open(spec).await?;
        let mut scope = Scope::new(session, backend.kind(), options);
        scope.secrets = Arc::clone(&self.inner.secrets);
        let template = scope.base_url.clone();
        match self.render(&mut scope, &template).await {
            Ok(base_url) => {
                scope.base_url = base_url;
                Ok(scope)
            }
            Err(failure) => {
                scope.close().await;
                let reason = ErrorReason::from_name(&failure.reason);
                let message = format!("the base URL cannot be used: {}", failure.message);
                Err(Error::new(reason.unwrap_or(ErrorReason::Internal), message))
            }
        }
    }

    /// The text of a template, with the scope's variables and expressions of its page.
    ///
    /// # Errors
    ///
    /// What a step with this template would end with.
    pub async fn render(&self, scope: &mut Scope, text: &str) -> Result<String, Failure> {
        let timeout = scope.defaults.timeout;
        templates::render(scope, text, timeout, &mut Used::default()).await
    }

    /// Checks a command before execution: its fields, and whether the backend can execute it.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` with every violation; `COMMAND_UNSUPPORTED` naming who can execute it.
    pub fn check(&self, backend: v1::Backend, command: &v1::Command) -> Result<()> {
        let violations = command.violations();
        if !violations.is_empty() {
            return Err(Error::violated(violations));
        }
        self.check_support(backend, command)
    }

    /// Checks whether the backend can execute a command.
    ///
    /// # Errors
    ///
    /// `COMMAND_UNSUPPORTED` naming who can execute it.
    pub(crate) fn check_support(&self, backend: v1::Backend, command: &v1::Command) -> Result<()> {
        let spec = catalog::of(command).ok_or_else(|| Error::internal("an unknown command"))?;
        if spec.supports(backend) {
            return Ok(());
        }
        let others: Vec<_> = spec
            .backends
            .iter()
            .map(|other| backend_word(*other))
            .collect();
        let message = format!(
            "a {} session cannot execute {}; a {} session can",
            backend_word(backend),
            spec.path(),
            others.join(" or ")
        );
        Err(Error::new(ErrorReason::CommandUnsupported, message)
            .with("command", spec.path())
            .with("backend", backend_word(backend)))
    }

    /// A command in words, secrets masked: the text of its step's result and events.
    pub fn text(&self, scope: &Scope, command: &v1::Command) -> String {
        result::text(scope, command)
    }

    /// Executes one step in a scope and tells what came of it; it never fails as a call.
    ///
    /// Dropping the future stops the step at once and leaves the scope usable.
    pub async fn execute(&self, scope: &mut Scope, step: &v1::Step) -> v1::StepResult {
        let unset = v1::Command::default();
        let command = step.command.as_ref().unwrap_or(&unset);
        let plain = v1::StepFlags::default();
        let flags = step.flags.as_ref().unwrap_or(&plain);
        let text = self.text(scope, command);
        let checked = |scope: &Scope| self.check(scope.backend, command);
        self.execute_checked(scope, command, flags, text, checked)
            .await
    }

    /// As [`Executor::execute`], for a caller that has checked the command's fields and has made
    /// its [`Executor::text`] already.
    pub(crate) async fn execute_valid(
        &self,
        scope: &mut Scope,
        command: &Validated<v1::Command>,
        flags: &v1::StepFlags,
        text: String,
    ) -> v1::StepResult {
        let supported = |scope: &Scope| self.check_support(scope.backend, command);
        self.execute_checked(scope, command, flags, text, supported)
            .await
    }

    async fn execute_checked(
        &self,
        scope: &mut Scope,
        command: &v1::Command,
        flags: &v1::StepFlags,
        text: String,
        check: impl FnOnce(&Scope) -> Result<()>,
    ) -> v1::StepResult {
        scope.steps += 1;
        let started = Started::now(text);
        if flags.skip {
            return started.unexecuted(scope, Outcome::Skip, None);
        }
        if let Err(error) = check(scope) {
            return started.unexecuted(scope, Outcome::Error, Some(error.to_failure()));
        }
        let screenshots = screenshot_policy(scope, flags);
        let (mut attempt, attempts) = self.attempts(scope, command, flags, screenshots).await;
        if attempt.lacks_picture && screenshots != ScreenshotPolicy::Never {
            artifacts::take_picture(scope, &mut attempt.execution).await;
        }
        attempt.artifacts = self.keep_downloads(scope, &mut attempt.execution).await;
        result::store_output(scope, command, &mut attempt);
        let screenshots = self
            .keep_screenshots(scope, command, &mut attempt.execution)
            .await;
        started.executed(scope, attempt, attempts, screenshots)
    }

    /// Tries a command until it passes or its retries are used up.
    async fn attempts(
        &self,
        scope: &mut Scope,
        command: &v1::Command,
        flags: &v1::StepFlags,
        screenshots: ScreenshotPolicy,
    ) -> (Attempt, u32) {
        let timing = Timing::new(&scope.defaults, flags, command);
        let mut earlier: Option<Attempt> = None;
        let mut number = 1;
        loop {
            let one = self.attempt(scope, command, &timing, screenshots);
            let mut attempt = match tokio::time::timeout(timing.guard, one).await {
                Ok(attempt) => attempt,
                Err(_) => Attempt::stopped(result::timed_out(scope, timing.guard)),
            };
            if let Some(earlier) = earlier.take() {
                attempt.follow(earlier, number - 1);
            }
            let passed = attempt.execution.verdict == Verdict::Pass;
            if passed || number > flags.retries || !scope.is_alive() {
                return (attempt, number);
            }
            earlier = Some(attempt);
            number += 1;
        }
    }

    async fn attempt(
        &self,
        scope: &mut Scope,
        command: &v1::Command,
        timing: &Timing,
        screenshots: ScreenshotPolicy,
    ) -> Attempt {
        let mut used = Used::default();
        let resolved = match templates::resolve(scope, command, timing.timeout, &mut used).await {
            Ok(resolved) => resolved,
            Err(failure) => return Attempt::error(failure, used),
        };
        let performed = self.perform(scope, &resolved, timing, screenshots, &mut used);
        match performed.await {
            Ok(execution) => Attempt::new(&resolved, execution, used),
            Err(failure) => Attempt::error(failure, used),
        }
    }

    /// Executes a command whose templates have been substituted. `Err` is an ERROR.
    async fn perform(
        &self,
        scope: &mut Scope,
        command: &v1::Command,
        timing: &Timing,
        screenshots: ScreenshotPolicy,
        used: &mut Used,
    ) -> Result<Execution, Failure> {
        let upload = match &command.action {
            Some(Action::Comment(_)) => return Ok(done(None)),
            Some(Action::Log(log)) => return Ok(done(Some(text(&log.message)))),
            Some(Action::SetVariable(set)) => return Ok(done(Some(text(&set.value)))),
            Some(Action::WaitTime(wait)) => return wait::for_time(scope, wait, timing).await,
            Some(Action::AssertVariable(assert)) => {
                return compare::assert_variable(scope, assert, timing, used).await;
            }
            Some(Action::CallApi(call)) => return self.call_api(scope, call, timing).await,
            Some(Action::UploadFile(file)) => Some(self.stored_file(&file.file).await?),
            Some(Action::UploadUrl(url)) => {
                Some(self.fetched_file(scope, &url.url, timing.timeout).await?)
            }
            _ => None,
        };
        if !scope.is_alive() {
            return Err(result::crashed());
        }
        let options = ExecuteOptions {
            timeout: timing.timeout,
            navigation_timeout: timing.navigation_timeout,
            screenshots,
            base_url: scope.base_url.clone(),
            variables: variables_of(scope, command, used)?,
            upload: upload.as_ref().map(|upload| upload.file.clone()),
            placement: Placement::default(),
        };
        Ok(scope.session.execute(command, &options).await)
    }

    fn http(&self) -> Result<&reqwest::Client, Failure> {
        let client = self.inner.http.get_or_init(|| {
            let agent = concat!("etude/", env!("CARGO_PKG_VERSION"));
            reqwest::Client::builder().user_agent(agent).build().ok()
        });
        client.as_ref().ok_or_else(|| {
            let message =
                "the HTTP client cannot be set up: the system's certificates cannot be read";
            failure(ErrorReason::ApiCallFailed, message)
        })
    }
}

/// The variables that a command's scripts, expressions and stored targets need.
fn variables_of(
    scope: &Scope,
    command: &v1::Command,
    used: &mut Used,
) -> Result<std::collections::BTreeMap<String, Value>, Failure> {
    if matches!(command.action, Some(Action::ExecuteScript(_))) {
        return Ok(scope.variables.values());
    }
    let mut values = std::collections::BTreeMap::new();
    let mut unknown = None;
    command.visit_texts(&mut |kind, text| match kind {
        TextKind::Expression => values.append(&mut used.bind(scope, text)),
        TextKind::Reads => match used.read(scope, text) {
            Ok(value) => drop(values.insert(text.to_owned(), value.into_owned())),
            Err(failure) => unknown = Some(failure),
        },
        TextKind::Template | TextKind::Sets => {}
    });
    unknown.map_or(Ok(values), Err)
}

fn screenshot_policy(scope: &Scope, flags: &v1::StepFlags) -> ScreenshotPolicy {
    [flags.screenshots(), scope.defaults.screenshots]
        .into_iter()
        .find(|policy| *policy != ScreenshotPolicy::Unspecified)
        .unwrap_or(ScreenshotPolicy::OnFailure)
}

fn backend_word(backend: v1::Backend) -> &'static str {
    match backend {
        v1::Backend::Browser => "browser",
        v1::Backend::Platform => "platform",
        v1::Backend::Unspecified => "nameless",
    }
}

/// A file to be uploaded, with the folder that is removed after the step.
struct Upload {
    file: LocalFile,
    _folder: Option<tempfile::TempDir>,
}

fn done(output: Option<Value>) -> Execution {
    Execution {
        output,
        ..Execution::new(Verdict::Pass)
    }
}

fn errored(failure: Failure) -> Execution {
    Execution::new(Verdict::Error(failure))
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

#[cfg(test)]
mod tests;
