//! Test files of other tools: what they mean, what of them is refused, and how much is understood.

#![allow(clippy::unwrap_used)]

mod blocks;
mod corpus;
mod detect;
mod golden;
mod meaning;
mod refused;

use etude::v1;
use etude_language::parse;

/// The commands of a file without errors.
#[track_caller]
fn commands(name: &str, file: &str) -> Vec<v1::Command> {
    let test = test(name, file);
    let setup = test.setup.into_iter();
    let inner = test.checkpoints.into_iter().flat_map(|c| c.steps);
    let steps = setup.chain(inner).chain(test.teardown);
    steps.map(|step| step.command.unwrap()).collect()
}

#[track_caller]
fn test(name: &str, file: &str) -> v1::Test {
    let parsed = parse(name, file.as_bytes());
    parsed
        .test
        .unwrap_or_else(|| panic!("{file}\n{}", shown(&parsed.diagnostics)))
}

/// Diagnostics as lines.
fn shown(diagnostics: &[v1::Diagnostic]) -> String {
    let line = |d: &v1::Diagnostic| {
        let place = d.location.clone().unwrap_or_default();
        let (line, column) = (place.line, place.column);
        format!(
            "{line}:{column} {} {} ({})\n",
            d.reason, d.message, d.suggestion
        )
    };
    diagnostics.iter().map(line).collect()
}
