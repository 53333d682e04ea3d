//! Addresses and scrolling.

use etude::v1::ErrorReason;

use super::super::bare::number;
use super::super::build::{Commands, Out};
use super::super::{Rewriter, Verb};
use crate::diagnose::shown;
use crate::suggest;
use crate::template;
use crate::tree::{Entry, NodeId};

const SCROLLS: [&str; 8] = [
    "top", "bottom", "up", "down", "element", "position", "by", "to",
];

/// The command for a step in the tab's history.
pub(super) fn history(name: &str) -> &'static str {
    if name == "forward" { "forward" } else { "back" }
}

impl<'s> Rewriter<'_, 's> {
    pub(super) fn navigate(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let action = verb.args.take(&["action", "command"]);
        match self.option(action.as_ref()).as_deref() {
            None | Some("to" | "navigate" | "url") => {}
            Some(word @ ("back" | "forward")) => return Out::new(history(word), verb.span).alone(),
            Some("refresh" | "reload") => return Out::new("refresh", verb.span).alone(),
            Some(word) if word.starts_with("scroll") => {
                verb.name = word.to_owned();
                return self.scroll_kind(verb);
            }
            Some(word) => {
                let span = action.map_or(verb.span, |action| self.span(action.value));
                return self.not_one_of(
                    span,
                    "way to navigate",
                    word,
                    &["to", "back", "forward", "refresh"],
                );
            }
        }
        let url = verb
            .args
            .main(&["url", "to", "target", "value", "href", "selector"]);
        let url = self.template(url);
        self.check_address(url.as_ref());
        let new_tab = verb.args.take(&["new_tab"]);
        if let Some(wait) = verb.args.take(&["wait"]) {
            self.pass_over(&wait);
        }
        Out::new("navigate", verb.span)
            .with("url", url)
            .with("new_tab", new_tab)
            .alone()
    }

    /// Warns of a text that was probably not meant as an address.
    pub(in super::super) fn check_address(&mut self, given: Option<&Entry<'s>>) {
        let Some(given) = given else { return };
        let Some(text) = self.word(given.value) else {
            return;
        };
        let span = self.span(given.value);
        if let Some(place) = placeholder(&text) {
            let message = format!("\"{place}\" in the address is a placeholder");
            self.warn(
                span,
                ErrorReason::InvalidValue,
                message,
                "put the real name there",
            );
        } else if template::is_literal(&text) && !text.is_empty() && !looks_like_address(&text) {
            let message = format!("\"{}\" does not look like an address", shown(&text));
            let suggestion =
                "it is completed with the base address; write https://… if it is another";
            self.warn(span, ErrorReason::InvalidValue, message, suggestion);
        }
    }

    // === Scrolling ===

    pub(super) fn scroll(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if let Some(id) = verb.args.alone() {
            verb.args.main(&[]);
            return self.scroll_word(verb, id);
        }
        let action = verb.args.take(&["action", "type", "command"]);
        if let Some(word) = self.option(action.as_ref()) {
            verb.name = format!("scroll_{}", word.trim_start_matches("scroll_"));
            return self.scroll_kind(verb);
        }
        if let Some(point) = verb.args.take(&["position"]) {
            return self
                .with_point(Out::new("scroll_to_position", verb.span), &point)?
                .alone();
        }
        if let Some(offset) = verb.args.take(&["by", "offset"]) {
            return self
                .with_point(Out::new("scroll_by", verb.span), &offset)?
                .alone();
        }
        if let Some(direction) = verb.args.take(&["direction"]) {
            let word = self.option(Some(&direction)).unwrap_or_default();
            if !matches!(word.as_str(), "up" | "down" | "top" | "bottom") {
                let span = self.span(direction.value);
                return self.not_one_of(span, "direction", &word, &["up", "down"]);
            }
            verb.name = format!("scroll_{word}");
            return self.scroll_kind(verb);
        }
        for name in ["up", "down", "top", "bottom"] {
            let given = verb.args.take(&[name]);
            if self.flag(given.as_ref()) {
                verb.name = format!("scroll_{name}");
                return self.scroll_kind(verb);
            }
        }
        if let Some(to) = verb.args.take(&["to"]) {
            return self.scroll_word(verb, to.value);
        }
        verb.name = "scroll_element".to_owned();
        self.scroll_kind(verb)
    }

    /// `top`, `bottom`, a point, a number of pixels, or an element.
    fn scroll_word(&mut self, verb: &Verb<'s>, id: NodeId) -> Commands<'s> {
        let span = self.span(id);
        let text = self.word(id).unwrap_or_default();
        let entry = Entry {
            key: "to".into(),
            key_span: span,
            value: id,
        };
        match suggest::plain(&text).as_str() {
            "top" => return Out::new("scroll_to_top", verb.span).alone(),
            "bottom" => return Out::new("scroll_to_bottom", verb.span).alone(),
            "up" => return Out::new("scroll_up", verb.span).alone(),
            "down" => return Out::new("scroll_down", verb.span).alone(),
            _ => {}
        }
        let is_point = text.split_once(',').is_some_and(|(x, y)| {
            x.trim().parse::<i64>().is_ok() && y.trim().parse::<i64>().is_ok()
        });
        if is_point {
            return self
                .with_point(Out::new("scroll_to_position", verb.span), &entry)?
                .alone();
        }
        if number(&text).is_some() {
            let zero = self.plain("0", span);
            return Out::new("scroll_to_position", verb.span)
                .set("x", span, zero)
                .with("y", Some(entry))
                .alone();
        }
        let target = self.target(Some(entry));
        Out::new("scroll_to", verb.span)
            .with("target", target)
            .alone()
    }

    /// `scroll_top`, `scroll_element` and the like.
    pub(super) fn scroll_kind(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let name = verb
            .name
            .trim_start_matches("scroll_")
            .trim_start_matches("to_")
            .to_owned();
        let key = match name.as_str() {
            "top" => "scroll_to_top",
            "bottom" => "scroll_to_bottom",
            "up" => "scroll_up",
            "down" => "scroll_down",
            "position" => "scroll_to_position",
            "by" | "offset" => "scroll_by",
            "element" | "to" | "into_view" => {
                let target = self.main_element(verb, &["to", "value"]);
                return Out::new("scroll_to", verb.span)
                    .with("target", target)
                    .alone();
            }
            other => return self.not_one_of(verb.span, "way to scroll", other, &SCROLLS),
        };
        if matches!(key, "scroll_up" | "scroll_down") {
            let pixels = verb.args.main(&["pixels", "amount", "distance", "value"]);
            return Out::new(key, verb.span).with("pixels", pixels).alone();
        }
        if matches!(key, "scroll_to_top" | "scroll_to_bottom") {
            verb.args.main(&["value", "target"]);
            return Out::new(key, verb.span).alone();
        }
        let point = verb
            .args
            .main(&["position", "by", "offset", "value", "target"]);
        let (x, y) = (verb.args.take(&["x"]), verb.args.take(&["y"]));
        let out = Out::new(key, verb.span).with("x", x).with("y", y);
        match point {
            Some(point) => self.with_point(out, &point)?.alone(),
            None => out.alone(),
        }
    }
}

/// `[instance]`, which somebody forgot to fill in.
fn placeholder(text: &str) -> Option<&str> {
    let open = text.find("//[")? + 2;
    let close = open + text.get(open..)?.find(']')?;
    let inside = text.get(open + 1..close)?;
    // An address of IPv6 stands in brackets too.
    (!inside.contains(':')).then(|| &text[open..=close])
}

fn looks_like_address(text: &str) -> bool {
    let begins = text.starts_with(['/', '.', '#', '?']);
    let known =
        begins || text.contains("://") || text.starts_with("about:") || text.starts_with("data:");
    known || !text.contains(' ') && text.contains(['/', '.'])
}
