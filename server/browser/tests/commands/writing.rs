//! Writing, keys and choices.

use std::time::Duration;

use etude::v1::command::Action;
use etude::v1::{self, ModifierKey};
use serde_json::json;

use crate::common::Harness;
use crate::common::commands::*;
use crate::some;

#[tokio::test(flavor = "multi_thread")]
async fn writes_text_unchanged() {
    let mut harness = Harness::start().await;
    harness.open("/form.html").await;
    for text in [
        "Log in now",
        "it's",
        "-leading dash",
        "\"quoted\" and “curly”",
        "<b>&amp;</b> ${x} $y",
        "naïve čaj 日本",
        "🎭 and 👩‍👩‍👧",
        "",
        " spaces  kept ",
        "tab\tkept",
    ] {
        harness.pass(write(hint("Notes"), text)).await;
        assert_eq!(
            harness.eval("document.getElementById('notes').value").await,
            text,
            "{text:?}"
        );
    }
    harness.pass(write(hint("Notes"), "two\nlines\n\n")).await;
    assert_eq!(
        harness.eval("document.getElementById('notes').value").await,
        "two\nlines\n\n"
    );
    harness.pass(write(hint("User name"), "one\nline")).await;
    assert_eq!(
        harness.eval("document.getElementById('user').value").await,
        "one line"
    );
    assert_eq!(
        harness.result().await,
        "",
        "a line break in a text must not submit the form"
    );
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_large_text() {
    let mut harness = Harness::start().await;
    harness.open("/form.html").await;
    let text: String = "0123456789 äöü 🎭\n"
        .chars()
        .cycle()
        .take(100 * 1024)
        .collect();
    harness.pass(write(hint("Notes"), &text)).await;
    assert_eq!(
        harness.eval("document.getElementById('notes').value").await,
        text
    );
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_fires_the_events_of_typing() {
    let mut harness = Harness::start().await;
    harness.open("/form.html").await;
    harness.pass(write(hint("User name"), "ab")).await;
    let names = "seen.filter(([, , id]) => id === 'user').map(([name, key]) => `${name} ${key}`)";
    assert_eq!(
        harness.eval(names).await,
        json!([
            "keydown a",
            "keypress a",
            "beforeinput a",
            "input a",
            "keyup a",
            "keydown b",
            "keypress b",
            "beforeinput b",
            "input b",
            "keyup b",
        ])
    );
    harness.pass(click(hint("Notes"))).await;
    assert_eq!(
        harness.eval("seen.at(-1)").await,
        json!(["change", "", "user"])
    );
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_into_every_kind_of_field() {
    let mut harness = Harness::start().await;
    harness.open("/form.html").await;
    harness.pass(write(hint("User name"), "Ada")).await;
    let append = v1::Write {
        target: some("User name"),
        text: " Lovelace".to_owned(),
        append: true,
        ..Default::default()
    };
    harness.pass(command(Action::Write(append))).await;
    harness
        .pass(equals(hint("User name"), "Ada Lovelace"))
        .await;
    let slowly = v1::Write {
        target: some("User name"),
        text: "slow".to_owned(),
        delay: prost_types::Duration::try_from(Duration::from_millis(5)).ok(),
        ..Default::default()
    };
    harness.pass(command(Action::Write(slowly))).await;
    harness.pass(equals(hint("User name"), "slow")).await;
    harness.pass(write(hint("Age"), "42")).await;
    harness.pass(equals(hint("Age"), "42")).await;
    harness.pass(write(hint("Birthday"), "1815-12-10")).await;
    harness.pass(equals(hint("Birthday"), "1815-12-10")).await;
    harness.pass(write(hint("Short"), "abcdef")).await;
    harness.pass(equals(hint("Short"), "abc")).await;
    harness.pass(write(hint("Story"), "New story")).await;
    harness.pass(equals(hint("Story"), "New story")).await;
    harness
        .pass(command(Action::Clear(v1::Clear {
            target: some("User name"),
        })))
        .await;
    harness.pass(equals(hint("User name"), "")).await;
    let failure = harness
        .error(write(hint("Fixed"), "x"), "TARGET_NOT_ACTIONABLE")
        .await;
    assert!(failure.message.contains("read-only"), "{}", failure.message);
    let failure = harness
        .error(write(hint("Birthday"), "soon"), "TARGET_NOT_ACTIONABLE")
        .await;
    assert!(
        failure.message.contains("2031-12-24"),
        "{}",
        failure.message
    );
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presses_keys_and_chords() {
    let mut harness = Harness::start().await;
    harness.open("/form.html").await;
    harness.pass(write(hint("User name"), "Ada")).await;
    harness.pass(press("Control+a")).await;
    harness.pass(press("CTRL_c")).await;
    harness.pass(press("End")).await;
    harness.pass(press("!")).await;
    harness.pass(equals(hint("User name"), "Ada!")).await;
    let twice = v1::PressKey {
        key: "BACKSPACE".to_owned(),
        target: some("User name"),
        repeat: 2,
        ..Default::default()
    };
    harness.pass(command(Action::PressKey(twice))).await;
    harness.pass(equals(hint("User name"), "Ad")).await;
    let shifted = v1::PressKey {
        key: "Tab".to_owned(),
        modifiers: vec![ModifierKey::Shift.into()],
        ..Default::default()
    };
    harness.pass(press("Tab")).await;
    assert_eq!(harness.eval("document.activeElement.id").await, "age");
    harness.pass(command(Action::PressKey(shifted))).await;
    assert_eq!(harness.eval("document.activeElement.id").await, "user");
    harness.pass(press("Enter")).await;
    assert_eq!(harness.result().await, "submitted");
    harness.error(press("Entre"), "INVALID_KEY").await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_and_selects() {
    let mut harness = Harness::start().await;
    harness.open("/form.html").await;
    let check = |text: &str| command(Action::Check(v1::Check { target: some(text) }));
    let uncheck = |text: &str| command(Action::Uncheck(v1::Uncheck { target: some(text) }));
    let checked = |text: &str| {
        command(Action::AssertChecked(v1::AssertChecked {
            target: some(text),
        }))
    };
    let unchecked = |text: &str| {
        command(Action::AssertUnchecked(v1::AssertUnchecked {
            target: some(text),
        }))
    };
    for text in ["Newsletter", "Night mode", "Large"] {
        harness.pass(unchecked(text)).await;
        harness.pass(check(text)).await;
        harness.pass(check(text)).await;
        harness.pass(checked(text)).await;
    }
    harness.pass(uncheck("Newsletter")).await;
    harness.pass(unchecked("Newsletter")).await;
    harness.fail(checked("Newsletter")).await;
    harness
        .error(uncheck("Large"), "TARGET_NOT_ACTIONABLE")
        .await;

    let selected = |text: &str, option: &str| {
        let option = option.to_owned();
        command(Action::AssertSelected(v1::AssertSelected {
            target: some(text),
            option,
        }))
    };
    harness.pass(select(hint("Colour"), "Green")).await;
    harness.pass(selected("Colour", "Green")).await;
    harness.pass(select(hint("Colour"), "w")).await;
    harness.pass(selected("Colour", "White")).await;
    let failure = harness.fail(selected("Colour", "Red")).await;
    assert!(failure.message.contains("White"), "{}", failure.message);
    let index = |index| {
        command(Action::SelectIndex(v1::SelectIndex {
            target: some("Colour"),
            index,
        }))
    };
    harness.pass(index(1)).await;
    harness.pass(selected("Colour", "Red")).await;
    harness.pass(index(-3)).await;
    harness.pass(selected("Colour", "Green")).await;
    harness
        .pass(command(Action::SelectLast(v1::SelectLast {
            target: some("Colour"),
        })))
        .await;
    harness.pass(selected("Colour", "White")).await;
    let failure = harness
        .error(select(hint("Colour"), "Mauve"), "OPTION_NOT_FOUND")
        .await;
    assert!(failure.message.contains("\"Red\""), "{}", failure.message);
    harness
        .error(select(hint("Colour"), "Blue"), "TARGET_NOT_ACTIONABLE")
        .await;
    harness.error(index(9), "OPTION_NOT_FOUND").await;
    harness.pass(select(hint("City"), "Quito")).await;
    assert_eq!(harness.result().await, "city Quito");
    harness.close().await;
}
