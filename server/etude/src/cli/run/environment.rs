//! What tests read of their surroundings: the named environment, and the environment variables of
//! whoever runs them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use etude::v1::ErrorReason;
use etude_language::{Brought, Environments, ResolvedEnvironment, parse_environments, template};

use super::super::output::note;
use super::super::problem::{Exit, Problem};
use super::super::style::Style;
use super::super::{diagnostics, files};
use super::plan::Planned;

/// Which environment the tests are run in.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct EnvironmentArgs {
    /// The environment whose variables the tests use
    #[arg(long = "env", value_name = "NAME")]
    name: Option<String>,

    /// The file of environments [default: etude.environments.yaml here or in a folder above]
    #[arg(long = "environments", value_name = "FILE", requires = "name")]
    file: Option<PathBuf>,
}

impl EnvironmentArgs {
    /// Reads the file and finds the environment, if one is asked for.
    pub(crate) fn resolve(&self) -> Result<Option<ResolvedEnvironment>, Problem> {
        let Some(resolved) = self.resolve_with(|variable| std::env::var(variable).ok())? else {
            return Ok(None);
        };
        match resolved.missing.as_slice() {
            [] => Ok(Some(resolved)),
            missing => Err(Problem::bad_input(format!(
                "the environment {} reads environment variables that are not set: {}",
                resolved.environment.name,
                missing.join(", ")
            ))),
        }
    }

    /// What a run in the environment would bring; values need not be there.
    pub(crate) fn brought(&self) -> Result<Brought, Problem> {
        let resolved = self.resolve_with(|_| Some(String::new()))?;
        let environment = resolved.map(|resolved| resolved.environment);
        Ok(environment.as_ref().map(Brought::from).unwrap_or_default())
    }

    fn resolve_with(
        &self,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<ResolvedEnvironment>, Problem> {
        let Some(name) = &self.name else {
            return Ok(None);
        };
        let file = match &self.file {
            Some(file) => file.clone(),
            None => nearest_file().ok_or_else(|| missing_file(name))?,
        };
        let environments = read(&file)?;
        let resolved = environments.resolve(name, env);
        match resolved {
            Some(resolved) => Ok(Some(resolved)),
            None => Err(unknown(name, &file, &environments)),
        }
    }
}

/// The file in the working folder or the nearest folder above it.
fn nearest_file() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors()
        .flat_map(|folder| files::ENVIRONMENTS.map(|name| folder.join(name)))
        .find(|file| file.is_file())
        .map(|file| match file.strip_prefix(&here) {
            Ok(short) => short.to_owned(),
            Err(_) => file,
        })
}

fn read(file: &Path) -> Result<Environments, Problem> {
    let parsed = parse_environments(&files::name(file), &files::read(file)?);
    if !parsed.diagnostics.is_empty() {
        note(&diagnostics::render(
            &parsed.diagnostics,
            Style::of_stderr(),
        ));
    }
    parsed
        .environments
        .ok_or_else(|| Problem::silent(Exit::BadInput))
}

fn missing_file(name: &str) -> Problem {
    Problem::bad_input(format!(
        "--env {name} needs a file of environments; none is called {} here or in a folder above, \
         so name it with --environments FILE",
        files::ENVIRONMENTS[0]
    ))
}

fn unknown(name: &str, file: &Path, environments: &Environments) -> Problem {
    let mut message = format!("{} has no environment {name}", file.display());
    match environments.nearest(name) {
        Some(near) => message += &format!("; did you mean {near}?"),
        None => {
            let known: Vec<_> = environments.names().collect();
            message += &format!("; it has {}", known.join(", "));
        }
    }
    Problem::bad_input(message).with_reason(ErrorReason::EnvironmentNotFound)
}

/// The values of the environment variables that a test and its base address use; others stay here.
pub(super) fn used_by(test: &etude::v1::Test, base_url: &str) -> BTreeMap<String, String> {
    let names = etude_language::environment_of(test).into_keys();
    let set = names.filter_map(|name| {
        let value = std::env::var(&name).ok()?;
        Some((name, value))
    });
    set.chain(used_in(base_url)).collect()
}

/// The values of the environment variables that a template uses.
pub(crate) fn used_in(text: &str) -> BTreeMap<String, String> {
    let template = template::parse(text).unwrap_or_default();
    let names = template.environment();
    let set = names.filter_map(|(name, _)| Some((name.to_owned(), std::env::var(name).ok()?)));
    set.collect()
}

/// Says which variables are set neither here nor by the environment. The server may still hold
/// them as secrets.
pub(super) fn tell_missing(tests: &[Planned], environment: Option<&ResolvedEnvironment>) {
    let named = environment.map(|resolved| resolved.environment.variables.as_slice());
    let is_named = |name: &str| {
        let mut variables = named.unwrap_or_default().iter();
        variables.any(|variable| variable.name == name)
    };
    let mut missing = BTreeMap::new();
    for planned in tests {
        for (name, needed) in etude_language::environment_of(&planned.test) {
            if needed && std::env::var_os(&name).is_none() && !is_named(&name) {
                missing.entry(name).or_insert(&planned.file);
            }
        }
    }
    for (name, file) in missing {
        let mark = Style::of_stderr().yellow("warning:");
        note(&format!(
            "{mark} {file} uses ${{ENV:{name}}}, which is not set here; \
             set it, unless the server holds a secret {name}"
        ));
    }
}
