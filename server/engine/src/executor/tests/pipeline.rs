use std::time::Duration;

use etude::v1::{Outcome, ScreenshotMoment, StepFlags, WarningKind};
use parking_lot::Mutex;
use serde_json::json;

use super::*;
use crate::testing::{Act, click, error, millis, pass, target};

/// What was given to a backend.
type Recorded = Arc<Mutex<Vec<(v1::Command, ExecuteOptions)>>>;

/// A backend that passes and keeps what it was given.
fn recording() -> (FakeBackend, Recorded) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = seen.clone();
    let backend = FakeBackend::evaluating(
        move |command, options| {
            into.lock().push((command.clone(), options.clone()));
            Act::Reply(pass())
        },
        |expression, values| Ok(json!(format!("<{expression}> {values:?}"))),
    );
    (backend, seen)
}

fn hint_of(command: &v1::Command) -> String {
    match &command.action {
        Some(Action::Click(click)) => {
            match click
                .target
                .as_ref()
                .and_then(|target| target.locator.as_ref())
            {
                Some(v1::target::Locator::Hint(hint)) => hint.clone(),
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_skipped_step_reaches_nobody() {
    let backend = FakeBackend::passing();
    let mut bench = Bench::new(&backend).await;
    let flags = StepFlags {
        skip: true,
        ..StepFlags::default()
    };
    let result = bench.run_with(click("Log in"), flags).await;
    assert_eq!(result.outcome(), Outcome::Skip);
    assert_eq!((result.attempts, result.failure), (0, None));
    assert_eq!(result.text, "click on \"Log in\"");
    assert!(backend.log().is_empty());
}

#[tokio::test]
async fn a_command_with_wrong_fields_is_an_error() {
    let backend = FakeBackend::passing();
    let mut bench = Bench::new(&backend).await;
    let result = bench.run(click("")).await;
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(reason(&result), "INVALID_REQUEST");
    assert!(
        message(&result).contains("click.target.hint"),
        "{}",
        message(&result)
    );
    let result = bench
        .executor
        .execute(&mut bench.scope, &v1::Step::default())
        .await;
    assert_eq!(reason(&result), "INVALID_REQUEST");
    assert!(backend.log().is_empty());
}

#[tokio::test]
async fn what_a_backend_cannot_do_is_refused_with_the_alternative() {
    let backend = FakeBackend::passing();
    let bench = Bench::new(&backend).await;
    let log: v1::Command = v1::Log::default().into();
    assert_eq!(bench.executor.check(v1::Backend::Browser, &log), Ok(()));
    let refused = bench
        .executor
        .check(v1::Backend::Platform, &log)
        .unwrap_err();
    assert_eq!(refused.reason, ErrorReason::CommandUnsupported);
    assert_eq!(
        refused.message,
        "a platform session cannot execute misc/log; a browser session can"
    );
    assert_eq!(refused.metadata["command"], "misc/log");
}

#[tokio::test]
async fn values_take_the_place_of_templates() {
    let (backend, seen) = recording();
    let mut bench = Bench::new(&backend).await;
    bench.set("user", json!({"name": "Ada", "tags": ["x", 7]}));
    bench.set("n", json!(3));
    for (template, text) in [
        ("Log in now", "Log in now"),
        ("$user.name's", "Ada's"),
        ("$user.tags.1/$n", "7/3"),
        ("$none with default \"it's \\\"new\\\"\"", "it's \"new\""),
        ("$user.none with default \"-\"", "-"),
        ("costs $$5 or $5", "costs $5 or $5"),
        ("${1 + 1}", "<1 + 1> {}"),
        ("${$n + $other}", "<$n + $other> {\"n\": Number(3)}"),
    ] {
        let result = bench.run(click(template)).await;
        assert_eq!(result.outcome(), Outcome::Pass, "{result:?}");
        assert_eq!(hint_of(&seen.lock().pop().unwrap().0), text);
    }
    let result = bench.run(click("$n and ${$n}")).await;
    assert_eq!(used(&result), BTreeMap::from([("n", "3")]));
    assert_eq!(result.text, "click on \"$n and ${$n}\"");
}

#[tokio::test]
async fn a_variable_without_a_value_is_an_error_with_a_near_name() {
    let backend = FakeBackend::passing();
    let mut bench = Bench::new(&backend).await;
    bench.set("username", json!("ada"));
    let result = bench.run(click("$usernme")).await;
    assert_eq!(reason(&result), "UNKNOWN_VARIABLE");
    assert_eq!(
        message(&result),
        "the variable `usernme` has no value; did you mean `username`?"
    );
    let result = bench.run(click("$xyz")).await;
    assert_eq!(message(&result), "the variable `xyz` has no value");
    bench.set("user", json!({"name": "Ada"}));
    let result = bench.run(click("$user.nme")).await;
    assert_eq!(
        message(&result),
        "the variable `user` holds nothing at `nme`"
    );
    let result = bench.run(click("${open")).await;
    assert_eq!(reason(&result), "INVALID_EXPRESSION");
    assert!(!result.failure.unwrap().hint.is_empty());
    assert!(backend.log().is_empty());
}

#[tokio::test]
async fn a_template_may_not_empty_a_required_field() {
    let mut bench = Bench::new(&FakeBackend::passing()).await;
    bench.set("empty", json!(""));
    let result = bench.run(click("$empty")).await;
    assert_eq!(reason(&result), "INVALID_REQUEST");
    assert!(
        message(&result).contains("substituted"),
        "{}",
        message(&result)
    );
}

#[tokio::test]
async fn the_backend_gets_the_variables_that_it_needs_and_no_others() {
    let (backend, seen) = recording();
    let mut bench = Bench::new(&backend).await;
    bench.set("button", json!({"css": "#b"}));
    bench.set("other", json!(1));
    let mut given = async |command: v1::Command| {
        let result = bench.run(command).await;
        assert_eq!(result.outcome(), Outcome::Pass, "{result:?}");
        seen.lock().pop().unwrap().1.variables
    };
    let stored = v1::Click {
        target: Some(v1::Target {
            locator: Some(v1::target::Locator::Variable("button".into())),
            ..v1::Target::default()
        }),
        ..v1::Click::default()
    };
    assert_eq!(
        given(stored.clone().into()).await["button"],
        json!({"css": "#b"})
    );
    let expression = v1::WaitExpression {
        expression: "$other > 0".into(),
        ..v1::WaitExpression::default()
    };
    assert_eq!(
        given(expression.into()).await,
        [("other".to_owned(), json!(1))].into()
    );
    let script = v1::ExecuteScript {
        script: "return 1".into(),
        ..v1::ExecuteScript::default()
    };
    assert_eq!(given(script.into()).await.len(), 2);
    assert!(given(click("x").into()).await.is_empty());
    let mut unknown = stored;
    unknown.target.as_mut().unwrap().locator = Some(v1::target::Locator::Variable("buton".into()));
    let result = bench.run(unknown).await;
    assert_eq!(reason(&result), "UNKNOWN_VARIABLE");
    assert!(
        message(&result).contains("`button`"),
        "{}",
        message(&result)
    );
}

#[tokio::test]
async fn verdicts_become_outcomes_and_outputs_are_stored() {
    let backend = FakeBackend::new(|command, _| match &command.action {
        Some(Action::StoreText(_)) => Act::Reply(done(Some(json!("Hello")))),
        Some(Action::StoreCount(_)) => Act::Reply(done(Some(json!(3)))),
        Some(Action::AssertEquals(_)) => Act::Reply(Execution::new(Verdict::Fail(failure(
            ErrorReason::AssertionFailed,
            "it differs",
        )))),
        _ => Act::Reply(error(ErrorReason::TargetNotFound, "nothing matches")),
    });
    let mut bench = Bench::new(&backend).await;
    let store = v1::StoreText {
        target: target("x"),
        variable: "greeting".into(),
    };
    let result = bench.run(store).await;
    assert_eq!(result.outcome(), Outcome::Pass);
    assert_eq!(result.set_variable, "greeting");
    assert_eq!(bench.value("greeting"), Some(&json!("Hello")));
    let count = v1::StoreCount {
        target: target("x"),
        variable: "n".into(),
    };
    bench.run(count).await;
    assert_eq!(bench.value("n"), Some(&json!(3)));
    let assert = v1::AssertEquals {
        target: target("x"),
        value: "$n".into(),
    };
    let result = bench.run(assert).await;
    assert_eq!(result.outcome(), Outcome::Fail);
    assert_eq!((reason(&result), result.attempts), ("ASSERTION_FAILED", 1));
    let result = bench.run(click("x")).await;
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(reason(&result), "TARGET_NOT_FOUND");
    assert!(result.start_time.is_some() && result.duration.is_some());
}

#[tokio::test]
async fn a_step_is_tried_again_and_says_so() {
    let tries = Arc::new(Mutex::new(0));
    let count = tries.clone();
    let backend = FakeBackend::new(move |_, _| {
        let mut tries = count.lock();
        *tries += 1;
        let passes = *tries == 3;
        let moment = ScreenshotMoment::After;
        Act::Reply(Execution {
            screenshots: vec![(moment, format!("{tries}").into())],
            ..if passes {
                pass()
            } else {
                error(ErrorReason::TargetNotFound, "none")
            }
        })
    });
    let mut bench = Bench::new(&backend).await;
    let flags = |retries| StepFlags {
        retries,
        ..StepFlags::default()
    };
    let result = bench.run_with(click("x"), flags(5)).await;
    assert_eq!((result.outcome(), result.attempts), (Outcome::Pass, 3));
    let warnings: Vec<_> = result
        .warnings
        .iter()
        .map(|w| (w.kind(), w.message.as_str()))
        .collect();
    assert_eq!(
        warnings,
        [
            (WarningKind::Retried, "attempt 1 ended ERROR: none"),
            (WarningKind::Retried, "attempt 2 ended ERROR: none"),
        ]
    );
    // Of several attempts, the last one's pictures count.
    assert_eq!(result.screenshots.len(), 1);
    *tries.lock() = 10;
    let result = bench.run_with(click("x"), flags(2)).await;
    assert_eq!((result.outcome(), result.attempts), (Outcome::Error, 3));
    assert_eq!(result.warnings.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_hangs_is_stopped_and_can_be_used_again() {
    let backend = FakeBackend::new(|command, _| match &command.action {
        Some(Action::Click(_)) => Act::Hang,
        _ => Act::Reply(pass()),
    });
    let mut bench = Bench::new(&backend).await;
    let flags = StepFlags {
        timeout: Some(millis(1500)),
        ..StepFlags::default()
    };
    let result = bench.run_with(click("x"), flags).await;
    assert_eq!(reason(&result), "STEP_TIMEOUT");
    assert_eq!(backend.log(), ["click started", "click dropped"]);
    let result = bench.run(v1::Refresh::default()).await;
    assert_eq!(result.outcome(), Outcome::Pass);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_call_stops_the_step_and_leaves_the_scope_usable() {
    let backend = FakeBackend::new(|command, _| match &command.action {
        Some(Action::Click(_)) => Act::Hang,
        _ => Act::Reply(pass()),
    });
    let mut bench = Bench::new(&backend).await;
    let call = bench.run(click("x"));
    assert!(
        tokio::time::timeout(Duration::from_secs(1), call)
            .await
            .is_err()
    );
    assert_eq!(backend.log(), ["click started", "click dropped"]);
    let result = bench.run(v1::Refresh::default()).await;
    assert_eq!(result.outcome(), Outcome::Pass);
    assert_eq!(bench.scope.steps(), 2);
}

#[tokio::test]
async fn a_dead_browser_is_not_asked_again() {
    let backend = FakeBackend::new(|_, _| Act::Crash);
    let mut bench = Bench::new(&backend).await;
    let flags = StepFlags {
        retries: 3,
        ..StepFlags::default()
    };
    let result = bench.run_with(click("x"), flags).await;
    assert_eq!((reason(&result), result.attempts), ("BROWSER_CRASHED", 1));
    let result = bench.run(click("x")).await;
    assert_eq!(reason(&result), "BROWSER_CRASHED");
    assert_eq!(backend.log(), ["click started", "click ended"]);
}

#[tokio::test]
async fn flags_and_defaults_reach_the_backend() {
    let (backend, seen) = recording();
    let mut bench = Bench::new(&backend).await;
    bench.scope.defaults.screenshots = v1::ScreenshotPolicy::EveryStep;
    bench.run(click("x")).await;
    let options = seen.lock().pop().unwrap().1;
    assert_eq!(options.timeout, DEFAULT_TIMEOUT);
    assert_eq!(options.navigation_timeout, DEFAULT_NAVIGATION_TIMEOUT);
    assert_eq!(options.screenshots, v1::ScreenshotPolicy::EveryStep);
    let flags = StepFlags {
        timeout: Some(millis(70_000)),
        screenshots: v1::ScreenshotPolicy::Never.into(),
        ..StepFlags::default()
    };
    bench.run_with(click("x"), flags).await;
    let options = seen.lock().pop().unwrap().1;
    assert_eq!(options.timeout, Duration::from_secs(70));
    assert_eq!(options.navigation_timeout, Duration::from_secs(70));
    assert_eq!(options.screenshots, v1::ScreenshotPolicy::Never);
}

#[tokio::test]
async fn pictures_and_downloads_become_artifacts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1");
    std::fs::write(&path, b"content").unwrap();
    let backend = FakeBackend::new(move |command, _| {
        let download = LocalFile {
            path: path.clone(),
            file_name: "report.csv".into(),
        };
        Act::Reply(match &command.action {
            Some(Action::Download(_)) => Execution {
                downloads: vec![download],
                ..pass()
            },
            Some(Action::TakeScreenshot(_)) => Execution {
                screenshots: vec![(ScreenshotMoment::Command, "c".into())],
                ..pass()
            },
            _ => Execution {
                screenshots: vec![
                    (ScreenshotMoment::Before, "b".into()),
                    (ScreenshotMoment::After, "a".into()),
                ],
                ..pass()
            },
        })
    });
    let mut bench = Bench::new(&backend).await;
    let result = bench.run(click("x")).await;
    assert_eq!(result.screenshots.len(), 2);
    let shot = v1::TakeScreenshot {
        name: "cart".into(),
        ..v1::TakeScreenshot::default()
    };
    bench.run(shot).await;
    bench.run(v1::TakeScreenshot::default()).await;
    let download = v1::Download {
        target: target("Export"),
        variable: "file".into(),
    };
    let result = bench.run(download.clone()).await;
    assert_eq!(result.artifacts.len(), 1);
    assert_eq!(bench.value("file"), Some(&json!(result.artifacts[0])));
    let kept = bench.store.artifacts();
    let names: Vec<_> = kept
        .iter()
        .map(|(artifact, _)| artifact.file_name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "step-1-before.png",
            "step-1-after.png",
            "cart.png",
            "step-3.png",
            "report.csv"
        ]
    );
    assert!(
        kept.iter()
            .all(|(artifact, _)| artifact.parent == "sessions/test")
    );
    assert_eq!(kept[4].1, "content");

    bench.store.set_full();
    let result = bench.run(click("x")).await;
    assert_eq!(result.outcome(), Outcome::Pass);
    assert_eq!(result.warnings[0].kind(), WarningKind::ArtifactLost);
    assert!(result.warnings[0].message.contains("the disk is full"));
    let result = bench.run(download).await;
    assert_eq!(result.warnings[0].kind(), WarningKind::ArtifactLost);
}

#[tokio::test]
async fn a_step_that_fails_without_the_backend_gets_its_picture_too() {
    let backend = FakeBackend::new(|_, _| {
        Act::Reply(Execution {
            screenshots: vec![(ScreenshotMoment::Command, "page".into())],
            ..pass()
        })
    });
    let mut bench = Bench::new(&backend).await;
    let mut pictures = async |command: v1::Command, policy: v1::ScreenshotPolicy| {
        let flags = StepFlags {
            screenshots: policy.into(),
            ..StepFlags::default()
        };
        let result = bench.run_with(command, flags).await;
        let moments = result.screenshots.iter().map(|shot| shot.moment());
        moments.collect::<Vec<_>>()
    };
    let wrong: v1::Command = v1::AssertVariable {
        expression: "1".into(),
        value: "2".into(),
        ..v1::AssertVariable::default()
    }
    .into();
    let on_failure = v1::ScreenshotPolicy::OnFailure;
    let after = [ScreenshotMoment::After];
    assert_eq!(pictures(wrong.clone(), on_failure).await, after);
    assert_eq!(pictures(click("$none").into(), on_failure).await, after);
    assert_eq!(pictures(wrong, v1::ScreenshotPolicy::Never).await, []);
    assert_eq!(pictures(v1::Log::default().into(), on_failure).await, []);
    // One whose fields are wrong has not come near the page.
    assert_eq!(pictures(click("").into(), on_failure).await, []);
}

#[tokio::test]
async fn outputs_and_lists_are_kept_within_bounds() {
    let backend = FakeBackend::new(|command, _| {
        let mut deep = json!(1);
        for _ in 0..60 {
            deep = json!([deep]);
        }
        let output = match &command.action {
            Some(Action::StoreText(_)) => json!("é".repeat(100_000)),
            _ => deep,
        };
        Act::Reply(Execution {
            console: vec![v1::ConsoleEntry::default(); 70],
            ..done(Some(output))
        })
    });
    let mut bench = Bench::new(&backend).await;
    let store = v1::StoreText {
        target: target("x"),
        variable: "long".into(),
    };
    let result = bench.run(store).await;
    let Some(prost_types::value::Kind::StringValue(output)) = result.output.unwrap().kind else {
        panic!("not a text");
    };
    assert!(output.len() <= 64 * 1024 + 3 && output.ends_with('…'));
    assert_eq!(result.console.len(), 50);
    let kinds: Vec<_> = result
        .warnings
        .iter()
        .map(|warning| warning.kind())
        .collect();
    assert_eq!(kinds, [WarningKind::Truncated, WarningKind::Truncated]);
    // What is shown is cut, what is stored is whole.
    assert_eq!(
        bench.value("long").unwrap().as_str().unwrap().len(),
        200_000
    );
    let script = v1::ExecuteScript {
        script: "return deep".into(),
        ..v1::ExecuteScript::default()
    };
    let result = bench.run(script).await;
    let encoded = prost::Message::encode_to_vec(&result);
    let decoded: v1::StepResult = prost::Message::decode(&*encoded).unwrap();
    assert_eq!(decoded.output, result.output);
}

#[tokio::test]
async fn the_base_address_is_a_template() {
    let backend = FakeBackend::passing();
    let executor = crate::testing::executor(&MemoryStore::new(), &[]);
    let mut options = ScopeOptions {
        base_url: "http://$host/".to_owned(),
        ..ScopeOptions::default()
    };
    let refused = executor
        .open(&backend, SessionSpec::default(), options.clone())
        .await;
    assert_eq!(refused.unwrap_err().reason, ErrorReason::UnknownVariable);
    assert_eq!(backend.open_sessions(), 0);
    options
        .variables
        .set(Layer::Test, "host", json!("shop.test"));
    let scope = executor
        .open(&backend, SessionSpec::default(), options)
        .await;
    assert_eq!(scope.unwrap().base_url(), "http://shop.test/");
}
