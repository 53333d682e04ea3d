//! Addresses, history and scrolling.

use std::time::Instant;

use etude::v1;
use etude::v1::command::Action;
use serde_json::Value;

use crate::common::commands::*;
use crate::common::{Harness, LONG};
use crate::some;

#[tokio::test(flavor = "multi_thread")]
async fn navigates_and_scrolls() {
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    let execution = harness.pass(navigate("/tabs.html")).await;
    assert_eq!(execution.url, harness.site.url("/tabs.html"));
    harness.pass(command(Action::GoBack(v1::GoBack {}))).await;
    harness.pass(equals(css("h1"), "Plain")).await;
    harness
        .pass(command(Action::GoForward(v1::GoForward {})))
        .await;
    harness.pass(exists(hint("Open plain"))).await;
    harness
        .error(command(Action::GoForward(v1::GoForward {})), "NO_HISTORY")
        .await;
    harness.eval("window.kept = true").await;
    harness.pass(command(Action::Refresh(v1::Refresh {}))).await;
    assert_eq!(harness.eval("window.kept ?? null").await, Value::Null);

    harness
        .pass(command(Action::ScrollToBottom(v1::ScrollToBottom {})))
        .await;
    assert_eq!(
        harness
            .eval("Math.ceil(scrollY + innerHeight) >= document.documentElement.scrollHeight")
            .await,
        true
    );
    harness
        .pass(command(Action::ScrollToTop(v1::ScrollToTop {})))
        .await;
    assert_eq!(harness.eval("scrollY").await, 0);
    harness
        .pass(command(Action::ScrollDown(v1::ScrollDown { pixels: 300 })))
        .await;
    harness
        .pass(command(Action::ScrollUp(v1::ScrollUp { pixels: 100 })))
        .await;
    harness
        .pass(command(Action::ScrollBy(v1::ScrollBy { x: 0, y: 50 })))
        .await;
    assert_eq!(harness.eval("scrollY").await, 250);
    harness
        .pass(command(Action::ScrollToPosition(v1::ScrollToPosition {
            x: 0,
            y: 70,
        })))
        .await;
    assert_eq!(harness.eval("scrollY").await, 70);
    let to = v1::ScrollToElement {
        target: some("Far below"),
        ..Default::default()
    };
    harness.pass(command(Action::ScrollToElement(to))).await;
    assert_eq!(
        harness
            .eval("document.getElementById('part').getBoundingClientRect().top < innerHeight")
            .await,
        true
    );
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_leaves_the_page_is_followed() {
    let mut harness = Harness::start().await;
    harness.open("/tabs.html").await;
    harness.pass(click(hint("Slow page"))).await;
    harness.pass(equals(css("p"), "finally")).await;
    harness.open("/tabs.html").await;
    harness.pass(click(hint("Redirect"))).await;
    harness.pass(equals(css("h1"), "Plain")).await;
    harness.open("/tabs.html").await;
    harness.pass(click(hint("Jump"))).await;
    let begun = Instant::now();
    harness.pass(exists(hint("Far below"))).await;
    harness.pass(click(hint("Push"))).await;
    let url = v1::AssertUrl {
        url: "/pushed".to_owned(),
        ..Default::default()
    };
    let execution = harness.pass(command(Action::AssertUrl(url))).await;
    assert_eq!(execution.url, harness.site.url("/pushed"));
    assert!(
        begun.elapsed() < LONG,
        "moving within a page is no navigation to wait for"
    );
    harness.close().await;
}
