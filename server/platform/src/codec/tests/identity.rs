//! Whatever the platform can hold comes back as it was.

use etude::v1::{self, Comparison, ElementKind, Target, TargetPosition};
use etude_language::template::{self, Part};
use proptest::prelude::*;

use super::*;

/// Text with everything that breaks a careless encoder.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,12}", "[ a\"'\\\\$@{}()+\n\t🎭é.-]{0,12}"]
}

fn some_text() -> impl Strategy<Value = String> {
    text().prop_filter("not empty", |text| !text.is_empty())
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_][a-zA-Z0-9_]{0,6}"
}

fn literal() -> impl Strategy<Value = String> {
    text().prop_map(|text| template::escape(&text).into_owned())
}

fn expression() -> impl Strategy<Value = String> {
    let quoted = || text().prop_map(|text| Value::from(text).to_string());
    prop_oneof![
        Just("${1 + 2}".to_owned()),
        Just("${[1, 2].map(x => { return x })}".to_owned()),
        name().prop_map(|name| format!("${{${name}}}")),
        (quoted(), name()).prop_map(|(text, name)| format!("${{({text} + ${name})}}")),
        (quoted(), name()).prop_map(|(text, name)| format!("${{{text} + ${name}}}")),
    ]
}

/// Variables around a text, as they are written when no braces are needed.
fn mixed() -> impl Strategy<Value = String> {
    (name(), literal(), name()).prop_filter_map("needs braces", |(a, text, b)| {
        let mixed = format!("${a}{text}${b}");
        let parts = template::parse(&mixed).ok()?.parts;
        let plain = |part: &Part, wanted: &str| {
            matches!(part, Part::Variable { name, path, default: None }
                if name == wanted && path.is_empty())
        };
        let whole = plain(parts.first()?, &a) && plain(parts.last()?, &b) && parts.len() < 4;
        whole.then_some(mixed)
    })
}

fn template() -> impl Strategy<Value = String> {
    let variable = name().prop_map(|name| format!("${name}"));
    prop_oneof![literal(), variable, expression(), mixed()]
}

fn target() -> impl Strategy<Value = Option<Target>> {
    let selector = || some_text().prop_map(|text| template::escape(&text).into_owned());
    let hint = prop_oneof![
        selector().prop_map(Target::hint),
        name().prop_map(Target::variable),
    ];
    // The first nine positions and seven kinds of the contract are the platform's.
    let hint = (hint, 0..9i32, 0..7i32).prop_map(|(target, position, kind)| {
        target
            .at(TargetPosition::try_from(position).unwrap())
            .of_kind(ElementKind::try_from(kind).unwrap())
    });
    prop_oneof![
        4 => hint,
        1 => selector().prop_map(Target::css),
        1 => selector().prop_map(Target::xpath),
        1 => selector().prop_map(Target::id),
        1 => selector().prop_map(Target::test_id),
    ]
    .prop_map(Some)
}

fn pointer() -> impl Strategy<Value = v1::Command> {
    (target(), -9..9i32, 0..11).prop_map(|(target, number, which)| match which {
        0 => v1::Click {
            target,
            ..Default::default()
        }
        .into(),
        1 => v1::DoubleClick {
            target,
            ..Default::default()
        }
        .into(),
        2 => v1::RightClick {
            target,
            ..Default::default()
        }
        .into(),
        3 => v1::Hover {
            target,
            ..Default::default()
        }
        .into(),
        4 => v1::MouseEnter { target }.into(),
        5 => v1::MouseDown { target }.into(),
        6 => v1::MouseUp { target }.into(),
        7 => v1::MoveMouseToElement { target }.into(),
        8 => v1::MoveMouse { x: number, y: -3 }.into(),
        9 => v1::MoveMouseBy { x: number, y: -3 }.into(),
        _ => v1::SwitchToFrame { target }.into(),
    })
}

fn input() -> impl Strategy<Value = v1::Command> {
    let parts = (target(), template(), name(), 1..9i32, 0..9);
    parts.prop_map(|(target, value, variable, number, which)| match which {
        0 => v1::Write {
            target,
            text: value,
            append: number > 4,
            ..Default::default()
        }
        .into(),
        1 => v1::SelectOption {
            target,
            option: value,
        }
        .into(),
        2 => v1::SelectIndex {
            target,
            index: number,
        }
        .into(),
        3 => v1::SelectIndex {
            target,
            index: -1 - number,
        }
        .into(),
        4 => v1::SelectLast { target }.into(),
        5 => v1::StoreText { target, variable }.into(),
        6 => v1::StoreAttribute {
            target,
            attribute: value,
            variable,
        }
        .into(),
        7 => v1::ScrollToElement {
            target,
            ..Default::default()
        }
        .into(),
        _ => {
            let key = format!("CTRL_{variable}").to_uppercase();
            v1::PressKey {
                key,
                target,
                ..Default::default()
            }
            .into()
        }
    })
}

fn assertion() -> impl Strategy<Value = v1::Command> {
    let parts = (target(), template(), literal(), name(), 0..12, 2..8i32);
    parts.prop_map(
        |(target, value, expected, variable, which, comparison)| match which {
            0 => v1::AssertExists { target }.into(),
            1 => v1::AssertNotExists { target }.into(),
            2 => v1::AssertEquals { target, value }.into(),
            3 => v1::AssertNotEquals { target, value }.into(),
            4 => v1::AssertLessThan { target, value }.into(),
            5 => v1::AssertLessThanOrEqual { target, value }.into(),
            6 => v1::AssertGreaterThan { target, value }.into(),
            7 => v1::AssertGreaterThanOrEqual { target, value }.into(),
            8 => v1::AssertSelected {
                target,
                option: value,
            }
            .into(),
            9 => v1::AssertChecked { target }.into(),
            10 => v1::AssertVariable {
                variable,
                comparison: Comparison::try_from(comparison).unwrap().into(),
                value: expected,
                ..Default::default()
            }
            .into(),
            _ => v1::AssertVariable {
                expression: format!("{} + ${variable}", Value::from(expected)),
                value: "x".into(),
                ..Default::default()
            }
            .into(),
        },
    )
}

fn without_element() -> impl Strategy<Value = v1::Command> {
    let parts = (template(), text(), some_text(), name(), -9..9i32, 0..10);
    parts.prop_map(|(value, any, some, variable, number, which)| match which {
        0 => v1::SetVariable { variable, value }.into(),
        1 => v1::CreateCookie {
            name: some,
            value,
            domain: any,
            secure: number > 0,
            ..Default::default()
        }
        .into(),
        2 => v1::DeleteCookie { name: some }.into(),
        3 => v1::Comment { text: any }.into(),
        4 => v1::ExecuteScript {
            script: some,
            ..Default::default()
        }
        .into(),
        5 => v1::ScrollBy {
            x: number,
            y: -number,
        }
        .into(),
        6 => v1::ScrollToPosition { x: number, y: 7 }.into(),
        7 => v1::AnswerPrompt {
            text: format!("!{}", template::escape(&any)),
        }
        .into(),
        8 => v1::WaitTime {
            duration: Some(prost_types::Duration {
                seconds: 1,
                nanos: (number + 9) * 1_000_000,
            }),
        }
        .into(),
        _ => v1::Navigate {
            url: format!("https://{}", template::escape(&some)),
            new_tab: number > 0,
            ..Default::default()
        }
        .into(),
    })
}

fn any_step() -> impl Strategy<Value = v1::Step> {
    let command = prop_oneof![pointer(), input(), assertion(), without_element()];
    (command, any::<[bool; 3]>()).prop_map(|(command, [optional, ignore_outcome, skip])| {
        let flags = v1::StepFlags {
            optional,
            ignore_outcome,
            skip,
            ..Default::default()
        };
        v1::Step {
            flags: (optional || ignore_outcome || skip).then_some(flags),
            ..step(command)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_encoded_is_decoded_to_the_same(step in any_step()) {
        // What was generated may break a rule of the contract: an empty name, say.
        let command = step.command.clone().unwrap();
        prop_assume!(etude::validate::Validated::new(command).is_ok());
        let wire = encode(&step).unwrap();
        // Through JSON, as it travels.
        let text = serde_json::to_string(&wire).unwrap();
        let wire: ParsedStep = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(decode(&wire), Decoded::Exact(step), "{}", text);
    }

    #[test]
    fn nothing_that_is_received_is_too_strange(
        action in "[A-Z_]{0,8}|CLICK|WRITE|STORE|WAIT|MOUSE|SWITCH|PICK|ASSERT_EQUALS",
        value in text(),
        expression in text(),
        hint in text(),
        kind in "[A-Z]{0,6}|OFFSET|TIME|ELEMENT",
    ) {
        let raw = received(json!({"action": action, "value": value, "expression": expression,
            "target": {"selectors": [{"type": "GUESS", "value": hint}]},
            "meta": {"type": kind, "x": value, "action": kind}}));
        let decoded = decode(&raw);
        if decoded.step().is_none() {
            prop_assert_eq!(decoded.encode().unwrap(), raw);
        }
    }
}
