//! Why a call failed, and the error that its caller gets.

use std::time::Duration;

use etude::v1::ErrorReason;
use etude::validate::Violation;
use etude_engine::Error;

use crate::calls::ApiRequest;
use crate::model::ApiError;
use crate::model::envelope::About;

/// Longest text of the platform that is passed on, in characters.
const WORDS: usize = 300;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Failure {
    /// No connection was made: nothing was sent.
    #[error("the platform cannot be reached: {0}")]
    Connect(String),
    /// The connection broke after something was sent.
    #[error("the connection to the platform broke: {0}")]
    Broken(String),
    /// No answer came in time.
    #[error("the platform did not answer within {0:?}")]
    Timeout(Duration),
    /// The platform said no.
    #[error("{0}")]
    Refused(Refused),
    /// The platform's answer is not one.
    #[error("the platform's answer cannot be understood: {what}")]
    BadAnswer {
        /// Whether its status says success.
        success: bool,
        /// What is wrong with it.
        what: String,
    },
    /// The breaker is open for so long.
    #[error("the platform failed too often; it is left alone for {0:?}")]
    CircuitOpen(Duration),
    /// So many calls wait already.
    #[error("{0} calls wait for the platform already")]
    QueueFull(usize),
    /// The rate limit of the token has no place for so long.
    #[error("the token has made as many calls as it may; the next place is free in {0:?}")]
    RateLimited(Duration),
}

/// What the platform said.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Refused {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The platform's code; empty when it gave none.
    pub(crate) code: String,
    /// Its words.
    pub(crate) message: String,
    /// What of the request it is about, by the wire's names.
    pub(crate) about: About,
    /// How long it asks to wait.
    pub(crate) retry_after: Option<Duration>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: String = self.message.chars().take(WORDS).collect();
        write!(f, "{words} (status {}", self.status)?;
        match self.code.as_str() {
            "" => write!(f, ")"),
            code => write!(f, ", code {code})"),
        }
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self {
            code: error.code,
            message: error.message,
            about: error.about,
            ..Self::default()
        }
    }
}

/// A field of the wire by the contract's name: `http_headers["A"]` for `httpHeaders["A"]`.
fn ours(field: &str) -> String {
    let (name, rest) = field.split_at(field.find(['[', '.']).unwrap_or(field.len()));
    let mut ours = String::with_capacity(field.len());
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            ours.push('_');
        }
        ours.push(letter.to_ascii_lowercase());
    }
    ours + rest
}

impl Failure {
    /// Whether trying again may help, as far as the platform is concerned.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Broken(_) | Self::Timeout(_) => true,
            Self::Refused(refused) => refused.status == 429 || refused.is_fault(),
            Self::BadAnswer { success, .. } => *success,
            _ => false,
        }
    }

    /// Whether it is certain that the call has done nothing.
    pub(crate) fn did_nothing(&self) -> bool {
        match self {
            Self::Connect(_) | Self::CircuitOpen(_) | Self::QueueFull(_) | Self::RateLimited(_) => {
                true
            }
            Self::Refused(refused) => refused.status == 429 || refused.status == 503,
            _ => false,
        }
    }

    /// Whether the call may have done what it should although it failed: the answer was lost.
    pub(crate) fn may_have_happened(&self) -> bool {
        match self {
            Self::Broken(_) | Self::Timeout(_) => true,
            Self::BadAnswer { success, .. } => *success,
            Self::Refused(refused) => refused.is_fault() && refused.status != 503,
            _ => false,
        }
    }

    /// Whether it speaks against the platform's health.
    pub(crate) fn is_fault(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Broken(_) | Self::Timeout(_) => true,
            Self::Refused(refused) => refused.is_fault(),
            _ => false,
        }
    }

    /// How long the platform asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refused) => refused.retry_after,
            Self::CircuitOpen(wait) | Self::RateLimited(wait) => Some(*wait),
            _ => None,
        }
    }

    /// The error that the caller gets.
    pub(crate) fn into_error(self, request: &ApiRequest) -> Error {
        let reason = self.reason(request);
        let call = format!("{} {}", request.method, request.path);
        let message = match &self {
            Self::Refused(refused) => format!("the platform refused {call}: {refused}"),
            other => format!("{other} ({call})"),
        };
        let mut error = Error::new(reason, message).resource(request.resource());
        if let Self::Refused(refused) = &self {
            error = refused.located(error, request);
        }
        if let Some(wait) = self.retry_after() {
            error = error.retry_after(wait);
        }
        match self {
            Self::Refused(refused) => {
                let error = error.with("platform_status", refused.status);
                match refused.code.as_str() {
                    "" => error,
                    code => error.with("platform_code", code),
                }
                .with("platform_message", &refused.message)
            }
            _ => error,
        }
    }

    fn reason(&self, request: &ApiRequest) -> ErrorReason {
        match self {
            Self::Connect(_) | Self::Broken(_) => ErrorReason::PlatformUnavailable,
            Self::Timeout(_) => ErrorReason::PlatformTimeout,
            Self::Refused(refused) => refused.reason(request),
            Self::BadAnswer { .. } => ErrorReason::PlatformBadResponse,
            Self::CircuitOpen(_) => ErrorReason::PlatformCircuitOpen,
            Self::QueueFull(_) => ErrorReason::PlatformQueueFull,
            Self::RateLimited(_) => ErrorReason::PlatformRateLimited,
        }
    }
}

impl Refused {
    /// Whether the platform has a fault: of all 5xx, those that do not say what it lacks for good
    /// (501) or where a person must help (507).
    fn is_fault(&self) -> bool {
        self.status >= 500 && ![501, 507].contains(&self.status)
    }

    /// Says what of the request the answer is about.
    fn located(&self, error: Error, request: &ApiRequest) -> Error {
        let missing = match error.reason {
            ErrorReason::PlatformNotFound => request.missing(&self.message, self.about.id),
            _ => None,
        };
        let error = match missing {
            Some(name) => Error {
                message: format!("{}; {name} is not there", error.message),
                ..error
            }
            .resource(name),
            None => error,
        };
        let violation = self.about.field.as_ref().map(|field| Violation {
            field: ours(field),
            rule: "platform",
            description: self.message.clone(),
        });
        Error {
            violations: violation.into_iter().collect(),
            ..error
        }
    }

    /// The platform's own codes come before the status that carries them.
    fn reason(&self, request: &ApiRequest) -> ErrorReason {
        let words = self.message.to_ascii_lowercase();
        let about_canonical_id =
            request.path.ends_with("/properties") && words.contains("canonical");
        // The platform's code for the first is that of many things, and none is known for the second.
        let unattached = request.path == "/teststeps" && words.contains("attach");
        let immutable = words.contains("snapshot")
            && ["committed", "immutable", "read-only"]
                .iter()
                .any(|word| words.contains(word));
        match (self.code.as_str(), self.status) {
            (_, 400 | 404 | 409) if unattached => ErrorReason::CheckpointNotAttached,
            ("1403" | "2500", _) => ErrorReason::PlatformNotFound,
            ("1501", _) => ErrorReason::PlatformAlreadyExists,
            ("2605", _) => ErrorReason::PlatformStepRefused,
            (_, 400 | 409) if immutable => ErrorReason::SnapshotImmutable,
            (_, 400) if about_canonical_id => ErrorReason::PlatformConflict,
            (_, 400 | 413 | 422) => ErrorReason::PlatformInvalidArgument,
            (_, 401) => ErrorReason::PlatformUnauthenticated,
            (_, 403) => ErrorReason::PlatformPermissionDenied,
            (_, 404 | 410) => ErrorReason::PlatformNotFound,
            (_, 409) => ErrorReason::PlatformConflict,
            (_, 429) => ErrorReason::PlatformRateLimited,
            (_, 501) => ErrorReason::PlatformRefused,
            (_, 500..) => ErrorReason::PlatformUnavailable,
            _ => ErrorReason::PlatformRefused,
        }
    }
}
