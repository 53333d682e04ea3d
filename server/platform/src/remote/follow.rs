//! Reads how an execution stands, again and again, and tells what is new.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use etude::v1::{ErrorReason, Failure, Outcome};
use etude_engine::Result;
use etude_engine::error::failure;
use etude_engine::remote::{Progress, RemoteEnd, RemoteExecution, RemoteStep};

use super::memo::{Memo, Place};
use super::results;
use crate::calls;
use crate::client::{Client, Looks};
use crate::model::{Execution, StepResult, SuiteResult};
use crate::resources::executions::outcome;
use crate::resources::names;

/// How often an execution is read again that has ended and lacks results.
const SECOND_LOOKS: u32 = 3;

/// How long it is waited before each of these, at most: results that are late come soon.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// A follower's place in an execution.
pub(super) struct Follow {
    client: Client,
    looks: Looks,
    name: String,
    id: i64,
    journey: i64,
    places: HashMap<i64, Vec<Place>>,
    /// The steps whose results were told.
    told: HashSet<i64>,
    /// What is to be told.
    queue: VecDeque<Progress>,
    looks_left: u32,
    is_over: bool,
    is_first: bool,
}

impl Follow {
    pub(super) fn new(client: Client, execution: &RemoteExecution) -> Result<Self> {
        let memo = Memo::read(&execution.memo)?;
        Ok(Self {
            id: names::id("execution", "executions", &execution.name)?,
            name: execution.name.clone(),
            looks: client.looks(),
            client,
            journey: memo.journey,
            places: memo.places(),
            told: HashSet::new(),
            queue: VecDeque::new(),
            looks_left: SECOND_LOOKS,
            is_over: false,
            is_first: true,
        })
    }

    /// What is next to be told; `None`: nothing more.
    pub(super) async fn next(mut self) -> Option<(Result<Progress>, Self)> {
        loop {
            if let Some(next) = self.queue.pop_front() {
                return Some((Ok(next), self));
            }
            if self.is_over {
                return None;
            }
            if !std::mem::take(&mut self.is_first) {
                match self.looks_left {
                    SECOND_LOOKS => self.looks.due().await,
                    _ => self.looks.due_within(SECOND_LOOK).await,
                }
            }
            match self.client.call(calls::executions::get(self.id)).await {
                Ok(execution) => self.look(&execution),
                Err(error) => {
                    self.is_over = true;
                    return Some((Err(error), self));
                }
            }
        }
    }

    /// Notes what is new.
    fn look(&mut self, execution: &Execution) {
        let has_ended = matches!(
            execution.status.as_str(),
            "FINISHED" | "CANCELED" | "CANCELLED" | "FAILED"
        );
        let none = SuiteResult::default();
        let suites = execution.test_suites.as_ref();
        let suite = suites.and_then(|suites| suites.get(&self.journey));
        let suite = suite.unwrap_or(&none);
        let steps = steps_of(suite);
        self.tell_steps(&steps, has_ended);
        if !has_ended {
            return;
        }
        let may_be_late = execution.status == "FINISHED" && self.lacks_results(&steps);
        if may_be_late && self.looks_left > 0 {
            self.looks_left -= 1;
            return;
        }
        self.is_over = true;
        self.queue.push_back(Progress::Ended(RemoteEnd {
            outcome: outcome(execution.outcome.as_deref()),
            failure: self.why_not_understood(execution, suite, &steps),
        }));
    }

    fn tell_steps(&mut self, steps: &[(i64, &StepResult)], has_ended: bool) {
        for (id, result) in steps {
            let Some(places) = self.places.get(id) else {
                continue;
            };
            let Some(translated) = results::step(result, has_ended) else {
                continue;
            };
            if !self.told.insert(*id) {
                continue;
            }
            for place in places {
                self.queue.push_back(Progress::Step(Box::new(RemoteStep {
                    path: place.path,
                    within: place.within.clone(),
                    result: translated.clone(),
                    pictures: results::pictures(result),
                })));
            }
        }
    }

    /// Whether results are missing although nothing says that they should be.
    fn lacks_results(&self, steps: &[(i64, &StepResult)]) -> bool {
        let stopped = steps
            .iter()
            .any(|(_, result)| outcome(result.outcome.as_deref()) == Outcome::Error);
        !stopped && self.told.len() < self.places.len()
    }

    /// Why an execution did not come to its end, or is not understood although it did.
    fn why_not_understood(
        &self,
        execution: &Execution,
        suite: &SuiteResult,
        steps: &[(i64, &StepResult)],
    ) -> Option<Failure> {
        let name = &self.name;
        let ended = |what: String| Some(failure(ErrorReason::PlatformExecutionEnded, what));
        let unclear = |what: String| Some(failure(ErrorReason::PlatformBadResponse, what));
        match execution.status.as_str() {
            "FINISHED" => {}
            "FAILED" => return Some(results::broken(name, execution.output.as_ref())),
            _ => return ended(format!("somebody cancelled {name} on the platform")),
        }
        let rows = suite.journey_statistics.total_count;
        if rows > 1 {
            return unclear(format!(
                "{name} executed {rows} rows of a table, and the platform tells the steps of one"
            ));
        }
        let strange = steps.iter().find(|(id, result)| {
            let outcome = outcome(result.outcome.as_deref());
            let is_good = matches!(outcome, Outcome::Pass | Outcome::Skip | Outcome::NotReached);
            !is_good && !self.places.contains_key(id)
        });
        strange.and_then(|(id, result)| {
            let word = result.outcome.as_deref().unwrap_or("nothing");
            unclear(format!(
                "the platform says {word} of steps/{id} in {name}, which is no step of the test; \
                 somebody has changed the journey"
            ))
        })
    }
}

/// The results of a journey's steps, in the order in which they were made.
fn steps_of(suite: &SuiteResult) -> Vec<(i64, &StepResult)> {
    let cases = suite.test_cases.values();
    let cases = cases.chain(suite.library_checkpoints.values());
    let steps = cases.flat_map(|case| &case.test_steps);
    let mut steps: Vec<_> = steps.map(|(id, result)| (*id, result)).collect();
    steps.sort_by_key(|(_, result)| result.id);
    steps
}
