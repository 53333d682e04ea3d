//! Canonical steps and values, built from what a dialect's step holds.

use std::borrow::Cow;

use etude::v1::{ErrorReason, TestFormat};

use super::{Rewriter, Verb};
use crate::diagnose::{Mistake, shown};
use crate::source::Span;
use crate::suggest;
use crate::tree::{Content, Entry, Node, NodeId, Scalar};

/// A canonical command and its fields.
#[derive(Debug)]
pub(super) struct Out<'s> {
    pub(super) key: &'static str,
    pub(super) span: Span,
    pub(super) fields: Vec<Entry<'s>>,
    /// Flags that the dialect gives with the command.
    pub(super) flags: Vec<Entry<'s>>,
}

/// The commands of a step. `None`: there is a mistake, which is reported.
pub(super) type Commands<'s> = Option<Vec<Out<'s>>>;

impl<'s> Out<'s> {
    pub(super) fn new(key: &'static str, span: Span) -> Self {
        Self {
            key,
            span,
            fields: Vec::new(),
            flags: Vec::new(),
        }
    }

    /// Adds a field, if there is a value.
    pub(super) fn with(mut self, name: &'static str, given: Option<Entry<'s>>) -> Self {
        self.fields.extend(given.map(|given| Entry {
            key: name.into(),
            key_span: given.key_span,
            value: given.value,
        }));
        self
    }

    /// Adds a field with a value of its own.
    pub(super) fn set(self, name: &'static str, span: Span, value: NodeId) -> Self {
        let key = name.into();
        self.with(
            name,
            Some(Entry {
                key,
                key_span: span,
                value,
            }),
        )
    }

    /// The only command of a step.
    pub(super) fn alone(self) -> Commands<'s> {
        Some(vec![self])
    }
}

impl<'s> Rewriter<'_, 's> {
    // === New values ===

    /// A text.
    pub(super) fn text(&mut self, text: impl Into<Cow<'s, str>>, span: Span) -> NodeId {
        self.scalar(text.into(), span, true)
    }

    /// A number, boolean or word.
    pub(super) fn plain(&mut self, text: impl Into<Cow<'s, str>>, span: Span) -> NodeId {
        self.scalar(text.into(), span, false)
    }

    fn scalar(&mut self, text: Cow<'s, str>, span: Span, quoted: bool) -> NodeId {
        let content = Content::Scalar(Scalar { text, quoted });
        self.tree.add(Node { span, content })
    }

    pub(super) fn map(&mut self, entries: Vec<Entry<'s>>, span: Span) -> NodeId {
        let content = Content::Map(entries);
        self.tree.add(Node { span, content })
    }

    pub(super) fn list(&mut self, items: Vec<NodeId>, span: Span) -> NodeId {
        let content = Content::List(items);
        self.tree.add(Node { span, content })
    }

    /// The step node of a command.
    pub(super) fn step(&mut self, out: Out<'s>, flags: &[Entry<'s>], span: Span) -> NodeId {
        let value = self.map(out.fields, out.span);
        let mut entries = vec![entry(out.key, out.span, value)];
        entries.extend(out.flags);
        entries.extend(flags.iter().cloned());
        self.map(entries, span)
    }

    // === Reading values ===

    pub(super) fn span(&self, id: NodeId) -> Span {
        self.tree.node(id).span
    }

    /// The text of a single value; `None` for nothing, a list or a map.
    pub(super) fn word(&self, id: NodeId) -> Option<Cow<'s, str>> {
        match &self.tree.node(id).content {
            Content::Scalar(scalar) if !scalar.is_null() => Some(scalar.text.clone()),
            _ => None,
        }
    }

    /// The text of a given value, as a word: `Not-Exists` is `not_exists`.
    pub(super) fn option(&self, given: Option<&Entry<'s>>) -> Option<String> {
        self.word(given?.value).map(|text| suggest::plain(&text))
    }

    /// Whether a given value is true.
    pub(super) fn flag(&self, given: Option<&Entry<'s>>) -> bool {
        given.is_some_and(|given| match &self.tree.node(given.value).content {
            Content::Scalar(scalar) => scalar.as_bool() == Some(true),
            _ => false,
        })
    }

    /// A text with `{{name}}` as `$name`, and without the second quotes that converters leave:
    /// `'"TAB"'`.
    pub(super) fn template(&mut self, given: Option<Entry<'s>>) -> Option<Entry<'s>> {
        let given = given?;
        let Some(text) = self.word(given.value) else {
            return Some(given);
        };
        let plain = unquoted(&text);
        let changed = with_dollars(plain);
        let changed = self
            .with_names(changed.as_deref().unwrap_or(plain))
            .or(changed);
        match changed {
            None if plain.len() == text.len() => Some(given),
            changed => {
                let text = changed.unwrap_or_else(|| plain.to_owned());
                let value = self.text(text, self.span(given.value));
                Some(Entry { value, ..given })
            }
        }
    }

    /// The text with every `${name}` of a suite as what it stands for; `None` when it has none.
    fn with_names(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        let mut changed = false;
        while let Some(at) = rest.find("${") {
            let (before, after) = rest.split_at(at);
            out.push_str(before);
            let inside = after[2..].split_once('}');
            match inside.and_then(|(name, behind)| Some((self.stands_for(name)?, behind))) {
                Some((meaning, behind)) => {
                    out.push_str(&meaning);
                    rest = behind;
                    changed = true;
                }
                None => {
                    out.push_str("${");
                    rest = &after[2..];
                }
            }
        }
        out.push_str(rest);
        changed.then_some(out)
    }

    /// What a name in `${…}` stands for, where it is no JavaScript.
    fn stands_for(&self, name: &str) -> Option<String> {
        if self.format != TestFormat::Suite || !is_name(name) {
            return None;
        }
        let own = self.names.iter().find(|(other, _)| other == name);
        let Some((_, text)) = own else {
            return Some(format!("${name}"));
        };
        let outer = text.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
        // A name that stands for an environment variable.
        Some(outer.map_or(text.clone(), |variable| format!("${{ENV:{variable}}}")))
    }

    /// The name of a variable, without its `$`.
    pub(super) fn variable(&mut self, given: Option<Entry<'s>>) -> Option<Entry<'s>> {
        let given = given?;
        let text = self.word(given.value)?;
        let name = text
            .strip_prefix('$')
            .or_else(|| text.strip_prefix("{{")?.strip_suffix("}}"));
        match name {
            None => Some(given),
            Some(name) => {
                let value = self.text(name.trim().to_owned(), self.span(given.value));
                Some(Entry { value, ..given })
            }
        }
    }

    // === Mistakes ===

    pub(super) fn error(
        &mut self,
        span: Span,
        reason: ErrorReason,
        message: impl Into<String>,
        suggestion: impl Into<String>,
    ) {
        let mistake = Mistake::error(span, reason, message.into());
        self.mistakes.add(mistake.suggest(suggestion));
    }

    pub(super) fn warn(
        &mut self,
        span: Span,
        reason: ErrorReason,
        message: impl Into<String>,
        suggestion: impl Into<String>,
    ) {
        let mistake = Mistake::warning(span, reason, message.into());
        self.mistakes.add(mistake.suggest(suggestion));
    }

    /// A word that is not one of the known ones.
    pub(super) fn not_one_of<T>(
        &mut self,
        span: Span,
        subject: &str,
        word: &str,
        known: &[&str],
    ) -> Option<T> {
        let message = format!("\"{}\" is no {subject}", shown(word));
        let mistake = Mistake::error(span, ErrorReason::InvalidValue, message);
        self.mistakes
            .add(match suggest::nearest(word, known.iter().copied()) {
                None => mistake.suggest(format!("write one of {}", known.join(", "))),
                nearest => mistake.did_you_mean(nearest),
            });
        None
    }

    /// Something that a verb needs and that is not given.
    pub(super) fn missing<T>(&mut self, verb: &Verb<'s>, what: &str) -> Option<T> {
        let message = format!("\"{}\" needs {what}", shown(&verb.name));
        let known = verb.args.asked().join(", ");
        self.error(
            verb.span,
            ErrorReason::MissingKey,
            message,
            format!("known here: {known}"),
        );
        None
    }

    /// Reports what is left of a verb's values.
    pub(super) fn finish(&mut self, verb: &mut Verb<'s>) {
        if let Some(value) = verb.args.main(&[]) {
            let message = format!("\"{}\" takes no single value", shown(&verb.name));
            let known = verb.args.asked().join(", ");
            let span = self.span(value.value);
            let suggestion = match known.is_empty() {
                true => format!("write \"- {}\"", shown(&verb.name)),
                false => format!("write a map; known in it: {known}"),
            };
            self.error(span, ErrorReason::WrongType, message, suggestion);
        }
        for entry in verb.args.rest() {
            let known = verb.args.asked();
            let message = format!("the key \"{}\" has no meaning here", shown(&entry.key));
            let mistake = Mistake::error(entry.key_span, ErrorReason::UnknownKey, message);
            let nearest = suggest::nearest(&entry.key, known.iter().copied());
            self.mistakes.add(match nearest {
                None => mistake.suggest(format!("known here: {}", known.join(", "))),
                nearest => mistake.did_you_mean(nearest),
            });
        }
    }
}

pub(super) fn entry<'s>(key: &'static str, key_span: Span, value: NodeId) -> Entry<'s> {
    Entry {
        key: key.into(),
        key_span,
        value,
    }
}

fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    inner
        .filter(|inner| !inner.contains('"') && !inner.is_empty())
        .unwrap_or(text)
}

/// The text with every `{{name}}` as `$name`; `None` when it has none.
fn with_dollars(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find("{{") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let name = after[2..].split_once("}}");
        match name.filter(|(name, _)| is_name(name.trim())) {
            Some((name, behind)) => {
                out.push('$');
                out.push_str(name.trim());
                rest = behind;
                changed = true;
            }
            None => {
                out.push_str("{{");
                rest = &after[2..];
            }
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

pub(super) fn is_name(text: &str) -> bool {
    let starts = text
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    starts
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_become_dollars() {
        assert_eq!(
            with_dollars("a {{ user.name }} b").unwrap(),
            "a $user.name b"
        );
        assert_eq!(with_dollars("{{1 + 1}}"), None);
        assert_eq!(with_dollars("{{a"), None);
        assert_eq!(unquoted("\"TAB\""), "TAB");
        assert_eq!(unquoted("\"a\" \"b\""), "\"a\" \"b\"");
    }
}
