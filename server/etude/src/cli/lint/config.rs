//! Where the levels of the rules come from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etude_language::lint::Levels;

use crate::cli::files::{self, LINT_CONFIG};
use crate::cli::problem::Problem;
use crate::cli::style::Style;
use crate::cli::{diagnostics, output};

/// The levels of every file; flags go before what a configuration says.
pub(super) struct Configs {
    flags: Levels,
    /// The levels for all files, when no configuration is looked for.
    fixed: Option<Arc<Levels>>,
    /// What was found for a folder.
    by_folder: HashMap<PathBuf, Arc<Levels>>,
}

impl Configs {
    pub(super) fn new(file: Option<&Path>, none: bool, flags: Levels) -> Result<Self, Problem> {
        let given = match file {
            Some(file) => Some(read(file)?),
            None => none.then(Levels::default),
        };
        let fixed = given.map(|mut levels| {
            levels.extend(&flags);
            Arc::new(levels)
        });
        Ok(Self {
            flags,
            fixed,
            by_folder: HashMap::new(),
        })
    }

    /// The levels for a test file: those of the nearest configuration beside or above it.
    pub(super) fn of(&mut self, file: &Path) -> Result<Arc<Levels>, Problem> {
        if let Some(levels) = &self.fixed {
            return Ok(Arc::clone(levels));
        }
        let folder = match file.as_os_str() == files::STDIN {
            true => PathBuf::from("."),
            false => file.parent().map(Path::to_owned).unwrap_or_default(),
        };
        if let Some(levels) = self.by_folder.get(&folder) {
            return Ok(Arc::clone(levels));
        }
        let mut levels = match nearest(&folder) {
            Some(file) => read(&file)?,
            None => Levels::default(),
        };
        levels.extend(&self.flags);
        let levels = Arc::new(levels);
        self.by_folder.insert(folder, Arc::clone(&levels));
        Ok(levels)
    }
}

/// The configuration in a folder or the nearest above it.
fn nearest(folder: &Path) -> Option<PathBuf> {
    let here = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let whole = here.canonicalize().ok()?;
    let mut above = whole.ancestors().map(|folder| folder.join(LINT_CONFIG));
    above.find(|file| file.is_file())
}

fn read(file: &Path) -> Result<Levels, Problem> {
    let name = files::name(file);
    Levels::read(&name, &files::read(file)?).map_err(|mistakes| {
        output::note(&diagnostics::render(&mistakes, Style::of_stderr()));
        Problem::bad_input(format!("{name} has mistakes"))
    })
}
