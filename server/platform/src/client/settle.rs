//! What has become of a creation whose answer was lost.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use super::{Client, Failure};
use crate::calls::{ApiRequest, Call};

/// How often it is looked for. A platform that is slow may still be at it when the connection broke.
const LOOKS: u32 = 4;

/// How many times longer each wait before a look is than the one before.
const LONGER: u32 = 4;

/// What is known of it when the answer to a creating call was lost.
#[derive(Debug)]
pub(super) enum Found<T> {
    /// Nothing new.
    Nothing,
    /// What the call has made.
    This(Box<T>),
    /// Several that could be it.
    Several,
}

impl<T> Found<T> {
    /// What of several candidates was made by the call: the only one.
    pub(super) fn only(candidates: impl IntoIterator<Item = T>) -> Self {
        let mut candidates = candidates.into_iter();
        match (candidates.next(), candidates.next()) {
            (None, _) => Self::Nothing,
            (Some(one), None) => Self::This(Box::new(one)),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

impl Client {
    /// Creates something. When the answer is lost, `look` is called until `find` finds what was
    /// made.
    pub(super) async fn settled<T, L>(
        &self,
        create: Call<T>,
        look: impl Fn() -> Call<L>,
        find: impl Fn(L) -> Found<T>,
    ) -> Result<T> {
        let failure = match self.attempt(&create).await {
            Ok(made) => return Ok(made),
            Err(failure) if failure.may_have_happened() => failure,
            Err(failure) => return Err(failure.into_error(&create.request)),
        };
        let mut wait = self.shared.first_look;
        for _ in 0..LOOKS {
            tokio::time::sleep(wait).await;
            wait *= LONGER;
            let Ok(seen) = self.fresh().attempt(&look()).await else {
                continue;
            };
            match find(seen) {
                Found::This(made) => {
                    self.shared.counters.settled.add();
                    return Ok(*made);
                }
                Found::Several => break,
                // The platform has answered with an error of its own, and there is nothing.
                Found::Nothing if failure.is_final() => {
                    return Err(failure.into_error(&create.request));
                }
                Found::Nothing => {}
            }
        }
        Err(unknown(&create.request, &failure).with("look_at", look().request.path))
    }
}

impl Failure {
    /// Whether the platform itself, and nothing between, has ended the call.
    fn is_final(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.status == 500)
    }
}

/// The error of a creation that could not be settled.
pub(super) fn unknown(request: &ApiRequest, failure: &Failure) -> Error {
    let call = format!("{} {}", request.method, request.path);
    let message = format!(
        "it is not known whether {call} has happened: {failure}; look before you repeat it"
    );
    Error::new(ErrorReason::PlatformOutcomeUnknown, message).resource(request.resource())
}

/// Which steps a checkpoint has, as far as its last answer told: what a lost step is told from its
/// twins by.
pub(super) type Known = Option<HashSet<i64>>;

/// What is known of each checkpoint. Whoever adds a step holds its lock until that is settled, so
/// that no step of another caller is taken for it.
#[derive(Debug, Default)]
pub(super) struct Baselines(Mutex<HashMap<i64, Arc<tokio::sync::Mutex<Known>>>>);

/// With more checkpoints than this, those that nobody adds to are forgotten.
const REMEMBERED: usize = 10_000;

impl Baselines {
    pub(super) async fn lock(&self, checkpoint: i64) -> OwnedMutexGuard<Known> {
        let lock = {
            let mut all = self.0.lock();
            if all.len() >= REMEMBERED {
                all.retain(|_, lock| Arc::strong_count(lock) > 1);
            }
            all.entry(checkpoint).or_default().clone()
        };
        lock.lock_owned().await
    }
}
