//! How bad the findings of each rule are.

use std::collections::HashMap;

use etude::v1::{Diagnostic, ErrorReason, LintLevel, Severity};

use super::options::{OptionError, Options};
use super::rules::{self, Rule};
use crate::diagnose::{Mistake, Mistakes, shown};
use crate::source::Source;
use crate::suggest;
use crate::tree::{self, Content, Entry, Node, Tree};

/// The level of every rule, and the bounds that it goes by.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    set: HashMap<&'static str, LintLevel>,
    options: Options,
}

/// No rule has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no rule is called \"{name}\"; {hint}")]
pub struct UnknownRule {
    /// The name.
    pub name: String,
    /// What was probably meant, or how to find the names.
    pub hint: String,
}

/// The words for levels in a configuration file.
const WORDS: [(&str, LintLevel); 4] = [
    ("off", LintLevel::Off),
    ("note", LintLevel::Note),
    ("warning", LintLevel::Warning),
    ("error", LintLevel::Error),
];

impl Levels {
    /// Sets the level of a rule.
    ///
    /// # Errors
    ///
    /// No rule has this name.
    pub fn set(&mut self, rule: &str, level: LintLevel) -> Result<(), UnknownRule> {
        self.set.insert(find(rule)?.name, level);
        Ok(())
    }

    /// Sets a bound of a rule, such as `wait` of `long-wait` to `30s`.
    ///
    /// # Errors
    ///
    /// No rule has this name, or no such option, or the option no such value.
    pub fn set_option(&mut self, rule: &str, option: &str, text: &str) -> Result<(), OptionError> {
        self.options.set(find(rule)?, option, text)
    }

    /// Takes over every level and bound that `other` sets.
    pub fn extend(&mut self, other: &Self) {
        self.set.extend(&other.set);
        self.options.extend(&other.options);
    }

    /// The levels and bounds of a configuration file:
    ///
    /// ```yaml
    /// rules:
    ///   fixed-sleep: error
    ///   brittle-position: off
    ///   long-wait: {level: note, wait: 30s}
    /// ```
    ///
    /// # Errors
    ///
    /// Every mistake of the file, with its place.
    pub fn read(file_name: &str, content: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        let (source, mistake) = Source::read(file_name, content);
        let mut mistakes = Mistakes::default();
        let mut levels = Self::default();
        match mistake {
            Some(mistake) => mistakes.add(mistake),
            None if source.text().trim().is_empty() => {}
            None => {
                if let Some((tree, root)) = tree::build(&source, &mut mistakes) {
                    levels.read_file(&tree, root, &mut mistakes);
                }
            }
        }
        match mistakes.has_errors() {
            true => Err(mistakes.into_diagnostics(&source)),
            false => Ok(levels),
        }
    }

    fn read_file(&mut self, tree: &Tree<'_>, root: tree::NodeId, mistakes: &mut Mistakes) {
        let node = tree.node(root);
        let Content::Map(entries) = &node.content else {
            let message = "a map must stand here".to_owned();
            let mistake = Mistake::error(node.span, ErrorReason::WrongType, message);
            return mistakes.add(mistake.suggest("write \"rules:\" and a level for each rule"));
        };
        for entry in entries {
            let value = tree.node(entry.value);
            match (entry.key.as_ref(), &value.content) {
                ("rules", Content::Map(rules)) => {
                    for rule in rules {
                        self.read_rule(tree, rule, mistakes);
                    }
                }
                ("rules", content) if content.is_null() => {}
                ("rules", _) => {
                    let message = "a map must stand here".to_owned();
                    let mistake = Mistake::error(value.span, ErrorReason::WrongType, message);
                    mistakes.add(mistake.suggest("write \"fixed-sleep: error\" for each rule"));
                }
                (key, _) => {
                    let message = format!("the key \"{}\" has no meaning here", shown(key));
                    let mistake = Mistake::error(entry.key_span, ErrorReason::UnknownKey, message);
                    mistakes.add(mistake.suggest("known here: rules"));
                }
            }
        }
    }

    /// A level, or a map of a level and bounds.
    fn read_rule(&mut self, tree: &Tree<'_>, entry: &Entry<'_>, mistakes: &mut Mistakes) {
        let value = tree.node(entry.value);
        let rule = match find(&entry.key) {
            Ok(rule) => rule,
            Err(unknown) => {
                let message = format!("no rule is called \"{}\"", unknown.name);
                let mistake = Mistake::error(entry.key_span, ErrorReason::UnknownKey, message);
                return mistakes.add(mistake.suggest(unknown.hint));
            }
        };
        let Content::Map(options) = &value.content else {
            return self.read_level(rule, value, mistakes);
        };
        for option in options {
            let value = tree.node(option.value);
            if option.key == "level" {
                self.read_level(rule, value, mistakes);
                continue;
            }
            let set = self.options.set(rule, &option.key, word_of(value));
            let (span, reason) = match set {
                Ok(()) => continue,
                Err(OptionError::Value { .. }) => (value.span, ErrorReason::InvalidValue),
                Err(_) => (option.key_span, ErrorReason::UnknownKey),
            };
            let message = set.err().map(|error| error.to_string()).unwrap_or_default();
            let (message, what) = message.split_once("; ").unwrap_or((&message, ""));
            mistakes.add(Mistake::error(span, reason, message.to_owned()).suggest(what));
        }
    }

    fn read_level(&mut self, rule: &'static Rule, value: &Node<'_>, mistakes: &mut Mistakes) {
        let word = word_of(value);
        let level = WORDS
            .iter()
            .find(|(name, _)| suggest::same_word(word, name));
        if let Some((_, level)) = level {
            self.set.insert(rule.name, *level);
            return;
        }
        let message = match word {
            "" => "a level must stand here".to_owned(),
            word => format!("\"{}\" is no level", shown(word)),
        };
        let mistake = Mistake::error(value.span, ErrorReason::InvalidValue, message);
        mistakes.add(mistake.suggest("write off, note, warning or error"));
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn of(&self, rule: &Rule) -> LintLevel {
        self.set.get(rule.name).copied().unwrap_or(rule.level)
    }

    pub(super) fn is_off(&self, rule: &Rule) -> bool {
        self.of(rule) == LintLevel::Off
    }

    pub(super) fn severity(&self, rule: &Rule) -> Severity {
        match self.of(rule) {
            LintLevel::Note => Severity::Note,
            LintLevel::Error => Severity::Error,
            _ => Severity::Warning,
        }
    }
}

/// The text of a scalar; of anything else none.
fn word_of<'n>(node: &'n Node<'_>) -> &'n str {
    match &node.content {
        Content::Scalar(scalar) => scalar.text.as_ref(),
        _ => "",
    }
}

fn find(rule: &str) -> Result<&'static Rule, UnknownRule> {
    rules::find(rule).ok_or_else(|| UnknownRule {
        name: shown(rule),
        hint: hint(rule),
    })
}

/// What to do about a name that no rule has.
pub(super) fn hint(name: &str) -> String {
    let names = rules::ALL.iter().map(|rule| rule.name);
    let spelled = suggest::plain(name).replace('_', "-");
    match suggest::nearest_of(&spelled, names) {
        Some(nearest) => format!("did you mean \"{nearest}\"?"),
        None => "\"etude lint --rules\" lists them".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(content: &str) -> Vec<String> {
        let found = Levels::read("etude.lint.yaml", content.as_bytes()).unwrap_err();
        let line = |d: &Diagnostic| {
            let place = d.location.clone().unwrap();
            format!(
                "{}:{} {} ({})",
                place.line, place.column, d.message, d.suggestion
            )
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn a_file_sets_levels() {
        let file = b"rules:\n  fixed-sleep: error\n  FIXED_SLEEP_: off\n";
        assert!(Levels::read("c", file).is_err());
        let file = b"# ours\nrules:\n  fixed-sleep: error\n  legacy-format: off\n";
        let levels = Levels::read("c", file).unwrap();
        let level = |name: &str| levels.of(rules::find(name).unwrap());
        assert_eq!(level("fixed-sleep"), LintLevel::Error);
        assert_eq!(level("legacy-format"), LintLevel::Off);
        assert_eq!(level("bare-duration"), LintLevel::Warning);
        let file = b"rules:\n  long-wait: {wait: 1m}\n  fixed-sleep: {level: note, above: 500ms}\n";
        let levels = Levels::read("c", file).unwrap();
        assert_eq!(
            levels.of(rules::find("fixed-sleep").unwrap()),
            LintLevel::Note
        );
        assert_eq!(
            levels.of(rules::find("long-wait").unwrap()),
            LintLevel::Warning
        );
        let test = b"name: t\nstarting_url: /\nsteps:\n- wait: 500ms\n- wait: 501ms\n- wait: 59s\n- wait: 61s\n- see: a\n";
        let found = crate::lint::lint("t.yaml", test, &levels);
        let found: Vec<_> = found
            .into_iter()
            .map(|finding| finding.diagnostic.unwrap())
            .map(|found| (found.location.unwrap().line, found.reason))
            .collect();
        let expected = [(5, "fixed-sleep"), (6, "fixed-sleep"), (7, "long-wait")];
        assert_eq!(found, expected.map(|(line, rule)| (line, rule.to_owned())));
        assert!(Levels::read("c", b"").is_ok());
        assert!(Levels::read("c", b"rules:\n").is_ok());
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        assert_eq!(
            mistakes("rules:\n  fixed-slep: error\n  long-wait: loud\nrule: {}\n"),
            [
                "2:3 no rule is called \"fixed-slep\" (did you mean \"fixed-sleep\"?)",
                "3:14 \"loud\" is no level (write off, note, warning or error)",
                "4:1 the key \"rule\" has no meaning here (known here: rules)",
            ]
        );
        assert_eq!(
            mistakes(
                "rules:\n  long-wait: {level: loud, wait: 20, most: 1m}\n  no-start: {a: b}\n"
            ),
            [
                "2:22 \"loud\" is no level (write off, note, warning or error)",
                "2:34 \"20\" is no value of this option (write it like 10s)",
                "2:38 \"long-wait\" has no option \"most\" (it has level, wait, limit)",
                "3:14 \"no-start\" has no option \"a\" (it has none but \"level\")",
            ]
        );
        assert_eq!(mistakes("- a\n").len(), 1);
        assert_eq!(mistakes("rules: [a]\n").len(), 1);
    }
}
