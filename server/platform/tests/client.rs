//! The client and the local platform, end to end: what is written comes back as it was.

// A test may fail by panicking: that is how a test fails.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use etude::catalog;
use etude::v1::{self, Backend, ErrorReason};
use etude_platform::calls::goals::NewGoal;
use etude_platform::calls::journeys::Attached;
use etude_platform::calls::{checkpoints, goals, journeys, projects, steps};
use etude_platform::client::Client;
use etude_platform::codec::{self, Decoded};
use etude_platform::local::{Local, Options, router};
use etude_platform::model::DeviceSize;
use etude_store::SqliteStore;
use tempfile::TempDir;

/// A test with every command that the platform has.
const TEST: &str = include_str!("every_command.yaml");

async fn platform() -> (Client, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(etude_store::Options::new(folder.path()))
        .await
        .unwrap();
    let local = Local::new(Options::default(), Arc::new(store));
    (Client::local(router(local)), folder)
}

/// A goal with a journey: its id, its snapshot and the journey.
async fn journey(client: &Client) -> (i64, i64, i64) {
    let organization = client.organization().await.unwrap();
    let project = client.create_project(organization, "Shop 🛒", "").await;
    let goal = client
        .create_goal(&NewGoal {
            project: project.unwrap().id,
            name: "Checkout".into(),
            url: "https://shop.example".into(),
            environment: None,
            size: DeviceSize::default(),
            first_journey: false,
        })
        .await
        .unwrap()
        .id;
    let versions = client.call(goals::versions(goal)).await.unwrap();
    let snapshot = versions.snapshots[0].snapshot_id;
    let journey = client
        .create_journey(&journeys::NewJourney {
            goal,
            snapshot,
            title: "Buy".into(),
            ..journeys::NewJourney::default()
        })
        .await;
    (goal, snapshot, journey.unwrap().id)
}

fn written() -> Vec<v1::Step> {
    let parsed = etude_language::parse("every_command.yaml", TEST.as_bytes());
    assert_eq!(parsed.diagnostics, [], "the test has mistakes");
    let test = parsed.test.unwrap();
    let steps = test.checkpoints.into_iter().flat_map(|one| one.steps);
    steps
        .map(|step| v1::Step {
            location: None,
            ..step
        })
        .collect()
}

#[tokio::test]
async fn every_command_of_the_platform_comes_back_as_it_was() {
    let (client, _folder) = platform().await;
    let (goal, snapshot, journey) = journey(&client).await;
    let checkpoint = client.create_checkpoint(goal, snapshot, "All").await;
    let checkpoint = checkpoint.unwrap().id;
    let attached = Attached::Checkpoint(checkpoint);
    client.attach(journey, attached, 2).await.unwrap();

    let steps = written();
    for (index, step) in (0..).zip(&steps) {
        let sent = codec::encode(step).unwrap();
        let added = client.create_step(checkpoint, index, &sent).await.unwrap();
        assert!(codec::is_stored_as(&sent, &added.test_step), "{step:?}");
    }
    let stored = client.call(checkpoints::get(checkpoint)).await.unwrap();
    let decoded = codec::decode_steps(&stored.steps);
    for (step, decoded) in steps.iter().zip(&decoded) {
        assert_eq!(decoded, &Decoded::Exact(step.clone()));
    }
    assert_eq!(decoded.len(), steps.len());

    let used: BTreeSet<String> = steps
        .iter()
        .filter_map(|step| catalog::of(step.command.as_ref()?))
        .map(catalog::CommandSpec::path)
        .collect();
    // Several commands are one to the platform and come back as the other one.
    let doubles = [
        "navigate/scroll-up",
        "navigate/scroll-down",
        "data/store-element-value",
    ];
    let missing: Vec<_> = catalog::commands()
        .iter()
        .filter(|spec| spec.supports(Backend::Platform))
        .map(catalog::CommandSpec::path)
        .filter(|path| !used.contains(path) && !doubles.contains(&path.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in the test: {missing:?}");
}

#[tokio::test]
async fn what_the_local_platform_refuses_has_its_reason() {
    let (client, _folder) = platform().await;
    let (goal, snapshot, journey) = journey(&client).await;
    let loose = client.create_checkpoint(goal, snapshot, "Loose").await;
    let loose = loose.unwrap().id;
    let comment = v1::Step {
        command: Some(v1::Comment { text: "x".into() }.into()),
        ..Default::default()
    };
    let comment = codec::encode(&comment).unwrap();
    let reason = |result: Result<(), etude_engine::Error>| result.unwrap_err().reason;
    let step = client.create_step(loose, 0, &comment).await.map(drop);
    assert_eq!(reason(step), ErrorReason::CheckpointNotAttached);
    let organization = client.organization().await.unwrap();
    let again = client.create_project(organization, "Shop 🛒", "").await;
    assert_eq!(reason(again.map(drop)), ErrorReason::PlatformAlreadyExists);
    let unknown = client.call(projects::get(987_654)).await.map(drop);
    assert_eq!(reason(unknown), ErrorReason::PlatformNotFound);
    let attached = Attached::Checkpoint(loose);
    client.attach(journey, attached, 2).await.unwrap();
    let unknown_action = etude_platform::model::ParsedStep {
        action: "TELEPORT".into(),
        ..Default::default()
    };
    let refused = client.create_step(loose, 0, &unknown_action).await;
    assert_eq!(reason(refused.map(drop)), ErrorReason::PlatformStepRefused);
    let added = client.create_step(loose, 0, &comment).await.unwrap();
    let mut foreign = added.test_step;
    foreign.canonical_id = "another".into();
    let conflict = client.call(steps::update(&foreign)).await.map(drop);
    assert_eq!(reason(conflict), ErrorReason::PlatformConflict);
    let journey = client.call(journeys::get(journey)).await.unwrap();
    assert_eq!(journey.cases.unwrap().len(), 1);
}
