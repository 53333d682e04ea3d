//! From journeys to runs.

use std::collections::BTreeMap;

use etude::v1::{
    self, command::Action, environment_variable, run_spec::Source,
    variable::Source as VariableSource,
};
use etude_engine::runs::Runs;
use etude_language::template;
use serde_json::Value;

use super::extensions;
use super::kept::{KeptCase, KeptSuite, RunStep, Start};
use super::loops::{self, Loop};
use crate::codec;
use crate::local::answer::Problem;
use crate::local::csv::Csv;
use crate::model::{Checkpoint, Environment, Goal, Journey, Script, Step, Variable};

/// Most characters of a name in a run.
const NAME: usize = 500;

/// Everything that a journey's run is made of.
#[derive(Debug, Clone)]
pub(super) struct Material {
    pub(super) goal: Goal,
    pub(super) environment: Option<(Environment, Vec<Variable>)>,
    /// The extensions of the project and of its organization.
    pub(super) scripts: Vec<Script>,
    /// Variables that the caller gives.
    pub(super) initial: BTreeMap<String, Value>,
    /// Headers of the browser's requests.
    pub(super) http_headers: BTreeMap<String, String>,
    /// The address to start at in place of the goal's.
    pub(super) starting_url: Option<String>,
}

/// What is kept of a journey, and the run that executes it, if it has steps.
pub(super) fn suite(
    material: &Material,
    journey: Journey,
    table: Option<Csv>,
) -> Result<(KeptSuite, Option<v1::CreateRunRequest>), Problem> {
    let mut cases = Vec::new();
    let mut checkpoints = Vec::new();
    let all = journey.cases.unwrap_or_default();
    let mut raw: Vec<Step> = all.iter().flat_map(|case| case.steps.clone()).collect();
    let opens = moved(&mut raw, material);
    let mut read = codec::executables(&raw).into_iter().zip(&raw);
    for case in &all {
        let own = read.by_ref().take(case.steps.len());
        let steps: Vec<v1::Step> = own
            .map(|(read, raw)| executable(read, raw, &material.scripts))
            .collect();
        let repeated = loops::of(case, &journey.title)?;
        let steps = repeated.unrolled(&steps);
        let number = if steps.is_empty() {
            0
        } else {
            checkpoints.push(v1::Checkpoint {
                name: cut(&case.title),
                steps,
                ..v1::Checkpoint::default()
            });
            u32::try_from(checkpoints.len()).unwrap_or(u32::MAX)
        };
        cases.push(kept(case, number, &repeated));
    }
    let rows = table.map(data_rows).unwrap_or_default();
    let suite = KeptSuite {
        id: journey.id,
        canonical_id: journey.canonical_id,
        title: journey.title.clone(),
        run: if checkpoints.is_empty() {
            Start::Empty
        } else {
            Start::Run(Runs::new_name())
        },
        rows: rows.len(),
        cases,
    };
    if checkpoints.is_empty() {
        return Ok((suite, None));
    }
    let mut test = test(material, &journey.title, checkpoints, rows);
    if !opens {
        // Otherwise there would be no page at all to act on.
        let url = material.starting_url.as_ref();
        test.starting_url = template::escape(url.unwrap_or(&material.goal.url)).into_owned();
    }
    Ok((suite, Some(request(material, test)?)))
}

fn kept(case: &Checkpoint, checkpoint: u32, repeated: &Loop) -> KeptCase {
    let step = |step: &Step| RunStep {
        id: step.id,
        canonical_id: step.canonical_id.clone(),
        action: step.action.clone(),
        value: step.value.clone(),
        text: Some(codec::in_words(step)),
    };
    KeptCase {
        id: case.id,
        canonical_id: case.canonical_id.clone(),
        title: Some(case.title.clone()),
        library: case.library_checkpoint_id.is_some(),
        checkpoint,
        conditional: matches!(repeated, Loop::While(_)),
        steps: case.steps.iter().map(step).collect(),
    }
}

/// Lets the journey begin at the address to start at: its first step, if that opens one, and those
/// that open the goal's address open it. Whether the first step opens an address.
fn moved(steps: &mut [Step], material: &Material) -> bool {
    let is_executed = |step: &Step| !step.skip;
    let first = steps.iter().position(is_executed).unwrap_or_default();
    let opens = |step: &Step| step.action == "NAVIGATE";
    if let Some(url) = &material.starting_url {
        let is_start = |(at, step): &(usize, &mut Step)| {
            opens(step) && (*at == first || step.value == material.goal.url)
        };
        for (_, step) in steps.iter_mut().enumerate().filter(is_start) {
            step.value.clone_from(url);
            (step.variable, step.expression) = (None, None);
            for key in ["value", "url"] {
                if step.meta.contains_key(key) {
                    step.meta.insert(key.to_owned(), url.as_str().into());
                }
            }
        }
    }
    steps.get(first).is_some_and(opens)
}

/// The typed step; of one that cannot be read, a step which ends ERROR and says why.
fn executable(read: Result<v1::Step, String>, raw: &Step, scripts: &[Script]) -> v1::Step {
    let why = match read {
        Ok(step) => return step,
        Err(why) => why,
    };
    let called = extensions::call(raw, scripts).unwrap_or_else(|| {
        let action = &raw.action;
        Err(format!(
            "the local platform cannot execute this {action} step: {why}"
        ))
    });
    let action = called.unwrap_or_else(|message| {
        let script = format!("throw new Error({})", Value::from(message));
        Action::ExecuteScript(v1::ExecuteScript {
            script,
            ..v1::ExecuteScript::default()
        })
    });
    let flags = v1::StepFlags {
        optional: raw.optional,
        ignore_outcome: raw.ignore_outcome,
        skip: raw.skip,
        ..v1::StepFlags::default()
    };
    v1::Step {
        command: Some(v1::Command {
            action: Some(action),
        }),
        flags: Some(flags),
        ..v1::Step::default()
    }
}

fn data_rows(table: Csv) -> Vec<v1::DataRow> {
    let columns = table.columns;
    let row = |(number, values): (usize, Vec<String>)| v1::DataRow {
        name: number.to_string(),
        // What is no variable's name, no step can read.
        variables: columns
            .iter()
            .zip(values)
            .filter(|(name, _)| is_variable(name))
            .map(|(name, value)| variable(name, value))
            .collect(),
    };
    (1..).zip(table.rows).map(row).collect()
}

fn variable(name: &str, value: String) -> v1::Variable {
    v1::Variable {
        name: name.to_owned(),
        source: Some(VariableSource::Value(value)),
    }
}

fn test(
    material: &Material,
    title: &str,
    checkpoints: Vec<v1::Checkpoint>,
    data_rows: Vec<v1::DataRow>,
) -> v1::Test {
    let size = &material.goal.device_size;
    let dismiss = material.goal.meta.get("popupAutoDismiss");
    let config = v1::TestConfig {
        viewport: Some(v1::Viewport {
            width: size.width.clamp(100, 10_000),
            height: size.height.clamp(100, 10_000),
        }),
        screenshots: v1::ScreenshotPolicy::EveryStep.into(),
        keep_dialogs: dismiss == Some(&Value::Bool(false)),
        // Steps may not be done twice: nobody but the caller knows whether that does harm.
        recovery: v1::RecoveryPolicy::Fail.into(),
        ..v1::TestConfig::default()
    };
    v1::Test {
        name: cut(title),
        config: Some(config),
        base_url: template::escape(&material.goal.url).into_owned(),
        checkpoints,
        data_rows,
        ..v1::Test::default()
    }
}

fn request(material: &Material, test: v1::Test) -> Result<v1::CreateRunRequest, Problem> {
    let mut variables = Vec::new();
    for (name, value) in &material.initial {
        if !is_variable(name) {
            let what = format!("`{name}` cannot be the name of a variable");
            return Err(Problem::of_field("initialData", &what));
        }
        variables.push(variable(name, text(value)));
    }
    let spec = v1::RunSpec {
        source: Some(Source::Test(test)),
        variables,
        environment: material.environment.as_ref().map(environment),
        http_headers: material.http_headers.clone(),
        ..v1::RunSpec::default()
    };
    Ok(v1::CreateRunRequest {
        spec: Some(spec),
        ..v1::CreateRunRequest::default()
    })
}

/// Headers with their values as texts.
pub(super) fn headers(given: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let given = given.iter();
    given
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn environment((environment, variables): &(Environment, Vec<Variable>)) -> v1::Environment {
    let usable = variables
        .iter()
        .filter(|variable| is_variable(&variable.name));
    let variable = |variable: &Variable| {
        let value = variable.value.clone().unwrap_or_default();
        let source = if variable.hidden {
            environment_variable::Source::Hidden(value)
        } else {
            environment_variable::Source::Value(value)
        };
        v1::EnvironmentVariable {
            name: variable.name.clone(),
            source: Some(source),
        }
    };
    v1::Environment {
        name: environment.name.chars().take(128).collect(),
        variables: usable.map(variable).collect(),
    }
}

fn cut(name: &str) -> String {
    name.chars().take(NAME).collect()
}

/// Whether a step can name it after a `$`.
pub(super) fn is_variable(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && name.len() <= 128
}
