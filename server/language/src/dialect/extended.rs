//! Steps of the extended dialect, and of the sets that say `stepType`: flat maps.

use etude::v1::ErrorReason;

use super::args::Args;
use super::build::Commands;
use super::{Rewriter, Verb};
use crate::source::Span;
use crate::suggest::plain;
use crate::tree::Entry;

/// Types that group commands.
const GROUPS: [&str; 11] = [
    "interact", "misc", "data", "dialog", "file", "assert", "wait", "store", "navigate", "window",
    "mouse",
];

impl<'s> Rewriter<'_, 's> {
    /// `{type: interact, command: click, target: Log in}`
    pub(super) fn extended(&mut self, entries: Vec<Entry<'s>>, span: Span) -> Commands<'s> {
        let mut args = Args::named(entries);
        let kind = args.take(&["type"]);
        let Some(word) = self.option(kind.as_ref()) else {
            return self.no_verb("type", span);
        };
        let at = kind.map_or(span, |kind| self.span(kind.value));
        let command = args.take(&["command"]);
        if let Some(rest) = word.strip_prefix("assert_") {
            let rest = self.named("type", rest.to_owned(), at);
            return self.grouped(("assert", at), Some(rest), args);
        }
        match GROUPS.contains(&word.as_str()) {
            true => self.grouped((&word, at), command, args),
            false => self.verb(Verb {
                name: word,
                span: at,
                args,
            }),
        }
    }

    /// `{stepType: pressKey, key: TAB}`
    pub(super) fn step_type(&mut self, entries: Vec<Entry<'s>>, span: Span) -> Commands<'s> {
        let mut args = Args::named(entries);
        let kind = args.take(&["step_type"]);
        let Some(word) = self.option(kind.as_ref()) else {
            return self.no_verb("stepType", span);
        };
        let at = kind.map_or(span, |kind| self.span(kind.value));
        let name = match word.as_str() {
            "assert_value" | "assert_element" => "assert".to_owned(),
            "assert_text" => "assert_text".to_owned(),
            "store_value" | "store_text" | "store_element" => "store".to_owned(),
            "navigate_to" | "open" => "navigate".to_owned(),
            "click_element" => "click".to_owned(),
            "write_text" | "enter_text" | "type_text" => "write".to_owned(),
            "select_option" | "pick_option" => "select".to_owned(),
            "wait_for_element" => "wait".to_owned(),
            "comment_step" => "comment".to_owned(),
            other => plain(other),
        };
        self.verb(Verb {
            name,
            span: at,
            args,
        })
    }

    pub(super) fn no_verb(&mut self, key: &str, span: Span) -> Commands<'s> {
        let message = format!("\"{key}\" says what the step does; it must be a word");
        let suggestion = format!("write \"{key}: click\"");
        self.error(span, ErrorReason::WrongType, message, suggestion);
        None
    }
}
