//! Credentials are hidden in whatever lint says.

use std::sync::LazyLock;

use regex::Regex;

use super::context::Context;
use super::rules::hardcoded_credential;
use crate::source::{Source, Span};

/// What stands for each character that is hidden.
const STAR: &str = "*";

/// The shortest text that is hidden wherever it stands; a shorter one is hidden in its place only.
const LEAST: usize = 4;

/// What looks like a credential in a line of a file that cannot be read.
static LOOKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r#"(?i)(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|credential|authorization)[\w-]*["']?\s*[:=]\s*(?P<value>\S.*)$"#;
    Regex::new(pattern).ok()
});

/// A credential and its place.
pub(super) struct Secret {
    pub(super) span: Span,
    pub(super) value: String,
}

/// The credentials of a file, whether or not their rule is on.
pub(super) fn secrets(context: &Context<'_>) -> Vec<Secret> {
    let found = hardcoded_credential::find(context);
    found
        .into_iter()
        .map(|found| Secret {
            span: found.span,
            value: found.value,
        })
        .collect()
}

/// Hides the credentials of one file.
pub(super) struct Mask {
    /// Places by line.
    spans: Vec<Span>,
    /// Texts that are hidden wherever they stand, the longest first.
    texts: Vec<String>,
    /// All of them at once.
    all: Option<Regex>,
    was_read: bool,
}

impl Mask {
    /// `was_read`: whether the file could be read, so that all its credentials are known.
    pub(super) fn new(source: &Source<'_>, secrets: Vec<Secret>, was_read: bool) -> Self {
        let mut spans: Vec<_> = secrets.iter().map(|secret| secret.span).collect();
        spans.sort_by_key(|span| (span.line, span.column));
        let mut texts: Vec<String> = Vec::new();
        for secret in &secrets {
            let spelled = source
                .slice(secret.span)
                .trim_matches(['"', '\''])
                .to_owned();
            let lines = secret.value.lines().map(|line| line.trim().to_owned());
            texts.extend(
                lines
                    .chain([spelled])
                    .filter(|text| text.chars().count() >= LEAST),
            );
        }
        texts.sort_unstable_by_key(|text| (std::cmp::Reverse(text.len()), text.clone()));
        texts.dedup();
        Self {
            spans,
            all: any_of(&texts),
            texts,
            was_read,
        }
    }

    /// A line of the file as it may be shown; what is hidden keeps its length.
    pub(super) fn line(&self, source: &Source<'_>, number: u32) -> String {
        let mut line = source.shown_line(number);
        if !self.was_read {
            return hide_by_looks(&line);
        }
        let first = self.spans.partition_point(|span| span.line < number);
        for span in self.spans[first..]
            .iter()
            .take_while(|span| span.line == number)
        {
            line = hide_part(&line, span.column as usize - 1, span.length as usize);
        }
        self.text(&line)
    }

    /// A message without credentials.
    pub(super) fn text(&self, text: &str) -> String {
        if !self.shows(text) {
            return text.to_owned();
        }
        self.texts.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), &STAR.repeat(secret.chars().count()))
        })
    }

    /// Whether a text shows a credential.
    pub(super) fn shows(&self, text: &str) -> bool {
        match &self.all {
            Some(all) => all.is_match(text),
            None => self
                .texts
                .iter()
                .any(|secret| text.contains(secret.as_str())),
        }
    }
}

/// What finds any of the texts in one pass. `None`: there are too many for that.
fn any_of(texts: &[String]) -> Option<Regex> {
    let texts: Vec<_> = texts.iter().map(|text| regex::escape(text)).collect();
    match texts.is_empty() {
        // An empty pattern would find itself everywhere.
        true => None,
        false => Regex::new(&texts.join("|")).ok(),
    }
}

/// The text with some characters hidden, quotes excepted.
fn hide_part(line: &str, before: usize, length: usize) -> String {
    let is_hidden = |(index, letter): (usize, char)| {
        let inside = index >= before && index < before + length;
        let is_edge = index == before || index + 1 == before + length;
        match inside && !(is_edge && matches!(letter, '"' | '\'')) {
            true => '*',
            false => letter,
        }
    };
    line.chars().enumerate().map(is_hidden).collect()
}

fn hide_by_looks(line: &str) -> String {
    let found = LOOKS.as_ref().and_then(|looks| looks.captures(line));
    let Some(value) = found.and_then(|found| found.name("value")) else {
        return line.to_owned();
    };
    let stars = STAR.repeat(value.as_str().chars().count());
    format!("{}{stars}", &line[..value.start()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_keeps_its_length() {
        assert_eq!(hide_part("a: 'geheim' # x", 3, 8), "a: '******' # x");
        assert_eq!(hide_by_looks("  password: geheim"), "  password: ******");
        assert_eq!(hide_by_looks("{\"api_key\": \"x\"}"), "{\"api_key\": ****");
        assert_eq!(hide_by_looks("- click: Password"), "- click: Password");
    }
}
