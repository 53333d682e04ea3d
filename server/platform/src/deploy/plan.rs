//! What has to be done so that a test is on the platform. Makes no call.

use etude::v1::{self, DeployKind, DeployObject, ErrorReason};
use etude_engine::{Error, Result};
use sha2::{Digest as _, Sha256};

use super::desired::Desired;
use super::edits::{self, Script, difference};
use super::observed::Observed;
use super::parts::{Case, Choosing, Placed};
use super::{Deployed, DeployedPart, DeployedStep, Deployment};
use crate::model::{Checkpoint, Step};
use crate::resources::check_address;
use crate::resources::names::name;

/// What has to be done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// All changes, each with how many calls it takes.
    pub(crate) changes: Vec<(v1::DeployChange, u32)>,
    pub(crate) notes: Vec<String>,
    /// The change that makes the project.
    pub(crate) project: Option<usize>,
    /// The change that makes the goal.
    pub(crate) goal: Option<usize>,
    /// The address of a goal that is made.
    pub(crate) goal_url: String,
    pub(crate) journey: JourneyPlan,
    /// The journey's title.
    pub(crate) title: String,
    /// The change that sets the journey's tags, where it is there already.
    pub(crate) tags: Option<usize>,
    pub(crate) table: TablePlan,
    pub(crate) parts: Vec<PartPlan>,
}

/// What becomes of the journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JourneyPlan {
    /// It stays, under its title.
    Keep(i64),
    /// The one that the platform made with the goal gets the title.
    Rename { id: i64, change: usize },
    /// The one that the platform makes with the goal gets the title.
    WithGoal { change: usize },
    /// It is made.
    Create { change: usize },
    /// It is deleted and made again.
    Replace { old: i64, change: usize },
}

impl Default for JourneyPlan {
    fn default() -> Self {
        Self::Keep(0)
    }
}

/// What becomes of the journey's table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum TablePlan {
    /// The test says nothing of it.
    #[default]
    Leave,
    /// It is as it should be.
    Keep(i64),
    /// Its cells are set.
    Set { id: i64, change: usize },
    /// It is made, and the journey bound to it.
    Create { change: usize },
}

/// What becomes of a part of the test.
#[derive(Debug, Clone)]
pub(crate) struct PartPlan {
    pub(crate) placed: Placed,
    /// The checkpoint's place in the journey, from 1.
    pub(crate) position: i32,
    /// The change that makes or attaches the checkpoint.
    pub(crate) change: Option<usize>,
    pub(crate) script: Script,
}

/// What has to be done.
///
/// # Errors
///
/// DEPLOY_CONFLICT: the journey cannot be changed into what the test asks for.
pub(crate) fn plan(deployment: &Deployment, desired: &Desired, there: &Observed) -> Result<Plan> {
    let mut choosing = Choosing::new(deployment, desired, there, false);
    let mut placed = choosing.all(desired);
    let replace = !choosing.conflicts.is_empty();
    if replace {
        if !deployment.replace_journey || there.journey.is_none() {
            return Err(conflict(&there.title(desired), &choosing.conflicts));
        }
        placed = Choosing::new(deployment, desired, there, true).all(desired);
    }
    let mut making = Making {
        deployment,
        desired,
        there,
        title: there.title(desired),
        plan: Plan {
            notes: desired.notes.clone(),
            title: there.title(desired),
            ..Plan::default()
        },
    };
    making.place()?;
    making.journey(replace);
    making.data(replace);
    making.parts(placed, replace);
    Ok(making.plan)
}

fn conflict(journey: &str, conflicts: &[String]) -> Error {
    let message = format!(
        "the journey `{journey}` cannot become what the test asks for, and nothing was made: {}; \
         with replace_journey the journey is deleted and made again (its checkpoints stay in the \
         goal), else change the test or the journey",
        conflicts.join("; ")
    );
    Error::new(ErrorReason::DeployConflict, message).with("conflicts", conflicts.len())
}

/// A plan that is being made.
struct Making<'a> {
    deployment: &'a Deployment,
    desired: &'a Desired,
    there: &'a Observed,
    title: String,
    plan: Plan,
}

impl Making<'_> {
    /// Adds a change; its place.
    fn add(
        &mut self,
        kind: DeployKind,
        object: DeployObject,
        path: String,
        name: String,
        differences: Vec<v1::DeployDifference>,
    ) -> usize {
        let change = v1::DeployChange {
            kind: kind.into(),
            object: object.into(),
            path,
            name,
            differences,
            ..v1::DeployChange::default()
        };
        self.plan
            .changes
            .push((change, u32::from(kind != DeployKind::Keep)));
        self.plan.changes.len() - 1
    }

    fn project_name(&self) -> String {
        let there = self.there.project.as_ref().map(|one| one.name.clone());
        there.unwrap_or_else(|| self.deployment.project.clone())
    }

    fn goal_path(&self) -> String {
        let there = self.there.goal.as_ref().map(|one| one.name.clone());
        let goal = there.unwrap_or_else(|| self.deployment.goal.clone());
        format!("{}/{goal}", self.project_name())
    }

    fn journey_path(&self) -> String {
        format!("{}/{}", self.goal_path(), self.title)
    }

    /// The project and the goal.
    fn place(&mut self) -> Result<()> {
        let path = self.project_name();
        match &self.there.project {
            Some(project) => {
                let name = name("projects", project.id);
                self.add(DeployKind::Keep, DeployObject::Project, path, name, vec![]);
            }
            None => {
                let kind = DeployKind::Create;
                let change = self.add(kind, DeployObject::Project, path, String::new(), vec![]);
                self.plan.project = Some(change);
            }
        }
        let path = self.goal_path();
        if let Some(goal) = &self.there.goal {
            let name = name("goals", goal.id);
            self.add(DeployKind::Keep, DeployObject::Goal, path, name, vec![]);
            return Ok(());
        }
        let url = match self.deployment.goal_url.as_str() {
            "" => self.desired.address.as_str(),
            url => url,
        };
        if url.is_empty() {
            let message = "is required: there is no such goal, a new one needs the address to start \
                           at, and the test names none";
            return Err(Error::invalid("goal_url", "required", message));
        }
        check_address("goal_url", url)?;
        let differences = vec![difference("url", "", url)];
        let kind = DeployKind::Create;
        let change = self.add(kind, DeployObject::Goal, path, String::new(), differences);
        self.plan.goal = Some(change);
        self.plan.goal_url = url.to_owned();
        Ok(())
    }

    fn journey(&mut self, replace: bool) {
        let path = self.journey_path();
        let object = DeployObject::Journey;
        let untouched = self.there.untouched(self.desired);
        let opens = self.desired.opens();
        if let Some(journey) = &self.there.journey {
            let name = name("journeys", journey.id);
            let kind = match replace {
                true => DeployKind::Replace,
                false => DeployKind::Keep,
            };
            let change = self.add(kind, object, path, name, vec![]);
            self.plan.journey = match replace {
                true => JourneyPlan::Replace {
                    old: journey.id,
                    change,
                },
                false => JourneyPlan::Keep(journey.id),
            };
        } else if let Some(first) = untouched {
            let name = name("journeys", first.id);
            let differences = vec![difference("title", &first.title, &self.title)];
            let change = self.add(DeployKind::Update, object, path, name, differences);
            self.plan.journey = JourneyPlan::Rename {
                id: first.id,
                change,
            };
        } else {
            let change = self.add(DeployKind::Create, object, path, String::new(), vec![]);
            self.plan.journey = match self.plan.goal {
                Some(_) if opens => JourneyPlan::WithGoal { change },
                _ => JourneyPlan::Create { change },
            };
        }
        self.tags(replace);
    }

    fn tags(&mut self, replace: bool) {
        let sorted = |tags: &[String]| {
            let mut tags = tags.to_vec();
            tags.sort();
            tags.join(", ")
        };
        let is_made = replace || matches!(self.plan.journey, JourneyPlan::Create { .. });
        let there = match &self.there.journey {
            Some(journey) if !replace => journey.tags.as_slice(),
            _ => &[],
        };
        let (before, after) = (sorted(there), sorted(&self.desired.tags));
        if is_made || before == after {
            return;
        }
        let path = self.journey_path();
        let differences = vec![difference("tags", &before, &after)];
        let object = DeployObject::Journey;
        let name = self.journey_name();
        self.plan.tags = Some(self.add(DeployKind::Update, object, path, name, differences));
    }

    fn journey_name(&self) -> String {
        match self.plan.journey {
            JourneyPlan::Keep(id) | JourneyPlan::Rename { id, .. } => name("journeys", id),
            _ => String::new(),
        }
    }

    fn data(&mut self, replace: bool) {
        let object = DeployObject::TestDataTable;
        let path = format!("{}/{}", self.project_name(), self.title);
        self.lost_table(replace);
        let Some(wanted) = &self.desired.table else {
            if let Some((id, _)) = &self.there.table
                && !self.deployment.leave_data
            {
                let what = match replace {
                    true => "the new one is not",
                    false => "it stays so",
                };
                self.plan.notes.push(format!(
                    "the journey is bound to testDataTables/{id}, and the test has no data: {what}"
                ));
            }
            return;
        };
        self.plan.table = match &self.there.table {
            Some((id, table)) if table == wanted => {
                let name = name("testDataTables", *id);
                self.add(DeployKind::Keep, object, path, name, vec![]);
                TablePlan::Keep(*id)
            }
            Some((id, table))
                if table.columns == wanted.columns && table.rows.len() <= wanted.rows.len() =>
            {
                let name = name("testDataTables", *id);
                let differences = vec![difference("data", &table.words(), &wanted.words())];
                let change = self.add(DeployKind::Update, object, path, name, differences);
                TablePlan::Set { id: *id, change }
            }
            old => {
                let before = old
                    .as_ref()
                    .map_or_else(String::new, |(_, table)| table.words());
                if let Some((id, _)) = old {
                    self.plan.notes.push(format!(
                        "testDataTables/{id}, which the journey is bound to, has other columns or \
                         more rows: it stays, and a new one takes its place"
                    ));
                }
                let differences = vec![difference("data", &before, &wanted.words())];
                let kind = DeployKind::Create;
                let change = self.add(kind, object, path, String::new(), differences);
                TablePlan::Create { change }
            }
        };
    }

    /// Says that the journey's table is gone, and what becomes of the journey without it.
    fn lost_table(&mut self, replace: bool) {
        let Some(id) = self.there.lost_table else {
            return;
        };
        let what = match (&self.desired.table, replace) {
            (Some(_), _) => "a new one takes its place",
            (None, true) => "the new one is bound to none",
            (None, false) => {
                "it cannot be executed until it is bound to another, or to none by an update of its \
                 data_table"
            }
        };
        self.plan.notes.push(format!(
            "the journey is bound to testDataTables/{id}, which is gone: {what}"
        ));
    }

    fn parts(&mut self, placed: Vec<Placed>, replace: bool) {
        let cases = self
            .there
            .journey
            .as_ref()
            .and_then(|one| one.cases.as_deref());
        let cases = cases.filter(|_| !replace).unwrap_or_default();
        let (mut position, mut attached) = (0, 0);
        for (placed, part) in placed.into_iter().zip(&self.desired.parts) {
            position = match &placed.case {
                Case::There(case) => {
                    let at = cases.iter().position(|one| one.id == case.id);
                    attached + super::place(at.unwrap_or_default()) + 1
                }
                _ => {
                    attached += 1;
                    position + 1
                }
            };
            let path = format!("{}/{}", self.journey_path(), placed.title);
            let object = DeployObject::Checkpoint;
            let there = placed.checkpoint().map(resource);
            let there = there.unwrap_or_default();
            let kind = match &placed.case {
                Case::There(_) => DeployKind::Keep,
                Case::Attach(_) => DeployKind::Attach,
                Case::Create | Case::WithGoal => DeployKind::Create,
            };
            let differences = match (&placed.case, part.steps.first()) {
                (Case::WithGoal, Some(step)) => vec![difference("step", "", &step.words)],
                _ => vec![],
            };
            let change = self.add(kind, object, path.clone(), there, differences);
            let first = self.plan.changes.len();
            let shared = placed.shared_with;
            let (script, changes) = match placed.case {
                // What the platform makes is known when it has made it.
                Case::WithGoal => (Script::default(), Vec::new()),
                _ => edits::plan(&path, placed.checkpoint(), &part.steps, shared, first),
            };
            self.plan.changes.extend(changes);
            self.plan.parts.push(PartPlan {
                placed,
                position,
                change: (kind != DeployKind::Keep).then_some(change),
                script,
            });
        }
    }
}

/// The resource name of a checkpoint.
pub(crate) fn resource(checkpoint: &Checkpoint) -> String {
    match checkpoint.library_checkpoint_id {
        Some(id) => name("libraryCheckpoints", id),
        None => name("checkpoints", checkpoint.id),
    }
}

impl Plan {
    /// The plan as it is told.
    pub(crate) fn message(&self) -> v1::DeployPlan {
        let changes: Vec<_> = self
            .changes
            .iter()
            .map(|(change, _)| change.clone())
            .collect();
        let count = |kinds: &[DeployKind]| {
            let of = changes
                .iter()
                .filter(|change| kinds.contains(&change.kind()));
            u32::try_from(of.count()).unwrap_or(u32::MAX)
        };
        use DeployKind::{Attach, Create, Delete, Move, Replace, Update};
        v1::DeployPlan {
            adds: count(&[Create, Attach, Replace]),
            updates: count(&[Update, Move]),
            deletes: count(&[Delete, Replace]),
            notes: self.notes.clone(),
            fingerprint: fingerprint(&changes),
            changes,
        }
    }

    /// How many changes there are to make.
    pub(crate) fn total(&self) -> u32 {
        let made = self.changes.iter().filter(|(_, calls)| *calls > 0);
        u32::try_from(made.count()).unwrap_or(u32::MAX)
    }

    /// What the test is on the platform now.
    pub(crate) fn as_it_is(&self, desired: &Desired, there: &Observed) -> Deployed {
        let part = |(plan, part): (&PartPlan, &super::desired::Part)| {
            let none = Checkpoint::default();
            let case = plan.placed.checkpoint().unwrap_or(&none);
            let steps = match super::diff::is_same(&case.steps, &part.steps) {
                true => &case.steps[..],
                false => &[],
            };
            deployed(part, case, steps)
        };
        Deployed {
            project: there.project.as_ref().map_or(0, |one| one.id),
            goal: there.goal.as_ref().map_or(0, |one| one.id),
            snapshot: there.snapshot,
            journey: there.journey.as_ref().map_or(0, |one| one.id),
            data_table: there.table.as_ref().map(|(id, _)| *id),
            parts: self.parts.iter().zip(&desired.parts).map(part).collect(),
            changes: 0,
        }
    }
}

/// A part and its checkpoint, whose steps are those of the part.
pub(crate) fn deployed(
    part: &super::desired::Part,
    case: &Checkpoint,
    steps: &[Step],
) -> DeployedPart {
    let step = |(wanted, stored): (&super::desired::Wanted, &Step)| DeployedStep {
        number: wanted.number,
        within: wanted.within.clone(),
        id: stored.id,
        canonical_id: stored.canonical_id.clone(),
    };
    DeployedPart {
        part: part.part,
        checkpoint: part.number,
        case_id: case.library_checkpoint_id.unwrap_or(case.id),
        library: case.library_checkpoint_id.is_some(),
        title: case.title.clone(),
        steps: part.steps.iter().zip(steps).map(step).collect(),
    }
}

/// Tells a plan from others by what it changes.
fn fingerprint(changes: &[v1::DeployChange]) -> String {
    let mut hasher = Sha256::new();
    for change in changes {
        let mut change = change.clone();
        // Where a step stands in its file changes nothing.
        change.location = None;
        hasher.update(prost::Message::encode_length_delimited_to_vec(&change));
    }
    let digest = hasher.finalize();
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
