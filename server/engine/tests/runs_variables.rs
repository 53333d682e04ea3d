//! What names stand for in a run: scopes, built-in variables, environments and what they hide.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::HashSet;

use common::{Server, check_log, config, lines, spec, step, test};
use etude::v1::{
    self, DataRow, Environment, EnvironmentVariable, RunSpec, Test, environment_variable,
    run_event::Payload, variable::Source,
};
use prost::Message;
use tempfile::tempdir;

const CANARY: &str = "canary-4711";

/// A test without screenshots, which the scripted browser does not take.
fn steps(hints: &[&str]) -> Test {
    config(test(hints), |config| {
        config.set_screenshots(v1::ScreenshotPolicy::Never);
    })
}

fn variable(name: &str, source: impl Into<Option<Source>>) -> v1::Variable {
    v1::Variable {
        name: name.to_owned(),
        source: source.into(),
    }
}

fn value(text: &str) -> Source {
    Source::Value(text.to_owned())
}

fn environment(variables: &[(&str, environment_variable::Source)]) -> Option<Environment> {
    let variable = |(name, source): &(&str, environment_variable::Source)| EnvironmentVariable {
        name: (*name).to_owned(),
        source: Some(source.clone()),
    };
    Some(Environment {
        name: "staging".to_owned(),
        variables: variables.iter().map(variable).collect(),
    })
}

fn plain(text: &str) -> environment_variable::Source {
    environment_variable::Source::Value(text.to_owned())
}

fn hidden(text: &str) -> environment_variable::Source {
    environment_variable::Source::Hidden(text.to_owned())
}

/// Executes a spec; what was clicked, and the log.
async fn execute(spec: RunSpec) -> (Vec<String>, Vec<v1::RunEvent>, v1::Run) {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let name = server.create_spec(spec).await;
    let events = server.events(&name).await;
    check_log(&events);
    let run = server.store.run(&name).await.unwrap();
    (server.backend.executed(), events, run)
}

#[tokio::test]
async fn a_scope_hides_those_below_it() {
    let test = Test {
        variables: vec![
            variable("b", value("test")),
            variable("c", value("test")),
            variable("d", value("test")),
            variable("declared", None),
        ],
        data_rows: vec![DataRow {
            variables: vec![variable("c", value("row")), variable("d", value("row"))],
            ..DataRow::default()
        }],
        ..steps(&["$a $b $c $d $declared"])
    };
    let all = ["a", "b", "c", "d", "declared"].map(|name| (name, plain("environment")));
    let (clicked, events, run) = execute(RunSpec {
        variables: vec![variable("d", value("caller"))],
        environment: environment(&all),
        ..spec(test)
    })
    .await;
    assert_eq!(clicked, ["environment test row caller environment"]);
    assert_eq!(run.environment, "staging");
    let Some(Payload::RunQueued(queued)) = &events[0].payload else {
        panic!("{events:?}");
    };
    assert_eq!(queued.environment, "staging");
}

#[tokio::test]
async fn braces_paths_and_defaults_are_substituted() {
    let test = Test {
        variables: vec![
            variable("user", value(r#"{"name": "Ada", "tags": ["x", "y"]}"#)),
            variable("host", value("shop")),
        ],
        ..steps(&[
            "{{user.name}} {{ user.tags.1 }} $user.tags.0 $host.example $$host {{\"{{\"}}host}}",
            "$none with default \"-\" {{none with default \"+\"}} ${ENV:NONE} with default \"*\"",
        ])
    };
    let (clicked, ..) = execute(spec(test)).await;
    assert_eq!(clicked, ["Ada y x shop.example $host {{host}}", "- + *"]);
}

#[tokio::test]
async fn times_are_fixed_and_chance_is_not() {
    let test = Test {
        data_rows: vec![
            DataRow {
                name: "first".to_owned(),
                ..DataRow::default()
            },
            DataRow::default(),
        ],
        ..steps(&[
            "now $TIMESTAMP",
            "now $TIMESTAMP",
            "chance $UUID $UUID",
            "facts $TEST_NAME $ROW $ROW_NAME $ATTEMPT $ENVIRONMENT $RUN_ID",
            "date $TODAY $TODAY.year/$TODAY.month/$TODAY.day. $TODAY.x",
        ])
    };
    let (clicked, _, run) = execute(RunSpec {
        environment: environment(&[]),
        parallelism: 1,
        ..spec(test)
    })
    .await;
    let (first, second) = clicked.split_at(5);
    assert_eq!(first[0], first[1]);
    let ids: HashSet<_> = [&first[2], &second[2]]
        .into_iter()
        .flat_map(|chance| chance.split(' ').skip(1))
        .collect();
    assert_eq!(ids.len(), 4);
    let id = run.name.strip_prefix("runs/").unwrap();
    assert_eq!(first[3], format!("facts a test 1 first 1 staging {id}"));
    assert_eq!(second[3], format!("facts a test 2 2 1 staging {id}"));
    let date = first[4].split(' ').nth(1).unwrap();
    let slashes = date.replace('-', "/");
    assert_eq!(first[4], format!("date {date} {slashes}. {date}.x"));
}

#[tokio::test]
async fn times_are_of_the_attempt() {
    let again = config(steps(&["now $TIMESTAMP $ATTEMPT", "flaky 1"]), |config| {
        config.retries = 1;
    });
    let (clicked, ..) = execute(spec(again)).await;
    assert!(clicked[0].ends_with(" 1") && clicked[2].ends_with(" 2"));
    let time = |hint: &str| hint.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    assert!(time(&clicked[0]) < time(&clicked[2]), "{clicked:?}");
}

#[tokio::test]
async fn an_own_variable_hides_a_built_in_one() {
    let test = Test {
        variables: vec![variable("TODAY", value("the first of May"))],
        ..steps(&["$TODAY"])
    };
    let (clicked, ..) = execute(spec(test)).await;
    assert_eq!(clicked, ["the first of May"]);
}

#[tokio::test]
async fn a_name_that_is_almost_built_in_is_told() {
    let (_, events, _) = execute(spec(steps(&["$DATE_PLUS30"]))).await;
    let log = format!("{events:?}");
    assert!(log.contains("UNKNOWN_VARIABLE"), "{log}");
    assert!(log.contains("did you mean `DATE_PLUS_30`?"), "{log}");
}

#[tokio::test]
async fn environment_variables_come_from_the_caller_then_the_environment_then_the_server() {
    let test = Test {
        variables: vec![
            variable("password", Source::Env("PASSWORD".to_owned())),
            variable("user", Source::Env("SHOP_USER".to_owned())),
        ],
        ..steps(&["$password $user ${ENV:CITY}", "${ENV:NOWHERE}"])
    };
    let (clicked, events, _) = execute(RunSpec {
        environment: environment(&[("CITY", plain("Ulm")), ("SHOP_USER", plain("bob"))]),
        env: [("SHOP_USER".to_owned(), "ada".to_owned())].into(),
        ..spec(test.clone())
    })
    .await;
    // The server of these tests holds the secret PASSWORD.
    assert_eq!(clicked, ["hunter2 ada Ulm"]);
    let lines = lines(&events);
    let missing = lines
        .iter()
        .any(|line| line.ends_with("ERROR UNKNOWN_VARIABLE"));
    assert!(missing, "{lines:#?}");
    let log = format!("{events:?}");
    assert!(
        !log.contains("hunter2") && !log.contains("\"ada\""),
        "{log}"
    );
}

#[tokio::test]
async fn what_is_hidden_is_in_no_event_no_report_and_not_kept() {
    let test = Test {
        data_rows: vec![DataRow {
            name: "one".to_owned(),
            ..DataRow::default()
        }],
        ..steps(&[
            "talk $token and ${ENV:KEY} with default \"x\"",
            "error $token",
        ])
    };
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let name = server
        .create_spec(RunSpec {
            environment: environment(&[("token", hidden(CANARY)), ("open", plain("visible"))]),
            env: [("KEY".to_owned(), format!("{CANARY}-key"))].into(),
            ..spec(test)
        })
        .await;
    let queued = server.store.run_spec(&name).await.unwrap();
    assert!(
        format!("{queued:?}").contains(CANARY),
        "it waits for its run"
    );
    let events = server.events(&name).await;
    let clicked = server.backend.executed();
    assert_eq!(clicked[0], format!("talk {CANARY} and {CANARY}-key"));
    assert!(!format!("{events:?}").contains(CANARY), "{events:#?}");

    let run = server.runs.get(&name).await.unwrap();
    assert!(!format!("{run:?}").contains(CANARY), "{run:?}");
    let kept = server.store.run_spec(&name).await.unwrap();
    assert!(!format!("{kept:?}").contains(CANARY), "{kept:?}");
    assert!(format!("{kept:?}").contains("visible"));
    assert_eq!(run.artifacts.len(), 3);
    let needle = CANARY.as_bytes();
    for artifact in &run.artifacts {
        let path = server.store.artifact_path(artifact).await.unwrap();
        let report = std::fs::read(path).unwrap();
        let found = report.windows(needle.len()).any(|window| window == needle);
        assert!(!found, "{}", String::from_utf8_lossy(&report));
        let named = String::from_utf8_lossy(&report).contains("staging");
        assert!(named, "{}", String::from_utf8_lossy(&report));
    }
}

#[tokio::test]
async fn values_of_headers_reach_the_browser_and_nobody_else() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let headers = [("Authorization".to_owned(), format!("Bearer {CANARY}"))];
    let name = server
        .create_spec(RunSpec {
            http_headers: headers.clone().into(),
            ..spec(steps(&["headers of the page", "ok"]))
        })
        .await;
    let events = server.events(&name).await;
    assert_eq!(server.backend.headers(), [headers.into()]);
    let told = format!("{events:?}");
    assert!(told.contains("••••") && !told.contains(CANARY), "{told}");
    let run = server.runs.get(&name).await.unwrap();
    let kept = server.store.run_spec(&name).await.unwrap();
    for shown in [format!("{run:?}"), format!("{kept:?}")] {
        assert!(!shown.contains(CANARY), "{shown}");
    }
    for artifact in &run.artifacts {
        let path = server.store.artifact_path(artifact).await.unwrap();
        let report = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        assert!(!report.contains(CANARY), "{report}");
    }
}

#[tokio::test]
async fn headers_that_cannot_be_sent_are_refused_without_their_values() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), common::options()).await;
    let line_break = format!("{CANARY}\r\nX-Other: b");
    let long = CANARY.repeat(9000);
    for (name, value, rule) in [
        ("Host", CANARY, "http_headers"),
        ("a b", CANARY, "string.pattern"),
        ("X-A", &line_break, "string.pattern"),
        ("X-A", &long, "string.max_len"),
    ] {
        let request = v1::CreateRunRequest {
            spec: Some(RunSpec {
                http_headers: [(name.to_owned(), value.to_owned())].into(),
                ..spec(steps(&["ok"]))
            }),
            ..v1::CreateRunRequest::default()
        };
        let refused = server.runs.create(request).await.unwrap_err();
        let rules: Vec<_> = refused.violations.iter().map(|one| one.rule).collect();
        assert_eq!(rules, [rule], "{refused:?}");
        assert!(!format!("{refused:?}").contains(CANARY), "{refused:?}");
    }
}

#[tokio::test]
async fn a_run_cancelled_in_the_queue_forgets_what_is_hidden() {
    let folder = tempdir().unwrap();
    let server = Server::idle(folder.path(), common::options()).await;
    let name = server
        .create_spec(RunSpec {
            env: [("KEY".to_owned(), CANARY.to_owned())].into(),
            ..spec(steps(&["${ENV:KEY}"]))
        })
        .await;
    server.runs.cancel(&name).await.unwrap();
    let kept = server.store.run_spec(&name).await.unwrap();
    assert!(kept.env.is_empty(), "{kept:?}");
    assert!(!kept.encode_to_vec().is_empty());
}

#[tokio::test]
async fn a_secret_of_the_environment_that_is_missing_is_named() {
    let missing = environment_variable::Source::Secret("NONE".to_owned());
    let (_, events, run) = execute(RunSpec {
        environment: environment(&[("token", missing)]),
        ..spec(Test {
            teardown: vec![step("never")],
            ..steps(&["a"])
        })
    })
    .await;
    let lines = lines(&events);
    let told = lines.contains(&"row 1 ERROR SECRET_NOT_FOUND".to_owned());
    assert!(told, "{lines:#?}");
    assert!(run.failure.unwrap().message.contains("`NONE`"));
}
