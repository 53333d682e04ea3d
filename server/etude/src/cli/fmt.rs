//! `etude fmt`: rewrites test files in the canonical form.

use std::io::Write as _;
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
            replace(file, &formatted)?;
            note(&format!("formatted {name}"));
            Ok(Exit::Passed)
        }
        (true, _) => Ok(Exit::Passed),
    }
}

/// Puts the new content in place at once: a full disk or a crash leaves the old file. The file
/// behind a link is replaced, not the link.
fn replace(file: &Path, content: &[u8]) -> Result<(), Problem> {
    let unwritable = |error: std::io::Error| {
        Problem::could_not_run(format!("{} cannot be written: {error}", file.display()))
    };
    let target = file.canonicalize().map_err(unwritable)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let permissions = std::fs::metadata(&target)
        .map_err(unwritable)?
        .permissions();
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    temporary.write_all(content).map_err(unwritable)?;
    temporary
        .as_file()
        .set_permissions(permissions)
        .map_err(unwritable)?;
    temporary.as_file().sync_all().map_err(unwritable)?;
    temporary
        .persist(&target)
        .map_err(|error| unwritable(error.error))?;
    Ok(())
}
