//! Carries a plan out.
//!
//! The project, the goal and the journey come one after another. The checkpoints are made at once,
//! put into the journey one after another, and get their steps as soon as they stand there: the steps
//! of one checkpoint one after another, because each is inserted at a place, those of different
//! checkpoints at once. Every answer is compared with what was sent, and in the end the whole journey
//! is read back.

mod checkpoints;
mod steps;

use etude::v1::{self, ErrorReason};
use etude_engine::{Error, Result};
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use super::desired::Desired;
use super::failure::{Made, unfinished};
use super::observed::{Observed, changed_meanwhile};
use super::plan::{self, JourneyPlan, Plan, TablePlan};
use super::{Deployed, Deployment, Event, diff};
use crate::calls;
use crate::calls::goals::NewGoal;
use crate::calls::journeys::NewJourney;
use crate::client::Client;
use crate::model::Journey;
use crate::resources::names::name;
use crate::resources::{goals, journeys};

/// A plan that is being carried out.
pub(crate) struct Applying<'a, F> {
    client: &'a Client,
    deployment: &'a Deployment,
    desired: &'a Desired,
    there: &'a Observed,
    plan: &'a Plan,
    on: &'a F,
    made: Mutex<Made>,
}

impl<'a, F: Fn(Event) + Send + Sync> Applying<'a, F> {
    pub(crate) fn new(
        client: &'a Client,
        deployment: &'a Deployment,
        desired: &'a Desired,
        there: &'a Observed,
        plan: &'a Plan,
        on: &'a F,
    ) -> Self {
        let made = Made {
            left: plan.changes.iter().map(|(_, calls)| *calls).collect(),
            total: plan.total(),
            ..Made::default()
        };
        Self {
            client,
            deployment,
            desired,
            there,
            plan,
            on,
            made: Mutex::new(made),
        }
    }

    /// Makes all changes. `making` is the turn to make projects and goals.
    pub(crate) async fn run(&self, making: Option<OwnedMutexGuard<()>>) -> Result<Deployed> {
        let deployed = self.all(making).await;
        deployed.map_err(|error| unfinished(error, &self.made.lock()))
    }

    async fn all(&self, making: Option<OwnedMutexGuard<()>>) -> Result<Deployed> {
        let project = self.project().await?;
        let (goal, snapshot) = self.goal(project).await?;
        let mut turn = None;
        if self.plan.goal.is_some() {
            turn = Some(self.client.turn_on_goal(goal).await);
        }
        drop(making);
        let table = self.table(project).await?;
        let journey = self.journey(goal, snapshot, table).await?;
        self.parts(&journey).await?;
        let journey = self.client.call(calls::journeys::get(journey.id)).await?;
        let parts = self.verified(&journey, table)?;
        drop(turn);
        Ok(Deployed {
            project,
            goal,
            snapshot,
            journey: journey.id,
            data_table: journey.data_table_id.filter(|id| *id > 0),
            parts,
            changes: self.made.lock().done,
        })
    }

    /// A call of a change was made and read back.
    fn did(&self, change: usize, name: &str) {
        let mut made = self.made.lock();
        made.left[change] = made.left[change].saturating_sub(1);
        if made.left[change] > 0 {
            return;
        }
        made.done += 1;
        made.last.clone_from(&self.plan.changes[change].0.path);
        let progress = v1::DeployProgress {
            change: u32::try_from(change + 1).unwrap_or(u32::MAX),
            name: name.to_owned(),
            done: made.done,
            total: made.total,
        };
        drop(made);
        (self.on)(Event::Progress(progress));
    }

    async fn project(&self) -> Result<i64> {
        let Some(change) = self.plan.project else {
            return Ok(self.there.project.as_ref().map_or(0, |one| one.id));
        };
        let organization = self.client.organization().await?;
        let title = &self.deployment.project;
        let made = self.client.create_project(organization, title, "").await?;
        self.did(change, &name("projects", made.id));
        Ok(made.id)
    }

    /// The goal and its newest snapshot.
    async fn goal(&self, project: i64) -> Result<(i64, i64)> {
        let Some(change) = self.plan.goal else {
            let goal = self.there.goal.as_ref().map_or(0, |one| one.id);
            return Ok((goal, self.there.snapshot));
        };
        let new = NewGoal {
            project,
            name: self.deployment.goal.clone(),
            url: self.plan.goal_url.clone(),
            environment: None,
            size: self.desired.size.clone(),
            first_journey: matches!(self.plan.journey, JourneyPlan::WithGoal { .. }),
        };
        let made = self.client.create_goal(&new).await?;
        let snapshot = goals::head(self.client, made.id).await?;
        self.did(change, &name("goals", made.id));
        Ok((made.id, snapshot))
    }

    // === The journey ===

    /// The journey as it is, under its title and with its table and tags.
    async fn journey(&self, goal: i64, snapshot: i64, table: Option<i64>) -> Result<Journey> {
        let (id, is_new) = match self.plan.journey {
            JourneyPlan::Keep(id) => (id, false),
            JourneyPlan::Rename { id, change } => (self.rename(id, change).await?, false),
            JourneyPlan::WithGoal { change } => {
                let all = journeys::all(self.client, goal, Some(snapshot)).await?;
                let first = all.first().map(|status| status.journey.id);
                let first = first.ok_or_else(|| {
                    self.client
                        .incomplete("the journey that it makes with a goal")
                })?;
                (self.rename(first, change).await?, false)
            }
            JourneyPlan::Create { change } => {
                (self.create(goal, snapshot, table, change).await?, true)
            }
            JourneyPlan::Replace { old, change } => {
                match self.client.call(calls::journeys::delete(old)).await {
                    Err(error) if error.reason != ErrorReason::PlatformNotFound => {
                        return Err(error);
                    }
                    _ => (self.create(goal, snapshot, table, change).await?, true),
                }
            }
        };
        let mut journey = self.client.call(calls::journeys::get(id)).await?;
        if !is_new && self.settings(&journey, table).await? {
            journey = self.client.call(calls::journeys::get(id)).await?;
        }
        Ok(journey)
    }

    async fn rename(&self, id: i64, change: usize) -> Result<i64> {
        let call = calls::journeys::rename(id, &self.plan.title);
        self.client.call(call).await?;
        self.did(change, &name("journeys", id));
        Ok(id)
    }

    async fn create(
        &self,
        goal: i64,
        snapshot: i64,
        table: Option<i64>,
        change: usize,
    ) -> Result<i64> {
        let new = NewJourney {
            goal,
            snapshot,
            title: self.plan.title.clone(),
            draft: false,
            tags: self.desired.tags.clone(),
            table,
        };
        let made = self.client.create_journey(&new).await?;
        self.did(change, &name("journeys", made.id));
        Ok(made.id)
    }

    /// Gives a journey that was there its tags and table; whether something was changed.
    async fn settings(&self, journey: &Journey, table: Option<i64>) -> Result<bool> {
        let bind = table.is_some() && journey.data_table_id != table;
        if bind {
            let call = calls::journeys::set_table(journey.id, table);
            self.client.call(call).await?;
        }
        if let Some(change) = self.plan.tags {
            let call = calls::journeys::set_tags(journey.id, &self.desired.tags);
            self.client.call(call).await?;
            self.did(change, &name("journeys", journey.id));
        }
        Ok(bind || self.plan.tags.is_some())
    }

    // === Data ===

    /// The table that the journey is to be bound to.
    async fn table(&self, project: i64) -> Result<Option<i64>> {
        let Some(wanted) = &self.desired.table else {
            let there = self.there.table.as_ref().map(|(id, _)| *id);
            return Ok(there.filter(|_| self.deployment.leave_data));
        };
        let (id, change) = match self.plan.table {
            TablePlan::Leave => return Ok(None),
            TablePlan::Keep(id) => return Ok(Some(id)),
            TablePlan::Set { id, change } => {
                super::table::set(self.client, id, wanted).await?;
                (id, change)
            }
            TablePlan::Create { change } => {
                let title = &self.plan.title;
                (
                    super::table::make(self.client, project, title, wanted).await?,
                    change,
                )
            }
        };
        self.did(change, &name("testDataTables", id));
        Ok(Some(id))
    }

    // === The end ===

    /// Compares the journey with what was asked for, and finds the steps' ids.
    fn verified(&self, journey: &Journey, table: Option<i64>) -> Result<Vec<super::DeployedPart>> {
        let cases = journey.cases.iter().flatten();
        let cases: Vec<_> = cases.filter(|case| !case.steps.is_empty()).collect();
        if cases.len() != self.desired.parts.len() || journey.title != self.plan.title {
            return Err(changed_meanwhile(&name("journeys", journey.id)));
        }
        let sorted = |tags: &[String]| {
            let mut tags = tags.to_vec();
            tags.sort();
            tags
        };
        let not_taken = |what: &str| {
            let message = format!(
                "the platform has not taken the {what} of journeys/{}; set them there",
                journey.id
            );
            Error::new(ErrorReason::PlatformRefused, message)
        };
        if sorted(&journey.tags) != sorted(&self.desired.tags) {
            return Err(not_taken("tags"));
        }
        if table.is_some() && journey.data_table_id != table {
            return Err(not_taken("test data"));
        }
        let mut parts = Vec::with_capacity(cases.len());
        for (part, case) in self.desired.parts.iter().zip(cases) {
            if !diff::is_same(&case.steps, &part.steps) {
                return Err(changed_meanwhile(&plan::resource(case)));
            }
            parts.push(plan::deployed(part, case, &case.steps));
        }
        Ok(parts)
    }
}
