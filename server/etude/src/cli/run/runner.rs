//! Runs tests and follows their events.

use std::collections::{BTreeMap, VecDeque};

use etude::v1::{
    BrowserOptions, CreateRunRequest, PlatformRun, RunEvent, RunSpec, ScreenshotPolicy, TestConfig,
    WindowMode,
};
use etude::{Client, RunStream};
use etude_language::ResolvedEnvironment;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::super::interrupt::Interrupt;
use super::super::output::note;
use super::super::problem::Problem;
use super::plan::Planned;
use super::printer::Printer;
use super::selection::FILE_LABEL;
use super::tally::Tally;
use super::uploads::Uploads;
use super::{HowArgs, Screenshots, environment};

/// Creates runs, a bounded number at the same time.
pub(super) struct Runner<'a> {
    client: &'a Client,
    how: &'a HowArgs,
    environment: Option<ResolvedEnvironment>,
    /// What executes the tests; `None`: browsers of the server.
    platform: Option<PlatformRun>,
    /// Headers of the pages' requests.
    headers: BTreeMap<String, String>,
}

/// A run that is followed: its place in the list, and its events.
type Followed = (usize, RunStream, Option<etude::Result<RunEvent>>);

impl<'a> Runner<'a> {
    pub(super) fn new(
        client: &'a Client,
        how: &'a HowArgs,
        environment: Option<ResolvedEnvironment>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            client,
            how,
            environment,
            platform: how.platform.to_run()?,
            headers: how.headers.read()?,
        })
    }

    /// Runs all tests; a signal cancels those that run and leaves out the others.
    pub(super) async fn run(
        &self,
        mut tests: Vec<Planned>,
        printer: &mut Printer,
        interrupt: &mut Interrupt,
    ) -> Result<Vec<Tally>, Problem> {
        // All of them first: a file that is missing is told before anything has run. A platform has no
        // place for files, and says so of each step.
        let mut uploads = Uploads::new(self.client, &self.how.upload_folders);
        for planned in tests.iter_mut().filter(|_| self.platform.is_none()) {
            uploads.replace(planned).await?;
        }
        if self.platform.is_some() {
            self.check(&tests).await?;
        }
        let mut tallies: Vec<Tally> = tests
            .iter()
            .map(|planned| Tally::new(planned.file.clone(), planned.test.clone()))
            .collect();
        let work = self.follow_all(tests, &mut tallies, printer);
        tokio::select! {
            done = work => {
                if let Err(problem) = done {
                    if problem.is_unreachable() {
                        return Err(lost(problem, &tallies));
                    }
                    // What is the matter is known; the runs that go on are of no use any more.
                    let _ = self.cancel(&mut tallies).await;
                    return Err(problem);
                }
                return Ok(tallies);
            }
            () = interrupt.wait() => note("cancelling; again to stop at once"),
        }
        interrupt.unless_again(self.cancel(&mut tallies)).await?;
        Ok(tallies)
    }

    /// Asks whether the platform can hold the tests, all of them before any is executed; every one that
    /// it cannot is told.
    async fn check(&self, tests: &[Planned]) -> Result<(), Problem> {
        let mut wrong = 0;
        for planned in tests {
            let request = CreateRunRequest {
                spec: Some(self.spec(planned.clone())),
                validate_only: true,
                ..Default::default()
            };
            let Err(error) = self.client.call(request).await else {
                continue;
            };
            if error.is_transient() {
                return Err(error.into());
            }
            wrong += 1;
            Problem::from(error).of(&planned.file).print();
        }
        match wrong {
            0 => Ok(()),
            1 => Err(Problem::bad_input(
                "one test cannot be executed there; none was",
            )),
            count => {
                let message = format!("{count} tests cannot be executed there; none was");
                Err(Problem::bad_input(message))
            }
        }
    }

    async fn follow_all(
        &self,
        tests: Vec<Planned>,
        tallies: &mut [Tally],
        printer: &mut Printer,
    ) -> Result<(), Problem> {
        let mut waiting: VecDeque<_> = tests.into_iter().enumerate().collect();
        let mut followed = FuturesUnordered::new();
        loop {
            while followed.len() < usize::from(self.how.parallel)
                && let Some((index, planned)) = waiting.pop_front()
            {
                let run = self.client.create_run(self.spec(planned)).await?;
                let events = self.client.watch_run(&run.name, 0);
                tallies[index].begin(run);
                followed.push(next(index, events));
            }
            let Some((index, events, event)) = followed.next().await else {
                return Ok(());
            };
            let tally = &mut tallies[index];
            match event {
                Some(event) => {
                    let event = event?;
                    tally.add(&event);
                    printer.event(tally, &event)?;
                    followed.push(next(index, events));
                }
                None => tally.finish(self.client.run(events.run()).await?),
            }
        }
    }

    /// Ends every run that has begun and not finished.
    async fn cancel(&self, tallies: &mut [Tally]) -> Result<(), Problem> {
        for tally in tallies {
            if tally.is_running() {
                let run = self.client.cancel_run(tally.run_name()).await?;
                tally.finish(run);
            }
        }
        Ok(())
    }

    fn spec(&self, planned: Planned) -> RunSpec {
        let screenshots = match self.how.screenshots {
            None => ScreenshotPolicy::Unspecified,
            Some(Screenshots::Never) => ScreenshotPolicy::Never,
            Some(Screenshots::OnFailure) => ScreenshotPolicy::OnFailure,
            Some(Screenshots::EveryStep) => ScreenshotPolicy::EveryStep,
        };
        let browser = self.how.headed.then(|| BrowserOptions {
            window_mode: WindowMode::Headed.into(),
            ..Default::default()
        });
        let named = self.environment.as_ref();
        let base_url = self.how.base_url(named).to_owned();
        let env = environment::used_by(&planned.test, &base_url);
        let mut spec = RunSpec::from(planned.test);
        spec.env = env;
        spec.http_headers.clone_from(&self.headers);
        spec.environment = named.map(|named| named.environment.clone());
        spec.base_url = base_url;
        spec.platform.clone_from(&self.platform);
        spec.variables = self.how.variables.iter().cloned().map(Into::into).collect();
        spec.labels = self.how.labels.iter().cloned().collect();
        spec.labels
            .entry(FILE_LABEL.to_owned())
            .or_insert(planned.file);
        spec.parallelism = u32::from(self.how.parallel);
        spec.config = Some(TestConfig {
            screenshots: screenshots.into(),
            browser,
            ..Default::default()
        });
        spec
    }
}

/// The problem of a server that was lost, with what it had begun.
fn lost(problem: Problem, tallies: &[Tally]) -> Problem {
    let has_ended = |tally: &&Tally| tally.run().is_some() && !tally.is_running();
    let ended = tallies.iter().filter(has_ended).count();
    let counted = format!("{ended} of {} tests had ended", tallies.len());
    let begun = tallies.iter().filter(|tally| tally.is_running());
    begun.fold(problem.with_detail(counted), |problem, tally| {
        let name = tally.run_name();
        problem.with_detail(format!(
            "{}: {} steps had ended in {name}, which goes on when the server is back: `etude watch \
             {name}`",
            tally.file,
            tally.steps_done()
        ))
    })
}

async fn next(index: usize, mut events: RunStream) -> Followed {
    let event = events.next().await;
    (index, events, event)
}

#[cfg(test)]
mod tests {
    use etude::v1::{Run, Test};

    use super::*;

    #[test]
    fn a_lost_server_is_told_with_the_runs_that_go_on_there() {
        let mut begun = Tally::new("a.yaml".to_owned(), Test::default());
        begun.begin(Run {
            name: "runs/7".to_owned(),
            ..Run::default()
        });
        let waiting = Tally::new("b.yaml".to_owned(), Test::default());
        let problem = lost(Problem::could_not_run("gone"), &[begun, waiting]);
        let told = problem.details().join("\n");
        for part in [
            "0 of 2 tests had ended",
            "a.yaml: 0 steps",
            "`etude watch runs/7`",
        ] {
            assert!(told.contains(part), "{told}");
        }
        assert!(!told.contains("b.yaml"), "{told}");
    }
}
