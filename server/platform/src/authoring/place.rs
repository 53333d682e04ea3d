//! The checkpoint that a session adds to.

use etude::v1::{self, ErrorReason};
use etude_engine::{Error, Result};

use crate::calls;
use crate::calls::goals::NewGoal;
use crate::calls::journeys::NewJourney;
use crate::client::Client;
use crate::lookup::{find_goal, find_journey, find_project, refuse_resource, single};
use crate::model::{DeviceSize, Journey};
use crate::resources::{self, additions, check_address, checkpoints, goals, journeys, names};

/// The id of a checkpoint that can hold steps.
///
/// # Errors
///
/// `PLATFORM_NOT_FOUND`; `SNAPSHOT_IMMUTABLE`; `CHECKPOINT_NOT_ATTACHED`.
pub(super) async fn existing(client: &Client, name: &str) -> Result<i64> {
    let id = names::id("authoring.name", checkpoints::COLLECTION, name)?;
    additions::taking_steps(&client.fresh(), id).await?;
    Ok(id)
}

/// The id of the checkpoint at the end of a path, created with what leads to it when it is missing.
///
/// # Errors
///
/// `INVALID_REQUEST`: a name cannot be one, or the goal has to be created and the path has no address
/// for it; `PLATFORM_IDENTIFIER_AMBIGUOUS`; `PLATFORM_ALREADY_EXISTS`. All that can be read is checked
/// before anything is created; what was created before an error remains, is named by it, and is found
/// by the next attempt.
pub(super) async fn ensure(client: &Client, path: &v1::CheckpointPath) -> Result<i64> {
    let mut way = Way {
        client: &client.fresh(),
        path,
        made: Vec::new(),
    };
    let reached = way.reach().await;
    reached.map_err(|error| way.left(error.with_fields(|field| format!("authoring.path.{field}"))))
}

/// The way along a path.
struct Way<'a> {
    client: &'a Client,
    path: &'a v1::CheckpointPath,
    /// The names of what was created on it.
    made: Vec<String>,
}

impl Way<'_> {
    async fn reach(&mut self) -> Result<i64> {
        let (client, path) = (self.client, self.path);
        check_names(path)?;
        let project = find_project(client, &path.project).await?;
        let goal = match &project {
            Some(project) => find_goal(client, project.id, &path.goal).await?,
            None => None,
        };
        let (goal, is_new) = match goal {
            Some(goal) => (goal.id, false),
            None => {
                self.check_new_goal()?;
                let project = match project {
                    Some(project) => project.id,
                    None => self.create_project().await?,
                };
                (self.create_goal(project).await?, true)
            }
        };
        let _turn = client.turn_on_goal(goal).await;
        let journey = self.journey(goal, is_new).await?;
        self.checkpoint(&journey).await
    }

    async fn create_project(&mut self) -> Result<i64> {
        let organization = self.client.organization().await?;
        let created = self
            .client
            .create_project(organization, &self.path.project, "");
        let id = created.await?.id;
        self.made.push(names::name("projects", id));
        Ok(id)
    }

    /// What a new goal needs, and a new journey in it.
    fn check_new_goal(&self) -> Result<()> {
        let path = self.path;
        refuse_resource("goal", &path.goal)?;
        refuse_resource("journey", &path.journey)?;
        if path.url.is_empty() {
            let message = format!(
                "is required: there is no goal `{}`, and a new one needs the address to start at",
                path.goal
            );
            return Err(Error::invalid("url", "required", message));
        }
        check_address("url", &path.url)
    }

    async fn create_goal(&mut self, project: i64) -> Result<i64> {
        let goal = NewGoal {
            project,
            name: self.path.goal.clone(),
            url: self.path.url.clone(),
            environment: None,
            size: DeviceSize::default(),
            first_journey: true,
        };
        let id = self.client.create_goal(&goal).await?.id;
        self.made.push(names::name("goals", id));
        Ok(id)
    }

    /// The journey of the path. Of a new goal it is the one that the platform has made with it.
    async fn journey(&mut self, goal: i64, is_new: bool) -> Result<Journey> {
        let (client, name) = (self.client, &self.path.journey);
        let all = journeys::all(client, goal, None).await?;
        let first = all.first().filter(|_| is_new);
        let id = match (find_journey(&all, name)?, first) {
            (Some(id), _) => id,
            (None, Some(first)) => {
                let id = first.journey.id;
                client.call(calls::journeys::rename(id, name)).await?;
                id
            }
            (None, None) => self.create_journey(goal).await?,
        };
        client.call(calls::journeys::get(id)).await
    }

    async fn create_journey(&mut self, goal: i64) -> Result<i64> {
        refuse_resource("journey", &self.path.journey)?;
        self.refuse_taken(goal).await?;
        let new = NewJourney {
            goal,
            snapshot: goals::head(self.client, goal).await?,
            title: self.path.journey.clone(),
            ..NewJourney::default()
        };
        let id = self.client.create_journey(&new).await?.id;
        self.made.push(names::name("journeys", id));
        Ok(id)
    }

    /// Refuses a title that a checkpoint of the goal has already: a new journey cannot have another one
    /// of it.
    async fn refuse_taken(&self, goal: i64) -> Result<()> {
        let title = &self.path.checkpoint;
        let all = self.client.call(calls::goals::checkpoints(goal)).await?;
        let mut all = all.checkpoints.iter();
        let Some((id, _)) = all.find(|(_, one)| one.title == *title) else {
            return Ok(());
        };
        let taken = names::name(checkpoints::COLLECTION, *id);
        let message = format!(
            "{taken} of the goal is called `{title}` already, and titles are unique in a goal; create \
             the journey and put it in with AttachCheckpoint, or choose another title"
        );
        Err(Error::new(ErrorReason::PlatformAlreadyExists, message).resource(taken))
    }

    async fn checkpoint(&self, journey: &Journey) -> Result<i64> {
        let title = &self.path.checkpoint;
        let cases = journey.cases.iter().flatten();
        let found =
            cases.filter(|case| case.title == *title && case.library_checkpoint_id.is_none());
        match single("checkpoint", title, found.map(|case| case.id))? {
            Some(id) => Ok(id),
            None => {
                let created = checkpoints::create_in(self.client, journey, title, 0);
                Ok(created.await?.0)
            }
        }
    }

    /// The error with what was created before it.
    fn left(&self, error: Error) -> Error {
        if self.made.is_empty() {
            return error;
        }
        let made = self.made.join(", ");
        let message = format!(
            "{}; {made} had been created by then and stay: the same request goes on from there",
            error.message
        );
        Error { message, ..error }.with("created", made)
    }
}

/// Refuses names that are blank, all of them, and the resource name of a checkpoint.
fn check_names(path: &v1::CheckpointPath) -> Result<()> {
    let names = [
        ("project", &path.project),
        ("goal", &path.goal),
        ("journey", &path.journey),
        ("checkpoint", &path.checkpoint),
    ];
    let blank = names.iter().filter(|(_, name)| name.trim().is_empty());
    let violations: Vec<_> = blank.map(|(field, _)| resources::blank(*field)).collect();
    match violations.as_slice() {
        [] => refuse_resource("checkpoint", &path.checkpoint),
        _ => Err(Error::violated(violations)),
    }
}
