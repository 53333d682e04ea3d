//! No secret leaves in a result.

use etude::v1::{Outcome, StepResult};
use parking_lot::Mutex;
use prost::Message as _;
use serde_json::json;

use super::*;
use crate::testing::{Act, target};

const CANARY: &str = "c4n4ry \"p@ss/w+rd\" 100%";

/// Every text that a backend can answer with holds the secret.
fn telling(verdict: fn(Failure) -> Verdict) -> FakeBackend {
    let text = || format!("before {CANARY} after");
    let selector = move || v1::Selector {
        kind: 1,
        value: text(),
    };
    FakeBackend::evaluating(
        move |_, _| {
            let failure = Failure {
                reason: "ASSERTION_FAILED".into(),
                message: text(),
                expected: text(),
                actual: text(),
                hint: text(),
            };
            Act::Reply(Execution {
                verdict: verdict(failure),
                output: Some(json!({"key": text(), CANARY: [CANARY, 1]})),
                target: Some(v1::TargetResolution {
                    selector: Some(selector()),
                    failed_selectors: vec![v1::FailedSelector {
                        selector: Some(selector()),
                        reason: text(),
                    }],
                    element: text(),
                    suggestions: vec![text()],
                    ..v1::TargetResolution::default()
                }),
                warnings: vec![result::warning(v1::WarningKind::Forced, text())],
                screenshots: Vec::new(),
                console: vec![v1::ConsoleEntry {
                    level: "error".into(),
                    text: text(),
                    source: text(),
                    ..v1::ConsoleEntry::default()
                }],
                network: vec![v1::NetworkEntry {
                    url: format!("http://h/?p={}", "c4n4ry+%22p%40ss%2Fw%2Brd%22+100%25"),
                    error: text(),
                    ..v1::NetworkEntry::default()
                }],
                downloads: Vec::new(),
                url: format!("http://h/{}", "c4n4ry%20%22p@ss/w+rd%22%20100%"),
                authored: None,
            })
        },
        |_, _| Ok(json!(CANARY)),
    )
}

fn tells(result: &StepResult) -> bool {
    let encoded = result.encode_to_vec();
    let text = String::from_utf8_lossy(&encoded);
    text.contains("c4n4ry") || text.contains("p@ss")
}

async fn with_secret(backend: &FakeBackend) -> Bench {
    let mut bench = Bench::with_secrets(backend, &[("PASSWORD", CANARY)]).await;
    let variables = [crate::testing::secret_variable("password", "PASSWORD")];
    let executor = bench.executor.clone();
    let loaded = bench.scope.variables_mut();
    loaded
        .load(Layer::Test, &variables, executor.secrets())
        .unwrap();
    bench
}

#[tokio::test]
async fn no_result_holds_a_secret() {
    for verdict in [Verdict::Fail, Verdict::Error, |_| Verdict::Pass] {
        let mut bench = with_secret(&telling(verdict)).await;
        let commands: Vec<v1::Command> = vec![
            v1::Write {
                target: target("Password of $password"),
                text: "$password".into(),
                ..v1::Write::default()
            }
            .into(),
            v1::Write {
                target: target("x"),
                text: CANARY.into(),
                ..v1::Write::default()
            }
            .into(),
            v1::StoreText {
                target: target("x"),
                variable: "text".into(),
            }
            .into(),
            v1::StoreExpression {
                expression: "btoa($password)".into(),
                variable: "code".into(),
            }
            .into(),
            v1::SetVariable {
                variable: "header".into(),
                value: "Bearer ${$password}".into(),
            }
            .into(),
            v1::AssertVariable {
                variable: "header".into(),
                value: "$password".into(),
                ..v1::AssertVariable::default()
            }
            .into(),
            v1::Log {
                message: "$header ${x}".into(),
            }
            .into(),
            v1::CallApi {
                url: format!("http://{CANARY}.invalid/"),
                ..v1::CallApi::default()
            }
            .into(),
            v1::UploadFile {
                target: target("x"),
                file: "$password".into(),
            }
            .into(),
        ];
        for command in commands {
            let result = bench.run(command).await;
            assert!(!tells(&result), "{result:#?}");
        }
        let shown = format!("{:?} {:?}", bench.scope.variables().masked(), bench.scope);
        assert!(!shown.contains("c4n4ry"), "{shown}");
        assert!(!bench.scope.state().await.url.contains("c4n4ry"));
    }
}

#[tokio::test]
async fn the_secret_itself_reaches_the_backend() {
    let seen = Arc::new(Mutex::new(String::new()));
    let into = seen.clone();
    let backend = FakeBackend::new(move |command, _| {
        if let Some(Action::Write(write)) = &command.action {
            into.lock().clone_from(&write.text);
        }
        Act::Reply(crate::testing::pass())
    });
    let mut bench = with_secret(&backend).await;
    let write = v1::Write {
        target: target("x"),
        text: "$password".into(),
        ..v1::Write::default()
    };
    let result = bench.run(write).await;
    assert_eq!(*seen.lock(), CANARY);
    assert_eq!(used(&result), BTreeMap::from([("password", "••••")]));
}

#[tokio::test]
async fn what_is_computed_from_a_secret_is_one_too() {
    let backend = FakeBackend::evaluating(
        |_, _| Act::Reply(done(Some(json!("Y2FuYXJ5")))),
        |_, _| Ok(json!("derived-text")),
    );
    let mut bench = with_secret(&backend).await;
    let store = v1::StoreExpression {
        expression: "btoa($password)".into(),
        variable: "code".into(),
    };
    let result = bench.run(store).await;
    assert_eq!(result.outcome(), Outcome::Pass);
    assert_eq!(bench.value("code"), Some(&json!("Y2FuYXJ5")));
    let dots = Some(prost_types::value::Kind::StringValue("••••".into()));
    assert_eq!(result.output.unwrap().kind, dots);
    let log = v1::Log {
        message: "Y2FuYXJ5 and ${$password.trim()}".into(),
    };
    let result = bench.run(log).await;
    let masked = Some(prost_types::value::Kind::StringValue(
        "•••• and ••••".into(),
    ));
    assert_eq!(result.output.unwrap().kind, masked);
}

#[tokio::test]
async fn credentials_in_addresses_are_masked_without_any_secret() {
    let backend = FakeBackend::new(|_, _| {
        let failure = failure(ErrorReason::NavigationFailed, "http://u:pw@h/ did not load");
        Act::Reply(Execution {
            url: "http://u:pw@h/".into(),
            ..errored(failure)
        })
    });
    let mut bench = Bench::new(&backend).await;
    let navigate = v1::Navigate {
        url: "http://u:pw@h/".into(),
        ..v1::Navigate::default()
    };
    let result = bench.run(navigate).await;
    assert_eq!(result.url, "http://••••@h/");
    assert!(!format!("{result:?}").contains("pw"), "{result:?}");
}
