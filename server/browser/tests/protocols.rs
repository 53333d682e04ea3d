//! The key commands, over BiDi and over the classic protocol.

#![allow(clippy::unwrap_used)]

mod common;

use common::commands::*;
use common::{Harness, config, until_none_names};
use etude::v1::command::Action;
use etude::v1::{self, ErrorReason, TextMatch};
use etude_browser::{BrowserBackend, BrowserConfig, ProtocolChoice};
use etude_engine::backend::{Backend as _, SessionSpec};
use serde_json::json;

async fn works(mut harness: Harness) {
    fills_a_form(&mut harness).await;
    reads_and_compares(&mut harness).await;
    uses_frames(&mut harness).await;
    uses_tabs_and_history(&mut harness).await;
    answers_dialogs(&mut harness).await;
    uses_cookies_files_and_pictures(&mut harness).await;
    harness.close().await;
}

async fn fills_a_form(harness: &mut Harness) {
    harness.open("/form.html").await;
    harness
        .pass(write(hint("User name"), "Ada's “name” 🎭"))
        .await;
    harness
        .pass(equals(hint("User name"), "Ada's “name” 🎭"))
        .await;
    harness.pass(select(hint("Colour"), "Green")).await;
    harness.pass(equals(hint("Colour"), "Green")).await;
    let check = v1::Check {
        target: Some(hint("Newsletter")),
    };
    harness.pass(command(Action::Check(check))).await;
    harness.pass(click(hint("User name"))).await;
    harness.pass(press("Control+a")).await;
    harness.pass(press("x")).await;
    harness.pass(equals(hint("User name"), "x")).await;
    harness.pass(click(hint("Send"))).await;
    assert_eq!(harness.result().await, "submitted");
    harness.open("/mouse.html").await;
    let double = v1::DoubleClick {
        target: Some(hint("Pad")),
        ..Default::default()
    };
    harness.pass(command(Action::DoubleClick(double))).await;
    assert_eq!(harness.result().await, "dblclick 100 50 ");
    let drag = v1::DragAndDropBy {
        target: Some(hint("Thumb")),
        x: 100,
        y: 0,
    };
    harness.pass(command(Action::DragAndDropBy(drag))).await;
    assert_eq!(harness.result().await, "thumb at 100");
}

async fn reads_and_compares(harness: &mut Harness) {
    harness.open("/late.html").await;
    harness.pass(click(hint("Late button"))).await;
    assert_eq!(harness.result().await, "late click");
    harness.open("/suggestions.html").await;
    let failure = harness
        .error(click(hint("Login now")), "TARGET_NOT_FOUND")
        .await;
    assert!(failure.hint.contains("Log in now"), "{failure:?}");
    harness.fail(exists(hint("Nothing"))).await;
    harness.pass(not_exists(hint("Nothing"))).await;
    let title = v1::AssertTitle {
        title: "Sugg".to_owned(),
        r#match: TextMatch::StartsWith.into(),
    };
    harness.pass(command(Action::AssertTitle(title))).await;
    let value = harness.eval("Promise.resolve([1, 'two', null])").await;
    assert_eq!(value, json!([1, "two", null]));
    let script = v1::ExecuteScript {
        script: "throw new Error('on purpose')".to_owned(),
        ..Default::default()
    };
    let failure = harness
        .error(command(Action::ExecuteScript(script)), "SCRIPT_FAILED")
        .await;
    assert!(failure.message.contains("on purpose"), "{failure:?}");
}

async fn uses_frames(harness: &mut Harness) {
    harness.open("/frames.html").await;
    let execution = harness.pass(click(hint("Pay nested"))).await;
    assert_eq!(execution.target.unwrap().frame, [1, 0]);
    harness.pass(exists(hint("paid nested"))).await;
    let enter = v1::SwitchToFrameByName {
        name: "same-frame".to_owned(),
    };
    harness
        .pass(command(Action::SwitchToFrameByName(enter)))
        .await;
    harness.pass(write(hint("Card number"), "4242")).await;
    assert_eq!(harness.result().await, "4242");
    harness
        .pass(command(Action::SwitchToParentFrame(
            v1::SwitchToParentFrame {},
        )))
        .await;
    harness.pass(equals(css("h1"), "Outer page")).await;
}

async fn uses_tabs_and_history(harness: &mut Harness) {
    harness.open("/tabs.html").await;
    harness.pass(click(hint("Slow page"))).await;
    harness.pass(equals(css("p"), "finally")).await;
    harness.pass(command(Action::GoBack(v1::GoBack {}))).await;
    harness.pass(click(hint("Open plain"))).await;
    harness
        .pass(command(Action::SwitchToTab(v1::SwitchToTab { index: 1 })))
        .await;
    harness.pass(equals(css("h1"), "Plain")).await;
    let execution = harness.pass(click(hint("Go on"))).await;
    assert_eq!(execution.url, harness.site.url("/plain.html"));
    harness
        .pass(command(Action::CloseTab(v1::CloseTab {})))
        .await;
    harness.pass(exists(hint("Open plain"))).await;
    harness
        .error(
            navigate("http://no-such-host.invalid/"),
            "NAVIGATION_FAILED",
        )
        .await;
    let url = harness.site.url("/");
    let resize = v1::ResizeWindow {
        width: 700,
        height: 500,
    };
    harness.pass(navigate(&url)).await;
    harness.pass(command(Action::ResizeWindow(resize))).await;
    assert_eq!(
        harness.eval("[innerWidth, innerHeight]").await,
        json!([700, 500])
    );
}

async fn answers_dialogs(harness: &mut Harness) {
    harness.open("/dialogs.html").await;
    harness.pass(click(hint("Alert"))).await;
    harness
        .pass(command(Action::DismissAlert(v1::DismissAlert {})))
        .await;
    assert_eq!(harness.result().await, "alerted");
    harness.pass(click(hint("Prompt"))).await;
    let answer = v1::AnswerPrompt {
        text: "Ada".to_owned(),
    };
    harness.pass(command(Action::AnswerPrompt(answer))).await;
    assert_eq!(harness.result().await, "answered Ada");
    harness.pass(click(hint("Confirm"))).await;
    harness.pass(click(hint("Calm"))).await;
    assert_eq!(harness.result().await, "calm");
}

async fn uses_cookies_files_and_pictures(harness: &mut Harness) {
    harness.open("/files.html").await;
    let cookie = v1::CreateCookie {
        name: "taste".to_owned(),
        value: "sweet".to_owned(),
        ..Default::default()
    };
    harness.pass(command(Action::CreateCookie(cookie))).await;
    assert_eq!(harness.eval("document.cookie").await, "taste=sweet");
    harness
        .pass(command(Action::ClearCookies(v1::ClearCookies {})))
        .await;
    assert_eq!(harness.eval("document.cookie").await, "");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("letter.txt"), "Dear Ada").unwrap();
    harness.upload(folder.path().join("letter.txt"), "letter.txt");
    let upload = v1::UploadFile {
        target: Some(hint("Attachment")),
        file: "artifacts/1".to_owned(),
    };
    harness.pass(command(Action::UploadFile(upload))).await;
    harness
        .pass(equals(css("#result"), "letter.txt: Dear Ada"))
        .await;
    for scope in [v1::ScreenshotScope::Viewport, v1::ScreenshotScope::FullPage] {
        let shot = v1::TakeScreenshot {
            scope: scope.into(),
            ..Default::default()
        };
        let execution = harness.pass(command(Action::TakeScreenshot(shot))).await;
        assert_eq!(&execution.screenshots[0].1[..4], b"\x89PNG");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bidi_works() {
    let harness = Harness::start().await;
    assert!(harness.session.as_ref().unwrap().is_bidi());
    works(harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn classic_works() {
    let harness = Harness::classic().await;
    assert!(!harness.session.as_ref().unwrap().is_bidi());
    works(harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn classic_says_what_it_cannot_do() {
    let mut harness = Harness::classic().await;
    harness.open("/plain.html").await;
    for action in [
        Action::AssertNoConsoleErrors(v1::AssertNoConsoleErrors::default()),
        Action::WaitNetworkIdle(v1::WaitNetworkIdle::default()),
    ] {
        let failure = harness.error(command(action), "COMMAND_UNSUPPORTED").await;
        assert!(failure.message.contains("classic"), "{failure:?}");
    }
    harness.close().await;
}

fn with_headers() -> SessionSpec {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    SessionSpec {
        headers: [
            header("X-Tenant", "c4n4ry"),
            header("Authorization", "Bearer t0ken"),
        ]
        .into(),
        ..SessionSpec::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_go_with_every_request_of_their_session_only() {
    let mut harness = Harness::with_spec(|_| {}, with_headers()).await;
    harness.open("/plain.html?page").await;
    harness
        .eval("fetch('/plain.html?fetch').then(answer => answer.text())")
        .await;
    for (element, at) in [("img", "?image"), ("iframe", "?frame")] {
        let url = harness.site.other_url(&format!("/plain.html{at}"));
        let load = format!(
            "new Promise(done => {{ const one = document.createElement('{element}'); \
             one.onload = one.onerror = () => done(1); one.src = '{url}'; \
             document.body.append(one); }})"
        );
        harness.eval(&load).await;
    }
    harness.open("/tabs.html").await;
    harness.pass(click(hint("Open plain"))).await;
    let switch = v1::SwitchToTab { index: 1 };
    harness.pass(command(Action::SwitchToTab(switch))).await;
    harness.pass(equals(css("h1"), "Plain")).await;
    for at in ["?page", "?fetch", "?image", "?frame", ""] {
        let heads = harness.site.heads(&format!("/plain.html{at}"));
        assert!(!heads.is_empty(), "{at} was not asked for");
        for line in ["x-tenant: c4n4ry\r\n", "authorization: bearer t0ken\r\n"] {
            assert!(
                heads.iter().all(|head| head.contains(line)),
                "{at}: {heads:#?}"
            );
        }
    }
    // Another session beside it, and the next one when it is over.
    let beside = harness.backend.open(SessionSpec::default()).await.unwrap();
    let mine = harness.session.replace(beside).unwrap();
    harness.open("/plain.html?beside").await;
    mine.close().await;
    let after = harness.backend.open(SessionSpec::default()).await.unwrap();
    let beside = harness.session.replace(after).unwrap();
    harness.open("/plain.html?after").await;
    beside.close().await;
    for at in ["?beside", "?after"] {
        let heads = harness.site.heads(&format!("/plain.html{at}"));
        assert_eq!(heads.len(), 1, "{heads:#?}");
        let added = ["x-tenant", "authorization"]
            .iter()
            .any(|name| heads[0].contains(name));
        assert!(!added, "{heads:#?}");
    }
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_add_headers_is_refused() {
    let state = tempfile::tempdir().unwrap();
    let classic = BrowserConfig {
        protocol: ProtocolChoice::Classic,
        ..config(state.path())
    };
    let backend = BrowserBackend::open(classic).unwrap();
    let refused = backend.open(with_headers()).await.err().unwrap();
    assert_eq!(refused.reason, ErrorReason::CommandUnsupported, "{refused}");
    assert!(refused.message.contains("classic"), "{refused}");
    assert!(!refused.message.contains("c4n4ry"), "{refused}");
    backend.shutdown().await;
    until_none_names(state.path()).await;
}
