//! Every row of the wire format, in both directions.

use etude::v1::{self, Comparison, Target};

use super::*;

/// A typed step and what stands on the wire for it.
fn row(command: impl Into<v1::Command>, wire: Value) {
    let step = step(command);
    assert_eq!(sent(&step), wire, "{step:?}");
    let decoded = decode(&received(wire.clone()));
    assert_eq!(decoded, Decoded::Exact(step.clone()), "{wire}");
    assert_eq!(
        decode_stored(&stored(&wire)),
        Decoded::Exact(step),
        "{wire}"
    );
}

/// The same as it is stored, with the target under `element`.
fn stored(wire: &Value) -> model::Step {
    let mut wire = wire.clone();
    let fields = wire.as_object_mut().unwrap();
    if let Some(target) = fields.shift_remove("target") {
        fields.insert("element".into(), json!({"id": 7001, "target": target}));
    }
    fields.insert("id".into(), json!("9001"));
    fields.insert("canonicalId".into(), json!("5c2b"));
    serde_json::from_value(wire).unwrap()
}

fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

fn button() -> Option<Target> {
    Some(Target::hint("Submit"))
}

#[test]
fn navigate() {
    let url = "https://shop.example/?q=1";
    row(
        v1::Navigate {
            url: url.into(),
            ..Default::default()
        },
        json!({"action": "NAVIGATE", "value": url, "meta":
            {"kind": "NAVIGATE", "type": "URL", "value": url, "url": url, "useNewTab": false}}),
    );
    row(
        v1::Navigate {
            url: "$url".into(),
            new_tab: true,
            ..Default::default()
        },
        json!({"action": "NAVIGATE", "value": "", "variable": "url", "meta":
            {"kind": "NAVIGATE", "type": "URL", "useNewTab": true}}),
    );
    row(
        v1::Navigate {
            url: "$base/login?u=$user.".into(),
            ..Default::default()
        },
        json!({"action": "NAVIGATE", "value": "",
            "expression": "\"\" + $base + \"/login?u=\" + $user + \".\"",
            "meta": {"kind": "NAVIGATE", "type": "URL", "useNewTab": false}}),
    );
}

#[test]
fn scroll() {
    let scroll = |meta: Value| json!({"action": "SCROLL", "value": "", "meta": meta});
    row(
        v1::ScrollToTop {},
        scroll(json!({"kind": "SCROLL", "type": "TOP"})),
    );
    row(
        v1::ScrollToBottom {},
        scroll(json!({"kind": "SCROLL", "type": "BOTTOM"})),
    );
    row(
        v1::ScrollToPosition { x: 0, y: 500 },
        scroll(json!({"kind": "SCROLL", "type": "POSITION", "x": 0, "y": 500})),
    );
    row(
        v1::ScrollBy { x: -50, y: 50 },
        scroll(json!({"kind": "SCROLL", "type": "OFFSET", "x": -50, "y": 50})),
    );
    row(
        v1::ScrollToElement {
            target: Some(Target::variable("button")),
            ..Default::default()
        },
        json!({"action": "SCROLL", "value": "",
            "target": guess(json!({"clue": "", "variable": "button"})),
            "meta": {"kind": "SCROLL", "type": "ELEMENT"}}),
    );
}

#[test]
fn click_and_write() {
    row(
        v1::Click {
            target: button(),
            ..Default::default()
        },
        json!({"action": "CLICK", "value": "", "target": clue("Submit"),
            "meta": {"kind": "CLICK", "type": "NATURAL"}}),
    );
    let write = |text: &str, append| v1::Write {
        target: Some(Target::hint("Name")),
        text: text.into(),
        append,
        ..Default::default()
    };
    let wire = |value: &str, append| {
        json!({"action": "WRITE", "value": value, "target": clue("Name"),
            "meta": {"kind": "WRITE", "append": append}})
    };
    row(write("Ada", false), wire("Ada", false));
    row(write("Ada", true), wire("Ada", true));
    row(write("", false), wire("", false));
    row(write("costs $$5", false), wire("costs $5", false));
    row(
        write("$username", false),
        json!({"action": "WRITE", "value": "", "target": clue("Name"), "variable": "username",
            "meta": {"kind": "WRITE", "append": false}}),
    );
    row(
        write("${1 + 2}", false),
        json!({"action": "WRITE", "value": "", "target": clue("Name"), "expression": "1 + 2",
            "meta": {"kind": "WRITE", "append": false}}),
    );
}

#[test]
fn pick() {
    let target = || Some(Target::hint("Country"));
    let wire = |kind: &str, value: &str| {
        json!({"action": "PICK", "value": value, "target": clue("Country"),
            "meta": {"kind": "PICK", "type": kind}})
    };
    row(
        v1::SelectOption {
            target: target(),
            option: "Norway".into(),
        },
        wire("VISIBLE_TEXT", "Norway"),
    );
    row(
        v1::SelectIndex {
            target: target(),
            index: 7,
        },
        wire("INDEX", "7"),
    );
    row(v1::SelectLast { target: target() }, wire("INDEX", "-1"));
}

#[test]
fn wait() {
    row(
        v1::WaitTime {
            duration: seconds(2),
        },
        json!({"action": "WAIT", "value": "2000",
            "meta": {"kind": "WAIT", "type": "TIME", "duration": 2000, "poll": 100}}),
    );
    row(
        v1::WaitForElement {
            target: button(),
            max: seconds(5),
        },
        json!({"action": "WAIT", "value": "5000", "target": clue("Submit"),
            "meta": {"kind": "WAIT", "type": "ELEMENT", "duration": 5000, "poll": 100}}),
    );
    row(
        v1::WaitForElement {
            target: button(),
            max: None,
        },
        json!({"action": "WAIT", "value": "20000", "target": clue("Submit"),
            "meta": {"kind": "WAIT", "type": "ELEMENT", "poll": 100}}),
    );
}

#[test]
fn mouse() {
    let wire = |action: &str| {
        json!({"action": "MOUSE", "value": "", "target": clue("Submit"),
            "meta": {"kind": "MOUSE", "action": action}})
    };
    let target = button;
    row(
        v1::DoubleClick {
            target: target(),
            ..Default::default()
        },
        wire("DOUBLE_CLICK"),
    );
    row(
        v1::RightClick {
            target: target(),
            ..Default::default()
        },
        wire("RIGHT_CLICK"),
    );
    row(
        v1::Hover {
            target: target(),
            ..Default::default()
        },
        wire("OVER"),
    );
    row(v1::MouseEnter { target: target() }, wire("ENTER"));
    row(v1::MouseDown { target: target() }, wire("DOWN"));
    row(v1::MouseUp { target: target() }, wire("UP"));
    row(v1::MoveMouseToElement { target: target() }, wire("MOVE"));
    let bare = |meta: Value| json!({"action": "MOUSE", "value": "", "meta": meta});
    row(
        v1::MouseDown { target: None },
        bare(json!({"kind": "MOUSE", "action": "DOWN"})),
    );
    row(
        v1::MouseUp { target: None },
        bare(json!({"kind": "MOUSE", "action": "UP"})),
    );
    row(
        v1::MoveMouse { x: 100, y: 50 },
        bare(json!({"kind": "MOUSE", "action": "MOVE", "x": 100, "y": 50})),
    );
    row(
        v1::MoveMouseBy { x: -50, y: 25 },
        bare(json!({"kind": "MOUSE", "action": "OFFSET", "x": -50, "y": 25})),
    );
}

#[test]
fn key() {
    for key in [
        "ENTER",
        "CTRL_a",
        "F1",
        "a",
        "_",
        "+",
        "CTRL_SHIFT_a",
        "PAGE_DOWN",
    ] {
        row(
            v1::PressKey {
                key: key.into(),
                ..Default::default()
            },
            json!({"action": "KEY", "value": key, "meta": {"kind": "KEYBOARD"}}),
        );
    }
    row(
        v1::PressKey {
            key: "TAB".into(),
            target: button(),
            ..Default::default()
        },
        json!({"action": "KEY", "value": "TAB", "target": clue("Submit"),
            "meta": {"kind": "KEYBOARD"}}),
    );
}

#[test]
fn store() {
    let set = |value: &str| v1::SetVariable {
        variable: "v".into(),
        value: value.into(),
    };
    let literal = |value: &str| json!({"action": "STORE", "value": value, "variable": "v", "meta": {"kind": "STORE"}});
    row(set("it's \"new\""), literal("it's \"new\""));
    for (template, javascript) in [
        ("${1 + 2}", "1 + 2"),
        ("$other", "$other"),
        ("${$other}", "($other)"),
        ("a $other", "\"a \" + $other"),
        ("${\"a \" + $other}", "(\"a \" + $other)"),
        ("${(\"a \" + $other)}", "((\"a \" + $other))"),
    ] {
        row(
            set(template),
            json!({"action": "STORE", "value": "", "variable": "v", "expression": javascript,
                "meta": {"kind": "STORE"}}),
        );
    }
    row(
        v1::StoreText {
            target: Some(Target::hint("Total")),
            variable: "total".into(),
        },
        json!({"action": "STORE", "value": "", "target": clue("Total"), "variable": "total",
            "meta": {"kind": "STORE"}}),
    );
    row(
        v1::StoreAttribute {
            target: Some(Target::hint("Logo")),
            attribute: "src".into(),
            variable: "logo".into(),
        },
        json!({"action": "STORE", "value": "", "target": clue("Logo"), "variable": "logo",
            "meta": {"kind": "STORE", "attribute": "src"}}),
    );
}

#[test]
fn what_is_stored_and_used_as_a_target_is_an_element() {
    let store = json!({"action": "STORE", "variable": "button", "meta": {"kind": "STORE"},
        "element": {"target": clue("Submit")}});
    let click = json!({"action": "CLICK", "meta": {"kind": "CLICK", "type": "NATURAL"},
        "element": {"target": guess(json!({"clue": "", "variable": "button"}))}});
    let read = |steps: &[&Value]| {
        let parse = |wire: &&Value| serde_json::from_value((*wire).clone()).unwrap();
        let steps: Vec<model::Step> = steps.iter().map(parse).collect();
        decode_steps(&steps)
    };
    let variable = || "button".to_owned();
    let element = step(v1::StoreElement {
        target: button(),
        variable: variable(),
    });
    assert_eq!(read(&[&store, &click])[0], Decoded::Exact(element.clone()));
    let text = step(v1::StoreText {
        target: button(),
        variable: variable(),
    });
    assert_eq!(read(&[&click, &store])[1], Decoded::Exact(text));
    assert_eq!(sent(&element)["meta"], json!({"kind": "STORE"}));
}

#[test]
fn cookies() {
    row(
        v1::CreateCookie {
            name: "n".into(),
            value: "v".into(),
            ..Default::default()
        },
        json!({"action": "ENVIRONMENT", "value": "v",
            "meta": {"kind": "ENVIRONMENT", "type": "ADD", "name": "n"}}),
    );
    row(
        v1::CreateCookie {
            name: "n".into(),
            value: "$v".into(),
            domain: "shop.example".into(),
            path: "/".into(),
            secure: true,
            http_only: true,
            max_age: None,
        },
        json!({"action": "ENVIRONMENT", "value": "", "variable": "v",
            "meta": {"kind": "ENVIRONMENT", "type": "ADD", "name": "n", "domain": "shop.example",
                "path": "/", "secure": true, "httpOnly": true}}),
    );
    row(
        v1::DeleteCookie { name: "n".into() },
        json!({"action": "ENVIRONMENT", "value": "",
            "meta": {"kind": "ENVIRONMENT", "type": "DELETE", "name": "n"}}),
    );
    row(
        v1::ClearCookies {},
        json!({"action": "ENVIRONMENT", "value": "",
            "meta": {"kind": "ENVIRONMENT", "type": "CLEAR"}}),
    );
}

#[test]
fn assertions_on_an_element() {
    let target = || Some(Target::hint("Total"));
    let wire = |action: &str, value: &str| {
        json!({"action": action, "value": value, "target": clue("Total"),
            "meta": {"kind": "ASSERT"}})
    };
    let value = || "12".to_owned();
    row(
        v1::AssertExists { target: target() },
        wire("ASSERT_EXISTS", ""),
    );
    row(
        v1::AssertNotExists { target: target() },
        wire("ASSERT_NOT_EXISTS", ""),
    );
    row(
        v1::AssertChecked { target: target() },
        wire("ASSERT_CHECKED", ""),
    );
    row(
        v1::AssertEquals {
            target: target(),
            value: value(),
        },
        wire("ASSERT_EQUALS", "12"),
    );
    row(
        v1::AssertNotEquals {
            target: target(),
            value: value(),
        },
        wire("ASSERT_NOT_EQUALS", "12"),
    );
    row(
        v1::AssertLessThan {
            target: target(),
            value: value(),
        },
        wire("ASSERT_LESS_THAN", "12"),
    );
    row(
        v1::AssertLessThanOrEqual {
            target: target(),
            value: value(),
        },
        wire("ASSERT_LESS_THAN_OR_EQUAL", "12"),
    );
    row(
        v1::AssertGreaterThan {
            target: target(),
            value: value(),
        },
        wire("ASSERT_GREATER_THAN", "12"),
    );
    row(
        v1::AssertGreaterThanOrEqual {
            target: target(),
            value: value(),
        },
        wire("ASSERT_GREATER_THAN_OR_EQUAL", "12"),
    );
    row(
        v1::AssertMatches {
            target: target(),
            pattern: "/^\\d+$$/".into(),
        },
        wire("ASSERT_MATCHES", "/^\\d+$/"),
    );
    row(
        v1::AssertSelected {
            target: target(),
            option: "Norway".into(),
        },
        wire("ASSERT_SELECTED", "Norway"),
    );
    row(
        v1::AssertEquals {
            target: target(),
            value: "$sum".into(),
        },
        json!({"action": "ASSERT_EQUALS", "value": "", "target": clue("Total"), "variable": "sum",
            "meta": {"kind": "ASSERT"}}),
    );
}

#[test]
fn assertions_on_a_variable() {
    row(
        v1::AssertVariable {
            expression: "$a == $b".into(),
            value: "true".into(),
            ..Default::default()
        },
        json!({"action": "ASSERT_VARIABLE", "value": "true", "expression": "$a == $b",
            "meta": {"kind": "ASSERT_VARIABLE", "type": "EQUALS"}}),
    );
    for (comparison, word) in [
        (Comparison::Unspecified, "EQUALS"),
        (Comparison::NotEquals, "NOT_EQUALS"),
        (Comparison::LessThan, "LESS_THAN"),
        (Comparison::LessThanOrEquals, "LESS_THAN_OR_EQUALS"),
        (Comparison::GreaterThan, "GREATER_THAN"),
        (Comparison::GreaterThanOrEquals, "GREATER_THAN_OR_EQUALS"),
        (Comparison::Matches, "MATCHES"),
    ] {
        row(
            v1::AssertVariable {
                variable: "count".into(),
                comparison: comparison.into(),
                value: "3".into(),
                ..Default::default()
            },
            json!({"action": "ASSERT_VARIABLE", "value": "3", "variable": "count",
                "meta": {"kind": "ASSERT_VARIABLE", "type": word}}),
        );
    }
}

#[test]
fn tabs_frames_and_windows() {
    let switch = |kind: &str, value: &str| json!({"action": "SWITCH", "value": value, "meta": {"kind": "SWITCH", "type": kind}});
    row(v1::SwitchToParentFrame {}, switch("PARENT_FRAME", ""));
    row(v1::SwitchToNextTab {}, switch("NEXT_TAB", ""));
    row(v1::SwitchToPreviousTab {}, switch("PREV_TAB", ""));
    row(v1::SwitchToTab { index: 2 }, switch("TAB", "2"));
    row(
        v1::SwitchToFrame {
            target: Some(Target::css("iframe.pay")),
        },
        json!({"action": "SWITCH", "value": "",
            "target": {"selectors": [{"type": "CSS_SELECTOR", "value": "iframe.pay"}]},
            "meta": {"kind": "SWITCH", "type": "FRAME_BY_ELEMENT"}}),
    );
    row(
        v1::ResizeWindow {
            width: 1280,
            height: 800,
        },
        json!({"action": "WINDOW", "value": "", "meta": {"kind": "WINDOW", "type": "RESIZE",
            "dimension": {"width": 1280, "height": 800}}}),
    );
    row(
        v1::MaximizeWindow {},
        json!({"action": "WINDOW", "value": "", "meta": {"kind": "WINDOW", "type": "MAXIMIZE"}}),
    );
}

#[test]
fn files_scripts_and_comments() {
    let target = || Some(Target::hint("Photo"));
    row(
        v1::UploadUrl {
            target: target(),
            url: "https://files.example/a.png".into(),
        },
        json!({"action": "UPLOAD", "value": "https://files.example/a.png",
            "target": clue("Photo"), "meta": {"kind": "UPLOAD"}}),
    );
    row(
        v1::UploadUrl {
            target: target(),
            url: "$photo".into(),
        },
        json!({"action": "UPLOAD", "value": "", "target": clue("Photo"), "variable": "photo",
            "meta": {"kind": "UPLOAD"}}),
    );
    let script = "return $('a').length";
    row(
        v1::ExecuteScript {
            script: script.into(),
            ..Default::default()
        },
        json!({"action": "EXECUTE", "value": script, "meta": {"explicit": true, "script": script}}),
    );
    let text = "TODO: $5, \"later\"";
    row(
        v1::Comment { text: text.into() },
        json!({"action": "COMMENT", "value": text, "meta": {"kind": "COMMENT"}}),
    );
}

#[test]
fn dialogs() {
    let wire =
        |value: &str, meta: Value| json!({"action": "DISMISS", "value": value, "meta": meta});
    row(
        v1::DismissAlert {},
        wire("", json!({"kind": "DISMISS", "type": "ALERT"})),
    );
    for (accept, word) in [(true, "OK"), (false, "CANCEL")] {
        row(
            v1::DismissConfirm { accept },
            wire(
                "",
                json!({"kind": "DISMISS", "type": "CONFIRM", "action": word}),
            ),
        );
        row(
            v1::DismissPrompt { accept },
            wire(
                "",
                json!({"kind": "DISMISS", "type": "PROMPT", "action": word}),
            ),
        );
    }
    row(
        v1::AnswerPrompt { text: "Ada".into() },
        wire(
            "Ada",
            json!({"kind": "DISMISS", "type": "PROMPT", "action": "OK"}),
        ),
    );
}

fn click_row(target: Target, wire: Value) {
    row(
        v1::Click {
            target: Some(target),
            ..Default::default()
        },
        json!({"action": "CLICK", "value": "", "target": wire,
            "meta": {"kind": "CLICK", "type": "NATURAL"}}),
    );
}

#[test]
fn targets() {
    let one = |kind: &str, value: &str| json!({"selectors": [{"type": kind, "value": value}]});
    click_row(
        Target::hint("Search").at(v1::TargetPosition::TopRight),
        guess(json!({"clue": "Search", "position": "TOP_RIGHT"})),
    );
    click_row(
        Target::hint("Save").of_kind(v1::ElementKind::Button),
        guess(json!({"clue": "Save", "elementType": "BUTTON"})),
    );
    click_row(
        Target::xpath("//a[@id='$$1']"),
        one("XPATH", "//a[@id='$1']"),
    );
    click_row(Target::id("go"), one("ID", "go"));
    click_row(
        Target::test_id("a\"b"),
        one(
            "CSS_SELECTOR",
            r#"[data-testid="a\"b"],[data-test-id="a\"b"],[data-test="a\"b"],[data-cy="a\"b"]"#,
        ),
    );
}

#[test]
fn a_hint_survives_whatever_it_contains() {
    for hint in [
        "say \"hi\"",
        "C:\\temp",
        "it's\nnew\t🎭",
        "{\"clue\":\"x\"}",
        "-1",
        "\u{2028}",
    ] {
        click_row(Target::hint(hint), clue(hint));
    }
}

#[test]
fn flags() {
    let none = v1::StepFlags::default;
    for (name, flags) in [
        (
            "optional",
            v1::StepFlags {
                optional: true,
                ..none()
            },
        ),
        (
            "ignoreOutcome",
            v1::StepFlags {
                ignore_outcome: true,
                ..none()
            },
        ),
        (
            "skip",
            v1::StepFlags {
                skip: true,
                ..none()
            },
        ),
    ] {
        let mut step = step(v1::ScrollToTop {});
        step.flags = Some(flags);
        let wire = sent(&step);
        assert_eq!(wire[name], json!(true));
        assert_eq!(
            decode(&received(wire.clone())),
            Decoded::Exact(step.clone())
        );
        assert_eq!(decode_stored(&stored(&wire)), Decoded::Exact(step));
    }
}
