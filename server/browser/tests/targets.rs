//! The rule of docs/targets.md: one test and one page per part of it.

#![allow(clippy::unwrap_used)]

mod common;

use common::commands::*;
use common::{Harness, rule, warned};
use etude::v1;
use etude::v1::target::Locator;
use etude::v1::{
    ElementKind, Fallback, RoleLocator, SelectorKind, Target, TargetPosition, WarningKind,
    command::Action, fallback,
};

/// The id of the element that a target resolves to.
async fn id_of(harness: &mut Harness, target: Target) -> String {
    let execution = harness
        .pass(command(Action::StoreAttribute(v1::StoreAttribute {
            target: Some(target),
            attribute: "id".to_owned(),
            variable: "id".to_owned(),
        })))
        .await;
    execution.output.unwrap().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tier_finds_its_element() {
    let mut harness = Harness::start().await;
    harness.open("/hint_tiers.html").await;
    for (text, expected_rule, result) in [
        ("Visible text", "visible text", "by visible text"),
        ("Label text", "label", "by label"),
        ("Wrapped label", "label", "by wrapping label"),
        ("Placeholder text", "placeholder", "by placeholder"),
        ("Accessible label", "accessible name", "by aria-label"),
        ("Two parts", "accessible name", "by aria-labelledby"),
        ("Button value", "button value", "by button value"),
        ("Title text", "title or alt", "by title"),
        ("Alternative text", "title or alt", "by alt"),
        ("field-name", "name, id or test id", "by name"),
        ("field-test-id", "name, id or test id", "by test id"),
        ("Any text at all", "any text", "by any text"),
    ] {
        let execution = harness.pass(click(hint(text))).await;
        assert_eq!(rule(&execution), expected_rule, "{text}");
        assert_eq!(harness.result().await, result, "{text}");
    }
    let execution = harness.pass(write(hint("Nearby text"), "x")).await;
    assert_eq!(rule(&execution), "nearby text");
    assert_eq!(harness.result().await, "by nearby text");
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tiers_are_tried_in_order() {
    let mut harness = Harness::start().await;
    harness.open("/tier_order.html").await;
    for expected in [
        "by-text",
        "by-label",
        "by-placeholder",
        "by-aria",
        "by-value",
        "by-title",
        "by-name",
        "any",
    ] {
        assert_eq!(id_of(&mut harness, hint("Search")).await, expected);
        harness
            .eval(&format!("document.getElementById('{expected}').remove()"))
            .await;
        if expected == "by-label" {
            harness
                .eval("document.querySelector('label').remove()")
                .await;
        }
    }
    harness
        .error(click(hint("Search")), "TARGET_NOT_FOUND")
        .await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_texts_come_before_parts_of_texts() {
    let mut harness = Harness::start().await;
    harness.open("/whole_before_part.html").await;
    assert_eq!(id_of(&mut harness, hint("Save")).await, "labelled");
    let part = harness.pass(click(hint("as draft"))).await;
    assert_eq!(rule(&part), "visible text, in part");
    assert_eq!(
        id_of(&mut harness, hint("White space does not count")).await,
        "mixed"
    );
    assert_eq!(id_of(&mut harness, hint("SHOUTED")).await, "upper");
    assert_eq!(id_of(&mut harness, hint("Shouted")).await, "upper");
    harness
        .error(click(hint("case matters")), "TARGET_NOT_FOUND")
        .await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_word_filters() {
    let mut harness = Harness::start().await;
    harness.open("/kinds.html").await;
    for (kind, expected) in [
        (ElementKind::Link, "link"),
        (ElementKind::Button, "button"),
        (ElementKind::Input, "input"),
        (ElementKind::Image, "image"),
        (ElementKind::Dropdown, "dropdown"),
        (ElementKind::Checkbox, "checkbox"),
        (ElementKind::Radio, "radio"),
        (ElementKind::File, "file"),
    ] {
        assert_eq!(
            id_of(&mut harness, of_kind("Open", kind)).await,
            expected,
            "{kind:?}"
        );
    }
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_takes_what_it_can_act_on() {
    let mut harness = Harness::start().await;
    harness.open("/kinds.html").await;
    harness.pass(write(hint("Country"), "Chile")).await;
    harness.pass(equals(css("#country-field"), "Chile")).await;
    harness.pass(select(hint("Country"), "Peru")).await;
    harness.pass(equals(css("#country-select"), "Peru")).await;
    let failure = harness
        .error(write(hint("Only a heading"), "x"), "WRONG_ELEMENT")
        .await;
    assert!(failure.message.contains("<h3"), "{}", failure.message);
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_word_or_a_number_chooses() {
    let mut harness = Harness::start().await;
    harness.open("/positions.html").await;
    for (position, expected) in [
        (TargetPosition::Unspecified, "middle"),
        (TargetPosition::Top, "north"),
        (TargetPosition::Bottom, "south-west"),
        (TargetPosition::Left, "north-west"),
        (TargetPosition::Right, "north-east"),
        (TargetPosition::TopLeft, "north-west"),
        (TargetPosition::TopRight, "north-east"),
        (TargetPosition::BottomLeft, "south-west"),
        (TargetPosition::BottomRight, "south-east"),
    ] {
        assert_eq!(
            id_of(&mut harness, at("Place", position)).await,
            expected,
            "{position:?}"
        );
    }
    for (nth, expected) in [
        (1, "middle"),
        (2, "north-west"),
        (6, "north"),
        (-2, "north"),
    ] {
        let target = Target {
            nth,
            ..hint("Place")
        };
        assert_eq!(id_of(&mut harness, target).await, expected, "number {nth}");
    }
    let failure = harness
        .error(
            click(Target {
                nth: 9,
                ..hint("Place")
            }),
            "TARGET_NOT_FOUND",
        )
        .await;
    assert!(
        failure.message.contains("only 7 match"),
        "{}",
        failure.message
    );
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn visible_elements_come_before_hidden_twins() {
    let mut harness = Harness::start().await;
    harness.open("/duplicates.html").await;
    let execution = harness.pass(click(hint("Buy"))).await;
    assert_eq!(harness.result().await, "first visible");
    assert_eq!(execution.target.as_ref().unwrap().candidates, 4);
    assert!(
        warned(&execution, WarningKind::Ambiguous),
        "{:?}",
        execution.warnings
    );
    let execution = harness
        .pass(click(Target {
            nth: 2,
            ..hint("Buy")
        }))
        .await;
    assert_eq!(harness.result().await, "second visible");
    assert!(
        !warned(&execution, WarningKind::Ambiguous),
        "a number is a choice"
    );
    let failure = harness
        .error(click(hint("Never shown")), "TARGET_NOT_ACTIONABLE")
        .await;
    assert!(
        failure.message.contains("not visible"),
        "{}",
        failure.message
    );
    harness.pass(exists(hint("Never shown"))).await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_innermost_element_is_meant_and_the_clickable_one_clicked() {
    let mut harness = Harness::start().await;
    harness.open("/innermost.html").await;
    assert_eq!(id_of(&mut harness, hint("Only once")).await, "leaf");
    harness.pass(click(hint("Card heading"))).await;
    assert_eq!(harness.result().await, "card");
    harness.pass(click(hint("I agree"))).await;
    assert_eq!(harness.result().await, "agreed true");
    let uncheck = v1::Uncheck {
        target: Some(hint("I agree")),
    };
    harness.pass(command(Action::Uncheck(uncheck))).await;
    assert_eq!(harness.result().await, "agreed false");
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn explicit_locators_find_their_elements() {
    let mut harness = Harness::start().await;
    harness.open("/form.html").await;
    let role = |role: &str, name: &str| {
        Locator::Role(RoleLocator {
            role: role.to_owned(),
            name: name.to_owned(),
        })
    };
    for (how, expected) in [
        (Locator::Css("form input[type=number]".to_owned()), "age"),
        (
            Locator::Xpath("//label[contains(., 'Notes')]/textarea".to_owned()),
            "notes",
        ),
        (Locator::Id("birthday".to_owned()), "birthday"),
        (role("textbox", "User name"), "user"),
        (role("switch", "Night mode"), "night"),
        (role("button", "Off"), "off"),
        (Locator::Label("Colour".to_owned()), "colour"),
        (Locator::Text("Old story".to_owned()), "editable"),
        (Locator::Hint("//select".to_owned()), "colour"),
        (Locator::Hint("#news".to_owned()), "news"),
    ] {
        assert_eq!(
            id_of(&mut harness, locator(how.clone())).await,
            expected,
            "{how:?}"
        );
    }
    harness.open("/hint_tiers.html").await;
    let test_id = locator(Locator::TestId("field-test-id".to_owned()));
    harness.pass(click(test_id)).await;
    assert_eq!(harness.result().await, "by test id");
    harness
        .pass(click(locator(Locator::Placeholder(
            "Placeholder text".to_owned(),
        ))))
        .await;
    assert_eq!(harness.result().await, "by placeholder");
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn selectors_that_cannot_be_read_are_refused_at_once() {
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    for target in [css("p["), locator(Locator::Xpath("//p[".to_owned()))] {
        let begun = std::time::Instant::now();
        let execution = harness.run(click(target)).await;
        assert!(begun.elapsed() < common::LONG, "it was waited for");
        let etude_engine::backend::Verdict::Error(failure) = execution.verdict else {
            panic!("{:?}", execution.verdict);
        };
        assert_eq!(failure.reason, "INVALID_SELECTOR");
    }
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_that_is_a_selector_falls_back_to_its_text() {
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    harness
        .eval("document.querySelector('h1').textContent = '#1st place'")
        .await;
    harness
        .eval("document.querySelector('#go').textContent = '.dotted'")
        .await;
    let execution = harness.pass(click(hint(".dotted"))).await;
    let target = execution.target.unwrap();
    assert_eq!(target.selector.unwrap().kind(), SelectorKind::Hint);
    assert_eq!(target.failed_selectors.len(), 1);
    assert_eq!(
        target.failed_selectors[0].selector.as_ref().unwrap().kind(),
        SelectorKind::Css
    );
    harness.pass(exists(hint("#1st place"))).await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fallbacks_are_tried_in_order_until_one_matches() {
    let with = |target: Target, fallbacks: &[fallback::Locator]| Target {
        fallbacks: fallbacks
            .iter()
            .cloned()
            .map(|locator| Fallback {
                locator: Some(locator),
            })
            .collect(),
        ..target
    };
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    let go = fallback::Locator::Css("#go".into());
    let nobody = fallback::Locator::Hint("Nobody has this text".into());
    let unreadable = fallback::Locator::Xpath("//[".into());
    let target = with(
        Target::xpath("Login"),
        &[unreadable.clone(), nobody.clone(), go],
    );
    let execution = harness.pass(click(target)).await;
    let warnings: Vec<_> = execution.warnings.iter().map(|one| one.kind()).collect();
    assert_eq!(warnings, [WarningKind::Fallback]);
    let message = &execution.warnings[0].message;
    for part in [
        "found by the fallback CSS selector “#go”",
        "XPath “Login” (no match)",
        "hint “Nobody",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let found = execution.target.unwrap();
    assert_eq!(found.selector.unwrap().value, "#go");
    let failed = found.failed_selectors.iter();
    let failed: Vec<_> = failed
        .map(|failed| failed.selector.as_ref().unwrap().value.as_str())
        .collect();
    assert_eq!(failed, ["Login", "//[", "Nobody has this text"]);
    let first = with(Target::css("#go"), std::slice::from_ref(&nobody));
    let execution = harness.pass(click(first)).await;
    assert!(!warned(&execution, WarningKind::Fallback));
    // None matches: one that cannot be read does not make the others wrong.
    let missing = with(Target::css("#none"), &[unreadable, nobody]);
    harness.error(click(missing), "TARGET_NOT_FOUND").await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_shadow_roots_are_searched() {
    let mut harness = Harness::start().await;
    harness.open("/shadow.html").await;
    harness.pass(click(hint("Shadow button"))).await;
    assert_eq!(harness.result().await, "shadow click");
    harness.pass(click(css(".deep-button"))).await;
    harness.pass(write(hint("Shadow field"), "deep text")).await;
    assert_eq!(harness.result().await, "deep text");
    harness
        .pass(equals(
            locator(Locator::TestId("deep".to_owned())),
            "deep text",
        ))
        .await;
    harness
        .error(click(hint("Closed button")), "TARGET_NOT_FOUND")
        .await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_any_origin_are_searched() {
    let mut harness = Harness::start().await;
    harness.open("/frames.html").await;
    for (where_, path) in [("same", vec![0]), ("nested", vec![1, 0])] {
        let execution = harness.pass(click(hint(&format!("Pay {where_}")))).await;
        assert_eq!(execution.target.unwrap().frame, path, "{where_}");
        harness.pass(exists(hint(&format!("paid {where_}")))).await;
        harness
            .pass(write(hint(&format!("Card number {where_}")), "4242 4242"))
            .await;
        harness
            .pass(equals(hint(&format!("Card number {where_}")), "4242 4242"))
            .await;
    }
    harness.pass(not_exists(hint("Pay nobody"))).await;
    let failure = harness.fail(not_exists(hint("Pay nested"))).await;
    assert!(
        failure.message.contains("Pay nested"),
        "{}",
        failure.message
    );
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_elements_are_waited_for() {
    let mut harness = Harness::start().await;
    for (text, result) in [
        ("Late button", "late click"),
        ("Enabled later", "enabled click"),
        ("Shown later", "shown click"),
    ] {
        harness.open("/late.html").await;
        harness.pass(click(hint(text))).await;
        assert_eq!(harness.result().await, result);
    }
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_elements_are_hit() {
    let mut harness = Harness::start().await;
    harness.open("/moving.html").await;
    harness.pass(click(hint("Animated"))).await;
    assert_eq!(harness.result().await, "animated hit;");
    harness.open("/moving.html").await;
    harness.pass(click(hint("Scripted"))).await;
    assert_eq!(harness.result().await, "scripted hit;");
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_covered_element_is_clicked_by_script_with_a_warning() {
    let mut harness = Harness::start().await;
    harness.open("/overlay.html").await;
    let execution = harness.quickly(click(hint("Under"))).await;
    assert_eq!(execution.verdict, etude_engine::backend::Verdict::Pass);
    assert_eq!(harness.result().await, "under clicked;");
    assert!(
        warned(&execution, WarningKind::Forced),
        "{:?}",
        execution.warnings
    );
    assert!(
        execution.warnings[0].message.contains("id=\"cover\""),
        "{:?}",
        execution.warnings
    );
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlay_that_goes_is_waited_for() {
    let mut harness = Harness::start().await;
    harness.open("/overlay.html?going").await;
    let execution = harness.pass(click(hint("Under"))).await;
    assert_eq!(harness.result().await, "under clicked;");
    assert!(
        !warned(&execution, WarningKind::Forced),
        "{:?}",
        execution.warnings
    );
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_miss_names_what_comes_near() {
    let mut harness = Harness::start().await;
    harness.open("/suggestions.html").await;
    let failure = harness
        .error(click(hint("Login now")), "TARGET_NOT_FOUND")
        .await;
    assert!(failure.hint.contains("“Log in now”"), "{failure:?}");
    let execution = harness.quickly(click(hint("log in now"))).await;
    let target = execution.target.unwrap();
    assert_eq!(target.suggestions[0], "Log in now");
    assert_eq!(target.failed_selectors.len(), 1);
    let failure = harness.fail(exists(hint("E-mail adress"))).await;
    assert!(failure.hint.contains("“E-mail address”"), "{failure:?}");
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_element_is_found_again() {
    let mut harness = Harness::start().await;
    harness.open("/positions.html").await;
    let store = v1::StoreElement {
        target: Some(at("Place", TargetPosition::BottomRight)),
        variable: "corner".to_owned(),
    };
    let stored = harness
        .pass(command(Action::StoreElement(store)))
        .await
        .output
        .unwrap();
    harness
        .options
        .variables
        .insert("corner".to_owned(), stored);
    let variable = || locator(Locator::Variable("corner".to_owned()));
    assert_eq!(id_of(&mut harness, variable()).await, "south-east");
    // Where its own selector fails, the hint that once found it serves.
    harness
        .eval("document.getElementById('south-east').remove()")
        .await;
    assert_eq!(id_of(&mut harness, variable()).await, "middle");
    let unknown = locator(Locator::Variable("nothing".to_owned()));
    harness.error(click(unknown), "UNKNOWN_VARIABLE").await;
    harness.close().await;
}
