//! Waiting, and dialogs.

use std::time::{Duration, Instant};

use etude::v1::command::Action;
use etude::v1::{self, TextMatch};

use crate::common::Harness;
use crate::common::commands::*;
use crate::some;

#[tokio::test(flavor = "multi_thread")]
async fn waits() {
    let mut harness = Harness::start().await;
    harness.open("/late.html").await;
    let short = prost_types::Duration::try_from(Duration::from_millis(300)).ok();
    let wait_for = |text: &str, max| {
        command(Action::WaitForElement(v1::WaitForElement {
            target: some(text),
            max,
        }))
    };
    harness.pass(wait_for("Late button", None)).await;
    let failure = harness
        .error(wait_for("Never there", short), "TARGET_NOT_FOUND")
        .await;
    assert!(
        failure.message.contains("Never there"),
        "{}",
        failure.message
    );
    harness.open("/late.html").await;
    let visible = v1::WaitVisible {
        target: some("Shown later"),
        max: None,
    };
    harness.pass(command(Action::WaitVisible(visible))).await;
    let hidden = |max| {
        command(Action::WaitHidden(v1::WaitHidden {
            target: some("Shown later"),
            max,
        }))
    };
    harness.error(hidden(short), "STEP_TIMEOUT").await;
    harness
        .eval("setTimeout(() => document.getElementById('slow-show').remove(), 200)")
        .await;
    harness.pass(hidden(None)).await;
    harness.eval("setTimeout(() => { document.title = 'Ready now'; history.pushState({}, '', '/late.html?ready') }, 200)").await;
    let title = v1::WaitTitle {
        title: "Ready".to_owned(),
        r#match: TextMatch::StartsWith.into(),
        max: None,
    };
    harness.pass(command(Action::WaitTitle(title))).await;
    let url = v1::WaitUrl {
        url: "?ready".to_owned(),
        r#match: TextMatch::EndsWith.into(),
        max: None,
    };
    harness.pass(command(Action::WaitUrl(url))).await;
    let never = v1::WaitUrl {
        url: "/elsewhere".to_owned(),
        r#match: TextMatch::Contains.into(),
        max: short,
    };
    harness
        .error(command(Action::WaitUrl(never)), "STEP_TIMEOUT")
        .await;
    harness
        .eval("setTimeout(() => said('it is done'), 200)")
        .await;
    let text = |text: &str, target, max| {
        command(Action::WaitText(v1::WaitText {
            text: text.to_owned(),
            target,
            max,
        }))
    };
    harness.pass(text("is done", None, None)).await;
    harness
        .pass(text("is done", Some(css("#result")), None))
        .await;
    harness
        .error(text("is undone", None, short), "STEP_TIMEOUT")
        .await;
    let expression = |expression: &str, max| {
        let expression = expression.to_owned();
        command(Action::WaitExpression(v1::WaitExpression {
            expression,
            max,
        }))
    };
    harness
        .eval("setTimeout(() => (window.flag = 7), 200)")
        .await;
    harness.pass(expression("window.flag === 7", None)).await;
    harness
        .error(expression("window.flag === 8", short), "STEP_TIMEOUT")
        .await;
    let begun = Instant::now();
    let time = v1::WaitTime { duration: short };
    harness.pass(command(Action::WaitTime(time))).await;
    assert!(begun.elapsed() >= Duration::from_millis(300));
    harness
        .eval("fetch('/slow').then(() => (window.fetched = true))")
        .await;
    let idle = v1::WaitNetworkIdle::default();
    harness.pass(command(Action::WaitNetworkIdle(idle))).await;
    assert_eq!(harness.eval("window.fetched").await, true);
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_dialogs() {
    let mut harness = Harness::start().await;
    harness.open("/dialogs.html").await;
    let alert = || command(Action::DismissAlert(v1::DismissAlert {}));
    let confirm = |accept| command(Action::DismissConfirm(v1::DismissConfirm { accept }));
    let prompt = |accept| command(Action::DismissPrompt(v1::DismissPrompt { accept }));
    let answer = |text: &str| {
        command(Action::AnswerPrompt(v1::AnswerPrompt {
            text: text.to_owned(),
        }))
    };
    let says = |text: &str| {
        let text = text.to_owned();
        command(Action::AssertAlertText(v1::AssertAlertText {
            text,
            ..Default::default()
        }))
    };
    harness.pass(click(hint("Alert"))).await;
    harness.pass(says("Watch out")).await;
    harness.fail(says("All is well")).await;
    harness.pass(alert()).await;
    assert_eq!(harness.result().await, "alerted");
    for (accept, result) in [(true, "confirmed true"), (false, "confirmed false")] {
        harness.pass(click(hint("Confirm"))).await;
        harness.pass(confirm(accept)).await;
        assert_eq!(harness.result().await, result);
    }
    harness.pass(click(hint("Prompt"))).await;
    harness.pass(answer("Ada 🎭")).await;
    assert_eq!(harness.result().await, "answered Ada 🎭");
    harness.pass(click(hint("Prompt"))).await;
    harness.pass(prompt(true)).await;
    assert_eq!(harness.result().await, "answered nobody");
    harness.pass(click(hint("Prompt"))).await;
    harness.error(alert(), "DIALOG_NOT_FOUND").await;
    harness.pass(prompt(false)).await;
    assert_eq!(harness.result().await, "answered null");
    harness.pass(click(hint("Later"))).await;
    harness.pass(alert()).await;
    assert_eq!(harness.result().await, "late");
    harness.error(alert(), "DIALOG_NOT_FOUND").await;
    harness.close().await;
}
