//! A platform that does what the hint of a click says:
//!
//! - `fail…`, `error…`: the outcome; after an error nothing is reached
//! - `block…`: waits until [`FakeRemote::release`]
//! - `mute…`: it says nothing of the step
//! - `flaky…`: ends FAIL in the first execution
//! - anything else passes
//!
//! It outlives the server, as a platform does.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1::{self, ErrorReason, Outcome, StepPath, TestPart, command::Action};
use etude_engine::error::failure;
use etude_engine::remote::{
    Deployed, Progress, Remote, RemoteEnd, RemoteExecution, RemoteStep, RemoteTest,
};
use etude_engine::{Error, Result};
use futures::stream::{self, BoxStream, StreamExt};
use parking_lot::Mutex;
use tokio::sync::watch;

/// A scripted platform; its clones are the same.
#[derive(Clone, Default)]
pub struct FakeRemote(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    released: watch::Sender<bool>,
    cancelled: watch::Sender<Vec<String>>,
}

/// What it is told to do.
#[derive(Default)]
pub struct Script {
    /// `deploy` never returns.
    pub hangs_in_deploy: bool,
    /// `start` starts and never returns.
    pub hangs_in_start: bool,
    /// `start` fails.
    pub refuses: Option<Error>,
    /// `cancel` fails.
    pub cannot_cancel: bool,
    /// After so many steps the connection is lost, once.
    pub breaks_after: Option<usize>,
    /// So many executions end because its server stopped.
    pub breaks_off: usize,
    /// What it says of an execution when all steps have ended, instead of the truth.
    pub says: Option<RemoteEnd>,
}

#[derive(Default)]
struct State {
    script: Script,
    executions: Vec<RemoteTest>,
    variables: Vec<Vec<(String, String)>>,
    deploys: usize,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            released: watch::Sender::new(false),
            cancelled: watch::Sender::new(Vec::new()),
        }
    }
}

impl FakeRemote {
    pub fn new(script: Script) -> Self {
        let remote = Self::default();
        remote.0.state.lock().script = script;
        remote
    }

    pub fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.0.state.lock().script);
    }

    pub fn release(&self) {
        self.0.released.send_replace(true);
    }

    /// How many executions it has started.
    pub fn started(&self) -> usize {
        self.0.state.lock().executions.len()
    }

    pub fn deploys(&self) -> usize {
        self.0.state.lock().deploys
    }

    /// What each execution was given.
    pub fn variables(&self) -> Vec<BTreeMap<String, String>> {
        let state = self.0.state.lock();
        let given = state.variables.iter();
        given
            .map(|values| values.iter().cloned().collect())
            .collect()
    }

    pub fn cancelled(&self) -> Vec<String> {
        self.0.cancelled.borrow().clone()
    }
}

#[async_trait]
impl Remote for FakeRemote {
    fn check(&self, test: &RemoteTest) -> Result<String> {
        match test.platform.platform.as_str() {
            "virtuoso" => Err(Error::new(ErrorReason::PlatformNotConfigured, "no token")),
            _ => Ok("local".to_owned()),
        }
    }

    async fn deploy(&self, _: &RemoteTest) -> Result<Deployed> {
        self.0.state.lock().deploys += 1;
        if self.0.state.lock().script.hangs_in_deploy {
            std::future::pending::<()>().await;
        }
        Ok(Deployed {
            journey: "journeys/1".to_owned(),
            memo: b"memo".to_vec(),
            turn: Box::new(()),
        })
    }

    async fn start(
        &self,
        test: &RemoteTest,
        deployed: &Deployed,
        variables: Vec<(String, String)>,
    ) -> Result<String> {
        assert_eq!(deployed.memo, b"memo");
        let name = {
            let mut state = self.0.state.lock();
            if let Some(error) = &state.script.refuses {
                return Err(error.clone());
            }
            state.executions.push(test.clone());
            state.variables.push(variables);
            format!("executions/{}", state.executions.len())
        };
        if self.0.state.lock().script.hangs_in_start {
            std::future::pending::<()>().await;
        }
        Ok(name)
    }

    fn follow(
        &self,
        platform: &str,
        execution: &RemoteExecution,
    ) -> BoxStream<'static, Result<Progress>> {
        assert_eq!(
            (platform, execution.memo.as_slice()),
            ("local", &b"memo"[..])
        );
        let number: usize = execution.name.replace("executions/", "").parse().unwrap();
        let steps = self.results(number);
        let follow = Follow {
            remote: self.clone(),
            name: execution.name.clone(),
            steps,
            at: 0,
            ended: false,
        };
        stream::unfold(follow, Follow::next).boxed()
    }

    async fn picture(&self, _: &str, address: &str) -> Result<Bytes> {
        match address {
            "missing" => Err(Error::new(
                ErrorReason::PlatformNotFound,
                "there is no picture",
            )),
            address => Ok(Bytes::from(address.to_owned())),
        }
    }

    async fn cancel(&self, _: &str, execution: &RemoteExecution) -> Result<()> {
        if self.0.state.lock().script.cannot_cancel {
            let message = "the platform has no method for it";
            return Err(Error::new(ErrorReason::NotImplemented, message));
        }
        self.0
            .cancelled
            .send_modify(|all| all.push(execution.name.clone()));
        Ok(())
    }
}

impl FakeRemote {
    /// What comes of the steps of an execution, in order.
    fn results(&self, number: usize) -> Vec<(String, RemoteStep)> {
        let test = self.0.state.lock().executions[number - 1].test.clone();
        let mut all = Vec::new();
        let mut add = |part: TestPart, checkpoint: u32, steps: &[v1::Step]| {
            for (step, typed) in (1..).zip(steps) {
                let path = StepPath {
                    part: part.into(),
                    checkpoint,
                    step,
                    ..StepPath::default()
                };
                for (within, hint) in hints(&test, typed) {
                    all.push((hint, path, within));
                }
            }
        };
        add(TestPart::Setup, 0, &test.setup);
        for (checkpoint, part) in (1..).zip(&test.checkpoints) {
            add(TestPart::Checkpoint, checkpoint, &part.steps);
        }
        add(TestPart::Teardown, 0, &test.teardown);
        let mut stopped = false;
        let results = all.into_iter().map(|(hint, path, within)| {
            let outcome = outcome(&hint, number).filter(|_| !stopped);
            let outcome = outcome.unwrap_or(Outcome::NotReached);
            stopped |= outcome == Outcome::Error;
            (hint, result(path, within, outcome))
        });
        results.collect()
    }

    fn end(&self, steps: &[(String, RemoteStep)]) -> RemoteEnd {
        let has = |wanted| steps.iter().any(|(_, s)| s.result.outcome() == wanted);
        let outcome = match (has(Outcome::Error), has(Outcome::Fail)) {
            (true, _) => Outcome::Error,
            (_, true) => Outcome::Fail,
            _ => Outcome::Pass,
        };
        let mut state = self.0.state.lock();
        if let Some(left) = state.script.breaks_off.checked_sub(1) {
            state.script.breaks_off = left;
            return RemoteEnd {
                outcome: Outcome::Error,
                failure: Some(failure(ErrorReason::ServerRestarted, "its server stopped")),
            };
        }
        state.script.says.clone().unwrap_or(RemoteEnd {
            outcome,
            failure: None,
        })
    }
}

fn outcome(hint: &str, execution: usize) -> Option<Outcome> {
    Some(match hint.split(' ').next()? {
        "fail" => Outcome::Fail,
        "flaky" if execution == 1 => Outcome::Fail,
        "error" => Outcome::Error,
        _ => Outcome::Pass,
    })
}

fn result(path: StepPath, within: Vec<v1::BlockPosition>, outcome: Outcome) -> RemoteStep {
    let failure = match outcome {
        Outcome::Fail => Some(failure(ErrorReason::AssertionFailed, "it does not hold")),
        Outcome::Error => Some(failure(ErrorReason::TargetNotFound, "nothing matches")),
        _ => None,
    };
    RemoteStep {
        path,
        within,
        result: v1::StepResult {
            outcome: outcome.into(),
            failure,
            ..v1::StepResult::default()
        },
        pictures: vec![(v1::ScreenshotMoment::After, "a picture".to_owned())],
    }
}

/// The hints of a step, or of the steps of the definition that it uses.
fn hints(test: &v1::Test, step: &v1::Step) -> Vec<(Vec<v1::BlockPosition>, String)> {
    let used = match step.block.as_ref().and_then(|block| block.kind.as_ref()) {
        Some(v1::block::Kind::UseBlock(used)) => &used.block,
        _ => return vec![(Vec::new(), hint(step))],
    };
    let definition = test.definitions.iter().find(|one| one.name == *used);
    let steps = (1..).zip(&definition.unwrap().steps);
    let position = |step| v1::BlockPosition {
        section: v1::BlockSection::Used.into(),
        step,
        ..v1::BlockPosition::default()
    };
    steps
        .map(|(number, step)| (vec![position(number)], hint(step)))
        .collect()
}

fn hint(step: &v1::Step) -> String {
    match step.command.as_ref().and_then(|c| c.action.as_ref()) {
        Some(Action::Click(click)) => match click.target.as_ref().and_then(|t| t.locator.clone()) {
            Some(v1::target::Locator::Hint(hint)) => hint,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// A follower's place in an execution.
struct Follow {
    remote: FakeRemote,
    name: String,
    steps: Vec<(String, RemoteStep)>,
    at: usize,
    ended: bool,
}

impl Follow {
    async fn next(mut self) -> Option<(Result<Progress>, Self)> {
        if self.ended {
            return None;
        }
        if self.breaks() {
            self.ended = true;
            let error = Error::new(ErrorReason::PlatformUnavailable, "the connection is lost");
            return Some((Err(error), self));
        }
        while let Some((hint, step)) = self.steps.get(self.at).cloned() {
            self.at += 1;
            if hint.starts_with("block") && !self.is_released().await {
                break;
            }
            if !hint.starts_with("mute") {
                return Some((Ok(Progress::Step(Box::new(step))), self));
            }
        }
        self.ended = true;
        let end = match self.is_cancelled() {
            false => self.remote.end(&self.steps),
            true => RemoteEnd {
                outcome: Outcome::NotReached,
                failure: Some(failure(ErrorReason::PlatformExecutionEnded, "cancelled")),
            },
        };
        Some((Ok(Progress::Ended(end)), self))
    }

    /// Whether the connection is lost here.
    fn breaks(&self) -> bool {
        let mut state = self.remote.0.state.lock();
        let breaks = state.script.breaks_after == Some(self.at);
        if breaks {
            state.script.breaks_after = None;
        }
        breaks
    }

    /// Waits until steps may go on; false: it was cancelled.
    async fn is_released(&self) -> bool {
        let mut released = self.remote.0.released.subscribe();
        let mut cancelled = self.remote.0.cancelled.subscribe();
        tokio::select! {
            _ = released.wait_for(|released| *released) => true,
            _ = cancelled.wait_for(|all| all.contains(&self.name)) => false,
        }
    }

    fn is_cancelled(&self) -> bool {
        self.remote.0.cancelled.borrow().contains(&self.name)
    }
}
