//! Whole tests, executed by the local platform, whose executions are runs of the same engine.

use std::sync::Arc;

use etude::v1::{self, Outcome, RunState};
use etude_engine::runs::RunsOptions;
use etude_platform::client::Client;
use etude_platform::deploy::{Deployment, deploy};
use etude_platform::local::{Local, Options, router};
use etude_platform::remote::Platforms;
use etude_store::SqliteStore;

use super::engine::blocks::block;
use super::engine::{
    self, Server, assert_state, check_log, checkpoint, config, lines, millis, rows, spec, step,
    test,
};

/// A server with one browser, which is its own platform.
async fn server(folder: &tempfile::TempDir) -> Server {
    server_and_platform(folder).await.0
}

async fn server_and_platform(folder: &tempfile::TempDir) -> (Server, Client) {
    let store = SqliteStore::open(etude_store::Options::new(folder.path()));
    let store = Arc::new(store.await.unwrap());
    let options = RunsOptions {
        max_browsers: 1,
        ..engine::options()
    };
    let server = Server::over(store.clone(), options, Arc::default());
    let local = Local::new(Options::default(), store.clone());
    let client = Client::local(router(local.executing(server.runs.clone(), store)));
    let platform = client.clone();
    let platforms = Platforms::new(move |_| Ok(client.clone()));
    server.runs.set_remote(Arc::new(platforms));
    server.work();
    (server, platform)
}

fn on_platform(test: v1::Test) -> v1::RunSpec {
    v1::RunSpec {
        platform: Some(v1::PlatformRun {
            goal: "Web".to_owned(),
            goal_url: "https://shop.example.com".to_owned(),
            ..v1::PlatformRun::default()
        }),
        ..spec(test)
    }
}

async fn execute(server: &Server, spec: v1::RunSpec) -> (Vec<String>, v1::Run) {
    let run = server.create_spec(spec).await;
    let events = server.events(&run).await;
    check_log(&events);
    let said = |line: &String| !line.starts_with("log ");
    let lines = lines(&events).into_iter().filter(said).collect();
    (lines, server.store.run(&run).await.unwrap())
}

fn two_parts() -> v1::Test {
    let visit = v1::UseBlock {
        block: "visit".to_owned(),
        ..v1::UseBlock::default()
    };
    let mut one = checkpoint("one", &["a", "fail b"]);
    one.steps.insert(1, block(v1::block::Kind::UseBlock(visit)));
    v1::Test {
        starting_url: "https://shop.example.com/start".to_owned(),
        setup: vec![step("first")],
        definitions: vec![v1::Definition {
            name: "visit".to_owned(),
            steps: vec![step("in"), step("out")],
            ..v1::Definition::default()
        }],
        checkpoints: vec![one, checkpoint("two", &["c", "error d", "e"])],
        ..test(&[])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_go_along_to_the_platform() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let headers = [("X-Tenant".to_owned(), "c4n4ry-value".to_owned())];
    let spec = v1::RunSpec {
        http_headers: headers.clone().into(),
        ..on_platform(test(&["headers of the page"]))
    };
    let run = server.create_spec(spec).await;
    let events = format!("{:?}", server.events(&run).await);
    assert_eq!(server.backend.headers(), [headers.into()]);
    assert!(
        events.contains("••••") && !events.contains("c4n4ry"),
        "{events}"
    );
    let kept = format!("{:?}", server.store.run_spec(&run).await.unwrap());
    assert!(!kept.contains("c4n4ry"), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_browser_is_enough_for_a_run_on_the_local_platform() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let (here, _) = execute(&server, spec(two_parts())).await;
    let (there, run) = execute(&server, on_platform(two_parts())).await;
    assert_eq!(there, here);
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert!(run.execution.starts_with("executions/"), "{run:?}");
    assert_eq!(server.backend.most_open(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_test_is_executed_as_it_is_now_and_rows_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let (_, first) = execute(&server, on_platform(test(&["a", "b"]))).await;
    assert_state(&first, RunState::Finished, Outcome::Pass);
    let edited = rows(test(&["a", "new", "b"]), 2);
    let (lines, second) = execute(&server, on_platform(edited)).await;
    assert_state(&second, RunState::Finished, Outcome::Pass);
    let new = lines.iter().filter(|line| *line == "new PASS").count();
    assert_eq!(new, 2, "{lines:?}");
    assert_ne!(first.execution, second.execution);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_was_deployed_with_its_rows_is_executed_once_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let (server, platform) = server_and_platform(&folder).await;
    let mut data = rows(test(&["a", "b"]), 2);
    for (row, user) in data.data_rows.iter_mut().zip(["ada", "bob"]) {
        row.variables = vec![v1::Variable {
            name: "user".to_owned(),
            source: Some(v1::variable::Source::Value(user.to_owned())),
        }];
    }
    let deployment = Deployment {
        test: data.clone(),
        project: "Étude".to_owned(),
        goal: "Web".to_owned(),
        goal_url: "https://shop.example.com".to_owned(),
        ..Deployment::default()
    };
    let deploy = async || deploy(&platform, &deployment, |_| ()).await.unwrap();
    let before = deploy().await;
    assert!(before.data_table.is_some());
    for _ in 0..2 {
        let (lines, run) = execute(&server, on_platform(data.clone())).await;
        assert_state(&run, RunState::Finished, Outcome::Pass);
        let times = lines.iter().filter(|line| *line == "b PASS").count();
        assert_eq!(times, 2, "{lines:?}");
    }
    assert_eq!(deploy().await.data_table, before.data_table);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_runs_of_one_test_at_the_same_time_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let runs = (0..4).map(|number| {
        let own = format!("own {number}");
        execute(&server, on_platform(test(&["a", &own, "b"])))
    });
    for (number, (lines, run)) in futures::future::join_all(runs)
        .await
        .into_iter()
        .enumerate()
    {
        assert_state(&run, RunState::Finished, Outcome::Pass);
        assert!(lines.contains(&format!("own {number} PASS")), "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_or_out_of_time_ends_its_execution() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder).await;
    let run = server
        .create_spec(on_platform(test(&["a", "block", "c"])))
        .await;
    server.wait_for_step(&run, "a").await;
    let cancelled = server.runs.cancel(&run).await.unwrap();
    assert_state(&cancelled, RunState::Cancelled, Outcome::NotReached);
    server.backend.all_closed().await;
    assert_eq!(server.backend.dropped(), ["block"]);

    let late = config(test(&["a", "block"]), |config| {
        config.timeout = millis(1000);
    });
    let (_, run) = execute(&server, on_platform(late)).await;
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(run.failure.unwrap().reason, "RUN_TIMEOUT");
    assert_eq!(server.backend.dropped(), ["block", "block"]);
}
