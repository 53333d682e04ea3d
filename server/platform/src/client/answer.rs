//! Reading an HTTP answer: the wrapping taken off, or what the platform says against the call.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::Failure;
use super::failure::Refused;
use crate::model::envelope;

/// How much of an answer that cannot be read is shown, in characters.
const SHOWN: usize = 80;

/// What an answer holds.
pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Value, Failure> {
    let json = match body.trim_ascii() {
        [] => Some(Value::Null),
        body => serde_json::from_slice(body).ok(),
    };
    match (status.is_success(), json) {
        (true, Some(json)) => envelope::unwrap(json).map_err(|error| {
            Failure::Refused(Refused {
                status: status.as_u16(),
                retry_after: None,
                ..error.into()
            })
        }),
        (true, None) => Err(Failure::BadAnswer {
            success: true,
            what: not_json(status, headers, body),
        }),
        (false, json) => Err(refusal(status, headers, body, json)),
    }
}

fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8], json: Option<Value>) -> Failure {
    let error = json.as_ref().and_then(envelope::error_of);
    // An unknown address answers with a page, and so does a host that is not the API.
    let is_page = json.is_none() && (status.is_redirection() || status == StatusCode::NOT_FOUND);
    if status.is_redirection() || is_page {
        return Failure::BadAnswer {
            success: false,
            what: not_json(status, headers, body),
        };
    }
    let error = error.unwrap_or_else(|| envelope::ApiError {
        message: status.canonical_reason().unwrap_or("no reason").to_owned(),
        ..envelope::ApiError::default()
    });
    Failure::Refused(Refused {
        status: status.as_u16(),
        retry_after: retry_after(headers),
        ..error.into()
    })
}

/// What stands there instead of JSON, for a person.
fn not_json(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> String {
    if let Some(location) = headers.get(header::LOCATION).and_then(|v| v.to_str().ok()) {
        let location = location.split(['?', '#']).next().unwrap_or_default();
        return format!("it leads to {location}; check the base URL");
    }
    let text = String::from_utf8_lossy(body);
    let beginning: String = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(SHOWN)
        .collect();
    format!("status {status}, and no JSON but {beginning:?}; check that the base URL ends in /api")
}

/// The wait that an answer asks for: in seconds, or until a time.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}
