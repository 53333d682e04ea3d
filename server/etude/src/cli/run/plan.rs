//! Which tests are run: read, checked all at once, and chosen.

use std::path::{Path, PathBuf};

use etude::v1::Test;

use super::super::output::note;
use super::super::problem::{Exit, Problem};
use super::super::style::Style;
use super::super::{diagnostics, files};
use super::HowArgs;

/// A test to run.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    /// What messages call the file.
    pub(crate) file: String,
    /// The folder that the test's relative paths start from.
    pub(crate) folder: PathBuf,
    pub(crate) test: Test,
}

/// Which of the tests are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    tags: Vec<String>,
    grep: Option<String>,
}

impl Selection {
    pub(crate) fn of(how: &HowArgs) -> Self {
        Self {
            tags: how.tags.clone(),
            grep: how.grep.as_ref().map(|text| text.to_lowercase()),
        }
    }

    fn takes(&self, test: &Test) -> bool {
        let tagged = self.tags.is_empty() || test.tags.iter().any(|tag| self.tags.contains(tag));
        let named = self
            .grep
            .as_ref()
            .is_none_or(|text| test.name.to_lowercase().contains(text));
        tagged && named
    }
}

/// Reads all files. A mistake in one means that nothing is run; all mistakes are told.
pub(crate) fn plan(
    files: &[(PathBuf, String)],
    selection: &Selection,
) -> Result<Vec<Planned>, Problem> {
    let mut tests = Vec::new();
    let mut wrong = 0;
    let count = files.len();
    for (file, name) in files {
        match read(file, name)? {
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
    tests.retain(|planned| selection.takes(&planned.test));
    if tests.is_empty() {
        return Err(Problem::bad_input(format!(
            "none of the {count} tests has the asked tag or name"
        )));
    }
    Ok(tests)
}

/// A file's test; `None` when it has mistakes, which have been told.
fn read(file: &Path, name: &str) -> Result<Option<Planned>, Problem> {
    let parsed = etude_language::parse(name, &files::read(file)?);
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
