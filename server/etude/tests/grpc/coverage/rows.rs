//! The commands of the reference CLI, as the data files tell them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A group of commands, with its name.
pub(super) type Group<T> = (String, Vec<T>);

/// A command that adds a step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// As its users type it.
    pub(super) command: String,
    /// The step that it sends.
    pub(super) sends: Value,
    /// The same as arguments of `etude exec`.
    pub(super) exec: String,
    /// The method that does the same.
    pub(super) rpc: String,
    /// Its request, without the context.
    pub(super) request: Value,
    /// Where something else is stored on purpose.
    #[serde(default)]
    pub(super) differs: Vec<String>,
    /// Whether that changes what the step means.
    #[serde(default)]
    pub(super) mends: bool,
    pub(super) note: Option<String>,
}

/// A command that adds no step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    pub(super) command: String,
    /// The command line that does the same.
    pub(super) etude: Option<String>,
    /// What must be there before.
    #[serde(default)]
    pub(super) before: Vec<Call>,
    /// Whether the aim is reached in another way, which the note tells.
    #[serde(default)]
    pub(super) otherwise: bool,
    /// Empty: nothing does the same.
    #[serde(default)]
    pub(super) does: Vec<Call>,
    /// What reaches the platform meanwhile.
    #[serde(default)]
    pub(super) http: Vec<String>,
    /// What shows that it was done.
    #[serde(default)]
    pub(super) then: Vec<Call>,
    pub(super) note: Option<String>,
}

/// A call of a method.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) rpc: String,
    pub(super) request: Value,
    /// Parts of the answer, by the names under which they are kept.
    #[serde(default)]
    pub(super) keep: BTreeMap<String, String>,
    /// What stands in the answer.
    #[serde(default)]
    pub(super) expect: BTreeMap<String, Value>,
}

/// The commands that add a step.
pub(super) fn steps() -> Vec<Group<Step>> {
    groups("steps.yaml")
}

/// All other commands.
pub(super) fn commands() -> Vec<Group<Command>> {
    groups("commands.yaml")
}

fn groups<T: DeserializeOwned>(file: &str) -> Vec<Group<T>> {
    let folder = super::root().join("server/platform/tests/reference_cli");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    // A JSON map keeps its order.
    let groups: Map<String, Value> = serde_yaml::from_str(&text).unwrap();
    let groups = groups.into_iter().map(|(name, rows)| {
        let rows = serde_json::from_value(rows);
        let rows = rows.unwrap_or_else(|error| panic!("{file}, {name}: {error}"));
        (name, rows)
    });
    groups.collect()
}
