//! What a test has beside its steps, under the keys of each format.

use etude::v1::{self, TestFormat, Variable, variable};

use super::notes::{About, Notes};
use super::{Read, verify};
use crate::format::document::{Document, Value};
use crate::format::test::{self, Entries};
use crate::format::yaml;

/// The keys of a test that stand before its steps, and what is read back of them.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) entries: Entries,
    pub(super) test: v1::Test,
}

/// Fields of a test that are no steps.
pub(super) const FIELDS: [&str; 10] = [
    "name",
    "description",
    "tags",
    "starting_url",
    "base_url",
    "variables",
    "data_rows",
    "config",
    "imports",
    "definitions",
];

/// The head of a test in this format; what is read back otherwise is left out and noted.
pub(super) fn write(read: &Read<'_>, format: TestFormat, marked: bool, notes: &mut Notes) -> Head {
    let test = &read.decoded.test;
    let mut head = Head::default();
    let project = project(read, format, marked, notes);
    for field in FIELDS {
        let entries = field_entries(format, test, field);
        let mut with = head.test.clone();
        copy(&mut with, test, field);
        if entries.is_empty() || is_read_back(format, &entries, &with, field) {
            head.test = with;
            merge(&mut head.entries, entries);
            continue;
        }
        let value = Value::Map(entries);
        let about = About::field(read, field, yaml::flow(&value));
        notes.loss(about, "it would be read as something else", "");
        if field == "name" {
            let name = "converted";
            name.clone_into(&mut head.test.name);
            merge(
                &mut head.entries,
                vec![(name_key(format).to_owned(), Document::text("name", name))],
            );
        }
    }
    head.entries.extend(project);
    head
}

impl Head {
    /// The head of a test in the canonical form.
    pub(super) fn canonical(test: &v1::Test) -> Self {
        Self {
            entries: canonical(test),
            test: crate::fuzz::without_places(test.clone()),
        }
    }
}

/// The keys of a test as the canonical form has them, without its steps.
pub(super) fn canonical(test: &v1::Test) -> Entries {
    let without_steps = v1::Test {
        setup: Vec::new(),
        checkpoints: Vec::new(),
        teardown: Vec::new(),
        ..test.clone()
    };
    match test::document(&without_steps).value {
        Value::Map(entries) => entries,
        _ => Entries::new(),
    }
}

/// The key that makes a file one of the simplified or extended format, where nothing else does.
fn project(
    read: &Read<'_>,
    format: TestFormat,
    marked: bool,
    notes: &mut Notes,
) -> Option<(String, Document)> {
    if !matches!(format, TestFormat::Simplified | TestFormat::Extended) {
        return None;
    }
    let given = read
        .passed_over
        .iter()
        .find_map(|passed| passed.what.strip_prefix("project: "));
    let name = match given {
        Some(name) => name,
        None if marked => {
            let name = read.decoded.test.name.as_str();
            let about = About::field(read, "name", "the format of the file");
            let reason = "without a key of its own the file would be taken for a canonical one";
            notes.change(about, reason, &format!("project: {name}"));
            name
        }
        None => return None,
    };
    Some(("project".to_owned(), Document::text("", name)))
}

/// Adds entries; those of a map that is there already go into it.
fn merge(all: &mut Entries, more: Entries) {
    for (key, document) in more {
        let known = all.iter_mut().find(|(other, _)| *other == key);
        match (known, document.value) {
            (
                Some((
                    _,
                    Document {
                        value: Value::Map(inner),
                        ..
                    },
                )),
                Value::Map(entries),
            ) => {
                inner.extend(entries);
            }
            (_, value) => all.push((key, Document { value, ..document })),
        }
    }
}

fn is_read_back(format: TestFormat, entries: &Entries, with: &v1::Test, field: &str) -> bool {
    let own: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
    let mut all = verify::around(format);
    all.retain(|(key, _)| !own.contains(&key.as_str()));
    merge(&mut all, entries.clone());
    let step = verify::filler(format);
    all.push(step);
    let text = yaml::print(&Value::Map(all).into()).into_text();
    let Some(found) = verify::read(verify::FILE, &text) else {
        return false;
    };
    let mut expected = found.clone();
    copy(&mut expected, with, field);
    found == expected
}

/// Whether a field is the same in both.
pub(super) fn is_same(one: &v1::Test, other: &v1::Test, field: &str) -> bool {
    let only = |test: &v1::Test| {
        let mut only = v1::Test::default();
        copy(&mut only, test, field);
        only
    };
    only(one) == only(other)
}

/// Copies a field.
fn copy(to: &mut v1::Test, from: &v1::Test, field: &str) {
    match field {
        "name" => to.name.clone_from(&from.name),
        "description" => to.description.clone_from(&from.description),
        "tags" => to.tags.clone_from(&from.tags),
        "starting_url" => to.starting_url.clone_from(&from.starting_url),
        "base_url" => to.base_url.clone_from(&from.base_url),
        "variables" => to.variables.clone_from(&from.variables),
        "data_rows" => {
            to.data_rows.clone_from(&from.data_rows);
            to.data_file.clone_from(&from.data_file);
        }
        "imports" => to.imports.clone_from(&from.imports),
        "definitions" => {
            let only = v1::Test {
                definitions: from.definitions.clone(),
                ..v1::Test::default()
            };
            to.definitions = crate::fuzz::without_places(only).definitions;
        }
        _ => to.config.clone_from(&from.config),
    }
}

fn name_key(format: TestFormat) -> &'static str {
    match format {
        TestFormat::Compact => "test",
        _ => "name",
    }
}

// === The keys of each format ===

fn field_entries(format: TestFormat, test: &v1::Test, field: &str) -> Entries {
    let mut only = v1::Test::default();
    copy(&mut only, test, field);
    let canonical = canonical(&only)
        .into_iter()
        .filter(|(_, v)| !v.path.is_empty() || field == "name");
    let Some((_, document)) = canonical.into_iter().next() else {
        return Entries::new();
    };
    let one = |key: &str, document: Document| vec![(key.to_owned(), document)];
    let infrastructure = |key: &str, document: Document| {
        one("infrastructure", Value::Map(one(key, document)).into())
    };
    match (format, field) {
        (_, "definitions") => one("define", document),
        (TestFormat::NaturalLanguage, "data_rows") => one("data", document),
        (TestFormat::NaturalLanguage, "config") => one("config", config(format, document)),
        (TestFormat::NaturalLanguage, other) => one(other, document),
        (TestFormat::Compact, "name") => one("test", document),
        (TestFormat::Compact, "description") => one("desc", document),
        (TestFormat::Compact, "base_url") => one("base", document),
        (TestFormat::Compact, "starting_url") => one("nav", document),
        (TestFormat::Compact, "variables") => {
            // With rows, or with a variable of this name, "data" would be a table.
            let has_data = !test.data_rows.is_empty() || !test.data_file.is_empty();
            let is_table = has_data || test.variables.iter().any(|v| v.name == "rows");
            one(
                if is_table { "vars" } else { "data" },
                map_of(&test.variables),
            )
        }
        (TestFormat::Extended, "starting_url" | "base_url") => infrastructure(field, document),
        (_, "variables") => one("variables", list_of(&test.variables)),
        (_, "data_rows") => one("data", document),
        (_, "config") => one("config", config(format, document)),
        (_, other) => one(other, document),
    }
}

fn value_of(variable: &Variable) -> Value {
    match &variable.source {
        Some(variable::Source::Value(text)) => Value::Text(text.clone()),
        Some(variable::Source::Env(name)) => Value::Text(format!("${{ENV:{name}}}")),
        Some(variable::Source::Secret(name)) => {
            Value::Map(vec![("secret".to_owned(), Document::text("", name))])
        }
        None => Value::Literal("null".to_owned()),
    }
}

fn documents(variables: &[Variable]) -> impl Iterator<Item = (&str, Document)> {
    variables.iter().enumerate().map(|(index, variable)| {
        let path = format!("variables[{index}]");
        (
            variable.name.as_str(),
            Document::new(&path, value_of(variable)),
        )
    })
}

/// `{user: Ada}`
fn map_of(variables: &[Variable]) -> Document {
    let entries = documents(variables).map(|(name, value)| (name.to_owned(), value));
    Document::new("variables", Value::Map(entries.collect()))
}

/// `[{name: user, value: Ada}]`
fn list_of(variables: &[Variable]) -> Document {
    let item = |(name, document): (&str, Document)| {
        let path = document.path.clone();
        let value = Document::from(document.value);
        let entries = vec![
            ("name".to_owned(), Document::text("", name)),
            ("value".to_owned(), value),
        ];
        Document::new(&path, Value::Map(entries))
    };
    Document::new(
        "variables",
        Value::List(documents(variables).map(item).collect()),
    )
}

/// The keys of `config` as the dialects spell them.
fn config(format: TestFormat, document: Document) -> Document {
    let Value::Map(entries) = document.value else {
        return document;
    };
    let rename = |(key, value): (String, Document)| {
        let key = match key.as_str() {
            "step_timeout" => "timeout",
            "timeout" => "test_timeout",
            "retries" if format == TestFormat::Compact => "retry",
            other => other,
        };
        (key.to_owned(), value)
    };
    let mut entries: Entries = entries.into_iter().map(rename).collect();
    if entries.is_empty() {
        // An empty one would be passed over.
        let no = Value::Literal("false".to_owned());
        entries.push(("continue_on_error".to_owned(), no.into()));
    }
    Document::new(&document.path, Value::Map(entries))
}
