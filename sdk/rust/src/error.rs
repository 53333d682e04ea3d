//! The one error of the SDK: what a server answered, or why it could not be asked.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::v1::ErrorReason;

/// A result of the SDK.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// Every error that an Étude server sends carries a reason; `etude explain REASON` prints its
/// page. An error without a reason was written by something between client and server.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    code: Code,
    reason: Option<String>,
    message: String,
    metadata: HashMap<String, String>,
    violations: Vec<FieldViolation>,
    retry_after: Option<Duration>,
    /// It arose in this process and says nothing about the server.
    local: bool,
}

/// One field of a request that violates its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// Path of the field; `file:line:column` for a mistake in a test file.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

impl Error {
    /// The gRPC code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The reason, when this version of the SDK knows it.
    pub fn reason(&self) -> Option<ErrorReason> {
        ErrorReason::from_name(self.0.reason.as_deref()?)
    }

    /// The reason as it was sent, such as `SESSION_NOT_FOUND`; also one that a newer server has
    /// and this SDK does not know.
    pub fn reason_name(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// What went wrong, and what to do, for a person.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Facts about the error, by name, such as `first_sequence` of EVENTS_COMPACTED.
    pub fn metadata(&self) -> &HashMap<String, String> {
        &self.0.metadata
    }

    /// The fields of the request that are wrong, all of them.
    pub fn violations(&self) -> &[FieldViolation] {
        &self.0.violations
    }

    /// How long the server asks to wait before the call is tried again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the connection or the server failed in a way that passes by itself: the same call
    /// may succeed later. Such calls are tried again by the SDK until
    /// [`RetryPolicy::give_up_after`](crate::RetryPolicy::give_up_after).
    pub fn is_transient(&self) -> bool {
        if self.0.local {
            return false;
        }
        match (self.reason(), &self.0.reason) {
            (Some(reason), _) => {
                self.0.code == Code::Unavailable && reason != ErrorReason::BrowserUnavailable
            }
            (None, Some(_)) => self.0.code == Code::Unavailable,
            // A broken connection, or a proxy in front of the server.
            (None, None) => matches!(
                self.0.code,
                Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled
            ),
        }
    }

    pub(crate) fn new(reason: ErrorReason, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code: reason.code(),
            reason: Some(reason.name().to_owned()),
            message: message.into(),
            metadata: HashMap::new(),
            violations: Vec::new(),
            retry_after: None,
            local: false,
        }))
    }

    /// An error of this process, such as a file that cannot be read.
    pub(crate) fn local(code: Code, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorReason::Unspecified, message);
        error.0.code = code;
        error.0.reason = None;
        error.0.local = true;
        error
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        if let Some(error) = of_transport(&status) {
            return error;
        }
        let details = status.get_error_details();
        let info = details.error_info();
        let violations = details.bad_request().map(|bad| &bad.field_violations);
        Self(Box::new(Inner {
            code: status.code(),
            reason: info.map(|info| info.reason.clone()),
            message: status.message().to_owned(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
            violations: violations
                .into_iter()
                .flatten()
                .map(|violation| FieldViolation {
                    field: violation.field.clone(),
                    description: violation.description.clone(),
                })
                .collect(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
            local: false,
        }))
    }
}

/// The error when no server wrote the status: the client's own timer ran out, nobody listens, or the
/// connection broke in the middle of the call.
fn of_transport(status: &Status) -> Option<Error> {
    let mut source = std::error::Error::source(status);
    let mut texts: Vec<String> = Vec::new();
    while let Some(error) = source {
        if error.is::<tonic::TimeoutExpired>() {
            return Some(Error::new(
                ErrorReason::DeadlineExceeded,
                "the call's deadline passed before the server answered",
            ));
        }
        texts.push(error.to_string());
        source = error.source();
    }
    let cause = texts.pop()?;
    let message = match status.code() {
        Code::Unavailable => format!("no connection: {cause}"),
        Code::Unknown | Code::Internal | Code::Cancelled => {
            format!("the connection to the server broke before it had answered all: {cause}")
        }
        _ => return None,
    };
    Some(Error::new(ErrorReason::ServerUnreachable, message))
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for violation in &self.0.violations {
            write!(f, "; {}: {}", violation.field, violation.description)?;
        }
        match &self.0.reason {
            Some(reason) => write!(f, " [{reason}]"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
