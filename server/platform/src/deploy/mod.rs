//! Tests to the platform.
//!
//! What a test asks for (`desired`) and what is there (`observed`) make a plan (`plan`), without any
//! call; `apply` carries it out. A test's parts become checkpoints of one journey:
//!
//! | of the test | on the platform |
//! |---|---|
//! | `starting_url` | the checkpoint that opens the address, which the platform makes with a goal |
//! | `setup`, `teardown` | checkpoints titled `Setup` and `Teardown` |
//! | a checkpoint | a checkpoint; `titles` says how it is called |
//! | a step | a step; `use` and `include` are written out |
//! | `variables`, `data` | a table of test data that the journey is bound to |
//! | `tags` | the journey's tags |
//!
//! Nothing is kept of a deployment beside what is on the platform: a second call sees what is there,
//! whether it was interrupted, finished or edited by a person, and does what is left to do.

mod apply;
mod blank;
mod desired;
mod diff;
mod edits;
mod failure;
mod observed;
mod parts;
mod plan;
pub(crate) mod raw;
mod service;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod titles;

use etude::v1;
use etude_engine::{Error, Result};

use crate::client::Client;
use apply::Applying;
use desired::Desired;
use observed::{Observed, Place};
pub(crate) use observed::{bound_table, opens, read_table};
pub use service::{DeployStream, deploy_test};
pub use table::Table;

/// A test, and where it goes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployment {
    /// The test, which has been checked.
    pub test: v1::Test,
    /// Display name of the project, or `projects/{id}`.
    pub project: String,
    /// Display name of the goal, or `goals/{id}`.
    pub goal: String,
    /// The address of a goal that has to be made. Empty: one of the test's.
    pub goal_url: String,
    /// Display name of the journey, or `journeys/{id}`. Empty: the test's name.
    pub journey: String,
    /// Only make the plan.
    pub validate_only: bool,
    /// Change checkpoints although other journeys share them.
    pub edit_shared: bool,
    /// Delete the journey and make it again where a checkpoint has to leave it.
    pub replace_journey: bool,
    /// Leave the test's variables and data rows, and the journey's table, out of it.
    pub leave_data: bool,
    /// The fingerprint of the plan that may be carried out. Empty: any.
    pub expected_plan: String,
}

/// What is told while a test is deployed.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// What will be done. Told once, before anything is done.
    Plan(v1::DeployPlan),
    /// A change was made and read back.
    Progress(v1::DeployProgress),
}

/// What a test has become. With `validate_only`, ids of what is not there are 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployed {
    /// The project's id.
    pub project: i64,
    /// The goal's id.
    pub goal: i64,
    /// The id of the goal's newest snapshot.
    pub snapshot: i64,
    /// The journey's id.
    pub journey: i64,
    /// The id of the table that the journey is bound to.
    pub data_table: Option<i64>,
    /// The parts of the test, in order.
    pub parts: Vec<DeployedPart>,
    /// How many changes were made.
    pub changes: u32,
}

/// A part of a test, which is a checkpoint on the platform.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeployedPart {
    /// Which part. The starting URL is a part of its own, and belongs to the setup.
    pub part: v1::TestPart,
    /// The checkpoint's number within the test, from 1; 0 for setup and teardown.
    pub checkpoint: u32,
    /// The checkpoint's id, or the library checkpoint's.
    pub case_id: i64,
    /// Whether it is one of the library.
    pub library: bool,
    /// The checkpoint's title.
    pub title: String,
    /// Its steps, in order.
    pub steps: Vec<DeployedStep>,
}

/// A step of a test on the platform.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeployedStep {
    /// Its number within its part, as `StepPath.step` has it.
    pub number: u32,
    /// Where it stands within the blocks around it.
    pub within: Vec<v1::BlockPosition>,
    /// The step's id.
    pub id: i64,
    /// Its UUID, which is the same in all snapshots.
    pub canonical_id: String,
}

/// A place in a list, as the platform counts.
fn place(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

/// Whether the platform can hold a test. Makes no call.
///
/// # Errors
///
/// INVALID_REQUEST: names that are blank; COMMAND_UNSUPPORTED: all that it cannot hold, as diagnostics
/// with their places.
pub fn check(deployment: &Deployment) -> Result<()> {
    Desired::of(deployment).map(drop)
}

/// Brings a test to the platform. Two calls for one goal take turns. Dropping the future leaves what
/// was made until then, and another call goes on with it.
///
/// # Errors
///
/// Those of [`check`], before any call; DEPLOY_CONFLICT, before anything is made;
/// PLATFORM_CONFLICT: the plan is not the expected one, or another client changed the journey
/// meanwhile; those of [`Client::call`], with what was made and what is missing.
pub async fn deploy(
    client: &Client,
    deployment: &Deployment,
    on: impl Fn(Event) + Send + Sync,
) -> Result<Deployed> {
    let desired = Desired::of(deployment)?;
    let client = &client.fresh();
    let mut place = Place::of(client, deployment).await?;
    let mut turn = None;
    let mut making = None;
    if !deployment.validate_only {
        if place.goal.is_none() {
            // Whoever makes projects and goals does it alone, so that none is made twice.
            making = Some(client.turn_to_make().await);
            place = Place::of(client, deployment).await?;
        }
        if let Some(goal) = &place.goal {
            drop(making.take());
            turn = Some(client.turn_on_goal(goal.id).await);
        }
    }
    let observed = Observed::at(place, client, deployment, &desired).await?;
    let plan = plan::plan(deployment, &desired, &observed)?;
    let message = plan.message();
    on(Event::Plan(message.clone()));
    if !deployment.expected_plan.is_empty() && deployment.expected_plan != message.fingerprint {
        let what = "the platform has changed since the plan was made: what would be done now is \
                    another; look at the new plan";
        return Err(Error::new(v1::ErrorReason::PlatformConflict, what));
    }
    if deployment.validate_only {
        return Ok(plan.as_it_is(&desired, &observed));
    }
    let applying = Applying::new(client, deployment, &desired, &observed, &plan, &on);
    let deployed = applying.run(making).await;
    drop(turn);
    deployed
}
