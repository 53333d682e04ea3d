//! HTTP calls from the server.

use std::collections::BTreeMap;
use std::error::Error as _;

use etude::v1::{self, ErrorReason, Failure, WarningKind};
use reqwest::{Method, Response, Url, header};
use serde_json::{Value, json};

use super::result::warning;
use super::scope::Scope;
use super::timing::Timing;
use super::{Executor, done};
use crate::backend::{Execution, Verdict};
use crate::error::failure;

/// The most of a response's body that is read, in bytes.
const BODY_BYTES: usize = 1024 * 1024;

impl Executor {
    /// Executes a CallApi. `Err` is an ERROR.
    pub(super) async fn call_api(
        &self,
        scope: &mut Scope,
        call: &v1::CallApi,
        timing: &Timing,
    ) -> Result<Execution, Failure> {
        let url = address(scope, &call.url).map_err(failed)?;
        let exchange = self.exchange(&url, call);
        let (status, execution) = match tokio::time::timeout(timing.timeout, exchange).await {
            Ok(exchange) => exchange?,
            Err(_) => {
                let message = format!("{url} did not answer within {:?}", timing.timeout);
                return Err(failure(ErrorReason::StepTimeout, message));
            }
        };
        if call.expect_status == 0 || call.expect_status == u32::from(status) {
            return Ok(execution);
        }
        let unexpected = Failure {
            expected: call.expect_status.to_string(),
            actual: status.to_string(),
            ..failure(
                ErrorReason::AssertionFailed,
                format!("{url} answered with another status than expected"),
            )
        };
        Ok(Execution {
            verdict: Verdict::Fail(unexpected),
            ..execution
        })
    }

    /// Sends the request and reads its response.
    async fn exchange(&self, url: &Url, call: &v1::CallApi) -> Result<(u16, Execution), Failure> {
        let method = match call.method.as_str() {
            "" => Method::GET,
            name => Method::from_bytes(name.as_bytes())
                .map_err(|_| failed(format!("`{name}` is not an HTTP method")))?,
        };
        let mut request = self.http()?.request(method, url.clone());
        request = request.headers(headers(call)?);
        if !call.body.is_empty() {
            request = request.body(call.body.clone());
        }
        let broken =
            |error: reqwest::Error| failed(format!("{url} gave no response: {}", reason(error)));
        let response = request.send().await.map_err(broken)?;
        let status = response.status().as_u16();
        let headers = response_headers(&response);
        let (body, cut) = read_body(response).await.map_err(broken)?;
        let output = json!({"status": status, "headers": headers, "body": body});
        let mut execution = done(Some(output));
        if cut {
            let message = format!("the response's body is cut to {BODY_BYTES} bytes");
            execution
                .warnings
                .push(warning(WarningKind::Truncated, message));
        }
        Ok((status, execution))
    }
}

/// The request's headers; a JSON body says so itself unless they do.
fn headers(call: &v1::CallApi) -> Result<header::HeaderMap, Failure> {
    let mut headers = header::HeaderMap::new();
    for (name, value) in &call.headers {
        let wrong = || {
            failed(format!(
                "the header `{name}` has a name or value that HTTP forbids"
            ))
        };
        let name = header::HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let value = header::HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong())?;
        headers.append(name, value);
    }
    let json = || serde_json::from_str::<serde::de::IgnoredAny>(&call.body).is_ok();
    if !call.body.is_empty() && !headers.contains_key(header::CONTENT_TYPE) && json() {
        let value = header::HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, value);
    }
    Ok(headers)
}

/// An absolute http or https address, completed with the scope's base address.
pub(super) fn address(scope: &Scope, text: &str) -> Result<Url, String> {
    let parsed = match Url::parse(text) {
        Err(_) if !scope.base_url.is_empty() => {
            Url::parse(&scope.base_url).and_then(|base| base.join(text))
        }
        parsed => parsed,
    };
    let url = parsed.map_err(|error| {
        let help = "give an absolute http or https address, or set a base URL";
        format!("`{text}` cannot be used as an address ({error}); {help}")
    })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!(
            "`{text}` has the scheme `{other}`; only http and https are called"
        )),
    }
}

/// What went wrong, without the address, down to its cause.
pub(super) fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn response_headers(response: &Response) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|all| *all = format!("{all}, {value}"))
            .or_insert_with(|| value.into_owned());
    }
    headers
}

/// The body, JSON as JSON, and whether it was cut.
async fn read_body(mut response: Response) -> Result<(Value, bool), reqwest::Error> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        let room = BODY_BYTES - body.len();
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() > room {
            return Ok((text(&body), true));
        }
    }
    let value = serde_json::from_slice(&body).unwrap_or_else(|_| text(&body));
    Ok((value, false))
}

fn text(body: &[u8]) -> Value {
    Value::String(String::from_utf8_lossy(body).into_owned())
}

fn failed(message: String) -> Failure {
    failure(ErrorReason::ApiCallFailed, message)
}
