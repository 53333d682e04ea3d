//! What browser tests share: a static server for the pages, and a session with short-hands.

// Each test binary uses its own part.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

pub mod commands;
pub mod site;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etude::v1::{self, Command, Failure, ScreenshotPolicy};
use etude_browser::{BrowserBackend, BrowserConfig, BrowserKind, ProtocolChoice};
use etude_engine::backend::{
    Backend, BackendSession, ExecuteOptions, Execution, LocalFile, Placement, SessionSpec, Verdict,
};
use serde_json::Value;

use site::Site;

/// A session in a browser of its own, and the pages it looks at.
pub struct Harness {
    pub site: Site,
    pub backend: BrowserBackend,
    pub session: Option<Box<dyn BackendSession>>,
    pub options: ExecuteOptions,
    state: tempfile::TempDir,
}

/// The configuration that all browser tests share: no warm browser, and no sandbox where the tests
/// run as root, as in a container.
pub fn config(state: &std::path::Path) -> BrowserConfig {
    BrowserConfig {
        kind: kind(),
        warm: 0,
        no_sandbox: rustix::process::geteuid().is_root(),
        start_timeout: Duration::from_secs(120),
        remote_url: webdriver_url(),
        ..BrowserConfig::new(state)
    }
}

/// `ETUDE_TEST_WEBDRIVER_URL`: a Selenium Grid whose browsers are taken (`make test-grid`).
fn webdriver_url() -> Option<String> {
    std::env::var("ETUDE_TEST_WEBDRIVER_URL").ok()
}

/// Chromium, or what `ETUDE_TEST_BROWSER` names.
pub fn kind() -> BrowserKind {
    match std::env::var("ETUDE_TEST_BROWSER").as_deref() {
        Ok("firefox") => BrowserKind::Firefox,
        Err(_) | Ok("" | "chromium") => BrowserKind::Chromium,
        Ok(other) => panic!("ETUDE_TEST_BROWSER is `{other}`: use chromium or firefox"),
    }
}

/// Generous: a guard against hanging, never a measure.
pub const LONG: Duration = Duration::from_secs(30);

/// For what is expected not to happen.
pub const SHORT: Duration = Duration::from_millis(700);

impl Harness {
    /// A session over BiDi.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A session over the classic protocol.
    pub async fn classic() -> Self {
        Self::with(|config| config.protocol = ProtocolChoice::Classic).await
    }

    /// A session with a configuration of its own.
    pub async fn with(change: impl FnOnce(&mut BrowserConfig)) -> Self {
        Self::with_spec(change, SessionSpec::default()).await
    }

    pub async fn with_spec(change: impl FnOnce(&mut BrowserConfig), spec: SessionSpec) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut config = config(state.path());
        change(&mut config);
        let site = Site::start().await;
        let backend = BrowserBackend::open(config).unwrap();
        let session = backend.open(spec).await.unwrap_or_else(|error| {
            panic!(
                "{error}; these tests need a browser: apt-get install -y chromium chromium-driver"
            )
        });
        let options = ExecuteOptions {
            timeout: LONG,
            navigation_timeout: LONG,
            screenshots: ScreenshotPolicy::Never,
            base_url: site.url("/"),
            variables: BTreeMap::new(),
            upload: None,
            placement: Placement::default(),
        };
        Self {
            site,
            backend,
            session: Some(session),
            options,
            state,
        }
    }

    pub fn session(&mut self) -> &mut dyn BackendSession {
        self.session.as_mut().unwrap().as_mut()
    }

    /// Loads a page of tests/pages.
    pub async fn open(&mut self, page: &str) {
        self.pass(commands::navigate(page)).await;
    }

    /// Executes a command, whatever comes of it.
    pub async fn run(&mut self, command: Command) -> Execution {
        let options = self.options.clone();
        tokio::time::timeout(4 * LONG, self.session().execute(&command, &options))
            .await
            .unwrap_or_else(|_| panic!("{command:?} hangs"))
    }

    /// Executes a command that must pass.
    #[track_caller]
    pub fn pass(&mut self, command: Command) -> impl Future<Output = Execution> {
        let caller = std::panic::Location::caller();
        async move {
            let execution = self.run(command.clone()).await;
            let what: String = format!("{command:?}").chars().take(400).collect();
            assert_eq!(execution.verdict, Verdict::Pass, "{what} at {caller}");
            execution
        }
    }

    /// Executes a command that must fail as an assertion.
    pub async fn fail(&mut self, command: Command) -> Failure {
        match self.quickly(command.clone()).await.verdict {
            Verdict::Fail(failure) => failure,
            other => panic!("{command:?} gave {other:?}, expected a failed assertion"),
        }
    }

    /// Executes a command that must end in an error with this reason.
    pub async fn error(&mut self, command: Command, reason: &str) -> Failure {
        match self.quickly(command.clone()).await.verdict {
            Verdict::Error(failure) if failure.reason == reason => failure,
            other => panic!("{command:?} gave {other:?}, expected {reason}"),
        }
    }

    /// Executes a command with a short timeout.
    pub async fn quickly(&mut self, command: Command) -> Execution {
        let before = std::mem::replace(&mut self.options.timeout, SHORT);
        let execution = self.run(command).await;
        self.options.timeout = before;
        execution
    }

    /// Evaluates an expression in the current frame.
    pub async fn eval(&mut self, expression: &str) -> Value {
        self.session()
            .evaluate(expression, &BTreeMap::new(), LONG)
            .await
            .unwrap_or_else(|failure| panic!("{expression}: {failure:?}"))
    }

    /// What the page writes into `#result`, its own account of what happened to it.
    pub async fn result(&mut self) -> String {
        let text = self
            .eval("document.getElementById('result')?.textContent ?? ''")
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    pub fn upload(&mut self, path: PathBuf, file_name: &str) {
        self.options.upload = Some(LocalFile {
            path,
            file_name: file_name.to_owned(),
        });
    }

    /// The folder of the backend.
    pub fn state_dir(&self) -> &Path {
        self.state.path()
    }

    /// Processes of browsers and drivers that this backend has started.
    pub fn browser_processes(&self) -> Vec<i32> {
        processes_naming(self.state_dir())
    }

    pub fn kill_browsers(&self) {
        for pid in self.browser_processes() {
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }

    /// Waits until none of them is left.
    pub async fn until_gone(&self) {
        until_none_names(self.state_dir()).await;
    }

    /// Closes the session and the backend.
    pub async fn close(mut self) {
        if let Some(session) = self.session.take() {
            session.close().await;
        }
        self.backend.shutdown().await;
    }
}

/// Running processes, zombies aside, that name a folder in their command line or environment.
pub fn processes_naming(folder: &Path) -> Vec<i32> {
    let needle = folder.to_str().unwrap();
    let own = std::process::id() as i32;
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != own)
        .filter(|pid: &i32| {
            ["cmdline", "environ"].iter().any(|file| {
                let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
                String::from_utf8_lossy(&text).contains(needle)
            })
        })
        .collect()
}

pub async fn until_none_names(folder: &Path) {
    let begun = std::time::Instant::now();
    while !processes_naming(folder).is_empty() {
        assert!(
            begun.elapsed() < LONG,
            "{:?} are left",
            processes_naming(folder)
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The rule that decided which element was meant.
pub fn rule(execution: &Execution) -> &str {
    execution
        .target
        .as_ref()
        .map_or("", |target| target.rule.as_str())
}

/// Whether the execution carries a warning of this kind.
pub fn warned(execution: &Execution, kind: v1::WarningKind) -> bool {
    execution
        .warnings
        .iter()
        .any(|warning| warning.kind() == kind)
}
