//! Waits.

use super::super::bare::{Unit, is_duration};
use super::super::build::{Commands, Out, entry};
use super::super::{Rewriter, Verb};
use crate::tree::{Entry, NodeId};

impl<'s> Rewriter<'_, 's> {
    pub(super) fn wait(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if let Some(id) = verb.args.alone() {
            verb.args.main(&[]);
            return self.wait_short(verb, id);
        }
        let kind = verb
            .args
            .take(&["type", "action", "command", "state", "until"]);
        let word = self.option(kind.as_ref());
        match word.as_deref() {
            Some("time" | "sleep" | "pause") => self.wait_time(verb),
            Some("element" | "visible" | "exists" | "element_visible" | "present") => {
                self.wait_element("wait_for", verb)
            }
            Some("hidden" | "not_visible" | "element_hidden" | "gone") => {
                self.wait_element("wait_hidden", verb)
            }
            Some("url") => {
                let url = verb.args.take(&["url", "value", "target"]);
                Out::new("wait_url", verb.span).with("url", url).alone()
            }
            Some("text") => {
                let text = verb.args.take(&["text", "value", "target"]);
                Out::new("wait_text", verb.span).with("text", text).alone()
            }
            Some(other) => {
                let span = kind.map_or(verb.span, |kind| self.span(kind.value));
                self.not_one_of(
                    span,
                    "kind of wait",
                    other,
                    &["time", "element", "hidden", "url", "text"],
                )
            }
            None if self.names_element(verb) => self.wait_element("wait_for", verb),
            None => self.wait_time(verb),
        }
    }

    fn names_element(&self, verb: &Verb<'s>) -> bool {
        verb.args.has(&super::ELEMENT) || verb.args.has(&["for"])
    }

    /// A time, an element, or the path of an address.
    fn wait_short(&mut self, verb: &Verb<'s>, id: NodeId) -> Commands<'s> {
        let span = self.span(id);
        let text = self.word(id).unwrap_or_default();
        let given = entry("value", span, id);
        if is_duration(&text) {
            let duration = self.duration(Some(given))?;
            return Out::new("wait", verb.span)
                .with("duration", Some(duration))
                .alone();
        }
        if text.starts_with('/') && !text.starts_with("//") {
            let contains = self.plain("contains", span);
            return Out::new("wait_url", verb.span)
                .with("url", Some(given))
                .set("match", span, contains)
                .alone();
        }
        let target = self.target(Some(given));
        Out::new("wait_for", verb.span)
            .with("target", target)
            .alone()
    }

    fn wait_time(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let duration = if let Some(exact) = verb.args.take(&["ms", "milliseconds"]) {
            self.time(Some(exact), Unit::Milliseconds)?
        } else if let Some(exact) = verb.args.take(&["seconds"]) {
            self.time(Some(exact), Unit::Seconds)?
        } else {
            match verb
                .args
                .main(&["time", "duration", "value", "timeout", "target"])
            {
                None => return self.missing(verb, "a time, or \"element\""),
                given => self.duration(given)?,
            }
        };
        Out::new("wait", verb.span)
            .with("duration", Some(duration))
            .alone()
    }

    fn wait_element(&mut self, key: &'static str, verb: &mut Verb<'s>) -> Commands<'s> {
        let target = self.element(verb, &["for", "value"]);
        let max = verb.args.take(&["max", "timeout", "time"]);
        // A limit in a file whose waits count seconds is a number of milliseconds all the same
        // when it is large.
        let max = match self.is_large(max.as_ref()) {
            true => self.time(max, Unit::Milliseconds),
            false => self.duration(max),
        };
        Out::new(key, verb.span)
            .with("target", target)
            .with("max", max)
            .alone()
    }

    fn is_large(&self, given: Option<&Entry<'s>>) -> bool {
        let text = given.and_then(|given| self.word(given.value));
        let number = text.and_then(|text| super::super::bare::number(&text));
        number.is_some_and(|number| number >= 600.0)
    }
}
