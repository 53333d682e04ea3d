//! How a step ends: with a value, with an assertion that does not hold, or with an error.

use std::fmt;

use etude::v1::{ErrorReason, Failure};
use serde_json::Value;

use crate::protocol::ProtocolError;

/// What a command that was done leaves: the value it read, if it reads one.
pub(crate) type Done = Option<Value>;

/// The end of a command.
pub(crate) type Outcome = Result<Done, StepError>;

/// A command that was not done.
#[derive(Clone, Debug)]
pub(crate) enum StepError {
    /// The assertion was evaluated and does not hold.
    Fail(Failure),
    /// The command could not be executed.
    Error(Failure),
}

impl StepError {
    /// An error with its reason.
    pub(crate) fn new(reason: ErrorReason, message: impl Into<String>) -> Self {
        Self::Error(Failure {
            reason: reason.name().to_owned(),
            message: message.into(),
            ..Failure::default()
        })
    }

    /// An assertion that does not hold.
    pub(crate) fn fail(
        message: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        Self::Fail(Failure {
            reason: ErrorReason::AssertionFailed.name().to_owned(),
            message: message.into(),
            expected: expected.into(),
            actual: actual.into(),
            hint: String::new(),
        })
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.failure_mut().hint = hint.into();
        self
    }

    /// The failure, whichever kind.
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            Self::Fail(failure) | Self::Error(failure) => failure,
        }
    }

    fn failure_mut(&mut self) -> &mut Failure {
        match self {
            Self::Fail(failure) | Self::Error(failure) => failure,
        }
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail(failure) | Self::Error(failure) => formatter.write_str(&failure.message),
        }
    }
}

impl From<ProtocolError> for StepError {
    fn from(error: ProtocolError) -> Self {
        let message = error.to_string();
        match error {
            ProtocolError::Gone(_) => Self::new(ErrorReason::BrowserCrashed, message)
                .hint("open a new session; if it happens again, look at the machine's memory"),
            ProtocolError::Script(_) => Self::new(ErrorReason::ScriptFailed, message),
            ProtocolError::NoDialog => Self::new(ErrorReason::DialogNotFound, message),
            ProtocolError::DialogOpen => Self::new(ErrorReason::UnexpectedDialog, message),
            ProtocolError::Timeout => Self::new(ErrorReason::StepTimeout, message),
            ProtocolError::PageLeft(_) | ProtocolError::Refused { .. } => {
                Self::new(ErrorReason::PageError, message)
            }
        }
    }
}
