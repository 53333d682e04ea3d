//! `etude convert`: writes test files in another format.

mod place;
mod report;
mod write;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use etude::v1::{ConversionLayout, ConversionNoteKind, TestFormat};
use etude_language::{Conversion, ConvertError};

use super::files;
use super::output;
use super::problem::{Exit, Problem};
use place::{Job, Jobs};
use report::{FileReport, ReportForm, Status};

/// Write test files in another format, and say what that cannot hold
///
/// A file of any format is read, whatever the format it is in. What is written is read back and
/// compared with the source, so that nothing is lost without being said. Ends with 1 when something
/// was lost, with 2 when a file was refused, and with 3 when one could not be written.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A test file, a folder of test files, or - for stdin
    #[arg(value_name = "FILE|FOLDER")]
    source: PathBuf,

    /// The format to write
    #[arg(long, value_name = "FORMAT")]
    to: Target,

    /// The file or folder to write; a file without it goes to stdout
    #[arg(long, value_name = "FILE|FOLDER")]
    out: Option<PathBuf>,

    /// Replace the source files themselves
    #[arg(long, conflicts_with = "out")]
    in_place: bool,

    /// Replace files that exist
    #[arg(long)]
    force: bool,

    /// Write nothing, only report
    #[arg(long)]
    check: bool,

    /// Put quotes around selectors such as {#name: …} first, for which YAML sees a comment
    #[arg(long)]
    fix: bool,

    /// How the files are laid out; by default text for natural language, JSON for files that end in
    /// .json, else YAML
    #[arg(long)]
    layout: Option<Layout>,

    /// The form of the report
    #[arg(long, value_name = "FORM", default_value = "human")]
    report: ReportForm,
}

/// A format that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// The form of docs/language.md.
    Canonical,
    /// Steps are a verb with a value or a map of options.
    Simplified,
    /// Steps have short keys.
    Compact,
    /// Steps are flat maps with type and command.
    Extended,
    /// Steps are statements.
    #[value(alias = "natural-language")]
    Natural,
}

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Layout {
    /// YAML, with the comments of the source.
    Yaml,
    /// JSON, without comments.
    Json,
    /// Statements, one on a line; for natural language only.
    Text,
}

impl Target {
    fn format(self) -> TestFormat {
        match self {
            Self::Canonical => TestFormat::Canonical,
            Self::Simplified => TestFormat::Simplified,
            Self::Compact => TestFormat::Compact,
            Self::Extended => TestFormat::Extended,
            Self::Natural => TestFormat::NaturalLanguage,
        }
    }
}

impl Layout {
    fn layout(self) -> ConversionLayout {
        match self {
            Self::Yaml => ConversionLayout::Yaml,
            Self::Json => ConversionLayout::Json,
            Self::Text => ConversionLayout::Text,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    if args.to != Target::Natural && args.layout == Some(Layout::Text) {
        let message = "--layout text is for --to natural only";
        return Err(Problem::bad_input(message));
    }
    let jobs = Jobs::plan(args)?;
    let to_stdout = jobs.to_stdout && !args.check;
    if to_stdout && args.report == ReportForm::Json {
        let message = "stdout holds the converted file; name --out, or give --check for the report";
        return Err(Problem::bad_input(message));
    }
    let mut reports = Vec::new();
    for job in &jobs.list {
        let report = convert(job, args, &jobs);
        if args.report == ReportForm::Human {
            report::print(&report, to_stdout)?;
        }
        reports.push(report);
    }
    report::finish(&reports, args, to_stdout)?;
    let exits = reports.iter().map(FileReport::exit);
    Ok(exits.max().unwrap_or(Exit::Passed))
}

/// Converts one file; whatever becomes of it, the others are converted too.
fn convert(job: &Job, args: &Args, jobs: &Jobs) -> FileReport {
    let mut report = FileReport::new(job);
    let content = match files::read(&job.source) {
        Ok(content) => content,
        Err(problem) => return report.failed(Status::Refused, problem.message()),
    };
    let fixed = match args.fix {
        true => std::str::from_utf8(&content)
            .ok()
            .and_then(etude_language::repair),
        false => None,
    };
    let content = fixed.map_or(content, String::into_bytes);
    let conversion = Conversion {
        format: args.to.format(),
        layout: job.layout.layout(),
    };
    let name = files::name(&job.source);
    match etude_language::convert(&name, &content, conversion) {
        Ok(converted) => {
            let lossy = |kind| kind == ConversionNoteKind::Loss;
            let any = converted.notes.iter().any(|note| lossy(note.kind()));
            report.status = if any {
                Status::Lossy
            } else {
                Status::Converted
            };
            report.source_format = converted.source_format;
            report.notes = converted.notes;
            report.diagnostics = converted.diagnostics;
            store(report, job, args, jobs, converted.content.as_bytes())
        }
        Err(ConvertError::Mistakes(diagnostics)) => {
            report.diagnostics = diagnostics;
            report.status = Status::Refused;
            report
        }
        Err(error) => {
            let status = match error {
                ConvertError::Unfaithful(_) => Status::Failed,
                _ => Status::Refused,
            };
            report.failed(status, &error.to_string())
        }
    }
}

/// Puts the content where it belongs.
fn store(
    mut report: FileReport,
    job: &Job,
    args: &Args,
    jobs: &Jobs,
    content: &[u8],
) -> FileReport {
    let Some(target) = &job.target else {
        if !args.check
            && let Err(problem) = output::print_bytes(content)
        {
            return report.failed(Status::Failed, problem.message());
        }
        return report;
    };
    let replace = args.force || args.in_place;
    let outcome = match (&job.clash, args.check) {
        (Some(other), _) => Err(write::Refusal::Taken(other.clone())),
        (None, true) => write::may(target, &job.source, content, replace, args.in_place),
        (None, false) => write::file(target, &job.source, content, replace, args.in_place, jobs),
    };
    match outcome {
        Ok(unchanged) => {
            report.unchanged = unchanged;
            report
        }
        Err(refusal) => {
            let status = match refusal {
                write::Refusal::Unwritable(_) => Status::Failed,
                _ => Status::Refused,
            };
            report.failed(status, &refusal.message(target))
        }
    }
}

/// The name of a file for messages.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
