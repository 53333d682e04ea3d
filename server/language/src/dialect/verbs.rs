//! What a verb means, whichever dialect says it.

mod assert;
mod data;
mod interact;
mod misc;
mod navigate;
mod pointer;
mod wait;
mod window;

use etude::catalog;
use etude::v1::ErrorReason;

use super::build::{Commands, Out};
use super::{Rewriter, Verb};
use crate::tree::Entry;

/// The names under which dialects give the element of a step.
const ELEMENT: [&str; 5] = ["selector", "element", "target", "hint", "locator"];

/// Locators of the canonical form that no dialect uses for anything else.
const LOCATORS: [&str; 7] = [
    "css",
    "xpath",
    "id",
    "test_id",
    "role",
    "label",
    "placeholder",
];

/// Words for steps under a condition or in a loop; `blocks` knows what they mean.
const FLOW: [&str; 9] = [
    "if", "loop", "repeat", "while", "for_each", "foreach", "for", "try", "use",
];

/// Words for steps that stand in another file or on a platform.
const REUSE: [&str; 4] = ["include", "run", "block", "define"];

/// Whether a dialect knows this verb.
pub(super) fn is_known(name: &str) -> bool {
    matches!(
        name,
        "navigate"
            | "nav"
            | "go_to"
            | "visit"
            | "scroll"
            | "back"
            | "forward"
            | "refresh"
            | "reload"
            | "scroll_top"
            | "scroll_bottom"
            | "scroll_up"
            | "scroll_down"
            | "scroll_to_top"
            | "scroll_to_bottom"
            | "scroll_element"
            | "scroll_position"
            | "scroll_by"
            | "assert"
            | "verify"
            | "assert_text"
            | "click"
            | "double_click"
            | "dblclick"
            | "right_click"
            | "hover"
            | "write"
            | "type"
            | "fill"
            | "key"
            | "press"
            | "press_key"
            | "mouse"
            | "drag"
            | "drag_and_drop"
            | "select"
            | "pick"
            | "wait"
            | "wait_for"
            | "store"
            | "cookie"
            | "window"
            | "switch_tab"
            | "switch"
            | "dialog"
            | "alert"
            | "dismiss"
            | "confirm"
            | "prompt"
            | "file"
            | "upload"
            | "upload_file"
            | "comment"
            | "note"
            | "echo"
            | "execute"
            | "javascript"
            | "js"
            | "library"
    ) || FLOW.contains(&name)
        || is_reuse(name)
}

/// Whether a key says how an element is found.
pub(super) fn names_element(key: &str) -> bool {
    ELEMENT.contains(&key) || LOCATORS.contains(&key)
}

/// Whether the verb stands for steps that stand elsewhere.
pub(super) fn is_reuse(name: &str) -> bool {
    REUSE.contains(&name)
}

impl<'s> Rewriter<'_, 's> {
    /// The canonical commands of a verb; what it leaves of its values is reported.
    pub(super) fn verb(&mut self, mut verb: Verb<'s>) -> Commands<'s> {
        let mut commands = self.meaning(&mut verb);
        if let Some(commands) = &mut commands {
            self.leftover_timeout(&mut verb, commands);
            self.finish(&mut verb);
        }
        commands
    }

    /// A `timeout` that the verb has no use for is that of its steps.
    fn leftover_timeout(&mut self, verb: &mut Verb<'s>, commands: &mut [Out<'s>]) {
        let given = verb.args.take(&["timeout"]);
        let Some(timeout) = self.duration(given) else {
            return;
        };
        for out in commands {
            out.flags.push(Entry {
                key: "timeout".into(),
                ..timeout.clone()
            });
        }
    }

    fn meaning(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        match verb.name.as_str() {
            "navigate" | "nav" | "go_to" | "visit" => self.navigate(verb),
            "back" | "forward" => Out::new(navigate::history(&verb.name), verb.span).alone(),
            "refresh" | "reload" => Out::new("refresh", verb.span).alone(),
            "scroll" => self.scroll(verb),
            name if name.starts_with("scroll_") => self.scroll_kind(verb),
            "assert" | "verify" => self.assert(verb),
            "assert_text" => self.assert_kind("equals", verb),
            "click" => self.click("click", verb),
            "double_click" | "dblclick" => self.click("double_click", verb),
            "right_click" => self.click("right_click", verb),
            "hover" => self.hover(verb),
            "write" | "type" | "fill" => self.write(verb),
            "key" | "press" | "press_key" => self.press(verb),
            "mouse" => self.mouse(verb),
            "drag" | "drag_and_drop" => self.drag(verb),
            "select" | "pick" => self.select(verb),
            "wait" | "wait_for" => self.wait(verb),
            "store" => self.store(verb),
            "cookie" => self.cookie(verb),
            "window" => self.window(verb),
            "switch_tab" | "switch" => self.switch(verb),
            "dialog" | "alert" | "dismiss" | "confirm" | "prompt" => self.dialog(verb),
            "file" | "upload" | "upload_file" => self.upload(verb),
            "comment" | "note" => self.comment(verb),
            "echo" => self.echo(verb),
            "execute" | "javascript" | "js" => self.execute(verb),
            _ => self.other(verb),
        }
    }

    /// A verb that is a canonical command already, else a mistake.
    fn other(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        if is_reuse(&verb.name) {
            let message = format!("\"{}\" stands for steps of another place", verb.name);
            let suggestion = "write the steps here";
            self.error(verb.span, ErrorReason::UnknownCommand, message, suggestion);
            return None;
        }
        if verb.name == "library" {
            self.error(
                verb.span,
                ErrorReason::UnknownCommand,
                "a library checkpoint belongs to a platform and cannot stand in a test file",
                "write its steps here",
            );
            return None;
        }
        let Some(spec) = catalog::by_yaml(&verb.name) else {
            let message = format!(
                "no command is called \"{}\"",
                crate::diagnose::shown(&verb.name)
            );
            let suggestion = "\"etude commands\" lists them";
            self.error(verb.span, ErrorReason::UnknownCommand, message, suggestion);
            return None;
        };
        let scalar = spec.scalar.as_deref();
        let mut out = Out::new(spec.yaml.as_str(), verb.span);
        if let (Some(name), Some(value)) = (scalar, verb.args.main(&[])) {
            out = out.with(name, Some(value));
        }
        let has_target = spec.field("target").is_some();
        if has_target && let Some(target) = verb.args.take(&ELEMENT) {
            let target = self.target(Some(target));
            out = out.with("target", target);
        }
        out.fields.extend(verb.args.rest());
        out.alone()
    }

    /// The element that a verb names.
    fn element(&mut self, verb: &mut Verb<'s>, more: &[&'static str]) -> Option<Entry<'s>> {
        let names: Vec<_> = ELEMENT.iter().chain(more).copied().collect();
        let given = verb.args.take(&names);
        self.target(given).or_else(|| self.locator(verb))
    }

    /// The keys of a target beside those of a verb, as in the canonical form: `{css: "#name"}`.
    fn locator(&mut self, verb: &mut Verb<'s>) -> Option<Entry<'s>> {
        if !verb.args.has(&LOCATORS) {
            return None;
        }
        let keys = verb.args.rest();
        let of_target = |entry: &Entry<'_>| {
            let name = crate::suggest::plain(&entry.key);
            LOCATORS.contains(&name.as_str()) || matches!(name.as_str(), "nth" | "kind" | "name")
        };
        let (mut own, others): (Vec<_>, Vec<_>) = keys.into_iter().partition(of_target);
        if !own.iter().any(|entry| entry.key == "role") {
            own.retain(|entry| entry.key != "name");
        }
        for other in others {
            verb.args.put(other);
        }
        let value = self.map(own, verb.span);
        Some(super::build::entry("target", verb.span, value))
    }

    /// As [`Self::element`], of a verb whose single value is the element.
    fn main_element(&mut self, verb: &mut Verb<'s>, more: &[&'static str]) -> Option<Entry<'s>> {
        let names: Vec<_> = ELEMENT.iter().chain(more).copied().collect();
        let given = verb.args.main(&names);
        self.target(given).or_else(|| self.locator(verb))
    }

    /// The element that has the focus.
    fn focused(&mut self, verb: &Verb<'s>) -> Entry<'s> {
        let value = self.located("css", ":focus".to_owned(), verb.span);
        super::build::entry("target", verb.span, value)
    }
}
