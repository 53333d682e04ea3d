//! Steps that call an extension.
//!
//! How the platform writes such a step is not public. What is taken here is an `EXECUTE` that is not
//! `explicit`: its `value` or `meta.name` is the extension's name, or `meta.scriptId` its id, and
//! `meta` has the inputs as a call of an API test has them, `inputValues` and `inputVariables`. The
//! step's `variable` gets what the script returns.

use etude::v1::{self, command::Action};
use serde_json::Value;

use crate::model::{Object, Script, Step};

/// The command that calls the extension of a step; `None`: the step calls none. An extension that
/// does not exist is named in the error.
pub(super) fn call(step: &Step, scripts: &[Script]) -> Option<Result<Action, String>> {
    let explicit = step.meta.get("explicit") == Some(&Value::Bool(true));
    if step.action != "EXECUTE" || explicit {
        return None;
    }
    let Some(script) = named(step, scripts) else {
        let name = text(&step.meta, "name").unwrap_or(&step.value);
        return Some(Err(format!(
            "neither the project nor its organization has the extension `{name}`"
        )));
    };
    let variable = step.variable.as_deref().unwrap_or_default();
    Some(Ok(Action::ExecuteScript(v1::ExecuteScript {
        script: javascript(script, &step.meta),
        variable: variable.trim_start_matches('$').to_owned(),
    })))
}

/// The extension; one of the project hides one of the organization.
fn named<'s>(step: &Step, scripts: &'s [Script]) -> Option<&'s Script> {
    let id = step.meta.get("scriptId").and_then(|id| match id {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    });
    let name = text(&step.meta, "name").unwrap_or(&step.value);
    let fits = |script: &&Script| match id {
        Some(id) => script.id == id,
        None => script.name == name,
    };
    let fitting = || {
        scripts
            .iter()
            .filter(|script| !script.archived)
            .filter(fits)
    };
    fitting()
        .find(|script| script.project_id.is_some())
        .or_else(|| fitting().next())
}

fn text<'m>(meta: &'m Object, name: &str) -> Option<&'m str> {
    meta.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// The script as a function of its inputs, which are texts, after what it needs was loaded.
fn javascript(script: &Script, meta: &Object) -> String {
    let inputs = script.inputs.join(", ");
    let values = script.inputs.iter().map(|input| argument(meta, input));
    let values = values.collect::<Vec<_>>().join(", ");
    let urls: Value = script
        .resources
        .iter()
        .map(|one| one.url.as_str())
        .collect();
    let body = script.script.as_deref().unwrap_or_default();
    let function = format!("(function ({inputs}) {{\n{body}\n}})({values})");
    let end = match script.asynchronous {
        true => format!("return await new Promise((done, doneError) => {{ {function}; }});"),
        false => format!("return await {function};"),
    };
    format!(
        "const given = (name) => {{\n  if (!(name in variables)) throw new Error(`variable \
         $${{name}} is not set`);\n  return String(variables[name]);\n}};\nfor (const src of {urls}) \
         await new Promise((loaded, failed) => {{\n  const script = document.createElement(\
         'script');\n  script.onload = loaded;\n  script.onerror = () => failed(new Error(`${{src}} \
         cannot be loaded`));\n  script.src = src;\n  document.head.append(script);\n}});\n{end}"
    )
}

/// An input: a literal, the content of a variable, or nothing.
fn argument(meta: &Object, input: &str) -> String {
    let of = |map: &str| meta.get(map).and_then(|map| map.get(input));
    match (of("inputVariables"), of("inputValues")) {
        (Some(Value::String(name)), _) => {
            let name = name.trim_start_matches('$');
            format!("given({})", Value::from(name))
        }
        (_, Some(Value::String(text))) => Value::from(text.as_str()).to_string(),
        (_, Some(value)) => Value::from(value.to_string()).to_string(),
        _ => "\"\"".to_owned(),
    }
}
