//! The commands, each with what it must do and what it must refuse.

mod common;

use std::time::{Duration, Instant};

use common::commands::*;
use common::{Harness, LONG};
use etude::v1::command::Action;
use etude::v1::{self, ClickPosition, Comparison, ModifierKey, TextMatch};
use etude_engine::backend::Verdict;
use serde_json::{Value, json};

fn some(text: &str) -> Option<v1::Target> {
    Some(hint(text))
}

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

#[tokio::test(flavor = "multi_thread")]
async fn compares_values() {
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    harness
        .eval("document.querySelector('h1').innerHTML = 'Total: <b>$1,234.50</b>'")
        .await;
    let target = || Some(css("h1"));
    let number = || Some(css("h1 b"));
    let value = |value: &str| value.to_owned();
    for passing in [
        Action::AssertEquals(v1::AssertEquals {
            target: target(),
            value: value(" Total:  $1,234.50 "),
        }),
        Action::AssertNotEquals(v1::AssertNotEquals {
            target: target(),
            value: value("Total"),
        }),
        Action::AssertContains(v1::AssertContains {
            target: target(),
            value: value("1,234"),
        }),
        Action::AssertNotContains(v1::AssertNotContains {
            target: target(),
            value: value("€"),
        }),
        Action::AssertGreaterThan(v1::AssertGreaterThan {
            target: number(),
            value: value("1234.4"),
        }),
        Action::AssertGreaterThanOrEqual(v1::AssertGreaterThanOrEqual {
            target: number(),
            value: value("€1234.50"),
        }),
        Action::AssertLessThan(v1::AssertLessThan {
            target: number(),
            value: value("1 235"),
        }),
        Action::AssertLessThanOrEqual(v1::AssertLessThanOrEqual {
            target: number(),
            value: value("1234.5"),
        }),
        Action::AssertMatches(v1::AssertMatches {
            target: target(),
            pattern: value("/^total: \\$[\\d,.]+$/i"),
        }),
        Action::AssertMatches(v1::AssertMatches {
            target: target(),
            pattern: value("\\d{3}"),
        }),
    ] {
        harness.pass(command(passing)).await;
    }
    let failure = harness.fail(equals(css("h1"), "Total: $9")).await;
    assert_eq!(
        (failure.expected.as_str(), failure.actual.as_str()),
        ("Total: $9", "Total: $1,234.50")
    );
    let greater = v1::AssertGreaterThan {
        target: number(),
        value: value("2000"),
    };
    harness
        .fail(command(Action::AssertGreaterThan(greater)))
        .await;
    let words = v1::AssertGreaterThan {
        target: number(),
        value: value("many"),
    };
    harness
        .error(command(Action::AssertGreaterThan(words)), "NOT_A_NUMBER")
        .await;
    let broken = v1::AssertMatches {
        target: target(),
        pattern: value("("),
    };
    harness
        .error(command(Action::AssertMatches(broken)), "INVALID_PATTERN")
        .await;
    harness
        .error(equals(hint("Nowhere"), "x"), "TARGET_NOT_FOUND")
        .await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn examines_elements_and_the_page() {
    let mut harness = Harness::start().await;
    harness.open("/form.html").await;
    let visible = |target| {
        command(Action::AssertVisible(v1::AssertVisible {
            target: Some(target),
        }))
    };
    let hidden = |target| {
        command(Action::AssertHidden(v1::AssertHidden {
            target: Some(target),
        }))
    };
    let enabled = |target| {
        command(Action::AssertEnabled(v1::AssertEnabled {
            target: Some(target),
        }))
    };
    let disabled = |target| {
        command(Action::AssertDisabled(v1::AssertDisabled {
            target: Some(target),
        }))
    };
    harness.pass(visible(hint("Send"))).await;
    harness.pass(hidden(css("#cities"))).await;
    harness.pass(hidden(hint("Nothing like it"))).await;
    harness.fail(visible(css("#cities"))).await;
    harness.fail(visible(hint("Nothing like it"))).await;
    harness.fail(hidden(hint("Send"))).await;
    harness.pass(enabled(hint("Send"))).await;
    harness.pass(disabled(hint("Off"))).await;
    harness.fail(enabled(hint("Off"))).await;
    let attribute = |name: &str, value: &str, comparison: Comparison| {
        command(Action::AssertAttribute(v1::AssertAttribute {
            target: some("Age"),
            attribute: name.to_owned(),
            value: value.to_owned(),
            comparison: comparison.into(),
        }))
    };
    harness
        .pass(attribute("type", "number", Comparison::Unspecified))
        .await;
    harness
        .pass(attribute("absent", "x", Comparison::NotEquals))
        .await;
    harness
        .fail(attribute("type", "text", Comparison::Equals))
        .await;
    harness
        .fail(attribute("absent", "", Comparison::Equals))
        .await;
    let count = |count, comparison: Comparison| {
        command(Action::AssertCount(v1::AssertCount {
            target: Some(css("input[type=radio]")),
            count,
            comparison: comparison.into(),
        }))
    };
    harness.pass(count(2, Comparison::Equals)).await;
    harness.pass(count(1, Comparison::GreaterThan)).await;
    let failure = harness.fail(count(3, Comparison::Equals)).await;
    assert_eq!(failure.actual, "2");
    let title = |title: &str, how: TextMatch| {
        let title = title.to_owned();
        command(Action::AssertTitle(v1::AssertTitle {
            title,
            r#match: how.into(),
        }))
    };
    harness.pass(title("Form", TextMatch::Exact)).await;
    harness.pass(title("^F.r", TextMatch::Regex)).await;
    harness.fail(title("Plain", TextMatch::StartsWith)).await;
    harness
        .error(title("(", TextMatch::Regex), "INVALID_PATTERN")
        .await;
    harness.close().await;
}

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

#[tokio::test(flavor = "multi_thread")]
async fn sends_and_receives_files() {
    let mut harness = Harness::start().await;
    let folder = tempfile::tempdir().unwrap();
    let stored = folder.path().join("0f3a");
    std::fs::write(&stored, "the content").unwrap();
    harness.open("/files.html").await;
    harness.upload(stored, "letter to Ada.txt");
    for text in ["Attachment", "Drop zone"] {
        harness
            .eval("document.getElementById('result').textContent = ''")
            .await;
        let upload = v1::UploadFile {
            target: some(text),
            file: "artifacts/0f3a".to_owned(),
        };
        harness.pass(command(Action::UploadFile(upload))).await;
        harness
            .pass(equals(css("#result"), "letter to Ada.txt: the content"))
            .await;
    }
    harness.upload(folder.path().join("absent"), "absent.txt");
    let upload = v1::UploadUrl {
        target: some("Attachment"),
        url: "https://example.com/a".to_owned(),
    };
    harness
        .error(command(Action::UploadUrl(upload)), "UPLOAD_FAILED")
        .await;

    let download = |text: &str| {
        command(Action::Download(v1::Download {
            target: some(text),
            variable: String::new(),
        }))
    };
    let execution = harness.pass(download("Get the report")).await;
    assert_eq!(execution.downloads.len(), 1);
    assert_eq!(execution.downloads[0].file_name, "report.txt");
    let content = std::fs::read_to_string(&execution.downloads[0].path).unwrap();
    assert_eq!(content, "quarterly figures");
    harness
        .error(download("Drop zone"), "DOWNLOAD_FAILED")
        .await;
    let kept = execution.downloads[0].path.clone();
    harness.close().await;
    assert!(!kept.exists(), "a closed session keeps no files");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_console_and_network() {
    let mut harness = Harness::start().await;
    harness.open("/console.html").await;
    let clean = || {
        command(Action::AssertNoConsoleErrors(
            v1::AssertNoConsoleErrors::default(),
        ))
    };
    harness.pass(clean()).await;
    harness.pass(click(hint("Log warning"))).await;
    harness.pass(clean()).await;
    harness.pass(click(hint("Log error"))).await;
    let failure = harness.fail(clean()).await;
    assert!(
        failure.message.contains("something broke"),
        "{}",
        failure.message
    );
    let ignore = v1::AssertNoConsoleErrors {
        ignore: vec!["some.*broke".to_owned()],
    };
    harness
        .pass(command(Action::AssertNoConsoleErrors(ignore)))
        .await;
    harness.pass(click(hint("Throw"))).await;
    harness.fail(clean()).await;
    harness.open("/console.html").await;
    harness.pass(clean()).await;
    // The response may come during the click or during the step after it.
    let mut network = harness.pass(click(hint("Fetch missing"))).await.network;
    network.extend(
        harness
            .pass(equals(css("#result"), "fetched"))
            .await
            .network,
    );
    let seen = network
        .iter()
        .find(|entry| entry.url.ends_with("/nothing-here"));
    let entry = seen.cloned().unwrap_or_default();
    assert_eq!(
        (entry.status, entry.method.as_str()),
        (404, "GET"),
        "{network:?}"
    );
    harness.pass(click(hint("Flood"))).await;
    let execution = harness.pass(equals(css("#result"), "flooded")).await;
    assert!(execution.console.len() <= 50);
    harness.pass(click(hint("Log warning"))).await;
    harness.close().await;
}
