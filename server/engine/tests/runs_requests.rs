//! Creating, reading, listing, cancelling and deleting runs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    Server, assert_state, check_log, lines, options, reason, rows, spec, statistics, step, test,
};
use etude::v1::{
    self, CreateRunRequest, ErrorReason, ListRunsRequest, Outcome, RunSpec, RunState, Test,
    TestDocument, run_spec::Source,
};
use etude_engine::runs::{Runs, RunsOptions};
use tempfile::tempdir;

fn request(spec: RunSpec) -> CreateRunRequest {
    CreateRunRequest {
        spec: Some(spec),
        ..CreateRunRequest::default()
    }
}

fn document(content: &str) -> RunSpec {
    RunSpec {
        source: Some(Source::Document(TestDocument {
            file_name: "shop.yaml".to_owned(),
            content: content.to_owned().into(),
            files: Vec::new(),
        })),
        ..RunSpec::default()
    }
}

// === CreateRun ===

#[tokio::test]
async fn a_created_run_waits_with_its_first_event() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let run = server
        .runs
        .create(request(spec(rows(test(&["a", "b"]), 3))))
        .await
        .unwrap();
    assert!(run.name.starts_with("runs/") && run.name.len() <= 69);
    assert_eq!((run.state(), run.last_sequence), (RunState::Queued, 1));
    assert_eq!(statistics(&run), [6, 0, 0, 0, 0, 0]);
    let events = server.store.events(&run.name, 0, 10).await.unwrap();
    assert_eq!(lines(&[events[0].as_ref().clone()]), ["queued 3x2"]);
    assert_eq!(server.runs.counts().await.unwrap().queued, 1);
}

#[tokio::test]
async fn a_test_file_is_parsed_and_all_its_mistakes_are_told() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let good = "name: Shop\nsteps:\n  - click: a\n  - click: b\n";
    let run = server.runs.create(request(document(good))).await.unwrap();
    assert_eq!(run.test_name, "Shop");
    server.events(&run.name).await;
    assert_eq!(server.backend.executed(), ["a", "b"]);

    let bad = "name: Shop\nsteps:\n  - clik: a\n  - click: {}\n";
    let error = server
        .runs
        .create(request(document(bad)))
        .await
        .unwrap_err();
    assert_eq!(error.reason.name(), "TEST_INVALID");
    assert!(error.diagnostics.len() >= 2, "{:?}", error.diagnostics);
    let first = error.diagnostics[0].location.clone().unwrap();
    assert_eq!((first.file.as_str(), first.line), ("shop.yaml", 3));
    assert!(error.message.contains("mistakes"), "{}", error.message);
}

#[tokio::test]
async fn a_typed_test_with_mistakes_is_refused() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let nameless = Test {
        name: String::new(),
        ..test(&["a"])
    };
    let empty = test(&[]);
    for wrong in [nameless, empty, Test::default()] {
        let error = server.runs.create(request(spec(wrong))).await.unwrap_err();
        assert_eq!(error.reason.name(), "TEST_INVALID");
        assert!(!error.diagnostics.is_empty());
    }
}

#[tokio::test]
async fn a_request_with_mistakes_is_refused() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let nothing = CreateRunRequest::default();
    let no_source = request(RunSpec::default());
    let too_parallel = request(RunSpec {
        parallelism: 5000,
        ..spec(test(&["a"]))
    });
    for (wrong, field) in [
        (nothing, "spec"),
        (no_source, "spec"),
        (too_parallel, "spec.parallelism"),
    ] {
        let error = server.runs.create(wrong).await.unwrap_err();
        assert_eq!(error.reason.name(), "INVALID_REQUEST");
        assert!(error.violations[0].field.starts_with(field), "{error:?}");
    }
}

#[tokio::test]
async fn a_request_id_creates_one_run() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let with_id = |steps: &[&str]| CreateRunRequest {
        request_id: "3f0c".to_owned(),
        ..request(spec(test(steps)))
    };
    let first = server.runs.create(with_id(&["a"])).await.unwrap();
    let second = server.runs.create(with_id(&["a"])).await.unwrap();
    assert_eq!(first.name, second.name);
    assert_eq!(
        reason(server.runs.create(with_id(&["b"])).await),
        "REQUEST_ID_REUSED"
    );
    assert_eq!(server.runs.counts().await.unwrap().queued, 1);
}

#[tokio::test]
async fn a_full_queue_refuses_and_says_when_to_come_back() {
    let folder = tempdir().unwrap();
    let options = RunsOptions {
        max_queued: 2,
        ..options()
    };
    let server = Server::idle(folder.path(), options).await;
    server.create(test(&["a"])).await;
    server.create(test(&["a"])).await;
    let error = server
        .runs
        .create(request(spec(test(&["a"]))))
        .await
        .unwrap_err();
    assert_eq!(error.reason.name(), "RUN_QUEUE_FULL");
    assert!(error.retry_after.is_some());
}

#[tokio::test]
async fn validate_only_creates_nothing() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let only = CreateRunRequest {
        validate_only: true,
        ..request(spec(test(&["a"])))
    };
    let run = server.runs.create(only).await.unwrap();
    assert_eq!((run.name.as_str(), run.test_name.as_str()), ("", "a test"));
    assert_eq!(server.runs.counts().await.unwrap().queued, 0);
}

#[tokio::test]
async fn what_the_request_sets_hides_what_the_test_sets() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let mut test = common::config(test(&["a"]), |config| {
        config.retries = 2;
        config.timeout = common::millis(5000);
        config.keep_dialogs = true;
    });
    test.base_url = "http://one.test".to_owned();
    let overridden = RunSpec {
        base_url: "http://two.test".to_owned(),
        config: Some(v1::TestConfig {
            retries: 5,
            step_timeout: common::millis(100),
            browser: Some(v1::BrowserOptions {
                languages: "de".to_owned(),
                ..v1::BrowserOptions::default()
            }),
            ..v1::TestConfig::default()
        }),
        ..spec(test)
    };
    let run = server.create_spec(overridden).await;
    let test = server.runs.get(&run).await.unwrap().test.unwrap();
    let config = test.config.unwrap();
    assert_eq!(test.base_url, "http://two.test");
    assert_eq!((config.retries, config.keep_dialogs), (5, true));
    assert_eq!(config.timeout, common::millis(5000));
    assert_eq!(config.step_timeout, common::millis(100));
    assert_eq!(config.browser.unwrap().languages, "de");
}

// === GetRun, ListRuns, DeleteRun ===

#[tokio::test]
async fn a_run_is_read_with_its_test_and_an_unknown_one_is_not_found() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let run = server.create(test(&["a"])).await;
    let run = server.runs.get(&run).await.unwrap();
    assert_eq!(run.test.unwrap().name, "a test");
    assert_eq!(reason(server.runs.get("runs/none").await), "RUN_NOT_FOUND");
    assert_eq!(
        reason(server.runs.cancel("runs/none").await),
        "RUN_NOT_FOUND"
    );
    assert_eq!(
        reason(server.runs.delete("runs/none").await),
        "RUN_NOT_FOUND"
    );
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_filtered() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let mut names = Vec::new();
    for step in ["a", "fail", "b"] {
        let mut tagged = test(&[step]);
        tagged.tags = vec![format!("test-{step}")];
        tagged.checkpoints[0].tags = vec!["all".to_owned(), format!("test-{step}")];
        let labelled = RunSpec {
            labels: [("kind".to_owned(), step.to_owned())].into(),
            environment: (step == "b").then(|| v1::Environment {
                name: "staging".to_owned(),
                ..v1::Environment::default()
            }),
            ..spec(tagged)
        };
        let name = server.create_spec(labelled).await;
        server.events(&name).await;
        names.push(name);
    }
    let list = async |filter: &str, order_by: &str| {
        let request = ListRunsRequest {
            filter: filter.to_owned(),
            order_by: order_by.to_owned(),
            ..ListRunsRequest::default()
        };
        let runs = server.runs.list(request).await.unwrap().runs;
        assert!(runs.iter().all(|run| run.test.is_none()));
        runs.into_iter().map(|run| run.name).collect::<Vec<_>>()
    };
    assert_eq!(list("", "create_time").await, names);
    names.reverse();
    assert_eq!(list("", "").await, names);
    assert_eq!(list("outcome = \"FAIL\"", "").await, names[1..2]);
    assert_eq!(
        list("state = \"FINISHED\" AND labels.kind = \"a\"", "").await,
        names[2..]
    );
    assert!(list("state = \"QUEUED\"", "").await.is_empty());
    assert_eq!(list("environment = staging", "").await, names[..1]);
    assert_eq!(list("environment = \"\"", "").await, names[1..]);
    assert_eq!(list("tags:all", "").await, names);
    assert_eq!(list("tags:test-fail AND tags:all", "").await, names[1..2]);
    let run = server.runs.get(&names[0]).await.unwrap();
    assert_eq!(run.tags, ["test-b", "all"]);

    let page = ListRunsRequest {
        page_size: 2,
        ..ListRunsRequest::default()
    };
    let first = server.runs.list(page.clone()).await.unwrap();
    let second = ListRunsRequest {
        page_token: first.next_page_token,
        ..page
    };
    let second = server.runs.list(second).await.unwrap();
    assert_eq!((first.runs.len(), second.runs.len()), (2, 1));
    assert_eq!(second.next_page_token, "");
}

#[tokio::test]
async fn lists_refuse_what_they_cannot_read() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let wrong = |set: fn(&mut ListRunsRequest)| {
        let mut request = ListRunsRequest::default();
        set(&mut request);
        let runs = server.runs.clone();
        async move { reason(runs.list(request).await) }
    };
    assert_eq!(
        wrong(|r| r.filter = "state: x".to_owned()).await,
        "INVALID_FILTER"
    );
    assert_eq!(
        wrong(|r| r.page_token = "x".to_owned()).await,
        "INVALID_PAGE_TOKEN"
    );
    assert_eq!(wrong(|r| r.page_size = -1).await, "INVALID_REQUEST");
    assert_eq!(
        wrong(|r| r.order_by = "name".to_owned()).await,
        "INVALID_REQUEST"
    );
}

#[tokio::test]
async fn a_run_is_deleted_when_it_has_finished_with_all_it_left() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let run = server.create(test(&["block"])).await;
    assert_eq!(reason(server.runs.delete(&run).await), "RUN_NOT_FINISHED");
    server.backend.release();
    server.events(&run).await;
    let artifacts = server.store.run(&run).await.unwrap().artifacts;
    server.runs.delete(&run).await.unwrap();
    assert_eq!(reason(server.runs.get(&run).await), "RUN_NOT_FOUND");
    assert_eq!(
        reason(server.store.events(&run, 0, 1).await),
        "RUN_NOT_FOUND"
    );
    for artifact in artifacts {
        assert_eq!(
            reason(server.store.artifact(&artifact).await),
            "ARTIFACT_NOT_FOUND"
        );
    }
}

#[tokio::test]
async fn a_run_that_works_for_an_execution_is_listed_on_request_only_and_stays() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let own = server.create(test(&["a"])).await;
    let name = Runs::new_name();
    let request = request(spec(test(&["b"])));
    let run = server.runs.create_owned(&name, "executions/7", request);
    assert_eq!(run.await.unwrap().name, name);
    server.events(&own).await;
    server.events(&name).await;
    let list = async |filter: &str, show_owned| {
        let request = ListRunsRequest {
            filter: filter.to_owned(),
            show_owned,
            ..ListRunsRequest::default()
        };
        let runs = server.runs.list(request).await.unwrap().runs;
        runs.into_iter().map(|run| run.name).collect::<Vec<_>>()
    };
    assert_eq!(list("", false).await, [own.as_str()]);
    assert_eq!(list("", true).await, [name.as_str(), &own]);
    let of_execution = "owner = \"executions/7\"";
    assert_eq!(list(of_execution, false).await, [name.as_str()]);
    let refused = server.runs.delete(&name).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::RunOwned);
    assert_eq!(refused.metadata["owner"], "executions/7");
    assert!(refused.message.contains("executions/7"), "{refused}");
    assert_eq!(server.runs.get(&name).await.unwrap().owner, "executions/7");
    server.runs.take_back(&name).await.unwrap();
    assert_eq!(reason(server.runs.get(&name).await), "RUN_NOT_FOUND");
}

// === CancelRun ===

#[tokio::test]
async fn a_waiting_run_is_cancelled_at_once() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), options()).await;
    let run = server.create(test(&["a"])).await;
    let run = server.runs.cancel(&run).await.unwrap();
    assert_state(&run, RunState::Cancelled, Outcome::NotReached);
    assert_eq!(statistics(&run), [1, 0, 0, 0, 0, 1]);
    server.work();
    let events = server.events(&run.name).await;
    assert_eq!(
        lines(&events),
        ["queued 1x1", "finished NOT_REACHED cancelled"]
    );
    assert!(server.backend.executed().is_empty());
}

#[tokio::test]
async fn a_step_is_interrupted_and_the_rest_is_not_reached_teardown_included() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let test = Test {
        teardown: vec![step("clean up")],
        ..test(&["a", "block", "b"])
    };
    let run = server.create(test).await;
    server.wait_for_step(&run, "block").await;
    let run = server.runs.cancel(&run).await.unwrap();
    assert_state(&run, RunState::Cancelled, Outcome::NotReached);
    assert_eq!(statistics(&run), [4, 1, 0, 0, 0, 3]);
    let events = server.events(&run.name).await;
    check_log(&events);
    assert_eq!(
        lines(&events)[6..],
        [
            "step block",
            "block NOT_REACHED RUN_CANCELLED",
            "b NOT_REACHED RUN_CANCELLED",
            "end main NOT_REACHED",
            "clean up NOT_REACHED RUN_CANCELLED",
            "end Teardown NOT_REACHED",
            "row 1 NOT_REACHED",
            "finished NOT_REACHED cancelled",
        ]
    );
    assert_eq!(
        server.backend.dropped(),
        ["block"],
        "the step stopped at once"
    );
    server.backend.all_closed().await;
}

#[tokio::test]
async fn a_run_whose_browser_is_opening_is_cancelled() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.backend.may_open(false);
    let run = server.create(test(&["a"])).await;
    let begun =
        |payload: &v1::run_event::Payload| matches!(payload, v1::run_event::Payload::RunStarted(_));
    server.wait_for(&run, begun).await;
    let run = server.runs.cancel(&run).await.unwrap();
    assert_state(&run, RunState::Cancelled, Outcome::NotReached);
    check_log(&server.events(&run.name).await);
    assert_eq!(server.backend.opened(), 0);
}

#[tokio::test]
async fn a_cancelled_run_keeps_what_came_of_its_rows_and_begins_no_more() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let value = |what: &str| v1::DataRow {
        variables: vec![v1::Variable {
            name: "what".to_owned(),
            source: Some(v1::variable::Source::Value(what.to_owned())),
        }],
        ..v1::DataRow::default()
    };
    let rows = ["fail", "a", "block 1", "block 2", "never", "never"];
    let test = Test {
        data_rows: rows.map(value).to_vec(),
        ..test(&["$what"])
    };
    let run = server.create(test).await;
    let both = async {
        while !server.backend.executed().contains(&"block 2".to_owned()) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(common::GUARD, both).await.unwrap();
    let run = server.runs.cancel(&run).await.unwrap();
    assert_state(&run, RunState::Cancelled, Outcome::Fail);
    assert_eq!(statistics(&run), [6, 1, 1, 0, 0, 4]);
    check_log(&server.events(&run.name).await);
    assert!(!server.backend.executed().contains(&"never".to_owned()));
}

#[tokio::test]
async fn cancelling_is_repeatable_and_leaves_a_finished_run_alone() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, run) = server.execute(test(&["a"])).await;
    assert_eq!(server.runs.cancel(&run.name).await.unwrap(), run);
    assert_eq!(server.events(&run.name).await, events);

    let run = server.create(test(&["block"])).await;
    server.wait_for_step(&run, "block").await;
    let cancels = (0..5).map(|_| server.runs.cancel(&run));
    for cancelled in futures::future::join_all(cancels).await {
        assert_eq!(cancelled.unwrap().state(), RunState::Cancelled);
    }
    check_log(&server.events(&run).await);
}

#[tokio::test]
async fn a_run_is_cancelled_or_finishes_whenever_the_cancellation_comes() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    for turns in 0..40 {
        let run = server.create(rows(test(&["a", "b", "c"]), 2)).await;
        for _ in 0..turns * 3 {
            tokio::task::yield_now().await;
        }
        let cancelled = server.runs.cancel(&run).await.unwrap();
        let events = server.events(&run).await;
        check_log(&events);
        let [total, rest @ ..] = statistics(&cancelled);
        assert_eq!(total, rest.iter().sum::<u32>());
        match cancelled.state() {
            RunState::Cancelled => assert_eq!(cancelled.outcome(), Outcome::NotReached),
            state => assert_eq!(
                (state, cancelled.outcome()),
                (RunState::Finished, Outcome::Pass)
            ),
        }
    }
    server.backend.all_closed().await;
}
