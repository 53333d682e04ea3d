//! Changes the steps of a checkpoint.

use etude_engine::Result;

use super::checkpoints::Work;
use super::{Applying, Event};
use crate::calls;
use crate::deploy::desired::Wanted;
use crate::deploy::diff::{self, Edit};
use crate::deploy::edits::Script;
use crate::deploy::observed::changed_meanwhile;
use crate::model::{Step, StepAdded};
use crate::resources::names::name;
use crate::resources::steps::is_gone;

impl<F: Fn(Event) + Send + Sync> Applying<'_, F> {
    /// Carries the script of a checkpoint out, from its first step to its last.
    pub(super) async fn edit(
        &self,
        work: &Work<'_>,
        checkpoint: i64,
        part: usize,
        stored: &[Step],
        script: &Script,
    ) -> Result<()> {
        let wanted = &self.desired.parts[part].steps;
        let turn = self.client.turn_on_checkpoint(checkpoint);
        let mut count = turn.lock().await;
        // Authors who come after have to count anew.
        *count = None;
        let mut index = 0;
        for planned in &script.edits {
            if work.is_stopped() {
                return Ok(());
            }
            let change = planned.change;
            match planned.edit {
                Edit::Keep { .. } => {}
                Edit::Insert { wanted: at } => {
                    self.insert(checkpoint, index, &wanted[at], change).await?;
                }
                Edit::Delete { stored: at } => {
                    self.remove(checkpoint, &stored[at], change).await?;
                    continue;
                }
                Edit::Exchange {
                    stored: s,
                    wanted: w,
                } => {
                    self.insert(checkpoint, index, &wanted[w], change).await?;
                    self.remove(checkpoint, &stored[s], change).await?;
                }
                Edit::Update {
                    stored: s,
                    wanted: w,
                } => {
                    if !self.update(&stored[s], &wanted[w], change).await? {
                        self.insert(checkpoint, index, &wanted[w], change).await?;
                        self.remove(checkpoint, &stored[s], None).await?;
                    }
                }
            }
            index += 1;
        }
        Ok(())
    }

    /// Inserts a step at an index, and sees in the answer that it stands there.
    async fn insert(
        &self,
        checkpoint: i64,
        index: i32,
        wanted: &Wanted,
        change: Option<usize>,
    ) -> Result<()> {
        let added = self
            .client
            .create_step(checkpoint, index, &wanted.wire)
            .await?;
        if !stands_at(&added, index, wanted) {
            return Err(changed_meanwhile(&name("checkpoints", checkpoint)));
        }
        if let Some(change) = change {
            self.did(change, &name("steps", added.test_step.id));
        }
        Ok(())
    }

    /// Sets the properties of a step and reads it back; whether it is as wanted then.
    async fn update(&self, old: &Step, wanted: &Wanted, change: Option<usize>) -> Result<bool> {
        let wire = &wanted.wire;
        let step = Step {
            value: wire.value.clone().unwrap_or_default(),
            meta: wire.meta.clone(),
            optional: wire.optional.unwrap_or_default(),
            ignore_outcome: wire.ignore_outcome.unwrap_or_default(),
            skip: wire.skip.unwrap_or_default(),
            ..old.clone()
        };
        self.client.call(calls::steps::update(&step)).await?;
        let read = self.client.call(calls::steps::get(old.id)).await?;
        let is_set = diff::is_same(&[read], std::slice::from_ref(wanted));
        if let Some(change) = change.filter(|_| is_set) {
            self.did(change, &name("steps", old.id));
        }
        Ok(is_set)
    }

    /// Removes a step; one that is gone already is no mistake: the answer to an attempt was lost.
    async fn remove(&self, checkpoint: i64, step: &Step, change: Option<usize>) -> Result<()> {
        match self.client.delete_step(checkpoint, step.id).await {
            Err(error) if !is_gone(&error) => return Err(error),
            _ => {}
        }
        if let Some(change) = change {
            self.did(change, "");
        }
        Ok(())
    }
}

/// Whether a step was added where it should be. An answer without the checkpoint cannot tell; the
/// journey is read back in the end.
fn stands_at(added: &StepAdded, index: i32, wanted: &Wanted) -> bool {
    let steps = match &added.checkpoint {
        Some(checkpoint) if !checkpoint.steps.is_empty() => &checkpoint.steps,
        _ => return true,
    };
    let at = usize::try_from(index)
        .ok()
        .and_then(|index| steps.get(index));
    at.is_some_and(|step| {
        step.id == added.test_step.id
            && diff::is_same(std::slice::from_ref(step), std::slice::from_ref(wanted))
    })
}
