//! Files of executions: pictures and events. As on the platform they need no token; their names
//! cannot be guessed, or they are numbers of results.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use etude::v1;
use etude_engine::store::Store;
use http::{HeaderValue, header};
use serde_json::json;

use super::lists::{console, network};
use super::tree::{Whole, results_of};
use crate::local::Local;
use crate::local::answer::Problem;
use crate::local::request::{self, Base, Pieces};

/// Bytes that are read of an artifact at once.
const PIECE: usize = 1 << 20;

/// GET /files/screenshots/{name}.png
pub(in crate::local) async fn screenshot(
    State(local): State<Local>,
    Pieces([(_, file)]): Pieces<1>,
) -> Response {
    let missing = || Problem::not_found("Screenshot");
    let found = async {
        let id = file.strip_suffix(".png").ok_or_else(missing)?;
        let store = &local.engine()?.store;
        let name = format!("artifacts/{id}");
        let artifact = store.artifact(&name).await.map_err(|_| missing())?;
        if artifact.kind() != v1::ArtifactKind::Screenshot {
            return Err(missing());
        }
        content(&**store, &name).await
    };
    match found.await {
        Ok(bytes) => file_response(Body::from(bytes), "image/png"),
        Err(problem) => problem.into_response(),
    }
}

/// The whole content of an artifact.
async fn content(store: &dyn Store, name: &str) -> Result<Vec<u8>, Problem> {
    let mut all = Vec::new();
    loop {
        let offset = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let piece = store.read_artifact(name, offset, PIECE).await?;
        if piece.is_empty() {
            return Ok(all);
        }
        all.extend_from_slice(&piece);
    }
}

/// GET /files/executions/{id}/events/{result}.json
pub(in crate::local) async fn events(
    State(local): State<Local>,
    Pieces([(_, execution), (_, file)]): Pieces<2>,
    base: Base,
) -> Response {
    let found = async {
        let missing = || Problem::not_found("Events file");
        let execution = request::id("execution", &execution)?;
        let result = file.strip_suffix(".json").ok_or_else(missing)?;
        let result = request::id("result", result)?;
        let whole = super::whole(&local, execution, &base).await?;
        events_of(&whole, result).ok_or_else(missing)
    };
    match found.await {
        Ok(result) => {
            let body = json!({"console": console(&result), "network": network(&result)});
            file_response(Body::from(body.to_string()), "application/json")
        }
        Err(problem) => problem.into_response(),
    }
}

/// What the engine says of a result.
pub(super) fn events_of(whole: &Whole, id: i64) -> Option<v1::StepResult> {
    let mut next = whole.first_result();
    for (suite, progress) in whole.kept.suites.iter().zip(&whole.progress) {
        for row in progress.rows.iter() {
            for case in &suite.cases {
                let index = usize::try_from(id.checked_sub(next)?).ok()?;
                if index < case.steps.len() {
                    return results_of(row, case, index).last().copied().cloned();
                }
                next += i64::try_from(case.steps.len()).ok()?;
            }
        }
    }
    None
}

fn file_response(body: Body, media_type: &'static str) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}
