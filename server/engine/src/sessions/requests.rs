//! What a session has answered to which request id.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::Bytes;
use etude::v1::{self, SessionEvent, StepResult, session_event::Payload};
use prost::Message as _;

use super::registry::request_id_reused;
use crate::error::{Error, Result};

/// How many answers are remembered.
const MAX_ANSWERS: usize = 1000;

/// The answers of a session by request id: the encoded events that carry them.
#[derive(Default)]
pub(super) struct Answers {
    by_id: HashMap<String, (u64, Bytes)>,
    order: VecDeque<String>,
}

impl Answers {
    /// The answer that was given to this id; `None` when it is new.
    pub(super) fn recall(&self, id: &str, fingerprint: u64) -> Result<Option<StepResult>> {
        match self.by_id.get(id) {
            None => Ok(None),
            Some((other, _)) if *other != fingerprint => Err(request_id_reused(id)),
            Some((_, event)) => {
                let event = SessionEvent::decode(event.clone());
                let event = event.map_err(|error| Error::internal(error.to_string()))?;
                Ok(result_of(event))
            }
        }
    }

    /// Remembers an answer; the oldest beyond the last 1000 is forgotten.
    pub(super) fn keep(&mut self, id: String, fingerprint: u64, event: Bytes) {
        self.order.push_back(id.clone());
        self.by_id.insert(id, (fingerprint, event));
        if self.order.len() > MAX_ANSWERS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }
}

/// The result that an event carries.
pub(super) fn result_of(event: SessionEvent) -> Option<StepResult> {
    match event.payload {
        Some(Payload::StepFinished(finished)) => finished.result,
        _ => None,
    }
}

/// Tells one step from another.
pub(super) fn fingerprint(step: &v1::Step) -> u64 {
    let mut hasher = DefaultHasher::new();
    step.encode_to_vec().hash(&mut hasher);
    hasher.finish()
}
