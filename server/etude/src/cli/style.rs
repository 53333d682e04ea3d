//! Colours for terminals, and text that cannot disturb one.

use std::io::IsTerminal as _;

/// Whether and how text is coloured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    colours: bool,
}

impl Style {
    /// For text on stdout.
    pub(crate) fn of_stdout() -> Self {
        Self::new(std::io::stdout().is_terminal())
    }

    /// For text on stderr.
    pub(crate) fn of_stderr() -> Self {
        Self::new(std::io::stderr().is_terminal())
    }

    /// For text without colours.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { colours: false }
    }

    fn new(terminal: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self {
            colours: terminal && !unwanted && !dumb,
        }
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self.colours {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// The text with control characters written out: a page's text must not move the cursor or change
/// the title of the terminal that shows it. Line ends stay.
pub(crate) fn plain(text: &str) -> String {
    let disturbing = |letter: char| letter.is_control() && letter != '\n' && letter != '\t';
    if !text.contains(disturbing) {
        return text.to_owned();
    }
    text.chars()
        .map(|letter| match disturbing(letter) {
            true => letter.escape_unicode().to_string(),
            false => letter.to_string(),
        })
        .collect()
}

/// As [`plain`], on one line.
pub(crate) fn one_line(text: &str) -> String {
    plain(text).replace('\n', "\\n").replace('\t', " ")
}

/// A duration for people: `34 ms`, `1.2 s`, `2 min 5 s`.
pub(crate) fn elapsed(duration: std::time::Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!(
            "{} min {} s",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(plain("a\x1b[31mb\u{9b}"), "a\\u{1b}[31mb\\u{9b}");
        assert_eq!(plain("it's\n\"é\" 🎻"), "it's\n\"é\" 🎻");
        assert_eq!(one_line("a\nb\tc"), "a\\nb c");
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(elapsed(Duration::from_millis(999)), "999 ms");
        assert_eq!(elapsed(Duration::from_millis(1230)), "1.2 s");
        assert_eq!(elapsed(Duration::from_secs(125)), "2 min 5 s");
    }
}
