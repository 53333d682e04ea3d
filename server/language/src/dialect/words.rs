//! Steps in words, in a file of steps or in a text of their own.

use etude::catalog;
use etude::v1::ErrorReason;

use super::Rewriter;
use super::build::{Out, entry};
use crate::diagnose::{Mistake, shown};
use crate::natural::{self, Given, Statement};
use crate::source::Span;
use crate::suggest;
use crate::tree::{Entry, NodeId};

/// What people call the page where a test begins.
const HOME: [&str; 4] = ["homepage", "home page", "start page", "main page"];

impl<'s> Rewriter<'_, 's> {
    /// The canonical step of a statement; `None`: it is none, which is reported.
    pub(super) fn words(&mut self, text: &str, span: Span) -> Option<NodeId> {
        if let Some(statement) = natural::read(text) {
            return Some(self.statement(statement, span));
        }
        if let Some(out) = self.home(text, span).or_else(|| self.heading(text, span)) {
            return Some(self.step(out, &[], span));
        }
        self.no_statement(text, span);
        None
    }

    fn statement(&mut self, statement: Statement, span: Span) -> NodeId {
        let mut out = Out::new(statement.command.yaml.as_str(), span);
        for (name, given) in statement.fields {
            // A default that is said needs no field.
            if given == Given::Plain(String::new()) {
                continue;
            }
            let value = self.given(given, span);
            out = out.set(name, span, value);
        }
        self.step(out, &[], span)
    }

    fn given(&mut self, given: Given, span: Span) -> NodeId {
        match given {
            Given::Text(text) => self.text(text, span),
            Given::Plain(text) => self.plain(text, span),
            Given::List(items) => {
                let items = items
                    .into_iter()
                    .map(|item| self.text(item, span))
                    .collect();
                self.list(items, span)
            }
            Given::Target(keys) => {
                let (unsaid, keys): (Vec<_>, Vec<_>) = keys
                    .into_iter()
                    .partition(|(key, _)| *key == natural::UNSAID);
                for (_, words) in unsaid {
                    let what = format!("\"{words}\", which says nothing about the element");
                    self.mistakes.pass_over(span, what);
                }
                let entries: Vec<Entry<'s>> = keys
                    .into_iter()
                    .map(|(key, text)| {
                        let value = match key {
                            "nth" | "position" | "kind" => self.plain(text, span),
                            _ => self.text(text, span),
                        };
                        entry(key, span, value)
                    })
                    .collect();
                self.map(entries, span)
            }
        }
    }

    /// `navigate to the shop homepage`: where the test begins.
    fn home(&mut self, text: &str, span: Span) -> Option<Out<'s>> {
        let lower = text.trim().trim_end_matches('.').to_lowercase();
        let goes = ["navigate to ", "go to ", "open ", "browse to "];
        let is_home = goes.iter().any(|start| lower.starts_with(start))
            && HOME.iter().any(|end| lower.ends_with(end))
            && !lower.contains('"');
        let address = self.start.filter(|_| is_home);
        let address = match address {
            Some(address) => address,
            None if is_home => self.text("/", span),
            None => return None,
        };
        Some(Out::new("navigate", span).set("url", span, address))
    }

    /// `verify that the page heading shows "Shopping Bag"`
    fn heading(&mut self, text: &str, span: Span) -> Option<Out<'s>> {
        let (before, rest) = text.split_once(" heading ")?;
        let verb = before.split(' ').next()?.to_lowercase();
        let name = rest.trim_end().strip_suffix('"')?;
        let (shows, name) = name.split_once('"')?;
        let is_assertion = matches!(verb.as_str(), "verify" | "assert" | "check" | "see");
        let shows = matches!(shows.trim(), "shows" | "is" | "says" | "reads" | "displays");
        if !is_assertion || !shows || name.contains('"') {
            return None;
        }
        let (role, name) = (self.text("heading", span), self.text(name.to_owned(), span));
        let target = self.map(
            vec![entry("role", span, role), entry("name", span, name)],
            span,
        );
        Some(Out::new("assert_exists", span).set("target", span, target))
    }

    fn no_statement(&mut self, text: &str, span: Span) {
        if self.mistakes.is_full() {
            return;
        }
        let first = text.split([' ', ':']).next().unwrap_or_default();
        let message = format!("\"{}\" is no statement", shown(text));
        let mistake = Mistake::error(span, ErrorReason::UnknownCommand, message);
        let forms = natural::forms_of(first);
        self.mistakes.add(match forms.first() {
            Some(form) => mistake.suggest(format!(
                "say it as \"{form}\", with targets and texts in double quotes"
            )),
            None => {
                let words = catalog::commands()
                    .iter()
                    .filter_map(|spec| spec.natural.split(' ').next());
                match suggest::nearest(first, words) {
                    None => mistake
                        .suggest("a step is a command and its value, such as \"click: Log in\""),
                    nearest => mistake.did_you_mean(nearest),
                }
            }
        });
    }
}
