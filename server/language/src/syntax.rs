//! What is wrong with a file that is not YAML, in words that help.

use etude::v1::ErrorReason;
use saphyr_parser::ScanError;

use crate::diagnose::Mistake;
use crate::source::{Source, Span};

/// What to do about the parser's messages, by a part of them; the first that fits is taken.
const ADVICE: [(&str, &str); 14] = [
    ("tab", "indent with spaces; a tab cannot indent"),
    (
        "unknown anchor",
        "define it with \"&name\" before, or put a text that begins with \"*\" in quotes",
    ),
    (
        "mapping values are not allowed",
        "put a text that contains \": \" in quotes, or check the indentation",
    ),
    (
        "invalid indentation",
        "indent the entries of a list or map alike, with spaces",
    ),
    (
        "indented",
        "indent the entries of a list or map alike, with spaces",
    ),
    ("simple key", "a key is followed by a colon and a space"),
    ("end of stream", "add the closing quote"),
    ("document indicator", "add the closing quote"),
    (
        "escape",
        "in double quotes write \\\\ for a backslash, or use single quotes",
    ),
    (
        "hexadecimal",
        "in double quotes write \\\\ for a backslash, or use single quotes",
    ),
    (
        "trailing content",
        "put the whole text in one pair of quotes, or add the comma that is missing",
    ),
    (
        "',' or ']'",
        "separate items with commas and close the list with \"]\"",
    ),
    (
        "',' or '}'",
        "separate entries with commas and close the map with \"}\"",
    ),
    (
        "expected",
        "indent the entries of a list or map alike, and put a text that begins with a sign in quotes",
    ),
];

/// The parser's error as a mistake.
pub(crate) fn mistake(source: &Source<'_>, error: &ScanError) -> Mistake {
    let info = error.info();
    let mut span = source.span(error.marker(), error.marker());
    if info.contains("tab") {
        span = indenting_tab(source, span).unwrap_or(span);
    }
    if info.contains("recursion limit") {
        let message = "values are nested too deeply here".to_owned();
        return Mistake::error(span, ErrorReason::NestingLimit, message);
    }
    let message = format!("this is not YAML: {info}");
    let mistake = Mistake::error(span, ErrorReason::YamlSyntax, message);
    let reserved = source.slice(span);
    if info.contains("unexpected character") || matches!(reserved, "@" | "`" | "%") {
        return mistake.suggest(format!(
            "put a text that begins with \"{reserved}\" in quotes"
        ));
    }
    match ADVICE.iter().find(|(part, _)| info.contains(part)) {
        Some((_, advice)) => mistake.suggest(*advice),
        None => mistake,
    }
}

/// The parser blames the value before a tab; the tab stands at the beginning of that or a later
/// line.
fn indenting_tab(source: &Source<'_>, from: Span) -> Option<Span> {
    (from.line..from.line.saturating_add(3)).find_map(|line| {
        let text = source.line(line);
        let indent = &text[..text.len() - text.trim_start().len()];
        let tab = indent.find('\t')?;
        let at = source.line_start(line) + tab;
        Some(source.place(at, at + 1))
    })
}
