//! docs/commands.md, the reference of the commands, is what the descriptors say.
//! `ETUDE_REGENERATE=1 cargo test -p etude-language --test commands` writes it anew.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::Path;

use etude::catalog::{self, CommandSpec, FieldSpec};
use etude::v1::{self, DocumentFormat, VariableUse};
use etude_language::{format, natural, parse};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage, Value};

#[test]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
    let expected = reference();
    if std::env::var_os("ETUDE_REGENERATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/commands.md is out of date; run\n\
         ETUDE_REGENERATE=1 cargo test -p etude-language --test commands"
    );
}

fn reference() -> String {
    let mut page = "\
# Commands

Every command of a test, by group. This page is generated from the contract (`proto/etude/v1`).
[language.md](language.md) explains the forms; a field in **bold** must be given. Every field that
is a *target* can be a hint or a map of locators; *templates* may hold `$variables` and
`${expressions}`.

"
    .to_owned();
    let mut groups: Vec<&str> = Vec::new();
    for spec in catalog::commands() {
        if !groups.contains(&spec.group.as_str()) {
            groups.push(&spec.group);
        }
    }
    for group in &groups {
        let commands: Vec<_> = in_group(group)
            .map(|spec| format!("[`{0}`](#{0})", spec.yaml))
            .collect();
        writeln!(page, "- **{group}**: {}", commands.join(", ")).unwrap();
    }
    for group in groups {
        writeln!(page, "\n## Group {group}").unwrap();
        for spec in in_group(group) {
            section(&mut page, spec);
        }
    }
    page
}

fn in_group(group: &str) -> impl Iterator<Item = &'static CommandSpec> {
    catalog::commands()
        .iter()
        .filter(move |spec| spec.group == group)
}

fn section(page: &mut String, spec: &CommandSpec) {
    writeln!(page, "\n### {}\n\n{}\n", spec.yaml, spec.description).unwrap();
    let [few, all] = [false, true].map(|all| sample(spec, all));
    let mut examples = step(&few);
    if step(&all) != examples {
        examples += &step(&all);
    }
    writeln!(page, "```yaml\n{examples}```\n").unwrap();
    if !spec.fields.is_empty() {
        page.push_str("| field | value | meaning |\n|---|---|---|\n");
        for field in &spec.fields {
            row(page, spec, field);
        }
        page.push('\n');
    }
    let facts = [
        ("Other keys", ticked(&spec.yaml_aliases)),
        (
            "Short form",
            spec.scalar.iter().map(|s| format!("`{s}`")).collect(),
        ),
        ("In words", natural::text(&all)),
        ("Command line", names(spec)),
        ("gRPC", format!("`{}`", spec.method)),
        ("Backends", backends(spec)),
    ];
    let facts: Vec<_> = facts
        .iter()
        .filter(|(_, fact)| !fact.is_empty())
        .map(|(name, fact)| format!("{name}: {fact}"))
        .collect();
    writeln!(page, "{}", facts.join(" · ")).unwrap();
}

fn row(page: &mut String, spec: &CommandSpec, field: &FieldSpec) {
    let name = match needed(spec, field) {
        true => format!("**`{}`**", field.name),
        false => format!("`{}`", field.name),
    };
    let mut names = vec![name];
    names.extend(field.aliases.iter().map(|alias| format!("`{alias}`")));
    let description = spelled(spec, &field.description).replace('|', "\\|");
    writeln!(
        page,
        "| {} | {} | {description} |",
        names.join(", "),
        kind(field)
    )
    .unwrap();
}

/// The description with words for the values of enums, as files spell them.
fn spelled(spec: &CommandSpec, description: &str) -> String {
    let mut names = Vec::new();
    for field in &spec.fields {
        if let Kind::Enum(descriptor) = field.descriptor.kind() {
            names.extend(
                catalog::enum_words(&descriptor)
                    .into_iter()
                    .map(|(word, number)| {
                        (
                            descriptor.get_value(number).unwrap().name().to_owned(),
                            word,
                        )
                    }),
            );
        }
    }
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let replace =
        |text: String, (name, word): &(String, String)| text.replace(name, &format!("`{word}`"));
    names.iter().fold(description.to_owned(), replace)
}

/// Whether a file without the field is refused.
fn needed(spec: &CommandSpec, field: &FieldSpec) -> bool {
    let text = format!("name: t\nsteps:\n- {}: {{}}\n", spec.yaml);
    let parsed = parse("t", text.as_bytes());
    let quoted = format!("\"{}\"", field.name);
    parsed
        .diagnostics
        .iter()
        .any(|d| d.reason == "MISSING_KEY" && d.message.contains(&quoted))
}

fn kind(field: &FieldSpec) -> String {
    let descriptor = &field.descriptor;
    if descriptor.is_map() {
        return "map of texts (templates)".to_owned();
    }
    let one = match descriptor.kind() {
        Kind::String if field.variable != VariableUse::Unspecified => "name of a variable".into(),
        Kind::String if field.expression => "JavaScript".into(),
        Kind::String if field.template => "template".into(),
        Kind::String => "text".into(),
        Kind::Bool => "true or false".into(),
        Kind::Enum(descriptor) => {
            let words = catalog::enum_words(&descriptor);
            let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            words.join(", ")
        }
        Kind::Message(message) if message.name() == "Target" => "target".into(),
        Kind::Message(_) => "duration".into(),
        _ => String::from("whole number"),
    };
    match descriptor.is_list() {
        true => format!("list of {one}"),
        false => one,
    }
}

fn names(spec: &CommandSpec) -> String {
    let mut names = vec![format!("`{} {}`", spec.group, spec.name)];
    names.extend(spec.aliases.iter().map(|alias| format!("`{alias}`")));
    names.join(", ")
}

fn backends(spec: &CommandSpec) -> String {
    let name = |backend: &v1::Backend| match backend {
        v1::Backend::Browser => "browser",
        v1::Backend::Platform => "platform",
        v1::Backend::Unspecified => "none",
    };
    spec.backends
        .iter()
        .map(name)
        .collect::<Vec<_>>()
        .join(", ")
}

fn ticked(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

// === Examples ===

/// The command as a step of a file, which is parsed back to be sure.
fn step(command: &v1::Command) -> String {
    let test = v1::Test {
        name: "t".to_owned(),
        checkpoints: vec![v1::Checkpoint {
            steps: vec![v1::Step {
                command: Some(command.clone()),
                ..v1::Step::default()
            }],
            ..v1::Checkpoint::default()
        }],
        ..v1::Test::default()
    };
    let text = format(&test, DocumentFormat::Yaml).unwrap();
    let back = parse("t", text.as_bytes()).test.unwrap();
    assert_eq!(back.checkpoints[0].steps[0].command.as_ref(), Some(command));
    let (_, steps) = text.split_once("steps:\n").unwrap();
    steps
        .lines()
        .map(|line| format!("{}\n", &line[2..]))
        .collect()
}

fn sample(spec: &CommandSpec, all: bool) -> v1::Command {
    let mut command = DynamicMessage::new(v1::Command::default().descriptor());
    command.set_field(&spec.action, Value::Message(message(spec, all)));
    command.transcode_to().unwrap()
}

fn message(spec: &CommandSpec, all: bool) -> DynamicMessage {
    let mut message = DynamicMessage::new(spec.message.clone());
    for field in &spec.fields {
        let said = format!("{{{}}}", field.name);
        let is_enum = matches!(field.descriptor.kind(), Kind::Enum(_));
        let in_form = outside_brackets(&spec.natural).contains(&said) && !is_enum;
        if all || field.required || in_form {
            message.set_field(&field.descriptor, value(spec, field));
        }
    }
    if spec.yaml == "assert_variable" {
        message.clear_field_by_name("expression");
        message.set_field_by_name("variable", Value::String("total".to_owned()));
    }
    message
}

fn outside_brackets(form: &str) -> String {
    let parts = form
        .split('[')
        .enumerate()
        .map(|(index, part)| match index {
            0 => part,
            _ => part.split_once(']').map_or("", |(_, rest)| rest),
        });
    parts.collect()
}

fn value(spec: &CommandSpec, field: &FieldSpec) -> Value {
    let descriptor = &field.descriptor;
    if descriptor.is_map() {
        let entry = (
            MapKey::String("Accept".to_owned()),
            Value::String("text/html".to_owned()),
        );
        return Value::Map([entry].into());
    }
    let one = single(spec, field, descriptor);
    match descriptor.is_list() {
        true => Value::List(vec![one]),
        false => one,
    }
}

fn single(spec: &CommandSpec, field: &FieldSpec, descriptor: &FieldDescriptor) -> Value {
    match descriptor.kind() {
        Kind::String => Value::String(text(spec, &field.name).to_owned()),
        Kind::Bool => Value::Bool(true),
        Kind::Int32 => Value::I32(2),
        Kind::Uint32 => Value::U32(match field.name.as_str() {
            "width" => 1280,
            "height" => 800,
            "pixels" => 300,
            "expect_status" => 200,
            _ => 2,
        }),
        Kind::Enum(descriptor) => Value::EnumNumber(catalog::enum_words(&descriptor)[0].1),
        Kind::Message(message) if message.name() == "Target" => {
            let hint = match (spec.yaml.as_str(), field.name.as_str()) {
                (_, "destination") => "Basket",
                ("write" | "clear", _) => "Comment",
                _ => "Item",
            };
            let target = v1::Target {
                locator: Some(v1::target::Locator::Hint(hint.to_owned())),
                ..v1::Target::default()
            };
            Value::Message(target.transcode_to_dynamic())
        }
        _ => {
            let duration = prost_types::Duration {
                seconds: 2,
                nanos: 0,
            };
            Value::Message(duration.transcode_to_dynamic())
        }
    }
}

fn text(spec: &CommandSpec, field: &str) -> &'static str {
    match (spec.yaml.as_str(), field) {
        ("upload", "url") => "https://shop.example/a.png",
        ("download" | "execute" | "call_api", "variable") => "result",
        (_, "variable") => "total",
        ("set_cookie" | "create_cookie", "value") => "abc",
        ("comment", _) => "the basket is empty now",
        ("execute", _) => "return document.title",
        (_, "expression") => "document.title.length",
        (_, "url") => "/basket",
        (_, "key") => "ENTER",
        (_, "method") => "GET",
        (_, "attribute") => "href",
        (_, "option") => "Blue",
        (_, "pattern") => "^[0-9]+$",
        (_, "file") => "$report",
        (_, "title") => "Basket",
        (_, "domain") => "shop.example",
        (_, "path") => "/",
        (_, "name") => "basket",
        (_, "body") => "{\"a\": 1}",
        (_, "message") => "$total items",
        (_, "ignore") => "favicon",
        (_, "value") => "5",
        _ => "Hello $user",
    }
}
