//! `etude validate`: checks test files without a server or a browser.

use std::path::{Path, PathBuf};

use etude::v1::{Diagnostic, Severity};
use etude_language::Brought;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::output::{self, Format, FormatArgs, note};
use super::problem::{Exit, Problem};
use super::run::environment::EnvironmentArgs;
use super::style::{Style, plain};
use super::{diagnostics, files, sources};

/// Check test files; every mistake with its place and what to do
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Test files, folders of test files, or - for stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    environment: EnvironmentArgs,

    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    let mut reports = Vec::new();
    let (mut errors, mut warnings) = (0, 0);
    let files = files::find(&args.files)?;
    let brought = args.environment.brought()?;
    let parsed = files.par_iter().map(|file| {
        let name = files::name(file);
        let checked = check(file, &name, &brought)?;
        Ok((name, checked))
    });
    for (name, parsed) in parsed.collect::<Result<Vec<_>, Problem>>()? {
        let count = |severity: Severity| {
            let of_it = |d: &&Diagnostic| d.severity() == severity;
            parsed.diagnostics.iter().filter(of_it).count()
        };
        errors += count(Severity::Error);
        warnings += count(Severity::Warning);
        match args.format.output {
            Format::Human => print_human(&name, &parsed)?,
            Format::Json | Format::Yaml => reports.push(report(&name, &parsed)),
        }
    }
    if args.format.output != Format::Human {
        output::print_value(&Value::Array(reports), args.format.output)?;
    }
    let wrong = errors > 0 || (args.strict && warnings > 0);
    if wrong {
        note(&format!("errors: {errors}, warnings: {warnings}"));
        return Ok(Exit::BadInput);
    }
    Ok(Exit::Passed)
}

/// What a file holds, as far as this verb tells.
struct Checked {
    /// The test's name, or how many environments there are; `None`: the file is wrong.
    holds: Option<String>,
    diagnostics: Vec<Diagnostic>,
}

fn check(file: &Path, name: &str, brought: &Brought) -> Result<Checked, Problem> {
    let content = files::read(file)?;
    if files::holds_environments(file) {
        let parsed = etude_language::parse_environments(name, &content);
        let environments = parsed.environments.as_ref();
        return Ok(Checked {
            holds: environments.map(|all| format!("environments: {}", all.names().count())),
            diagnostics: parsed.diagnostics,
        });
    }
    let parsed = sources::parse(file, name, &content, brought)?;
    Ok(Checked {
        holds: parsed.test.map(|test| test.name),
        diagnostics: parsed.diagnostics,
    })
}

fn print_human(name: &str, parsed: &Checked) -> Result<(), Problem> {
    let style = Style::of_stdout();
    if !parsed.diagnostics.is_empty() {
        let text = diagnostics::render(&parsed.diagnostics, style);
        output::print(&(text + "\n"))?;
    }
    if let Some(holds) = &parsed.holds {
        let line = format!("{} {}: {}\n", style.green("✓"), plain(name), plain(holds));
        output::print(&line)?;
    }
    Ok(())
}

fn report(name: &str, parsed: &Checked) -> Value {
    let diagnostics: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(etude::json::to_value)
        .collect();
    json!({
        "file": name,
        "valid": parsed.holds.is_some(),
        "diagnostics": diagnostics,
    })
}
