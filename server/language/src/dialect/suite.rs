//! Steps of the test suites: `{action: …}`, `{interact: {action: …}}` and
//! `{command: step-interact, action: …, args: {…}}`.

use super::args::Args;
use super::build::Commands;
use super::{Rewriter, Verb};
use crate::source::Span;
use crate::suggest::plain;
use crate::tree::{Content, Entry};

impl<'s> Rewriter<'_, 's> {
    /// `{action: click, hint: Log in}`
    pub(super) fn action(&mut self, entries: Vec<Entry<'s>>, span: Span) -> Commands<'s> {
        let mut args = Args::named(entries);
        let action = args.take(&["action"]);
        let Some(name) = self.option(action.as_ref()) else {
            return self.no_verb("action", span);
        };
        let span = action.map_or(span, |action| self.span(action.value));
        self.verb(Verb { name, span, args })
    }

    /// `{interact: {action: click, target: Log in}}`
    pub(super) fn nested(&mut self, entries: Vec<Entry<'s>>, span: Span) -> Commands<'s> {
        let group = entries.into_iter().next()?;
        let mut args = Args::of(self.tree, group.value);
        let action = args.take(&["action", "command"]);
        if action.is_none() {
            return self.no_verb("action", span);
        }
        self.grouped((&plain(&group.key), group.key_span), action, args)
    }

    /// `{command: step-interact, action: click, args: {selector: Log in}}`, or with a list of
    /// arguments as on the command line.
    pub(super) fn command(&mut self, entries: Vec<Entry<'s>>, span: Span) -> Commands<'s> {
        let mut given = Args::named(entries);
        let command = given.take(&["command"]);
        let name = command
            .as_ref()
            .and_then(|command| self.word(command.value))
            .unwrap_or_default();
        let at = command.map_or(span, |command| self.span(command.value));
        let action = given.take(&["action"]);
        let sub_action = given.take(&["sub_action"]);
        let values = given.take(&["args"]);
        let options = given.take(&["options"]);
        if let Some(values) = &values
            && let Content::List(items) = &self.tree.node(values.value).content
        {
            let items = items.clone();
            return self.listed(&name, action, items, options, at);
        }
        let mut args =
            values.map_or_else(Args::default, |values| Args::of(self.tree, values.value));
        if let Some(sub_action) = sub_action {
            args.push("sub_action", sub_action.key_span, sub_action.value);
        }
        let group = name.trim_start_matches("step-").to_owned();
        self.grouped((&plain(&group), at), action, args)
    }
}
