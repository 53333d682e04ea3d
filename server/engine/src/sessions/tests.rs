mod authoring;
mod commands;
mod ending;
mod life;
mod watching;

use etude::v1::{CommandContext, CreateSessionRequest, command::Action};
use etude::validate::Validated;

use super::*;
use crate::testing::{Act, FakeBackend, MemoryStore, click, pass, secret_variable, variable};

/// Sessions of a fake backend.
struct Bench {
    store: Arc<MemoryStore>,
    backend: FakeBackend,
    sessions: Sessions,
}

impl Bench {
    fn new(backend: &FakeBackend) -> Self {
        Self::with(backend, SessionsOptions::default())
    }

    fn with(backend: &FakeBackend, options: SessionsOptions) -> Self {
        Self::with_author(backend, None, options)
    }

    fn with_author(
        backend: &FakeBackend,
        author: Option<Arc<dyn Backend>>,
        options: SessionsOptions,
    ) -> Self {
        let store = MemoryStore::new();
        let executor = crate::testing::executor(&store, &[("PASSWORD", "c4n4ry")]);
        let double = Arc::new(backend.clone());
        Self {
            sessions: Sessions::new(options, double, author, executor, store.clone()),
            store,
            backend: backend.clone(),
        }
    }

    /// Opens a session; its name.
    async fn open(&self) -> String {
        self.create(CreateSessionRequest::default())
            .await
            .unwrap()
            .name
    }

    async fn create(&self, request: CreateSessionRequest) -> Result<v1::Session> {
        self.sessions.create(request).await
    }

    async fn run(&self, session: &str, command: impl Into<v1::Command>) -> Result<StepResult> {
        self.sessions
            .execute(context(session), valid(command))
            .await
    }

    /// Runs a command in a task of its own.
    fn spawn(
        &self,
        session: &str,
        command: impl Into<v1::Command>,
    ) -> tokio::task::JoinHandle<Result<StepResult>> {
        let sessions = self.sessions.clone();
        let (context, command) = (context(session), valid(command));
        tokio::spawn(async move { sessions.execute(context, command).await })
    }

    /// The reason with which the session ended.
    async fn end_reason(&self, session: &str) -> String {
        self.sessions.get(session).await.unwrap().end_reason
    }
}

fn valid(command: impl Into<v1::Command>) -> Validated<v1::Command> {
    Validated::new(command.into()).unwrap()
}

fn context(session: &str) -> CommandContext {
    CommandContext {
        session: session.to_owned(),
        ..CommandContext::default()
    }
}

/// A backend on which a click takes a second, hanging on what is called `Hang`, and all else
/// passes at once.
fn slow() -> FakeBackend {
    FakeBackend::new(|command, _| match &command.action {
        Some(Action::Click(click)) if hint(click) == "Hang" => Act::Hang,
        Some(Action::Click(click)) if hint(click) == "Crash" => Act::Crash,
        Some(Action::Click(_)) => Act::After(Duration::from_secs(1), pass()),
        _ => Act::Reply(pass()),
    })
}

fn hint(click: &v1::Click) -> &str {
    match click
        .target
        .as_ref()
        .and_then(|target| target.locator.as_ref())
    {
        Some(v1::target::Locator::Hint(hint)) => hint,
        _ => "",
    }
}

fn reason<T: std::fmt::Debug>(result: Result<T>) -> ErrorReason {
    result.unwrap_err().reason
}

/// Lets every other task come to rest.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}
