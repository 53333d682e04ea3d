//! Variables, scripts and cookies.

use std::time::Duration;

use etude::v1;
use etude::v1::command::Action;
use serde_json::json;

use crate::common::Harness;
use crate::common::commands::*;
use crate::some;

#[tokio::test(flavor = "multi_thread")]
async fn stores_values() {
    let mut harness = Harness::start().await;
    harness.open("/form.html").await;
    harness.pass(write(hint("User name"), "Ada")).await;
    let variable = || "v".to_owned();
    let output = |execution: etude_engine::backend::Execution| execution.output.unwrap();
    let value = v1::StoreValue {
        target: some("User name"),
        variable: variable(),
    };
    assert_eq!(
        output(harness.pass(command(Action::StoreValue(value))).await),
        "Ada"
    );
    let not_a_field = v1::StoreValue {
        target: Some(css("form")),
        variable: variable(),
    };
    harness
        .error(command(Action::StoreValue(not_a_field)), "WRONG_ELEMENT")
        .await;
    assert_eq!(output(harness.pass(text_of(hint("Send"))).await), "Send");
    let absent = v1::StoreAttribute {
        target: some("Age"),
        attribute: "nope".to_owned(),
        variable: variable(),
    };
    harness
        .error(
            command(Action::StoreAttribute(absent)),
            "ATTRIBUTE_NOT_FOUND",
        )
        .await;
    let expression = |expression: &str| {
        let expression = expression.to_owned();
        command(Action::StoreExpression(v1::StoreExpression {
            expression,
            variable: variable(),
        }))
    };
    harness.options.variables.insert("n".to_owned(), json!(20));
    assert_eq!(output(harness.pass(expression("$n * 2 + 2")).await), 42);
    assert_eq!(
        output(
            harness
                .pass(expression("Promise.resolve({a: [1, null]})"))
                .await
        ),
        json!({"a": [1, null]})
    );
    let failure = harness
        .error(expression("missing.thing"), "SCRIPT_FAILED")
        .await;
    assert!(failure.message.contains("missing"), "{}", failure.message);
    harness.error(expression("1 +"), "SCRIPT_FAILED").await;
    let url = v1::StoreUrl {
        variable: variable(),
    };
    let address = harness.site.url("/form.html");
    assert_eq!(
        output(harness.pass(command(Action::StoreUrl(url))).await),
        address
    );
    let title = v1::StoreTitle {
        variable: variable(),
    };
    assert_eq!(
        output(harness.pass(command(Action::StoreTitle(title))).await),
        "Form"
    );
    let count = |target| {
        command(Action::StoreCount(v1::StoreCount {
            target: Some(target),
            variable: variable(),
        }))
    };
    assert_eq!(output(harness.pass(count(css("option"))).await), 4);
    assert_eq!(output(harness.pass(count(css("video"))).await), 0);
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_scripts() {
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    let script = |script: &str| {
        let script = script.to_owned();
        command(Action::ExecuteScript(v1::ExecuteScript {
            script,
            variable: String::new(),
        }))
    };
    harness
        .options
        .variables
        .insert("who".to_owned(), json!("Ada"));
    let execution = harness
        .pass(script(
            "window.mark = 1; return variables.who + ' & ' + $who;",
        ))
        .await;
    assert_eq!(execution.output.unwrap(), "Ada & Ada");
    assert_eq!(harness.eval("window.mark").await, 1);
    let later = "await new Promise((r) => setTimeout(r, 20)); return document.querySelector('h1');";
    assert_eq!(harness.pass(script(later)).await.output.unwrap(), "Plain");
    let failure = harness
        .error(script("throw new Error('on purpose')"), "SCRIPT_FAILED")
        .await;
    assert!(
        failure.message.contains("on purpose"),
        "{}",
        failure.message
    );
    harness
        .error(script("await new Promise(() => {})"), "STEP_TIMEOUT")
        .await;
    harness.pass(script("location.href = '/tabs.html'")).await;
    harness.pass(exists(hint("Open plain"))).await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_cookies() {
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    let create = |name: &str, value: &str| v1::CreateCookie {
        name: name.to_owned(),
        value: value.to_owned(),
        ..Default::default()
    };
    let store = |name: &str| {
        command(Action::StoreCookie(v1::StoreCookie {
            name: name.to_owned(),
            variable: "v".to_owned(),
        }))
    };
    harness
        .pass(command(Action::CreateCookie(create(
            "plain",
            "it's = here",
        ))))
        .await;
    let hidden = v1::CreateCookie {
        http_only: true,
        path: "/".to_owned(),
        max_age: prost_types::Duration::try_from(Duration::from_secs(60)).ok(),
        ..create("hidden", "secret")
    };
    harness.pass(command(Action::CreateCookie(hidden))).await;
    assert_eq!(harness.eval("document.cookie").await, "plain=it's = here");
    assert_eq!(
        harness.pass(store("hidden")).await.output.unwrap(),
        "secret"
    );
    let delete = v1::DeleteCookie {
        name: "plain".to_owned(),
    };
    harness
        .pass(command(Action::DeleteCookie(delete.clone())))
        .await;
    harness.pass(command(Action::DeleteCookie(delete))).await;
    assert_eq!(harness.eval("document.cookie").await, "");
    let failure = harness.error(store("plain"), "COOKIE_NOT_FOUND").await;
    assert!(failure.message.contains("hidden"), "{}", failure.message);
    harness
        .pass(command(Action::ClearCookies(v1::ClearCookies {})))
        .await;
    harness.error(store("hidden"), "COOKIE_NOT_FOUND").await;
    harness.close().await;
}
