//! Which tests are run: read, checked all at once, and chosen.

use std::path::{Path, PathBuf};

use etude::v1::{Diagnostic, ErrorReason, Test};
use etude_language::ResolvedEnvironment;

use super::super::output::note;
use super::super::problem::{Exit, Problem};
use super::super::style::Style;
use super::super::{diagnostics, files};
use super::{HowArgs, environment};

/// A test to run.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    /// What messages call the file.
    pub(crate) file: String,
    /// The folder that the test's relative paths start from.
    pub(crate) folder: PathBuf,
    pub(crate) test: Test,
}

/// The tests to run, and the environment they are run in.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) tests: Vec<Planned>,
    pub(crate) environment: Option<ResolvedEnvironment>,
}

/// Reads all files. A mistake in one means that nothing is run; all mistakes are told.
pub(crate) fn plan(files: &[(PathBuf, String)], how: &HowArgs) -> Result<Plan, Problem> {
    let environment = how.environment.resolve()?;
    let known = known_variables(how, environment.as_ref());
    let mut tests = Vec::new();
    let mut wrong = 0;
    let count = files.len();
    for (file, name) in files {
        match read(file, name, &known)? {
            Some(test) => tests.push(test),
            None => wrong += 1,
        }
    }
    if wrong > 0 {
        note(&format!(
            "mistakes in {wrong} of {count} files; nothing was run"
        ));
        return Err(Problem::silent(Exit::BadInput));
    }
    let tests = how.selection.select(tests)?;
    environment::tell_missing(&tests, environment.as_ref());
    Ok(Plan { tests, environment })
}

/// The variables that a test need not set, because they come with the run.
fn known_variables(how: &HowArgs, environment: Option<&ResolvedEnvironment>) -> Vec<String> {
    let named = environment.iter().flat_map(|resolved| {
        let variables = resolved.environment.variables.iter();
        variables.map(|variable| variable.name.clone())
    });
    let given = how.variables.iter().map(|given| given.name().to_owned());
    named.chain(given).collect()
}

/// Whether a diagnostic warns of a variable that comes with the run.
fn is_known(diagnostic: &Diagnostic, known: &[String]) -> bool {
    diagnostic.reason == ErrorReason::UndefinedVariable.name()
        && known
            .iter()
            .any(|name| diagnostic.message.contains(&format!("\"${name}\"")))
}

/// A file's test; `None` when it has mistakes, which have been told.
fn read(file: &Path, name: &str, known: &[String]) -> Result<Option<Planned>, Problem> {
    let mut parsed = etude_language::parse(name, &files::read(file)?);
    let diagnostics = &mut parsed.diagnostics;
    diagnostics.retain(|diagnostic| !is_known(diagnostic, known));
    if !parsed.diagnostics.is_empty() {
        note(&diagnostics::render(
            &parsed.diagnostics,
            Style::of_stderr(),
        ));
    }
    let folder = match file.as_os_str() == files::STDIN {
        true => Path::new(""),
        false => file.parent().unwrap_or(Path::new("")),
    };
    let folder = match folder.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => folder.to_owned(),
    };
    Ok(parsed.test.map(|test| Planned {
        file: name.to_owned(),
        folder,
        test,
    }))
}
