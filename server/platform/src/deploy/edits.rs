//! The edits of a checkpoint, each with the change of the plan that it belongs to.

use etude::v1::{self, DeployKind, DeployObject};

use super::desired::Wanted;
use super::diff::{self, Edit};
use crate::codec;
use crate::model::{Checkpoint, Step};
use crate::resources::names::name;

/// What is done to a checkpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    /// In the order of the steps.
    pub(crate) edits: Vec<Planned>,
}

/// An edit, and the place of its change in the plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planned {
    pub(crate) edit: Edit,
    /// `None`: it changes nothing.
    pub(crate) change: Option<usize>,
}

/// Plans the steps of a checkpoint: what has to be done, and the changes, whose places begin at
/// `first`. An edit that moves a step is two: one that deletes and one that inserts.
pub(crate) fn plan(
    path: &str,
    checkpoint: Option<&Checkpoint>,
    wanted: &[Wanted],
    shared_with: u32,
    first: usize,
) -> (Script, Vec<(v1::DeployChange, u32)>) {
    let stored = checkpoint.map_or(&[][..], |checkpoint| &checkpoint.steps);
    let edits = diff::script(stored, wanted);
    let moves = diff::moves(&edits, stored, wanted);
    let mut planned: Vec<Planned> = Vec::with_capacity(edits.len());
    let mut changes: Vec<(v1::DeployChange, u32)> = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        let change = if matches!(edit, Edit::Keep { .. })
            || moves.iter().any(|(deleted, _)| *deleted == at)
        {
            None
        } else {
            let moved = moves.iter().find(|(_, inserted)| *inserted == at);
            let moved = moved.map(|(deleted, _)| edits[*deleted]);
            let change = message(path, *edit, moved, stored, wanted);
            let calls = calls(*edit, moved.is_some());
            changes.push((
                v1::DeployChange {
                    shared_with,
                    ..change
                },
                calls,
            ));
            Some(first + changes.len() - 1)
        };
        planned.push(Planned {
            edit: *edit,
            change,
        });
    }
    for (deleted, inserted) in moves {
        planned[deleted].change = planned[inserted].change;
    }
    (Script { edits: planned }, changes)
}

/// How many calls belong to a change.
fn calls(edit: Edit, moved: bool) -> u32 {
    match edit {
        Edit::Exchange { .. } => 2,
        _ if moved => 2,
        _ => 1,
    }
}

fn message(
    path: &str,
    edit: Edit,
    moved: Option<Edit>,
    stored: &[Step],
    wanted: &[Wanted],
) -> v1::DeployChange {
    let (kind, from, to) = match (edit, moved) {
        (Edit::Keep { stored, wanted }, _) => (DeployKind::Keep, Some(stored), Some(wanted)),
        (Edit::Update { stored, wanted } | Edit::Exchange { stored, wanted }, _) => {
            (DeployKind::Update, Some(stored), Some(wanted))
        }
        (Edit::Insert { wanted }, Some(Edit::Delete { stored })) => {
            (DeployKind::Move, Some(stored), Some(wanted))
        }
        (Edit::Insert { wanted }, _) => (DeployKind::Create, None, Some(wanted)),
        (Edit::Delete { stored }, _) => (DeployKind::Delete, Some(stored), None),
    };
    let place = to.or(from).unwrap_or_default() + 1;
    let old = from.map(|at| &stored[at]);
    let new = to.map(|at| &wanted[at]);
    v1::DeployChange {
        kind: kind.into(),
        object: DeployObject::Step.into(),
        path: format!("{path}/{place}"),
        name: old.map_or_else(String::new, |step| name("steps", step.id)),
        differences: match (kind, from, to) {
            (DeployKind::Move, Some(from), Some(to)) => vec![
                difference(
                    "step",
                    "",
                    &new.map_or_else(String::new, |one| one.words.clone()),
                ),
                difference("position", &(from + 1).to_string(), &(to + 1).to_string()),
            ],
            _ => differences(old, new),
        },
        location: new.and_then(|step| step.location.clone()),
        ..v1::DeployChange::default()
    }
}

/// What differs between a stored and a wanted step.
fn differences(old: Option<&Step>, new: Option<&Wanted>) -> Vec<v1::DeployDifference> {
    let before = old.map(codec::in_words).unwrap_or_default();
    let after = new.map(|step| step.words.clone()).unwrap_or_default();
    let mut all = vec![difference("step", &before, &after)];
    if let (Some(old), Some(new)) = (old, new) {
        let flags = [
            ("optional", old.optional, new.wire.optional),
            (
                "ignore_outcome",
                old.ignore_outcome,
                new.wire.ignore_outcome,
            ),
            ("skip", old.skip, new.wire.skip),
        ];
        for (flag, before, after) in flags {
            let after = after.unwrap_or_default();
            if before != after {
                all.push(difference(flag, &before.to_string(), &after.to_string()));
            }
        }
        // Words need not tell everything.
        if all.len() == 1 && before == after {
            all.push(difference("meta", &json(&old.meta), &json(&new.wire.meta)));
        }
    }
    all
}

pub(crate) fn difference(field: &str, before: &str, after: &str) -> v1::DeployDifference {
    v1::DeployDifference {
        field: field.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
