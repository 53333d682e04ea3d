//! Writing to stdout and stderr.

use std::io::{ErrorKind, Write as _};

use clap::ValueEnum;
use prost_reflect::ReflectMessage;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::problem::{Exit, Problem};

/// The form of data on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// JSON, as the contract's messages have it.
    Json,
    /// The same as YAML.
    Yaml,
}

/// The option that chooses the form.
#[derive(Debug, clap::Args)]
pub(crate) struct FormatArgs {
    /// The form of the data on stdout
    #[arg(long, short, value_name = "FORM", default_value = "human")]
    pub(crate) output: Format,
}

/// The most columns of a terminal that a text of a table takes. Names of resources are whole.
const WIDEST: usize = 60;

/// Writes data to stdout. A reader that has gone ends the process without a word.
pub(crate) fn print(text: &str) -> Result<(), Problem> {
    print_bytes(text.as_bytes())
}

/// As [`print`], for bytes.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Problem> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Problem::silent(Exit::Passed),
        _ => Problem::could_not_run(format!("stdout cannot be written: {error}")),
    })
}

/// Writes a line for people to stderr. That nobody reads it is no reason to stop.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes a message as JSON or YAML.
pub(crate) fn print_message<M: ReflectMessage>(message: &M, format: Format) -> Result<(), Problem> {
    print_value(&etude::json::to_value(message), format)
}

/// Writes a value as JSON or YAML.
pub(crate) fn print_value(value: &Value, format: Format) -> Result<(), Problem> {
    print(&text_of(value, format)?)
}

fn text_of(value: &Value, format: Format) -> Result<String, Problem> {
    let unwritable = |error: &dyn std::error::Error| {
        Problem::could_not_run(format!("the data has no such form: {error}"))
    };
    match format {
        Format::Yaml => serde_yaml::to_string(value).map_err(|error| unwritable(&error)),
        Format::Json | Format::Human => {
            let text = serde_json::to_string_pretty(value).map_err(|error| unwritable(&error))?;
            Ok(text + "\n")
        }
    }
}

/// Rows under a head, if there is one, with columns as wide as their widest cell; the last one is
/// not filled up.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let head = (!head.is_empty()).then_some(&head);
    let mut widths: Vec<usize> = Vec::new();
    for row in head.into_iter().chain(rows) {
        widths.resize(widths.len().max(row.len()), 0);
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let mut out = String::new();
    for row in head.into_iter().chain(rows) {
        let mut line = String::new();
        for (widest, cell) in widths.iter().zip(row) {
            let fill = widest.saturating_sub(width(cell));
            line += &format!("{cell}{}  ", " ".repeat(fill));
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

/// As much of a text as fits into a table.
pub(crate) fn cut(text: &str) -> String {
    if width(text) <= WIDEST {
        return text.to_owned();
    }
    let mut out = String::new();
    for letter in text.chars() {
        out.push(letter);
        if width(&out) >= WIDEST {
            out.pop();
            break;
        }
    }
    out + "…"
}

/// How many columns of a terminal a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_table_line_up() {
        let rows = vec![
            vec!["runs/é".to_owned(), "PASS".to_owned()],
            vec!["runs/long".to_owned(), String::new()],
        ];
        assert_eq!(
            table(&["NAME", "OUTCOME"], &rows),
            "NAME       OUTCOME\nruns/é     PASS\nruns/long\n"
        );
        let wide = vec![
            vec!["検索".to_owned(), "a".to_owned()],
            vec!["🎻".to_owned(), "b".to_owned()],
        ];
        assert_eq!(table(&[], &wide), "検索  a\n🎻    b\n");
    }
}
