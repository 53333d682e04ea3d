//! Scripts, which people call extensions.

use axum::extract::State;

use super::Local;
use super::answer::{Answer, Problem, Reply};
use super::entity::{Entity, Tx, change, check_name, view};
use super::projects::project;
use super::request::{Ids, Json, Params};
use crate::model::Script;

impl Entity for Script {
    const KIND: &'static str = "script";
    const NOUN: &'static str = "Script";

    fn id(&self) -> i64 {
        self.id
    }

    fn parent(&self) -> i64 {
        self.project_id.or(self.organization_id).unwrap_or_default()
    }
}

/// A script, which no archived project has.
async fn reachable(tx: &mut Tx<'_>, id: i64) -> Result<Script, Problem> {
    let script: Script = tx.get(id).await?;
    if let Some(id) = script.project_id {
        project(tx, id).await?;
    }
    Ok(script)
}

/// POST /scripts
pub(super) async fn create(State(local): State<Local>, Json(new): Json<Script>) -> Reply {
    check_name("name", &new.name)?;
    if new.project_id.is_none() && new.organization_id.is_none() {
        return Err(Problem::invalid("projectId or organizationId is missing"));
    }
    let script = change(local.records(), new, |mut tx, mut script| {
        Box::pin(async move {
            if let Some(id) = script.project_id {
                project(&mut tx, id).await?;
            }
            script.id = tx.new_id().await?;
            script.script.get_or_insert_default();
            tx.put(&script).await?;
            Ok(script)
        })
    })
    .await?;
    Answer::created(script)
}

/// GET /scripts/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>, params: Params) -> Reply {
    let script = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { reachable(&mut tx, id).await })
    })
    .await?;
    Answer::item(shown(script, params.get("includeBody") != Some("false")))
}

/// PUT /scripts/{id}
pub(super) async fn update(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(new): Json<Script>,
) -> Reply {
    check_name("name", &new.name)?;
    let script = change(local.records(), (id, new), |mut tx, (id, new)| {
        Box::pin(async move {
            let old = reachable(&mut tx, id).await?;
            let script = Script {
                id,
                project_id: old.project_id,
                organization_id: old.organization_id,
                script: new.script.or(old.script),
                ..new
            };
            tx.put(&script).await?;
            Ok(script)
        })
    })
    .await?;
    Answer::item(script)
}

/// GET /projects/{id}/scripts
pub(super) async fn of_project(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    params: Params,
) -> Reply {
    let scripts = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            project(&mut tx, id).await?;
            tx.all::<Script>(id).await
        })
    })
    .await?;
    listed(scripts, &params)
}

/// GET /organizations/{id}/scripts
pub(super) async fn of_organization(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    params: Params,
) -> Reply {
    let scripts = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { tx.all::<Script>(id).await })
    })
    .await?;
    let own = scripts
        .into_iter()
        .filter(|script| script.project_id.is_none());
    listed(own.collect(), &params)
}

fn listed(scripts: Vec<Script>, params: &Params) -> Reply {
    let with_body = params.is_true("includeBody");
    let present = scripts.into_iter().filter(|script| !script.archived);
    Answer::map(present.map(|script| (script.id, shown(script, with_body))))
}

fn shown(script: Script, with_body: bool) -> Script {
    Script {
        script: script.script.filter(|_| with_body),
        ..script
    }
}
