//! Makes the checkpoints of a journey, and fills them.

use std::sync::atomic::{AtomicBool, Ordering};

use etude_engine::Result;
use futures::future::join_all;
use tokio::sync::{Semaphore, oneshot};

use super::{Applying, Event};
use crate::calls::journeys::Attached;
use crate::deploy::diff;
use crate::deploy::edits::{Planned, Script};
use crate::deploy::parts::Case;
use crate::deploy::plan::PartPlan;
use crate::model::{Checkpoint, Journey};
use crate::resources::names::name;

/// How many checkpoints are worked on at once. The client has places for more calls than that.
const AT_ONCE: usize = 48;

/// What those who work on the same journey share.
pub(super) struct Work<'j> {
    journey: &'j Journey,
    places: Semaphore,
    /// One of them has failed: the others finish their calls and begin no further ones.
    stopped: AtomicBool,
}

impl Work<'_> {
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Stops the others after an error.
    fn noted<T>(&self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.stopped.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl<F: Fn(Event) + Send + Sync> Applying<'_, F> {
    /// Makes, attaches and fills the checkpoints.
    pub(super) async fn parts(&self, journey: &Journey) -> Result<()> {
        let work = Work {
            journey,
            places: Semaphore::new(AT_ONCE),
            stopped: AtomicBool::new(false),
        };
        let (mut makers, mut attachers, mut editors) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..self.plan.parts.len() {
            let (made, is_made) = oneshot::channel();
            let (attached, is_attached) = oneshot::channel();
            makers.push(self.make(&work, index, made));
            attachers.push((index, is_made, attached));
            editors.push(self.fill(&work, index, is_attached));
        }
        let attaching = async {
            for (index, is_made, attached) in attachers {
                let Ok(id) = is_made.await else { break };
                work.noted(self.attach(&work, index, id).await)?;
                let _gone = attached.send(id);
            }
            Ok(())
        };
        let (made, attached, filled) =
            futures::join!(join_all(makers), attaching, join_all(editors));
        let all = made.into_iter().chain([attached]).chain(filled);
        all.collect()
    }

    /// Makes the checkpoint of a part where there is none, and tells its id.
    async fn make(&self, work: &Work<'_>, index: usize, made: oneshot::Sender<i64>) -> Result<()> {
        let part = &self.plan.parts[index];
        let id = match &part.placed.case {
            Case::There(checkpoint) | Case::Attach(checkpoint) => checkpoint.id,
            Case::WithGoal => {
                let first = work.journey.cases.iter().flatten().next();
                let first = first.ok_or_else(|| {
                    let what = "the checkpoint that opens the address of a new goal";
                    self.client.incomplete(what)
                });
                work.noted(first)?.id
            }
            Case::Create => {
                let Ok(_place) = work.places.acquire().await else {
                    return Ok(());
                };
                if work.is_stopped() {
                    return Ok(());
                }
                let (goal, snapshot) = (work.journey.goal_id, work.journey.snapshot_id);
                let created = self
                    .client
                    .create_checkpoint(goal, snapshot, &part.placed.title);
                let id = work.noted(created.await)?.id;
                self.made.lock().loose.push(loose(part, id));
                id
            }
        };
        let _gone = made.send(id);
        Ok(())
    }

    /// Puts the checkpoint of a part into the journey, where it is not there.
    async fn attach(&self, work: &Work<'_>, index: usize, id: i64) -> Result<()> {
        let part = &self.plan.parts[index];
        if !matches!(part.placed.case, Case::Create | Case::Attach(_)) {
            return Ok(());
        }
        let what = match &part.placed.case {
            Case::Attach(case) => match case.library_checkpoint_id {
                Some(library) => Attached::Library(library),
                None => Attached::Checkpoint(id),
            },
            _ => Attached::Checkpoint(id),
        };
        // The platform puts nothing before the first; in an empty journey that is the first.
        let position = part.position.max(2);
        self.client.attach(work.journey.id, what, position).await?;
        let mine = loose(part, id);
        self.made.lock().loose.retain(|one| *one != mine);
        if let Some(change) = part.change {
            self.did(change, &name("checkpoints", id));
        }
        Ok(())
    }

    /// Gives the checkpoint of a part its steps, once it stands in the journey.
    async fn fill(
        &self,
        work: &Work<'_>,
        index: usize,
        is_attached: oneshot::Receiver<i64>,
    ) -> Result<()> {
        let Ok(id) = is_attached.await else {
            return Ok(());
        };
        let Ok(_place) = work.places.acquire().await else {
            return Ok(());
        };
        let part = &self.plan.parts[index];
        let none = Checkpoint::default();
        let (checkpoint, script) = match &part.placed.case {
            Case::WithGoal => {
                let first = work.journey.cases.iter().flatten().next();
                let first = first.unwrap_or(&none);
                (first, unplanned(first, &self.desired.parts[index].steps))
            }
            _ => (
                part.placed.checkpoint().unwrap_or(&none),
                part.script.clone(),
            ),
        };
        if script
            .edits
            .iter()
            .any(|planned| !matches!(planned.edit, diff::Edit::Keep { .. }))
        {
            let edited = self.edit(work, id, index, &checkpoint.steps, &script).await;
            work.noted(edited)?;
        }
        if let (Case::WithGoal, Some(change)) = (&part.placed.case, part.change) {
            self.did(change, &name("checkpoints", id));
        }
        Ok(())
    }
}

fn loose(part: &PartPlan, id: i64) -> String {
    format!(
        "checkpoints/{id} (`{}`) was made and is in no journey yet",
        part.placed.title
    )
}

/// What has to be done to a checkpoint that nobody knew when the plan was made.
fn unplanned(checkpoint: &Checkpoint, wanted: &[crate::deploy::desired::Wanted]) -> Script {
    let edits = diff::script(&checkpoint.steps, wanted).into_iter();
    Script {
        edits: edits.map(|edit| Planned { edit, change: None }).collect(),
    }
}
