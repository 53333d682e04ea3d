//! What bad input, hostile pages and dying browsers get: an error with its reason, in time, and a
//! session that goes on where it can.

mod common;

use std::time::{Duration, Instant};

use common::commands::*;
use common::{Harness, LONG, warned};
use etude::v1::command::Action;
use etude::v1::{self, WarningKind};
use etude_engine::backend::{SessionSpec, Verdict};

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_lead_nowhere_are_told_apart() {
    let mut harness = Harness::start().await;
    harness.options.navigation_timeout = Duration::from_secs(2);
    // A port that was free a moment ago: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for (url, reason, says) in [
        (
            "http://no-such-host.invalid/".to_owned(),
            "NAVIGATION_FAILED",
            "does not resolve",
        ),
        (
            format!("http://{free}/"),
            "NAVIGATION_FAILED",
            "refuses the connection",
        ),
        (
            "/never".to_owned(),
            "NAVIGATION_TIMEOUT",
            "has not loaded within 2 s",
        ),
        ("/download".to_owned(), "NAVIGATION_FAILED", "report.txt"),
        (
            "file:///etc/hostname".to_owned(),
            "NAVIGATION_BLOCKED",
            "“file”",
        ),
        (
            "javascript:alert(1)".to_owned(),
            "NAVIGATION_BLOCKED",
            "“javascript”",
        ),
        ("http://".to_owned(), "NAVIGATION_FAILED", "not an address"),
    ] {
        let failure = harness.error(navigate(&url), reason).await;
        assert!(failure.message.contains(says), "{url}: {}", failure.message);
        harness.open("/plain.html").await;
        harness.pass(equals(css("h1"), "Plain")).await;
    }
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_goes_on_by_itself_is_followed() {
    let mut harness = Harness::start().await;
    for delay in ["0", "1", "30", "300"] {
        harness.open(&format!("/leaving.html?{delay}")).await;
        harness.pass(click(hint("Go on"))).await;
        assert_eq!(harness.result().await, "clicked", "after {delay} ms");
    }
    harness.open("/redirect").await;
    harness.pass(equals(css("h1"), "Plain")).await;
    harness.close().await;
}

/// The next command meets the next page, however long that takes to answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_leaves_the_page_has_left_it() {
    let mut harness = Harness::start().await;
    for label in ["Away", "Send", "Go by script"] {
        harness.open("/departing.html").await;
        harness.pass(click(hint(label))).await;
        assert_eq!(harness.eval("document.title").await, "slow", "{label}");
    }
    let stays = [
        "Cancelled by the page",
        "Only a fragment",
        "Served by the page itself",
    ];
    for label in stays {
        harness.open("/departing.html").await;
        harness.pass(click(hint(label))).await;
        assert_eq!(harness.eval("document.title").await, "Departing", "{label}");
    }
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_cannot_hide_a_press_nor_hold_it_up_by_a_picture_that_never_comes() {
    let mut harness = Harness::start().await;
    harness.options.navigation_timeout = Duration::from_secs(4);
    let parsed = v1::Navigate {
        url: harness.site.url("/greedy.html"),
        wait_until: v1::LoadState::Interactive.into(),
        ..v1::Navigate::default()
    };
    harness.pass(command(Action::Navigate(parsed))).await;
    harness.pass(click(hint("Press"))).await;
    assert_eq!(harness.eval("document.title").await, "clicked");
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_survives_a_navigation() {
    let mut harness = Harness::start().await;
    harness.open("/leaving.html?200").await;
    let later = "new Promise((done) => setTimeout(() => done(document.title), 600))";
    assert_eq!(harness.eval(later).await, "Plain page");
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_nobody_expects_is_closed_with_a_warning() {
    let mut harness = Harness::start().await;
    harness.open("/dialogs.html").await;
    harness.pass(click(hint("Alert"))).await;
    let execution = harness.pass(click(hint("Calm"))).await;
    assert!(
        warned(&execution, WarningKind::DialogDismissed),
        "{:?}",
        execution.warnings
    );
    assert!(
        execution.warnings[0].message.contains("Watch out"),
        "{:?}",
        execution.warnings
    );
    assert_eq!(harness.result().await, "calm");
    harness.pass(click(hint("Later"))).await;
    let waiting = v1::WaitText {
        text: "late".to_owned(),
        ..Default::default()
    };
    let execution = harness.pass(command(Action::WaitText(waiting))).await;
    assert!(
        warned(&execution, WarningKind::DialogDismissed),
        "it opened during the step"
    );
    harness.pass(click(hint("Confirm"))).await;
    harness.open("/plain.html").await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_dialog_blocks_with_its_text() {
    let spec = SessionSpec {
        keep_dialogs: true,
        ..SessionSpec::default()
    };
    let mut harness = Harness::with_spec(|_| {}, spec).await;
    harness.open("/dialogs.html").await;
    harness.pass(click(hint("Alert"))).await;
    let failure = harness
        .error(click(hint("Calm")), "UNEXPECTED_DIALOG")
        .await;
    assert!(failure.message.contains("Watch out"), "{}", failure.message);
    harness
        .pass(command(Action::DismissAlert(v1::DismissAlert {})))
        .await;
    harness.pass(click(hint("Calm"))).await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_browser_ends_the_step_at_once() {
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    let browsers = harness.browser_processes();
    assert!(!browsers.is_empty());
    let killer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        for pid in browsers
            .into_iter()
            .filter_map(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    });
    let begun = Instant::now();
    let execution = harness.run(click(hint("Never there"))).await;
    killer.await.unwrap();
    let Verdict::Error(failure) = execution.verdict else {
        panic!("{:?}", execution.verdict)
    };
    assert_eq!(failure.reason, "BROWSER_CRASHED", "{failure:?}");
    assert!(begun.elapsed() < LONG, "it was noticed only by the timeout");
    assert!(!harness.session().is_alive());
    let execution = harness.run(click(hint("Go on"))).await;
    let Verdict::Error(failure) = execution.verdict else {
        panic!("{:?}", execution.verdict)
    };
    assert_eq!(failure.reason, "BROWSER_CRASHED");
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_step_leaves_the_session_usable() {
    let mut harness = Harness::start().await;
    harness.open("/mouse.html").await;
    harness
        .pass(command(Action::MouseDown(v1::MouseDown {
            target: Some(hint("Pad")),
        })))
        .await;
    for command in [
        click(hint("Never there")),
        navigate("/never"),
        command(Action::WaitTime(v1::WaitTime {
            duration: prost_types::Duration::try_from(LONG).ok(),
        })),
    ] {
        let dropped = tokio::time::timeout(Duration::from_millis(400), harness.run(command)).await;
        assert!(dropped.is_err(), "it should still have been under way");
    }
    harness.open("/plain.html").await;
    harness.pass(click(hint("Go on"))).await;
    assert_eq!(harness.result().await, "clicked");
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_hangs_costs_its_step_only() {
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    harness.options.navigation_timeout = Duration::from_secs(1);
    harness
        .eval("setTimeout(() => { const end = Date.now() + 6000; while (Date.now() < end); }, 50)")
        .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    harness.error(click(hint("Go on")), "STEP_TIMEOUT").await;
    harness.options.navigation_timeout = LONG;
    harness.open("/plain.html").await;
    harness.pass(click(hint("Go on"))).await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_that_closes_itself_is_left() {
    let mut harness = Harness::start().await;
    harness.open("/tabs.html").await;
    harness.pass(click(hint("Open plain"))).await;
    harness
        .pass(command(Action::SwitchToTab(v1::SwitchToTab { index: 1 })))
        .await;
    harness.pass(equals(css("h1"), "Plain")).await;
    harness.eval("setTimeout(() => window.close(), 50)").await;
    harness.pass(exists(hint("Open plain"))).await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_browser_says_what_to_install() {
    use etude_browser::BrowserBackend;
    use etude_engine::backend::{Backend, Health};
    let state = tempfile::tempdir().unwrap();
    let mut config = common::config(state.path());
    config.browser_path = Some("/nowhere/chromium".into());
    let backend = BrowserBackend::open(config).unwrap();
    let mut health = backend.health();
    let told = health
        .wait_for(|health| *health != Health::Starting)
        .await
        .unwrap()
        .clone();
    let Health::NotServing(reason) = told else {
        panic!("{told:?}")
    };
    assert!(
        reason.contains("apt-get install -y chromium chromium-driver"),
        "{reason}"
    );
    let Err(error) = backend.open(SessionSpec::default()).await else {
        panic!("it opened")
    };
    assert_eq!(error.reason, v1::ErrorReason::BrowserNotFound);
    backend.shutdown().await;
}
