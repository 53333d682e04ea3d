//! The commands that the executor carries out itself.

use std::time::Duration;

use etude::v1::{Comparison, Outcome, StepFlags};
use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::testing::{Act, millis, pass};

#[tokio::test]
async fn comments_logs_and_values_need_no_browser() {
    let backend = FakeBackend::new(|_, _| Act::Hang);
    let mut bench = Bench::new(&backend).await;
    let comment = v1::Comment {
        text: "buy $5 things".into(),
    };
    let result = bench.run(comment).await;
    assert_eq!(result.outcome(), Outcome::Pass);
    assert_eq!(result.text, "// buy $5 things");
    let set = v1::SetVariable {
        variable: "user".into(),
        value: "Ada".into(),
    };
    let result = bench.run(set).await;
    assert_eq!(result.set_variable, "user");
    assert_eq!(bench.value("user"), Some(&json!("Ada")));
    let log = v1::Log {
        message: "hello $user".into(),
    };
    let result = bench.run(log).await;
    assert_eq!(
        result.output,
        Some(prost_types::Value {
            kind: Some(prost_types::value::Kind::StringValue("hello Ada".into())),
        })
    );
    assert_eq!(used(&result), BTreeMap::from([("user", "Ada")]));
    assert!(backend.log().is_empty());
}

fn assert_variable(variable: &str, comparison: Comparison, value: &str) -> v1::AssertVariable {
    v1::AssertVariable {
        variable: variable.into(),
        comparison: comparison.into(),
        value: value.into(),
        ..v1::AssertVariable::default()
    }
}

#[tokio::test]
async fn a_variable_is_compared() {
    let mut bench = Bench::new(&FakeBackend::passing()).await;
    bench.set("total", json!("12.50"));
    bench.set("limit", json!(20));
    let less = assert_variable("total", Comparison::LessThan, "$limit");
    let result = bench.run(less).await;
    assert_eq!(result.outcome(), Outcome::Pass);
    assert_eq!(
        used(&result),
        BTreeMap::from([("limit", "20"), ("total", "12.50")])
    );
    let result = bench
        .run(assert_variable("total", Comparison::Equals, "13"))
        .await;
    assert_eq!(result.outcome(), Outcome::Fail);
    let failure = result.failure.unwrap();
    assert_eq!(
        failure.message,
        "the variable `total` does not equal the expected value"
    );
    assert_eq!(
        (failure.expected.as_str(), failure.actual.as_str()),
        ("13", "12.50")
    );
    let result = bench
        .run(assert_variable("total", Comparison::LessThan, "many"))
        .await;
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(reason(&result), "NOT_A_NUMBER");
    let result = bench
        .run(assert_variable("totl", Comparison::Equals, "1"))
        .await;
    assert_eq!(reason(&result), "UNKNOWN_VARIABLE");
}

#[tokio::test]
async fn an_expression_is_compared_and_patterns_are_the_pages() {
    let backend = FakeBackend::evaluating(
        |_, _| Act::Reply(pass()),
        |expression, values| match expression {
            "1 + $n" => Ok(json!(1 + values["n"].as_i64().unwrap())),
            "boom()" => Err(failure(ErrorReason::ScriptFailed, "boom")),
            _ if values["pattern"] == "(" => Ok(json!("Unterminated group")),
            _ => Ok(json!(values["text"] == values["pattern"])),
        },
    );
    let mut bench = Bench::new(&backend).await;
    bench.set("n", json!(2));
    let expression = |expression: &str, comparison: Comparison, value: &str| v1::AssertVariable {
        expression: expression.into(),
        ..assert_variable("", comparison, value)
    };
    let result = bench
        .run(expression("1 + $n", Comparison::Equals, "3"))
        .await;
    assert_eq!(result.outcome(), Outcome::Pass, "{result:?}");
    assert_eq!(used(&result), BTreeMap::from([("n", "2")]));
    let result = bench
        .run(expression("1 + $n", Comparison::NotEquals, "3"))
        .await;
    assert_eq!(
        message(&result),
        "the expression's value equals the expected value"
    );
    let result = bench
        .run(expression("boom()", Comparison::Equals, "3"))
        .await;
    assert_eq!(
        (result.outcome(), reason(&result)),
        (Outcome::Error, "SCRIPT_FAILED")
    );
    let result = bench
        .run(assert_variable("n", Comparison::Matches, "2"))
        .await;
    assert_eq!(result.outcome(), Outcome::Pass);
    let result = bench
        .run(assert_variable("n", Comparison::Matches, "9"))
        .await;
    assert_eq!(result.outcome(), Outcome::Fail);
    let result = bench
        .run(assert_variable("n", Comparison::Matches, "("))
        .await;
    assert_eq!(reason(&result), "INVALID_PATTERN");
}

#[tokio::test(start_paused = true)]
async fn a_wait_lasts_as_long_as_it_says() {
    let backend = FakeBackend::passing();
    let mut bench = Bench::new(&backend).await;
    let wait = |millis_| v1::WaitTime {
        duration: Some(millis(millis_)),
    };
    let begin = Instant::now();
    let result = bench.run(wait(90_250)).await;
    assert_eq!(result.outcome(), Outcome::Pass);
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_millis(90_250) && waited < Duration::from_millis(90_300));
    let flags = StepFlags {
        timeout: Some(millis(1000)),
        ..StepFlags::default()
    };
    let result = bench.run_with(wait(5000), flags).await;
    assert_eq!(reason(&result), "STEP_TIMEOUT");
    let begin = Instant::now();
    let long = bench.run(wait(600_000));
    let killed = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        backend.kill();
    };
    let (result, ()) = tokio::join!(long, killed);
    assert_eq!(reason(&result), "BROWSER_CRASHED");
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_slow_expression_in_a_template_ends_at_the_timeout() {
    let mut bench = Bench::new(&FakeBackend::passing()).await;
    let flags = StepFlags {
        timeout: Some(millis(1000)),
        ..StepFlags::default()
    };
    let log = v1::Log {
        message: "${hang()}".into(),
    };
    let result = bench.run_with(log, flags).await;
    assert_eq!(reason(&result), "STEP_TIMEOUT");
}
