//! A typed test as a document.

use etude::v1::{
    self, Diagnostic, ErrorReason, Severity, Variable, parameter::Otherwise, variable,
};
use prost_reflect::ReflectMessage;

use super::document::{Document, Value};
use super::{block, command};
use crate::decode::{self, PARAMS, ROW_NAME, STEPS};
use crate::model;
use crate::template::environment_name;

pub(crate) type Entries = Vec<(String, Document)>;

/// The fields of a test in the order in which a file has them: what it is, where it begins, what it
/// needs, what it does.
const ORDER: [&str; 14] = [
    "name",
    "description",
    "tags",
    "base_url",
    "starting_url",
    "variables",
    "data_rows",
    "data_file",
    "config",
    "imports",
    "definitions",
    "setup",
    "checkpoints",
    "teardown",
];

/// What a file cannot spell, of a test without other mistakes.
pub(crate) fn unprintable(test: &v1::Test) -> Vec<Diagnostic> {
    let mistake = |message: String, suggestion: String| Diagnostic {
        severity: Severity::Error.into(),
        reason: ErrorReason::InvalidValue.name().to_owned(),
        message,
        suggestion,
        ..Diagnostic::default()
    };
    let rows = test.data_rows.iter().enumerate();
    let clashes = rows.filter(|(_, row)| row.variables.iter().any(|v| v.name == ROW_NAME));
    let clashes = clashes.map(|(index, _)| {
        mistake(
            format!("data_rows[{index}]: a file cannot set a variable \"{ROW_NAME}\""),
            format!("rename it; \"{ROW_NAME}\" is the name of the row"),
        )
    });
    let of_rows = test.data_rows.iter().flat_map(|row| &row.variables);
    let texts = test.variables.iter().chain(of_rows);
    let texts = texts.filter_map(|variable| match &variable.source {
        Some(variable::Source::Value(text)) => Some((&variable.name, environment_name(text)?)),
        _ => None,
    });
    let read_otherwise = texts.map(|(name, environment)| {
        mistake(
            format!("a file cannot give \"{name}\" the text \"${{ENV:{environment}}}\""),
            format!("use the source \"env\" to read the environment variable {environment}"),
        )
    });
    clashes.chain(read_otherwise).collect()
}

/// The document of a test.
pub(crate) fn document(test: &v1::Test) -> Document {
    let without_sections = v1::Test {
        name: test.name.clone(),
        description: test.description.clone(),
        starting_url: test.starting_url.clone(),
        base_url: test.base_url.clone(),
        config: test.config.clone(),
        tags: test.tags.clone(),
        imports: test.imports.clone(),
        ..v1::Test::default()
    };
    let dynamic = without_sections.transcode_to_dynamic();
    let model = model::message("etude.v1.Test");
    let mut entries = Entries::new();
    for field in ORDER.iter().filter_map(|name| model.field(name)) {
        let name = field.name();
        if let Some((key, section)) = section(test, name) {
            entries.push((key.to_owned(), Document::new(name, section)));
        } else if dynamic.has_field(&field.descriptor) {
            let value = command::value(field, &dynamic.get_field(&field.descriptor), name);
            entries.push((name.to_owned(), value));
        }
    }
    Value::Map(entries).into()
}

/// The key and value of a field that a file spells in a way of its own. `None`: it is another, or
/// has its default value.
fn section(test: &v1::Test, name: &str) -> Option<(&'static str, Value)> {
    let (key, value) = match name {
        "variables" => (
            "variables",
            Value::Map(variables(&test.variables, "variables")),
        ),
        "data_rows" if test.data_file.is_empty() => ("data", rows(&test.data_rows)),
        "data_rows" => ("data", Value::Text(test.data_file.clone())),
        "definitions" => ("define", Value::Map(definitions(&test.definitions))),
        "setup" => ("setup", steps(&test.setup, "setup")),
        "teardown" => ("teardown", steps(&test.teardown, "teardown")),
        "checkpoints" => match test.checkpoints.as_slice() {
            [only] if is_bare(only) => (STEPS, steps(&only.steps, "checkpoints[0].steps")),
            all => ("checkpoints", checkpoints(all)),
        },
        _ => return None,
    };
    let empty = match &value {
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        Value::Text(_) | Value::Literal(_) => false,
    };
    (!empty).then_some((key, value))
}

pub(crate) fn variables(variables: &[Variable], path: &str) -> Entries {
    let named = |key: &str, name: &str| {
        let name = Value::Text(name.to_owned()).into();
        Value::Map(vec![(key.to_owned(), name)])
    };
    let value = |variable: &Variable| match &variable.source {
        Some(variable::Source::Value(text)) => Value::Text(text.clone()),
        Some(variable::Source::Secret(name)) => named("secret", name),
        Some(variable::Source::Env(name)) => named("env", name),
        None => Value::Literal("null".to_owned()),
    };
    let entry = |(index, variable): (usize, &Variable)| {
        let document = Document::new(&format!("{path}[{index}]"), value(variable));
        (variable.name.clone(), document)
    };
    variables.iter().enumerate().map(entry).collect()
}

pub(crate) fn rows(rows: &[v1::DataRow]) -> Value {
    let row = |(index, row): (usize, &v1::DataRow)| {
        let path = format!("data_rows[{index}]");
        let mut entries = Entries::new();
        if !row.name.is_empty() {
            entries.push((ROW_NAME.to_owned(), Document::text("", &row.name)));
        }
        entries.extend(variables(&row.variables, &path));
        Document::new(&path, Value::Map(entries))
    };
    Value::List(rows.iter().enumerate().map(row).collect())
}

fn definitions(definitions: &[v1::Definition]) -> Entries {
    let entry = |(index, definition): (usize, &v1::Definition)| {
        let path = format!("definitions[{index}]");
        let list = steps(&definition.steps, &format!("{path}.steps"));
        let value = match definition.parameters.is_empty() {
            true => list,
            false => {
                let list = Document::new(&format!("{path}.steps"), list);
                let parameters = parameters(&definition.parameters, &format!("{path}.parameters"));
                Value::Map(vec![
                    (PARAMS.to_owned(), parameters),
                    (STEPS.to_owned(), list),
                ])
            }
        };
        (definition.name.clone(), Document::new(&path, value))
    };
    let all = definitions.iter().enumerate();
    let own = all.filter(|(_, definition)| definition.file.is_empty());
    own.map(entry).collect()
}

/// A list of names, or a map when one has a default.
fn parameters(parameters: &[v1::Parameter], path: &str) -> Document {
    let item = |index: usize| format!("{path}[{index}]");
    let all = || parameters.iter().enumerate();
    let value = match parameters.iter().any(|p| p.otherwise.is_some()) {
        false => Value::List(
            all()
                .map(|(index, p)| Document::text(&item(index), &p.name))
                .collect(),
        ),
        true => {
            let entry = |(index, p): (usize, &v1::Parameter)| {
                let value = match &p.otherwise {
                    Some(Otherwise::DefaultValue(text)) => Value::Text(text.clone()),
                    None => Value::Literal("null".to_owned()),
                };
                (p.name.clone(), Document::new(&item(index), value))
            };
            Value::Map(all().map(entry).collect())
        }
    };
    Document::new(path, value)
}

/// Whether a checkpoint is its steps and nothing else.
fn is_bare(checkpoint: &v1::Checkpoint) -> bool {
    checkpoint.name.is_empty() && checkpoint.tags.is_empty()
}

fn checkpoints(checkpoints: &[v1::Checkpoint]) -> Value {
    let checkpoint = |(index, checkpoint): (usize, &v1::Checkpoint)| {
        let path = format!("checkpoints[{index}]");
        let mut entries = Entries::new();
        if !checkpoint.name.is_empty() {
            let name = Document::text(&format!("{path}.name"), &checkpoint.name);
            entries.push(("name".to_owned(), name));
        }
        entries.extend(tags(&checkpoint.tags, &path));
        let inner = format!("{path}.{STEPS}");
        let steps = Document::new(&inner, steps(&checkpoint.steps, &inner));
        entries.push((STEPS.to_owned(), steps));
        Document::new(&path, Value::Map(entries))
    };
    Value::List(checkpoints.iter().enumerate().map(checkpoint).collect())
}

/// The key of a checkpoint's tags, if it has any.
pub(crate) fn tags(tags: &[String], path: &str) -> Option<(String, Document)> {
    let path = format!("{path}.tags");
    let item = |(index, tag): (usize, &String)| Document::text(&format!("{path}[{index}]"), tag);
    let list = Value::List(tags.iter().enumerate().map(item).collect());
    (!tags.is_empty()).then(|| ("tags".to_owned(), Document::new(&path, list)))
}

pub(super) fn steps(steps: &[v1::Step], path: &str) -> Value {
    let document = |(index, one): (usize, &v1::Step)| step(one, &format!("{path}[{index}]"));
    Value::List(steps.iter().enumerate().map(document).collect())
}

pub(crate) fn step(step: &v1::Step, path: &str) -> Document {
    let mut entries = Entries::new();
    if let Some((spec, message)) = step.command.as_ref().and_then(crate::action) {
        let path = format!("{path}.command.{}", spec.action.name());
        let value = command::command(spec, &message, &path);
        entries.push((spec.yaml.clone(), Document::new(&path, value)));
    }
    if let Some(kind) = step.block.as_ref().and_then(|block| block.kind.as_ref()) {
        entries.extend(block::entries(kind, &format!("{path}.block")));
    }
    if !step.name.is_empty() {
        let name = Document::text(&format!("{path}.name"), &step.name);
        entries.push(("name".to_owned(), name));
    }
    if let Some(flags) = &step.flags {
        let dynamic = flags.transcode_to_dynamic();
        let path = format!("{path}.flags");
        entries.extend(command::given_fields(decode::flags(), &dynamic, &path));
    }
    let value = match entries.as_slice() {
        [(key, value)] if value.value == Value::Map(Vec::new()) => Value::Text(key.clone()),
        _ => Value::Map(entries),
    };
    Document::new(path, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_test_has_a_place_in_the_order() {
        let model = model::message("etude.v1.Test");
        let mut names: Vec<_> = model.fields.iter().map(model::Field::name).collect();
        let mut ordered = ORDER.to_vec();
        names.sort_unstable();
        ordered.sort_unstable();
        assert_eq!(names, ordered);
    }
}
