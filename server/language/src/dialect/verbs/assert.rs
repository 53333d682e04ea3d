//! Assertions.

use etude::v1::ErrorReason;

use super::super::build::{Commands, Out, entry};
use super::super::target::text_in_element;
use super::super::{Rewriter, Verb};
use crate::source::Span;
use crate::template;
use crate::tree::{Content, Entry, NodeId};

const KINDS: [&str; 22] = [
    "exists",
    "not_exists",
    "equals",
    "not_equals",
    "contains",
    "not_contains",
    "checked",
    "unchecked",
    "selected",
    "greater_than",
    "greater_than_or_equal",
    "less_than",
    "less_than_or_equal",
    "matches",
    "variable",
    "visible",
    "hidden",
    "enabled",
    "disabled",
    "count",
    "url",
    "title",
];

const EXPECTED: [&str; 6] = [
    "value",
    "expected",
    "equals",
    "text",
    "contains",
    "expected_value",
];

/// The one name of an assertion that has several.
fn kind_of(word: &str) -> &str {
    match word {
        "exist" | "element" | "present" | "see" | "element_exists" => "exists",
        "not_exist" | "absent" | "not_present" | "does_not_exist" => "not_exists",
        "equal" | "text" | "value" | "eq" | "element_text" | "is" => "equals",
        "not_equal" | "neq" | "ne" => "not_equals",
        "contain" | "includes" => "contains",
        "is_checked" => "checked",
        "not_checked" => "unchecked",
        "is_selected" => "selected",
        "gt" | "greater" => "greater_than",
        "gte" | "greater_equal" | "greater_than_or_equal_to" | "greater_than_or_equals" => {
            "greater_than_or_equal"
        }
        "lt" | "less" => "less_than",
        "lte" | "less_equal" | "less_than_or_equal_to" | "less_than_or_equals" => {
            "less_than_or_equal"
        }
        "match" | "pattern" | "regex" => "matches",
        "is_visible" => "visible",
        "not_visible" => "hidden",
        other => other,
    }
}

impl<'s> Rewriter<'_, 's> {
    pub(super) fn assert(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if let Some(id) = verb.args.alone() {
            verb.args.main(&[]);
            return self.exists("assert_exists", verb, id);
        }
        let given = verb.args.take(&["type", "operator", "command", "action"]);
        let word = self.option(given.as_ref());
        let Some(word) = word else {
            let kind = self.kind_by_keys(verb);
            return self.assert_kind(kind, verb);
        };
        let kind = kind_of(&word).to_owned();
        if kind == "variable"
            || verb.args.has(&["variable", "name"]) && !verb.args.has(&super::ELEMENT)
        {
            return self.assert_variable(&kind, verb);
        }
        if kind == "not_empty" || kind == "empty" {
            return self.assert_empty(kind == "empty", verb);
        }
        if !KINDS.contains(&kind.as_str()) {
            let span = given.map_or(verb.span, |given| self.span(given.value));
            return self.not_one_of(span, "kind of assertion", &word, &KINDS);
        }
        self.assert_kind(&kind, verb)
    }

    /// The assertion that the keys alone tell.
    fn kind_by_keys(&mut self, verb: &Verb<'s>) -> &'static str {
        let args = &verb.args;
        if args.has(&["not_equals"]) {
            "not_equals"
        } else if args.has(&["pattern", "matches"]) {
            "matches"
        } else if args.has(&["contains"]) {
            "contains"
        } else if args.has(&["variable"]) {
            "variable"
        } else if args.has(&["equals", "expected"]) {
            "equals"
        } else {
            "exists"
        }
    }

    /// An assertion about an element, or about the page.
    pub(super) fn assert_kind(&mut self, kind: &str, verb: &mut Verb<'s>) -> Commands<'s> {
        if kind == "variable" {
            return self.assert_variable(kind, verb);
        }
        let wait = verb.args.take(&["wait", "timeout", "max"]);
        let timeout = self.duration(wait);
        let mut out = match kind {
            "exists" | "not_exists" => return self.exists_with(kind, verb, timeout),
            "url" | "title" => {
                let text = verb
                    .args
                    .take(&EXPECTED)
                    .or_else(|| verb.args.take(&["url", "title", "target"]));
                let key = if kind == "url" {
                    "assert_url"
                } else {
                    "assert_title"
                };
                let field = if kind == "url" { "url" } else { "title" };
                Out::new(key, verb.span).with(field, text)
            }
            "matches" => {
                let target = self.element(verb, &["of"]);
                let pattern = verb
                    .args
                    .take(&["pattern", "regex", "matches", "value", "expected"]);
                self.check_pattern(pattern.as_ref());
                Out::new("assert_matches", verb.span)
                    .with("target", target)
                    .with("pattern", pattern)
            }
            "selected" => self.selected(verb),
            "checked" | "unchecked" | "visible" | "hidden" | "enabled" | "disabled" => {
                let target = self.main_element(verb, &["of"]);
                Out::new(state(kind), verb.span).with("target", target)
            }
            _ => self.compared(kind, verb),
        };
        out.flags.extend(timeout.map(|t| Entry {
            key: "timeout".into(),
            ..t
        }));
        out.alone()
    }

    /// A comparison with an expected value, of the text or of an attribute.
    fn compared(&mut self, kind: &str, verb: &mut Verb<'s>) -> Out<'s> {
        let target = self.element(verb, &["of"]);
        let expected = match kind {
            "not_equals" => verb.args.take(&["not_equals"]),
            _ => None,
        };
        let expected = expected.or_else(|| verb.args.take(&EXPECTED));
        let expected = self.template(expected);
        if kind == "count" {
            return Out::new("assert_count", verb.span)
                .with("target", target)
                .with("count", expected);
        }
        if matches!(
            kind,
            "greater_than" | "greater_than_or_equal" | "less_than" | "less_than_or_equal"
        ) {
            self.check_number(expected.as_ref());
        }
        let Some(attribute) = verb.args.take(&["attribute", "attr"]) else {
            return Out::new(comparison(kind), verb.span)
                .with("target", target)
                .with("value", expected);
        };
        let word = match kind {
            "greater_than_or_equal" => "greater_than_or_equals",
            "less_than_or_equal" => "less_than_or_equals",
            other => other,
        };
        let out = Out::new("assert_attribute", verb.span)
            .with("target", target)
            .with("attribute", Some(attribute))
            .with("value", expected);
        match word {
            "equals" => out,
            word => {
                let word = self.plain(word.to_owned(), verb.span);
                out.set("comparison", verb.span, word)
            }
        }
    }

    fn selected(&mut self, verb: &mut Verb<'s>) -> Out<'s> {
        let target = self.element(verb, &["in"]);
        let option = verb.args.take(&["option", "value", "expected"]);
        let option = self.template(option).unwrap_or_else(|| {
            let empty = self.text("", verb.span);
            entry("option", verb.span, empty)
        });
        Out::new("assert_selected", verb.span)
            .with("target", target)
            .with("option", Some(option))
    }

    /// Whether a text is empty.
    fn assert_empty(&mut self, is_empty: bool, verb: &mut Verb<'s>) -> Commands<'s> {
        let target = self.element(verb, &["of"]);
        let key = if is_empty {
            "assert_equals"
        } else {
            "assert_not_equals"
        };
        let empty = self.text("", verb.span);
        Out::new(key, verb.span)
            .with("target", target)
            .set("value", verb.span, empty)
            .alone()
    }

    fn assert_variable(&mut self, kind: &str, verb: &mut Verb<'s>) -> Commands<'s> {
        let name = verb.args.take(&["variable", "name", "target"]);
        if name.is_none() {
            return self.missing(verb, "\"variable\": its name");
        }
        let name = self.variable(name);
        let operator = verb.args.take(&["operator", "comparison", "is"]);
        let word = self
            .option(operator.as_ref())
            .unwrap_or_else(|| kind.to_owned());
        let value = verb.args.take(&EXPECTED);
        let value = self.template(value);
        let (comparison, value) = match kind_of(&word) {
            "variable" | "equals" => (None, value),
            "not_empty" => (Some("not_equals"), Some(self.empty(verb.span))),
            "empty" => (None, Some(self.empty(verb.span))),
            "greater_than_or_equal" => (Some("greater_than_or_equals"), value),
            "less_than_or_equal" => (Some("less_than_or_equals"), value),
            other => match [
                "not_equals",
                "greater_than",
                "less_than",
                "matches",
                "contains",
                "not_contains",
            ]
            .into_iter()
            .find(|known| *known == other)
            {
                Some(known) => (Some(known), value),
                None => {
                    let span = operator.map_or(verb.span, |operator| self.span(operator.value));
                    return self.not_one_of(span, "comparison", &word, &KINDS);
                }
            },
        };
        let comparison =
            comparison.map(|word| entry("comparison", verb.span, self.plain(word, verb.span)));
        Out::new("assert_variable", verb.span)
            .with("variable", name)
            .with("comparison", comparison)
            .with("value", value)
            .alone()
    }

    fn empty(&mut self, span: Span) -> Entry<'s> {
        let value = self.text("", span);
        entry("value", span, value)
    }

    // === Existence ===

    fn exists_with(
        &mut self,
        kind: &str,
        verb: &mut Verb<'s>,
        timeout: Option<Entry<'s>>,
    ) -> Commands<'s> {
        let key = if kind == "exists" {
            "assert_exists"
        } else {
            "assert_not_exists"
        };
        let names = [
            "selector", "element", "target", "hint", "value", "text", "locator",
        ];
        let given = verb.args.take(&names);
        let tag = verb.args.take(&["element_type"]);
        let Some(given) = given else {
            return Out::new(key, verb.span).alone();
        };
        if let (Some(text), Some(tag)) =
            (self.word(given.value), tag.and_then(|t| self.word(t.value)))
        {
            let target = self.tagged(&text, &tag, self.span(given.value));
            return Out::new(key, verb.span)
                .set("target", given.key_span, target)
                .alone();
        }
        let mut all = self.exists(key, verb, given.value)?;
        for out in &mut all {
            out.flags.extend(timeout.clone().map(|t| Entry {
                key: "timeout".into(),
                ..t
            }));
        }
        Some(all)
    }

    /// One assertion for an element, or one for each of a list.
    pub(in super::super) fn exists(
        &mut self,
        key: &'static str,
        verb: &Verb<'s>,
        id: NodeId,
    ) -> Commands<'s> {
        let items = match &self.tree.node(id).content {
            Content::List(items) => items.clone(),
            _ => vec![id],
        };
        let mut all = Vec::new();
        for item in items {
            let span = self.span(item);
            let text = self.word(item).unwrap_or_default();
            let target = match text_in_element(&text) {
                Some((text, tag)) => Some(entry("target", span, self.tagged(text, tag, span))),
                None => self.target(Some(entry("target", span, item))),
            };
            all.push(Out::new(key, verb.span).with("target", target));
        }
        Some(all)
    }

    // === What can be seen without a page ===

    fn check_number(&mut self, given: Option<&Entry<'s>>) {
        let Some(given) = given else { return };
        let Some(text) = self.word(given.value) else {
            return;
        };
        let digits: String = text
            .chars()
            .filter(|c| !matches!(c, ',' | ' ' | '_'))
            .collect();
        let digits = digits
            .trim_start_matches(['$', '€', '£'])
            .trim_end_matches(['%', '€']);
        if template::is_literal(&text) && digits.parse::<f64>().is_err() {
            let message = format!(
                "\"{}\" is no number, and numbers are compared here",
                suggest_shown(&text)
            );
            let span = self.span(given.value);
            self.error(
                span,
                ErrorReason::NotANumber,
                message,
                "write a number, or compare with \"equals\"",
            );
        }
    }

    fn check_pattern(&mut self, given: Option<&Entry<'s>>) {
        let Some(given) = given else { return };
        let Some(text) = self.word(given.value) else {
            return;
        };
        if let Some(open) = unclosed(&text) {
            let message = format!("the pattern's \"{open}\" is not closed");
            let span = self.span(given.value);
            self.error(
                span,
                ErrorReason::InvalidPattern,
                message,
                format!("close it, or write \"\\{open}\" for the sign"),
            );
        }
    }
}

fn suggest_shown(text: &str) -> String {
    crate::diagnose::shown(text)
}

fn state(kind: &str) -> &'static str {
    match kind {
        "checked" => "assert_checked",
        "unchecked" => "assert_unchecked",
        "visible" => "assert_visible",
        "hidden" => "assert_hidden",
        "enabled" => "assert_enabled",
        _ => "assert_disabled",
    }
}

fn comparison(kind: &str) -> &'static str {
    match kind {
        "not_equals" => "assert_not_equals",
        "contains" => "assert_contains",
        "not_contains" => "assert_not_contains",
        "greater_than" => "assert_greater_than",
        "greater_than_or_equal" => "assert_greater_than_or_equal",
        "less_than" => "assert_less_than",
        "less_than_or_equal" => "assert_less_than_or_equal",
        _ => "assert_equals",
    }
}

/// The bracket of a regular expression that nothing closes.
fn unclosed(pattern: &str) -> Option<char> {
    let mut open: Vec<char> = Vec::new();
    let mut escaped = false;
    for letter in pattern.chars() {
        let in_class = open.last() == Some(&'[');
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' if in_class => drop(open.pop()),
            _ if in_class => {}
            '[' | '(' => open.push(letter),
            ')' => drop(open.pop()),
            _ => {}
        }
    }
    open.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_bracket_is_found() {
        assert_eq!(unclosed("[invalid-regex"), Some('['));
        assert_eq!(unclosed("(a|b"), Some('('));
        for fine in [
            "^[a-zA-Z0-9._%+-]+$",
            "\\(",
            "[(]",
            "^(?=.*[A-Z])(?=.*\\d)$",
            "[\\]]",
        ] {
            assert_eq!(unclosed(fine), None, "{fine}");
        }
    }
}
