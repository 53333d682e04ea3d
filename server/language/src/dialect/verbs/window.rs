//! Windows, tabs, frames and dialogs.

use etude::v1::{ErrorReason, TestFormat};

use super::super::build::{Commands, Out};
use super::super::{Rewriter, Verb};
use crate::source::Span;
use crate::suggest;
use crate::tree::{Content, Entry, NodeId};

const ACTIONS: [&str; 5] = ["resize", "maximize", "switch", "new_tab", "close"];

/// The highest tab that is believed; no session has so many.
const LAST_TAB: u32 = 99;

impl<'s> Rewriter<'_, 's> {
    pub(super) fn window(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if let Some(id) = verb.args.alone() {
            verb.args.main(&[]);
            return self.short_window(verb, id);
        }
        let action = verb.args.take(&["operation", "action", "command", "type"]);
        let word = self.option(action.as_ref()).unwrap_or_else(|| {
            match verb.args.has(&["size", "width"]) {
                true => "resize".to_owned(),
                false => "switch".to_owned(),
            }
        });
        match word.as_str() {
            "resize" => self.resize(verb),
            "maximize" => Out::new("maximize", verb.span).alone(),
            "new_tab" => Out::new("new_tab", verb.span)
                .with("url", verb.args.take(&["url"]))
                .alone(),
            "close" | "close_tab" => Out::new("close_tab", verb.span).alone(),
            "switch" | "switch_tab" | "tab" | "switch_iframe" | "switch_frame" => self.switch(verb),
            "switch_parent_frame" | "parent_frame" => Out::new("parent_frame", verb.span).alone(),
            other => {
                let span = action.map_or(verb.span, |action| self.span(action.value));
                self.not_one_of(span, "action of windows", other, &ACTIONS)
            }
        }
    }

    /// `maximize`, `1024x768`, `next`, `prev`.
    fn short_window(&mut self, verb: &Verb<'s>, id: NodeId) -> Commands<'s> {
        let text = self.word(id).unwrap_or_default();
        let span = self.span(id);
        let word = suggest::plain(&text);
        if word == "maximize" {
            return Out::new("maximize", verb.span).alone();
        }
        if let Some(out) = self.tab(verb, &word) {
            return out.alone();
        }
        if sides(&text).is_some() {
            return self.with_size(verb, &text, span);
        }
        self.not_one_of(
            span,
            "action of windows",
            &word,
            &["maximize", "1024x768", "next", "prev"],
        )
    }

    fn resize(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if let Some(size) =
            verb.args
                .main(&["size", "to", "dimensions", "dimension", "value", "target"])
        {
            let span = self.span(size.value);
            if let Content::Map(entries) = &self.tree.node(size.value).content {
                let entries = entries.clone();
                let mut out = Out::new("resize", verb.span);
                out.fields = entries;
                return out.alone();
            }
            let text = self.word(size.value).unwrap_or_default();
            return self.with_size(verb, &text, span);
        }
        let (width, height) = (verb.args.take(&["width"]), verb.args.take(&["height"]));
        if width.is_none() || height.is_none() {
            return self.missing(verb, "\"size\", such as 1024x768");
        }
        Out::new("resize", verb.span)
            .with("width", width)
            .with("height", height)
            .alone()
    }

    fn with_size(&mut self, verb: &Verb<'s>, text: &str, span: Span) -> Commands<'s> {
        let Some((width, height)) = sides(text) else {
            let message = format!("\"{}\" is no size", crate::diagnose::shown(text));
            let suggestion = "write width x height, such as 1024x768";
            self.error(span, ErrorReason::InvalidValue, message, suggestion);
            return None;
        };
        let possible = |side: u32| side.clamp(100, 10_000);
        if width > 0 && height > 0 && (width, height) != (possible(width), possible(height)) {
            let message = format!(
                "no window has {width} × {height} pixels; {} × {} is taken",
                possible(width),
                possible(height)
            );
            self.warn(
                span,
                ErrorReason::InvalidValue,
                message,
                "write 100 to 10000 for each side",
            );
        }
        // The old tools had no bounds.
        let side = |side: u32| if side > 0 { possible(side) } else { 0 }.to_string();
        let (width, height) = (
            self.plain(side(width), span),
            self.plain(side(height), span),
        );
        Out::new("resize", verb.span)
            .set("width", span, width)
            .set("height", span, height)
            .alone()
    }

    // === Tabs and frames ===

    pub(super) fn switch(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if let Some(frame) = verb.args.take(&["iframe", "frame"]) {
            let target = self.target(Some(frame));
            return Out::new("switch_frame", verb.span)
                .with("target", target)
                .alone();
        }
        let parent = verb.args.take(&["parent", "parent_frame"]);
        if self.flag(parent.as_ref()) {
            return Out::new("parent_frame", verb.span).alone();
        }
        let kind = verb.args.take(&["type"]);
        let to = verb.args.main(&[
            "to",
            "target",
            "tab",
            "direction",
            "value",
            "index",
            "selector",
        ]);
        let Some(to) = to else {
            return self.missing(
                verb,
                "\"to\": next, prev or tab-N, or \"iframe\", or \"parent: true\"",
            );
        };
        if self
            .option(kind.as_ref())
            .is_some_and(|kind| kind.contains("frame"))
        {
            let target = self.target(Some(to));
            return Out::new("switch_frame", verb.span)
                .with("target", target)
                .alone();
        }
        self.switch_to(verb, &to)
    }

    /// To the parent frame, the next or previous tab, or a tab by its index.
    fn switch_to(&mut self, verb: &Verb<'s>, to: &Entry<'s>) -> Commands<'s> {
        let span = self.span(to.value);
        let word = self.option(Some(to)).unwrap_or_default();
        if matches!(word.as_str(), "parent" | "parent_frame" | "parent_iframe") {
            return Out::new("parent_frame", verb.span).alone();
        }
        if let Some(out) = self.tab(verb, &word) {
            return out.alone();
        }
        let digits = word
            .trim_start_matches("tab")
            .trim_start_matches(['_', ' ']);
        match digits.parse::<u32>() {
            Ok(index) if index <= LAST_TAB => {
                let index = self.plain(index.to_string(), span);
                Out::new("switch_tab", verb.span)
                    .set("index", to.key_span, index)
                    .alone()
            }
            Ok(_) => {
                let message = format!("no session has a tab {digits}");
                self.error(
                    span,
                    ErrorReason::InvalidValue,
                    message,
                    "tabs count from 0",
                );
                None
            }
            Err(_) => self.not_one_of(
                span,
                "tab or frame",
                &word,
                &["next", "prev", "tab-0", "parent"],
            ),
        }
    }

    fn tab(&mut self, verb: &Verb<'s>, word: &str) -> Option<Out<'s>> {
        match word {
            "next" | "next_tab" => Some(Out::new("next_tab", verb.span)),
            "prev" | "previous" | "prev_tab" | "previous_tab" => {
                Some(Out::new("previous_tab", verb.span))
            }
            _ => None,
        }
    }

    // === Dialogs ===

    pub(super) fn dialog(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if let Some(id) = verb.args.alone() {
            verb.args.main(&[]);
            return self.short_dialog(verb, id);
        }
        let kind = verb.args.take(&["type", "kind", "command"]);
        let action = verb.args.take(&["action", "operation", "response"]);
        let text = verb.args.take(&["text", "with", "value"]);
        let accept = verb.args.take(&["accept"]);
        let reject = verb.args.take(&["reject", "dismiss"]);
        let accept = match (self.option(action.as_ref()).as_deref(), &accept, &reject) {
            (Some("accept" | "ok" | "confirm" | "yes"), ..) => Some(true),
            (Some("reject" | "dismiss" | "cancel" | "no"), ..) => Some(false),
            (Some(other), ..) => {
                let span = action.map_or(verb.span, |action| self.span(action.value));
                return self.not_one_of(span, "answer to a dialog", other, &["accept", "reject"]);
            }
            (None, Some(_), _) => Some(self.flag(accept.as_ref())),
            (None, None, Some(_)) => Some(!self.flag(reject.as_ref())),
            (None, None, None) => None,
        };
        let default = match verb.name.as_str() {
            "confirm" | "prompt" => verb.name.clone(),
            _ if text.is_some() => "prompt".to_owned(),
            _ => "alert".to_owned(),
        };
        let word = self
            .option(kind.as_ref())
            .map(|word| word.trim_start_matches("dismiss_").to_owned());
        match word.unwrap_or(default).as_str() {
            "alert" => Out::new("dismiss_alert", verb.span).alone(),
            "confirm" => self.answer("dismiss_confirm", verb, accept.unwrap_or(false)),
            "prompt" | "prompt_with_text" => self.prompt(verb, text, accept),
            other => {
                let span = kind.map_or(verb.span, |kind| self.span(kind.value));
                self.not_one_of(
                    span,
                    "kind of dialog",
                    other,
                    &["alert", "confirm", "prompt"],
                )
            }
        }
    }

    fn prompt(
        &mut self,
        verb: &Verb<'s>,
        text: Option<Entry<'s>>,
        accept: Option<bool>,
    ) -> Commands<'s> {
        match (text, accept) {
            (Some(text), Some(false)) => {
                self.error(
                    text.key_span,
                    ErrorReason::InvalidValue,
                    "a prompt that is rejected gets no text",
                    "remove the text, or accept the prompt",
                );
                None
            }
            (Some(text), _) => {
                let text = self.template(Some(text));
                Out::new("answer_prompt", verb.span)
                    .with("text", text)
                    .alone()
            }
            (None, accept) => self.answer("dismiss_prompt", verb, accept.unwrap_or(false)),
        }
    }

    fn answer(&mut self, key: &'static str, verb: &Verb<'s>, accept: bool) -> Commands<'s> {
        let accept = self.plain(accept.to_string(), verb.span);
        Out::new(key, verb.span)
            .set("accept", verb.span, accept)
            .alone()
    }

    /// `alert: dismiss`; in the compact dialect also `dialog: confirm`, `cancel` or the answer to a
    /// prompt.
    fn short_dialog(&mut self, verb: &Verb<'s>, id: NodeId) -> Commands<'s> {
        let span = self.span(id);
        let text = self.word(id).unwrap_or_default();
        match suggest::plain(&text).as_str() {
            "dismiss" | "accept" | "ok" | "alert" => Out::new("dismiss_alert", verb.span).alone(),
            "confirm" => self.answer("dismiss_confirm", verb, true),
            "cancel" => self.answer("dismiss_confirm", verb, false),
            _ if self.format == TestFormat::Compact => {
                let text = self.template(Some(Entry {
                    key: "text".into(),
                    key_span: span,
                    value: id,
                }));
                Out::new("answer_prompt", verb.span)
                    .with("text", text)
                    .alone()
            }
            other => self.not_one_of(
                span,
                "answer to a dialog",
                other,
                &["dismiss", "accept", "confirm", "cancel"],
            ),
        }
    }
}

/// `1024x768`
fn sides(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once(['x', 'X', '×', ','])?;
    Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
}
