//! Variables and cookies.

use etude::v1::ErrorReason;

use super::super::build::{Commands, Out, entry};
use super::super::{Rewriter, Verb};
use crate::tree::{Entry, NodeId};

const STORES: [&str; 8] = [
    "element_text",
    "element_value",
    "attribute",
    "literal",
    "url",
    "title",
    "count",
    "cookie",
];

const COOKIES: [&str; 3] = ["create", "delete", "clear"];

impl<'s> Rewriter<'_, 's> {
    pub(super) fn store(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let known = [
            "as",
            "variable",
            "in",
            "name",
            "type",
            "from",
            "value",
            "expression",
        ];
        if let Some((selector, name)) = self.pair(verb, &known) {
            let target = self.target(Some(selector));
            let name = self.variable(Some(name));
            return Out::new("store_text", verb.span)
                .with("target", target)
                .with("variable", name)
                .alone();
        }
        let name = verb.args.take(&["as", "variable", "in", "name"]);
        let name = self.variable(name);
        let kind = verb.args.take(&["type", "command", "kind"]);
        let word = self.option(kind.as_ref()).unwrap_or_default();
        let source = verb.args.has(&super::ELEMENT) || verb.args.has(&["from"]);
        match word.as_str() {
            "" if verb.args.has(&["attribute", "attr"]) => self.store_attribute(verb, name),
            "" if !source => self.set(verb, name),
            "" | "element_text" | "text" | "element" => {
                self.store_element("store_text", verb, name)
            }
            "element_value" => self.store_element("store_value", verb, name),
            "value" if source => self.store_element("store_value", verb, name),
            "attribute" => self.store_attribute(verb, name),
            "literal" | "value" => self.set(verb, name),
            "url" => Out::new("store_url", verb.span)
                .with("variable", name)
                .alone(),
            "title" => Out::new("store_title", verb.span)
                .with("variable", name)
                .alone(),
            "count" => self.store_element("store_count", verb, name),
            other => {
                let span = kind.map_or(verb.span, |kind| self.span(kind.value));
                self.not_one_of(span, "kind of value to store", other, &STORES)
            }
        }
    }

    fn set(&mut self, verb: &mut Verb<'s>, name: Option<Entry<'s>>) -> Commands<'s> {
        if let Some(expression) = verb.args.take(&["expression"]) {
            return Out::new("store_expression", verb.span)
                .with("expression", Some(expression))
                .with("variable", name)
                .alone();
        }
        let value = verb.args.main(&["value", "literal", "text"]);
        let value = self.template(value);
        Out::new("set", verb.span)
            .with("variable", name)
            .with("value", value)
            .alone()
    }

    fn store_element(
        &mut self,
        key: &'static str,
        verb: &mut Verb<'s>,
        name: Option<Entry<'s>>,
    ) -> Commands<'s> {
        let target = self.element(verb, &["from", "of"]);
        // `{type: data, command: store, target: …, value: name}` names the variable last.
        let name = name.or_else(|| {
            let value = verb.args.take(&["value"]);
            self.variable(value)
        });
        Out::new(key, verb.span)
            .with("target", target)
            .with("variable", name)
            .alone()
    }

    /// An attribute; one that is not named is the one that the selector asks for.
    fn store_attribute(&mut self, verb: &mut Verb<'s>, name: Option<Entry<'s>>) -> Commands<'s> {
        let attribute = verb.args.take(&["attribute", "attr"]);
        let names = ["selector", "element", "target", "from"];
        let selector = verb.args.take(&names);
        let attribute = attribute.or_else(|| {
            let selector = selector.as_ref()?;
            let text = self.word(selector.value)?;
            let found = attribute_of(&text)?.to_owned();
            let span = self.span(selector.value);
            self.warn(
                verb.span,
                ErrorReason::MissingKey,
                format!(
                    "no attribute is named; \"{found}\", which the selector asks for, is taken"
                ),
                format!("add \"attribute: {found}\""),
            );
            let value = self.text(found, span);
            Some(entry("attribute", verb.span, value))
        });
        let target = self.target(selector);
        Out::new("store_attribute", verb.span)
            .with("target", target)
            .with("attribute", attribute)
            .with("variable", name)
            .alone()
    }

    // === Cookies ===

    pub(super) fn cookie(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if let Some((name, value)) = self.pair(
            verb,
            &["action", "command", "operation", "name", "type", "value"],
        ) {
            return Out::new("create_cookie", verb.span)
                .with(
                    "name",
                    Some(Entry {
                        key: "name".into(),
                        ..name
                    }),
                )
                .with("value", Some(value))
                .alone();
        }
        if let Some(id) = verb.args.alone() {
            return self.short_cookie(verb, id);
        }
        let action = verb.args.take(&["operation", "action", "command", "type"]);
        let word = self
            .option(action.as_ref())
            .unwrap_or_else(|| "create".to_owned());
        match word.as_str() {
            "create" | "set" | "add" => {
                let name = verb.args.take(&["name"]);
                let value = verb.args.take(&["value"]);
                let value = self.template(value);
                let mut out = Out::new("create_cookie", verb.span)
                    .with("name", name)
                    .with("value", value);
                for key in ["domain", "path", "secure", "http_only", "max_age"] {
                    out = out.with(key, verb.args.take(&[key]));
                }
                out.alone()
            }
            "delete" | "remove" => {
                let name = verb.args.take(&["name", "target", "value"]);
                Out::new("delete_cookie", verb.span)
                    .with("name", name)
                    .alone()
            }
            "clear" | "clear_all" | "wipe" => Out::new("clear_cookies", verb.span).alone(),
            other => {
                let span = action.map_or(verb.span, |action| self.span(action.value));
                self.not_one_of(span, "action of cookies", other, &COOKIES)
            }
        }
    }

    /// `cookie: clear`
    fn short_cookie(&mut self, verb: &mut Verb<'s>, id: NodeId) -> Commands<'s> {
        verb.args.main(&[]);
        let text = self.word(id).unwrap_or_default();
        match text.as_ref() {
            "clear" | "clear-all" | "wipe" => Out::new("clear_cookies", verb.span).alone(),
            other => {
                let span = self.span(id);
                self.not_one_of(span, "action of cookies", other, &["clear"])
            }
        }
    }
}

/// The last attribute that a selector asks for: `href` of `a[href='x']`.
fn attribute_of(selector: &str) -> Option<&str> {
    let (_, last) = selector.rsplit_once('[')?;
    let end = last.find(|c: char| !c.is_ascii_alphanumeric() && c != '-')?;
    last.get(..end).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_may_tell_the_attribute() {
        assert_eq!(attribute_of("a[href='default.asp']"), Some("href"));
        assert_eq!(attribute_of("img[alt='Google']"), Some("alt"));
        assert_eq!(attribute_of("a.link"), None);
        assert_eq!(attribute_of("a["), None);
    }
}
