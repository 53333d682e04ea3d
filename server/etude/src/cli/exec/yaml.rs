//! A single step as in a test file.

use etude::v1::{Diagnostic, ErrorReason, Step};

use super::super::diagnostics;
use super::super::output::note;
use super::super::problem::{Exit, Problem};
use super::super::style::Style;

/// What makes a test file of a step: two lines before it, and an indent.
const HEAD: &str = "name: step\nsteps:\n";
const HEAD_LINES: u32 = 2;
const INDENT: &str = "  ";

/// Parses a step; mistakes are told with their place in it.
pub(crate) fn step(name: &str, content: &[u8]) -> Result<Step, Problem> {
    let Ok(text) = std::str::from_utf8(content) else {
        return Err(
            Problem::bad_input(format!("{name} is not UTF-8")).with_reason(ErrorReason::NotUtf8)
        );
    };
    if text.trim().is_empty() {
        return Err(Problem::bad_input(format!(
            "{name} is empty; write a step such as 'click: Log in'"
        )));
    }
    let parsed = etude_language::parse(name, document(text).as_bytes());
    let mut mistakes = parsed.diagnostics;
    // The session has variables that the step does not show.
    mistakes.retain(|mistake| mistake.reason != ErrorReason::UndefinedVariable.name());
    if !mistakes.is_empty() {
        let mistakes: Vec<_> = mistakes.into_iter().map(in_step).collect();
        note(&diagnostics::render(&mistakes, Style::of_stderr()));
    }
    let checkpoints = parsed.test.map(|test| test.checkpoints).unwrap_or_default();
    let mut steps: Vec<_> = checkpoints.into_iter().flat_map(|c| c.steps).collect();
    match (steps.pop(), steps.is_empty()) {
        (Some(step), true) => Ok(step),
        (Some(_), false) => Err(Problem::bad_input(format!(
            "{name} holds several steps; give one, or use `etude run` for a test"
        ))),
        (None, _) => Err(Problem::silent(Exit::BadInput)),
    }
}

/// A test whose only step is the text. A text that is a list of steps stays one.
fn document(text: &str) -> String {
    let item = match text.trim_start().starts_with("- ") {
        true => INDENT,
        false => "- ",
    };
    let mut out = HEAD.to_owned();
    for (index, line) in text.lines().enumerate() {
        out += if index == 0 { item } else { INDENT };
        out += line;
        out.push('\n');
    }
    out
}

fn in_step(mut mistake: Diagnostic) -> Diagnostic {
    if let Some(place) = &mut mistake.location {
        place.line = place.line.saturating_sub(HEAD_LINES).max(1);
        place.column = place.column.saturating_sub(2).max(1);
    }
    let line = mistake.source_line.chars();
    mistake.source_line = line.skip(INDENT.len()).collect();
    mistake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_parsed_in_all_its_forms() {
        for text in [
            "click: Log in",
            "- click: Log in",
            "click:\n  target: Log in",
            "{\"click\": \"Log in\"}",
        ] {
            let step = step("--step", text.as_bytes()).unwrap();
            let words = etude_language::natural::text(&step.command.unwrap());
            assert_eq!(words, "click on \"Log in\"", "{text}");
        }
        assert!(step("--step", b"click: $unknown").is_ok());
    }

    #[test]
    fn anything_else_is_wrong_input() {
        for text in ["", "clik: x", "- click: a\n- click: b", "\t", ": :"] {
            assert_eq!(
                step("--step", text.as_bytes()).unwrap_err().exit,
                Exit::BadInput
            );
        }
        assert_eq!(step("--step", b"\xff").unwrap_err().exit, Exit::BadInput);
    }
}
