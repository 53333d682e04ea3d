//! A platform that executes whole tests by itself: the trait that it implements.
//!
//! A run there is a run like any other. The engine asks for the test to be deployed and started,
//! follows what comes of it, and writes that into the run's log; where the platform is and how it
//! speaks is behind [`Remote`].

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1;
use futures::stream::BoxStream;

use crate::error::Result;

/// Platforms that execute tests.
#[async_trait]
pub trait Remote: Send + Sync + 'static {
    /// Which platform is meant, by its name, once it is certain that it can execute the test.
    /// Nothing is sent.
    ///
    /// # Errors
    ///
    /// `PLATFORM_NOT_CONFIGURED`; `COMMAND_UNSUPPORTED` and other refusals, with their places.
    fn check(&self, test: &RemoteTest) -> Result<String>;

    /// Deploys a test. Done again, it changes nothing; dropping it leaves what a repetition goes on
    /// from.
    ///
    /// # Errors
    ///
    /// What the platform says.
    async fn deploy(&self, test: &RemoteTest) -> Result<Deployed>;

    /// Starts an execution of a deployed test and returns its name, `executions/{id}`. It is never
    /// repeated.
    ///
    /// # Errors
    ///
    /// `PLATFORM_OUTCOME_UNKNOWN`: it may have started. With any other reason it has not.
    async fn start(
        &self,
        test: &RemoteTest,
        deployed: &Deployed,
        variables: Vec<(String, String)>,
    ) -> Result<String>;

    /// What comes of an execution: everything from its beginning, each step once, then its end,
    /// which is the last item. An error ends the stream; it can be followed again.
    fn follow(
        &self,
        platform: &str,
        execution: &RemoteExecution,
    ) -> BoxStream<'static, Result<Progress>>;

    /// A picture of a step, as PNG.
    ///
    /// # Errors
    ///
    /// It cannot be fetched.
    async fn picture(&self, platform: &str, address: &str) -> Result<Bytes>;

    /// Ends an execution early.
    ///
    /// # Errors
    ///
    /// It goes on: `NOT_IMPLEMENTED` on a platform that has no method for it.
    async fn cancel(&self, platform: &str, execution: &RemoteExecution) -> Result<()>;
}

/// A test to be executed by a platform.
#[derive(Debug, Clone)]
pub struct RemoteTest {
    /// Where.
    pub platform: v1::PlatformRun,
    /// The test, without its data rows.
    pub test: v1::Test,
    /// Headers of the pages' requests.
    pub http_headers: BTreeMap<String, String>,
}

/// A test that is on a platform.
pub struct Deployed {
    /// The journey, for people: `journeys/{id}`.
    pub journey: String,
    /// What the platform has to know to start it and to understand its results.
    pub memo: Vec<u8>,
    /// Kept until it has been started, so that no other run changes the journey before.
    pub turn: Box<dyn std::any::Any + Send + Sync>,
}

/// An execution, as it is kept with its run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteExecution {
    /// `executions/{id}`.
    pub name: String,
    /// What [`Deployed`] had.
    pub memo: Vec<u8>,
}

/// Something that has come of an execution.
#[derive(Debug, Clone)]
pub enum Progress {
    /// A step has ended.
    Step(Box<RemoteStep>),
    /// It has ended.
    Ended(RemoteEnd),
}

/// A step that has ended.
#[derive(Debug, Clone)]
pub struct RemoteStep {
    /// Where it stands in the test; row and attempt are the run's to say.
    pub path: v1::StepPath,
    /// Where it stands in the blocks around it.
    pub within: Vec<v1::BlockPosition>,
    /// What came of it. Its text is the run's to say.
    pub result: v1::StepResult,
    /// Its pictures and their addresses.
    pub pictures: Vec<(v1::ScreenshotMoment, String)>,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteEnd {
    /// What the platform says of all steps together.
    pub outcome: v1::Outcome,
    /// Why it ended before its end, or why it is not understood.
    pub failure: Option<v1::Failure>,
}
