//! Files that are right, and what they mean.

#![allow(clippy::unwrap_used)]

use etude::v1::command::Action;
use etude::v1::target::Locator;
use etude::v1::{self, Target, variable::Source};
use etude_language::parse;
use prost_types::Duration;

#[track_caller]
fn test(text: &str) -> v1::Test {
    let parsed = parse("t.yaml", text.as_bytes());
    assert_eq!(parsed.diagnostics, [], "{text}");
    parsed.test.unwrap()
}

/// The commands of a file that consists of these steps.
#[track_caller]
fn commands(steps: &str) -> Vec<Action> {
    let file = format!("name: t\nvariables: {{user: x, row: y}}\nsteps:\n{steps}\n");
    let test = test(&file);
    let steps = test.checkpoints.into_iter().flat_map(|c| c.steps);
    steps
        .map(|step| step.command.unwrap().action.unwrap())
        .collect()
}

#[track_caller]
fn command(step: &str) -> Action {
    let mut all = commands(step);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn hint(text: &str) -> Target {
    locator(Locator::Hint(text.to_owned()))
}

fn locator(locator: Locator) -> Target {
    Target {
        locator: Some(locator),
        ..Target::default()
    }
}

fn click(target: Target) -> Action {
    Action::Click(v1::Click {
        target: Some(target),
        ..v1::Click::default()
    })
}

fn seconds(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

#[test]
fn every_key_of_a_test_is_read() {
    let test = test(
        r#"
name: Shop
description: |
  Two
  lines
starting_url: /start
base_url: https://shop.test
tags: [smoke, 2024]
variables:
  user: Ada
  code: 007
  age: 1.50
  on: true
  none:
  password: {secret: SHOP_PASSWORD}
data:
  - {_name: first, user: Bob}
  - user: Eve
config:
  step_timeout: 5s
  navigationTimeout: 1m30s
  timeout: 1h
  viewport: 1280x800
  browser: {name: firefox, window_mode: headless}
  screenshots: every step
  continue_on_error: true
  retries: 2
  recovery: retry
setup:
  - navigate: /
checkpoints:
  - name: Look
    steps:
      - see: Welcome
  - steps:
      - refresh
teardown:
  - clear_cookies:
"#,
    );
    assert_eq!(
        (test.name.as_str(), test.description.as_str()),
        ("Shop", "Two\nlines\n")
    );
    assert_eq!(test.tags, ["smoke", "2024"]);
    let values: Vec<_> = test
        .variables
        .iter()
        .map(|v| (v.name.as_str(), v.source.clone()))
        .collect();
    let value = |text: &str| Some(Source::Value(text.to_owned()));
    assert_eq!(
        values,
        [
            ("user", value("Ada")),
            ("code", value("007")),
            ("age", value("1.50")),
            ("on", value("true")),
            ("none", None),
            ("password", Some(Source::Secret("SHOP_PASSWORD".into()))),
        ]
    );
    assert_eq!(test.data_rows.len(), 2);
    assert_eq!(test.data_rows[0].name, "first");
    assert_eq!(test.data_rows[0].variables[0].source, value("Bob"));
    let config = test.config.unwrap();
    assert_eq!(config.step_timeout, seconds(5));
    assert_eq!(config.navigation_timeout, seconds(90));
    let viewport = config.viewport.unwrap();
    assert_eq!((viewport.width, viewport.height), (1280, 800));
    assert_eq!(config.screenshots, v1::ScreenshotPolicy::EveryStep as i32);
    assert_eq!(
        config.browser.unwrap().name,
        v1::BrowserName::Firefox as i32
    );
    assert_eq!((config.retries, config.continue_on_error), (2, true));
    assert_eq!(config.recovery, v1::RecoveryPolicy::Retry as i32);
    assert_eq!((test.setup.len(), test.teardown.len()), (1, 1));
    let names: Vec<_> = test.checkpoints.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["Look", ""]);
    let location = test.checkpoints[0].steps[0].location.clone().unwrap();
    assert_eq!(
        (location.file.as_str(), location.line, location.column),
        ("t.yaml", 34, 9)
    );
}

#[test]
fn json_is_read_by_the_same_rules() {
    let text = "{\n\t\"name\": \"T\",\"steps\":[{\"click\":\"\\ud83d\\ude00 \\/\"},\n{\"write\": {\"text\": 1.50, \"into\": \"x\"}}]}";
    let steps = test(text).checkpoints.remove(0).steps;
    assert_eq!(
        steps[0].command.clone().unwrap().action,
        Some(click(hint("😀 /")))
    );
    let Some(Action::Write(write)) = steps[1].command.clone().unwrap().action else {
        panic!("{steps:?}");
    };
    assert_eq!(write.text, "1.50");
}

#[test]
fn a_step_has_a_short_and_a_map_form() {
    let login = click(hint("Log in"));
    for step in [
        "- click: Log in",
        "- click: {target: Log in}",
        "- click: {on: Log in}",
        "- click: {hint: Log in}",
        "- click: {target: {hint: Log in}}",
        "- {click: 'Log in'}",
        "- click:\n    target: Log in",
    ] {
        assert_eq!(command(step), login, "{step}");
    }
    assert_eq!(
        command("- write: {text: $user, into: Username, delay: 50ms}"),
        Action::Write(v1::Write {
            text: "$user".into(),
            target: Some(hint("Username")),
            delay: Some(Duration {
                seconds: 0,
                nanos: 50_000_000
            }),
            ..v1::Write::default()
        })
    );
    assert_eq!(
        command("- wait: 2s"),
        Action::WaitTime(v1::WaitTime {
            duration: seconds(2)
        })
    );
    for step in ["- refresh", "- refresh:", "- reload: {}", "- refresh: null"] {
        assert_eq!(command(step), Action::Refresh(v1::Refresh {}), "{step}");
    }
    assert_eq!(
        command("- dismiss_confirm: true"),
        Action::DismissConfirm(v1::DismissConfirm { accept: true })
    );
}

#[test]
fn targets_have_locators_position_kind_and_number() {
    assert_eq!(
        command("- click: {css: '#login'}"),
        click(locator(Locator::Css("#login".into())))
    );
    assert_eq!(
        command("- click: {target: {test_id: x, position: top left, kind: Button, nth: -2}}"),
        click(Target {
            position: v1::TargetPosition::TopLeft.into(),
            kind: v1::ElementKind::Button.into(),
            nth: -2,
            ..locator(Locator::TestId("x".into()))
        })
    );
    let role = |name: &str| {
        click(locator(Locator::Role(v1::RoleLocator {
            role: "button".into(),
            name: name.into(),
        })))
    };
    assert_eq!(command("- click: {role: button}"), role(""));
    assert_eq!(command("- click: {role: button, name: Save}"), role("Save"));
    assert_eq!(
        command("- click: {target: {role: {role: button, name: Save}}}"),
        role("Save")
    );
    assert_eq!(
        command("- click: {variable: row}"),
        click(locator(Locator::Variable("row".into())))
    );
}

#[test]
fn keys_of_the_target_stand_beside_those_of_the_command() {
    assert_eq!(
        command("- click: {css: a, position: bottom-right, nth: 2}"),
        Action::Click(v1::Click {
            target: Some(Target {
                nth: 2,
                ..locator(Locator::Css("a".into()))
            }),
            // A key that the command has itself is the command's.
            position: v1::ClickPosition::BottomRight.into(),
            ..v1::Click::default()
        })
    );
    assert_eq!(
        command("- write: {text: x, label: Name}"),
        Action::Write(v1::Write {
            text: "x".into(),
            target: Some(locator(Locator::Label("Name".into()))),
            ..v1::Write::default()
        })
    );
}

#[test]
fn flags_stand_beside_the_command() {
    let file = "name: t\nsteps:\n  - click: x\n    name: Press it\n    optional: true\n    timeout: 3s\n    retries: 2\n    screenshots: never\n    continueOnFailure: true\n";
    let step = test(file).checkpoints.remove(0).steps.remove(0);
    assert_eq!(step.name, "Press it");
    let flags = step.flags.unwrap();
    assert!(flags.optional && flags.continue_on_failure && !flags.skip);
    assert_eq!((flags.timeout, flags.retries), (seconds(3), 2));
    assert_eq!(flags.screenshots, v1::ScreenshotPolicy::Never as i32);
}

#[test]
fn texts_are_kept_as_written() {
    let text = |value: &str| match command(&format!("- log: {value}")) {
        Action::Log(log) => log.message,
        other => panic!("{other:?}"),
    };
    assert_eq!(text("007"), "007");
    assert_eq!(text("1e3"), "1e3");
    assert_eq!(text("yes"), "yes");
    assert_eq!(text("true"), "true");
    assert_eq!(text("''"), "");
    assert_eq!(text("'it''s'"), "it's");
    assert_eq!(text("\"a\\n\\u00e9\""), "a\né");
    assert_eq!(text("-x --y"), "-x --y");
    assert_eq!(text("|\n    a\n      b\n"), "a\n  b\n");
    assert_eq!(text(">-\n    a\n    b\n"), "a b");
    assert_eq!(text("!!str 5"), "5");
    assert_eq!(text("😀 \u{2028}x"), "😀 \u{2028}x");
}

#[test]
fn anchors_aliases_and_merge_keys_work() {
    let actions = commands(
        "  - write: &login {text: a, into: b}\n  - write: *login\n  - write: {<<: *login, text: c}",
    );
    let write = |text: &str| {
        Action::Write(v1::Write {
            text: text.into(),
            target: Some(hint("b")),
            ..v1::Write::default()
        })
    };
    assert_eq!(actions, [write("a"), write("a"), write("c")]);
}

#[test]
fn lists_and_maps_are_read() {
    assert_eq!(
        command("- click: {on: x, modifiers: [shift, Alt]}"),
        Action::Click(v1::Click {
            target: Some(hint("x")),
            modifiers: vec![2, 3],
            ..v1::Click::default()
        })
    );
    let Action::CallApi(call) = command("- call_api: {url: /x, headers: {A: b, C: 1}}") else {
        panic!();
    };
    assert_eq!(call.headers.len(), 2);
    assert_eq!(call.headers["C"], "1");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_not_matter() {
    let test = test("\u{feff}name: a b\r\nsteps:\r\n  - click: x\r\n");
    assert_eq!(test.name, "a b");
    let location = test.checkpoints[0].steps[0].location.clone().unwrap();
    assert_eq!((location.line, location.column), (3, 5));
}

#[test]
fn every_command_is_found_by_each_of_its_keys() {
    for spec in etude::catalog::commands() {
        for key in std::iter::once(&spec.yaml).chain(&spec.yaml_aliases) {
            let parsed = parse("t", format!("name: t\nsteps:\n- {key}: {{}}\n").as_bytes());
            assert!(
                parsed
                    .diagnostics
                    .iter()
                    .all(|d| d.reason != "UNKNOWN_COMMAND"),
                "{key}"
            );
        }
    }
}
