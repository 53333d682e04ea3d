use etude::catalog::{self, CommandSpec, FieldSpec};
use etude::v1::command::Action;
use etude::v1::{Click, Navigate, PressKey, RoleLocator, StoreText, Target, Write};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};

use super::*;

/// Every command twice: with the fields that must be given, and with all.
#[test]
fn every_command_reads_well() {
    let mut lines = String::new();
    for spec in catalog::commands() {
        lines.push_str(&format!("{}\n", spec.path()));
        let short = text(&sample(spec, false));
        lines.push_str(&format!("    {short}\n"));
        let long = text(&sample(spec, true));
        if long != short {
            lines.push_str(&format!("    {long}\n"));
        }
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn no_text_has_an_empty_part() {
    for spec in catalog::commands() {
        for full in [false, true] {
            let text = text(&sample(spec, full));
            assert!(!text.is_empty(), "{}", spec.yaml);
            assert_eq!(text.trim(), text, "{}", spec.yaml);
            assert!(!text.contains("  ") && !text.contains('['), "{text}");
            let last = text.rsplit(' ').next().unwrap();
            assert!(
                !["in", "on", "by", "of", "returning"].contains(&last),
                "{text}"
            );
        }
    }
}

fn sample(spec: &CommandSpec, full: bool) -> v1::Command {
    let mut message = DynamicMessage::new(spec.message.clone());
    let alone = |field: &FieldSpec| field.required || field.template && field.name != "body";
    for field in &spec.fields {
        let other_of_pair = spec.yaml == "assert_variable" && field.name == "expression";
        if (full || alone(field)) && !other_of_pair {
            message.set_field(&field.descriptor, value(&field.descriptor));
        }
    }
    if spec.yaml == "assert_variable" {
        message.set_field_by_name("variable", Value::String("total".to_owned()));
    }
    command(spec, &message)
}

fn command(spec: &CommandSpec, message: &DynamicMessage) -> v1::Command {
    let mut command = DynamicMessage::new(v1::Command::default().descriptor());
    command.set_field(&spec.action, Value::Message(message.clone()));
    command.transcode_to().unwrap()
}

fn value(field: &FieldDescriptor) -> Value {
    if field.is_map() {
        return Value::Map(Default::default());
    }
    let one = match field.kind() {
        Kind::String => Value::String(field.name().to_owned()),
        Kind::Bool => Value::Bool(true),
        Kind::Int32 => Value::I32(-3),
        Kind::Uint32 => Value::U32(3),
        Kind::Enum(_) => Value::EnumNumber(2),
        Kind::Message(message) if message.full_name() == "etude.v1.Target" => {
            Value::Message(hint("Basket").transcode_to_dynamic())
        }
        Kind::Message(message) => {
            let mut duration = DynamicMessage::new(message);
            duration.set_field_by_name("seconds", Value::I64(3));
            Value::Message(duration)
        }
        other => panic!("no sample of {other:?}"),
    };
    if field.is_list() {
        Value::List(vec![one])
    } else {
        one
    }
}

/// The compiled form says what the contract's options say, for every command and every kind of
/// value that a field can have.
#[test]
fn the_compiled_form_is_the_form_of_the_contract() {
    let mut compared = 0;
    for spec in catalog::commands() {
        let mut commands = vec![command(spec, &DynamicMessage::new(spec.message.clone()))];
        commands.extend([false, true].map(|full| sample(spec, full)));
        for field in &spec.fields {
            for value in edge_values(&field.descriptor) {
                for full in [false, true] {
                    let mut message = crate::action(&sample(spec, full)).unwrap().1;
                    message.set_field(&field.descriptor, value.clone());
                    commands.push(command(spec, &message));
                }
            }
        }
        for command in &commands {
            assert_eq!(text(command), reflected::text(command), "{command:?}");
        }
        compared += commands.len();
    }
    assert!(compared > 2000, "{compared}");
    assert_eq!(catalog::commands().len(), 105);
}

#[test]
fn the_compiled_words_of_a_target_are_those_of_the_contract() {
    let enums = [
        ("TargetPosition", TargetPosition::words as fn(i32) -> _),
        ("ElementKind", ElementKind::words),
    ];
    for (name, words) in enums {
        let descriptor = etude::DESCRIPTOR_POOL.get_enum_by_name(&format!("etude.v1.{name}"));
        let descriptor = descriptor.unwrap();
        for number in -1..=i32::try_from(descriptor.values().count()).unwrap() {
            let reflected = reflected::natural_words(&descriptor, number);
            assert_eq!(words(number), reflected.as_deref(), "{name} {number}");
        }
    }
}

fn edge_values(field: &FieldDescriptor) -> Vec<Value> {
    if field.is_map() {
        return vec![Value::Map(Default::default())];
    }
    let ones: Vec<_> = match field.kind() {
        Kind::String => {
            let long = "é".repeat(MAX_VALUE + 1);
            let texts = [
                "",
                "a",
                "$a",
                "$$",
                "${1 + 1}",
                "$a and b",
                "$",
                " ",
                long.as_str(),
            ];
            let all =
                texts
                    .into_iter()
                    .chain(["say \"a\\b\"\n\tnow", "${", "$a with default \"x\""]);
            all.map(|text| Value::String(text.to_owned())).collect()
        }
        Kind::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Kind::Int32 => [i32::MIN, -1, 0, 1, i32::MAX].map(Value::I32).into(),
        Kind::Uint32 => [0, 1, u32::MAX].map(Value::U32).into(),
        Kind::Enum(kind) => {
            let last = i32::try_from(kind.values().count()).unwrap();
            (-1..=last).map(Value::EnumNumber).collect()
        }
        Kind::Message(message) if message.full_name() == "etude.v1.Target" => targets(),
        Kind::Message(message) => [(0, 0), (1, 0), (3, 500_000_000), (-1, -1), (i64::MAX, 0)]
            .map(|(seconds, nanos)| {
                let mut duration = DynamicMessage::new(message.clone());
                duration.set_field_by_name("seconds", Value::I64(seconds));
                duration.set_field_by_name("nanos", Value::I32(nanos));
                Value::Message(duration)
            })
            .into(),
        other => panic!("no values of {other:?}"),
    };
    match field.is_list() {
        true => vec![
            Value::List(Vec::new()),
            Value::List(ones[..1].to_vec()),
            Value::List(ones),
        ],
        false => ones,
    }
}

fn targets() -> Vec<Value> {
    let mut targets = vec![Target::default(), hint(""), hint("$a"), hint("a \"b\"")];
    targets.push(Target {
        nth: -2,
        kind: 1,
        position: 3,
        ..hint("x")
    });
    let role = Locator::Role(RoleLocator {
        role: "link".into(),
        name: String::new(),
    });
    targets.extend(
        [
            role,
            Locator::Css("#a".into()),
            Locator::Variable("v".into()),
        ]
        .map(|locator| Target {
            locator: Some(locator),
            ..Target::default()
        }),
    );
    targets
        .into_iter()
        .map(|target| Value::Message(target.transcode_to_dynamic()))
        .collect()
}

fn hint(text: &str) -> Target {
    Target {
        locator: Some(Locator::Hint(text.to_owned())),
        ..Target::default()
    }
}

#[test]
fn targets_have_position_and_kind_before_the_locator() {
    let mut save = hint("Save");
    assert_eq!(target(&save), "\"Save\"");
    save.position = v1::TargetPosition::TopLeft.into();
    save.kind = v1::ElementKind::Button.into();
    assert_eq!(target(&save), "top left button \"Save\"");
    save.nth = 2;
    assert_eq!(target(&save), "2nd top left button \"Save\"");
    let nth = |nth| target(&Target { nth, ..hint("x") });
    assert_eq!(nth(-1), "last \"x\"");
    assert_eq!(nth(-12), "12th last \"x\"");
    assert_eq!(nth(23), "23rd \"x\"");
}

#[test]
fn locators_are_named() {
    let of = |locator| {
        target(&Target {
            locator: Some(locator),
            ..Target::default()
        })
    };
    assert_eq!(of(Locator::Css("#a".into())), "css \"#a\"");
    assert_eq!(of(Locator::TestId("a".into())), "test id \"a\"");
    assert_eq!(of(Locator::Variable("row".into())), "$row");
    let role = |role: &str, name: &str| RoleLocator {
        role: role.into(),
        name: name.into(),
    };
    assert_eq!(of(Locator::Role(role("link", "Help"))), "link \"Help\"");
    assert_eq!(of(Locator::Role(role("link", ""))), "role link");
}

#[test]
fn a_single_variable_or_expression_has_no_quotes() {
    let write = |text: &str| {
        super::text(
            &Write {
                text: text.to_owned(),
                target: Some(hint("Username")),
                ..Write::default()
            }
            .into(),
        )
    };
    assert_eq!(write("$user"), "write $user in \"Username\"");
    assert_eq!(
        write("$user with default \"Ada\""),
        "write $user with default \"Ada\" in \"Username\""
    );
    assert_eq!(write("${1 + 1}"), "write ${1 + 1} in \"Username\"");
    assert_eq!(write("Hi $user"), "write \"Hi $user\" in \"Username\"");
    assert_eq!(write(""), "write \"\" in \"Username\"");
    assert_eq!(
        write("say \"a\\b\"\nnow"),
        "write \"say \\\"a\\\\b\\\" now\" in \"Username\""
    );
    assert_eq!(
        write(&"é".repeat(201))
            .chars()
            .filter(|c| *c == 'é')
            .count(),
        200
    );
}

#[test]
fn parts_without_a_value_are_left_out() {
    let key = PressKey {
        key: "ENTER".into(),
        ..PressKey::default()
    };
    assert_eq!(text(&key.clone().into()), "press ENTER");
    let key = PressKey {
        target: Some(hint("Search")),
        ..key
    };
    assert_eq!(text(&key.into()), "press ENTER in \"Search\"");
    let go = Navigate {
        url: "/basket".into(),
        new_tab: true,
        ..Navigate::default()
    };
    assert_eq!(text(&go.into()), "navigate to \"/basket\" in new tab");
    let store = StoreText {
        target: Some(hint("Total")),
        variable: "total".into(),
    };
    assert_eq!(
        text(&store.into()),
        "store element text of \"Total\" in $total"
    );
    let click = Click {
        target: Some(hint("Row")),
        modifiers: vec![1, 2],
        ..Click::default()
    };
    assert_eq!(
        text(&click.into()),
        "click on \"Row\" holding control and shift"
    );
    assert_eq!(text(&v1::Command { action: None }), "");
    let empty = v1::Command {
        action: Some(Action::Click(Click::default())),
    };
    assert_eq!(text(&empty), "click on");
}
