//! What is on the platform where a test goes.

use std::collections::BTreeMap;

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::Deployment;
use super::desired::Desired;
use super::table::Table;
use super::titles;
use crate::calls;
use crate::client::Client;
use crate::lookup::{find_goal, find_journey, find_project, id_in, refuse_resource};
use crate::model::{Checkpoint, CheckpointSummary, Goal, Journey, JourneyStatus, Project};
use crate::resources::{goals, journeys};

/// How many reads are on their way at once.
const READS: usize = 16;

/// Where a test goes, as far as it is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub(crate) project: Option<Project>,
    pub(crate) goal: Option<Goal>,
}

impl Place {
    /// Finds it.
    ///
    /// # Errors
    ///
    /// PLATFORM_IDENTIFIER_AMBIGUOUS; PLATFORM_NOT_FOUND for a resource name; those of
    /// [`Client::call`].
    pub(crate) async fn of(client: &Client, deployment: &Deployment) -> Result<Self> {
        let project = find_project(client, &deployment.project).await?;
        let goal = match &project {
            Some(project) => find_goal(client, project.id, &deployment.goal).await?,
            None => None,
        };
        Ok(Self { project, goal })
    }
}

/// What is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observed {
    pub(crate) project: Option<Project>,
    pub(crate) goal: Option<Goal>,
    /// The newest snapshot of the goal; 0 when there is no goal.
    pub(crate) snapshot: i64,
    /// The journey that the test goes to.
    pub(crate) journey: Option<Journey>,
    /// The oldest journey of the goal, when the test's is not there.
    pub(crate) first: Option<Journey>,
    /// Whether nothing but what the platform makes with a goal is in it.
    pub(crate) is_untouched: bool,
    /// The titles of the goal's checkpoints.
    pub(crate) titles: BTreeMap<i64, CheckpointSummary>,
    /// Checkpoints of the goal that the test may share, with their steps.
    pub(crate) checkpoints: Vec<Checkpoint>,
    /// The table that the journey is bound to, with its id.
    pub(crate) table: Option<(i64, Table)>,
    /// The table that the journey is bound to although it is gone.
    pub(crate) lost_table: Option<i64>,
}

impl Observed {
    /// Reads what is there.
    ///
    /// # Errors
    ///
    /// PLATFORM_IDENTIFIER_AMBIGUOUS; PLATFORM_NOT_FOUND for a resource name; those of
    /// [`Client::call`].
    pub(crate) async fn at(
        place: Place,
        client: &Client,
        deployment: &Deployment,
        desired: &Desired,
    ) -> Result<Self> {
        let Place { project, goal } = place;
        let mut observed = Self {
            project,
            goal,
            ..Self::default()
        };
        let Some(goal) = observed.goal.as_ref().map(|goal| goal.id) else {
            return observed.without_goal(client, deployment, desired);
        };
        observed.snapshot = goals::head(client, goal).await?;
        let (all, titles) = futures::future::try_join(
            journeys::all(client, goal, Some(observed.snapshot)),
            client.call(calls::goals::checkpoints(goal)),
        )
        .await?;
        observed.titles = titles.checkpoints;
        observed.journeys(client, desired, &all).await?;
        observed.shareable(client, desired).await?;
        observed.bound(client).await?;
        Ok(observed)
    }

    /// A project or a goal has to be made, so that no resource name can be of something in it.
    fn without_goal(
        self,
        client: &Client,
        deployment: &Deployment,
        desired: &Desired,
    ) -> Result<Self> {
        let named = [("goals", &deployment.goal), ("journeys", &desired.title)];
        let named = named
            .iter()
            .find(|(kind, name)| id_in(kind, name).is_some());
        if let Some((_, name)) = named {
            return Err(client.not_found(name));
        }
        refuse_resource("goal", &deployment.goal)?;
        refuse_resource("journey", &desired.title)?;
        Ok(self)
    }

    async fn journeys(
        &mut self,
        client: &Client,
        desired: &Desired,
        all: &[JourneyStatus],
    ) -> Result<()> {
        let name = &desired.title;
        if let Some(id) = find_journey(all, name)? {
            self.journey = Some(client.call(calls::journeys::get(id)).await?);
            return Ok(());
        }
        if name.starts_with("journeys/") {
            return Err(client.not_found(name));
        }
        let Some(oldest) = all.first() else {
            return Ok(());
        };
        let first = client.call(calls::journeys::get(oldest.journey.id)).await?;
        let opening = first.cases.as_deref().unwrap_or_default();
        self.is_untouched = all.len() == 1
            && oldest.last_execution.is_none()
            && self.titles.len() <= 1
            && matches!(opening, [only] if opens(only));
        self.first = Some(first);
        Ok(())
    }

    /// Reads the checkpoints whose titles the test's parts have, or would have.
    async fn shareable(&mut self, client: &Client, desired: &Desired) -> Result<()> {
        let journey = self.title(desired);
        let parts = desired.parts.iter().filter(|part| !part.opens);
        let parts = parts.map(|part| (part.part, part.name.as_str()));
        let mut wanted: Vec<String> = titles::titles(&journey, parts);
        let openings = desired.parts.iter().filter(|part| part.opens);
        wanted.extend(openings.map(|part| titles::opening(&part.address())));
        let qualified: Vec<_> = wanted
            .iter()
            .map(|one| titles::qualified(one, &journey))
            .collect();
        wanted.extend(qualified);
        let mine = self
            .journey
            .iter()
            .flat_map(|journey| journey.cases.iter().flatten());
        let mine: Vec<i64> = mine.map(|case| case.id).collect();
        let ids = self
            .titles
            .iter()
            .filter(|(id, one)| wanted.contains(&one.title) && !mine.contains(id));
        let reads = ids.map(|(id, _)| client.call(calls::checkpoints::get(*id)));
        let read = stream::iter(reads.collect::<Vec<_>>()).buffered(READS);
        let read: Vec<Checkpoint> = read.try_collect().await?;
        let snapshot = self.snapshot;
        let in_head = |one: &Checkpoint| one.snapshot_id.is_none_or(|id| id == snapshot);
        self.checkpoints = read.into_iter().filter(in_head).collect();
        Ok(())
    }

    async fn bound(&mut self, client: &Client) -> Result<()> {
        let id = self
            .journey
            .as_ref()
            .and_then(|journey| journey.data_table_id);
        if let Some(id) = id.filter(|id| *id > 0) {
            match bound_table(client, id).await? {
                Some(table) => self.table = Some((id, table)),
                None => self.lost_table = Some(id),
            }
        }
        Ok(())
    }

    /// The journey that the platform made with the goal, for a test that begins as it does.
    pub(crate) fn untouched(&self, desired: &Desired) -> Option<&Journey> {
        self.first
            .as_ref()
            .filter(|_| self.is_untouched && desired.opens())
    }

    /// What the test's journey is called, or will be.
    pub(crate) fn title(&self, desired: &Desired) -> String {
        let there = self.journey.as_ref().map(|journey| journey.title.clone());
        there.unwrap_or_else(|| desired.title.clone())
    }
}

/// A table with its values.
pub(crate) async fn read_table(client: &Client, id: i64) -> Result<Table> {
    let (table, values) = futures::future::try_join(
        client.call(calls::test_data::get(id)),
        client.call(calls::test_data::values(id)),
    )
    .await?;
    Ok(Table::read(&table, &values))
}

/// The table that a journey is bound to; `None`: it is gone, which unbinds no journey.
pub(crate) async fn bound_table(client: &Client, id: i64) -> Result<Option<Table>> {
    match read_table(client, id).await {
        Ok(table) => Ok(Some(table)),
        Err(error) if error.reason == ErrorReason::PlatformNotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a checkpoint does nothing but open an address.
pub(crate) fn opens(checkpoint: &Checkpoint) -> bool {
    match checkpoint.steps.as_slice() {
        [only] => {
            let flags = only.optional || only.ignore_outcome || only.skip;
            let new_tab = only
                .meta
                .get("useNewTab")
                .and_then(serde_json::Value::as_bool);
            only.action == "NAVIGATE" && !flags && new_tab != Some(true)
        }
        _ => false,
    }
}

/// The organization's projects and the like have changed between two looks.
pub(crate) fn changed_meanwhile(what: &str) -> Error {
    let message = format!(
        "{what} is not as it was left: another client changes the journey at the same time; \
         deploy again when it has ended"
    );
    Error::new(ErrorReason::PlatformConflict, message)
}
