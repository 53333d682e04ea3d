//! Steps that are added, exchanged and removed, and sessions that add them: what is refused before
//! anything is made, and what stays when others change the same.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use etude::v1::{self, ErrorReason, authoring};
use etude_engine::backend::{
    Backend as _, BackendSession, ExecuteOptions, Placement, SessionSpec, Verdict,
};
use etude_engine::{Error, Result};
use etude_platform::authoring::Authors;
use etude_platform::calls;
use etude_platform::client::Client;
use etude_platform::resources::steps::{create_step, delete_step, update_step};
use http::Method;

use super::bench::{Bench, Fate, client};

const TEST: &str = "\
name: J
starting_url: https://shop.test/
checkpoints:
  - name: C
    steps: [click: a, click: b, click: c]
";

/// A checkpoint with three steps.
async fn three(bench: &Bench) -> i64 {
    let deployed = bench.deploy(TEST).await.unwrap();
    bench.writes();
    deployed.parts[1].case_id
}

async fn ids(bench: &Bench, checkpoint: i64) -> Vec<i64> {
    let client = bench.client.fresh();
    let read = client.call(calls::checkpoints::get(checkpoint)).await;
    read.unwrap().steps.iter().map(|step| step.id).collect()
}

fn click(hint: &str) -> v1::Command {
    v1::Click {
        target: Some(v1::Target::hint(hint)),
        ..Default::default()
    }
    .into()
}

fn addition(checkpoint: i64, position: i32) -> v1::CreateStepRequest {
    v1::CreateStepRequest {
        checkpoint: format!("checkpoints/{checkpoint}"),
        step: Some(v1::Step {
            command: Some(click("new")),
            ..Default::default()
        }),
        position,
        ..Default::default()
    }
}

/// An update for which a step has to be made anew: it acts elsewhere.
fn update(id: i64) -> v1::UpdateStepRequest {
    v1::UpdateStepRequest {
        step: Some(v1::PlatformStep {
            name: format!("steps/{id}"),
            step: addition(1, 0).step,
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn removal(checkpoint: i64, id: i64) -> v1::DeleteStepRequest {
    v1::DeleteStepRequest {
        checkpoint: format!("checkpoints/{checkpoint}"),
        name: format!("steps/{id}"),
        ..Default::default()
    }
}

async fn open(client: &Client, at: authoring::Checkpoint) -> Result<Box<dyn BackendSession>> {
    let client = client.clone();
    let authors = Authors::new(move |_| Ok(client.clone()));
    let authoring = v1::Authoring {
        checkpoint: Some(at),
        ..Default::default()
    };
    let spec = SessionSpec {
        authoring: Some(authoring),
        ..SessionSpec::default()
    };
    authors.open(spec).await
}

/// The error of a session that cannot be opened.
async fn refused(client: &Client, at: authoring::Checkpoint) -> Error {
    match open(client, at).await {
        Err(error) => error,
        Ok(_) => panic!("the session was opened"),
    }
}

fn path(names: [&str; 4], url: &str) -> authoring::Checkpoint {
    let [project, goal, journey, checkpoint] = names.map(str::to_owned);
    authoring::Checkpoint::Path(v1::CheckpointPath {
        project,
        goal,
        journey,
        checkpoint,
        url: url.to_owned(),
    })
}

// === Exchanges ===

#[tokio::test]
async fn a_step_that_is_gone_when_it_should_be_removed_is_not_replaced() {
    let bench = Bench::start().await;
    let checkpoint = three(&bench).await;
    let before = ids(&bench, checkpoint).await;
    let mut removals = 0;
    bench.script(move |method, _| {
        removals += usize::from(*method == Method::DELETE);
        match *method == Method::DELETE && removals == 1 {
            true => Fate::Fails(404),
            false => Fate::Served,
        }
    });
    let error = update_step(&bench.client, update(before[1]))
        .await
        .unwrap_err();
    let old = format!("steps/{}", before[1]);
    assert_eq!(error.reason, ErrorReason::PlatformNotFound, "{error}");
    assert_eq!(error.resource.as_deref(), Some(old.as_str()));
    assert!(error.message.contains(&old), "{error}");
    assert_eq!(
        ids(&bench, checkpoint).await,
        before,
        "the new one is taken back"
    );
}

#[tokio::test]
async fn of_an_update_and_a_removal_at_once_the_first_wins_and_nothing_comes_back() {
    let bench = Bench::start().await;
    let checkpoint = three(&bench).await;
    for round in 0..20 {
        let before = ids(&bench, checkpoint).await;
        let added = create_step(&bench.client, addition(checkpoint, 2))
            .await
            .unwrap();
        let name = added.step.unwrap().name;
        let id = name.strip_prefix("steps/").unwrap().parse().unwrap();
        let updating = async {
            for _ in 0..round % 5 {
                tokio::task::yield_now().await;
            }
            let mut request = update(id);
            let step = request.step.as_mut().unwrap().step.as_mut().unwrap();
            step.command = Some(click("other"));
            update_step(&bench.client, request).await
        };
        let removing = delete_step(&bench.client, removal(checkpoint, id));
        let (updated, removed) = tokio::join!(updating, removing);
        let left = ids(&bench, checkpoint).await;
        match (&updated, &removed) {
            (Err(error), Ok(_)) => {
                assert_eq!(error.reason, ErrorReason::PlatformNotFound, "{error}");
                assert_eq!(left, before);
            }
            (Ok(updated), Err(error)) => {
                assert_eq!(error.reason, ErrorReason::PlatformNotFound, "{error}");
                let new = updated.step.as_ref().unwrap().name.clone();
                let new = new.strip_prefix("steps/").unwrap().parse().unwrap();
                assert_eq!(left.len(), before.len() + 1);
                assert_eq!(left[1], new);
                delete_step(&bench.client, removal(checkpoint, new))
                    .await
                    .unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
}

// === What cannot work ===

#[tokio::test]
async fn a_dry_run_is_refused_as_the_real_call() {
    let bench = Bench::start().await;
    let deployed = bench.deploy(TEST).await.unwrap();
    let checkpoint = deployed.parts[1].case_id;
    let loose = bench
        .client
        .create_checkpoint(deployed.goal, deployed.snapshot, "Loose");
    let loose = loose.await.unwrap().id;
    let check = async |reason: ErrorReason, request: v1::CreateStepRequest| {
        for validate_only in [true, false] {
            let request = v1::CreateStepRequest {
                validate_only,
                ..request.clone()
            };
            let error = create_step(&bench.client, request).await.unwrap_err();
            assert_eq!(error.reason, reason, "{validate_only}: {error}");
        }
    };
    check(ErrorReason::PlatformNotFound, addition(424_242, 0)).await;
    check(ErrorReason::CheckpointNotAttached, addition(loose, 0)).await;
    check(ErrorReason::InvalidRequest, addition(checkpoint, 99_999)).await;
    let commit = format!(
        "http://{}/api/goals/{}/versions",
        bench.address, deployed.goal
    );
    let committed = reqwest::Client::new().post(commit).body("{}").send().await;
    assert!(committed.unwrap().status().is_success());
    check(ErrorReason::SnapshotImmutable, addition(checkpoint, 0)).await;
    let named = authoring::Checkpoint::Name(format!("checkpoints/{checkpoint}"));
    let error = refused(&bench.client, named).await;
    assert_eq!(error.reason, ErrorReason::SnapshotImmutable, "{error}");
    assert_eq!(ids(&bench, checkpoint).await.len(), 3);
}

#[tokio::test]
async fn a_position_that_is_not_there_is_refused_without_a_call_for_each_step() {
    let bench = Bench::start().await;
    let checkpoint = three(&bench).await;
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    bench.script(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Fate::Served
    });
    // A client that knows nothing of the checkpoint.
    let other = client(bench.address);
    create_step(&other, addition(checkpoint, 4)).await.unwrap();
    assert_eq!(requests.swap(0, Ordering::SeqCst), 2);
    create_step(&other, addition(checkpoint, 1)).await.unwrap();
    assert_eq!(requests.swap(0, Ordering::SeqCst), 1);

    let error = create_step(&other, addition(checkpoint, 7))
        .await
        .unwrap_err();
    assert_eq!(error.reason, ErrorReason::InvalidRequest);
    assert!(
        error.message.starts_with("position must be 1 to 6 in"),
        "{error}"
    );
    let first = ids(&bench, checkpoint).await[0];
    delete_step(&other, removal(checkpoint, first))
        .await
        .unwrap();
    create_step(&other, addition(checkpoint, 6))
        .await
        .unwrap_err();
    create_step(&other, addition(checkpoint, 5)).await.unwrap();

    let named = authoring::Checkpoint::Name(format!("checkpoints/{checkpoint}"));
    let mut session = open(&other, named).await.unwrap();
    let options = |position| ExecuteOptions {
        timeout: Duration::ZERO,
        navigation_timeout: Duration::ZERO,
        screenshots: v1::ScreenshotPolicy::Never,
        base_url: String::new(),
        variables: BTreeMap::new(),
        upload: None,
        placement: Placement {
            position,
            ..Placement::default()
        },
    };
    let execution = session.execute(&click("x"), &options(100_000)).await;
    let Verdict::Error(failure) = execution.verdict else {
        panic!("{:?}", execution.verdict)
    };
    let expected = "context.position must be 1 to 6 in";
    assert!(failure.message.starts_with(expected), "{failure:?}");
    for position in [0, 7, 1, 0] {
        let execution = session.execute(&click("x"), &options(position)).await;
        assert!(matches!(execution.verdict, Verdict::Pass), "{execution:?}");
    }
    assert_eq!(ids(&bench, checkpoint).await.len(), 9);
}

// === Paths ===

#[tokio::test]
async fn a_path_that_cannot_be_made_is_refused_before_anything_is() {
    let bench = Bench::start().await;
    let url = "https://shop.test/";
    for (names, url, fields) in [
        (["P", "G", "J", "C"], "", &["url"][..]),
        (["P", "G", "J", "C"], "nonsense", &["url"]),
        (["P", " ", "J", "C"], url, &["goal"]),
        (["P", "G", "\t", " "], url, &["journey", "checkpoint"]),
        (["goals/1", "G", "J", "C"], url, &["project"]),
        (["P", "goals/1", "J", "C"], url, &["goal"]),
        (["P", "G", "journeys/1", "C"], url, &["journey"]),
        (["P", "G", "J", "checkpoints/1"], url, &["checkpoint"]),
    ] {
        let error = refused(&bench.client, path(names, url)).await;
        assert_eq!(
            error.reason,
            ErrorReason::InvalidRequest,
            "{names:?}: {error}"
        );
        let found: Vec<_> = error.violations.iter().map(|one| &*one.field).collect();
        let expected: Vec<_> = fields
            .iter()
            .map(|field| format!("authoring.path.{field}"))
            .collect();
        assert_eq!(found, expected, "{names:?}");
    }
    assert_eq!(bench.writes(), 0);

    bench.deploy(TEST).await.unwrap();
    bench.writes();
    for (names, reason) in [
        (
            ["Shop", "Web", "New", "C"],
            ErrorReason::PlatformAlreadyExists,
        ),
        (
            ["Shop", "Web", "journeys/1", "New"],
            ErrorReason::InvalidRequest,
        ),
        (
            ["projects/1", "Web", "J", "C"],
            ErrorReason::PlatformNotFound,
        ),
    ] {
        let error = refused(&bench.client, path(names, url)).await;
        assert_eq!(error.reason, reason, "{names:?}: {error}");
    }
    assert_eq!(bench.writes(), 0);
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_path_says_what_was_made_and_the_next_goes_on() {
    let bench = Bench::start().await;
    let new = || path(["P", "G", "J", "C"], "https://shop.test/");
    bench.script(
        |method, path| match *method == Method::PUT && path.contains("testsuites") {
            true => Fate::Fails(400),
            false => Fate::Served,
        },
    );
    let error = refused(&bench.client, new()).await;
    let created = &error.metadata["created"];
    assert!(created.starts_with("projects/"), "{created}");
    assert!(created.contains(", goals/"), "{created}");
    assert!(error.message.contains(created), "{error}");
    bench.script(|_, _| Fate::Served);
    bench.writes();
    let session = open(&bench.client, new()).await.unwrap();
    assert!(session.checkpoint().starts_with("checkpoints/"));
    let writes = bench.writes();
    assert!(
        writes <= 3,
        "the project and the goal are made again: {writes}"
    );
}
