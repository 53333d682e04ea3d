//! API tests: they can be listed. The local platform has none of its own, for no public way to
//! create them is known.

use axum::extract::State;

use super::Local;
use super::answer::{Answer, Reply};
use super::entity::view;
use super::projects::project;
use super::request::Params;
use crate::model::ApiTests;

/// GET /api-tests
pub(super) async fn list(State(local): State<Local>, params: Params) -> Reply {
    view(local.records(), params.id("projectId")?, |mut tx, id| {
        Box::pin(async move { project(&mut tx, id).await.map(drop) })
    })
    .await?;
    Answer::item(ApiTests::default())
}
