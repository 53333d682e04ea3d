//! What other clients send, and what a run leaves in a step.

use etude::v1::{self, Target};

use super::*;

fn near(wire: Value) -> v1::Step {
    match decode(&received(wire.clone())) {
        Decoded::Near(step) => step,
        other => panic!("{wire} is {other:?}"),
    }
}

fn exact(wire: Value) -> v1::Step {
    match decode(&received(wire.clone())) {
        Decoded::Exact(step) => step,
        other => panic!("{wire} is {other:?}"),
    }
}

fn opaque(wire: Value) {
    let raw = received(wire.clone());
    let decoded = decode(&raw);
    assert_eq!(decoded, Decoded::Opaque(Box::new(raw)), "{wire}");
    // It is passed through as it came.
    let again = serde_json::to_value(decoded.encode().unwrap()).unwrap();
    assert_eq!(again, wire);
}

fn e() -> Option<Target> {
    Some(Target::hint("E"))
}

/// A step on the element E.
fn on_e(action: &str, value: &str, meta: Value) -> Value {
    json!({"action": action, "value": value, "target": clue("E"), "meta": meta})
}

#[test]
fn an_empty_meta_is_filled_in() {
    let bare = |action, value| exact(on_e(action, value, json!({})));
    assert_eq!(
        bare("CLICK", ""),
        step(v1::Click {
            target: e(),
            ..Default::default()
        })
    );
    let differs = v1::AssertNotEquals {
        target: e(),
        value: "V".into(),
    };
    assert_eq!(bare("ASSERT_NOT_EQUALS", "V"), step(differs));
    let selected = v1::AssertSelected {
        target: e(),
        option: String::new(),
    };
    assert_eq!(bare("ASSERT_SELECTED", ""), step(selected));
    let option = v1::SelectOption {
        target: e(),
        option: "V".into(),
    };
    assert_eq!(bare("PICK", "V"), step(option));
    let wait = v1::WaitForElement {
        target: e(),
        max: None,
    };
    assert_eq!(bare("WAIT", "20000"), step(wait));
    let key = v1::PressKey {
        key: "ENTER".into(),
        target: e(),
        ..Default::default()
    };
    assert_eq!(bare("KEY", "ENTER"), step(key));
    let url = "http://f.example/a".to_owned();
    assert_eq!(
        bare("UPLOAD", &url),
        step(v1::UploadUrl {
            target: e(),
            url: url.clone()
        })
    );
}

#[test]
fn a_kind_may_be_missing() {
    let wire = json!({"action": "SWITCH", "meta": {"type": "PARENT_FRAME"}});
    assert_eq!(exact(wire), step(v1::SwitchToParentFrame {}));
    let wire = json!({"action": "WAIT", "value": "1500", "meta": {"type": "TIME"}});
    let duration = Some(prost_types::Duration {
        seconds: 1,
        nanos: 500_000_000,
    });
    assert_eq!(exact(wire), step(v1::WaitTime { duration }));
    let url = "https://a.example".to_owned();
    let wire = json!({"action": "NAVIGATE", "value": url, "meta": {"useNewTab": true}});
    let navigate = v1::Navigate {
        url,
        new_tab: true,
        ..Default::default()
    };
    assert_eq!(exact(wire), step(navigate));
}

#[test]
fn sentences_in_the_value_are_text() {
    let exists = on_e("ASSERT_EXISTS", "see \"E\"", json!({}));
    assert_eq!(near(exists), step(v1::AssertExists { target: e() }));
    let checked = on_e("ASSERT_CHECKED", "see E is checked", json!({}));
    assert_eq!(near(checked), step(v1::AssertChecked { target: e() }));
    let value = "expect E to have text \"V\"".to_owned();
    let equals = on_e("ASSERT_EQUALS", &value, json!({}));
    assert_eq!(exact(equals), step(v1::AssertEquals { target: e(), value }));
}

#[test]
fn a_selector_may_say_kind_ai() {
    let ai = json!({"selectors": [{"kind": "AI", "value": "{\"clue\":\"E\"}"}]});
    let scroll =
        json!({"action": "SCROLL", "value": "", "target": ai, "meta": {"type": "ELEMENT"}});
    let typed = v1::ScrollToElement {
        target: e(),
        ..Default::default()
    };
    assert_eq!(near(scroll), step(typed));
    let wait = json!({"action": "WAIT", "value": "", "target": ai,
        "meta": {"type": "ELEMENT_VISIBLE", "timeoutMs": 3000}});
    let max = Some(prost_types::Duration {
        seconds: 3,
        nanos: 0,
    });
    assert_eq!(near(wait), step(v1::WaitForElement { target: e(), max }));
}

#[test]
fn quotes_that_are_not_escaped_are_read() {
    let hint = "say \"hi\" \\ now";
    let broken = format!("{{\"clue\":\"{hint}\"}}");
    let wire = json!({"action": "CLICK", "value": "", "meta": {},
        "target": {"selectors": [{"type": "GUESS", "value": broken}]}});
    let target = Some(Target::hint(hint));
    assert_eq!(
        near(wire),
        step(v1::Click {
            target,
            ..Default::default()
        })
    );
}

#[test]
fn a_hint_without_text_is_no_target() {
    let wire = json!({"action": "MOUSE", "target": clue(""), "meta": {"action": "DOWN"}});
    assert_eq!(exact(wire), step(v1::MouseDown { target: None }));
    opaque(json!({"action": "CLICK", "value": "", "target": clue(""), "meta": {}}));
}

#[test]
fn positions_of_a_click_are_places() {
    let target = guess(json!({"clue": "S", "position": "TOP_CENTER", "elementType": "button"}));
    let wire = json!({"action": "CLICK", "value": "", "target": target, "meta": {}});
    let place = Target::hint("S").at(v1::TargetPosition::Top);
    let target = Some(place.of_kind(v1::ElementKind::Button));
    assert_eq!(
        near(wire),
        step(v1::Click {
            target,
            ..Default::default()
        })
    );
}

#[test]
fn a_target_under_element_is_a_target() {
    let wire = json!({"action": "WAIT", "value": "20000", "meta": {},
        "element": {"target": clue("E")}});
    assert_eq!(
        exact(wire),
        step(v1::WaitForElement {
            target: e(),
            max: None
        })
    );
}

#[test]
fn a_variable_stands_before_the_text_beside_it() {
    let wire = json!({"action": "WRITE", "value": "text", "variable": "v", "target": clue("E"),
        "meta": {}});
    let write = v1::Write {
        target: e(),
        text: "$v".into(),
        ..Default::default()
    };
    assert_eq!(near(wire), step(write));
}

#[test]
fn what_a_run_has_found_does_not_hide_the_hint() {
    let stored: model::Step = serde_json::from_value(json!({
        "id": 9001, "canonicalId": "5c2b", "action": "CLICK", "value": "",
        "meta": {"kind": "CLICK", "type": "NATURAL"},
        "element": {"id": 7001, "target": {"kind": "BUTTON", "selectors": [
            {"type": "XPATH", "value": "/html/body/div[1]/form/button"},
            {"type": "XPATH_ID", "value": "//*[@id='go']"},
            {"type": "CSS_SELECTOR", "value": "form > .btn"},
            {"type": "GUESS", "value": "{\"clue\":\"Login\"}"}],
            "tagName": "BUTTON", "text": "Login"}},
        "optional": false, "ignoreOutcome": false, "skip": true}))
    .unwrap();
    let target = Some(Target::hint("Login"));
    let mut click = step(v1::Click {
        target,
        ..Default::default()
    });
    click.flags = Some(v1::StepFlags {
        skip: true,
        ..Default::default()
    });
    assert_eq!(decode_stored(&stored), Decoded::Exact(click));
}

#[test]
fn spellings_of_other_clients() {
    let option = v1::SelectOption {
        target: e(),
        option: "no".into(),
    };
    assert_eq!(
        near(on_e("PICK", "no", json!({"type": "VALUE"}))),
        step(option)
    );
    let chord = json!({"action": "KEY", "value": "a", "meta": {"modifiers": ["ctrl", "shift"]}});
    let key = v1::PressKey {
        key: "a".into(),
        modifiers: vec![
            v1::ModifierKey::Control.into(),
            v1::ModifierKey::Shift.into(),
        ],
        ..Default::default()
    };
    assert_eq!(near(chord), step(key));
    let raw_click = on_e("MOUSE", "", json!({"kind": "MOUSE", "action": "CLICK"}));
    assert_eq!(
        near(raw_click),
        step(v1::Click {
            target: e(),
            ..Default::default()
        })
    );
    let dollar = json!({"action": "STORE", "value": "x", "variable": "$v", "meta": {}});
    let set = v1::SetVariable {
        variable: "v".into(),
        value: "x".into(),
    };
    assert_eq!(near(dollar), step(set));
}

#[test]
fn what_no_command_describes_is_passed_through() {
    let bare = |action: &str, value: &str, meta: Value| {
        opaque(json!({"action": action, "value": value, "meta": meta}));
    };
    bare(
        "API_CALL",
        "123",
        json!({"kind": "API_CALL", "apiTestId": 123,
        "inputValues": {"p": "v"}, "inputVariables": {"url": "url"}}),
    );
    bare("EXECUTE", "login", json!({"kind": "EXECUTE", "name": "x"}));
    bare("SCROLL", "", json!({"type": "SIDEWAYS"}));
    bare("MOUSE", "", json!({"action": "MOVE", "x": "left", "y": 1}));
    bare("SWITCH", "", json!({"type": "FRAME_BY_INDEX"}));
    bare(
        "NAVIGATE",
        "https://a.example",
        json!({"url": "https://b.example"}),
    );
    bare("NAVIGATE", "", json!({}));
    bare("WAIT", "soon", json!({"type": "TIME"}));
    bare("", "", json!({}));
    opaque(json!({"action": "TELEPORT", "value": "", "meta": {"kind": "TELEPORT"}, "newField": 1}));
    // Known actions with something that nobody has described.
    opaque(on_e("CLICK", "", json!({"kind": "CLICK", "force": true})));
    opaque(on_e("MOUSE", "", json!({"action": "DRAG"})));
    opaque(on_e("PICK", "0", json!({"type": "INDEX"})));
    opaque(
        json!({"action": "WRITE", "value": "", "target": clue("E"), "variable": "not a name",
        "meta": {}}),
    );
    let path = json!({"selectors": [{"type": "JS_PATH", "value": "document.body"}]});
    opaque(json!({"action": "CLICK", "value": "", "target": path, "meta": {}}));
}
