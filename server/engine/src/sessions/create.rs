//! Opening sessions.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use etude::v1::{self, ErrorReason, Outcome, ScreenshotPolicy, SessionState};
use etude::validate::Validated;
use uuid::Uuid;

use super::entry::Entry;
use super::registry::Slot;
use super::{Inner, keeper, now, shutting_down, turn};
use crate::backend::{Backend, SessionSpec};
use crate::error::{Error, Result};
use crate::executor::{Facts, ScopeOptions, StepDefaults, to_std};
use crate::headers;
use crate::variables::{Layer, Variables};

/// The viewport of a session whose creator says nothing.
const VIEWPORT: v1::Viewport = v1::Viewport {
    width: 1280,
    height: 800,
};

/// Opens the session that the request describes, or returns the one that it has opened before.
pub(super) async fn create(
    inner: &Arc<Inner>,
    request: v1::CreateSessionRequest,
) -> Result<v1::Session> {
    let backend = backend(inner, &request)?;
    let variables = variables(inner, &request)?;
    let refused = headers::violations("http_headers", &request.http_headers);
    if !refused.is_empty() {
        return Err(Error::violated(refused));
    }
    if request.validate_only {
        return Ok(describe(inner, &request, String::new()));
    }
    if request.request_id.is_empty() {
        return Ok(open(inner, &request, backend, variables).await?.snapshot());
    }
    let creation = inner.registry.creation(&request)?;
    let mut made = creation.session.lock().await;
    let entry = match &*made {
        Some(entry) => entry.clone(),
        None => open(inner, &request, backend, variables).await?,
    };
    *made = Some(entry.clone());
    Ok(entry.snapshot())
}

fn variables(inner: &Inner, request: &v1::CreateSessionRequest) -> Result<Variables> {
    let secrets = inner.executor.secrets();
    let mut variables = Variables::new();
    for (name, value) in &request.env {
        variables.set_env(name, value);
    }
    variables.hide_headers(&request.http_headers);
    if let Some(environment) = &request.environment {
        let loaded = variables.load_environment(environment, secrets);
        loaded.map_err(|missing| {
            let field = format!("environment.variables[{}].secret", missing.index);
            Error::invalid(field, "secret", format!("is not known: {missing}"))
        })?;
    }
    variables
        .load(Layer::Caller, &request.variables, secrets)
        .map_err(|missing| {
            let field = format!("variables[{}].secret", missing.index);
            Error::invalid(field, "secret", format!("is not known: {missing}"))
        })?;
    Ok(variables)
}

async fn open(
    inner: &Arc<Inner>,
    request: &v1::CreateSessionRequest,
    backend: Arc<dyn Backend>,
    variables: Variables,
) -> Result<Arc<Entry>> {
    let slot = inner.registry.reserve(request.authoring.is_some())?;
    let name = format!("sessions/{}", Uuid::now_v7().simple());
    let spec = SessionSpec {
        viewport: Some(request.viewport.unwrap_or(VIEWPORT)),
        browser: request.browser.clone().unwrap_or_default(),
        keep_dialogs: request.keep_dialogs,
        authoring: request.authoring.clone(),
        headers: request.http_headers.clone(),
    };
    let options = ScopeOptions {
        owner: name.clone(),
        base_url: request.base_url.clone(),
        variables,
        facts: Facts {
            environment: environment(request),
            ..Facts::default()
        },
        defaults: StepDefaults {
            screenshots: screenshots(request),
            ..StepDefaults::default()
        },
    };
    let scope = inner.executor.open(&*backend, spec, options).await?;
    let session = v1::Session {
        browser: scope.browser().to_owned(),
        bidi: scope.is_bidi(),
        checkpoint: scope.checkpoint().to_owned(),
        base_url: scope
            .variables()
            .masking()
            .shown(scope.base_url())
            .into_owned(),
        ..describe(inner, request, name)
    };
    let (ttl, idle) = times(inner, request);
    let entry = Entry::new(session, backend, scope, ttl, idle);
    let unfinished = start(inner, entry.clone(), slot);
    if !inner.registry.add(&entry) {
        return Err(shutting_down());
    }
    inner.store.save_session(&entry.snapshot()).await?;
    load_starting_url(inner, &entry, &request.starting_url).await?;
    unfinished.keep();
    Ok(entry)
}

/// What executes the session's commands, or writes them down.
fn backend(inner: &Inner, request: &v1::CreateSessionRequest) -> Result<Arc<dyn Backend>> {
    if request.authoring.is_none() {
        return Ok(Arc::clone(&inner.backend));
    }
    let of_a_browser = [
        ("browser", request.browser.is_some()),
        ("viewport", request.viewport.is_some()),
        ("starting_url", !request.starting_url.is_empty()),
        ("base_url", !request.base_url.is_empty()),
        ("variables", !request.variables.is_empty()),
        ("environment", request.environment.is_some()),
        ("env", !request.env.is_empty()),
        ("screenshots", request.screenshots != 0),
        ("keep_dialogs", request.keep_dialogs),
        ("http_headers", !request.http_headers.is_empty()),
    ];
    if let Some((field, _)) = of_a_browser.into_iter().find(|(_, given)| *given) {
        let message = "is of a browser, and an authoring session has none; leave it out";
        return Err(Error::invalid(field, "authoring", message));
    }
    inner.author.clone().ok_or_else(|| {
        let message = "this server has no platform to write steps to";
        Error::new(ErrorReason::PlatformNotConfigured, message)
    })
}

/// Puts the session into its keeper's hands. Unless it is kept, it ends when the guard is dropped:
/// a creation that fails or is given up leaves no browser behind.
fn start(inner: &Arc<Inner>, entry: Arc<Entry>, slot: Slot) -> Unfinished {
    tokio::spawn(keeper::keep(inner.clone(), entry.clone(), slot));
    Unfinished { entry: Some(entry) }
}

struct Unfinished {
    entry: Option<Arc<Entry>>,
}

impl Unfinished {
    fn keep(mut self) {
        self.entry = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(entry) = &self.entry {
            entry.end(ErrorReason::SessionDeleted);
        }
    }
}

async fn load_starting_url(inner: &Inner, entry: &Entry, url: &str) -> Result<()> {
    if url.is_empty() {
        return Ok(());
    }
    let navigate = v1::Navigate {
        url: url.to_owned(),
        ..v1::Navigate::default()
    };
    let context = v1::CommandContext::default();
    let navigate = Validated::new(navigate.into()).map_err(Error::violated)?;
    let result = turn::take(entry, &inner.executor, context, navigate).await?;
    if result.outcome() == Outcome::Pass {
        return Ok(());
    }
    let failure = result.failure.unwrap_or_default();
    let message = format!("the starting URL could not be loaded: {}", failure.message);
    Err(Error::new(ErrorReason::StepError, message).with("reason", failure.reason))
}

/// The session as the request describes it.
fn describe(inner: &Inner, request: &v1::CreateSessionRequest, name: String) -> v1::Session {
    let (ttl, idle) = times(inner, request);
    v1::Session {
        name,
        display_name: request.display_name.clone(),
        state: SessionState::Active.into(),
        create_time: Some(now()),
        expire_time: Some((SystemTime::now() + ttl).into()),
        last_used_time: Some(now()),
        // At most 24 hours, so it fits.
        idle_timeout: idle.try_into().ok(),
        viewport: Some(request.viewport.unwrap_or(VIEWPORT)),
        screenshots: screenshots(request).into(),
        base_url: request.base_url.clone(),
        environment: environment(request),
        ..v1::Session::default()
    }
}

/// Name of the session's environment; empty: it has none.
fn environment(request: &v1::CreateSessionRequest) -> String {
    let named = request.environment.as_ref();
    named.map(|named| named.name.clone()).unwrap_or_default()
}

fn screenshots(request: &v1::CreateSessionRequest) -> ScreenshotPolicy {
    match request.screenshots() {
        ScreenshotPolicy::Unspecified => ScreenshotPolicy::OnFailure,
        policy => policy,
    }
}

/// How long the session lives, and how long without a command.
fn times(inner: &Inner, request: &v1::CreateSessionRequest) -> (Duration, Duration) {
    let ttl = request.ttl.as_ref().and_then(to_std);
    let idle = request.idle_timeout.as_ref().and_then(to_std);
    (
        ttl.unwrap_or(inner.options.default_ttl),
        idle.unwrap_or(inner.options.default_idle),
    )
}
