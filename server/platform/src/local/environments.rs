//! Environments and their variables. What is hidden is kept for executions and never answered.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Answer, Problem, Reply};
use super::entity::{Entity, Tx, change, check_name, view};
use super::projects::project;
use super::request::{self, Ids, Json, Pieces};
use super::{Local, goals, plans};
use crate::model::{Environment, Object, Variable, loose};

/// Most environments that inherit from one another.
const DEPTH: usize = 20;

/// An environment, as it is kept: with the values of its hidden variables.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct KeptEnvironment(pub(super) Environment);

impl Entity for KeptEnvironment {
    const KIND: &'static str = "environment";
    const NOUN: &'static str = "Environment";

    fn id(&self) -> i64 {
        self.0.id
    }

    fn parent(&self) -> i64 {
        self.0.project_id.unwrap_or_default()
    }
}

/// A variable as a request has it: of one that is there, what is not given stays.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Sent {
    variable: Variable,
    hidden: Option<bool>,
}

impl TryFrom<Value> for Sent {
    type Error = serde_json::Error;

    fn try_from(body: Value) -> Result<Self, serde_json::Error> {
        let variable = Variable::deserialize(&body)?;
        let says = body.get("hidden").is_some_and(|hidden| !hidden.is_null());
        Ok(Self {
            hidden: says.then_some(variable.hidden),
            variable,
        })
    }
}

/// An environment's variables with those that it inherits and does not hide, values included.
pub(super) async fn variables(tx: &mut Tx<'_>, id: i64) -> Result<Vec<Variable>, Problem> {
    let mut all: Vec<Variable> = Vec::new();
    let mut next = Some(id);
    for depth in 0..DEPTH {
        let Some(id) = next else {
            break;
        };
        let kept: KeptEnvironment = tx.get(id).await?;
        for variable in kept.0.variables {
            if !all.iter().any(|known| known.name == variable.name) {
                all.push(Variable {
                    inherited: depth > 0,
                    ..variable
                });
            }
        }
        next = kept.0.parent_id;
    }
    Ok(all)
}

/// An environment as it is answered.
async fn shown(tx: &mut Tx<'_>, kept: KeptEnvironment) -> Result<Environment, Problem> {
    let mut variables = variables(tx, kept.0.id).await?;
    for variable in variables.iter_mut().filter(|variable| variable.hidden) {
        variable.value = None;
    }
    for variable in &mut variables {
        let file = variable.rest.entry("file".to_owned());
        file.or_insert(Value::Null);
    }
    Ok(Environment {
        variables,
        ..kept.0
    })
}

fn answer(environment: Environment) -> Reply {
    let mut for_cli = json!(environment);
    for_cli["id"] = environment.id.to_string().into();
    let named = environment.variables.iter();
    let named = named.map(|variable| (variable.name.clone(), json!(variable.value)));
    for_cli["variables"] = Value::Object(named.collect::<Object>());
    Ok(Answer::item(environment)?.for_reference_cli(move || for_cli.clone()))
}

/// GET /projects/{id}/environments
pub(super) async fn of_project(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let environments = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            project(&mut tx, id).await?;
            let mut all = Vec::new();
            for kept in tx.all::<KeptEnvironment>(id).await? {
                all.push(shown(&mut tx, kept).await?);
            }
            Ok(all)
        })
    })
    .await?;
    Answer::item(json!({"environments": environments}))
}

/// GET /environments/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let environment = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let kept = tx.get(id).await?;
            shown(&mut tx, kept).await
        })
    })
    .await?;
    answer(environment)
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewEnvironment {
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "loose::text")]
    description: String,
    #[serde(default, deserialize_with = "loose::some_id")]
    project_id: Option<i64>,
    #[serde(
        default,
        alias = "parentId",
        alias = "parent",
        deserialize_with = "loose::some_id"
    )]
    inherits_from: Option<i64>,
    /// A list of variables, or a map from names to values.
    #[serde(default)]
    variables: Value,
}

/// POST /environments, also POST /environments/create
pub(super) async fn create(State(local): State<Local>, Json(new): Json<NewEnvironment>) -> Reply {
    check_name("name", &new.name)?;
    let variables = variables_of(&new.variables)?;
    let environment = change(
        local.records(),
        (new, variables),
        |mut tx, (new, variables)| {
            Box::pin(async move {
                if let Some(id) = new.project_id {
                    project(&mut tx, id).await?;
                }
                if let Some(id) = new.inherits_from {
                    let project = new.project_id.unwrap_or_default();
                    tx.get_of::<KeptEnvironment>(project, id).await?;
                }
                let mut kept = KeptEnvironment(Environment {
                    id: tx.new_id().await?,
                    project_id: new.project_id,
                    parent_id: new.inherits_from,
                    name: new.name,
                    description: new.description,
                    ..Environment::default()
                });
                for variable in variables {
                    set(&mut tx, &mut kept, variable).await?;
                }
                tx.put(&kept).await?;
                shown(&mut tx, kept).await
            })
        },
    )
    .await?;
    answer(environment)
}

fn variables_of(value: &Value) -> Result<Vec<Sent>, Problem> {
    let wrong = |error: serde_json::Error| Problem::invalid(format!("variables: {error}"));
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) => {
            let read = |item: &Value| Sent::deserialize(item).map_err(wrong);
            list.iter().map(read).collect()
        }
        Value::Object(map) => {
            let variable = |(name, value): (&String, &Value)| {
                Sent::deserialize(&json!({"name": name, "value": value})).map_err(wrong)
            };
            map.iter().map(variable).collect()
        }
        _ => Err(Problem::invalid(
            "variables must be a list or a map from names to values",
        )),
    }
}

/// Sets a variable of an environment, which is not kept yet.
async fn set(
    tx: &mut Tx<'_>,
    kept: &mut KeptEnvironment,
    Sent { variable, hidden }: Sent,
) -> Result<(), Problem> {
    check_name("name", &variable.name)?;
    let known = kept
        .0
        .variables
        .iter_mut()
        .find(|known| known.name == variable.name);
    match known {
        Some(known) => {
            known.value = variable.value.or(known.value.take());
            known.hidden = hidden.unwrap_or(known.hidden);
        }
        None => {
            let id = tx.new_id().await?;
            kept.0.variables.push(Variable {
                id: Some(id),
                inherited: false,
                ..variable
            });
        }
    }
    Ok(())
}

/// DELETE /environments/{id}: goals and plans that have it are executed without one from then on.
pub(super) async fn delete(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    change(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let kept: KeptEnvironment = tx.get(id).await?;
            let siblings = tx.all::<KeptEnvironment>(kept.parent()).await?;
            if let Some(heir) = siblings.iter().find(|other| other.0.parent_id == Some(id)) {
                return Err(Problem::conflict(format!(
                    "the environment {} inherits from {id}; delete it first",
                    heir.0.id
                )));
            }
            goals::forget_environment(&mut tx, kept.parent(), id).await?;
            plans::forget_environment(&mut tx, kept.parent(), id).await?;
            tx.delete::<KeptEnvironment>(id).await.map(drop)
        })
    })
    .await?;
    Answer::done()
}

/// Removes the environments of a project.
pub(super) async fn remove_all(tx: &mut Tx<'_>, project: i64) -> Result<(), Problem> {
    for kept in tx.all::<KeptEnvironment>(project).await? {
        tx.delete::<KeptEnvironment>(kept.id()).await?;
    }
    Ok(())
}

/// POST /environments/{id}/variables
pub(super) async fn add_variable(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(variable): Json<Sent>,
) -> Reply {
    put_variable(&local, id, variable).await
}

/// PUT /environments/{id}/variables/{name}
pub(super) async fn update_variable(
    State(local): State<Local>,
    Pieces([(_, id), (_, name)]): Pieces<2>,
    Json(sent): Json<Sent>,
) -> Reply {
    let id = request::id("id", &id)?;
    let environment = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { tx.get::<KeptEnvironment>(id).await })
    })
    .await?;
    if !environment
        .0
        .variables
        .iter()
        .any(|known| known.name == name)
    {
        return Err(Problem::not_found("Variable"));
    }
    let variable = Variable {
        name,
        ..sent.variable
    };
    put_variable(&local, id, Sent { variable, ..sent }).await
}

async fn put_variable(local: &Local, id: i64, variable: Sent) -> Reply {
    let environment = change(local.records(), (id, variable), |mut tx, (id, variable)| {
        Box::pin(async move {
            let mut kept = tx.get(id).await?;
            set(&mut tx, &mut kept, variable).await?;
            tx.put(&kept).await?;
            shown(&mut tx, kept).await
        })
    })
    .await?;
    answer(environment)
}

/// DELETE /environments/{id}/variables/{name}
pub(super) async fn delete_variable(
    State(local): State<Local>,
    Pieces([(_, id), (_, name)]): Pieces<2>,
) -> Reply {
    let id = request::id("id", &id)?;
    let environment = change(local.records(), (id, name), |mut tx, (id, name)| {
        Box::pin(async move {
            let mut kept: KeptEnvironment = tx.get(id).await?;
            let before = kept.0.variables.len();
            kept.0.variables.retain(|variable| variable.name != name);
            if kept.0.variables.len() == before {
                return Err(Problem::not_found("Variable"));
            }
            tx.put(&kept).await?;
            shown(&mut tx, kept).await
        })
    })
    .await?;
    answer(environment)
}
