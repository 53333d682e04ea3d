//! Blocks as documents.

use etude::v1::{self, block::Kind, condition};

use super::command;
use super::document::{Document, Value};
use super::record;
use super::test::{Entries, steps};
use crate::decode::{ASSERT, FILE, INCLUDE, WITH};

/// The keys of a block, which stands at `path`.
pub(crate) fn entries(kind: &Kind, path: &str) -> Entries {
    match kind {
        Kind::IfElse(block) => if_else(block, &format!("{path}.if_else")),
        Kind::Repeat(block) => {
            let path = format!("{path}.repeat");
            let count = Value::Literal(block.count.to_string());
            let mut entries = vec![entry("repeat", &format!("{path}.count"), count)];
            entries.extend(section("steps", &format!("{path}.steps"), &block.steps));
            entries
        }
        Kind::WhileLoop(block) => while_loop(block, &format!("{path}.while_loop")),
        Kind::ForEach(block) => for_each(block, &format!("{path}.for_each")),
        Kind::UseBlock(block) => {
            let path = format!("{path}.use_block");
            match block.file.is_empty() {
                true => vec![entry(
                    "use",
                    &path,
                    named(("block", &block.block), block, &path),
                )],
                false => vec![entry(
                    INCLUDE,
                    &path,
                    named((FILE, &block.file), block, &path),
                )],
            }
        }
        Kind::TryCatch(block) => {
            let path = format!("{path}.try_catch");
            let mut entries = Entries::new();
            for (key, field, steps) in [
                ("try", "steps", &block.steps),
                ("catch", "catch_steps", &block.catch_steps),
                ("finally", "finally_steps", &block.finally_steps),
            ] {
                entries.extend(section(key, &format!("{path}.{field}"), steps));
            }
            entries
        }
    }
}

fn if_else(block: &v1::IfBlock, path: &str) -> Entries {
    let mut branches = block.branches.iter().enumerate().map(|(index, branch)| {
        let path = format!("{path}.branches[{index}]");
        let condition = branch.condition.as_ref();
        let mut entries = vec![condition_entry("if", condition, &path)];
        entries.extend(section("then", &format!("{path}.steps"), &branch.steps));
        (path, entries)
    });
    let mut entries = branches.next().map(|(_, first)| first).unwrap_or_default();
    let others: Vec<_> = branches
        .map(|(path, entries)| Document::new(&path, Value::Map(entries)))
        .collect();
    if !others.is_empty() {
        entries.push(entry("elif", "", Value::List(others)));
    }
    let other = format!("{path}.else_steps");
    entries.extend(section("else", &other, &block.else_steps));
    entries
}

fn while_loop(block: &v1::WhileBlock, path: &str) -> Entries {
    let mut entries = vec![condition_entry("while", block.condition.as_ref(), path)];
    if block.max > 0 {
        let max = Value::Literal(block.max.to_string());
        entries.push(entry("max", &format!("{path}.max"), max));
    }
    entries.extend(section("steps", &format!("{path}.steps"), &block.steps));
    entries
}

fn for_each(block: &v1::ForEachBlock, path: &str) -> Entries {
    let variable = Value::Text(block.variable.clone());
    let items = block.items.iter().map(|item| record::item(item));
    let list = match block.list.as_str() {
        "" if !block.file.is_empty() => {
            let file = Value::Text(block.file.clone()).into();
            let map = Value::Map(vec![(FILE.to_owned(), file)]);
            entry("in", &format!("{path}.items"), map)
        }
        "" => entry("in", &format!("{path}.items"), Value::List(items.collect())),
        list => entry("in", &format!("{path}.list"), Value::Text(list.to_owned())),
    };
    let mut entries = vec![
        entry("for_each", &format!("{path}.variable"), variable),
        list,
    ];
    entries.extend(section("steps", &format!("{path}.steps"), &block.steps));
    entries
}

/// The name, or a map when there are values for parameters.
fn named((key, name): (&str, &str), block: &v1::UseBlock, path: &str) -> Value {
    let name = Value::Text(name.to_owned());
    if block.arguments.is_empty() {
        return name;
    }
    let arguments = block.arguments.iter().enumerate().map(|(index, argument)| {
        let path = format!("{path}.arguments[{index}]");
        (
            argument.name.clone(),
            Document::text(&path, &argument.value),
        )
    });
    let arguments = Value::Map(arguments.collect());
    Value::Map(vec![
        entry(key, &format!("{path}.block"), name),
        entry(WITH, &format!("{path}.arguments"), arguments),
    ])
}

fn entry(key: &str, path: &str, value: Value) -> (String, Document) {
    (key.to_owned(), Document::new(path, value))
}

/// The steps of a key. `None`: there are none.
fn section(key: &str, path: &str, list: &[v1::Step]) -> Option<(String, Document)> {
    (!list.is_empty()).then(|| entry(key, path, steps(list, path)))
}

fn condition_entry(key: &str, condition: Option<&v1::Condition>, path: &str) -> (String, Document) {
    let path = format!("{path}.condition");
    let value = condition.map_or(Value::Literal("null".to_owned()), |condition| {
        let value = self::condition(condition, &path);
        match condition.negated {
            true => Value::Map(vec![("not".to_owned(), value.into())]),
            false => value,
        }
    });
    entry(key, &path, value)
}

/// An expression, a comparison of a variable, or an assertion without `assert_`.
fn condition(condition: &v1::Condition, path: &str) -> Value {
    let command = match &condition.kind {
        Some(condition::Kind::Expression(text)) => return Value::Text(text.clone()),
        Some(condition::Kind::Command(command)) => command,
        None => return Value::Literal("null".to_owned()),
    };
    let Some((spec, message)) = crate::action(command) else {
        return Value::Literal("null".to_owned());
    };
    let path = format!("{path}.command.{}", spec.action.name());
    let value = command::command(spec, &message, &path);
    let key = spec.yaml.strip_prefix(ASSERT).unwrap_or(&spec.yaml);
    match value {
        Value::Map(keys) if key == "variable" && keys.len() > 1 => Value::Map(keys),
        value => Value::Map(vec![entry(key, &path, value)]),
    }
}
