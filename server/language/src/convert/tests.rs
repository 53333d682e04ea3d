use etude::v1::{self, ConversionLayout, ConversionNoteKind, DocumentFormat, TestFormat};
use proptest::prelude::*;

use super::*;
use crate::fuzz::without_places;
use crate::testing::Choices;

/// Every format that is written, in every layout that it has.
const TARGETS: [(TestFormat, ConversionLayout); 8] = [
    (TestFormat::Canonical, ConversionLayout::Yaml),
    (TestFormat::Canonical, ConversionLayout::Json),
    (TestFormat::Simplified, ConversionLayout::Yaml),
    (TestFormat::Simplified, ConversionLayout::Json),
    (TestFormat::Compact, ConversionLayout::Yaml),
    (TestFormat::Extended, ConversionLayout::Yaml),
    (TestFormat::NaturalLanguage, ConversionLayout::Yaml),
    (TestFormat::NaturalLanguage, ConversionLayout::Text),
];

#[track_caller]
fn to(format: TestFormat, layout: ConversionLayout, file: &str) -> Converted {
    let conversion = Conversion { format, layout };
    match convert("t.yaml", file.as_bytes(), conversion) {
        Ok(converted) => converted,
        Err(error) => panic!("{format:?} {layout:?}: {error}\n{file}"),
    }
}

#[track_caller]
fn parsed(name: &str, text: &str) -> v1::Test {
    let parsed = crate::parse(name, text.as_bytes());
    let Some(test) = parsed.test else {
        panic!("{text}\n{:#?}", parsed.diagnostics);
    };
    without_places(test)
}

/// The steps of the test in the order of execution, with their paths.
fn steps(test: &v1::Test) -> Vec<(String, v1::Step)> {
    let mut all = Vec::new();
    let mut add = |path: &str, steps: &[v1::Step]| {
        let steps = steps.iter().enumerate();
        all.extend(steps.map(|(index, step)| (format!("{path}[{index}]"), step.clone())));
    };
    add("setup", &test.setup);
    for (index, one) in test.checkpoints.iter().enumerate() {
        add(&format!("checkpoints[{index}].steps"), &one.steps);
    }
    add("teardown", &test.teardown);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// What no note names is the same in the result, and what one names as a loss is not.
    #[test]
    fn the_notes_name_exactly_what_is_lost(seed: u64) {
        let test = Choices::new(seed).test();
        let file = crate::format(&test, DocumentFormat::Yaml).unwrap();
        for (format, layout) in TARGETS {
            let converted = to(format, layout, &file);
            let name = if layout == ConversionLayout::Text { "t.txt" } else { "t.yaml" };
            let found = parsed(name, &converted.content);
            let lost: Vec<&str> = converted.notes.iter()
                .filter(|note| note.kind() == ConversionNoteKind::Loss)
                .map(|note| note.field.as_str())
                .collect();
            let found_steps: Vec<_> = steps(&found).into_iter().map(|(_, step)| step).collect();
            let mut rest = found_steps.iter();
            for (path, step) in steps(&test) {
                let is_lost = lost.iter().any(|field| {
                    field.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                });
                let is_there = rest.as_slice().contains(&step);
                if is_lost {
                    continue;
                }
                prop_assert!(is_there, "{path} of\n{file}\nis not in\n{}", converted.content);
                rest.by_ref().find(|other| **other == step);
            }
            if lost.is_empty() {
                let opening = layout == ConversionLayout::Text && !test.starting_url.is_empty();
                prop_assert!(opening || found == test, "{file}\n{}", converted.content);
            }
            if format == TestFormat::Canonical {
                prop_assert!(lost.is_empty(), "{:#?}\n{}", converted.notes, converted.content);
            }
            // The same input gives the same bytes.
            prop_assert_eq!(to(format, layout, &file), converted);
        }
    }
}

/// Every command in every format: with the fields that must be given, and with all. What a format
/// has no form for is marked by what stands there instead.
#[test]
fn every_command_is_written_or_replaced() {
    let mut page = String::new();
    for spec in etude::catalog::commands() {
        for full in [false, true] {
            let Some(command) = sample(spec, full) else {
                continue;
            };
            let step = v1::Step {
                command: Some(command),
                ..v1::Step::default()
            };
            page += &format!("{}\n", crate::natural::step(&step));
            for format in [
                TestFormat::Simplified,
                TestFormat::Compact,
                TestFormat::Extended,
                TestFormat::NaturalLanguage,
            ] {
                let style = step::Style {
                    format,
                    maps: false,
                    lines: true,
                };
                let written = style.write(&step, "");
                let shown = crate::format::yaml::flow(&written.document.value);
                let losses: Vec<_> = written.losses.iter().map(|loss| &*loss.field).collect();
                page += &match (written.replaced, losses.as_slice()) {
                    (true, _) => "    –\n".to_owned(),
                    (false, []) => format!("    {shown}\n"),
                    (false, lost) => format!("    {shown} without {lost:?}\n"),
                };
            }
        }
    }
    insta::assert_snapshot!(page);
}

/// A command with the fields that must be given, or with all; `None`: it has no more.
fn sample(spec: &etude::catalog::CommandSpec, full: bool) -> Option<v1::Command> {
    use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};
    let mut message = DynamicMessage::new(spec.message.clone());
    let model = crate::model::message(spec.message.full_name());
    let mut more = false;
    for field in &model.fields {
        let needed = field.required
            || field.name() == "variable"
            || field.said.is_some() && !matches!(field.name(), "comparison" | "match");
        let other_of_pair = spec.yaml == "assert_variable" && field.name() == "expression";
        if other_of_pair || field.descriptor.is_map() {
            continue;
        }
        more |= !needed;
        if !needed && !full {
            continue;
        }
        let one = match field.descriptor.kind() {
            Kind::String if field.name() == "url" => Value::String("https://shop.test/a".into()),
            Kind::String if field.name() == "key" => Value::String("Enter".into()),
            Kind::String if field.name() == "method" => Value::String("POST".into()),
            Kind::String if field.name() == "value" => Value::String("5".into()),
            Kind::String if spec.yaml == "create_cookie" => Value::String("a".into()),
            Kind::String => Value::String(field.name().to_owned()),
            Kind::Bool => Value::Bool(true),
            Kind::Int32 => Value::I32(3),
            Kind::Uint32 => Value::U32(300),
            Kind::Enum(_) => Value::EnumNumber(2),
            Kind::Message(message) if message.full_name() == "etude.v1.Target" => {
                let target = v1::Target {
                    locator: Some(v1::target::Locator::Hint("Save".into())),
                    ..v1::Target::default()
                };
                Value::Message(target.transcode_to_dynamic())
            }
            Kind::Message(_) => {
                let duration = prost_types::Duration {
                    seconds: 2,
                    nanos: 0,
                };
                Value::Message(duration.transcode_to_dynamic())
            }
            other => panic!("no sample of {other:?}"),
        };
        let value = match field.descriptor.is_list() {
            true => Value::List(vec![one]),
            false => one,
        };
        message.set_field(&field.descriptor, value);
    }
    (more || !full).then(|| crate::decode::typed(spec, &message))?
}

/// A form that no command needs is a slip: either another before it says as much, or it is not read
/// back.
#[test]
fn every_form_is_needed() {
    for format in [
        TestFormat::Simplified,
        TestFormat::Compact,
        TestFormat::Extended,
    ] {
        let style = step::Style {
            format,
            maps: false,
            lines: false,
        };
        for (key, form) in style.forms() {
            let spec = etude::catalog::by_yaml(key).unwrap_or_else(|| panic!("{key}"));
            for word in form.split_whitespace().skip(1) {
                let field = word.rsplit(['=', '{', '?']).next().unwrap();
                let field = field.split([':', '}']).next().unwrap();
                let is_field = word.contains(['=', '{', '?']) && !field.starts_with('@');
                assert!(
                    !is_field || spec.field(field).is_some(),
                    "{key}: {form}: {field}"
                );
            }
        }
    }
}

/// The places and constructs of the notes of a kind.
fn told(converted: &Converted, kind: ConversionNoteKind) -> Vec<(u32, String)> {
    let notes = converted.notes.iter().filter(|note| note.kind() == kind);
    notes
        .map(|note| {
            let place = note.location.as_ref().map_or(0, |place| place.line);
            (place, note.construct.clone())
        })
        .collect()
}

#[test]
fn anchors_are_kept_where_they_can_be_and_else_told() {
    let file = "\
# all of it
name: t
variables: {name: Ada}
steps:
  # first
  - &login
    click: Log in
  - write: {text: &text $name, into: User}
  - *login  # again
  - write: {text: *text, into: Name}
  - click: &target {css: .a}
  - hover: *target
";
    let canonical = to(TestFormat::Canonical, ConversionLayout::Yaml, file);
    assert_eq!(
        canonical.content,
        "\
# all of it
name: t
variables:
  name: Ada
steps:
  # first
  - &login {click: Log in}
  - write: {text: &text $name, into: User}
  - *login  # again
  - write: {text: *text, into: Name}
  - click: {css: .a}
  - hover: {css: .a}
"
    );
    let expanded = told(&canonical, ConversionNoteKind::Change);
    assert_eq!(expanded, [(12, "*target".to_owned())]);
    let compact = to(TestFormat::Compact, ConversionLayout::Yaml, file);
    assert!(
        compact.content.contains("- &login {c: Log in}"),
        "{}",
        compact.content
    );
    assert!(compact.content.contains("- *login"), "{}", compact.content);
    // Elsewhere they are written out, and each is told.
    for (format, layout) in [
        (TestFormat::Canonical, ConversionLayout::Json),
        (TestFormat::NaturalLanguage, ConversionLayout::Text),
    ] {
        let written = to(format, layout, file);
        let lines: Vec<u32> = told(&written, ConversionNoteKind::Change)
            .into_iter()
            .filter(|(_, what)| what.starts_with('*'))
            .map(|(line, _)| line)
            .collect();
        assert_eq!(lines, [9, 10, 12]);
    }
}

#[test]
fn a_merge_key_is_written_out_and_told() {
    let file = "\
name: t
data:
  - &base {user: ada, role: admin}
  - {<<: *base, user: bob}
steps: [click: $user]
";
    let written = to(TestFormat::Canonical, ConversionLayout::Yaml, file);
    assert!(
        written.content.contains("{user: bob, role: admin}"),
        "{}",
        written.content
    );
    assert_eq!(
        told(&written, ConversionNoteKind::Change),
        [(4, "*base".to_owned())]
    );
}

#[test]
fn comments_go_into_every_format_that_has_them() {
    let file =
        "# about it\nname: t\nsteps:\n  # first\n  - click: A  # the A\n\n  - refresh\n# end\n";
    let text = to(TestFormat::NaturalLanguage, ConversionLayout::Text, file);
    assert_eq!(
        text.content,
        "# about it\n# first\n# the A\nclick on \"A\"\n\nrefresh the page\n# end\n"
    );
    let back = Conversion {
        format: TestFormat::Canonical,
        layout: ConversionLayout::Yaml,
    };
    let back = convert("t.txt", text.content.as_bytes(), back).unwrap();
    assert_eq!(
        back.content,
        "name: t\nsteps:\n  # about it\n  # first\n  # the A\n  - click: A\n\n  - refresh\n# end\n"
    );
    let json = to(TestFormat::Canonical, ConversionLayout::Json, file);
    let lost = told(&json, ConversionNoteKind::Loss);
    let lines: Vec<u32> = lost.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 4, 5, 8], "{lost:?}");
}

#[test]
fn blocks_are_carried_by_compact_and_lost_as_a_whole_elsewhere() {
    let file = "\
name: t
variables: {total: 5}
steps:
  - if: {variable: total, is: greater_than, value: 3}
    then: [click: A]
    elif: [{if: {visible: B}, then: [{wait_network_idle: 1s}]}]
    else: [repeat: 2, steps: [click: C]]
";
    let file = file.replace(
        "[repeat: 2, steps: [click: C]]",
        "[{repeat: 2, steps: [click: C]}]",
    );
    let compact = to(TestFormat::Compact, ConversionLayout::Yaml, &file);
    let lost: Vec<_> = compact
        .notes
        .iter()
        .filter(|note| note.kind() == ConversionNoteKind::Loss)
        .map(|note| note.field.as_str())
        .collect();
    assert_eq!(
        lost,
        ["checkpoints[0].steps[0].block.if_else.branches[1].steps[0]"],
        "{}",
        compact.content
    );
    for part in [
        "- if:",
        "operator: greater_than",
        "elif:",
        "loop:",
        "times: 2",
    ] {
        assert!(
            compact.content.contains(part),
            "{part}: {}",
            compact.content
        );
    }
    let simplified = to(TestFormat::Simplified, ConversionLayout::Yaml, &file);
    let lost = told(&simplified, ConversionNoteKind::Loss);
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!(lost[0].0, 4);
    assert!(
        simplified.content.contains("  #   then:\n"),
        "{}",
        simplified.content
    );
}

#[test]
fn compact_keeps_uses_of_definitions() {
    let file = "\
name: t
define:
  log in:
    params: {user: ada}
    steps: [click: $user]
  leave: [click: Out]
steps:
  - use: {block: log in, with: {user: bob}}
  - if: {visible: B}
    then: [use: leave]
";
    let file = file.replace("[use: leave]", "[{use: leave}]");
    let compact = to(TestFormat::Compact, ConversionLayout::Yaml, &file);
    assert_eq!(told(&compact, ConversionNoteKind::Loss), []);
    for part in [
        "define:",
        "- use: {block: log in, with: {user: bob}}",
        "- use: leave",
    ] {
        assert!(compact.content.contains(part), "{}", compact.content);
    }
    assert_eq!(parsed("t.yaml", &compact.content), parsed("t.yaml", &file));
    // The others have no control flow.
    let extended = to(TestFormat::Extended, ConversionLayout::Yaml, &file);
    let lost = told(&extended, ConversionNoteKind::Loss);
    assert_eq!(lost.len(), 2, "{lost:?}");
}

#[test]
fn keys_that_the_tool_of_a_format_passes_over_are_told() {
    let file = "\
name: t
tags: [a]
base_url: https://shop.example
data: [{user: ada}]
setup: [click: A]
steps: [click: B]
teardown: [click: C]
";
    let file = file
        .replace(": [click: A]", ": [{click: A}]")
        .replace(": [click: B]", ": [{click: B}]");
    let file = file.replace(": [click: C]", ": [{click: C}]");
    let keys = |format| {
        let written = to(format, ConversionLayout::Yaml, &file);
        assert_eq!(told(&written, ConversionNoteKind::Loss), []);
        let notes = written.notes.into_iter();
        let about = notes.filter(|note| note.reason.ends_with("passes over this key"));
        about
            .map(|note| (note.location.unwrap().line, note.construct))
            .collect::<Vec<_>>()
    };
    let own = |lines: &[(u32, &str)]| -> Vec<_> {
        let own = lines.iter().map(|(line, key)| (*line, (*key).to_owned()));
        own.collect()
    };
    let all = [
        (2, "tags"),
        (3, "base_url"),
        (4, "data"),
        (5, "setup"),
        (7, "teardown"),
    ];
    assert_eq!(keys(TestFormat::Simplified), own(&all));
    assert_eq!(keys(TestFormat::Extended), own(&all));
    assert_eq!(keys(TestFormat::Compact), own(&[(2, "tags"), (4, "data")]));
    assert_eq!(keys(TestFormat::Canonical), []);
}

#[test]
fn words_that_say_nothing_are_told() {
    let file = "project: P\nname: t\nsteps:\n\
        - click on the \"Bag\" link in the header\n\
        - step-interact click \"Save\" 7\n\
        - click on \"Out\"\n";
    let written = to(TestFormat::Canonical, ConversionLayout::Yaml, file);
    assert_eq!(
        told(&written, ConversionNoteKind::Change)
            .into_iter()
            .filter(|(line, _)| *line > 1)
            .collect::<Vec<_>>(),
        [
            (
                4,
                "\"in the header\", which says nothing about the element".to_owned()
            ),
            (5, "7, the position of the step".to_owned()),
        ]
    );
}

#[test]
fn a_comment_that_yaml_cannot_hold_is_written_without_what_it_cannot() {
    let text = "# one on a li\0\u{1}ne\nlook for \"Terms\" on page\n";
    let canonical = Conversion {
        format: TestFormat::Canonical,
        layout: ConversionLayout::Yaml,
    };
    let converted = convert("t.txt", text.as_bytes(), canonical).unwrap();
    let content = converted.content;
    assert!(
        content.contains("# one on a li\u{fffd}\u{fffd}ne"),
        "{content}"
    );
}
