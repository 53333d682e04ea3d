//! Whole tests, executed by a platform: what the engine's runs ask for, by calls of the client.
//!
//! `memo` remembers which step of the platform is which of the test; `follow` reads how an
//! execution stands, again and again; `results` turns what has come of its steps into ours.

mod follow;
mod memo;
mod results;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1::{self, ErrorReason};
use etude_engine::remote::{Deployed, Progress, Remote, RemoteExecution, RemoteTest};
use etude_engine::{Error, Result};
use futures::stream::{self, BoxStream, StreamExt as _};

use self::follow::Follow;
use self::memo::Memo;
use crate::authoring::Choose;
use crate::calls;
use crate::calls::executions::Start;
use crate::client::Client;
use crate::deploy::{self, Deployment};
use crate::lookup::find_project;
use crate::model::Environment;
use crate::resources;
use crate::resources::names;

/// The project of runs that name none.
const PROJECT: &str = "Étude";

/// The platforms that execute tests.
pub struct Platforms {
    choose: Box<Choose>,
}

impl Platforms {
    /// The platforms that `choose` finds by their names.
    pub fn new(choose: impl Fn(&str) -> Result<Client> + Send + Sync + 'static) -> Self {
        Self {
            choose: Box::new(choose),
        }
    }

    /// The client of a platform that there was when the run was created.
    fn again(&self, name: &str) -> Result<Client> {
        (self.choose)(name).map_err(|error| match error.reason {
            ErrorReason::InvalidRequest => gone(name),
            _ => error,
        })
    }
}

/// The configuration was changed since, and waiting is of no use.
fn gone(name: &str) -> Error {
    let message = format!(
        "the server's configuration has no account {name} any more, which executed the test; put \
         platform.accounts.{name} back, then look there what has come of it, or run the test again"
    );
    Error::new(ErrorReason::PlatformNotConfigured, message)
}

#[async_trait]
impl Remote for Platforms {
    fn check(&self, test: &RemoteTest) -> Result<String> {
        let client = (self.choose)(&test.platform.platform)?;
        deploy::check(&deployment(test)?).map_err(of_run)?;
        Ok(client.name().to_owned())
    }

    async fn deploy(&self, test: &RemoteTest) -> Result<Deployed> {
        let client = self.again(&test.platform.platform)?;
        let deployment = deployment(test)?;
        check_environment(&client, &deployment, &test.platform.environment).await?;
        let place = [&deployment.project, &deployment.goal, &test.test.name].map(Clone::clone);
        // Until it has been started: another run may bring another version of the test.
        let turn = client.turn_on_test(place).await;
        let mut deployed = deploy::deploy(&client, &deployment, |_| ()).await?;
        if has_rows(&client, &deployed).await? {
            let apart = apart(&client, deployment, deployed.goal).await?;
            deployed = deploy::deploy(&client, &apart, |_| ()).await?;
        }
        Ok(Deployed {
            journey: names::name("journeys", deployed.journey),
            memo: Memo::of(&deployed).write()?,
            turn: Box::new(turn),
        })
    }

    async fn start(
        &self,
        test: &RemoteTest,
        deployed: &Deployed,
        variables: Vec<(String, String)>,
    ) -> Result<String> {
        let client = self.again(&test.platform.platform)?;
        let memo = Memo::read(&deployed.memo)?;
        let environment = &test.platform.environment;
        let start = Start {
            goal: memo.goal,
            snapshot: Some(memo.snapshot),
            journeys: vec![memo.journey],
            initial_data: variables.into_iter().collect(),
            http_headers: test.http_headers.clone(),
            environment: names::optional_id("platform.environment", "environments", environment)?,
            ..Start::default()
        };
        let started = client.call(calls::executions::start(&start)).await?;
        match started.id {
            // It has started, and nobody knows as what.
            ..=0 => Err(Error::new(
                ErrorReason::PlatformOutcomeUnknown,
                "the platform has started the execution and did not say its id; look before you \
                 run the test again",
            )),
            id => Ok(names::name("executions", id)),
        }
    }

    fn follow(
        &self,
        platform: &str,
        execution: &RemoteExecution,
    ) -> BoxStream<'static, Result<Progress>> {
        let followed = self
            .again(platform)
            .and_then(|client| Follow::new(client, execution));
        match followed {
            Ok(follow) => stream::unfold(follow, Follow::next).boxed(),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn picture(&self, platform: &str, address: &str) -> Result<Bytes> {
        self.again(platform)?.picture(address).await
    }

    async fn cancel(&self, platform: &str, execution: &RemoteExecution) -> Result<()> {
        let client = self.again(platform)?;
        let request = v1::CancelExecutionRequest {
            name: execution.name.clone(),
            ..v1::CancelExecutionRequest::default()
        };
        let cancelled = resources::executions::cancel_execution(&client, request);
        cancelled.await.map(drop)
    }
}

/// The error of a deployment with the fields of the run that asks for it.
fn of_run(error: Error) -> Error {
    error.with_fields(|field| match field {
        "project" | "goal" => format!("spec.platform.{field}"),
        field => format!("spec.{field}"),
    })
}

/// Whether there is the environment that a test is to be executed in: before the test is deployed.
///
/// # Errors
///
/// `PLATFORM_NOT_FOUND`.
async fn check_environment(client: &Client, deployment: &Deployment, name: &str) -> Result<()> {
    let Some(id) = names::optional_id("platform.environment", "environments", name)? else {
        return Ok(());
    };
    // Of every row it is asked again: what is remembered is enough, unless it is missing there.
    let is_there = |all: &[Environment]| all.iter().any(|one| one.id == id);
    if is_there(&environments_of(client, &deployment.project).await?) {
        return Ok(());
    }
    let all = environments_of(&client.fresh(), &deployment.project).await?;
    if is_there(&all) || is_everywhere(client, id).await {
        return Ok(());
    }
    let known: Vec<_> = all
        .iter()
        .map(|one| format!("environments/{} ({})", one.id, one.name))
        .collect();
    let known = match known.as_slice() {
        [] => "it has none".to_owned(),
        known => format!("it has {}", known.join(", ")),
    };
    let message = format!(
        "the project `{}` has no {name}, and nothing was deployed; {known}",
        deployment.project
    );
    Err(Error::new(ErrorReason::PlatformNotFound, message).resource(name))
}

/// Whether an environment belongs to no project, as the local platform has them, and so is one of each.
async fn is_everywhere(client: &Client, id: i64) -> bool {
    let found = match client.is_local() {
        true => client.call(calls::environments::get(id)).await.ok(),
        false => None,
    };
    found.is_some_and(|one| one.project_id.is_none())
}

/// The environments of a project; none when there is no such project yet.
async fn environments_of(client: &Client, project: &str) -> Result<Vec<Environment>> {
    match find_project(client, project).await? {
        Some(project) => resources::environments::all(client, project.id).await,
        None => Ok(Vec::new()),
    }
}

/// Where a test goes.
fn deployment(test: &RemoteTest) -> Result<Deployment> {
    let RemoteTest { platform, test, .. } = test;
    let or = |text: &str, other: String| match text {
        "" => other,
        text => text.to_owned(),
    };
    Ok(Deployment {
        test: test.clone(),
        project: or(&platform.project, PROJECT.to_owned()),
        goal: goal(platform, test)?,
        goal_url: platform.goal_url.clone(),
        leave_data: true,
        ..Deployment::default()
    })
}

/// The goal that a run on a platform brings a test to: the one that it names, else one that is called
/// as the host of the test's address.
///
/// # Errors
///
/// `INVALID_REQUEST`: it names none, and the test has no address.
pub fn goal(platform: &v1::PlatformRun, test: &v1::Test) -> Result<String> {
    match platform.goal.as_str() {
        "" => host(platform, test),
        goal => Ok(goal.to_owned()),
    }
}

/// The host that a test is about: what a goal is called that nobody has named.
fn host(platform: &v1::PlatformRun, test: &v1::Test) -> Result<String> {
    let addresses = [&platform.goal_url, &test.starting_url, &test.base_url];
    let mut urls = addresses
        .into_iter()
        .filter_map(|url| reqwest::Url::parse(url).ok());
    let host = urls.find_map(|url| {
        let host = url.host_str()?.to_owned();
        Some(match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        })
    });
    host.ok_or_else(|| {
        let message = "is required: the test has no address of its own that would name the goal";
        Error::invalid("spec.platform.goal", "required", message)
    })
}

/// Whether an execution of the journey would execute the rows of a table, all of them.
async fn has_rows(client: &Client, deployed: &deploy::Deployed) -> Result<bool> {
    match deployed.data_table {
        Some(table) => Ok(deploy::read_table(client, table).await?.rows.len() > 1),
        None => Ok(false),
    }
}

/// The same test in a goal beside, where its journey is bound to no table. Another journey of the
/// same goal would share its checkpoints with the bound one, so that no deployment could edit them.
async fn apart(client: &Client, deployment: Deployment, goal: i64) -> Result<Deployment> {
    let goal = client.call(calls::goals::get(goal)).await?;
    let url = match deployment.goal_url.as_str() {
        "" => goal.url,
        url => url.to_owned(),
    };
    Ok(Deployment {
        goal: format!("{} (runs)", goal.name),
        goal_url: url,
        ..deployment
    })
}
