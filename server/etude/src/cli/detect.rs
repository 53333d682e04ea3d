//! `etude detect`: in which format test files are.

use std::path::PathBuf;

use etude::v1::{DetectFormatResponse, FormatEvidence, TestFormat};
use serde_json::{Value, json};

use super::files;
use super::output::{self, Format, FormatArgs};
use super::problem::{Exit, Problem};
use super::style::{Style, one_line, plain};

/// Tell in which format test files are, and by what
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Test files, folders of test files, or - for stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Show everything that speaks for a format, with its place
    #[arg(long)]
    evidence: bool,

    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    let mut exit = Exit::Passed;
    let mut reports = Vec::new();
    for file in files::find(&args.files)? {
        let name = files::name(&file);
        let found = etude_language::detect(&name, &files::read(&file)?);
        if found.format() == TestFormat::Unspecified {
            exit = Exit::BadInput;
        }
        match args.format.output {
            Format::Human => output::print(&human(&name, &found, args.evidence))?,
            Format::Json | Format::Yaml => reports.push(report(&name, &found)),
        }
    }
    if args.format.output != Format::Human {
        output::print_value(&Value::Array(reports), args.format.output)?;
    }
    Ok(exit)
}

fn human(name: &str, found: &DetectFormatResponse, with_evidence: bool) -> String {
    let style = Style::of_stdout();
    let mut text = format!("{}: {}", plain(name), words(found.format()));
    if found.format() != TestFormat::Unspecified {
        text += &format!(" ({} %)", found.confidence);
    }
    for other in &found.alternatives {
        let other = format!(", or {} ({} %)", words(other.format()), other.confidence);
        text += &style.dim(&other);
    }
    text.push('\n');
    for evidence in found.evidence.iter().filter(|_| with_evidence) {
        text += &line(evidence);
    }
    text
}

fn line(evidence: &FormatEvidence) -> String {
    let place = evidence.location.clone().unwrap_or_default();
    let format = words(evidence.format());
    let message = one_line(&evidence.message);
    format!("  {}:{} {format}: {message}\n", place.line, place.column)
}

pub(crate) fn words(format: TestFormat) -> String {
    match format {
        TestFormat::Unspecified => "no test".to_owned(),
        format => {
            let name = format.as_str_name().trim_start_matches("TEST_FORMAT_");
            name.to_lowercase().replace('_', " ")
        }
    }
}

fn report(name: &str, found: &DetectFormatResponse) -> Value {
    let mut report = json!({"file": name});
    if let (Value::Object(report), Value::Object(fields)) =
        (&mut report, etude::json::to_value(found))
    {
        report.extend(fields);
    }
    report
}
