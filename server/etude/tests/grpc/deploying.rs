//! Tests go to the platform and come back, over gRPC.

use etude::v1::deploy_test_request::Source;
use etude::v1::deploy_test_response::Event;
use etude::v1::platform_service_client::PlatformServiceClient;
use etude::v1::{self, DeployKind};
use futures::TryStreamExt as _;
use tonic::transport::Channel;

use crate::resources::Bench;
use crate::support::reason;

const LOG_IN: &str = "\
name: Log in
tags: [smoke]
starting_url: https://shop.test/login
data:
  - {user: alice}
  - {user: bob}
checkpoints:
  - name: Form
    steps:
      - write: {text: $user, into: Username}
      - click: Log in
";

async fn client(bench: &Bench) -> PlatformServiceClient<Channel> {
    let url = bench.url().to_owned();
    PlatformServiceClient::connect(url).await.unwrap()
}

fn request(yaml: &str) -> v1::DeployTestRequest {
    v1::DeployTestRequest {
        source: Some(Source::Document(v1::TestDocument {
            file_name: "login.yaml".to_owned(),
            content: yaml.as_bytes().to_vec().into(),
            ..Default::default()
        })),
        project: "Shop".to_owned(),
        goal: "Web".to_owned(),
        ..Default::default()
    }
}

async fn told(
    client: &mut PlatformServiceClient<Channel>,
    request: v1::DeployTestRequest,
) -> Result<Vec<Event>, tonic::Status> {
    let answers = client.deploy_test(request).await?.into_inner();
    let answers: Vec<v1::DeployTestResponse> = answers.try_collect().await?;
    Ok(answers.into_iter().filter_map(|one| one.event).collect())
}

#[tokio::test]
async fn a_test_is_deployed_with_its_plan_and_progress_and_comes_back_as_a_file() {
    let bench = Bench::start().await;
    let mut client = client(&bench).await;
    let only_plan = v1::DeployTestRequest {
        validate_only: true,
        ..request(LOG_IN)
    };
    let planned = told(&mut client, only_plan).await.unwrap();
    let [Event::Plan(plan)] = planned.as_slice() else {
        panic!("{planned:?}")
    };
    let events = told(&mut client, request(LOG_IN)).await.unwrap();
    assert_eq!(events[0], Event::Plan(plan.clone()));
    let Some(Event::Deployed(deployed)) = events.last() else {
        panic!("{events:?}")
    };
    let progress = events
        .iter()
        .filter(|one| matches!(one, Event::Progress(_)));
    assert_eq!(progress.count(), deployed.changes as usize);
    let step = plan
        .changes
        .iter()
        .find(|one| one.path == "Shop/Web/Log in/Form/2");
    let place = step.unwrap().location.clone().unwrap();
    assert_eq!((place.file.as_str(), place.line), ("login.yaml", 11));

    let journey = v1::GetJourneyRequest {
        name: deployed.journey.clone(),
    };
    let journey = bench.call(journey).await.journey.unwrap();
    assert_eq!(journey.tags, ["smoke"]);
    assert_eq!(journey.data_table, deployed.data_table);
    let names: Vec<_> = deployed
        .parts
        .iter()
        .map(|part| part.checkpoint.as_str())
        .collect();
    let there = journey
        .checkpoints
        .iter()
        .map(|one| one.checkpoint.as_ref().unwrap());
    assert_eq!(
        there.map(|one| one.name.as_str()).collect::<Vec<_>>(),
        names
    );

    let again = told(&mut client, request(LOG_IN)).await.unwrap();
    assert_eq!(again.len(), 2, "a plan, and what is there: {again:?}");
    let pull = v1::PullTestsRequest {
        source: "Shop/Web/Log in".to_owned(),
    };
    let files = client.pull_tests(pull).await.unwrap().into_inner();
    let files: Vec<v1::PullTestsResponse> = files.try_collect().await.unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(String::from_utf8_lossy(&files[0].content), LOG_IN);
    assert_eq!(
        (files[0].path.as_str(), files[0].notes.len()),
        ("log-in.yaml", 0)
    );
    bench.end().await;
}

#[tokio::test]
async fn what_cannot_be_deployed_is_refused_with_its_place_and_nothing_is_made() {
    let bench = Bench::start().await;
    let mut client = client(&bench).await;
    let wrong = LOG_IN.replace("click: Log in", "refresh: {}") + "      - back\n";
    let refused = told(&mut client, request(&wrong)).await.unwrap_err();
    assert_eq!(reason(&refused), "COMMAND_UNSUPPORTED");
    assert!(
        refused.message().contains("login.yaml:11:"),
        "{}",
        refused.message()
    );
    let mistaken = told(&mut client, request("name: T\nsteps: [{clik: A}]\n")).await;
    assert_eq!(reason(&mistaken.unwrap_err()), "TEST_INVALID");
    let projects = bench.call(v1::ListProjectsRequest::default()).await;
    assert_eq!(projects.projects, []);
    let missing = v1::PullTestsRequest {
        source: "Shop/Web".to_owned(),
    };
    let missing = client.pull_tests(missing).await.unwrap_err();
    assert_eq!(reason(&missing), "PLATFORM_NOT_FOUND");
    bench.end().await;
}

#[tokio::test]
async fn a_journey_that_cannot_become_the_test_is_left_as_it_is() {
    let bench = Bench::start().await;
    let mut client = client(&bench).await;
    told(&mut client, request(LOG_IN)).await.unwrap();
    let renamed = LOG_IN.replace("name: Form", "name: Sign in");
    let refused = told(&mut client, request(&renamed)).await.unwrap_err();
    assert_eq!(reason(&refused), "DEPLOY_CONFLICT");
    assert!(
        refused.message().contains("`Form`"),
        "{}",
        refused.message()
    );
    let replace = v1::DeployTestRequest {
        replace_journey: true,
        ..request(&renamed)
    };
    let events = told(&mut client, replace).await.unwrap();
    let Event::Plan(plan) = &events[0] else {
        panic!("{events:?}")
    };
    let replaced = plan
        .changes
        .iter()
        .filter(|one| one.kind() == DeployKind::Replace);
    assert_eq!((replaced.count(), plan.deletes), (1, 1));
    let again = told(&mut client, request(&renamed)).await.unwrap();
    assert_eq!(again.len(), 2, "{again:?}");
    bench.end().await;
}
