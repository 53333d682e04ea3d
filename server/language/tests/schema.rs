//! The JSON Schema and the parser agree.

#![allow(clippy::unwrap_used)]

use boon::{Compiler, SchemaIndex, Schemas};
use etude_language::{parse, schema};
use serde_json::Value;

struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    fn new() -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler.add_resource("schema.json", schema()).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn error(&self, file: &str) -> Option<String> {
        let value: Value = serde_yaml::from_str(file).unwrap();
        let result = self.schemas.validate(&value, self.index);
        result.err().map(|error| error.to_string())
    }
}

#[track_caller]
fn both_accept(validator: &Validator, file: &str) {
    let parsed = parse("t", file.as_bytes());
    assert!(parsed.test.is_some(), "{file}\n{:?}", parsed.diagnostics);
    assert_eq!(validator.error(file), None, "{file}");
}

#[track_caller]
fn both_refuse(validator: &Validator, file: &str) {
    assert!(parse("t", file.as_bytes()).test.is_none(), "{file}");
    assert!(validator.error(file).is_some(), "{file}");
}

#[test]
fn what_the_parser_accepts_the_schema_accepts() {
    let validator = Validator::new();
    for file in [
        "name: 1\nsteps: [refresh, {refresh: null}, {reload: {}}]",
        "name: t\ncheckpoints: [{name: a, steps: [refresh]}]\nteardown: [clear_cookies]\ntags: x",
        "name: t\nconfig: {viewport: 800x600, browser: firefox, step_timeout: 1m30s, retries: 2}\nsteps: [refresh]",
        "name: t\nconfig: {viewport: {width: 800, height: 600}, browser: {window_mode: headed}}\nsteps: [refresh]",
        "name: t\nvariables: {a: 1, b: true, c: , p: {secret: S}}\ndata: [{_name: x, a: 2}, {}]\nsteps: [refresh]",
        "name: t\ndata: {rows: [{a: 2}]}\nsetup:\nsteps: [refresh]",
    ] {
        both_accept(&validator, file);
    }
    for step in [
        "click: Log in",
        "click: {on: x, position: top_left, modifiers: [shift, alt]}",
        "click: {css: x}",
        "click: {target: {role: button, name: x, nth: -1}}",
        "click: {target: {role: {role: button}}}",
        "click: {role: button, name: x}",
        "write: {text: 5, into: {label: User, kind: input}, delay: 50ms}",
        "wait: 2s",
        "dismiss_confirm: true",
        "dismiss_confirm: {accept: true}",
        "dismiss_confirm:",
        "press: {key: ENTER, repeat: 3}",
        "call_api: {url: /x, method: POST, headers: {A: b, C: 1}, body: x}",
        "assert_variable: {variable: a, is: less_than, value: 5}",
        "assert_count: {of: x, count: 3, comparison: greater_than}",
        "select_index: {from: x, index: -1}",
        "screenshot: {scope: full_page}",
        "screenshot:",
        "log: ''",
        "{click: x, name: n, optional: true, timeout: 3s, retries: 1, screenshots: never}",
    ] {
        both_accept(&validator, &format!("name: t\nsteps:\n- {step}"));
    }
}

#[test]
fn what_the_parser_refuses_the_schema_refuses() {
    let validator = Validator::new();
    for file in [
        "name: t",
        "steps: [refresh]",
        "name: t\nsteps: [refresh]\ncheckpoints: [{steps: [refresh]}]",
        "name: t\nstep: [refresh]",
        "name: t\nvariables: {1a: x}\nsteps: [refresh]",
        "name: t\nvariables: {a: [x]}\nsteps: [refresh]",
        "name: t\nconfig: {viewport: big}\nsteps: [refresh]",
        "name: t\nconfig: {retries: 11}\nsteps: [refresh]",
        "name: t\ntags: [a, a]\nsteps: [refresh]",
    ] {
        both_refuse(&validator, file);
    }
    for step in [
        "clik: x",
        "click",
        "click:",
        "click: {}",
        "click: ''",
        "click: {on: x, positon: center}",
        "click: {on: x, position: middle}",
        "click: {target: {css: a, xpath: b}}",
        "click: {target: {name: a}}",
        "{click: x, hover: y}",
        "{click: x, optinal: true}",
        "{click: x, optional: 'true'}",
        "{click: x, retries: 11}",
        "refresh: now",
        "write: x",
        "write: {into: x}",
        "wait: 2",
        "wait: 1s1m",
        "wait: ''",
        "press: {key: a, repeat: -1}",
        "select_index: {from: x, index: 0}",
        "assert_count: {of: x, count: 1, comparison: matches}",
        "assert_variable: {variable: a}",
        "store_text: {from: x, as: 1a}",
        "{}",
    ] {
        both_refuse(&validator, &format!("name: t\nsteps:\n- {step}"));
    }
}

#[test]
fn everything_is_described() {
    let schema = schema();
    let definitions = schema["$defs"].as_object().unwrap();
    let commands = definitions
        .iter()
        .filter(|(name, _)| name.starts_with("command."));
    assert_eq!(commands.clone().count(), etude::catalog::commands().len());
    for (name, command) in commands {
        assert!(
            command["description"].as_str().unwrap().len() > 10,
            "{name}"
        );
    }
    for (name, property) in schema["properties"].as_object().unwrap() {
        assert!(property["description"].is_string(), "{name}");
    }
}

#[test]
fn the_schema_itself_is_valid_and_moderate_in_size() {
    let text = schema().to_string();
    assert!(text.len() < 1 << 20, "{}", text.len());
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    // The meta-schema comes with the validator.
    let index = compiler
        .compile("https://json-schema.org/draft/2020-12/schema", &mut schemas)
        .unwrap();
    assert!(schemas.validate(&schema(), index).is_ok());
}
