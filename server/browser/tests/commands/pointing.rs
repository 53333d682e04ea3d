//! Clicking, moving and dragging.

use etude::v1::command::Action;
use etude::v1::{self, ClickPosition, ModifierKey};
use serde_json::json;

use crate::common::Harness;
use crate::common::commands::*;
use crate::some;

#[tokio::test(flavor = "multi_thread")]
async fn clicks_at_nine_positions_with_every_button() {
    let mut harness = Harness::start().await;
    harness.open("/mouse.html").await;
    for (position, expected) in [
        (ClickPosition::TopLeft, "click 1 1 "),
        (ClickPosition::TopCenter, "click 100 1 "),
        (ClickPosition::TopRight, "click 199 1 "),
        (ClickPosition::CenterLeft, "click 1 50 "),
        (ClickPosition::Unspecified, "click 100 50 "),
        (ClickPosition::CenterRight, "click 199 50 "),
        (ClickPosition::BottomLeft, "click 1 99 "),
        (ClickPosition::BottomCenter, "click 100 99 "),
        (ClickPosition::BottomRight, "click 199 99 "),
    ] {
        let position = position.into();
        let click = v1::Click {
            target: some("Pad"),
            position,
            ..Default::default()
        };
        harness.pass(command(Action::Click(click))).await;
        assert_eq!(harness.result().await, expected);
    }
    let held = vec![ModifierKey::Control.into(), ModifierKey::Shift.into()];
    let click = v1::Click {
        target: some("Pad"),
        modifiers: held,
        ..Default::default()
    };
    harness.pass(command(Action::Click(click))).await;
    assert_eq!(harness.result().await, "click 100 50 ctrl+shift");
    let double = v1::DoubleClick {
        target: some("Pad"),
        ..Default::default()
    };
    harness.pass(command(Action::DoubleClick(double))).await;
    assert_eq!(harness.result().await, "dblclick 100 50 ");
    let right = v1::RightClick {
        target: some("Pad"),
        ..Default::default()
    };
    harness.pass(command(Action::RightClick(right))).await;
    assert!(harness.eval("seen.includes('contextmenu')").await == json!(true));
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moves_presses_and_drags() {
    let mut harness = Harness::start().await;
    harness.open("/mouse.html").await;
    harness
        .pass(command(Action::Hover(v1::Hover {
            target: some("Hover me"),
            duration: None,
        })))
        .await;
    let over = ["entered", "hovered"];
    assert!(over.contains(&harness.result().await.as_str()));
    harness
        .eval("document.getElementById('result').textContent = ''")
        .await;
    let enter = v1::MouseEnter {
        target: some("Hover me"),
    };
    harness.pass(command(Action::MouseEnter(enter))).await;
    assert!(over.contains(&harness.result().await.as_str()));
    let to = v1::MoveMouseToElement {
        target: some("Pad"),
    };
    harness.pass(command(Action::MoveMouseToElement(to))).await;
    harness
        .pass(command(Action::MouseDown(v1::MouseDown { target: None })))
        .await;
    assert_eq!(harness.result().await, "mousedown 100 50 ");
    harness
        .pass(command(Action::MoveMouseBy(v1::MoveMouseBy {
            x: 10,
            y: -5,
        })))
        .await;
    harness
        .pass(command(Action::MouseUp(v1::MouseUp { target: None })))
        .await;
    assert_eq!(harness.result().await, "click 110 45 ");
    let drag = v1::DragAndDrop {
        target: some("Parcel"),
        destination: some("Drop here"),
    };
    harness.pass(command(Action::DragAndDrop(drag))).await;
    assert_eq!(harness.result().await, "dropped parcel");
    let by = v1::DragAndDropBy {
        target: some("Thumb"),
        x: 120,
        y: 0,
    };
    harness.pass(command(Action::DragAndDropBy(by))).await;
    assert_eq!(harness.result().await, "thumb at 120");
    harness
        .pass(command(Action::MoveMouse(v1::MoveMouse { x: 5, y: 5 })))
        .await;
    harness.close().await;
}
