//! Projects.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::answer::{Answer, Problem, Reply};
use super::entity::{Entity, Tx, change, check_name, now, view};
use super::people::USER;
use super::request::{Ids, Json, Params};
use super::{environments, test_data};
use crate::model::{Object, Project};

/// What can be done in a project here. The others that the platform names are absent.
const CAPABILITIES: [&str; 4] = ["EXECUTION", "DATA_DRIVEN", "PLANNER", "API_TESTING"];

impl Entity for Project {
    const KIND: &'static str = "project";
    const NOUN: &'static str = "Project";

    fn id(&self) -> i64 {
        self.id
    }

    fn parent(&self) -> i64 {
        self.organization_id
    }

    fn unique_name(&self) -> Option<String> {
        // An archived project gives its name back.
        (!self.archived).then(|| self.name.clone())
    }
}

/// A project that is not archived.
pub(super) async fn project(tx: &mut Tx<'_>, id: i64) -> Result<Project, Problem> {
    let project: Project = tx.get(id).await?;
    if project.archived {
        return Err(Problem::missing(Project::NOUN, id));
    }
    Ok(project)
}

/// What belongs to a project that is not archived.
pub(super) async fn in_project<T: Entity>(tx: &mut Tx<'_>, id: i64) -> Result<T, Problem> {
    let kept: T = tx.get(id).await?;
    project(tx, kept.parent()).await?;
    Ok(kept)
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewProject {
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "crate::model::loose::id")]
    organization_id: i64,
    description: Option<String>,
}

/// POST /projects
pub(super) async fn create(State(local): State<Local>, Json(new): Json<NewProject>) -> Reply {
    check_name("name", &new.name)?;
    if new.organization_id <= 0 {
        return Err(Problem::invalid("organizationId is missing"));
    }
    let project = change(local.records(), new, |mut tx, new| {
        Box::pin(async move {
            let now = now();
            let project = Project {
                id: tx.new_id().await?,
                organization_id: new.organization_id,
                name: new.name,
                description: new.description,
                created_date: Some(now),
                modified_date: Some(now),
                created_by: Some(USER),
                modified_by: Some(USER),
                capabilities: CAPABILITIES.map(|name| (name.to_owned(), true)).into(),
                ..Project::default()
            };
            tx.put(&project).await?;
            Ok(project)
        })
    })
    .await?;
    Answer::created(shown(project))
}

/// GET /projects
pub(super) async fn list(State(local): State<Local>, params: Params) -> Reply {
    let mut organizations = params.ids("organizationIds")?;
    organizations.extend(params.ids("organizationId")?);
    if organizations.is_empty() {
        return Err(Problem::invalid(
            "the query parameter organizationId is missing",
        ));
    }
    let offset = params.count("offset")?.unwrap_or(0);
    let limit = params.count("limit")?.unwrap_or(usize::MAX);
    let archived = params.is_true("archived");
    let projects = view(local.records(), organizations, |mut tx, organizations| {
        Box::pin(async move {
            let mut projects = Vec::new();
            for organization in organizations {
                projects.extend(tx.all::<Project>(organization).await?);
            }
            Ok(projects)
        })
    })
    .await?;
    let page: Vec<Project> = projects
        .into_iter()
        .filter(|project| project.archived == archived)
        .skip(offset)
        .take(limit)
        .map(shown)
        .collect();
    let for_cli = page
        .iter()
        .map(|project| (project.id.to_string(), dated(project)));
    let for_cli = Value::Object(for_cli.collect::<Object>());
    let answer = Answer::map(page.into_iter().map(|project| (project.id, project)))?;
    Ok(answer.for_reference_cli(move || for_cli.clone()))
}

/// GET /projects/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let project = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { project(&mut tx, id).await })
    })
    .await?;
    Answer::item(shown(project))
}

/// DELETE /projects/{id}: puts it away. Its tables of test data and its environments, which hold what
/// people would not leave behind, are removed.
pub(super) async fn archive(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    change(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let mut project = project(&mut tx, id).await?;
            project.archived = true;
            project.modified_date = Some(now());
            test_data::remove_all(&mut tx, id).await?;
            environments::remove_all(&mut tx, id).await?;
            tx.put(&project).await
        })
    })
    .await?;
    Answer::done()
}

/// GET /projects/{id}/snapshots
pub(super) async fn snapshots(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let snapshots = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            project(&mut tx, id).await?;
            let mut all = Vec::new();
            for goal in tx.all::<crate::model::Goal>(id).await? {
                all.extend(super::goals::versions(&mut tx, goal.id).await?);
            }
            Ok(all)
        })
    })
    .await?;
    Answer::map(
        snapshots
            .into_iter()
            .map(|snapshot| (snapshot.snapshot_id, snapshot)),
    )
}

/// GET /tags/projects/{id}: the words that its journeys have.
pub(super) async fn tags(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let tags = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            project(&mut tx, id).await?;
            let mut tags = std::collections::BTreeSet::new();
            for goal in tx.all::<crate::model::Goal>(id).await? {
                let head = super::goals::head_of(&mut tx, goal.id).await?;
                for kept in tx.all::<super::journeys::KeptJourney>(head.id).await? {
                    tags.extend(kept.journey.tags);
                }
            }
            Ok(tags)
        })
    })
    .await?;
    Answer::items(tags)
}

/// A project as it is answered: with what the platform tells of the pictures and visits that it
/// counts.
fn shown(mut project: Project) -> Project {
    for (key, value) in [
        ("screenshot", Value::Null),
        ("screenshotFullPath", Value::Null),
        ("screenshotLastUpdateDate", Value::Null),
        ("lastAccessedDate", Value::Null),
        ("favourite", Value::Bool(false)),
    ] {
        project.rest.entry(key.to_owned()).or_insert(value);
    }
    project
}

/// A project with its date as the reference CLI reads it.
fn dated(project: &Project) -> Value {
    let mut value = json!(project);
    if let Some(date) = project.created_date.and_then(super::people::rfc3339) {
        value["createdAt"] = date.into();
    }
    value
}

/// What an endpoint answers that the platform has and this server does not.
pub(super) async fn not_here() -> Reply {
    Err(Problem::new(
        StatusCode::NOT_IMPLEMENTED,
        "501",
        "the local platform does not keep this; see docs/platform.md for what it has",
    ))
}
