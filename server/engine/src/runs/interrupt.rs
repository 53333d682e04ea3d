//! Stops what a run is doing, from outside.

use std::sync::OnceLock;

use etude::v1::{ErrorReason, Failure};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, failure};

/// Why a run is interrupted.
#[derive(Debug, Clone)]
pub(super) enum Cause {
    /// CancelRun.
    Cancelled,
    /// The server is shutting down.
    Shutdown,
    /// The run's log can no longer be written.
    LogLost(Error),
}

impl Cause {
    /// Why the steps that are left were not reached.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Cancelled => failure(ErrorReason::RunCancelled, "the run was cancelled"),
            Self::Shutdown => failure(
                ErrorReason::ServerRestarted,
                "the server was shut down while the run was executed",
            ),
            Self::LogLost(error) => error.to_failure(),
        }
    }
}

/// A switch that is thrown once; the first cause stands.
#[derive(Debug, Default)]
pub(super) struct Interrupt {
    cause: OnceLock<Cause>,
    thrown: CancellationToken,
}

impl Interrupt {
    pub(super) fn throw(&self, cause: Cause) {
        // A second cause changes nothing.
        let _ = self.cause.set(cause);
        self.thrown.cancel();
    }

    pub(super) fn cause(&self) -> Option<&Cause> {
        self.cause.get()
    }

    /// Returns when the switch has been thrown.
    pub(super) async fn thrown(&self) {
        self.thrown.cancelled().await;
    }
}
