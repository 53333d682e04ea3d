//! `etude fmt`: rewrites test files in the canonical form.

use std::path::{Path, PathBuf};

use etude::v1::DocumentFormat;

use super::output::{self, note};
use super::problem::{Exit, Problem};
use super::style::Style;
use super::{diagnostics, files};

/// Rewrite test files in the canonical form, comments kept
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Test files, folders of test files, or - for stdin to stdout
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Change nothing; end with 1 and name the files that would change
    #[arg(long)]
    check: bool,

    /// Put quotes around selectors such as {#name: …} first, for which YAML sees a comment
    #[arg(long)]
    fix: bool,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    let mut exit = Exit::Passed;
    for file in files::find(&args.files)? {
        exit = exit.max(format_file(&file, args)?);
    }
    Ok(exit)
}

fn format_file(file: &Path, args: &Args) -> Result<Exit, Problem> {
    let name = files::name(file);
    let content = files::read(file)?;
    let fixed = match args.fix {
        true => std::str::from_utf8(&content)
            .ok()
            .and_then(etude_language::repair),
        false => None,
    };
    let source = fixed.as_deref().map_or(content.as_slice(), str::as_bytes);
    let format = match file.extension().is_some_and(|end| end == "json") {
        true => DocumentFormat::Json,
        false => DocumentFormat::Yaml,
    };
    let formatted = match etude_language::format_document(&name, source, format) {
        Ok(formatted) => formatted,
        Err(mistakes) => {
            note(&diagnostics::render(&mistakes, Style::of_stderr()));
            return Ok(Exit::BadInput);
        }
    };
    let stdin = file.as_os_str() == files::STDIN;
    match (formatted == content, args.check) {
        (false, true) => {
            output::print(&format!("{name}\n"))?;
            Ok(Exit::Failed)
        }
        (_, false) if stdin => {
            output::print_bytes(&formatted)?;
            Ok(Exit::Passed)
        }
        (false, false) => {
            files::replace(file, &formatted)?;
            note(&format!("formatted {name}"));
            Ok(Exit::Passed)
        }
        (true, _) => Ok(Exit::Passed),
    }
}
