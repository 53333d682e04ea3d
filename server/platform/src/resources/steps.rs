//! `StepService`.

use etude::v1::{self, ErrorReason};
use etude_engine::{Error, Result};
use etude_language::natural;
use serde_json::Value;

use super::names::{self, name};
use super::page::page;
use super::{additions, asks, check_mask, checkpoints, required};
use crate::calls;
use crate::client::Client;
use crate::codec::{self, Decoded};
use crate::model::{ParsedStep, Step};

const COLLECTION: &str = "steps";
const LIBRARY: &str = "libraryCheckpoints";

/// Adds a step to a checkpoint and reads it back.
///
/// # Errors
///
/// `COMMAND_UNSUPPORTED`; `CHECKPOINT_NOT_ATTACHED`; `SNAPSHOT_IMMUTABLE`; `PLATFORM_STEP_REFUSED`;
/// `INVALID_REQUEST`: there is no such position; those of [`Client::call`], as all functions here.
pub async fn create_step(
    client: &Client,
    request: v1::CreateStepRequest,
) -> Result<v1::CreateStepResponse> {
    let checkpoint = names::id("checkpoint", checkpoints::COLLECTION, &request.checkpoint)?;
    let step = required("step", request.step)?;
    let wire = codec::encode(&step)?;
    if request.validate_only {
        additions::would_take(client, checkpoint, request.position).await?;
        let step = sent(&request.checkpoint, request.position, step, &wire);
        return Ok(v1::CreateStepResponse { step: Some(step) });
    }
    additions::check_position(client, checkpoint, request.position).await?;
    let added = add(client, checkpoint, request.position, &wire).await?;
    Ok(v1::CreateStepResponse {
        step: Some(of(&request.checkpoint, added.position, &added.step)),
    })
}

/// A step that was added, as the platform holds it.
pub(crate) struct Added {
    /// The step.
    pub(crate) step: Step,
    /// Its place, from 1.
    pub(crate) position: i32,
    /// How many steps the checkpoint has now.
    pub(crate) count: i32,
}

/// Adds a step at a position, 0 for after the last, and reads it back.
pub(crate) async fn add(
    client: &Client,
    checkpoint: i64,
    position: i32,
    step: &ParsedStep,
) -> Result<Added> {
    let index = match position {
        0 => {
            let steps = client
                .call(calls::checkpoints::get(checkpoint))
                .await?
                .steps;
            super::count(steps.len() as i64)
        }
        position => position - 1,
    };
    let added = client.create_step(checkpoint, index, step).await?;
    let id = added.test_step.id;
    // The answer holds the checkpoint as it is now; where it does not, it is read.
    let steps = match added.checkpoint.map(|checkpoint| checkpoint.steps) {
        Some(steps) if steps.iter().any(|step| step.id == id) => steps,
        _ => {
            client
                .call(calls::checkpoints::get(checkpoint))
                .await?
                .steps
        }
    };
    let found = steps.iter().position(|step| step.id == id);
    let found = found.ok_or_else(|| {
        let message = format!("step {id}, which it has just added to checkpoint {checkpoint}");
        client.incomplete(&message)
    })?;
    Ok(Added {
        count: super::count(steps.len() as i64),
        position: super::count(found as i64 + 1),
        step: steps[found].clone(),
    })
}

/// Returns a step.
pub async fn get_step(client: &Client, request: v1::GetStepRequest) -> Result<v1::GetStepResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let step = client.call(calls::steps::get(id)).await?;
    Ok(v1::GetStepResponse {
        step: Some(alone(&step)),
    })
}

/// Lists the steps of a checkpoint, in order.
pub async fn list_steps(
    client: &Client,
    request: v1::ListStepsRequest,
) -> Result<v1::ListStepsResponse> {
    let id = names::id("checkpoint", checkpoints::COLLECTION, &request.checkpoint)?;
    let steps = client.call(calls::checkpoints::get(id)).await?.steps;
    let messages = messages(&request.checkpoint, &steps);
    let steps: Vec<_> = steps.iter().map(|step| step.id).zip(messages).collect();
    let list = [client.name(), COLLECTION, &request.checkpoint];
    let (size, token) = (request.page_size, &request.page_token);
    let page = page(&list, steps, |(id, _)| *id, size, token)?;
    Ok(v1::ListStepsResponse {
        steps: page.items.into_iter().map(|(_, step)| step).collect(),
        next_page_token: page.next,
    })
}

/// Replaces a step's command or changes its flags.
pub async fn update_step(
    client: &Client,
    request: v1::UpdateStepRequest,
) -> Result<v1::UpdateStepResponse> {
    let asked = required("step", request.step)?;
    let id = names::id("step.name", COLLECTION, &asked.name)?;
    let mask = request.update_mask.as_ref();
    check_mask(mask, &["step.command", "step.flags"])?;
    let mut stored = client.fresh().call(calls::steps::get(id)).await?;
    if !asked.canonical_id.is_empty() && asked.canonical_id != stored.canonical_id {
        return Err(client.conflict(&asked.name));
    }
    let typed = required("step.step", asked.step)?;
    let mut wire = codec::encode(&typed)?;
    if !asks(mask, "step.flags") {
        wire.optional = Some(stored.optional);
        wire.ignore_outcome = Some(stored.ignore_outcome);
        wire.skip = Some(stored.skip);
    }
    if asks(mask, "step.command") {
        if !codec::can_become(&stored, &wire) {
            return exchange(client, &asked.checkpoint, &stored, &wire).await;
        }
        stored.value = wire.value.clone().unwrap_or_default();
        stored.meta.clone_from(&wire.meta);
    }
    stored.optional = wire.optional.unwrap_or_default();
    stored.ignore_outcome = wire.ignore_outcome.unwrap_or_default();
    stored.skip = wire.skip.unwrap_or_default();
    client.call(calls::steps::update(&stored)).await?;
    let read = client.call(calls::steps::get(id)).await?;
    if read.value != stored.value {
        let message = format!("the value of {}, which was set", asked.name);
        return Err(client.incomplete(&message));
    }
    Ok(v1::UpdateStepResponse {
        step: Some(alone(&read)),
    })
}

/// Puts another step in the place of one: the platform keeps where a step acts, and on which
/// variable, whatever its properties are set to.
async fn exchange(
    client: &Client,
    checkpoint: &str,
    old: &Step,
    wire: &ParsedStep,
) -> Result<v1::UpdateStepResponse> {
    let checkpoint = match checkpoint {
        "" => alone(old).checkpoint,
        named => named.to_owned(),
    };
    if checkpoint.is_empty() {
        let message = "is required: where a step acts cannot be changed, so it is made anew in its \
                       checkpoint, and the platform does not say which that is";
        return Err(Error::invalid("step.checkpoint", "required", message));
    }
    if checkpoint.starts_with(LIBRARY) {
        let message = format!(
            "{} is a step of {checkpoint}: where a step acts cannot be changed, and none can be added \
             to a checkpoint of the library; change the checkpoint that it was copied from, and copy \
             it again",
            name(COLLECTION, old.id)
        );
        return Err(Error::new(ErrorReason::PlatformRefused, message).resource(checkpoint));
    }
    let id = names::id("step.checkpoint", checkpoints::COLLECTION, &checkpoint)?;
    let turn = client.turn_on_checkpoint(id);
    let mut known = turn.lock().await;
    *known = None;
    let steps = client
        .fresh()
        .call(calls::checkpoints::get(id))
        .await?
        .steps;
    let Some(index) = steps.iter().position(|step| step.id == old.id) else {
        return Err(absent(client, old.id).await);
    };
    let position = super::count(index as i64 + 1);
    let added = add(client, id, position, wire).await?;
    if let Err(error) = client.delete_step(id, old.id).await {
        return Err(not_removed(client, id, old.id, added.step.id, error).await);
    }
    Ok(v1::UpdateStepResponse {
        step: Some(of(&checkpoint, position, &added.step)),
    })
}

/// The error of a step that is not in its checkpoint: it is gone, or is in another one.
async fn absent(client: &Client, id: i64) -> Error {
    let step = name(COLLECTION, id);
    match client.fresh().call(calls::steps::get(id)).await {
        Ok(_) => client.conflict(&step),
        Err(error) if is_gone(&error) => client.not_found(&step),
        Err(error) => error,
    }
}

/// The error of an exchange whose old step could not be removed. When it was gone already, the new
/// one has no place to be in, and is taken back.
async fn not_removed(client: &Client, id: i64, old: i64, new: i64, mut error: Error) -> Error {
    let (old, new_name) = (name(COLLECTION, old), name(COLLECTION, new));
    let is_old_gone = is_gone(&error);
    if is_old_gone {
        match client.delete_step(id, new).await {
            Ok(()) => return client.not_found(&old),
            Err(other) if is_gone(&other) => return client.not_found(&old),
            Err(other) => error = other,
        }
    }
    let left = match is_old_gone {
        true => "which is gone, and could not be taken back",
        false => "which could not be removed and has to be",
    };
    error.message = format!(
        "{new_name} was added in the place of {old}, {left}: {}",
        error.message
    );
    error
}

/// Whether a platform says that there is no such step.
pub(crate) fn is_gone(error: &Error) -> bool {
    matches!(
        error.reason,
        ErrorReason::PlatformNotFound | ErrorReason::PlatformStepRefused
    )
}

/// Removes a step from its checkpoint.
pub async fn delete_step(
    client: &Client,
    request: v1::DeleteStepRequest,
) -> Result<v1::DeleteStepResponse> {
    let checkpoint = names::id("checkpoint", checkpoints::COLLECTION, &request.checkpoint)?;
    let step = names::id("name", COLLECTION, &request.name)?;
    let turn = client.turn_on_checkpoint(checkpoint);
    let mut count = turn.lock().await;
    // Authors who come after have to count anew.
    *count = None;
    client.delete_step(checkpoint, step).await?;
    Ok(v1::DeleteStepResponse {})
}

// === Messages ===

/// The steps of a checkpoint.
pub(super) fn messages(checkpoint: &str, steps: &[Step]) -> Vec<v1::PlatformStep> {
    let decoded = codec::decode_steps(steps);
    let placed = (1..).zip(steps).zip(decoded);
    placed
        .map(|((position, step), decoded)| message(checkpoint, position, step, decoded))
        .collect()
}

/// A step of a checkpoint.
pub(crate) fn of(checkpoint: &str, position: i32, step: &Step) -> v1::PlatformStep {
    message(checkpoint, position, step, codec::decode_stored(step))
}

/// A step that was read by itself: the platform may tell where it is.
fn alone(step: &Step) -> v1::PlatformStep {
    let number = |field: &str| step.rest.get(field).and_then(Value::as_i64);
    let checkpoint = match number("libraryCheckpointId") {
        Some(id) => name(LIBRARY, id),
        None => {
            let id = number("checkpointId").or_else(|| number("testCaseId"));
            names::optional(checkpoints::COLLECTION, id)
        }
    };
    let position = number("stepIndex").map_or(0, |index| super::count(index + 1));
    of(&checkpoint, position, step)
}

fn message(checkpoint: &str, position: i32, step: &Step, decoded: Decoded) -> v1::PlatformStep {
    let typed = decoded.step().cloned();
    v1::PlatformStep {
        name: name(COLLECTION, step.id),
        canonical_id: step.canonical_id.clone(),
        checkpoint: checkpoint.to_owned(),
        position,
        text: text(typed.as_ref()),
        step: typed,
        wire: serde_json::to_string(step).unwrap_or_default(),
    }
}

/// A step that was not sent.
fn sent(checkpoint: &str, position: i32, step: v1::Step, wire: &ParsedStep) -> v1::PlatformStep {
    v1::PlatformStep {
        checkpoint: checkpoint.to_owned(),
        position,
        text: text(Some(&step)),
        step: Some(step),
        wire: serde_json::to_string(wire).unwrap_or_default(),
        ..v1::PlatformStep::default()
    }
}

fn text(step: Option<&v1::Step>) -> String {
    let command = step.and_then(|step| step.command.as_ref());
    command.map_or_else(String::new, natural::text)
}
