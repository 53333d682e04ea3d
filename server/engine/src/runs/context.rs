//! What the rows of one run share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use etude::v1::{self, run_spec::Source};
use parking_lot::Mutex;
use time::OffsetDateTime;
use tokio_util::task::TaskTracker;

use super::history::History;
use super::interrupt::{Cause, Interrupt};
use super::log::RunLog;
use super::outcome::Counts;
use super::plan::{self, Plan};
use super::{Services, clock};
use crate::backend::{Backend, Health, SessionSpec};
use crate::error::{Error, Result};
use crate::executor::{Executor, Facts, Scope, ScopeOptions, StepDefaults};
use crate::store::ClaimedRun;
use crate::variables::{Layer, SecretNotFound, Variables};

/// The longest that a row may take, unless the test says otherwise.
const ROW_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// How often a run is begun again at most, after the server stopped.
const MAX_RECOVERIES: u32 = 3;

/// One execution of a run.
pub(super) struct RunContext {
    /// The run as it was claimed.
    pub(super) run: v1::Run,
    pub(super) plan: Plan,
    pub(super) config: v1::TestConfig,
    pub(super) row_timeout: Duration,
    pub(super) rows: u32,
    /// How many rows may be executed at the same time; 0: as many as there are browsers.
    pub(super) parallelism: u32,
    pub(super) log: RunLog,
    pub(super) interrupt: Arc<Interrupt>,
    pub(super) executor: Executor,
    pub(super) tasks: TaskTracker,
    backend: Arc<dyn Backend>,
    /// The test, without its steps.
    test: v1::Test,
    /// What the request has brought beside the test.
    brought: Brought,
    defaults: StepDefaults,
    history: History,
    progress: Mutex<v1::RunStatistics>,
    halted: AtomicBool,
    /// What came first since the run was taken.
    first: OnceLock<First>,
}

/// What a run does first; it decides whether it may be executed again without being asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// A step of it began.
    Step,
    /// It was given up, so that no step of it may begin any more.
    GivenUp,
}

/// Variables and headers that come with the request.
struct Brought {
    /// Those that hide the test's and its rows'.
    variables: Vec<v1::Variable>,
    /// Those that the test's and its rows' hide.
    environment: Option<v1::Environment>,
    /// What `${ENV:NAME}` reads.
    env: BTreeMap<String, String>,
    /// Headers of the pages' requests.
    http_headers: BTreeMap<String, String>,
}

impl RunContext {
    pub(super) fn new(
        services: &Services,
        claimed: ClaimedRun,
        interrupt: Arc<Interrupt>,
        history: History,
    ) -> Self {
        let mut test = test_of(claimed.spec.source);
        let config = test.config.take().unwrap_or_default();
        let progress = plan::untouched_statistics(&test);
        Self {
            rows: plan::rows(&test),
            plan: Plan::take_from(&mut test),
            row_timeout: clock::positive(config.timeout.as_ref()).unwrap_or(ROW_TIMEOUT),
            defaults: step_defaults(&config),
            config,
            parallelism: claimed.spec.parallelism,
            log: services.log(&claimed.run.name),
            run: claimed.run,
            interrupt,
            executor: services.executor.clone(),
            tasks: services.tasks.clone(),
            backend: Arc::clone(&services.backend),
            test,
            brought: Brought {
                variables: claimed.spec.variables,
                environment: claimed.spec.environment,
                env: claimed.spec.env,
                http_headers: claimed.spec.http_headers,
            },
            history,
            progress: Mutex::new(progress),
            halted: AtomicBool::new(false),
            first: OnceLock::new(),
        }
    }

    /// What a row is called: its name, else its number.
    pub(super) fn row_name(&self, row: u32) -> String {
        match self.data_row(row) {
            Some(data) if data.name.is_empty() => row.to_string(),
            Some(data) => data.name.clone(),
            None => String::new(),
        }
    }

    /// Counts of the steps of all rows that have ended.
    pub(super) fn progress(&self) -> v1::RunStatistics {
        *self.progress.lock()
    }

    /// Adds the counts of a row that has ended.
    pub(super) fn advance(&self, row: &Counts) -> v1::RunStatistics {
        let mut progress = self.progress.lock();
        row.add_to(&mut progress);
        *progress
    }

    /// How often a row has begun in earlier executions of the run.
    pub(super) fn earlier_attempts(&self, row: u32) -> u32 {
        self.history.attempts(row)
    }

    /// Opens a browser for a row, with the row's variables.
    ///
    /// # Errors
    ///
    /// The browser cannot be started, or a secret is missing.
    pub(super) async fn open_scope(&self, row: u32, attempt: u32) -> Result<Scope> {
        let options = ScopeOptions {
            owner: self.run.name.clone(),
            base_url: self.test.base_url.clone(),
            variables: self.row_variables(row)?,
            facts: self.facts(row, attempt),
            defaults: self.defaults.clone(),
        };
        let spec = SessionSpec {
            viewport: self.config.viewport,
            browser: self.config.browser.clone().unwrap_or_default(),
            keep_dialogs: self.config.keep_dialogs,
            authoring: None,
            headers: self.brought.http_headers.clone(),
        };
        let backend = self.backend.as_ref();
        let opened = self.executor.open(backend, spec, options).await;
        // Rows that have not begun need not find out the same for themselves.
        if opened.is_err() && matches!(*backend.health().borrow(), Health::NotServing(_)) {
            self.halted.store(true, Ordering::Relaxed);
        }
        opened
    }

    /// Whether no browser can be started any more, so that no further row begins.
    pub(super) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Relaxed)
    }

    /// Whether the run is executed again after this interruption.
    pub(super) fn begins_again(&self) -> bool {
        if !matches!(self.interrupt.cause(), Some(Cause::Shutdown)) {
            return false;
        }
        let has_stepped = || *self.first.get_or_init(|| First::GivenUp) == First::Step;
        may_begin_again(&self.config, self.run.attempt, has_stepped)
    }

    /// Whether a step may begin; from then on nobody can say that none has.
    pub(super) fn may_step(&self) -> bool {
        *self.first.get_or_init(|| First::Step) == First::Step
    }

    fn facts(&self, row: u32, attempt: u32) -> Facts {
        Facts {
            time: Some(OffsetDateTime::now_utc()),
            test_name: self.run.test_name.clone(),
            environment: self.run.environment.clone(),
            row,
            row_name: self.row_name(row),
            attempt,
        }
    }

    fn row_variables(&self, row: u32) -> Result<Variables> {
        let secrets = self.executor.secrets();
        let of_row = self.data_row(row).map(|data| data.variables.as_slice());
        let missing = |missing: SecretNotFound| {
            Error::new(v1::ErrorReason::SecretNotFound, missing.to_string())
        };
        let mut variables = Variables::new();
        for (name, value) in &self.brought.env {
            variables.set_env(name, value);
        }
        variables.hide_headers(&self.brought.http_headers);
        if let Some(environment) = &self.brought.environment {
            let loaded = variables.load_environment(environment, secrets);
            loaded.map_err(missing)?;
        }
        for (layer, list) in [
            (Layer::Test, self.test.variables.as_slice()),
            (Layer::Row, of_row.unwrap_or_default()),
            (Layer::Caller, self.brought.variables.as_slice()),
        ] {
            variables.load(layer, list, secrets).map_err(missing)?;
        }
        Ok(variables)
    }

    /// The definition with a name.
    pub(super) fn definition(&self, name: &str) -> Option<&v1::Definition> {
        etude::blocks::definition(&self.test.definitions, name)
    }

    fn data_row(&self, row: u32) -> Option<&v1::DataRow> {
        self.test.data_rows.get(row.checked_sub(1)? as usize)
    }
}

fn step_defaults(config: &v1::TestConfig) -> StepDefaults {
    let mut defaults = StepDefaults::default();
    if let Some(timeout) = clock::positive(config.step_timeout.as_ref()) {
        defaults.timeout = timeout;
    }
    if let Some(timeout) = clock::positive(config.navigation_timeout.as_ref()) {
        defaults.navigation_timeout = timeout;
    }
    if config.screenshots() != v1::ScreenshotPolicy::Unspecified {
        defaults.screenshots = config.screenshots();
    }
    defaults
}

/// Whether a run whose execution was broken off is executed again: its config says so, or nothing
/// would be done twice.
pub(super) fn may_begin_again(
    config: &v1::TestConfig,
    attempt: u32,
    has_stepped: impl FnOnce() -> bool,
) -> bool {
    let is_wanted = config.recovery() == v1::RecoveryPolicy::Retry;
    attempt <= MAX_RECOVERIES && (is_wanted || !has_stepped())
}

/// The test of a stored spec; runs are stored with their compiled test.
pub(super) fn test_of(source: Option<Source>) -> v1::Test {
    match source {
        Some(Source::Test(test)) => test,
        _ => v1::Test::default(),
    }
}
