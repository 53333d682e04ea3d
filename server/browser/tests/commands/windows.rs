//! Tabs, frames and the window.

use etude::v1::command::Action;
use etude::v1::{self, TextMatch};
use etude_engine::backend::Verdict;
use serde_json::json;

use crate::common::Harness;
use crate::common::commands::*;
use crate::some;

#[tokio::test(flavor = "multi_thread")]
async fn switches_tabs() {
    let mut harness = Harness::start().await;
    harness.open("/tabs.html").await;
    let next = || command(Action::SwitchToNextTab(v1::SwitchToNextTab {}));
    let previous = || command(Action::SwitchToPreviousTab(v1::SwitchToPreviousTab {}));
    let close = || command(Action::CloseTab(v1::CloseTab {}));
    harness.error(close(), "LAST_TAB").await;
    harness.pass(click(hint("Open plain"))).await;
    harness
        .pass(command(Action::SwitchToTab(v1::SwitchToTab { index: 1 })))
        .await;
    harness.pass(equals(css("h1"), "Plain")).await;
    harness.pass(next()).await;
    harness.pass(exists(hint("Open plain"))).await;
    harness.pass(previous()).await;
    harness.pass(equals(css("h1"), "Plain")).await;
    harness
        .pass(command(Action::NewTab(v1::NewTab {
            url: "/form.html".to_owned(),
        })))
        .await;
    harness.pass(exists(hint("User name"))).await;
    let state = harness.session().state().await;
    assert_eq!(state.title, "Form");
    let titles: Vec<_> = state.tabs.iter().map(|tab| tab.title.as_str()).collect();
    assert_eq!(titles, ["Tabs", "Plain page", "Form"]);
    assert!(state.tabs[2].current && !state.tabs[0].current);
    let title = v1::SwitchToTabByTitle {
        title: "Plain".to_owned(),
        r#match: TextMatch::StartsWith.into(),
    };
    harness
        .pass(command(Action::SwitchToTabByTitle(title)))
        .await;
    harness.pass(equals(css("h1"), "Plain")).await;
    harness.pass(close()).await;
    harness.pass(exists(hint("User name"))).await;
    let url = v1::SwitchToTabByUrl {
        url: "tabs.html".to_owned(),
        r#match: TextMatch::Contains.into(),
    };
    harness.pass(command(Action::SwitchToTabByUrl(url))).await;
    harness.pass(exists(hint("Open plain"))).await;
    let none = v1::SwitchToTabByTitle {
        title: "Nothing".to_owned(),
        ..Default::default()
    };
    let failure = harness
        .error(command(Action::SwitchToTabByTitle(none)), "TAB_NOT_FOUND")
        .await;
    assert!(failure.message.contains("“Form”"), "{}", failure.message);
    harness
        .error(
            command(Action::SwitchToTab(v1::SwitchToTab { index: 7 })),
            "TAB_NOT_FOUND",
        )
        .await;
    let navigate = v1::Navigate {
        url: "/plain.html".to_owned(),
        new_tab: true,
        ..Default::default()
    };
    harness.pass(command(Action::Navigate(navigate))).await;
    assert_eq!(harness.session().state().await.tabs.len(), 3);
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enters_frames() {
    let mut harness = Harness::start().await;
    harness.open("/frames.html").await;
    let by_name = |name: &str| {
        command(Action::SwitchToFrameByName(v1::SwitchToFrameByName {
            name: name.to_owned(),
        }))
    };
    let by_index = |index| {
        command(Action::SwitchToFrameByIndex(v1::SwitchToFrameByIndex {
            index,
        }))
    };
    let parent = || command(Action::SwitchToParentFrame(v1::SwitchToParentFrame {}));
    let main = || command(Action::SwitchToMainFrame(v1::SwitchToMainFrame {}));
    harness.pass(by_name("same-frame")).await;
    harness.pass(click(hint("Pay"))).await;
    assert_eq!(harness.result().await, "paid same");
    assert_eq!(harness.session().state().await.frame, [0]);
    harness.fail(exists(hint("Outer page"))).await;
    harness.pass(main()).await;
    harness.pass(by_index(1)).await;
    harness
        .pass(exists(hint("Middle frame of another origin")))
        .await;
    harness.pass(by_name("leaf")).await;
    harness.pass(click(hint("Pay"))).await;
    assert_eq!(harness.result().await, "paid nested");
    harness.pass(parent()).await;
    harness
        .pass(exists(hint("Middle frame of another origin")))
        .await;
    harness.pass(parent()).await;
    harness.pass(parent()).await;
    harness.pass(exists(hint("Outer page"))).await;
    let element = v1::SwitchToFrame {
        target: Some(css("#cross")),
    };
    harness.pass(command(Action::SwitchToFrame(element))).await;
    assert_eq!(harness.session().state().await.frame, [1]);
    harness.pass(main()).await;
    harness.error(by_index(5), "FRAME_NOT_FOUND").await;
    harness.error(by_name("nope"), "FRAME_NOT_FOUND").await;
    harness.pass(by_index(0)).await;
    harness.open("/plain.html").await;
    harness.pass(equals(css("h1"), "Plain")).await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_and_shows_the_window() {
    let mut harness = Harness::start().await;
    harness.open("/tabs.html").await;
    assert_eq!(
        harness.eval("[innerWidth, innerHeight]").await,
        json!([1280, 800])
    );
    harness
        .pass(command(Action::ResizeWindow(v1::ResizeWindow {
            width: 640,
            height: 480,
        })))
        .await;
    assert_eq!(
        harness.eval("[innerWidth, innerHeight]").await,
        json!([640, 480])
    );
    let shot = |scope: v1::ScreenshotScope, target| {
        command(Action::TakeScreenshot(v1::TakeScreenshot {
            scope: scope.into(),
            target,
            ..Default::default()
        }))
    };
    let size = |execution: &etude_engine::backend::Execution| {
        let image = &execution.screenshots[0].1;
        assert_eq!(&image[..4], b"\x89PNG");
        let side = |at: usize| u32::from_be_bytes(image[at..at + 4].try_into().unwrap());
        (side(16), side(20))
    };
    let viewport = harness
        .pass(shot(v1::ScreenshotScope::Viewport, None))
        .await;
    assert_eq!(size(&viewport), (640, 480));
    let full = harness
        .pass(shot(v1::ScreenshotScope::FullPage, None))
        .await;
    assert!(size(&full).1 > 2000, "{:?}", size(&full));
    let element = harness
        .pass(shot(v1::ScreenshotScope::Element, some("Push")))
        .await;
    assert!(
        size(&element).0 < 200 && size(&element).1 < 100,
        "{:?}",
        size(&element)
    );
    harness
        .pass(command(Action::MaximizeWindow(v1::MaximizeWindow {})))
        .await;
    harness.options.screenshots = v1::ScreenshotPolicy::EveryStep;
    let execution = harness.pass(click(hint("Push"))).await;
    let moments: Vec<_> = execution
        .screenshots
        .iter()
        .map(|(moment, _)| *moment)
        .collect();
    assert_eq!(
        moments,
        [v1::ScreenshotMoment::Before, v1::ScreenshotMoment::After]
    );
    harness.options.screenshots = v1::ScreenshotPolicy::OnFailure;
    assert!(
        harness
            .pass(click(hint("Push")))
            .await
            .screenshots
            .is_empty()
    );
    let failed = harness.quickly(click(hint("Nothing"))).await;
    assert!(matches!(failed.verdict, Verdict::Error(_)) && failed.screenshots.len() == 1);
    harness.close().await;
}
