//! The one error of the engine and of what implements its traits.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use etude::v1::{Diagnostic, ErrorReason, Failure};
use etude::validate::Violation;

/// The engine's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call could not be carried out. The binary turns it into a gRPC status in one place; the
/// reason decides the status.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// The reason, one of the contract's table.
    pub reason: ErrorReason,
    /// What went wrong, for a person; lower case, without a full stop.
    pub message: String,
    /// The dynamic values of the message, by key.
    pub metadata: BTreeMap<String, String>,
    /// Violated rules of the request, by field.
    pub violations: Vec<Violation>,
    /// Mistakes of a test file.
    pub diagnostics: Vec<Diagnostic>,
    /// When trying again makes sense.
    pub retry_after: Option<Duration>,
    /// The resource that is missing or in the way.
    pub resource: Option<String>,
}

impl Error {
    /// An error with a reason and a message.
    pub fn new(reason: ErrorReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            diagnostics: Vec::new(),
            retry_after: None,
            resource: None,
        }
    }

    /// A defect of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorReason::Internal, message)
    }

    /// One violated rule of a request.
    pub fn invalid(
        field: impl Into<String>,
        rule: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self::violated(vec![Violation {
            field: field.into(),
            rule,
            description: description.into(),
        }])
    }

    /// Violated rules of a request.
    pub fn violated(violations: Vec<Violation>) -> Self {
        let message = match violations.as_slice() {
            [] => "the request is not valid".to_owned(),
            [only] => describe(only),
            [first, rest @ ..] => format!("{} (and {} more)", describe(first), rest.len()),
        };
        Self {
            violations,
            ..Self::new(ErrorReason::InvalidRequest, message)
        }
    }

    /// The same with other names for the request's fields; of an error that names none, itself.
    #[must_use]
    pub fn with_fields(self, name: impl Fn(&str) -> String) -> Self {
        if self.violations.is_empty() {
            return self;
        }
        let renamed = |one: Violation| Violation {
            field: name(&one.field),
            ..one
        };
        let violations: Vec<_> = self.violations.into_iter().map(renamed).collect();
        Self {
            message: Self::violated(violations.clone()).message,
            violations,
            ..self
        }
    }

    /// Adds a dynamic value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// Says when trying again makes sense.
    #[must_use]
    pub fn retry_after(self, after: Duration) -> Self {
        Self {
            retry_after: Some(after),
            ..self
        }
    }

    /// Names the resource that is missing or in the way.
    #[must_use]
    pub fn resource(self, name: impl Into<String>) -> Self {
        Self {
            resource: Some(name.into()),
            ..self
        }
    }

    /// The error as it stands in a result or an event.
    pub fn to_failure(&self) -> Failure {
        failure(self.reason, self.message.clone())
    }
}

/// A failure with a reason and a message.
pub fn failure(reason: ErrorReason, message: impl Into<String>) -> Failure {
    Failure {
        reason: reason.name().to_owned(),
        message: message.into(),
        ..Failure::default()
    }
}

fn describe(violation: &Violation) -> String {
    match violation.field.as_str() {
        "" => violation.description.clone(),
        field => format!("{field} {}", violation.description),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.name(), self.message)
    }
}

impl std::error::Error for Error {}
