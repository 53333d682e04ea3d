//! From a request to a run that can be stored: parse, apply overrides, validate, count.

use etude::v1::{self, Diagnostic, ErrorReason, run_spec::Source};
use etude::validate::Validate as _;
use etude_language::Brought;
use prost::Message;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{clock, plan};
use crate::error::{Error, Result};
use crate::headers;
use crate::store::NewRun;

/// What a test file is called that has no name.
const DEFAULT_FILE_NAME: &str = "test.yaml";

/// Checks a request and prepares its run.
pub(super) fn prepare(request: v1::CreateRunRequest, max_queued: u32) -> Result<NewRun> {
    check_request(&request)?;
    let fingerprint = fingerprint(&request);
    let Some(mut spec) = request.spec else {
        return Err(Error::invalid("spec", "required", "is required"));
    };
    let test = executed_test(&mut spec)?;
    let environment = spec.environment.as_ref();
    let environment = environment
        .map(|named| named.name.clone())
        .unwrap_or_default();
    let queued = v1::RunQueued {
        test_name: test.name.clone(),
        rows: plan::rows(&test),
        steps_per_row: plan::steps_per_row(&test),
        environment: environment.clone(),
    };
    let run = v1::Run {
        name: new_name(),
        test_name: test.name.clone(),
        state: v1::RunState::Queued.into(),
        create_time: Some(clock::now()),
        statistics: Some(plan::untouched_statistics(&test)),
        labels: spec.labels.clone(),
        environment,
        tags: tags(&test),
        ..v1::Run::default()
    };
    spec.source = Some(Source::Test(test));
    Ok(NewRun {
        run,
        spec,
        request_id: request.request_id,
        fingerprint,
        queued,
        max_queued,
    })
}

/// A name that no run has had.
pub(super) fn new_name() -> String {
    format!("runs/{}", Uuid::now_v7().simple())
}

/// The tags of a test and of its checkpoints, each once.
fn tags(test: &v1::Test) -> Vec<String> {
    let of_checkpoints = test.checkpoints.iter().flat_map(|one| &one.tags);
    let mut tags: Vec<String> = Vec::new();
    for tag in test.tags.iter().chain(of_checkpoints) {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

/// Checks everything but the test, whose mistakes are told in another way.
fn check_request(request: &v1::CreateRunRequest) -> Result<()> {
    let mut violations = request.violations();
    violations.retain(|violation| !violation.field.starts_with("spec.test"));
    if let Some(spec) = &request.spec {
        let field = "spec.http_headers";
        violations.extend(headers::violations(field, &spec.http_headers));
    }
    if violations.is_empty() {
        return Ok(());
    }
    Err(Error::violated(violations))
}

/// The run of an answer to `validate_only`: it has no name, for it does not exist.
pub(super) fn validated(new: NewRun) -> v1::Run {
    let test = match new.spec.source {
        Some(Source::Test(test)) => Some(test),
        _ => None,
    };
    v1::Run {
        name: String::new(),
        create_time: None,
        test,
        ..new.run
    }
}

/// What tells a repeated request from another one with the same id.
fn fingerprint(request: &v1::CreateRunRequest) -> [u8; 32] {
    // Maps are encoded in the order of their keys, so equal requests have equal bytes.
    let spec = request.spec.as_ref().map(Message::encode_to_vec);
    Sha256::digest(spec.unwrap_or_default()).into()
}

/// The test of a spec with the spec's overrides.
fn executed_test(spec: &mut v1::RunSpec) -> Result<v1::Test> {
    let mut test = match spec.source.take() {
        Some(Source::Test(test)) => check_test(test)?,
        Some(Source::Document(document)) => parse_document(&document)?,
        None => return Err(Error::invalid("spec.source", "required", "is required")),
    };
    if !spec.base_url.is_empty() {
        test.base_url.clone_from(&spec.base_url);
    }
    if let Some(overrides) = &spec.config {
        override_config(test.config.get_or_insert_default(), overrides);
    }
    Ok(test)
}

/// The test of a file.
///
/// # Errors
///
/// `TEST_INVALID`, with all its mistakes.
pub fn parse_document(document: &v1::TestDocument) -> Result<v1::Test> {
    let file_name = match document.file_name.as_str() {
        "" => DEFAULT_FILE_NAME,
        name => name,
    };
    let parsed = etude_language::parse_with(
        file_name,
        &document.content,
        &document.files,
        &Brought::default(),
    );
    parsed.test.ok_or_else(|| test_invalid(parsed.diagnostics))
}

/// A typed test, once it has no mistakes.
///
/// # Errors
///
/// `TEST_INVALID`, with all its mistakes.
pub fn check_test(test: v1::Test) -> Result<v1::Test> {
    let diagnostics = etude_language::validate_test(&test);
    if diagnostics.iter().any(is_error) {
        return Err(test_invalid(diagnostics));
    }
    Ok(test)
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity() == v1::Severity::Error
}

fn test_invalid(diagnostics: Vec<Diagnostic>) -> Error {
    let first = diagnostics.iter().find(|diagnostic| is_error(diagnostic));
    let first = first.map_or("", |diagnostic| diagnostic.message.as_str());
    let message = match diagnostics.iter().filter(|d| is_error(d)).count() {
        0 | 1 => format!("the test has a mistake: {first}"),
        count => format!("the test has {count} mistakes; the first: {first}"),
    };
    Error {
        diagnostics,
        ..Error::new(ErrorReason::TestInvalid, message)
    }
}

/// Sets the fields of `config` that are set in `overrides`.
fn override_config(config: &mut v1::TestConfig, overrides: &v1::TestConfig) {
    fn replace<T: Clone>(field: &mut Option<T>, by: &Option<T>) {
        if by.is_some() {
            field.clone_from(by);
        }
    }
    replace(&mut config.step_timeout, &overrides.step_timeout);
    replace(
        &mut config.navigation_timeout,
        &overrides.navigation_timeout,
    );
    replace(&mut config.timeout, &overrides.timeout);
    replace(&mut config.viewport, &overrides.viewport);
    if let Some(browser) = &overrides.browser {
        override_browser(config.browser.get_or_insert_default(), browser);
    }
    if overrides.screenshots != 0 {
        config.screenshots = overrides.screenshots;
    }
    if overrides.retries != 0 {
        config.retries = overrides.retries;
    }
    if overrides.recovery != 0 {
        config.recovery = overrides.recovery;
    }
    config.continue_on_error |= overrides.continue_on_error;
    config.keep_dialogs |= overrides.keep_dialogs;
}

fn override_browser(browser: &mut v1::BrowserOptions, overrides: &v1::BrowserOptions) {
    if overrides.name != 0 {
        browser.name = overrides.name;
    }
    if overrides.window_mode != 0 {
        browser.window_mode = overrides.window_mode;
    }
    if !overrides.languages.is_empty() {
        browser.languages.clone_from(&overrides.languages);
    }
}
