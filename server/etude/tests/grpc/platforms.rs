//! Platforms as a whole, and finding resources by their paths.

use etude::v1::{self, ErrorReason, TokenState};
use tonic::Request;

use crate::resources::Bench;

/// A project `A/B`, in it a goal `Shop`, its first journey, and a checkpoint `Log in`.
async fn built(bench: &Bench) -> (v1::Project, v1::Goal, v1::Journey, v1::PlatformCheckpoint) {
    let project = bench.project("A/B").await;
    let (goal, journey) = bench.goal(&project).await;
    let checkpoint = bench.checkpoint(&journey, "Log in").await;
    (project, goal, journey, checkpoint)
}

fn request(path: &str, collections: &[&str], parent: &str) -> v1::ResolveNameRequest {
    v1::ResolveNameRequest {
        path: path.to_owned(),
        collections: collections.iter().map(ToString::to_string).collect(),
        parent: parent.to_owned(),
    }
}

async fn found(bench: &Bench, path: &str, collection: &str, parent: &str) -> String {
    bench.call(request(path, &[collection], parent)).await.name
}

#[tokio::test]
async fn everything_is_found_by_its_path() {
    let bench = Bench::start().await;
    let (project, goal, journey, checkpoint) = built(&bench).await;
    let title = &journey.display_name;
    assert_eq!(found(&bench, r"A\/B", "projects", "").await, project.name);
    assert_eq!(found(&bench, r"A\/B/Shop", "goals", "").await, goal.name);
    let of_goal = format!(r"A\/B/Shop/{title}");
    assert_eq!(found(&bench, &of_goal, "journeys", "").await, journey.name);
    let path = format!("{of_goal}/Log in");
    assert_eq!(
        found(&bench, &path, "checkpoints", "").await,
        checkpoint.name
    );
    let first = &journey.checkpoints[0].checkpoint.as_ref().unwrap();
    let path = format!("{}/1", first.name);
    assert_eq!(found(&bench, &path, "steps", "").await, first.steps[0].name);
    let within = found(&bench, "Shop", "goals", &project.name).await;
    assert_eq!(within, goal.name);
    bench.end().await;
}

#[tokio::test]
async fn what_only_the_local_platform_lists_is_found_there() {
    let bench = Bench::start().await;
    let (project, _, _, checkpoint) = built(&bench).await;
    let table = bench
        .call(v1::CreateTestDataTableRequest {
            project: project.name.clone(),
            display_name: "Users".to_owned(),
            csv: "name\nalice\n".to_owned(),
            ..Default::default()
        })
        .await
        .table
        .unwrap();
    let copy = bench
        .call(v1::CreateLibraryCheckpointRequest {
            checkpoint: checkpoint.name.clone(),
            ..Default::default()
        })
        .await
        .checkpoint
        .unwrap();
    let users = found(&bench, "Users", "testDataTables", &project.name).await;
    assert_eq!(users, table.name);
    let either = ["checkpoints", "libraryCheckpoints"];
    let name = bench.call(request(r"A\/B/Log in", &either, "")).await.name;
    assert_eq!(name, copy.name);
    bench.end().await;
}

#[tokio::test]
async fn a_part_that_is_missing_or_there_twice_is_told() {
    let bench = Bench::start().await;
    let (project, goal, _, _) = built(&bench).await;
    let error = bench.refused(request(r"A\/B/Shpo", &["goals"], "")).await;
    assert_eq!(error.reason(), Some(ErrorReason::PlatformNotFound));
    let expected = format!("no goal `Shpo` in {}; there are `Shop`", project.name);
    assert!(error.message().contains(&expected), "{error}");

    for _ in 0..2 {
        bench
            .call(v1::CreateJourneyRequest {
                goal: goal.name.clone(),
                display_name: "Twice".to_owned(),
                ..Default::default()
            })
            .await;
    }
    let path = format!("{}/Twice", goal.name);
    let error = bench.refused(request(&path, &["journeys"], "")).await;
    assert_eq!(
        error.reason(),
        Some(ErrorReason::PlatformIdentifierAmbiguous)
    );
    assert_eq!(error.message().matches("journeys/").count(), 2, "{error}");

    let error = bench.refused(request("Shop", &["goals"], "")).await;
    assert_eq!(error.reason(), Some(ErrorReason::InvalidRequest));
    assert!(
        error.violations()[0].description.contains("PROJECT/GOAL"),
        "{error}"
    );
    bench.end().await;
}

#[tokio::test]
async fn an_error_names_the_resource_and_not_a_path_of_the_wire() {
    let bench = Bench::start().await;
    let mut service = v1::journey_service_client::JourneyServiceClient::new(bench.client.channel());
    let request = v1::GetJourneyRequest {
        name: "journeys/99".to_owned(),
    };
    let status = service.get_journey(request).await.unwrap_err();
    let details = tonic_types::StatusExt::get_error_details(&status);
    let resource = details.resource_info().unwrap();
    assert_eq!(resource.resource_name, "journeys/99");
    assert_eq!(resource.resource_type, "etude.dev/Journey");
    bench.end().await;
}

#[tokio::test]
async fn a_platform_tells_how_it_fares() {
    let bench = Bench::start().await;
    built(&bench).await;
    let local = bench
        .call(v1::GetPlatformRequest {})
        .await
        .platform
        .unwrap();
    assert_eq!((local.id.as_str(), local.is_default), ("local", true));
    assert_eq!(local.token(), TokenState::NotNeeded);
    let metrics = local.metrics.unwrap();
    assert!(metrics.requests > 5, "{metrics:?}");
    assert_eq!(metrics.breaker(), v1::BreakerState::Closed);

    let mut request = Request::new(v1::GetPlatformRequest {});
    let platform = "virtuoso".parse().unwrap();
    request.metadata_mut().insert("etude-platform", platform);
    let mut service =
        v1::platform_service_client::PlatformServiceClient::new(bench.client.channel());
    let cloud = service.get_platform(request).await.unwrap().into_inner();
    let cloud = cloud.platform.unwrap();
    assert_eq!((cloud.id.as_str(), cloud.is_default), ("virtuoso", false));
    assert_eq!(cloud.token(), TokenState::Missing);
    assert!(
        cloud.detail.contains("VIRTUOSO_API_TOKEN"),
        "{}",
        cloud.detail
    );
    bench.end().await;
}
