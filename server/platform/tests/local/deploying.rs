//! Tests go to the platform and come back: over HTTP to the local platform, on which things go wrong.

use std::sync::Arc;

use etude::v1::{self, DeployKind, ErrorReason};
use etude_platform::deploy::{Deployed, Deployment, Event, deploy};
use futures::StreamExt as _;
use http::Method;
use parking_lot::Mutex;

use super::bench::{Bench, Fate, client, deployment};

const BUY: &str = r#"
name: Buy
tags:
  - smoke
base_url: https://shop.test
starting_url: /login
data:
  - user: alice
    password: "1"
  - user: bob
    password: "2"
setup:
  - click: Accept
checkpoints:
  - name: Log in
    steps:
      - write: {text: $user, into: Username}
      - write: {text: $password, into: Password}
      - click: Log in
  - name: Cart
    steps:
      - navigate: /cart
      - assert_exists: Total
      - click: Buy
teardown:
  - click: Log out
"#;

#[tokio::test]
async fn a_test_is_deployed_and_a_second_time_nothing_changes() {
    let bench = Bench::start().await;
    let events = Mutex::new(Vec::new());
    let told = |event| events.lock().push(event);
    let deployed = deploy(&bench.client, &deployment(BUY), told).await.unwrap();
    let events = events.into_inner();
    let Event::Plan(plan) = &events[0] else {
        panic!("{:?}", events[0])
    };
    let total = u32::try_from(plan.changes.len()).unwrap();
    assert_eq!(events.len(), plan.changes.len() + 1, "one of each change");
    assert!(matches!(events.last(), Some(Event::Progress(last)) if last.done == total));
    assert_eq!(deployed.changes, total);
    let titles: Vec<_> = deployed
        .parts
        .iter()
        .map(|part| part.title.as_str())
        .collect();
    assert_eq!(
        titles,
        ["Navigate to URL", "Setup", "Log in", "Cart", "Teardown"]
    );
    let numbers: Vec<_> = deployed
        .parts
        .iter()
        .map(|part| part.steps[0].number)
        .collect();
    assert_eq!(numbers, [1, 2, 1, 1, 1]);
    assert!(deployed.data_table.is_some());
    assert!(bench.writes() > 10);

    let again = bench.deploy(BUY).await.unwrap();
    assert_eq!(bench.writes(), 0);
    assert_eq!(
        Deployed {
            changes: total,
            ..again
        },
        deployed
    );
    let plan = bench.plan(BUY).await;
    assert_eq!((plan.adds, plan.updates, plan.deletes), (0, 0, 0));
}

#[tokio::test]
async fn an_edited_test_costs_as_many_writes_as_it_has_changes() {
    let bench = Bench::start().await;
    let first = bench.deploy(BUY).await.unwrap();
    bench.writes();
    let edited = BUY
        .replace(
            "      - click: Log in\n",
            "      - click: Log in\n      - assert_exists: Hello\n",
        )
        .replace("assert_exists: Total", "assert_exists: Sum")
        .replace("password: \"2\"", "password: \"3\"");
    let plan = bench.plan(&edited).await;
    assert_eq!(
        (plan.adds, plan.updates, plan.deletes),
        (1, 2, 0),
        "{plan:#?}"
    );
    assert_eq!(bench.writes(), 0, "a plan changes nothing");
    let second = bench.deploy(&edited).await.unwrap();
    // One cell, one new step, and one that is exchanged: its target cannot be changed.
    assert_eq!(bench.writes(), 4);
    assert_eq!(
        (second.journey, second.data_table),
        (first.journey, first.data_table)
    );
    assert_eq!(second.parts[2].steps.len(), 4);
    assert_eq!(second.parts[2].steps[..3], first.parts[2].steps[..]);
    bench.deploy(&edited).await.unwrap();
    assert_eq!(bench.writes(), 0);
}

#[tokio::test]
async fn pulled_deployed_and_pulled_again_is_the_same_file() {
    let bench = Bench::start().await;
    bench.deploy(BUY).await.unwrap();
    let pulled = bench.content("Shop/Web/Buy").await;
    bench.writes();
    bench.deploy(&pulled).await.unwrap();
    assert_eq!(
        bench.writes(),
        0,
        "what was pulled is what is there:\n{pulled}"
    );
    let elsewhere = Deployment {
        goal: "Other".into(),
        ..deployment(&pulled)
    };
    deploy(&bench.client, &elsewhere, |_| ()).await.unwrap();
    assert_eq!(bench.content("Shop/Other/Buy").await, pulled);
    // The whole project, each file as it is alone.
    let all = bench.pull("Shop").await;
    let paths: Vec<_> = all.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["web/buy.yaml", "other/buy.yaml"]);
    assert!(all.iter().all(|file| file.content == pulled.as_bytes()));
}

#[tokio::test]
async fn a_table_that_is_gone_is_noted_and_made_again() {
    let bench = Bench::start().await;
    let old = bench.deploy(BUY).await.unwrap().data_table.unwrap();
    let gone = format!("/testdata/tables/{old}");
    bench.script(move |_, path| match path.contains(&gone) {
        true => Fate::Fails(404),
        false => Fate::Served,
    });
    let note = format!("the journey is bound to testDataTables/{old}, which is gone");
    let tells = |notes: &[String]| notes.iter().any(|one| one.starts_with(&note));
    let pulled = bench.pull("Shop").await.remove(0);
    assert!(tells(&pulled.notes), "{:?}", pulled.notes);
    let without = String::from_utf8(pulled.content.to_vec()).unwrap();
    assert!(!without.contains("password: "), "{without}");
    let plan = bench.plan(BUY).await;
    assert!(tells(&plan.notes) && plan.adds == 1, "{plan:#?}");
    // A test without data leaves the journey as it is, and says so.
    assert!(tells(&bench.plan(&without).await.notes));
    let new = bench.deploy(BUY).await.unwrap().data_table.unwrap();
    assert_ne!(new, old);
    bench.writes();
    bench.deploy(BUY).await.unwrap();
    assert_eq!(bench.writes(), 0);
    assert!(bench.content("Shop/Web/Buy").await.contains("password: "));
}

#[tokio::test]
async fn every_command_of_the_platform_comes_back_from_it() {
    let bench = Bench::start().await;
    let yaml = include_str!("../every_command.yaml");
    bench.deploy(yaml).await.unwrap();
    let title = deployment(yaml).test.name;
    let pulled = bench.content(&format!("Shop/Web/{title}")).await;
    bench.writes();
    bench.deploy(yaml).await.unwrap();
    bench.deploy(&pulled).await.unwrap();
    assert_eq!(bench.writes(), 0);
    let elsewhere = Deployment {
        goal: "Other".into(),
        goal_url: "https://other.test".into(),
        ..deployment(&pulled)
    };
    deploy(&bench.client, &elsewhere, |_| ()).await.unwrap();
    assert_eq!(bench.content(&format!("Shop/Other/{title}")).await, pulled);
}

#[tokio::test]
async fn checkpoints_are_shared_where_their_steps_are_the_same() {
    let bench = Bench::start().await;
    let test = |name: &str, hint: &str| {
        format!(
            "name: {name}\nstarting_url: https://shop.test/\ncheckpoints:\n  - name: Log in\n    \
             steps:\n      - click: Log in\n  - name: Act\n    steps:\n      - click: {hint}\n"
        )
    };
    let one = bench.deploy(&test("One", "a")).await.unwrap();
    let two = bench.deploy(&test("Two", "b")).await.unwrap();
    let shared = |at: usize| one.parts[at].case_id == two.parts[at].case_id;
    assert_eq!([shared(0), shared(1), shared(2)], [true, true, false]);
    assert_eq!(two.parts[2].title, "Act (Two)");
    for name in ["One", "Two"] {
        let pulled = bench.content(&format!("Shop/Web/{name}")).await;
        assert!(pulled.contains("name: Act\n"), "{pulled}");
        bench.writes();
        bench.deploy(&pulled).await.unwrap();
        assert_eq!(bench.writes(), 0);
    }
    // What others share is not changed unless that is asked for.
    let edited = test("Two", "b").replace("click: Log in", "click: Sign in");
    let error = bench.deploy(&edited).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::DeployConflict);
    assert_eq!(bench.writes(), 0);
    let replacing = Deployment {
        replace_journey: true,
        ..deployment(&edited)
    };
    let own = deploy(&bench.client, &replacing, |_| ()).await.unwrap();
    assert_ne!(own.journey, two.journey);
    assert_eq!(own.parts[1].title, "Log in (Two)");
    assert_eq!(
        own.parts[2].case_id, two.parts[2].case_id,
        "its own checkpoint is used again"
    );
    bench.writes();
    bench.deploy(&test("One", "a")).await.unwrap();
    bench.deploy(&edited).await.unwrap();
    assert_eq!(bench.writes(), 0, "neither disturbs the other");
}

#[tokio::test]
async fn what_somebody_added_on_the_platform_is_shown_in_the_plan_and_removed() {
    let bench = Bench::start().await;
    let deployed = bench.deploy(BUY).await.unwrap();
    let checkpoint = deployed.parts[3].case_id;
    let click = v1::Step {
        command: Some(
            v1::Click {
                target: Some(v1::Target::hint("By hand")),
                ..Default::default()
            }
            .into(),
        ),
        ..Default::default()
    };
    let wire = etude_platform::codec::encode(&click).unwrap();
    bench
        .client
        .create_step(checkpoint, 1, &wire)
        .await
        .unwrap();
    let plan = bench.plan(BUY).await;
    let delete = |change: &&v1::DeployChange| change.kind() == DeployKind::Delete;
    let deletes: Vec<_> = plan.changes.iter().filter(delete).collect();
    assert_eq!(deletes.len(), 1);
    assert_eq!(deletes[0].path, "Shop/Web/Buy/Cart/2");
    assert_eq!(deletes[0].differences[0].before, "click on \"By hand\"");
    // A plan that was looked at is not carried out when there is another by then.
    bench
        .client
        .create_step(checkpoint, 1, &wire)
        .await
        .unwrap();
    let stale = Deployment {
        expected_plan: plan.fingerprint,
        ..deployment(BUY)
    };
    let error = deploy(&bench.client, &stale, |_| ()).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformConflict);
    let again = bench.deploy(BUY).await.unwrap();
    assert_eq!((again.parts.clone(), again.changes), (deployed.parts, 2));
}

#[tokio::test]
async fn what_the_platform_cannot_hold_is_refused_before_any_request() {
    let bench = Bench::start().await;
    let requests = Arc::new(Mutex::new(0));
    let counted = requests.clone();
    bench.script(move |_, _| {
        *counted.lock() += 1;
        Fate::Served
    });
    let error = bench
        .deploy("name: T\nsteps:\n  - refresh\n  - back\n")
        .await
        .unwrap_err();
    assert_eq!(error.reason, ErrorReason::CommandUnsupported);
    assert_eq!(error.diagnostics.len(), 2);
    assert_eq!(*requests.lock(), 0);
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_before_anything_is() {
    let bench = Bench::start().await;
    let test = |name: &str| {
        format!(
            "name: {name}\nstarting_url: https://shop.test/\ncheckpoints:\n  - name: A\n    steps: \
             [click: a]\n  - name: '  '\n    steps: [click: b]\n"
        )
    };
    let blank = Deployment {
        project: " ".into(),
        goal: "\t".into(),
        ..deployment(&test("'   '"))
    };
    let error = deploy(&bench.client, &blank, |_| ()).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::InvalidRequest);
    let fields = error.violations.iter().map(|one| one.field.as_str());
    let expected = ["project", "goal", "test.name", "test.checkpoints[1].name"];
    assert_eq!(fields.collect::<Vec<_>>(), expected);
    let last = &error.violations[3].description;
    assert!(
        last.contains("checkpoint 2") && last.contains("t.yaml:7:"),
        "{last}"
    );

    let to = |project: &str, goal: &str, journey: &str| Deployment {
        project: project.into(),
        goal: goal.into(),
        journey: journey.into(),
        goal_url: "https://shop.test".into(),
        ..deployment("name: T\nsteps: [click: a]\n")
    };
    let nowhere = Deployment {
        goal_url: "nonsense".into(),
        ..to("Shop", "Web", "")
    };
    for (wrong, field) in [
        (to("Shop", "Web", "  "), "journey"),
        (to("goals/1003", "Web", ""), "project"),
        (to("projects/0", "Web", ""), "project"),
        (to("Shop", "projects/1", ""), "goal"),
        (to("Shop", "goals/0", ""), "goal"),
        (to("Shop", "Web", "checkpoints/7"), "journey"),
        (nowhere, "goal_url"),
    ] {
        let error = deploy(&bench.client, &wrong, |_| ()).await.unwrap_err();
        assert_eq!(error.reason, ErrorReason::InvalidRequest, "{error}");
        assert_eq!(error.violations[0].field, field, "{error}");
    }
    for missing in [to("projects/7", "Web", ""), to("Shop", "Web", "journeys/7")] {
        let error = deploy(&bench.client, &missing, |_| ()).await.unwrap_err();
        assert_eq!(error.reason, ErrorReason::PlatformNotFound, "{error}");
    }
    assert_eq!(bench.writes(), 0);
}

#[tokio::test]
async fn a_deployment_that_was_interrupted_at_any_write_is_completed_by_the_next() {
    let expected = {
        let bench = Bench::start().await;
        bench.deploy(BUY).await.unwrap();
        (bench.content("Shop/Web/Buy").await, bench.writes())
    };
    for (at, fate) in (0..expected.1).flat_map(|at| [(at, Fate::Fails(400)), (at, Fate::Lost)]) {
        let bench = Bench::start().await;
        let mut count = 0;
        bench.script(move |method, _| {
            count += usize::from(*method != Method::GET);
            match *method != Method::GET && count > at {
                // From here on nothing gets through.
                true if count == at + 1 => fate,
                _ if count > at => Fate::Fails(403),
                _ => Fate::Served,
            }
        });
        let error = bench.deploy(BUY).await.unwrap_err();
        assert!(
            error.message.contains("goes on from there"),
            "{at}: {error}"
        );
        bench.script(|_, _| Fate::Served);
        bench
            .deploy(BUY)
            .await
            .unwrap_or_else(|error| panic!("{at} {fate:?}: {error}"));
        let all = bench.pull("Shop").await;
        let paths: Vec<_> = all.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["web/buy.yaml"], "{at} {fate:?}");
        assert_eq!(all[0].content, expected.0.as_bytes(), "{at} {fate:?}");
        bench.writes();
        bench.deploy(BUY).await.unwrap();
        assert_eq!(bench.writes(), 0, "{at} {fate:?}");
    }
}

#[tokio::test]
async fn on_a_platform_that_loses_answers_nothing_is_made_twice_and_no_success_is_false() {
    let expected = {
        let bench = Bench::start().await;
        bench.deploy(BUY).await.unwrap();
        bench.content("Shop/Web/Buy").await
    };
    for seed in 1..=6 {
        let bench = Bench::start().await;
        let mut dice = fastrand::Rng::with_seed(seed);
        bench.script(move |method, _| match dice.u8(..10) {
            0 => Fate::Fails(503),
            1 => Fate::Fails(429),
            2 if *method != Method::GET => Fate::Lost,
            3 if *method == Method::GET => Fate::Fails(500),
            _ => Fate::Served,
        });
        let mut attempts = 0;
        while let Err(error) = bench.deploy(BUY).await {
            attempts += 1;
            assert!(attempts < 60, "seed {seed}: {error}");
        }
        bench.script(|_, _| Fate::Served);
        let all = bench.pull("Shop").await;
        assert_eq!(all.len(), 1, "seed {seed}");
        assert_eq!(
            String::from_utf8_lossy(&all[0].content),
            expected,
            "seed {seed}"
        );
        bench.writes();
        bench.deploy(BUY).await.unwrap();
        assert_eq!(bench.writes(), 0, "seed {seed}");
    }
}

#[tokio::test]
async fn deployments_at_once_do_not_disturb_each_other() {
    let bench = Bench::start().await;
    let test = |number: usize| BUY.replace("name: Buy", &format!("name: Buy {}", number % 4));
    let tests: Vec<_> = (0..8).map(test).collect();
    let all = tests.iter().map(|yaml| bench.deploy(yaml));
    let deployed = futures::future::join_all(all).await;
    let deployed: Vec<_> = deployed.into_iter().map(Result::unwrap).collect();
    for number in 0..4 {
        assert_eq!(deployed[number].journey, deployed[number + 4].journey);
    }
    assert_eq!(bench.pull("Shop").await.len(), 4);
    bench.writes();
    for yaml in &tests {
        bench.deploy(yaml).await.unwrap();
    }
    assert_eq!(bench.writes(), 0);
    // A client of its own, as of another process, sees the same.
    let other = client(bench.address);
    deploy(&other, &deployment(&tests[0]), |_| ())
        .await
        .unwrap();
    assert_eq!(bench.writes(), 0);
}

#[tokio::test]
async fn authors_and_deployments_take_turns_on_a_checkpoint() {
    let bench = Bench::start().await;
    bench.deploy(BUY).await.unwrap();
    let edits: Vec<_> = (0..6)
        .map(|number| {
            BUY.replace(
                "assert_exists: Total",
                &format!("assert_exists: Total {number}"),
            )
        })
        .collect();
    let all = edits.iter().map(|yaml| bench.deploy(yaml));
    let outcomes: Vec<_> = futures::stream::iter(all)
        .buffer_unordered(6)
        .collect()
        .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let plan = bench.plan(&edits[0]).await;
    assert_eq!(
        (plan.adds, plan.deletes),
        (0, 0),
        "one of them is there, whole"
    );
}
