//! Statements that are read back, and those that people write.

use etude::catalog::{self, CommandSpec, FieldSpec};
use etude::v1::{self, target::Locator};
use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};

use super::{target, text};

/// The only command of a test whose steps are these statements.
#[track_caller]
fn command(statement: &str) -> v1::Command {
    let file = serde_json::json!({"name": "t", "variables": {"v": "x"}, "steps": [statement]});
    let parsed = crate::parse("t.json", file.to_string().as_bytes());
    let test = parsed
        .test
        .unwrap_or_else(|| panic!("{statement}: {:#?}", parsed.diagnostics));
    test.checkpoints[0].steps[0].command.clone().unwrap()
}

/// What a canonical step means.
#[track_caller]
fn canonical(step: &str) -> v1::Command {
    let file = format!("name: t\nvariables: {{v: x}}\nsteps:\n- {step}\n");
    let parsed = crate::parse("t.yaml", file.as_bytes());
    let test = parsed
        .test
        .unwrap_or_else(|| panic!("{step}: {:#?}", parsed.diagnostics));
    test.checkpoints[0].steps[0].command.clone().unwrap()
}

/// Every command whose form holds all its fields is read back as it was: with the fields that must
/// be given, and with all that the form says.
#[test]
fn what_is_printed_is_read_back() {
    for spec in catalog::commands() {
        for full in [false, true] {
            let command_before = sample(spec, full);
            let said = text(&command_before);
            assert_eq!(command(&said), command_before, "{said}");
        }
    }
}

fn sample(spec: &CommandSpec, full: bool) -> v1::Command {
    let mut message = DynamicMessage::new(spec.message.clone());
    let outside: String = spec
        .natural
        .split('[')
        .enumerate()
        .map(|(index, part)| match index {
            0 => part,
            _ => part.split_once(']').map_or("", |(_, rest)| rest),
        })
        .collect();
    for field in &spec.fields {
        let said = format!("{{{}}}", field.name);
        let needed = field.required || outside.contains(&said);
        if needed || full && spec.natural.contains(&said) {
            message.set_field(&field.descriptor, value(field));
        }
    }
    if spec.yaml == "assert_variable" {
        message.clear_field_by_name("expression");
        message.set_field_by_name("variable", Value::String("total".to_owned()));
    }
    let mut command = DynamicMessage::new(v1::Command::default().descriptor());
    command.set_field(&spec.action, Value::Message(message));
    command.transcode_to().unwrap()
}

fn value(field: &FieldSpec) -> Value {
    let one = match field.descriptor.kind() {
        Kind::String => Value::String(match field.name.as_str() {
            "key" => "ENTER".to_owned(),
            "method" => "POST".to_owned(),
            "variable" => "total".to_owned(),
            "expression" => "1 + 1".to_owned(),
            "url" => "https://shop.example/a b".to_owned(),
            _ if field.template => "a \"b\" \\ $v".to_owned(),
            _ => "ab".to_owned(),
        }),
        Kind::Bool => Value::Bool(true),
        Kind::Int32 => Value::I32(-3),
        Kind::Uint32 => Value::U32(match field.name.as_str() {
            "repeat" => 3,
            _ => 300,
        }),
        Kind::Enum(_) => Value::EnumNumber(2),
        Kind::Message(message) if message.name() == "Target" => {
            let target = v1::Target {
                locator: Some(Locator::Hint("Save \"it\"".to_owned())),
                position: 5,
                kind: 2,
                nth: 2,
                // A statement has no words for them.
                fallbacks: Vec::new(),
            };
            Value::Message(target.transcode_to_dynamic())
        }
        Kind::Message(message) => {
            let mut duration = DynamicMessage::new(message);
            duration.set_field_by_name("seconds", Value::I64(3));
            duration.set_field_by_name("nanos", Value::I32(500_000_000));
            Value::Message(duration)
        }
        other => panic!("no sample of {other:?}"),
    };
    match field.descriptor.is_list() {
        true => Value::List(vec![one]),
        false => one,
    }
}

#[test]
fn every_locator_is_read_back() {
    let locators = [
        Locator::Hint("Save".into()),
        Locator::Hint("Hello $v".into()),
        Locator::Css("#a > b".into()),
        Locator::Xpath("//a[text()=\"x\"]".into()),
        Locator::Id("a".into()),
        Locator::TestId("a".into()),
        Locator::Label("First name".into()),
        Locator::Placeholder("Search".into()),
        Locator::Text("Delete".into()),
        Locator::Variable("row".into()),
        Locator::Role(v1::RoleLocator {
            role: "heading".into(),
            name: "Basket".into(),
        }),
        Locator::Role(v1::RoleLocator {
            role: "link".into(),
            name: String::new(),
        }),
    ];
    for locator in locators {
        for nth in [0, 1, 2, 3, 12, -1, -2] {
            let before = v1::Target {
                locator: Some(locator.clone()),
                nth,
                ..v1::Target::default()
            };
            let click = v1::Click {
                target: Some(before.clone()),
                ..v1::Click::default()
            };
            let said = text(&click.clone().into());
            let expected = v1::Command::from(click);
            let file = serde_json::json!({"name": "t", "variables": {"row": ""}, "steps": [said]});
            let parsed = crate::parse("t.json", file.to_string().as_bytes());
            let test = parsed
                .test
                .unwrap_or_else(|| panic!("{said} {:?}", parsed.diagnostics));
            assert_eq!(
                test.checkpoints[0].steps[0].command.as_ref(),
                Some(&expected),
                "{said}"
            );
            assert!(said.ends_with(&target(&before)));
        }
    }
}

/// Statements, and the canonical step that each means.
#[test]
fn statements_mean_what_they_say() {
    for (statement, step) in [
        (
            "Navigate to https://shop.example",
            "navigate: https://shop.example",
        ),
        (
            "go to \"/a\" in new tab",
            "navigate: {url: /a, new_tab: true}",
        ),
        ("open $v", "navigate: $v"),
        ("CLICK ON \"Log in\"", "click: Log in"),
        ("click in \"Name\"", "click: Name"),
        ("click \"Save\".", "click: Save"),
        (
            "click on top right button \"Save\"",
            "click: {target: {hint: Save, position: top_right, kind: button}}",
        ),
        (
            "click on the \"Add to Bag\" button",
            "click: {target: {hint: Add to Bag, kind: button}}",
        ),
        (
            "click on the \"Bag\" link in the header",
            "click: {target: {hint: Bag, kind: link}}",
        ),
        ("click $v", "click: {variable: v}"),
        ("type $v in field \"Name\"", "write: {text: $v, into: Name}"),
        (
            "write $v with default \"Ada\" in \"Name\"",
            "write: {text: '$v with default \"Ada\"', into: Name}",
        ),
        (
            "enter ${1 + 1} in \"Sum\"",
            "write: {text: '${1 + 1}', into: Sum}",
        ),
        (
            "enter \"Ada\" in the Full name field",
            "write: {text: Ada, into: Full name}",
        ),
        (
            "pick \"Red\" from \"Colour\"",
            "select: {option: Red, from: Colour}",
        ),
        (
            "select option 3 from \"Colour\"",
            "select_index: {index: 3, from: Colour}",
        ),
        (
            "pick third option from \"Colour\"",
            "select_index: {index: 3, from: Colour}",
        ),
        (
            "pick option five from \"Colour\"",
            "select_index: {index: 5, from: Colour}",
        ),
        ("pick last option from \"Colour\"", "select_last: Colour"),
        ("wait 2 seconds", "wait: 2s"),
        ("pause 1 second", "wait: 1s"),
        ("wait for 20 seconds", "wait: 20s"),
        ("wait for \"Done\"", "wait_for: Done"),
        (
            "wait 5 seconds for \"Done\"",
            "wait_for: {target: Done, max: 5s}",
        ),
        ("mouse double click on \"Row\"", "double_click: Row"),
        ("mouse right click \"Row\"", "right_click: Row"),
        ("mouse over \"Menu\"", "mouse_move_to: Menu"),
        ("mouse move to 10, -20", "mouse_move: {x: 10, y: -20}"),
        ("mouse move by 10, 20", "mouse_move_by: {x: 10, y: 20}"),
        ("mouse drag \"A\" to \"B\"", "drag: {from: A, to: B}"),
        ("mouse drag \"A\" by 5, 5", "drag_by: {from: A, x: 5, y: 5}"),
        ("store value \"x\" in $v", "set: {variable: v, value: x}"),
        (
            "store element text of \"Total\" in $v",
            "store_text: {from: Total, as: v}",
        ),
        (
            "store element \"Row\" in $v",
            "store_element: {from: Row, as: v}",
        ),
        ("switch iframe \"Pay\"", "switch_frame: Pay"),
        ("switch to parent iframe", "parent_frame"),
        ("switch to next tab", "next_tab"),
        ("scroll to page bottom", "scroll_to_bottom"),
        ("scroll to 0, 100", "scroll_to_position: {x: 0, y: 100}"),
        ("scroll by 0, 100", "scroll_by: {x: 0, y: 100}"),
        ("scroll to \"Footer\"", "scroll_to: Footer"),
        (
            "upload \"https://a.example/b\" to \"File\"",
            "upload: {url: 'https://a.example/b', to: File}",
        ),
        (
            "cookie create \"a\" as \"b\"",
            "create_cookie: {name: a, value: b}",
        ),
        ("cookie remove \"a\"", "delete_cookie: a"),
        ("cookie wipe all", "clear_cookies"),
        (
            "window resize to 1024, 768",
            "resize: {width: 1024, height: 768}",
        ),
        ("dismiss alert", "dismiss_alert"),
        ("dismiss confirm reply ok", "dismiss_confirm: true"),
        ("dismiss confirm respond cancel", "dismiss_confirm: false"),
        ("dismiss prompt respond \"Ada\"", "answer_prompt: Ada"),
        ("press ENTER", "press: ENTER"),
        (
            "press \"CTRL_a\" in \"Name\"",
            "press: {key: CTRL_a, in: Name}",
        ),
        (
            "look for element \"Welcome\" on page",
            "assert_exists: Welcome",
        ),
        (
            "assert that element \"Error\" does not exist on page",
            "assert_not_exists: Error",
        ),
        (
            "assert \"Total\" equals \"5\"",
            "assert_equals: {element: Total, value: 5}",
        ),
        (
            "assert that \"Total\" is not equal to $v",
            "assert_not_equals: {element: Total, value: $v}",
        ),
        (
            "assert \"Total\" is less than or equal to \"5\"",
            "assert_lte: {element: Total, value: 5}",
        ),
        (
            "assert that \"Code\" matches \"/[0-9]+/\"",
            "assert_matches: {element: Code, pattern: '/[0-9]+/'}",
        ),
        ("assert \"Terms\" is checked", "assert_checked: Terms"),
        (
            "assert that \"Red\" is selected in \"Colour\"",
            "assert_selected: {option: Red, in: Colour}",
        ),
        (
            "assert $v equals \"5\"",
            "assert_variable: {variable: v, value: 5}",
        ),
        (
            "assert ${1 + 1} is greater than \"1\"",
            "assert_variable: {expression: 1 + 1, is: greater_than, value: 1}",
        ),
        (
            "verify that \"Sale\" text is visible on the page",
            "assert_visible: Sale",
        ),
        (
            "verify that \"Thanks!\" message appears",
            "assert_visible: Thanks!",
        ),
        (
            "verify that the page heading shows \"Bag\"",
            "assert_exists: {role: heading, name: Bag}",
        ),
        ("// look: here", "comment: 'look: here'"),
        ("navigate to the shop homepage", "navigate: /"),
    ] {
        assert_eq!(command(statement), canonical(step), "{statement}");
    }
}

#[test]
fn what_is_no_statement_is_refused_with_the_form() {
    for (statement, suggestion) in [
        (
            "click on Log in",
            "say it as \"click on {target} [at its {position}] [holding {modifiers}]\", with targets and texts in double quotes",
        ),
        ("clik on \"Log in\"", "did you mean \"click\"?"),
        (
            "brew some coffee",
            "a step is a command and its value, such as \"click: Log in\"",
        ),
    ] {
        let file = serde_json::json!({"name": "t", "steps": [statement]}).to_string();
        let found = crate::parse("t.json", file.as_bytes()).diagnostics;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].reason, "UNKNOWN_COMMAND");
        assert_eq!(found[0].suggestion, suggestion, "{statement}");
    }
}
