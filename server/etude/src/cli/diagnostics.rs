//! Mistakes of a test file as text, each under its source line.

use etude::v1::{Diagnostic, Severity};

use super::style::{Style, one_line};

/// All of them, with a blank line between.
pub(crate) fn render(diagnostics: &[Diagnostic], style: Style) -> String {
    let texts: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| render_one(diagnostic, style))
        .collect();
    texts.join("\n")
}

/// One of them, with a line end.
pub(crate) fn render_one(diagnostic: &Diagnostic, style: Style) -> String {
    let severity = match diagnostic.severity() {
        Severity::Warning => style.yellow("warning"),
        Severity::Note => style.bold("note"),
        _ => style.red("error"),
    };
    let place = diagnostic.location.clone().unwrap_or_default();
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let bar = style.dim("|");
    let mut out = format!(
        "{severity}{} {}\n",
        style.dim(&format!("[{}]", diagnostic.reason)),
        style.bold(&one_line(&diagnostic.message))
    );
    let arrow = style.dim("-->");
    out += &format!(
        "{margin}{arrow} {}:{}:{}\n",
        one_line(&place.file),
        place.line,
        place.column
    );
    if !diagnostic.source_line.is_empty() {
        let before = place.column.saturating_sub(1) as usize;
        let marks = style.red(&"^".repeat(diagnostic.length.max(1) as usize));
        out += &format!("{margin} {bar}\n");
        out += &format!(
            "{} {bar} {}\n",
            style.dim(&number),
            one_line(&diagnostic.source_line)
        );
        out += &format!("{margin} {bar} {}{marks}\n", " ".repeat(before));
    }
    if !diagnostic.suggestion.is_empty() {
        out += &format!("{margin} = help: {}\n", one_line(&diagnostic.suggestion));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_stands_under_its_line_with_what_to_do() {
        let content = b"name: A\nsteps:\n  - clik: Log in\n";
        let parsed = etude_language::parse("a.yaml", content);
        let text = render(&parsed.diagnostics, Style::of_stderr());
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("error[UNKNOWN_COMMAND] "), "{text}");
        assert_eq!(lines[1], " --> a.yaml:3:5", "{text}");
        assert_eq!(lines[3], "3 |   - clik: Log in", "{text}");
        assert_eq!(lines[4], "  |     ^^^^", "{text}");
        assert!(lines[5].starts_with("  = help: "), "{text}");
        assert!(lines[5].contains("click"), "{text}");
    }
}
