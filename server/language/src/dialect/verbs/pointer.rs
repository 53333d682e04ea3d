//! The mouse: moves, buttons and drags.

use etude::v1::ErrorReason;

use super::super::build::{Commands, Out, entry};
use super::super::{Rewriter, Verb};
use crate::source::Span;
use crate::suggest;
use crate::tree::{Content, Entry};

const ACTIONS: [&str; 12] = [
    "move_to",
    "move_by",
    "move",
    "down",
    "up",
    "enter",
    "over",
    "hover",
    "click",
    "double_click",
    "right_click",
    "drag",
];

impl<'s> Rewriter<'_, 's> {
    pub(super) fn mouse(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if let Some(id) = verb.args.alone() {
            return self.short_mouse(verb, id);
        }
        let action = verb
            .args
            .take(&["sub_action", "operation", "action", "command"]);
        let Some(word) = self.option(action.as_ref()) else {
            return self.missing(verb, &format!("\"action\": {}", ACTIONS.join(", ")));
        };
        let span = action.map_or(verb.span, |action| self.span(action.value));
        match word.as_str() {
            "move_to" | "over" => self.move_to(verb),
            "move" => self.move_mouse(
                "mouse_move",
                verb,
                &["position", "to", "coordinates", "value"],
            ),
            "move_by" => self.move_mouse("mouse_move_by", verb, &["offset", "by", "value"]),
            "down" | "up" => {
                let target = self.element(verb, &["on"]);
                let key = if word == "down" {
                    "mouse_down"
                } else {
                    "mouse_up"
                };
                Out::new(key, verb.span).with("target", target).alone()
            }
            "enter" => self.enter(verb),
            "hover" => self.hover(verb),
            "click" => self.click("click", verb),
            "double_click" => self.click("double_click", verb),
            "right_click" => self.click("right_click", verb),
            "drag" => self.drag(verb),
            other => self.not_one_of(span, "action of the mouse", other, &ACTIONS),
        }
    }

    /// `mouse: down`, `mouse: "1,2"`.
    fn short_mouse(&mut self, verb: &mut Verb<'s>, id: crate::tree::NodeId) -> Commands<'s> {
        let text = self.word(id).unwrap_or_default();
        let span = self.span(id);
        if text.contains(',') {
            return self.move_mouse("mouse_move", verb, &["value"]);
        }
        verb.args.main(&[]);
        match suggest::plain(&text).as_str() {
            "down" => Out::new("mouse_down", verb.span).alone(),
            "up" => Out::new("mouse_up", verb.span).alone(),
            "enter" => self.enter(verb),
            other => self.not_one_of(span, "action of the mouse", other, &["down", "up", "enter"]),
        }
    }

    /// Onto an element, or to a place.
    fn move_to(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if verb.args.has(&["coordinates", "position"]) {
            return self.move_mouse("mouse_move", verb, &["coordinates", "position"]);
        }
        let target = self.element(verb, &["to", "on"]);
        Out::new("mouse_move_to", verb.span)
            .with("target", target)
            .alone()
    }

    fn enter(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let target = self.element(verb, &["on", "to"]);
        if target.is_some() {
            return Out::new("mouse_enter", verb.span)
                .with("target", target)
                .alone();
        }
        self.warn(
            verb.span,
            ErrorReason::MissingKey,
            "no element is named, so the pointer stays where it is",
            "add \"selector: …\"",
        );
        let zero = || "0";
        let (x, y) = (self.plain(zero(), verb.span), self.plain(zero(), verb.span));
        Out::new("mouse_move_by", verb.span)
            .set("x", verb.span, x)
            .set("y", verb.span, y)
            .alone()
    }

    fn move_mouse(
        &mut self,
        key: &'static str,
        verb: &mut Verb<'s>,
        names: &[&'static str],
    ) -> Commands<'s> {
        let out = Out::new(key, verb.span);
        if let Some(given) = verb.args.main(names) {
            return self.with_point(out, &given)?.alone();
        }
        let (x, y) = (verb.args.take(&["x"]), verb.args.take(&["y"]));
        if x.is_none() && y.is_none() {
            return self.missing(
                verb,
                &format!("\"{}\": two numbers, as \"100,200\"", names[0]),
            );
        }
        out.with("x", x).with("y", y).alone()
    }

    /// A command with the point that is given as `"1,2"`, `{x: 1, y: 2}` or `[1, 2]`.
    pub(super) fn with_point(&mut self, out: Out<'s>, given: &Entry<'s>) -> Option<Out<'s>> {
        let span = self.span(given.value);
        let numbers = match &self.tree.node(given.value).content {
            Content::Map(entries) => {
                let entries = entries.clone();
                return Some(entries.into_iter().fold(
                    out,
                    |out, entry| match entry.key.as_ref() {
                        "x" => out.with("x", Some(entry)),
                        "y" => out.with("y", Some(entry)),
                        _ => out,
                    },
                ));
            }
            Content::List(items) => match items.as_slice() {
                [x, y] => Some((*x, *y)),
                _ => None,
            },
            Content::Scalar(_) => self.two_numbers(given, span),
        };
        let Some((x, y)) = numbers else {
            self.error(
                span,
                ErrorReason::InvalidValue,
                "two whole numbers must stand here",
                "write them as \"100,200\"",
            );
            return None;
        };
        Some(out.set("x", span, x).set("y", span, y))
    }

    fn two_numbers(
        &mut self,
        given: &Entry<'s>,
        span: Span,
    ) -> Option<(crate::tree::NodeId, crate::tree::NodeId)> {
        let text = self.word(given.value)?;
        let (x, y) = text.split_once(',')?;
        let (x, y): (i64, i64) = (x.trim().parse().ok()?, y.trim().parse().ok()?);
        Some((
            self.plain(x.to_string(), span),
            self.plain(y.to_string(), span),
        ))
    }

    /// `drag: {from, to}`, to an element, to a place or by an offset.
    pub(super) fn drag(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let from = self.element(verb, &["from", "source"]);
        if let Some(offset) = verb.args.take(&["by", "offset"]) {
            let out = Out::new("drag_by", verb.span).with("target", from);
            return self.with_point(out, &offset)?.alone();
        }
        let to = verb.args.take(&["to", "destination", "onto", "drop"]);
        let to = self
            .target(to)
            .map(|to| entry("destination", to.key_span, to.value));
        Out::new("drag", verb.span)
            .with("target", from)
            .with("destination", to)
            .alone()
    }
}
