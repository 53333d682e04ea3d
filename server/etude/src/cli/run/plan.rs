//! Which tests are run: read, checked all at once, and chosen.

use std::path::{Path, PathBuf};

use etude::v1::Test;
use etude_language::{Brought, ResolvedEnvironment};

use super::super::output::note;
use super::super::problem::{Exit, Problem};
use super::super::style::Style;
use super::super::{diagnostics, files, sources};
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
    let brought = brought(how, environment.as_ref());
    let mut tests = Vec::new();
    let mut wrong = 0;
    let count = files.len();
    for (file, name) in files {
        match read(file, name, &brought)? {
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
fn brought(how: &HowArgs, environment: Option<&ResolvedEnvironment>) -> Brought {
    let environment = environment.map(|resolved| &resolved.environment);
    let mut brought = environment.map(Brought::from).unwrap_or_default();
    let given = how.variables.iter().map(|given| given.name().to_owned());
    brought.variables.extend(given);
    brought
}

/// A file's test; `None` when it has mistakes, which have been told.
fn read(file: &Path, name: &str, brought: &Brought) -> Result<Option<Planned>, Problem> {
    let parsed = sources::parse(file, name, &files::read(file)?, brought)?;
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
