//! What came of a step, as a verdict.

use std::fmt;

use crate::v1::{Outcome, StepResult};

/// A step that was executed and did not pass.
#[derive(Clone, Debug)]
pub struct NotPassed(Box<StepResult>);

impl StepResult {
    /// Whether the outcome is PASS.
    pub fn passed(&self) -> bool {
        self.outcome() == Outcome::Pass
    }

    /// The result when the step passed.
    ///
    /// # Errors
    ///
    /// The outcome is another.
    pub fn into_pass(self) -> Result<Self, NotPassed> {
        match self.passed() {
            true => Ok(self),
            false => Err(NotPassed(Box::new(self))),
        }
    }
}

impl NotPassed {
    /// The result.
    pub fn result(&self) -> &StepResult {
        &self.0
    }
}

impl std::error::Error for NotPassed {}

impl fmt::Display for NotPassed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = self.0.outcome().word();
        write!(f, "{}: {outcome}", self.0.text)?;
        let Some(failure) = &self.0.failure else {
            return Ok(());
        };
        write!(f, ": {} [{}]", failure.message, failure.reason)
    }
}

impl Outcome {
    /// The outcome as people write it: `PASS`, `FAIL`, `ERROR`, `SKIP` or `NOT_REACHED`; empty
    /// when it is not decided.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "",
            _ => self.as_str_name().trim_start_matches("OUTCOME_"),
        }
    }
}
