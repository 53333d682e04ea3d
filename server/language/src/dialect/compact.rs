//! Steps of the compact dialect: short keys, and maps of selectors.

use super::args::Args;
use super::build::{Commands, Out, entry};
use super::{Rewriter, Verb};
use crate::source::Span;
use crate::tree::{Content, Entry, NodeId};

/// The verb of each short key that means the same with any value.
const VERBS: [(&str, &str); 5] = [
    ("nav", "navigate"),
    ("k", "key"),
    ("h", "hover"),
    ("js", "execute"),
    ("note", "comment"),
];

impl<'s> Rewriter<'_, 's> {
    /// The commands of a short key; the outer `None`: it is none.
    pub(super) fn compact(
        &mut self,
        key: &Entry<'s>,
        beside: &[Entry<'s>],
        _whole: Span,
    ) -> Option<Commands<'s>> {
        let span = key.key_span;
        let name = key.key.as_ref();
        if let Some((_, verb)) = VERBS.iter().find(|(short, _)| *short == name) {
            return Some(self.short_verb(verb, key, beside));
        }
        Some(match name {
            "c" => self.short_click(key, beside),
            "t" => self.short_write(key, beside),
            "ch" | "nch" => {
                let command = if name == "ch" {
                    "assert_exists"
                } else {
                    "assert_not_exists"
                };
                let verb = self.empty_verb("assert", span);
                self.exists(command, &verb, key.value)
            }
            "eq" => self.compare("assert_equals", "equals", key),
            "neq" => self.compare("assert_not_equals", "not_equals", key),
            "gt" => self.compare("assert_greater_than", "greater_than", key),
            "gte" => self.compare(
                "assert_greater_than_or_equal",
                "greater_than_or_equals",
                key,
            ),
            "lt" => self.compare("assert_less_than", "less_than", key),
            "lte" => self.compare("assert_less_than_or_equal", "less_than_or_equals", key),
            _ => return None,
        })
    }

    fn empty_verb(&self, name: &str, span: Span) -> Verb<'s> {
        Verb {
            name: name.to_owned(),
            span,
            args: Args::default(),
        }
    }

    fn short_verb(&mut self, verb: &str, key: &Entry<'s>, beside: &[Entry<'s>]) -> Commands<'s> {
        let mut args = Args::of(self.tree, key.value);
        for other in beside {
            args.put(other.clone());
        }
        self.verb(Verb {
            name: verb.to_owned(),
            span: key.key_span,
            args,
        })
    }

    /// `c: Log in`, `c: {Log in: {pos: center}}`
    fn short_click(&mut self, key: &Entry<'s>, beside: &[Entry<'s>]) -> Commands<'s> {
        let Some(pairs) = self.pairs(key.value, &["selector", "target", "element"]) else {
            return self.short_verb("click", key, beside);
        };
        let mut all = Vec::new();
        for pair in pairs {
            let mut args = Args::of(self.tree, pair.value);
            let (selector, _) = self.key_and_value(pair);
            args.push("selector", selector.key_span, selector.value);
            all.extend(self.verb(Verb {
                name: "click".to_owned(),
                span: key.key_span,
                args,
            })?);
        }
        Some(all)
    }

    /// `t: hello`, `t: hello in "Name"`, `t: {"#name": hello}`
    fn short_write(&mut self, key: &Entry<'s>, beside: &[Entry<'s>]) -> Commands<'s> {
        let span = key.key_span;
        if let Some(pairs) = self.pairs(key.value, &["selector", "into", "in"]) {
            let mut all = Vec::new();
            for pair in pairs {
                let (selector, text) = self.key_and_value(pair);
                all.push(self.write_into(span, Some(selector), Some(text)));
            }
            return Some(all);
        }
        if let Some(Content::Scalar(_)) = Some(&self.tree.node(key.value).content)
            && let Some((text, field)) = self.word(key.value).as_deref().and_then(text_in_field)
        {
            let at = self.span(key.value);
            let field = self.named("selector", field, at);
            let text = self.named("text", text, at);
            return Some(vec![self.write_into(span, Some(field), Some(text))]);
        }
        self.short_verb("write", key, beside)
    }

    fn write_into(
        &mut self,
        span: Span,
        target: Option<Entry<'s>>,
        text: Option<Entry<'s>>,
    ) -> Out<'s> {
        let target = self.target(target);
        let text = self.template(text);
        Out::new("write", span)
            .with("text", text)
            .with("target", target)
    }

    /// `eq: {selector: value}`; `$name` instead of a selector is a variable.
    fn compare(
        &mut self,
        command: &'static str,
        comparison: &'static str,
        key: &Entry<'s>,
    ) -> Commands<'s> {
        let span = key.key_span;
        let Some(pairs) = self.pairs(key.value, &[]) else {
            let verb = self.empty_verb(&key.key, span);
            return self.missing(&verb, "a map: {selector: value}");
        };
        let mut all = Vec::new();
        for pair in pairs {
            let (left, right) = self.key_and_value(pair);
            let right = self.template(Some(right));
            let is_variable = self
                .word(left.value)
                .is_some_and(|text| text.starts_with('$'));
            all.push(match is_variable {
                true => {
                    let name = self.variable(Some(left));
                    let word = self.plain(comparison, span);
                    let word = (comparison != "equals").then(|| entry("comparison", span, word));
                    Out::new("assert_variable", span)
                        .with("variable", name)
                        .with("comparison", word)
                        .with("value", right)
                }
                false => {
                    let target = self.target(Some(left));
                    Out::new(command, span)
                        .with("target", target)
                        .with("value", right)
                }
            });
        }
        Some(all)
    }

    /// The entries of a map, unless its keys are the names of options.
    fn pairs(&self, id: NodeId, names: &[&str]) -> Option<Vec<Entry<'s>>> {
        match &self.tree.node(id).content {
            Content::Map(entries) if !entries.iter().any(|e| names.contains(&e.key.as_ref())) => {
                Some(entries.clone())
            }
            _ => None,
        }
    }
}

/// `$name in "Full name"` as the text and the field.
fn text_in_field(text: &str) -> Option<(String, String)> {
    let (before, field) = text.rsplit_once(" in \"")?;
    let field = field.strip_suffix('"')?;
    let before = before
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(before);
    (!field.contains('"')).then(|| (before.to_owned(), field.to_owned()))
}
