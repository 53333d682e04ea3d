//! What can be wrong with a test whose values are all of the right type: rules of the contract,
//! templates, variables.

mod blocks;
mod define;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use etude::v1::{self, Diagnostic, ErrorReason, SourceLocation, variable};
use etude::validate::{Validate, Violation};
use prost_reflect::ReflectMessage;

use crate::Brought;
use crate::decode::{self, Decoded};
use crate::diagnose::{MAX_DIAGNOSTICS, Mistake, Mistakes, shown};
use crate::model;
use crate::source::{Source, Span};
use crate::template;
use crate::variables::{self, AllUses, Uses};

/// A mistake in a field of a test.
struct Finding {
    path: String,
    /// What the field's text has where the mistake is. Empty: the mistake is the whole field.
    part: String,
    /// The variable whose use in the field's text is the mistake.
    variable: Option<String>,
    /// As it will be reported, but without its place.
    mistake: Mistake,
}

/// Checks a typed test: the rules of the contract, its templates, and its variables: one that is
/// used and that nothing before sets is a warning, because a run can set it too.
///
/// A diagnostic's location is that of its step, else it is absent; the message names the field.
/// There are at most 1000.
pub fn validate_test(test: &v1::Test) -> Vec<Diagnostic> {
    let mut findings = violations(test);
    findings.extend(same_names(test));
    findings.extend(uses(test, &uses_of(test), &Brought::default()));
    let nowhere = Source::read("", b"").0;
    findings.truncate(MAX_DIAGNOSTICS);
    findings
        .into_iter()
        .map(|finding| Diagnostic {
            location: location(test, &finding.path),
            message: format!("{}: {}", finding.path, finding.mistake.message),
            length: 0,
            ..finding.mistake.into_diagnostic(&nowhere)
        })
        .collect()
}

/// Checks a decoded file, for a run that brings these variables.
pub(crate) fn decoded(
    source: &Source<'_>,
    decoded: &Decoded,
    brought: &Brought,
    mistakes: &mut Mistakes,
) {
    let mut findings = violations(&decoded.test);
    findings.extend(uses(&decoded.test, &decoded.uses, brought));
    for finding in findings {
        let is_unknown = match finding.mistake.reason {
            ErrorReason::UnknownBlock => decoded.files.are_steps_unread,
            ErrorReason::UndefinedVariable => decoded.files.are_unread,
            _ => false,
        };
        if is_unknown || decoded.places.is_refused(&finding.path) {
            continue;
        }
        let span = decoded.places.find(&finding.path);
        let span = match &finding.variable {
            Some(name) => narrow_to_use(source, span, name),
            None => narrow(source, span, &finding.part),
        };
        mistakes.add(Mistake {
            span,
            ..finding.mistake
        });
    }
}

/// The place of a part of a field's text, where the file spells it as it is.
pub(crate) fn narrow(source: &Source<'_>, span: Span, part: &str) -> Span {
    let part = part.lines().next().unwrap_or_default();
    let text = source.slice(span);
    let Some(at) = text.find(part).filter(|_| !part.is_empty()) else {
        return span;
    };
    span.part(text[..at].chars().count(), part.chars().count())
}

/// The place of the first use of a variable in a field's text, as [`narrow`].
fn narrow_to_use(source: &Source<'_>, span: Span, name: &str) -> Span {
    let text = source.slice(span);
    let Some((at, length)) = template::find_use(text, name) else {
        return span;
    };
    let characters = |text: &str| text.chars().count();
    span.part(characters(&text[..at]), characters(&text[at..at + length]))
}

fn violations(test: &v1::Test) -> Vec<Finding> {
    let all = test.violations();
    let mut found: Vec<_> = all.into_iter().map(Finding::of_violation).collect();
    found.extend(blocks::findings(test));
    found
}

impl Finding {
    fn new(path: &str, reason: ErrorReason, message: String) -> Self {
        Self {
            path: path.to_owned(),
            part: String::new(),
            variable: None,
            mistake: Mistake::error(Span::START, reason, message),
        }
    }

    fn of_violation(violation: Violation) -> Self {
        let name = violation.field.rsplit('.').next().unwrap_or_default();
        let name = decode::written(&violation.field).unwrap_or(name);
        let description = violation.description;
        let message = if name.is_empty() {
            description
        } else if description.starts_with("must") {
            format!("\"{name}\" {description}")
        } else {
            format!("\"{name}\": {description}")
        };
        Self::new(&violation.field, ErrorReason::InvalidValue, message)
    }
}

/// Two variables of one name: the typed form can hold them, a file cannot.
fn same_names(test: &v1::Test) -> Vec<Finding> {
    let rows = test.data_rows.iter().enumerate();
    let rows = rows.map(|(index, row)| (format!("data_rows[{index}].variables"), &row.variables));
    let mut found = Vec::new();
    for (path, list) in std::iter::once(("variables".to_owned(), &test.variables)).chain(rows) {
        let mut names = HashSet::new();
        for (index, variable) in list.iter().enumerate() {
            if !names.insert(&variable.name) {
                let message = format!("the variable \"{}\" stands twice", variable.name);
                let path = format!("{path}[{index}]");
                found.push(Finding::new(&path, ErrorReason::DuplicateKey, message));
            }
        }
    }
    found
}

fn uses(test: &v1::Test, uses: &AllUses, brought: &Brought) -> Vec<Finding> {
    let broken = uses.iter().flat_map(|uses| &uses.mistakes);
    let mut found: Vec<_> = broken
        .map(|broken| {
            let message = broken.error.to_string();
            let mut finding = Finding::new(&broken.path, ErrorReason::InvalidExpression, message);
            finding.mistake = finding.mistake.suggest(broken.error.problem.suggestion());
            finding.part.clone_from(&broken.rest);
            finding
        })
        .collect();
    for undefined in variables::undefined(test, uses, brought) {
        let read = undefined.read;
        let mut message = format!("nothing sets the variable \"${}\" before this", read.name);
        if !brought.environment.is_empty() {
            let environment = shown(&brought.environment);
            message += &format!(", and the environment \"{environment}\" does not have it");
        }
        found.push(Finding {
            path: read.path.clone(),
            part: String::new(),
            variable: Some(read.name.clone()),
            mistake: Mistake::warning(Span::START, ErrorReason::UndefinedVariable, message)
                .suggest(undefined.suggestion),
        });
    }
    found
}

/// The environment variables of whoever submits a test that it reads, each with whether it needs
/// to be set: whether a use of it has no default.
pub fn environment_of(test: &v1::Test) -> BTreeMap<String, bool> {
    let mut names = BTreeMap::new();
    let mut add = |name: String, needed: bool| *names.entry(name).or_default() |= needed;
    let of_rows = test.data_rows.iter().flat_map(|row| &row.variables);
    for variable in test.variables.iter().chain(of_rows) {
        if let Some(variable::Source::Env(name)) = &variable.source {
            add(name.clone(), true);
        }
    }
    for (name, has_default) in uses_of(test).iter().flat_map(|uses| &uses.environment) {
        add(name.clone(), !has_default);
    }
    names
}

/// The names of the variables that a test reads without a default, whoever sets them.
pub fn variables_of(test: &v1::Test) -> BTreeSet<String> {
    let uses = uses_of(test);
    let reads = uses.iter().flat_map(|uses| &uses.reads);
    reads.map(|read| read.name.clone()).collect()
}

/// The uses of variables of a typed test.
fn uses_of(test: &v1::Test) -> AllUses {
    let mut own = Uses::default();
    let without_steps = v1::Test {
        starting_url: test.starting_url.clone(),
        base_url: test.base_url.clone(),
        ..v1::Test::default()
    };
    let model = model::message("etude.v1.Test");
    own.read(&without_steps.transcode_to_dynamic(), model, "");
    let mut all = vec![own];
    uses_of_steps("setup", &test.setup, &mut all);
    for (index, checkpoint) in test.checkpoints.iter().enumerate() {
        let path = format!("checkpoints[{index}].steps");
        uses_of_steps(&path, &checkpoint.steps, &mut all);
    }
    uses_of_steps("teardown", &test.teardown, &mut all);
    let definitions = test.definitions.iter().enumerate();
    let bodies = definitions.map(|(index, definition)| {
        let path = format!("definitions[{index}]");
        blocks::body(definition, &path)
    });
    AllUses {
        bodies: bodies.collect(),
        order: all,
    }
}

fn uses_of_steps(path: &str, steps: &[v1::Step], all: &mut Vec<Uses>) {
    for (index, step) in steps.iter().enumerate() {
        let path = format!("{path}[{index}]");
        all.extend(uses_of_step(step, &format!("{path}.command")));
        if let Some(block) = &step.block {
            blocks::uses(block, &format!("{path}.block"), all);
        }
    }
}

fn uses_of_step(step: &v1::Step, path: &str) -> Option<Uses> {
    let (spec, message) = crate::action(step.command.as_ref()?)?;
    let model = model::message(spec.message.full_name());
    let mut uses = Uses::default();
    uses.read(&message, model, &format!("{path}.{}", spec.action.name()));
    Some(uses)
}

/// The location of the step that a path leads into.
fn location(test: &v1::Test, path: &str) -> Option<SourceLocation> {
    let step = if let Some(rest) = path.strip_prefix("setup[") {
        blocks::step_at(&test.setup, rest)
    } else if let Some(rest) = path.strip_prefix("teardown[") {
        blocks::step_at(&test.teardown, rest)
    } else if let Some(rest) = path.strip_prefix("definitions[") {
        let (index, rest) = rest.split_once("].steps[")?;
        let definition = test.definitions.get(index.parse::<usize>().ok()?)?;
        blocks::step_at(&definition.steps, rest)
    } else {
        let rest = path.strip_prefix("checkpoints[")?;
        let (index, rest) = rest.split_once("].steps[")?;
        let checkpoint = test.checkpoints.get(index.parse::<usize>().ok()?)?;
        blocks::step_at(&checkpoint.steps, rest)
    };
    step?.location.clone()
}
