//! What became of each file.

use clap::ValueEnum;
use etude::v1::{ConversionNote, ConversionNoteKind, Diagnostic, TestFormat};
use serde_json::{Value, json};

use super::place::Job;
use super::{Args, shown};
use crate::cli::detect::words;
use crate::cli::output::{self, Format, note};
use crate::cli::problem::{Exit, Problem};
use crate::cli::style::{Style, one_line, plain};
use crate::cli::{diagnostics, files};

/// The form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportForm {
    /// For people: on stdout, or on stderr beside a file on stdout.
    Human,
    /// JSON on stdout.
    Json,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It holds the same test.
    Converted,
    /// It does not hold all of the test.
    Lossy,
    /// It was not converted: it has mistakes, or its place is taken.
    Refused,
    /// Something did not work.
    Failed,
}

/// A file, and what became of it.
pub(super) struct FileReport {
    file: String,
    target: Option<String>,
    pub(super) status: Status,
    /// Whether the file stood there already, just so.
    pub(super) unchanged: bool,
    pub(super) source_format: TestFormat,
    pub(super) notes: Vec<ConversionNote>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Why it was not written, when no diagnostic says so.
    message: String,
}

impl FileReport {
    pub(super) fn new(job: &Job) -> Self {
        Self {
            file: files::name(&job.source),
            target: job.target.as_deref().map(shown),
            status: Status::Converted,
            unchanged: false,
            source_format: TestFormat::Unspecified,
            notes: Vec::new(),
            diagnostics: Vec::new(),
            message: String::new(),
        }
    }

    pub(super) fn failed(mut self, status: Status, message: &str) -> Self {
        self.status = status;
        message.clone_into(&mut self.message);
        self
    }

    pub(super) fn exit(&self) -> Exit {
        match self.status {
            Status::Converted => Exit::Passed,
            Status::Lossy => Exit::Failed,
            Status::Refused => Exit::BadInput,
            Status::Failed => Exit::CouldNotRun,
        }
    }

    fn losses(&self) -> usize {
        let is_loss = |note: &&ConversionNote| note.kind() == ConversionNoteKind::Loss;
        self.notes.iter().filter(is_loss).count()
    }
}

/// Prints the report of a file for people.
pub(super) fn print(report: &FileReport, to_stderr: bool) -> Result<(), Problem> {
    let style = match to_stderr {
        true => Style::of_stderr(),
        false => Style::of_stdout(),
    };
    let text = human(report, style);
    match to_stderr {
        true => note(text.trim_end()),
        false => output::print(&text)?,
    }
    Ok(())
}

fn human(report: &FileReport, style: Style) -> String {
    let mark = match report.status {
        Status::Converted => style.green("✓"),
        Status::Lossy => style.yellow("!"),
        Status::Refused | Status::Failed => style.red("✗"),
    };
    let mut text = format!("{mark} {}", plain(&report.file));
    if report.source_format != TestFormat::Unspecified {
        text += &style.dim(&format!(" ({})", words(report.source_format)));
    }
    if let Some(target) = &report.target {
        text += &format!(" → {}", plain(target));
    }
    text += match report.status {
        Status::Converted if report.unchanged => ", which is so already\n",
        Status::Converted => "\n",
        Status::Lossy => "",
        Status::Refused => ": refused\n",
        Status::Failed => ": failed\n",
    };
    if report.status == Status::Lossy {
        let count = report.losses();
        let word = if count == 1 { "loss" } else { "losses" };
        text += &format!(": {count} {word}\n");
    }
    if !report.message.is_empty() {
        text += &format!("    {}\n", one_line(&report.message));
    }
    for note in &report.notes {
        text += &line(note, style);
    }
    if !report.diagnostics.is_empty() {
        text += &diagnostics::render(&report.diagnostics, style);
        text.push('\n');
    }
    text
}

fn line(note: &ConversionNote, style: Style) -> String {
    let place = note.location.clone().unwrap_or_default();
    let kind = match note.kind() {
        ConversionNoteKind::Loss => style.yellow("lost"),
        _ => style.dim("changed"),
    };
    let mut text = format!(
        "    {}:{}:{} {kind}: {}: {}",
        plain(&place.file),
        place.line,
        place.column,
        one_line(&note.construct),
        one_line(&note.reason),
    );
    if !note.written.is_empty() {
        text += &style.dim(&format!("; written: {}", one_line(&note.written)));
    }
    text.push('\n');
    text
}

/// Prints what is said of all files.
pub(super) fn finish(reports: &[FileReport], args: &Args, to_stdout: bool) -> Result<(), Problem> {
    let count = |status: Status| reports.iter().filter(|r| r.status == status).count();
    let counts = [
        ("converted", count(Status::Converted)),
        ("lossy", count(Status::Lossy)),
        ("refused", count(Status::Refused)),
        ("failed", count(Status::Failed)),
    ];
    if args.report == ReportForm::Json {
        let files: Vec<_> = reports.iter().map(value).collect();
        let summary: serde_json::Map<String, Value> = counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), json!(count)))
            .collect();
        let all = json!({"files": files, "summary": summary, "written": !args.check});
        return output::print_value(&all, Format::Json);
    }
    if !to_stdout && reports.len() > 1 {
        let parts: Vec<_> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{count} {}", said(name)))
            .collect();
        note(&format!("{} files: {}", reports.len(), parts.join(", ")));
    }
    Ok(())
}

fn said(name: &str) -> &str {
    match name {
        "lossy" => "converted with losses",
        other => other,
    }
}

fn value(report: &FileReport) -> Value {
    let status = match report.status {
        Status::Converted if report.unchanged => "unchanged",
        Status::Converted => "converted",
        Status::Lossy => "lossy",
        Status::Refused => "refused",
        Status::Failed => "failed",
    };
    let notes: Vec<_> = report.notes.iter().map(etude::json::to_value).collect();
    let mistakes: Vec<_> = report
        .diagnostics
        .iter()
        .map(etude::json::to_value)
        .collect();
    json!({
        "file": report.file,
        "target": report.target,
        "status": status,
        "sourceFormat": report.source_format.as_str_name(),
        "message": report.message,
        "notes": notes,
        "diagnostics": mistakes,
    })
}
