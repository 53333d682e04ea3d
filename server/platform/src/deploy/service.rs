//! `PlatformService.DeployTest`.

use std::pin::Pin;

use etude::v1;
use etude::v1::deploy_test_request::Source;
use etude::v1::deploy_test_response::Event as Told;
use etude_engine::{Error, Result, runs};
use futures::channel::mpsc;
use futures::{Stream, StreamExt as _, stream};

use super::{Deployed, DeployedPart, DeployedStep, Deployment, Event};
use crate::client::Client;
use crate::resources::names::{self, name};

/// The stream of a deployment.
pub type DeployStream = Pin<Box<dyn Stream<Item = Result<v1::DeployTestResponse>> + Send>>;

/// Brings a test to the platform, and tells the plan, progress, and what it has become.
///
/// # Errors
///
/// TEST_INVALID; COMMAND_UNSUPPORTED. All others come from the stream: those of
/// [`deploy`](super::deploy).
pub async fn deploy_test(client: &Client, request: v1::DeployTestRequest) -> Result<DeployStream> {
    let read = tokio::task::spawn_blocking(move || {
        let deployment = deployment(request)?;
        super::check(&deployment).map(|()| deployment)
    });
    let failed = |error| Error::internal(format!("reading the test failed: {error}"));
    let deployment = read.await.map_err(failed)??;
    let client = client.clone();
    let (send, told) = mpsc::unbounded();
    let work = async move {
        let on = |event| {
            let event = match event {
                Event::Plan(plan) => Told::Plan(plan),
                Event::Progress(progress) => Told::Progress(progress),
            };
            // Nobody listens any more: the work is dropped with the stream.
            let _gone = send.unbounded_send(Ok(v1::DeployTestResponse { event: Some(event) }));
        };
        let deployed = super::deploy(&client, &deployment, on).await;
        let last = deployed.map(|deployed| v1::DeployTestResponse {
            event: Some(Told::Deployed(message(deployed))),
        });
        if last.is_err() || !deployment.validate_only {
            let _gone = send.unbounded_send(last);
        }
    };
    // The work sends what there is to tell, so that it is told in order, and yields nothing itself.
    let work = stream::once(work).filter_map(|()| std::future::ready(None));
    Ok(stream::select(told, work).boxed())
}

fn deployment(request: v1::DeployTestRequest) -> Result<Deployment> {
    let test = match request.source {
        Some(Source::Document(document)) => runs::parse_document(&document)?,
        Some(Source::Test(test)) => runs::check_test(test)?,
        None => return Err(Error::invalid("source", "required", "is required")),
    };
    Ok(Deployment {
        test,
        project: request.project,
        goal: request.goal,
        goal_url: request.goal_url,
        journey: request.journey,
        validate_only: request.validate_only,
        edit_shared: request.edit_shared,
        replace_journey: request.replace_journey,
        leave_data: false,
        expected_plan: request.expected_plan,
    })
}

fn message(deployed: Deployed) -> v1::DeployedTest {
    v1::DeployedTest {
        project: name("projects", deployed.project),
        goal: name("goals", deployed.goal),
        snapshot: names::snapshot(deployed.goal, Some(deployed.snapshot)),
        journey: name("journeys", deployed.journey),
        data_table: names::optional("testDataTables", deployed.data_table),
        parts: deployed.parts.into_iter().map(part).collect(),
        changes: deployed.changes,
    }
}

fn part(part: DeployedPart) -> v1::DeployedPart {
    let collection = match part.library {
        true => "libraryCheckpoints",
        false => "checkpoints",
    };
    let step = |step: DeployedStep| v1::DeployedStep {
        number: step.number,
        within: step.within,
        step: name("steps", step.id),
    };
    v1::DeployedPart {
        part: part.part.into(),
        checkpoint_number: part.checkpoint,
        checkpoint: name(collection, part.case_id),
        display_name: part.title,
        steps: part.steps.into_iter().map(step).collect(),
    }
}
