//! Comments, scripts and files.

use etude::v1::ErrorReason;

use super::super::build::{Commands, Out};
use super::super::{Rewriter, Verb};
use crate::tree::Entry;

impl<'s> Rewriter<'_, 's> {
    pub(super) fn comment(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let text = verb.args.main(&["value", "text", "comment", "target"]);
        let text = self.template(text);
        let empty = text
            .as_ref()
            .is_none_or(|text| self.word(text.value).is_some_and(|t| t.trim().is_empty()));
        if empty {
            let span = text.map_or(verb.span, |text| self.span(text.value));
            self.error(
                span,
                ErrorReason::InvalidValue,
                "the comment says nothing",
                "write a text, or remove the step",
            );
            return None;
        }
        Out::new("comment", verb.span).with("text", text).alone()
    }

    /// `echo "Created $name"`, whose variables have values.
    pub(super) fn echo(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let text = verb.args.main(&["value", "text", "message"]);
        let text = self.template(text);
        Out::new("log", verb.span).with("message", text).alone()
    }

    pub(super) fn execute(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let script = verb
            .args
            .main(&["script", "value", "text", "code", "javascript", "target"]);
        self.check_script(script.as_ref());
        let variable = verb.args.take(&["variable", "as", "store_as"]);
        let variable = self.variable(variable);
        Out::new("execute", verb.span)
            .with("script", script)
            .with("variable", variable)
            .alone()
    }

    /// Warns of a script whose braces cannot be in balance.
    fn check_script(&mut self, given: Option<&Entry<'s>>) {
        let Some(given) = given else { return };
        let Some(text) = self.word(given.value) else {
            return;
        };
        // In texts and regular expressions braces need no partner.
        let plain = !text.contains(['"', '\'', '`', '/']);
        let count = |sign: char| text.matches(sign).count();
        let unbalanced = [('{', '}'), ('(', ')'), ('[', ']')]
            .into_iter()
            .find(|(open, close)| count(*open) != count(*close));
        if let Some((open, _)) = unbalanced.filter(|_| plain) {
            let span = self.span(given.value);
            let message = format!("the script's \"{open}\" has no partner");
            self.error(
                span,
                ErrorReason::InvalidExpression,
                message,
                "complete the JavaScript",
            );
        }
    }

    // === Files ===

    pub(super) fn upload(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let known = [
            "url",
            "from",
            "file",
            "path",
            "file_path",
            "to",
            "into",
            "action",
            "value",
        ];
        if let Some((selector, file)) = self.pair(verb, &known) {
            let target = self.target(Some(selector));
            return self.file_or_url(verb, target, file);
        }
        verb.args.take(&["action", "command", "operation"]);
        let target = self.element(verb, &["to", "into"]);
        if let Some(file) = verb.args.take(&["file", "path", "file_path"]) {
            return self.file_or_url(verb, target, file);
        }
        let Some(url) = verb.args.take(&["url", "from", "value"]) else {
            return self.missing(verb, "\"url\", or \"file\" for a local file");
        };
        let text = self.word(url.value).unwrap_or_default();
        if !text.starts_with("http://") && !text.starts_with("https://") && !text.starts_with('$') {
            let span = self.span(url.value);
            let message = format!(
                "\"{}\" is no http or https address",
                crate::diagnose::shown(&text)
            );
            self.error(
                span,
                ErrorReason::InvalidValue,
                message,
                "write \"file:\" instead of \"url:\" for a local file",
            );
            return None;
        }
        self.file_or_url(verb, target, url)
    }

    fn file_or_url(
        &mut self,
        verb: &Verb<'s>,
        target: Option<Entry<'s>>,
        file: Entry<'s>,
    ) -> Commands<'s> {
        let file = self.template(Some(file));
        let text = file
            .as_ref()
            .and_then(|file| self.word(file.value))
            .unwrap_or_default();
        let is_address = text.starts_with("http://") || text.starts_with("https://");
        let (key, field) = if is_address {
            ("upload", "url")
        } else {
            ("upload_file", "file")
        };
        Out::new(key, verb.span)
            .with("target", target)
            .with(field, file)
            .alone()
    }
}
