//! The schema and the parser agree about every key of every command, in all its spellings, and
//! about whatever else may stand in a test.

use boon::{Compiler, SchemaIndex, Schemas};
use etude::catalog::{self, CommandSpec};
use etude::v1::{Diagnostic, DocumentFormat};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::model::{self, Field, Message, Rules, Shape};
use crate::testing::Choices;

struct Judges {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Judges {
    fn new() -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler
            .add_resource("schema.json", super::schema())
            .unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    /// Whether the file is accepted, by both.
    #[track_caller]
    fn accept(&self, file: &Value) -> bool {
        let parsed = parse_canonical(file);
        let result = self.schemas.validate(file, self.index);
        let error = result.err().map(|error| error.to_string());
        assert_eq!(
            parsed.test.is_some(),
            error.is_none(),
            "{file:#}\n{:#?}\n{error:?}",
            parsed.diagnostics
        );
        error.is_none()
    }

    #[track_caller]
    fn accept_step(&self, step: Value) -> bool {
        self.accept(&json!({"name": "t", "steps": [step]}))
    }
}

/// What people write by mistake, or on purpose.
fn values() -> [Value; 11] {
    [
        Value::Null,
        json!(true),
        json!(5),
        json!(-1),
        json!("x"),
        json!(""),
        json!("2s"),
        json!([]),
        json!(["x"]),
        json!({}),
        json!({"x": "y"}),
    ]
}

/// A value that the field may have.
fn sample(field: &Field) -> Value {
    if field.descriptor.is_map() {
        return json!({"A": "b"});
    }
    let rules = match field.descriptor.is_list() {
        true => field.rules.items.as_deref().cloned().unwrap_or_default(),
        false => field.rules.clone(),
    };
    let one = single(field, &rules);
    match field.descriptor.is_list() {
        true => json!([one]),
        false => one,
    }
}

fn single(field: &Field, rules: &Rules) -> Value {
    match &field.shape {
        Shape::Text => match &rules.pattern {
            Some(pattern) if !regex::Regex::new(pattern).unwrap().is_match("a") => json!("GET"),
            _ => json!("a"),
        },
        Shape::Bool => json!(true),
        Shape::Integer(..) => json!(rules.least.unwrap_or(1).max(1)),
        Shape::Word(words) => json!(words[0].0),
        Shape::Duration => json!("2s"),
        Shape::Message(name) if name == "etude.v1.Target" => json!("x"),
        Shape::Message(_) | Shape::Other => json!({}),
    }
}

/// A map with what a command needs.
fn least(model: &Message) -> Map<String, Value> {
    let needed = model.fields.iter().filter(|field| super::needed(field));
    let pairs = model.pairs.iter().filter_map(|pair| model.field(&pair[0]));
    let fields = needed.chain(pairs);
    fields
        .map(|field| (field.name().to_owned(), sample(field)))
        .collect()
}

fn each_command(check: impl Fn(&CommandSpec, &Message, Map<String, Value>)) {
    for spec in catalog::commands() {
        let model = model::message(spec.message.full_name());
        check(spec, model, least(model));
    }
}

/// The map without the field, and without one that excludes it.
fn without(mut map: Map<String, Value>, model: &Message, field: &Field) -> Map<String, Value> {
    map.remove(field.name());
    for pair in &model.pairs {
        if pair.iter().any(|name| name == field.name()) {
            map.retain(|key, _| !pair.contains(key));
        }
    }
    map
}

#[test]
fn every_spelling_of_every_key_is_accepted_once() {
    let judges = Judges::new();
    each_command(|spec, model, least| {
        for key in super::keys(spec) {
            assert!(judges.accept_step(json!({key: least})), "{key}");
        }
        let key = &spec.yaml;
        for field in &model.fields {
            let rest = without(least.clone(), model, field);
            for spelling in model.spellings(field) {
                let mut map = rest.clone();
                map.insert(spelling.to_owned(), sample(field));
                assert!(judges.accept_step(json!({key: map})), "{key} {spelling}");
                for other in model.spellings(field) {
                    let mut twice = map.clone();
                    twice.insert(other.to_owned(), sample(field));
                    let same = other == spelling;
                    assert_eq!(
                        judges.accept_step(json!({key: twice})),
                        same,
                        "{key} {other}"
                    );
                }
            }
        }
    });
}

#[test]
fn every_word_is_accepted_in_all_its_spellings() {
    let judges = Judges::new();
    each_command(|spec, model, least| {
        for field in &model.fields {
            let Shape::Word(words) = &field.shape else {
                continue;
            };
            for (word, number) in words {
                let spaced = word.replace('_', " ");
                for spelling in [
                    word.clone(),
                    word.to_uppercase(),
                    word.replace('_', ""),
                    format!(" {spaced} "),
                    spaced.replace(' ', "-"),
                ] {
                    let mut map = least.clone();
                    map.insert(field.name().to_owned(), json!(spelling));
                    let allowed = !field.rules.not.contains(&i64::from(*number));
                    let accepted = judges.accept_step(json!({&spec.yaml: map}));
                    assert_eq!(accepted, allowed, "{} {spelling}", spec.yaml);
                }
            }
        }
    });
}

#[test]
fn every_value_of_every_key_is_judged_alike() {
    let judges = Judges::new();
    each_command(|spec, model, least| {
        let key = &spec.yaml;
        judges.accept_step(json!(key));
        for value in values() {
            judges.accept_step(json!({key: value}));
            judges.accept_step(json!({key: least, "timeout": value}));
            for field in &model.fields {
                let mut map = without(least.clone(), model, field);
                judges.accept_step(json!({key: map}));
                map.insert(field.name().to_owned(), value.clone());
                judges.accept_step(json!({key: map}));
            }
        }
        let mut unknown = least.clone();
        unknown.insert("unknown".to_owned(), json!("x"));
        assert!(!judges.accept_step(json!({key: unknown})));
    });
}

#[test]
fn the_keys_of_a_target_are_judged_alike_wherever_they_stand() {
    let judges = Judges::new();
    let target = crate::decode::target_message();
    let mut keys: Vec<&str> = target
        .fields
        .iter()
        .flat_map(|f| target.spellings(f))
        .collect();
    keys.push("name");
    let value = |key: &str| match key {
        "nth" => json!(1),
        "position" => json!("top left"),
        "kind" => json!("button"),
        "variable" => json!("a"),
        _ => json!("x"),
    };
    each_command(|spec, model, least| {
        let Some(field) = model.field("target") else {
            return;
        };
        let key = &spec.yaml;
        for first in &keys {
            for second in &keys {
                let pair = json!({*first: value(first), *second: value(second)});
                if key == "click" {
                    judges.accept_step(json!({key: {"target": pair}}));
                }
                for mut beside in [least.clone(), without(least.clone(), model, field)] {
                    beside.extend(pair.as_object().unwrap().clone());
                    judges.accept_step(json!({key: beside}));
                }
            }
        }
    });
}

/// Changes one value somewhere, one key, or leaves one out.
fn change(value: &mut Value, choices: &mut Choices) {
    let inner: Vec<&mut Value> = match value {
        Value::Object(map) => map.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => Vec::new(),
    };
    let count = inner.len();
    if count > 0 && !choices.chance(4) {
        let index = choices.below(count);
        return change(inner.into_iter().nth(index).unwrap(), choices);
    }
    match value {
        Value::Object(map) if count > 0 && choices.chance(2) => {
            let key = map.keys().nth(choices.below(count)).unwrap().clone();
            let removed = map.remove(&key).unwrap();
            let names = [key.as_str(), "unknown", "name", "target", "css", "value"];
            if choices.chance(2) {
                map.insert((*choices.pick(&names)).to_owned(), removed);
            }
        }
        Value::Array(items) if count > 0 && choices.chance(2) => {
            items.remove(choices.below(count));
        }
        other => *other = choices.pick(&values()).clone(),
    }
}

/// What no schema can see: what templates say, which blocks there are and what these need, and
/// that `true` and `"true"` are the same item.
fn is_about_meaning(diagnostic: &Diagnostic, file: &Value) -> bool {
    let reasons = [
        "INVALID_EXPRESSION",
        "UNDEFINED_VARIABLE",
        "UNKNOWN_BLOCK",
        "BLOCK_CYCLE",
    ];
    let subjects = ["the block \"", "the parameter \""];
    reasons.contains(&diagnostic.reason.as_str())
        || subjects
            .iter()
            .any(|subject| diagnostic.message.starts_with(subject))
        || (diagnostic.message.ends_with("the same item twice") && has_disguised_twins(file))
}

/// Whether a list holds two items of different types with the same text.
fn has_disguised_twins(value: &Value) -> bool {
    let text = |item: &Value| item.as_str().map_or(item.to_string(), str::to_owned);
    match value {
        Value::Array(items) => {
            let is_twin = |(at, item): (usize, &Value)| {
                let mut before = items[..at].iter();
                before.any(|other| other != item && text(other) == text(item))
            };
            items.iter().enumerate().any(is_twin) || items.iter().any(has_disguised_twins)
        }
        Value::Object(map) => map.values().any(has_disguised_twins),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_changed_test_is_judged_alike(seed: u64) {
        thread_local!(static JUDGES: Judges = Judges::new());
        let mut choices = Choices::new(seed);
        let text = crate::format(&choices.test(), DocumentFormat::Json).unwrap();
        let mut file: Value = serde_json::from_str(&text).unwrap();
        JUDGES.with(|judges| {
            assert!(judges.accept(&file));
            change(&mut file, &mut choices);
            let parsed = parse_canonical(&file);
            let hidden = |d: &Diagnostic| is_about_meaning(d, &file);
            if !parsed.diagnostics.iter().any(hidden) {
                judges.accept(&file);
            }
        });
    }
}

/// What the file means in the canonical form, which is what the schema describes, whatever other
/// format it may be taken for.
fn parse_canonical(file: &Value) -> crate::Parsed {
    let text = file.to_string();
    let (source, _) = crate::Source::read("t.json", text.as_bytes());
    let mut mistakes = crate::Mistakes::default();
    let decoded = crate::tree::build(&source, &mut mistakes)
        .map(|(tree, root)| crate::decode::decode(&source, &tree, root, &mut mistakes));
    if let Some(decoded) = &decoded {
        crate::check::decoded(&source, decoded, &crate::Brought::default(), &mut mistakes);
    }
    let test = decoded.filter(|_| !mistakes.has_errors());
    crate::Parsed {
        test: test.map(|decoded| decoded.test),
        missing_files: Vec::new(),
        diagnostics: mistakes.into_diagnostics(&source),
    }
}
