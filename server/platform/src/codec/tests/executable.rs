//! Steps that are executed although no command says all of them.

use etude::v1::command::Action;
use etude::v1::{Fallback, fallback, target::Locator};
use serde_json::{Value, json};

use crate::codec::executables;
use crate::model::Step;

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
    assert_eq!(target.kind(), etude::v1::ElementKind::Button);
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
