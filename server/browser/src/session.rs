//! One session: one browser, one current page, commands one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1::{self, ErrorReason, ScreenshotMoment, ScreenshotPolicy, WarningKind};
use etude_engine::Result;
use etude_engine::backend::{
    BackendSession, ExecuteOptions, Execution, LocalFile, PageState, Verdict,
};
use serde_json::{Value, json};

use crate::browser::{Browser, Place};
use crate::commands::{self, Context};
use crate::page::{ConsoleLine, Download, DownloadState, FailedRequest, Outcome, Page, StepError};
use crate::pool::{Pool, Ready};
use crate::protocol::Shot;

/// At most this many console lines and failed requests are reported per step.
const MOST_REPORTED: usize = 50;

/// How much longer than its own time a command may run before it is given up: what it waits for
/// then is a page that does not answer at all.
const GRACE: Duration = Duration::from_secs(2);

/// The longest that a question beside the commands may take.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// A session in a browser of the pool.
pub(crate) struct BrowserSession {
    /// Present until the session is closed.
    inner: Option<Inner>,
    name: String,
}

struct Inner {
    pool: Arc<Pool>,
    browser: Browser,
    place: Place,
    page: Page,
    /// How many downloads have been reported.
    reported_downloads: usize,
    /// A command was dropped half-way: keys may be down.
    interrupted: bool,
}

impl BrowserSession {
    pub(crate) fn new(pool: Arc<Pool>, ready: Ready, keep_dialogs: bool) -> Self {
        let Ready { browser, place } = ready;
        let page = Page::new(
            Arc::clone(&place.protocol),
            Arc::clone(&place.events),
            place.tab.clone(),
            keep_dialogs,
        );
        let name = browser.name.clone();
        let inner = Inner {
            pool,
            browser,
            place,
            page,
            reported_downloads: 0,
            interrupted: false,
        };
        Self {
            inner: Some(inner),
            name,
        }
    }
}

impl Drop for BrowserSession {
    /// A session that was not closed takes its browser with it.
    fn drop(&mut self) {
        if let (Some(inner), Ok(runtime)) =
            (self.inner.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(inner.browser.stop());
        }
    }
}

#[async_trait]
impl BackendSession for BrowserSession {
    fn browser(&self) -> &str {
        &self.name
    }

    fn is_bidi(&self) -> bool {
        self.inner
            .as_ref()
            .is_some_and(|inner| inner.page.protocol.is_bidi())
    }

    async fn execute(&mut self, command: &v1::Command, options: &ExecuteOptions) -> Execution {
        match &mut self.inner {
            Some(inner) => inner.execute(command, options).await,
            None => Execution::new(Verdict::Error(gone().into_failure())),
        }
    }

    async fn evaluate(
        &mut self,
        expression: &str,
        variables: &BTreeMap<String, Value>,
        timeout: Duration,
    ) -> Result<Value, v1::Failure> {
        let inner = self.inner.as_mut().ok_or_else(|| gone().into_failure())?;
        inner.page.begin(timeout);
        inner.release_interrupted().await;
        inner.interrupted = true;
        let value = commands::evaluate(&mut inner.page, expression, variables).await;
        inner.interrupted = false;
        value.map_err(|error| inner.judge(error).into_failure())
    }

    async fn state(&mut self) -> PageState {
        match &mut self.inner {
            Some(inner) => inner.state().await,
            None => PageState::default(),
        }
    }

    fn is_alive(&self) -> bool {
        self.inner
            .as_ref()
            .is_some_and(|inner| inner.browser.is_alive())
    }

    async fn close(mut self: Box<Self>) {
        if let Some(inner) = self.inner.take() {
            let Inner {
                pool,
                browser,
                place,
                page,
                ..
            } = inner;
            drop(page);
            // A task of its own: a caller that stops waiting must not stop the cleaning.
            let closing = tokio::spawn(async move { pool.give_back(browser, place).await });
            if let Err(error) = closing.await {
                tracing::error!(%error, "a session could not be closed in order");
            }
        }
    }
}

fn gone() -> StepError {
    StepError::new(ErrorReason::SessionEnded, "the session has been closed")
}

impl Inner {
    async fn execute(&mut self, command: &v1::Command, options: &ExecuteOptions) -> Execution {
        let time = commands::longest_wait(command)
            .unwrap_or_default()
            .max(options.timeout);
        self.page.navigation_timeout = options.navigation_timeout;
        self.page.begin(options.timeout);
        self.release_interrupted().await;
        self.interrupted = true;
        let mut shots = Vec::new();
        let policy = options.screenshots;
        if policy == ScreenshotPolicy::EveryStep {
            shots.extend(self.shot(ScreenshotMoment::Before).await);
        }
        self.page.begin(options.timeout);
        let limit = time + options.navigation_timeout + GRACE;
        let outcome = self.run(command, options, limit).await;
        let wanted = policy == ScreenshotPolicy::EveryStep
            || (outcome.is_err() && policy != ScreenshotPolicy::Never);
        if wanted {
            shots.extend(self.shot(ScreenshotMoment::After).await);
        }
        let execution = self.report(outcome, shots).await;
        self.interrupted = false;
        execution
    }

    async fn run(
        &mut self,
        command: &v1::Command,
        options: &ExecuteOptions,
        limit: Duration,
    ) -> Outcome {
        let context = Context {
            options,
            files: self.place.files.as_deref(),
        };
        let running = commands::run(&mut self.page, command, &context);
        let outcome = match tokio::time::timeout(limit, running).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let message = format!("the page has not answered within {} s", limit.as_secs());
                Err(StepError::new(ErrorReason::StepTimeout, message))
            }
        };
        outcome.map_err(|error| self.judge(error))
    }

    /// Whatever else goes wrong in a browser that has gone, the reason is that it has gone.
    fn judge(&self, error: StepError) -> StepError {
        if self.browser.is_alive() {
            return error;
        }
        let message = format!("the browser ended by itself: {error}");
        StepError::new(ErrorReason::BrowserCrashed, message)
            .hint("open a new session; if it happens again, look at the machine's memory")
    }

    /// Lifts keys and buttons that a dropped command has left down.
    async fn release_interrupted(&mut self) {
        if std::mem::take(&mut self.interrupted) {
            let frame = self.page.frame().clone();
            let released = self.page.protocol.release(&frame);
            if !matches!(tokio::time::timeout(LOOK_LIMIT, released).await, Ok(Ok(()))) {
                tracing::debug!("keys could not be released after an interrupted command");
            }
        }
    }

    /// A screenshot, if the page can be shown: not while a dialog blocks it.
    async fn shot(&mut self, moment: ScreenshotMoment) -> Option<(ScreenshotMoment, Bytes)> {
        let tab = self.page.tab().clone();
        if !self.browser.is_alive() || self.page.events.read().dialog(&tab).is_some() {
            return None;
        }
        let shot = self.page.protocol.screenshot(&tab, Shot::Viewport);
        match tokio::time::timeout(LOOK_LIMIT, shot).await {
            Ok(Ok(image)) => Some((moment, Bytes::from(image))),
            _ => None,
        }
    }

    async fn report(
        &mut self,
        outcome: Outcome,
        shots: Vec<(ScreenshotMoment, Bytes)>,
    ) -> Execution {
        let (verdict, output) = match outcome {
            Ok(output) => (Verdict::Pass, output),
            Err(StepError::Fail(failure)) => (Verdict::Fail(failure), None),
            Err(StepError::Error(failure)) => (Verdict::Error(failure), None),
        };
        let notes = &mut self.page.notes;
        let mut execution = Execution::new(verdict);
        execution.output = output;
        execution.target = notes.target.take();
        execution.warnings = std::mem::take(&mut notes.warnings);
        execution.screenshots = shots;
        let taken = std::mem::take(&mut notes.shots)
            .into_iter()
            .map(Bytes::from);
        execution
            .screenshots
            .extend(taken.map(|image| (ScreenshotMoment::Command, image)));
        self.report_events(&mut execution);
        execution.url = self.url().await;
        execution
    }

    /// Moves what the page has logged, asked for in vain and downloaded into the report.
    fn report_events(&mut self, execution: &mut Execution) {
        let mut state = self.page.events.read();
        let console = std::mem::take(&mut state.console);
        let network = std::mem::take(&mut state.network);
        if console.len().max(network.len()) > MOST_REPORTED {
            execution.warnings.push(v1::Warning {
                kind: WarningKind::Truncated.into(),
                message: format!(
                    "only the first {MOST_REPORTED} console lines and requests are kept"
                ),
            });
        }
        let lines = console.into_iter().filter(ConsoleLine::is_worth_reporting);
        execution.console = lines.take(MOST_REPORTED).map(console_entry).collect();
        execution.network = network
            .into_iter()
            .take(MOST_REPORTED)
            .map(network_entry)
            .collect();
        let ended = state.downloads.iter().skip(self.reported_downloads);
        let ended: Vec<_> = ended
            .take_while(|download| download.state != DownloadState::Running)
            .cloned()
            .collect();
        self.reported_downloads += ended.len();
        execution.downloads = ended.into_iter().filter_map(local_file).collect();
    }

    /// The page's address, from events where there are any.
    async fn url(&mut self) -> String {
        let tab = self.page.tab().clone();
        if let Some(url) = self
            .page
            .events
            .read()
            .frames
            .get(&tab)
            .map(|info| info.url.clone())
        {
            return url;
        }
        match tokio::time::timeout(LOOK_LIMIT, self.page.ask(&tab, &json!({ "page": "url" }))).await
        {
            Ok(Ok(answer)) => answer["data"]["value"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            _ => String::new(),
        }
    }

    async fn state(&mut self) -> PageState {
        let current = self.page.tab().clone();
        let mut state = PageState {
            frame: self.page.frame_path(),
            ..PageState::default()
        };
        for tab in self.page.protocol.tabs().await.unwrap_or_default() {
            let (url, title) = self.look_at(&tab).await;
            let is_current = tab == current;
            if is_current {
                (state.url, state.title) = (url.clone(), title.clone());
            }
            state.tabs.push(v1::Tab {
                url,
                title,
                current: is_current,
            });
        }
        state
    }

    /// Address and title of a tab. A tab that a dialog blocks has only its address.
    async fn look_at(&self, tab: &crate::protocol::FrameId) -> (String, String) {
        let (known, blocked) = {
            let state = self.page.events.read();
            let known = state.frames.get(tab).map(|info| info.url.clone());
            (known.unwrap_or_default(), state.dialog(tab).is_some())
        };
        if blocked {
            return (known, String::new());
        }
        let request = json!({ "page": "state" });
        let asked = tokio::time::timeout(LOOK_LIMIT, self.page.ask(tab, &request)).await;
        let answer = asked.ok().and_then(|answer| answer.ok());
        let text = |name: &str| {
            let value = answer.as_ref().map(|answer| &answer["data"][name]);
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let url = text("url");
        (if url.is_empty() { known } else { url }, text("title"))
    }
}

fn console_entry(line: ConsoleLine) -> v1::ConsoleEntry {
    v1::ConsoleEntry {
        level: line.level,
        text: line.text,
        source: line.source,
        time: Some(line.time.into()),
    }
}

fn network_entry(request: FailedRequest) -> v1::NetworkEntry {
    v1::NetworkEntry {
        method: request.method,
        url: request.url,
        status: request.status,
        error: request.error,
        time: Some(request.time.into()),
        duration: prost_types::Duration::try_from(request.duration).ok(),
    }
}

/// The file of a download that has completed.
fn local_file(download: Download) -> Option<LocalFile> {
    match download.state {
        DownloadState::Done(path) => Some(LocalFile {
            path,
            file_name: download.name,
        }),
        DownloadState::Running | DownloadState::Failed => None,
    }
}
