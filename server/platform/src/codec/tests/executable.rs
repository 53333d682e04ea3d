//! Steps that are executed although no command says all of them.

use etude::v1::command::Action;
use etude::v1::{self, Fallback, fallback, target::Locator};
use serde_json::{Value, json};

use crate::codec::{decode, encode, executables, is_stored_as};
use crate::model::{ParsedStep, Step};

/// The one step's command, or why there is none.
fn read(step: Value) -> Result<Action, String> {
    let step: Step = serde_json::from_value(step).unwrap();
    let mut all = executables([&step]);
    let step = all.remove(0)?;
    Ok(step.command.unwrap().action.unwrap())
}

#[test]
fn all_selectors_count_in_their_order_and_a_hint_narrows_them_down() {
    let selectors = json!([
        {"type": "XPATH", "value": "Login"}, {"type": "UNHEARD", "value": "x"},
        {"type": "CSS_SELECTOR", "value": "form > .btn"},
        {"type": "GUESS", "value": "{\"clue\":\"Log in\",\"elementType\":\"BUTTON\"}"},
    ]);
    let click = json!({"action": "CLICK", "meta": {"kind": "CLICK", "type": "NATURAL"},
        "element": {"target": {"selectors": selectors}}});
    let Action::Click(click) = read(click).unwrap() else {
        panic!("no click");
    };
    let target = click.target.unwrap();
    assert_eq!(target.locator, Some(Locator::Xpath("Login".into())));
    let fallback = |locator| Fallback {
        locator: Some(locator),
    };
    let css = fallback(fallback::Locator::Css("form > .btn".into()));
    let hint = fallback(fallback::Locator::Hint("Log in".into()));
    assert_eq!(target.fallbacks, [css, hint]);
    assert_eq!(target.kind(), v1::ElementKind::Button);
}

#[test]
fn what_nobody_knows_of_a_step_is_passed_over() {
    let element = |guess: &str| {
        let guess = json!({"type": "GUESS", "value": guess});
        json!({"target": {"selectors": [guess]}})
    };
    let odd = "{\"clue\":\"#b\",\"position\":\"CENTRE\",\"elementType\":\"DIV\",\"x\":1}";
    for (step, expected) in [
        (
            json!({"action": "KEY", "value": "ArrowDown", "meta": {}}),
            "PressKey",
        ),
        (
            json!({"action": "KEY", "value": "F1", "meta": {"kind": "KEYBOARD", "key": "F1"}}),
            "PressKey",
        ),
        (
            json!({"action": "UPLOAD", "value": "https://x.test/a", "element": element(odd),
                "meta": {"kind": "UPLOAD", "url": "https://x.test/a"}}),
            "UploadUrl",
        ),
        (
            json!({"action": "CLICK", "meta": {"kind": "CLICK", "x": true}, "element": element(odd)}),
            "Click",
        ),
        (
            json!({"action": "SCROLL", "meta": {"kind": "SCROLL", "type": "TOP"},
                "element": element(odd)}),
            "ScrollToTop",
        ),
        (
            json!({"action": "NAVIGATE", "value": "/two", "meta": {"kind": "NAVIGATE", "type": "URL"}}),
            "Navigate",
        ),
        (
            json!({"action": "STORE", "variable": "v", "element": element(odd),
                "meta": {"kind": "STORE", "attribute": ""}}),
            "StoreText",
        ),
        (
            json!({"action": "COMMENT", "value": "x".repeat(9000), "meta": {}}),
            "Comment",
        ),
    ] {
        let read = format!("{:?}", read(step.clone()));
        assert!(
            read.starts_with(&format!("Ok({expected}")),
            "{step} is {read}"
        );
    }
}

#[test]
fn what_cannot_be_executed_says_why() {
    for (step, why) in [
        (
            json!({"action": "STORE", "value": "x", "variable": "my var", "meta": {"kind": "STORE"}}),
            "variable",
        ),
        (
            json!({"action": "WINDOW", "meta": {"type": "RESIZE", "dimension": {"width": 0, "height": 0}}}),
            "width",
        ),
        (
            json!({"action": "WAIT", "value": "abc", "meta": {"type": "TIME"}}),
            "the value \"abc\" and the meta {\"type\":\"TIME\"}, without a target",
        ),
    ] {
        let told = read(step.clone()).unwrap_err();
        assert!(told.contains(why), "{step}: {told}");
    }
}

/// A click on these selectors, as it is sent.
fn click(selectors: Value) -> ParsedStep {
    let step = json!({"action": "CLICK", "value": "", "meta": {"kind": "CLICK", "type": "NATURAL"},
        "target": {"selectors": selectors}});
    serde_json::from_value(step).unwrap()
}

fn stored(step: &ParsedStep) -> Step {
    let mut stored = serde_json::to_value(step).unwrap();
    let target = stored.as_object_mut().unwrap().shift_remove("target");
    stored["element"] = json!({"target": target});
    serde_json::from_value(stored).unwrap()
}

#[test]
fn selectors_without_a_hint_are_a_locator_and_its_fallbacks() {
    let two = click(json!([{"type": "CSS_SELECTOR", "value": "#first"},
        {"type": "CSS_SELECTOR", "value": "#k"}]));
    let read = decode(&two);
    assert_eq!(read.encode().unwrap(), two, "nothing is lost");
    let one = |css: &str| click(json!([{"type": "CSS_SELECTOR", "value": css}]));
    // Another element, also where the platform has its selector somewhere.
    assert!(!is_stored_as(&one("#k"), &stored(&two)));
    assert!(!is_stored_as(&one("#first"), &stored(&two)));
    assert!(is_stored_as(&two, &stored(&two)));
    assert!(is_stored_as(&one("#k"), &stored(&one("#k"))));
}

#[test]
fn a_hint_behind_what_a_run_has_found_is_what_the_author_wrote() {
    let guess = json!({"type": "GUESS", "value": "{\"clue\":\"Log in\"}"});
    let css = json!({"type": "CSS_SELECTOR", "value": "#go"});
    let found = stored(&click(json!([css, guess])));
    assert!(is_stored_as(&click(json!([guess])), &found));
    assert!(!is_stored_as(&click(json!([css])), &found));
    // What only runs write tells that the rest may be theirs too.
    let by_id = json!({"type": "XPATH_ID", "value": "//*[@id='go']"});
    let found = stored(&click(json!([by_id, css])));
    assert!(is_stored_as(&click(json!([css])), &found));
    // The other way round, the hint is the author's first choice.
    let both = click(json!([guess, css]));
    assert_eq!(decode(&both).encode().unwrap(), both);
    let step = v1::Step {
        command: Some(
            v1::Click {
                target: Some(v1::Target {
                    fallbacks: vec![Fallback {
                        locator: Some(fallback::Locator::Hint("Log in".into())),
                    }],
                    ..v1::Target::css("#go")
                }),
                ..v1::Click::default()
            }
            .into(),
        ),
        ..v1::Step::default()
    };
    let refused = encode(&step).unwrap_err().to_string();
    assert!(refused.contains("make the hint the locator"), "{refused}");
}

#[test]
fn keys_of_several_words_are_spelled_in_capitals() {
    for (key, expected) in [
        ("ArrowDown", "ARROW_DOWN"),
        ("Control+PageUp", "CTRL_PAGE_UP"),
    ] {
        let step = v1::Step {
            command: Some(
                v1::PressKey {
                    key: key.to_owned(),
                    ..v1::PressKey::default()
                }
                .into(),
            ),
            ..v1::Step::default()
        };
        let sent = encode(&step).unwrap();
        assert_eq!(sent.value.as_deref(), Some(expected));
    }
}
