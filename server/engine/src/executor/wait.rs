//! Waiting for a time.

use std::time::Duration;

use etude::v1::{self, ErrorReason, Failure};
use tokio::time::Instant;

use super::scope::Scope;
use super::timing::{Timing, to_std};
use super::{done, result};
use crate::backend::Execution;
use crate::error::failure;

/// How often a wait looks whether its browser is still there.
const LOOK: Duration = Duration::from_millis(500);

/// Waits as long as the command says. A browser that dies meanwhile ends the wait.
pub(super) async fn for_time(
    scope: &mut Scope,
    wait: &v1::WaitTime,
    timing: &Timing,
) -> Result<Execution, Failure> {
    let wanted = wait.duration.as_ref().and_then(to_std).unwrap_or_default();
    let allowed = timing.wait_timeout.unwrap_or(wanted);
    let end = Instant::now() + wanted.min(allowed);
    while Instant::now() < end {
        if !scope.is_alive() {
            return Err(result::crashed());
        }
        tokio::time::sleep_until(end.min(Instant::now() + LOOK)).await;
    }
    if allowed < wanted {
        let message =
            format!("the wait of {wanted:?} was cut by the step's timeout of {allowed:?}");
        return Err(failure(ErrorReason::StepTimeout, message));
    }
    Ok(done(None))
}
