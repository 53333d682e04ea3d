//! The one place where an error becomes a gRPC status.
//!
//! Every status carries exactly one `ErrorInfo`, and a link to the page of its reason. What else
//! it carries follows from the error and from the status code.

use std::collections::HashMap;
use std::time::Duration;

use etude::v1::{Diagnostic, ErrorReason};
use etude_engine::Error;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Where the pages of `docs/errors/` can be read.
const PAGES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/errors/");

/// Longest message, in bytes. Details and message travel in HTTP/2 headers, and many clients
/// refuse more than 8 KiB of them.
const MESSAGE_BYTES: usize = 1024;

/// Most bytes of all field violations together.
const VIOLATIONS_BYTES: usize = 2048;

/// Longest value in the metadata, in bytes.
const METADATA_BYTES: usize = 256;

/// Turns an error into the status that its caller gets.
pub fn to_status(error: Error) -> Status {
    let code = error.reason.code();
    let mut details = ErrorDetails::new();
    let mut metadata: HashMap<String, String> = error
        .metadata
        .iter()
        .map(|(key, value)| (key.clone(), cut(value, METADATA_BYTES)))
        .collect();
    let omitted = add_violations(&error, &mut details);
    if omitted > 0 {
        metadata.insert("omitted_violations".to_owned(), omitted.to_string());
    }
    details.set_error_info(error.reason.name(), etude::ERROR_DOMAIN, metadata);
    add_retry(&error, code, &mut details);
    add_resource(&error, code, &mut details);
    details.add_help_link(
        format!("etude explain {}", error.reason.name()),
        format!("{PAGES}{}.md", error.reason.name()),
    );
    Status::with_error_details(code, cut(&error.message, MESSAGE_BYTES), details)
}

/// Gives a status that tonic made, for a stream of requests, the details that ours have.
pub(crate) fn completed(status: Status) -> Status {
    match status.details().is_empty() {
        true => complete(status.code(), status.message()),
        false => status,
    }
}

/// The status with all details in place of one that tonic made.
pub(crate) fn complete(code: Code, message: &str) -> Status {
    let too_large = message.contains("message length too large");
    let undecodable = code == Code::Internal && message.starts_with("failed to decode");
    let reason = match code {
        Code::OutOfRange | Code::ResourceExhausted if too_large => ErrorReason::MessageTooLarge,
        _ if undecodable => ErrorReason::InvalidRequest,
        Code::InvalidArgument | Code::NotFound => ErrorReason::InvalidRequest,
        Code::Unimplemented => ErrorReason::NotImplemented,
        Code::DeadlineExceeded => ErrorReason::DeadlineExceeded,
        Code::Cancelled => ErrorReason::Cancelled,
        Code::Unavailable => ErrorReason::ServerShutdown,
        _ => ErrorReason::Internal,
    };
    let message = match message {
        "" => reason.summary(),
        message => message.to_owned(),
    };
    let status = to_status(Error::new(reason, message));
    // The health service's NOT_FOUND must stay what the protocol says it is.
    match code {
        Code::NotFound => Status::with_details(
            code,
            status.message().to_owned(),
            status.details().to_vec().into(),
        ),
        _ => status,
    }
}

/// Adds the field violations that fit; the number of those that do not.
fn add_violations(error: &Error, details: &mut ErrorDetails) -> usize {
    let violations = error
        .violations
        .iter()
        .map(|violation| (violation.field.clone(), violation.description.clone()))
        .chain(error.diagnostics.iter().map(describe));
    let mut room = VIOLATIONS_BYTES;
    let mut omitted = 0;
    for (field, description) in violations {
        let (field, description) = (cut(&field, 256), cut(&description, 512));
        let size = field.len() + description.len() + 8;
        if size > room {
            omitted += 1;
            continue;
        }
        room -= size;
        details.add_bad_request_violation(field, description);
    }
    omitted
}

/// A mistake of a test file as a violation: its field is `file:line:column`.
fn describe(diagnostic: &Diagnostic) -> (String, String) {
    let place = diagnostic.location.clone().unwrap_or_default();
    let field = format!("{}:{}:{}", place.file, place.line, place.column);
    let suggestion = match diagnostic.suggestion.as_str() {
        "" => String::new(),
        text => format!(" ({text})"),
    };
    (
        field,
        format!("{}: {}{suggestion}", diagnostic.reason, diagnostic.message),
    )
}

/// Every RESOURCE_EXHAUSTED and UNAVAILABLE says when trying again makes sense.
fn add_retry(error: &Error, code: Code, details: &mut ErrorDetails) {
    let after = match (error.retry_after, code) {
        (Some(after), _) => after,
        (None, Code::ResourceExhausted | Code::Unavailable) => usual_retry(error.reason),
        (None, _) => return,
    };
    details.set_retry_info(Some(after));
}

fn usual_retry(reason: ErrorReason) -> Duration {
    match reason {
        // The same request will never fit; the longest wait says so to clients that only know
        // how to wait.
        ErrorReason::MessageTooLarge | ErrorReason::ArtifactTooLarge => Duration::from_secs(3600),
        ErrorReason::StorageFull => Duration::from_secs(60),
        ErrorReason::BrowserUnavailable | ErrorReason::StorageFailed => Duration::from_secs(5),
        _ => Duration::from_secs(1),
    }
}

fn add_resource(error: &Error, code: Code, details: &mut ErrorDetails) {
    let name = error.resource.clone().unwrap_or_default();
    match code {
        Code::NotFound | Code::AlreadyExists => {
            let kind = kind_of(error.reason, &name);
            details.set_resource_info(kind, name, "", cut(&error.message, METADATA_BYTES));
        }
        Code::FailedPrecondition => {
            let reason = error.reason.name();
            let description = cut(&error.message, METADATA_BYTES);
            details.add_precondition_failure_violation(reason, name, description);
        }
        _ => {}
    }
}

/// The type of a resource, such as `etude.dev/Session`.
fn kind_of(reason: ErrorReason, name: &str) -> &'static str {
    match (reason, name.split('/').next()) {
        (ErrorReason::SessionNotFound, _) | (_, Some("sessions")) => "etude.dev/Session",
        (ErrorReason::RunNotFound, _) | (_, Some("runs")) => "etude.dev/Run",
        (ErrorReason::ArtifactNotFound, _) | (_, Some("artifacts")) => "etude.dev/Artifact",
        (ErrorReason::CommandNotFound, _) | (_, Some("commands")) => "etude.dev/Command",
        (ErrorReason::RequestIdReused, _) => "etude.dev/Request",
        (_, Some(collection)) => kind_on_platform(collection),
        _ => "etude.dev/Resource",
    }
}

/// The type of a resource of a platform.
fn kind_on_platform(collection: &str) -> &'static str {
    match collection {
        "projects" => "etude.dev/Project",
        "goals" => "etude.dev/Goal",
        "journeys" => "etude.dev/Journey",
        "checkpoints" => "etude.dev/Checkpoint",
        "libraryCheckpoints" => "etude.dev/LibraryCheckpoint",
        "steps" => "etude.dev/Step",
        "environments" => "etude.dev/Environment",
        "testDataTables" => "etude.dev/TestDataTable",
        "extensions" => "etude.dev/Extension",
        "executions" => "etude.dev/Execution",
        "plans" => "etude.dev/Plan",
        "planExecutions" => "etude.dev/PlanExecution",
        _ => "etude.dev/Resource",
    }
}

/// At most `limit` bytes of a text, cut between characters.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mark = "…";
    let end = (0..=limit - mark.len())
        .rev()
        .find(|at| text.is_char_boundary(*at));
    format!("{}{mark}", &text[..end.unwrap_or_default()])
}

#[cfg(test)]
mod tests;
