//! One data row on a platform: deployed, started, followed to its end, told.

use std::time::Duration;

use bytes::Bytes;
use etude::v1::{
    ArtifactKind, ErrorReason, Failure, LogLevel, Outcome, RowFinished, RowStarted, RunLogged,
    ScreenshotMoment, ScreenshotPolicy, StepResult, Warning, WarningKind, run_event::Payload,
};
use tokio::time::timeout;

use super::Rows;
use super::follow::Ended;
use super::given::Values;
use super::told::ToldRow;
use super::walk::{End, Walk};
use crate::error::{Error, Result, failure};
use crate::executor::shown;
use crate::remote::{RemoteExecution, RemoteStep};
use crate::runs::context::{RunContext, may_begin_again};
use crate::runs::interrupt::Cause;
use crate::runs::log::event;
use crate::runs::row::RowEnd;
use crate::store::{NewArtifact, NewEvent, RunUpdate};

/// The longest that fetching one picture may take.
const PICTURE_LIMIT: Duration = Duration::from_secs(20);

/// What became of a row.
pub(super) enum Way {
    /// It ended.
    Ended {
        end: RowEnd,
        /// Whether the rows behind it are executed.
        goes_on: bool,
    },
    /// It was cancelled before it began.
    NotBegun,
    /// The server is shut down; it goes on after the next start.
    Left,
    /// The platform's server stopped, and the run's config says that it begins again.
    BrokenOff,
}

/// What became of starting a row.
enum Start {
    /// It is executed.
    Made(RemoteExecution),
    /// The platform does not execute it.
    Refused(Failure),
    Cancelled,
    /// The server is shut down.
    Left,
}

/// A row that is brought to its end.
pub(super) struct RowRun<'a> {
    pub(super) rows: &'a Rows<'a>,
    number: u32,
    values: Values,
    pub(super) walk: Walk<'a>,
}

impl<'a> RowRun<'a> {
    pub(super) fn new(rows: &'a Rows<'a>, number: u32, values: Values, told: ToldRow) -> Self {
        Self {
            walk: Walk::new(rows.run, number, told),
            rows,
            number,
            values,
        }
    }

    /// Brings the row to its end: starts it, or follows it where it is, again and again while it does not pass and
    /// retries are left.
    pub(super) async fn complete(mut self, execution: Option<RemoteExecution>) -> Result<Way> {
        let mut known = execution;
        loop {
            let start = match known.take() {
                Some(execution) => Start::Made(execution),
                None => self.begin().await?,
            };
            let (ended, goes_on) = match start {
                Start::Made(execution) => match self.follow(&execution).await? {
                    Some(ended) if self.begins_again(&ended) => return Ok(Way::BrokenOff),
                    Some(ended) => (ended, true),
                    None => return Ok(Way::Left),
                },
                Start::Refused(failure) => (Ended::cut(failure), false),
                Start::Cancelled => return Ok(Way::NotBegun),
                Start::Left => return Ok(Way::Left),
            };
            let (end, again) = self.finish(ended).await?;
            if !again {
                return Ok(Way::Ended { end, goes_on });
            }
        }
    }

    // === Its beginning ===

    /// Deploys the test and starts it.
    async fn begin(&mut self) -> Result<Start> {
        let Rows {
            run, remote, test, ..
        } = *self.rows;
        let deployed = tokio::select! {
            biased;
            () = run.interrupt.thrown() => return Ok(not_begun(run)),
            deployed = remote.deploy(test) => deployed,
        };
        let deployed = match deployed {
            Ok(deployed) => deployed,
            Err(error) => return self.refused(&error).await,
        };
        let message = format!(
            "deployed as {} of the platform {}, and is started there",
            deployed.journey, test.platform.platform
        );
        self.append(vec![self.logged(LogLevel::Info, message)])
            .await?;
        // Not given up, whatever happens meanwhile: what has been started has to be known.
        let started = remote.start(test, &deployed, self.values.clone()).await;
        match started {
            Ok(name) => {
                let memo = deployed.memo;
                let execution = RemoteExecution { name, memo };
                self.say_begun(Some(&execution)).await?;
                Ok(Start::Made(execution))
            }
            Err(error) => self.refused(&error).await,
        }
    }

    /// The row begins and comes to nothing.
    async fn refused(&mut self, error: &Error) -> Result<Start> {
        self.say_begun(None).await?;
        let mut failure = error.to_failure();
        self.rows.mask.scrub(&mut failure.message);
        Ok(Start::Refused(failure))
    }

    /// Says that the row has begun; from here on it is followed and never started again.
    async fn say_begun(&mut self, execution: Option<&RemoteExecution>) -> Result<()> {
        let run = self.rows.run;
        let attempt = self.walk.told.attempt + 1;
        self.walk.told.begin(attempt);
        let platform = &self.rows.test.platform.platform;
        let started = event(Payload::RowStarted(RowStarted {
            row: self.number,
            name: run.row_name(self.number),
            attempt,
            browser: execution.map_or_else(String::new, |execution| {
                format!("{} on the platform {platform}", execution.name)
            }),
        }));
        let update = RunUpdate {
            execution: execution.cloned(),
            ..RunUpdate::default()
        };
        run.log.append(vec![started], update).await
    }

    // === What is told ===

    /// Takes over what has come of a step, with its pictures.
    pub(super) async fn take(&mut self, mut step: RemoteStep) {
        if !self.walk.is_news(&step) {
            return;
        }
        let wanted = self.wanted_pictures(&step);
        for (moment, address) in std::mem::take(&mut step.pictures) {
            if wanted(moment) {
                self.keep_picture(&mut step.result, moment, &address).await;
            }
        }
        if !self.rows.mask.is_empty() {
            shown::scrub(&mut step.result, self.rows.mask);
        }
        self.walk.add(step);
    }

    fn wanted_pictures(&self, step: &RemoteStep) -> impl Fn(ScreenshotMoment) -> bool + use<> {
        let failed = matches!(step.result.outcome(), Outcome::Fail | Outcome::Error);
        let policy = self.rows.run.config.screenshots();
        move |moment| match policy {
            ScreenshotPolicy::Never => false,
            ScreenshotPolicy::EveryStep => true,
            ScreenshotPolicy::Unspecified | ScreenshotPolicy::OnFailure => {
                failed && moment == ScreenshotMoment::After
            }
        }
    }

    async fn keep_picture(&self, result: &mut StepResult, moment: ScreenshotMoment, address: &str) {
        match self.picture(moment, address).await {
            Ok(artifact) => result.screenshots.push(etude::v1::Screenshot {
                artifact,
                moment: moment.into(),
            }),
            Err(error) => result.warnings.push(Warning {
                kind: WarningKind::ArtifactLost.into(),
                message: format!("the screenshot could not be kept: {}", error.message),
            }),
        }
    }

    /// Fetches and keeps a picture; returns its name.
    async fn picture(&self, moment: ScreenshotMoment, address: &str) -> Result<String> {
        let Rows { remote, test, .. } = *self.rows;
        let fetch = remote.picture(&test.platform.platform, address);
        let late = |_| Error::new(ErrorReason::PlatformTimeout, "it did not arrive in time");
        let content: Bytes = timeout(PICTURE_LIMIT, fetch).await.map_err(late)??;
        let number = self.walk.steps() + 1;
        let artifact = NewArtifact {
            parent: self.rows.run.run.name.clone(),
            file_name: match moment {
                ScreenshotMoment::Before => format!("step-{number}-before.png"),
                _ => format!("step-{number}-after.png"),
            },
            kind: ArtifactKind::Screenshot,
            media_type: "image/png".to_owned(),
            ..NewArtifact::default()
        };
        let kept = self.rows.services.store.put_artifact(artifact, content);
        Ok(kept.await?.name)
    }

    /// Tells what can be told.
    pub(super) async fn tell(&mut self) -> Result<()> {
        let (events, _) = self.walk.go();
        self.append(events).await
    }

    /// Something worth telling of the row.
    pub(super) fn logged(&self, level: LogLevel, message: String) -> NewEvent {
        event(Payload::RunLogged(RunLogged {
            level: level.into(),
            message,
            row: self.number,
        }))
    }

    pub(super) async fn append(&self, events: Vec<NewEvent>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let log = &self.rows.run.log;
        log.append(events, RunUpdate::default()).await
    }

    // === Its end ===

    /// Whether the run begins again because the platform's server stopped, as a run does in a browser
    /// here when this one does.
    fn begins_again(&self, ended: &Ended) -> bool {
        let run = self.rows.run;
        let failure = ended.failure.as_ref();
        failure.is_some_and(|failure| failure.reason == ErrorReason::ServerRestarted.name())
            && run.interrupt.cause().is_none()
            && may_begin_again(&run.config, run.run.attempt, || true)
    }

    /// Tells what is left, and whether the row is executed again.
    async fn finish(&mut self, ended: Ended) -> Result<(RowEnd, bool)> {
        let run = self.rows.run;
        self.walk.end(ended.end);
        let (mut events, outcome) = self.walk.go();
        let mut outcome = outcome.unwrap_or(Outcome::NotReached);
        let unexplained = || unexplained(outcome, ended.outcome?);
        let failure = ended.failure.or_else(|| self.walk.missing.take());
        let failure = failure.or_else(unexplained);
        let interrupted = matches!(run.interrupt.cause(), Some(Cause::Cancelled));
        if failure.is_some() {
            outcome = Outcome::Error;
        }
        let told = &self.walk.told;
        let attempts_left = told.attempt - told.given_up <= run.config.retries;
        let spoiled = matches!(outcome, Outcome::Fail | Outcome::Error);
        // What is not understood is not tried again: it may be executed still.
        let again = spoiled && failure.is_none() && attempts_left && !interrupted;
        events.push(event(Payload::RowFinished(RowFinished {
            row: self.number,
            outcome: outcome.into(),
            attempt: told.attempt,
            will_retry: again,
            failure: failure.clone(),
            name: run.row_name(self.number),
        })));
        let update = RunUpdate {
            statistics: (!again).then(|| run.advance(&told.counts())),
            ..RunUpdate::default()
        };
        run.log.append(events, update).await?;
        if again {
            let told = self.walk.told.clone();
            self.walk = Walk::new(run, self.number, told);
        }
        let end = RowEnd {
            row: self.number,
            outcome,
            failure,
            interrupted,
        };
        Ok((end, again))
    }
}

fn not_begun(run: &RunContext) -> Start {
    match run.interrupt.cause() {
        Some(Cause::Cancelled) => Start::Cancelled,
        _ => Start::Left,
    }
}

/// Why a row has not passed although all its steps have: the platform says something else of them
/// together.
fn unexplained(of_steps: Outcome, of_all: Outcome) -> Option<Failure> {
    let good = |outcome| matches!(outcome, Outcome::Pass | Outcome::Skip);
    if !good(of_steps) || good(of_all) {
        return None;
    }
    let word = match of_all {
        Outcome::Unspecified => "nothing that is understood",
        other => other.as_str_name().trim_start_matches("OUTCOME_"),
    };
    let message = format!(
        "the platform says {word} of the whole execution, and no result of a step says why"
    );
    Some(failure(ErrorReason::PlatformBadResponse, message))
}

/// End of a row that went through all steps, or did not.
impl Ended {
    /// It did not come to its end, for a cause outside its steps.
    pub(super) fn cut(failure: Failure) -> Self {
        Self {
            end: End::Cut(failure.clone()),
            outcome: None,
            failure: Some(failure),
        }
    }
}
