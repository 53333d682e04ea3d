//! Calls that make something new. When the answer to one is lost, what was made is looked for
//! among what was not there before: what has the same name and was there may be another's.

use std::collections::HashSet;

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};

use super::Client;
use super::settle::Found;
use crate::calls::journeys::Attached;
use crate::calls::{
    ApiRequest, checkpoints, environments, goals, journeys, projects, scripts, steps,
};
use crate::codec;
use crate::model::{
    Checkpoint, Environment, Goal, Journey, ParsedStep, Project, Script, Step, StepAdded, envelope,
};

impl Client {
    /// Creates a project. Names are unique in an organization.
    ///
    /// # Errors
    ///
    /// As [`Client::call`]; PLATFORM_ALREADY_EXISTS: the name is taken.
    pub async fn create_project(
        &self,
        organization: i64,
        name: &str,
        description: &str,
    ) -> Result<Project> {
        let list = || projects::list(organization);
        let listed = self.fresh().call(list()).await?;
        let twin = listed.iter().find(|one| one.name == name);
        let twin = twin.map(|one| format!("projects/{}", one.id));
        let before = ids(listed, |one: &Project| one.id);
        let call = projects::create(organization, name, description);
        let request = call.request.clone();
        let find = |list: Vec<Project>| {
            let mine = |one: &Project| one.name == name && !before.contains(&one.id);
            Found::only(list.into_iter().filter(mine))
        };
        let made = self.settled(call, list, find).await;
        let project = made.map_err(|error| taken(error, twin))?;
        with_id(project.id, &request).map(|()| project)
    }

    /// Creates a goal.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn create_goal(&self, goal: &goals::NewGoal) -> Result<Goal> {
        let list = || goals::list(goal.project);
        let before = ids(self.fresh().call(list()).await?, |goal: &Goal| goal.id);
        let call = goals::create(goal);
        let request = call.request.clone();
        let find = |list: Vec<Goal>| {
            let mine = |one: &Goal| one.name == goal.name && !before.contains(&one.id);
            Found::only(list.into_iter().filter(mine))
        };
        let made = self.settled(call, list, find).await?;
        with_id(made.id, &request).map(|()| made)
    }

    /// Creates a journey in a snapshot.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn create_journey(&self, new: &journeys::NewJourney) -> Result<Journey> {
        let list = || journeys::list(new.goal, new.snapshot);
        let before = ids(self.fresh().call(list()).await?, |one| one.journey.id);
        let call = journeys::create(new);
        let request = call.request.clone();
        let find = |list: Vec<crate::model::JourneyStatus>| {
            let journeys = list.into_iter().map(|status| status.journey);
            let mine = |one: &Journey| one.title == new.title && !before.contains(&one.id);
            Found::only(journeys.filter(mine))
        };
        let made = self.settled(call, list, find).await?;
        with_id(made.id, &request).map(|()| made)
    }

    /// Creates a checkpoint in a snapshot. Titles are unique in a goal.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn create_checkpoint(
        &self,
        goal: i64,
        snapshot: i64,
        title: &str,
    ) -> Result<Checkpoint> {
        let list = || goals::checkpoints(goal);
        let before = self.fresh().call(list()).await?.checkpoints;
        let twin = before.iter().find(|(_, one)| one.title == title);
        let twin = twin.map(|(id, _)| format!("checkpoints/{id}"));
        let call = checkpoints::create(goal, snapshot, title);
        let request = call.request.clone();
        let find = |all: crate::model::Checkpoints| {
            let mine = all.checkpoints.into_iter();
            let mine = mine.filter(|(id, one)| one.title == title && !before.contains_key(id));
            Found::only(mine.map(|(id, one)| Checkpoint {
                id,
                goal_id: Some(goal),
                snapshot_id: Some(snapshot),
                name: one.name,
                title: one.title,
                ..Checkpoint::default()
            }))
        };
        let made = self.settled(call, list, find).await;
        let made = made.map_err(|error| taken(error, twin))?;
        with_id(made.id, &request).map(|()| made)
    }

    /// Creates an environment without variables.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn create_environment(
        &self,
        environment: &environments::NewEnvironment,
    ) -> Result<Environment> {
        let list = || environments::list(environment.project);
        let before = self.fresh().call(list()).await?;
        let before = ids(environments_in(before), |one| one.id);
        let call = environments::create(environment);
        let request = call.request.clone();
        let find = |list: environments::Environments| {
            let mine =
                |one: &Environment| one.name == environment.name && !before.contains(&one.id);
            Found::only(environments_in(list).into_iter().filter(mine))
        };
        let made = self.settled(call, list, find).await?;
        with_id(made.id, &request).map(|()| made)
    }

    /// Creates an extension in a project.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn create_script(&self, project: i64, script: &Script) -> Result<Script> {
        let list = || scripts::list(project);
        let before = ids(self.fresh().call(list()).await?, |one: &Script| one.id);
        let call = scripts::create(script)
            .map_err(|error| Error::internal(format!("an extension is no JSON: {error}")))?;
        let request = call.request.clone();
        let find = |list: Vec<Script>| {
            let mine = |one: &Script| one.name == script.name && !before.contains(&one.id);
            Found::only(list.into_iter().filter(mine))
        };
        let made = self.settled(call, list, find).await?;
        with_id(made.id, &request).map(|()| made)
    }

    /// Puts a checkpoint into a journey at a position, from 2.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn attach(&self, journey: i64, what: Attached, position: i32) -> Result<()> {
        // One of the library may stand there several times: what counts is one more.
        let before = match what {
            Attached::Checkpoint(_) => 0,
            Attached::Library(_) => {
                let journey = self.fresh().call(journeys::get(journey)).await?;
                times(&journey, what)
            }
        };
        let find = |journey: Journey| match times(&journey, what) > before {
            true => Found::This(Box::new(())),
            false => Found::Nothing,
        };
        let call = journeys::attach(journey, what, position);
        self.settled(call, || journeys::get(journey), find).await
    }

    /// Inserts a step into a checkpoint at an index, from 0. Steps of one checkpoint are added one
    /// after the other, in the order of the calls. Clients elsewhere do not disturb this, unless
    /// one adds the very same step while the answer to this one is lost.
    ///
    /// # Errors
    ///
    /// As [`Client::call`]; PLATFORM_STEP_REFUSED: the platform does not take such a step.
    pub async fn create_step(
        &self,
        checkpoint: i64,
        index: i32,
        step: &ParsedStep,
    ) -> Result<StepAdded> {
        let mut known = self.shared.baselines.lock(checkpoint).await;
        // Taken out: a call that is given up on its way leaves nothing that may be wrong.
        let before = match known.take() {
            Some(before) => before,
            None => self.steps_of(checkpoint).await?,
        };
        let call = steps::create(checkpoint, index, step);
        let request = call.request.clone();
        let find = |seen: Checkpoint| Found::only(new_twins(step, &before, &seen));
        let look = || checkpoints::get(checkpoint);
        let added = self.settled(call, look, find).await?;
        with_id(added.test_step.id, &request)?;
        let seen = added.checkpoint.iter().flat_map(|seen| &seen.steps);
        let mut steps: HashSet<i64> = seen.map(|step| step.id).collect();
        if steps.is_empty() {
            steps = before;
        }
        steps.insert(added.test_step.id);
        *known = Some(steps);
        Ok(added)
    }

    /// Removes a step from a checkpoint.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub(crate) async fn delete_step(&self, checkpoint: i64, step: i64) -> Result<()> {
        let mut known = self.shared.baselines.lock(checkpoint).await;
        // Taken out, as in `create_step`.
        let before = known.take();
        self.call(checkpoints::delete_step(checkpoint, step))
            .await?;
        *known = before.map(|mut steps| {
            steps.remove(&step);
            steps
        });
        Ok(())
    }

    /// How many steps a checkpoint has. When it is known to have as many as are `enough`, the platform
    /// is not asked.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub(crate) async fn count_steps(&self, checkpoint: i64, enough: usize) -> Result<usize> {
        let mut known = self.shared.baselines.lock(checkpoint).await;
        if let Some(steps) = known.as_ref().filter(|steps| steps.len() >= enough) {
            return Ok(steps.len());
        }
        let steps = self.steps_of(checkpoint).await?;
        let count = steps.len();
        *known = Some(steps);
        Ok(count)
    }

    /// The steps that the checkpoint has now.
    async fn steps_of(&self, checkpoint: i64) -> Result<HashSet<i64>> {
        let seen = self.fresh().call(checkpoints::get(checkpoint)).await?;
        Ok(ids(seen.steps, |step: &Step| step.id))
    }
}

/// The error of a name that is taken, with what has it.
fn taken(error: Error, twin: Option<String>) -> Error {
    match (error.reason, twin) {
        (ErrorReason::PlatformAlreadyExists, Some(name)) => Error {
            message: format!("{}; it is {name}", error.message),
            ..error
        }
        .resource(name),
        _ => error,
    }
}

/// The steps that were not there before and say what was sent.
fn new_twins(sent: &ParsedStep, before: &HashSet<i64>, seen: &Checkpoint) -> Vec<StepAdded> {
    let new = |step: &&Step| !before.contains(&step.id) && codec::is_stored_as(sent, step);
    let added = |step: &Step| StepAdded {
        test_step: step.clone(),
        checkpoint: Some(seen.clone()),
        ..StepAdded::default()
    };
    seen.steps.iter().filter(new).map(added).collect()
}

fn ids<T>(items: Vec<T>, id: impl Fn(&T) -> i64) -> HashSet<i64> {
    items.iter().map(id).collect()
}

/// Environments that cannot be read are none of ours.
fn environments_in(list: environments::Environments) -> Vec<Environment> {
    let items = envelope::entries(list.environments).into_iter();
    items
        .filter_map(|item| serde_json::from_value(item).ok())
        .collect()
}

/// How often it stands in the journey.
fn times(journey: &Journey, what: Attached) -> usize {
    let cases = journey.cases.iter().flatten();
    let same = |case: &&Checkpoint| match what {
        Attached::Checkpoint(id) => case.id == id && case.library_checkpoint_id.is_none(),
        Attached::Library(id) => case.library_checkpoint_id == Some(id),
    };
    cases.filter(same).count()
}

/// A success without an id is none: no id is ever made up.
fn with_id(id: i64, request: &ApiRequest) -> Result<()> {
    if id > 0 {
        return Ok(());
    }
    let message = format!(
        "the platform's answer to {} {} has no id; look whether it was made before you repeat it",
        request.method, request.path
    );
    Err(Error::new(ErrorReason::PlatformBadResponse, message))
}
