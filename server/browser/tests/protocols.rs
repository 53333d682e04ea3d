//! The key commands, over BiDi and over the classic protocol.

mod common;

use common::Harness;
use common::commands::*;

async fn walks_through_a_form(mut harness: Harness) {
    harness.open("/plain.html").await;
    harness.pass(click(hint("Go on"))).await;
    assert_eq!(harness.result().await, "clicked");
    harness.pass(write(hint("Name"), "Ada")).await;
    harness.pass(equals(hint("Name"), "Ada")).await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bidi_walks_through_a_form() {
    let harness = Harness::start().await;
    assert!(harness.session.as_ref().unwrap().is_bidi());
    walks_through_a_form(harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn classic_walks_through_a_form() {
    let harness = Harness::classic().await;
    assert!(!harness.session.as_ref().unwrap().is_bidi());
    walks_through_a_form(harness).await;
}
