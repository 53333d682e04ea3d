//! Steps.

use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::accept;
use super::answer::{Answer, Problem, Reply};
use super::checkpoints::{self, KeptCheckpoint, KeptStep};
use super::entity::{Entity, Tx, change, now};
use super::goals;
use super::library::KeptLibrary;
use super::people::rfc3339;
use super::request::{Ids, Json};
use super::steps_list::placed;
use crate::model::{Element, Object, ParsedStep, Step, StepAdded};

/// A new step in one of two forms: with `parsedStep`, or, from the reference CLI, as an
/// `extension`.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewStep {
    #[serde(
        default,
        alias = "checkpoint_id",
        deserialize_with = "crate::model::loose::id"
    )]
    checkpoint_id: i64,
    #[serde(
        default,
        alias = "position",
        deserialize_with = "crate::model::loose::some_id"
    )]
    step_index: Option<i64>,
    parsed_step: Option<ParsedStep>,
    extension: Option<Value>,
}

/// POST /teststeps
pub(super) async fn create(State(local): State<Local>, Json(new): Json<NewStep>) -> Reply {
    let (parsed, extension) = match (new.parsed_step, new.extension) {
        (Some(parsed), None) => (parsed, None),
        (None, Some(extension)) => (accept::of_extension(&extension)?, Some(extension)),
        _ => return Err(Problem::invalid("parsedStep is missing")),
    };
    let step = accept::stored(parsed)?;
    let arguments = (new.checkpoint_id, new.step_index, step);
    let added = change(local.records(), arguments, |mut tx, (id, index, step)| {
        Box::pin(async move { add(&mut tx, id, index, step).await })
    })
    .await?;
    let id = added.test_step.id;
    match extension {
        None => Ok(Answer::item(added)?.beside("id", id)),
        Some(extension) => Answer::item(of_extension(&added, new.checkpoint_id, extension)),
    }
}

/// Adds a step to a checkpoint at an index from 0. One that lies behind the end, and -1, mean the
/// end: that is what the reference CLI sends.
async fn add(
    tx: &mut Tx<'_>,
    id: i64,
    index: Option<i64>,
    mut step: Step,
) -> Result<StepAdded, Problem> {
    let mut kept = checkpoints::reachable(tx, id).await?;
    goals::editable(tx, kept.parent(), None).await?;
    if kept.journeys.is_empty() {
        return Err(Problem::unreachable(format!(
            "the checkpoint {id} is attached to no journey; attach it first (POST \
             /testsuites/{{id}}/checkpoints/attach)"
        )));
    }
    let end = kept.steps.len();
    let index = match index {
        None | Some(-1) => end,
        Some(index) => usize::try_from(index)
            .map(|index| index.min(end))
            .map_err(|_| {
                Problem::invalid(format!("stepIndex must be 0 or more, or -1, not {index}"))
            })?,
    };
    step.id = tx.new_id().await?;
    number_element(tx, step.element.as_mut()).await?;
    kept.steps.insert(index, step.id);
    let parent = id;
    let test_step = step.clone();
    tx.put(&KeptStep { parent, step }).await?;
    tx.put(&kept).await?;
    Ok(StepAdded {
        test_step,
        checkpoint: Some(checkpoints::whole(tx, kept).await?),
        rest: Object::new(),
    })
}

async fn number_element(tx: &mut Tx<'_>, element: Option<&mut Element>) -> Result<(), Problem> {
    if let Some(element) = element {
        element.id = Some(tx.new_id().await?);
    }
    Ok(())
}

fn of_extension(added: &StepAdded, checkpoint: i64, extension: Value) -> Value {
    let now = rfc3339(now());
    let id = added.test_step.id;
    let steps = added.checkpoint.iter().flat_map(|whole| &whole.steps);
    let position = steps.map(|step| step.id).position(|other| other == id);
    json!({
        "id": id.to_string(), "checkpoint_id": checkpoint.to_string(), "position": position,
        "extension": extension, "created_at": now, "updated_at": now,
    })
}

/// A step with the list it stands in.
pub(super) struct Found {
    pub(super) kept: KeptStep,
    /// Its place in the list, from 0.
    pub(super) index: usize,
    checkpoint: Option<KeptCheckpoint>,
}

impl Found {
    /// The step as it is answered.
    pub(super) fn shown(&self) -> Value {
        let mut shown = placed(&self.kept.step, self.kept.parent, self.index);
        if let (None, Some(fields)) = (&self.checkpoint, shown.as_object_mut()) {
            fields.shift_remove("checkpointId");
            fields.insert("libraryCheckpointId".to_owned(), self.kept.parent.into());
        }
        shown
    }
}

/// A step of a goal or a library that exists.
pub(super) async fn found(tx: &mut Tx<'_>, id: i64) -> Result<Found, Problem> {
    let kept: KeptStep = tx.get(id).await?;
    let place = |steps: &[i64]| {
        steps
            .iter()
            .position(|step| *step == id)
            .unwrap_or_default()
    };
    if let Some(library) = tx.find::<KeptLibrary>(kept.parent).await? {
        let index = place(&library.steps);
        return Ok(Found {
            kept,
            index,
            checkpoint: None,
        });
    }
    let checkpoint = checkpoints::reachable(tx, kept.parent).await?;
    Ok(Found {
        index: place(&checkpoint.steps),
        kept,
        checkpoint: Some(checkpoint),
    })
}

/// The fields of a step that can be changed. An absent one stays as it is.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Properties {
    #[serde(default, deserialize_with = "crate::model::loose::some_id")]
    id: Option<i64>,
    #[serde(default)]
    canonical_id: String,
    action: Option<String>,
    #[serde(default, deserialize_with = "crate::model::loose::some_text")]
    value: Option<String>,
    meta: Option<Object>,
    variable: Option<String>,
    expression: Option<String>,
    element: Option<Element>,
    optional: Option<bool>,
    ignore_outcome: Option<bool>,
    skip: Option<bool>,
}

/// PUT /teststeps/{id}/properties
pub(super) async fn set_properties(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(properties): Json<Properties>,
) -> Reply {
    if properties.id.is_some_and(|other| other != id) {
        return Err(Problem::invalid(
            "id: the body names another step than the path",
        ));
    }
    let shown = change(local.records(), (id, properties), |mut tx, (id, fields)| {
        Box::pin(async move {
            let mut found = found(&mut tx, id).await?;
            if let Some(checkpoint) = &found.checkpoint {
                goals::editable(&mut tx, checkpoint.parent(), None).await?;
            }
            let old = found.kept.step;
            if fields.canonical_id != old.canonical_id {
                return Err(Problem::conflict(format!(
                    "canonicalId: the step {id} has another canonical id than `{}`; get the step \
                     and send what it says",
                    fields.canonical_id
                )));
            }
            let mut step = changed(&old, fields)?;
            if step
                .element
                .as_ref()
                .is_some_and(|element| element.id.is_none())
            {
                number_element(&mut tx, step.element.as_mut()).await?;
            }
            found.kept.step = step;
            tx.put(&found.kept).await?;
            Ok(found.shown())
        })
    })
    .await?;
    Answer::item(shown)
}

fn changed(old: &Step, mut fields: Properties) -> Result<Step, Problem> {
    let source = matches!(
        old.action.as_str(),
        "NAVIGATE" | "WRITE" | "PICK" | "UPLOAD"
    );
    let has_value = fields.value.as_ref().is_some_and(|value| !value.is_empty());
    if source && has_value && fields.variable.is_none() {
        // A value takes the place of the variable that it came from.
        fields.variable = Some(String::new());
    }
    let parsed = ParsedStep {
        action: fields.action.unwrap_or_else(|| old.action.clone()),
        value: Some(fields.value.unwrap_or_else(|| old.value.clone())),
        element: fields.element.or_else(|| old.element.clone()),
        variable: fields
            .variable
            .or_else(|| old.variable.clone())
            .filter(|name| !name.is_empty()),
        expression: fields.expression.or_else(|| old.expression.clone()),
        meta: fields.meta.unwrap_or_else(|| old.meta.clone()),
        optional: Some(fields.optional.unwrap_or(old.optional)),
        ignore_outcome: Some(fields.ignore_outcome.unwrap_or(old.ignore_outcome)),
        skip: Some(fields.skip.unwrap_or(old.skip)),
        rest: old.rest.clone(),
        ..ParsedStep::default()
    };
    let mut step = accept::stored(parsed)?;
    step.id = old.id;
    step.canonical_id.clone_from(&old.canonical_id);
    if let Some(element) = &mut step.element {
        element.id = old.element.as_ref().and_then(|element| element.id);
    }
    Ok(step)
}

/// DELETE /testcases/{checkpoint}/steps/{step}
pub(super) async fn delete(State(local): State<Local>, Ids([checkpoint, id]): Ids<2>) -> Reply {
    change(
        local.records(),
        (checkpoint, id),
        |mut tx, (checkpoint, id)| {
            Box::pin(async move {
                let mut kept = checkpoints::reachable(&mut tx, checkpoint).await?;
                goals::editable(&mut tx, kept.parent(), None).await?;
                let before = kept.steps.len();
                kept.steps.retain(|step| *step != id);
                if kept.steps.len() == before {
                    return Err(Problem::missing(KeptStep::NOUN, id));
                }
                tx.delete::<KeptStep>(id).await?;
                tx.put(&kept).await
            })
        },
    )
    .await?;
    Answer::done()
}
