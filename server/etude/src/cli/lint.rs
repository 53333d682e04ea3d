//! `etude lint`: what tests that can be run probably get wrong.

mod config;
mod report;
mod sarif;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use etude::v1::{LintFinding, LintLevel, Severity};
use etude_language::lint::{self as language, Levels};
use rayon::prelude::*;

use super::files;
use super::output::{self, note};
use super::problem::{Exit, Problem};
use super::style::Style;
use config::Configs;

/// Look for what tests that can be run probably get wrong; see docs/lint.md
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Test files, folders of test files, or - for stdin
    #[arg(required_unless_present = "rules", value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The form of the findings on stdout
    #[arg(long, short, value_name = "FORM", default_value = "human")]
    output: Form,

    /// Apply the safe fixes to the files; with - the fixed file goes to stdout. What is left is told
    #[arg(long)]
    fix: bool,

    /// Set the level of a rule (off, note, warning or error), or an option of it, such as
    /// long-wait.wait=30s; can be given several times
    #[arg(long = "rule", value_name = "RULE=LEVEL", value_parser = setting)]
    settings: Vec<Setting>,

    /// End with 1 when there is a finding as bad as this
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    deny: Denied,

    /// End with 1 when there are more warnings than this
    #[arg(long, value_name = "COUNT")]
    max_warnings: Option<usize>,

    /// Take the levels from this file instead of the nearest etude.lint.yaml above each test
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,

    /// Take no levels from a file
    #[arg(long)]
    no_config: bool,

    /// List the rules with their levels
    #[arg(long)]
    rules: bool,
}

/// What a flag sets.
#[derive(Debug, Clone)]
enum Setting {
    Level(String, LintLevel),
    /// A rule, its option and the option's value.
    Option(String, String, String),
}

/// The form of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    Human,
    /// JSON, as the contract's messages have it.
    Json,
    /// The same as YAML.
    Yaml,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
}

/// What makes the verb end with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Denied {
    /// Notes, warnings and errors.
    Note,
    /// Warnings and errors.
    Warning,
    /// Errors.
    Error,
}

/// What was found in one file.
struct Report {
    name: String,
    findings: Vec<LintFinding>,
}

/// How many findings there are of each severity.
#[derive(Debug, Default)]
struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
    /// Mistakes that keep a file from being run.
    mistakes: usize,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    if args.rules {
        output::print(&report::rules())?;
        return Ok(Exit::Passed);
    }
    let mut configs = Configs::new(args.config.as_deref(), args.no_config, flags(args)?)?;
    let files = files::find(&args.paths)?;
    let levels = files.iter().map(|file| configs.of(file));
    let levels = levels.collect::<Result<Vec<_>, _>>()?;
    let looked = files.par_iter().zip(&levels);
    let looked = looked.map(|(file, levels)| look_at(file, levels, args));
    let mut reports = Vec::new();
    for (file, looked) in files.iter().zip(looked.collect::<Vec<_>>()) {
        let Looked { report, said } = looked?;
        said.iter().for_each(|line| note(line));
        if args.output == Form::Human {
            let text = report::human(&report.findings, Style::of_stdout());
            match is_stdout_taken(file, args) {
                true => note(text.trim_end()),
                false => output::print(&text)?,
            }
        }
        reports.push(report);
    }
    let counts = Counts::of(&reports);
    match args.output {
        Form::Human => note(&counts.line(reports.len())),
        Form::Json => output::print_value(&report::json(&reports), output::Format::Json)?,
        Form::Yaml => output::print_value(&report::json(&reports), output::Format::Yaml)?,
        Form::Sarif => output::print_value(&sarif::log(&reports), output::Format::Json)?,
    }
    Ok(counts.exit(args))
}

/// The levels that flags set.
fn flags(args: &Args) -> Result<Levels, Problem> {
    let mut levels = Levels::default();
    for setting in &args.settings {
        let set = match setting {
            Setting::Level(rule, level) => levels.set(rule, *level).map_err(Into::into),
            Setting::Option(rule, option, value) => levels.set_option(rule, option, value),
        };
        set.map_err(|error| Problem::bad_input(error.to_string()))?;
    }
    Ok(levels)
}

/// `fixed-sleep=off`, or `long-wait.wait=30s`
fn setting(text: &str) -> Result<Setting, String> {
    let (rule, level) = text
        .split_once('=')
        .ok_or("write RULE=LEVEL, such as fixed-sleep=error")?;
    if let Some((rule, option)) = rule.split_once('.') {
        let (rule, option) = (rule.to_owned(), option.to_owned());
        return Ok(Setting::Option(rule, option, level.to_owned()));
    }
    let level = match level {
        "off" => LintLevel::Off,
        "note" => LintLevel::Note,
        "warning" => LintLevel::Warning,
        "error" => LintLevel::Error,
        _ => return Err("the level is off, note, warning or error".to_owned()),
    };
    Ok(Setting::Level(rule.to_owned(), level))
}

/// Whether the fixed file goes where findings go otherwise.
fn is_stdout_taken(file: &Path, args: &Args) -> bool {
    args.fix && file.as_os_str() == files::STDIN
}

/// What was found in a file, and what is said of its fixes.
struct Looked {
    report: Report,
    said: Vec<String>,
}

/// The findings of a file, after its safe fixes where that is wanted.
fn look_at(file: &Path, levels: &Levels, args: &Args) -> Result<Looked, Problem> {
    let name = files::name(file);
    let mut said = Vec::new();
    let mut content = files::read(file)?;
    if args.fix {
        let fixed = language::fix(&name, &content, levels);
        if fixed.refused > 0 {
            let count = fixed.refused;
            said.push(format!(
                "{name}: {count} fixes would change what the file means; left out"
            ));
        }
        let is_stdin = is_stdout_taken(file, args);
        if let Some(better) = fixed.content {
            if !is_stdin {
                files::replace(file, &better)?;
                said.push(format!("{name}: {} fixes applied", fixed.applied));
            }
            content = better;
        }
        if is_stdin {
            output::print_bytes(&content)?;
        }
    }
    let findings = language::lint(&name, &content, levels);
    let report = Report { name, findings };
    Ok(Looked { report, said })
}

impl Counts {
    fn of(reports: &[Report]) -> Self {
        let mut counts = Self::default();
        for finding in reports.iter().flat_map(|report| &report.findings) {
            match finding.diagnostic.as_ref().map(|d| d.severity()) {
                Some(Severity::Warning) => counts.warnings += 1,
                Some(Severity::Note) => counts.notes += 1,
                _ => counts.errors += 1,
            }
            counts.mistakes += usize::from(!finding.from_rule);
        }
        counts
    }

    fn line(&self, files: usize) -> String {
        let files = match files {
            1 => "1 file".to_owned(),
            files => format!("{files} files"),
        };
        format!(
            "{files}: errors: {}, warnings: {}, notes: {}",
            self.errors, self.warnings, self.notes
        )
    }

    fn exit(&self, args: &Args) -> Exit {
        let denied = match args.deny {
            Denied::Error => self.errors,
            Denied::Warning => self.errors + self.warnings,
            Denied::Note => self.errors + self.warnings + self.notes,
        };
        let too_many = args.max_warnings.is_some_and(|most| self.warnings > most);
        match denied > 0 || too_many {
            _ if self.mistakes > 0 => Exit::BadInput,
            true => Exit::Failed,
            false => Exit::Passed,
        }
    }
}
