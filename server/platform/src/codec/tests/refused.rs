//! What the platform cannot hold is told with what to use instead.

use etude::v1::{self, Backend, ErrorReason, Target};
use prost_reflect::{DynamicMessage, ReflectMessage as _};

use super::super::unsupported::Refusal;
use super::*;

fn refused(step: &v1::Step) -> String {
    match encode(step) {
        Err(unsupported) => unsupported.to_string(),
        Ok(wire) => panic!("{step:?} is {wire:?}"),
    }
}

/// A step is refused, and the message has this part.
fn check(step: v1::Step, part: &str) {
    let text = refused(&step);
    assert!(text.starts_with("the platform cannot hold "), "{text}");
    assert!(text.contains(part), "{text} lacks {part}");
}

#[test]
fn the_catalogue_says_which_commands_the_platform_has() {
    for spec in etude::catalog::commands() {
        let path = spec.path();
        let supported = spec.supports(Backend::Platform);
        let specific = alternative(&path) != alternative("no/such-command");
        assert_eq!(specific, !supported, "{path}");
        let mut message = DynamicMessage::new(v1::Command::default().descriptor());
        let empty = DynamicMessage::new(spec.message.clone());
        message.set_field(&spec.action, prost_reflect::Value::Message(empty));
        let command: v1::Command = message.transcode_to().unwrap();
        let is_unknown = encode_command(&command).err() == Some(Refusal::Command);
        assert_eq!(is_unknown, !supported, "{path}");
    }
}

#[test]
fn a_command_is_refused_with_its_alternative() {
    let error = encode(&step(v1::GoBack {})).unwrap_err();
    assert_eq!(error.command, "navigate/back");
    let alternative = "navigate to the address of the page instead";
    assert_eq!(
        error.to_string(),
        format!("the platform cannot hold navigate/back; {alternative}")
    );
    let error = etude_engine::Error::from(error);
    assert_eq!(error.reason, ErrorReason::CommandUnsupported);
    assert_eq!(error.metadata["command"], "navigate/back");
    assert_eq!(error.metadata["alternative"], alternative);
}

#[test]
fn a_target_is_refused_with_what_to_do() {
    let click = |target: Target| {
        step(v1::Click {
            target: Some(target),
            ..Default::default()
        })
    };
    check(click(Target::hint("Item").nth(2)), "by its number");
    check(click(Target::hint("Item $n")), "cannot have variables");
    check(
        click(Target::role("button", "Save")),
        "use the hint \"Save\"",
    );
    check(click(Target::label("E-mail")), "use the hint \"E-mail\"");
    check(
        click(Target::css("#a").at(v1::TargetPosition::Top)),
        "beside a selector",
    );
    check(
        click(Target::hint("A").of_kind(v1::ElementKind::Radio)),
        "kind of element",
    );
    check(click(Target::default()), "its target is empty");
    check(step(v1::Click::default()), "its target is missing");
}

#[test]
fn a_value_is_refused_with_what_to_do() {
    let target = || Some(Target::hint("E"));
    let write = |text: &str| {
        step(v1::Write {
            target: target(),
            text: text.into(),
            ..Default::default()
        })
    };
    check(write("$a with default \"b\""), "with a default");
    check(write("$user.name"), "a path into a variable");
    check(write("${ENV:USER}"), "environment variable");
    check(write("a ${1 + 1}"), "a text with an expression inside");
    check(write("${"), "no closing");
    let compare = v1::AssertVariable {
        variable: "a".into(),
        value: "$b".into(),
        ..Default::default()
    };
    check(step(compare), "$a == $b");
    let relative = v1::Navigate {
        url: "/cart".into(),
        ..Default::default()
    };
    check(step(relative), "relative address \"/cart\"");
    let local = v1::UploadUrl {
        target: target(),
        url: "file:///a".into(),
    };
    check(step(local), "web server");
    check(step(v1::AnswerPrompt::default()), "an empty answer");
    let unknown = v1::PressKey {
        key: "Soft1".into(),
        ..Default::default()
    };
    check(step(unknown), "in capitals");
    let often = v1::PressKey {
        key: "a".into(),
        repeat: 3,
        ..Default::default()
    };
    check(step(often), "several times");
    let duration = Some(prost_types::Duration {
        seconds: 0,
        nanos: 1,
    });
    check(step(v1::WaitTime { duration }), "millisecond");
}

#[test]
fn flags_and_blocks_are_refused_with_what_to_do() {
    let flagged = |flags| v1::Step {
        flags: Some(flags),
        ..step(v1::ScrollToTop {})
    };
    check(
        flagged(v1::StepFlags {
            retries: 1,
            ..Default::default()
        }),
        "`retries`",
    );
    let goes_on = v1::StepFlags {
        continue_on_failure: true,
        ..Default::default()
    };
    check(flagged(goes_on), "`optional`");
    let block = v1::Step {
        block: Some(v1::Block::default()),
        ..Default::default()
    };
    check(block, "blocks of steps");
}

#[test]
fn keys_are_spelt_as_the_platform_does() {
    for (key, wire) in [
        ("Enter", "ENTER"),
        ("Control+a", "CTRL_a"),
        ("Meta+Shift+Z", "COMMAND_SHIFT_Z"),
        ("ctrl_c", "CTRL_c"),
        ("Escape", "ESCAPE"),
    ] {
        let press = v1::PressKey {
            key: key.into(),
            ..Default::default()
        };
        assert_eq!(sent(&step(press))["value"], wire);
    }
    let held = v1::PressKey {
        key: "a".into(),
        modifiers: vec![v1::ModifierKey::Control.into()],
        ..Default::default()
    };
    assert_eq!(sent(&step(held))["value"], "CTRL_a");
}

#[test]
fn what_says_its_default_is_taken() {
    let scroll = v1::ScrollToElement {
        target: Some(Target::hint("E")),
        block: v1::ScrollAlignment::Start.into(),
        inline: v1::ScrollAlignment::Nearest.into(),
    };
    assert!(encode(&step(scroll)).is_ok());
    let offset = |y: i32| json!({"kind": "SCROLL", "type": "OFFSET", "x": 0, "y": y});
    assert_eq!(
        sent(&step(v1::ScrollUp { pixels: 0 }))["meta"],
        offset(-1000)
    );
    assert_eq!(
        sent(&step(v1::ScrollDown { pixels: 30 }))["meta"],
        offset(30)
    );
}
