//! `etude validate`: checks test files without a server or a browser.

use std::path::PathBuf;

use etude::v1::Severity;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::output::{self, Format, FormatArgs, note};
use super::problem::{Exit, Problem};
use super::style::{Style, plain};
use super::{diagnostics, files};

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
    format: FormatArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    let mut reports = Vec::new();
    let (mut errors, mut warnings) = (0, 0);
    let files = files::find(&args.files)?;
    let parsed = files.par_iter().map(|file| {
        let name = files::name(file);
        let parsed = etude_language::parse(&name, &files::read(file)?);
        Ok((name, parsed))
    });
    for (name, parsed) in parsed.collect::<Result<Vec<_>, Problem>>()? {
        let count = |severity: Severity| {
            let of_it = |d: &&etude::v1::Diagnostic| d.severity() == severity;
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

fn print_human(name: &str, parsed: &etude_language::Parsed) -> Result<(), Problem> {
    let style = Style::of_stdout();
    if !parsed.diagnostics.is_empty() {
        let text = diagnostics::render(&parsed.diagnostics, style);
        output::print(&(text + "\n"))?;
    }
    if let Some(test) = &parsed.test {
        let line = format!(
            "{} {}: {}\n",
            style.green("✓"),
            plain(name),
            plain(&test.name)
        );
        output::print(&line)?;
    }
    Ok(())
}

fn report(name: &str, parsed: &etude_language::Parsed) -> Value {
    let diagnostics: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(etude::json::to_value)
        .collect();
    json!({
        "file": name,
        "valid": parsed.test.is_some(),
        "diagnostics": diagnostics,
    })
}
