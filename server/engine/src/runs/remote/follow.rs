//! Follows a row's execution: through lost connections, to its end or that of the run.

use std::time::Duration;

use etude::v1::{ErrorReason, Failure, LogLevel, Outcome};
use futures::StreamExt as _;
use futures::stream::{BoxStream, ReadyChunks};
use tokio::time::{Instant, sleep, sleep_until};

use super::row::RowRun;
use super::walk::End;
use crate::error::{Error, Result, failure};
use crate::remote::{Progress, RemoteEnd, RemoteExecution};
use crate::runs::interrupt::Cause;

/// Steps that are taken over at once.
const CHUNK: usize = 100;

/// Before a lost connection is tried again; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The longest that the end of an execution is waited for once it has been cancelled.
const LAST_WORDS: Duration = Duration::from_secs(8);

/// How a row ended.
pub(super) struct Ended {
    pub(super) end: End,
    /// What the platform says of all steps together.
    pub(super) outcome: Option<Outcome>,
    /// Why the row ends ERROR, when the cause lies outside its steps.
    pub(super) failure: Option<Failure>,
}

type Items = ReadyChunks<BoxStream<'static, Result<Progress>>>;

/// Why an execution is not followed to its own end.
struct Cut {
    why: Failure,
    /// Until when its end is waited for.
    until: Instant,
    /// Whether the row ends ERROR for it.
    is_error: bool,
}

impl RowRun<'_> {
    /// Follows an execution to its end; `None`: the server is shut down before.
    pub(super) async fn follow(&mut self, execution: &RemoteExecution) -> Result<Option<Ended>> {
        let deadline = Instant::now() + self.rows.run.row_timeout;
        let mut cut: Option<Cut> = None;
        let mut items = self.items(execution);
        let mut pause = FIRST_PAUSE;
        loop {
            let until = cut.as_ref().map_or(deadline, |cut| cut.until);
            let interrupt = &self.rows.run.interrupt;
            let next = tokio::select! {
                biased;
                () = interrupt.thrown(), if cut.is_none() => Next::Interrupted,
                () = sleep_until(until) => Next::TimeIsUp,
                chunk = items.next() => Next::Items(chunk.unwrap_or_default()),
            };
            match next {
                Next::Items(chunk) => match self.take_all(chunk).await? {
                    Taken::All => pause = FIRST_PAUSE,
                    Taken::Ended(end) => return Ok(Some(ended(end, cut))),
                    Taken::Failed(error) if is_final(&error) => {
                        let why = lost(execution, &error);
                        return Ok(Some(cut.map_or_else(|| Ended::cut(why), Cut::ended)));
                    }
                    Taken::Failed(error) => {
                        self.tell_lost(execution, &error, pause).await?;
                        self.wait(pause, cut.is_none()).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                        items = self.items(execution);
                    }
                },
                Next::TimeIsUp if cut.is_some() => break,
                Next::TimeIsUp => cut = Some(self.cut(execution, self.out_of_time(), true).await?),
                Next::Interrupted => match interrupt.cause() {
                    Some(Cause::Cancelled) => {
                        let why = Cause::Cancelled.failure();
                        cut = Some(self.cut(execution, why, false).await?);
                    }
                    _ => return Ok(None),
                },
            }
        }
        let unended = || Ended::cut(self.out_of_time());
        Ok(Some(cut.map_or_else(unended, Cut::ended)))
    }

    fn items(&self, execution: &RemoteExecution) -> Items {
        let platform = &self.rows.test.platform.platform;
        let progress = self.rows.remote.follow(platform, execution);
        progress.ready_chunks(CHUNK)
    }

    /// Takes over what has come, and tells it.
    async fn take_all(&mut self, chunk: Vec<Result<Progress>>) -> Result<Taken> {
        let mut taken = match chunk.is_empty() {
            true => Taken::Failed(ended_silently()),
            false => Taken::All,
        };
        for item in chunk {
            match item {
                Ok(Progress::Step(step)) => self.take(*step).await,
                Ok(Progress::Ended(end)) => taken = Taken::Ended(end),
                Err(error) => taken = Taken::Failed(error),
            }
        }
        self.tell().await?;
        Ok(taken)
    }

    /// Ends an execution early. When it cannot be, the run says so.
    async fn cut(
        &mut self,
        execution: &RemoteExecution,
        mut why: Failure,
        is_error: bool,
    ) -> Result<Cut> {
        let platform = &self.rows.test.platform.platform;
        let mut until = Instant::now();
        match self.rows.remote.cancel(platform, execution).await {
            Ok(()) => until += LAST_WORDS,
            Err(error) => {
                let goes_on = format!("{} goes on: {}", execution.name, error.message);
                why.message = format!("{}, but {goes_on}", why.message);
                self.append(vec![self.logged(LogLevel::Warning, goes_on)])
                    .await?;
            }
        }
        Ok(Cut {
            why,
            until,
            is_error,
        })
    }

    /// Says once that the platform does not answer.
    async fn tell_lost(
        &self,
        execution: &RemoteExecution,
        error: &Error,
        pause: Duration,
    ) -> Result<()> {
        tracing::warn!(execution = execution.name, %error, "the execution cannot be followed, trying again");
        if pause > FIRST_PAUSE {
            return Ok(());
        }
        let message = format!(
            "{} cannot be followed for now: {}",
            execution.name, error.message
        );
        self.append(vec![self.logged(LogLevel::Warning, message)])
            .await
    }

    /// Waits, unless the run is interrupted first and that is news.
    async fn wait(&self, pause: Duration, is_news: bool) {
        tokio::select! {
            () = self.rows.run.interrupt.thrown(), if is_news => {}
            () = sleep(pause) => {}
        }
    }

    fn out_of_time(&self) -> Failure {
        let message = format!(
            "the row took longer than {} s, its timeout",
            self.rows.run.row_timeout.as_secs_f64()
        );
        failure(ErrorReason::RunTimeout, message)
    }
}

enum Next {
    Items(Vec<Result<Progress>>),
    TimeIsUp,
    Interrupted,
}

enum Taken {
    All,
    Ended(RemoteEnd),
    Failed(Error),
}

impl Cut {
    fn ended(self) -> Ended {
        Ended {
            failure: self.is_error.then(|| self.why.clone()),
            end: End::Cut(self.why),
            outcome: None,
        }
    }
}

/// How a row ended whose execution has ended.
fn ended(end: RemoteEnd, cut: Option<Cut>) -> Ended {
    match (cut, end.failure) {
        (Some(cut), _) => cut.ended(),
        (None, Some(failure)) => Ended::cut(failure),
        (None, None) => Ended {
            end: End::Whole,
            outcome: Some(end.outcome),
            failure: None,
        },
    }
}

/// Whether asking again is of no use.
fn is_final(error: &Error) -> bool {
    matches!(
        error.reason,
        ErrorReason::PlatformNotFound
            | ErrorReason::PlatformUnauthenticated
            | ErrorReason::PlatformPermissionDenied
            | ErrorReason::PlatformNotConfigured
            | ErrorReason::PlatformInvalidArgument
    )
}

fn lost(execution: &RemoteExecution, error: &Error) -> Failure {
    let message = format!("{} cannot be followed: {}", execution.name, error.message);
    failure(error.reason, message)
}

fn ended_silently() -> Error {
    let message = "the platform stopped telling of it before its end";
    Error::new(ErrorReason::PlatformBadResponse, message)
}
