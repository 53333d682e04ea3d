//! Control flow of the dialects as blocks of the canonical form.

use etude::catalog;
use etude::v1::{ErrorReason, TestFormat};

use super::args::Args;
use super::build::{Out, entry, is_name};
use super::shape::Shape;
use super::{Rewriter, Verb, verbs};
use crate::decode;
use crate::source::Span;
use crate::suggest::plain;
use crate::tree::{Content, Entry, NodeId};

/// The names under which dialects give the steps of a loop.
const BODY: [&str; 3] = ["steps", "do", "body"];

/// The names of the list of a loop.
const LIST: [&str; 4] = ["over", "in", "items", "each"];

/// The names of a number of iterations.
const TIMES: [&str; 3] = ["times", "count", "repeat"];

/// What a loop's variable is called when it has no name.
const ITEM: &str = "item";

impl<'s> Rewriter<'_, 's> {
    /// The block that a step is. `None`: it is none.
    pub(super) fn block(&mut self, entries: &[Entry<'s>], span: Span) -> Option<NodeId> {
        if self.format == TestFormat::Canonical {
            return decode::is_block(entries).then(|| self.texts_in_block(entries, span));
        }
        let is_step = |entry: &&Entry<'_>| {
            let name = plain(&entry.key);
            verbs::is_known(&name) || catalog::by_yaml(&entry.key).is_some()
        };
        let head = entries.iter().find(is_step);
        let known = head.and_then(|head| match plain(&head.key).as_str() {
            "if" => Some("if"),
            "loop" | "for" => Some("loop"),
            "repeat" => Some("repeat"),
            "while" => Some("while"),
            "for_each" | "foreach" => Some("for_each"),
            "try" => Some("try"),
            "use" => Some("use"),
            _ => None,
        });
        let (name, head) = match self.journey_block(entries) {
            Some(found) => found,
            None => (known?, head?),
        };
        let mut beside = entries.to_vec();
        let flags = self.flags(Shape::Compact, &mut beside);
        let head = match beside.iter().position(|entry| entry.key == head.key) {
            Some(index) => beside.remove(index),
            None => head.clone(),
        };
        Some(self.block_of(name, head, beside, flags, span))
    }

    /// A canonical block with its steps in words rewritten.
    fn texts_in_block(&mut self, entries: &[Entry<'s>], span: Span) -> NodeId {
        let mut entries = entries.to_vec();
        for given in &mut entries {
            if decode::is_section(&given.key) {
                given.value = self.steps(given.value);
            } else if given.key == "elif" {
                given.value = self.texts_in_branches(given.value);
            }
        }
        self.map(entries, span)
    }

    fn texts_in_branches(&mut self, id: NodeId) -> NodeId {
        let span = self.span(id);
        match self.tree.node(id).content.clone() {
            Content::Map(entries) => self.texts_in_block(&entries, span),
            Content::List(items) => {
                let items = items.into_iter().map(|item| self.texts_in_branches(item));
                let items = items.collect();
                self.list(items, span)
            }
            Content::Scalar(_) => id,
        }
    }

    /// `{command: conditional, condition: …, then: …}` of a journey template.
    fn journey_block<'e>(&self, entries: &'e [Entry<'s>]) -> Option<(&'static str, &'e Entry<'s>)> {
        let command = entries.iter().find(|entry| entry.key == "command")?;
        match self.option(Some(command))?.as_str() {
            "conditional" => Some(("if", command)),
            "try_catch" => Some(("try", command)),
            _ => None,
        }
    }

    fn block_of(
        &mut self,
        name: &'static str,
        head: Entry<'s>,
        beside: Vec<Entry<'s>>,
        flags: Vec<Entry<'s>>,
        span: Span,
    ) -> NodeId {
        let at = head.key_span;
        let mut verb = Verb {
            name: name.to_owned(),
            span: at,
            args: self.block_args(&head),
        };
        beside.into_iter().for_each(|other| verb.args.put(other));
        let mut out = match name {
            "if" => self.if_block(&mut verb),
            "repeat" => self.repeat_block(&mut verb),
            "while" => self.while_block(&mut verb),
            "try" => self.try_block(&mut verb),
            "use" => self.use_block(&mut verb),
            _ => self.loop_block(&mut verb),
        };
        let timeout = verb.args.take(&["timeout"]);
        let timeout = self.duration(timeout);
        let is_given = |out: &[Entry<'_>]| out.iter().any(|entry| entry.key == "timeout");
        if !is_given(&out) {
            out.extend(timeout);
        }
        self.finish(&mut verb);
        out.extend(flags);
        self.map(out, span)
    }

    /// What stands in the head's value, when that is a map of the block's own keys.
    fn block_args(&self, head: &Entry<'s>) -> Args<'s> {
        let own = [
            "cond",
            "condition",
            "then",
            "do",
            "steps",
            "over",
            "as",
            "until",
            "while",
            "times",
            "count",
            "in",
            "catch",
            "finally",
            "block",
            "with",
        ];
        match &self.tree.node(head.value).content {
            Content::Map(entries) if entries.iter().any(|e| own.contains(&e.key.as_ref())) => {
                Args::named(entries.clone())
            }
            // Of a journey template all stands beside.
            Content::Scalar(_) if head.key == "command" => Args::default(),
            content if content.is_null() => Args::default(),
            _ => Args::single(head.value, head.key_span),
        }
    }

    // === Kinds ===

    fn if_block(&mut self, verb: &mut Verb<'s>) -> Vec<Entry<'s>> {
        let mut out = self.branch(verb);
        if let Some(others) = verb.args.take(&["elif", "else_if", "elseif"]) {
            let items = match &self.tree.node(others.value).content {
                Content::List(items) => items.clone(),
                _ => vec![others.value],
            };
            let items = items.into_iter().map(|item| self.elif(item)).collect();
            let value = self.list(items, self.span(others.value));
            out.push(entry("elif", others.key_span, value));
        }
        let other = verb.args.take(&["else", "otherwise"]);
        out.extend(self.block_section("else", other));
        out
    }

    fn elif(&mut self, id: NodeId) -> NodeId {
        let span = self.span(id);
        let mut verb = Verb {
            name: "elif".to_owned(),
            span,
            args: Args::of(self.tree, id),
        };
        let out = self.branch(&mut verb);
        self.finish(&mut verb);
        self.map(out, span)
    }

    fn branch(&mut self, verb: &mut Verb<'s>) -> Vec<Entry<'s>> {
        let condition = verb.args.main(&["cond", "condition", "if", "when"]);
        let mut out = self.condition_entry("if", condition, verb.span, false);
        let then = verb.args.take(&["then", "do", "steps"]);
        out.extend(self.block_section("then", then));
        out
    }

    fn repeat_block(&mut self, verb: &mut Verb<'s>) -> Vec<Entry<'s>> {
        let count = verb.args.main(&TIMES);
        let mut out = Vec::from_iter(count.map(|count| entry("repeat", verb.span, count.value)));
        let steps = verb.args.take(&BODY);
        out.extend(self.block_section("steps", steps));
        out
    }

    fn while_block(&mut self, verb: &mut Verb<'s>) -> Vec<Entry<'s>> {
        let condition = verb.args.main(&["cond", "condition", "while"]);
        let mut out = self.condition_entry("while", condition, verb.span, false);
        out.extend(verb.args.take(&["max"]));
        let steps = verb.args.take(&BODY);
        out.extend(self.block_section("steps", steps));
        out
    }

    fn try_block(&mut self, verb: &mut Verb<'s>) -> Vec<Entry<'s>> {
        let tried = verb.args.main(&["try", "do", "steps"]);
        let mut out: Vec<_> = self.block_section("try", tried).into_iter().collect();
        for key in ["catch", "finally"] {
            let given = verb.args.take(&[key]);
            out.extend(self.block_section(key, given));
        }
        out
    }

    /// `use: name`, `use: {block: name, with: {user: Ada}}`
    fn use_block(&mut self, verb: &mut Verb<'s>) -> Vec<Entry<'s>> {
        let name = verb.args.main(&["block", "name", "use"]);
        let with = verb
            .args
            .take(&["with", "params", "parameters", "args", "arguments"]);
        let with = with.map(|with| {
            let value = self.argument_texts(with.value);
            entry("with", with.key_span, value)
        });
        let fields = name.map(|name| entry("block", name.key_span, name.value));
        let fields = fields.into_iter().chain(with).collect();
        let value = self.map(fields, verb.span);
        vec![entry("use", verb.span, value)]
    }

    fn argument_texts(&mut self, id: NodeId) -> NodeId {
        let Content::Map(entries) = self.tree.node(id).content.clone() else {
            return id;
        };
        let texts = entries.into_iter().map(|given| Entry {
            value: self.item_text(given.value),
            ..given
        });
        let texts = texts.collect();
        self.map(texts, self.span(id))
    }

    /// The definitions of a test, their steps rewritten.
    pub(super) fn definitions(&mut self, id: NodeId) -> NodeId {
        let span = self.span(id);
        let Content::Map(entries) = self.tree.node(id).content.clone() else {
            return id;
        };
        let mut out = Vec::with_capacity(entries.len());
        for given in entries {
            let value = match self.tree.node(given.value).content.clone() {
                Content::Map(mut inner) => {
                    for part in &mut inner {
                        if matches!(part.key.as_ref(), "steps" | "do") {
                            part.key = "steps".into();
                            part.value = self.steps(part.value);
                        }
                    }
                    self.map(inner, self.span(given.value))
                }
                _ => self.steps(given.value),
            };
            out.push(Entry { value, ..given });
        }
        self.map(out, span)
    }

    /// A loop over a list, a number of times, or as long as something holds.
    fn loop_block(&mut self, verb: &mut Verb<'s>) -> Vec<Entry<'s>> {
        if verb.args.has(&["while", "until"]) {
            let until = verb.args.take(&["until"]);
            let negated = until.is_some();
            let condition = until.or_else(|| verb.args.take(&["while"]));
            let mut out = self.condition_entry("while", condition, verb.span, negated);
            out.extend(verb.args.take(&["max"]));
            let steps = verb.args.take(&BODY);
            out.extend(self.block_section("steps", steps));
            return out;
        }
        if !verb.args.has(&LIST) && verb.args.has(&TIMES) {
            return self.repeat_block(verb);
        }
        let head = verb.args.main(&[]);
        let counts = |entry: &Entry<'s>| self.word(entry.value)?.trim().parse::<u32>().ok();
        if let Some(head) = head.clone().filter(|head| counts(head).is_some()) {
            verb.args.push("times", head.key_span, head.value);
            return self.repeat_block(verb);
        }
        let (name, list) = self.name_and_list(head, verb);
        let list = list.map(|list| self.loop_list(list));
        let mut out = vec![entry("for_each", verb.span, name.value)];
        out.extend(list.map(|list| entry("in", list.key_span, list.value)));
        let steps = verb.args.take(&BODY);
        out.extend(self.block_section("steps", steps));
        out
    }

    /// `for_each: item`, `for_each: item in $items`, `loop: {over: $items, as: item}`
    fn name_and_list(
        &mut self,
        head: Option<Entry<'s>>,
        verb: &mut Verb<'s>,
    ) -> (Entry<'s>, Option<Entry<'s>>) {
        let span = verb.span;
        let list = verb.args.take(&LIST);
        let named = verb.args.take(&["as", "var", "variable"]);
        let named = self.variable(named);
        let own = |this: &mut Self| {
            let value = this.text(ITEM, span);
            entry("as", span, value)
        };
        let Some(head) = head else {
            return (named.unwrap_or_else(|| own(self)), list);
        };
        let text = self.word(head.value);
        if let Some((name, of)) = text.as_deref().and_then(|text| text.split_once(" in ")) {
            let at = self.span(head.value);
            let name = self.named("as", name.trim().to_owned(), at);
            let name = self.variable(Some(name)).unwrap_or_else(|| own(self));
            return (name, Some(self.named("in", of.trim().to_owned(), at)));
        }
        let is_list = text
            .as_deref()
            .is_none_or(|text| text.starts_with(['$', '{']));
        match (list, is_list) {
            (None, true) => (named.unwrap_or_else(|| own(self)), Some(head)),
            (list, _) => (self.variable(Some(head)).unwrap_or_else(|| own(self)), list),
        }
    }

    /// The list of a loop: a template, or its items as texts.
    fn loop_list(&mut self, given: Entry<'s>) -> Entry<'s> {
        let span = self.span(given.value);
        match self.tree.node(given.value).content.clone() {
            Content::List(items) => {
                let items = items.into_iter().map(|item| self.item_text(item)).collect();
                let value = self.list(items, span);
                Entry { value, ..given }
            }
            Content::Scalar(scalar) if is_name(&scalar.text) => {
                let value = self.text(format!("${}", scalar.text), span);
                Entry { value, ..given }
            }
            _ => self.template(Some(given.clone())).unwrap_or(given),
        }
    }

    /// An item; a list or map is JSON.
    fn item_text(&mut self, id: NodeId) -> NodeId {
        match self.tree.node(id).content {
            Content::Scalar(_) => {
                let given = entry("item", self.span(id), id);
                self.template(Some(given)).map_or(id, |given| given.value)
            }
            _ => {
                let json = self.json(id).to_string();
                self.text(json, self.span(id))
            }
        }
    }

    fn block_section(&mut self, key: &'static str, given: Option<Entry<'s>>) -> Option<Entry<'s>> {
        let given = given?;
        let value = self.steps(given.value);
        Some(entry(key, given.key_span, value))
    }

    // === Conditions ===

    /// A condition under its key, and the timeout that its assertion has.
    fn condition_entry(
        &mut self,
        key: &'static str,
        given: Option<Entry<'s>>,
        span: Span,
        negated: bool,
    ) -> Vec<Entry<'s>> {
        let Some(given) = given else {
            return Vec::new();
        };
        let mut timeout = Vec::new();
        let mut value = self.condition(given.value, &mut timeout);
        if negated {
            value = self.negated(value, span);
        }
        let mut out = vec![entry(key, span, value)];
        out.append(&mut timeout);
        out
    }

    fn negated(&mut self, condition: NodeId, span: Span) -> NodeId {
        self.map(vec![entry("not", span, condition)], span)
    }

    fn condition(&mut self, id: NodeId, timeout: &mut Vec<Entry<'s>>) -> NodeId {
        let span = self.span(id);
        match self.tree.node(id).content.clone() {
            Content::Scalar(scalar) if !scalar.is_null() => {
                self.condition_text(&scalar.text, id, timeout)
            }
            Content::Map(entries) => self.condition_map(entries, id, timeout),
            _ => {
                self.error(
                    span,
                    ErrorReason::WrongType,
                    "a condition must stand here",
                    "write an assertion, such as {visible: Save}, or an expression",
                );
                self.plain("true", span)
            }
        }
    }

    /// `exists(.banner)`, `gt($total, 100)`, `not …`, `$flag`, JavaScript, or an element.
    fn condition_text(&mut self, text: &str, id: NodeId, timeout: &mut Vec<Entry<'s>>) -> NodeId {
        let span = self.span(id);
        let text = text.trim();
        let not = text.strip_prefix("not ").or_else(|| text.strip_prefix('!'));
        if let Some(rest) = not.filter(|rest| call(rest).is_some() || rest.trim().starts_with('$'))
        {
            let id = self.text(rest.trim().to_owned(), span);
            let inner = self.condition_text(rest, id, timeout);
            return self.negated(inner, span);
        }
        if let Some((name, values)) = call(text) {
            let values = values.iter().map(|value| self.text(value.clone(), span));
            let values = values.collect();
            return self.asserted(name, values, span, timeout);
        }
        let given = self.template(Some(entry("cond", span, id)));
        let text = given.as_ref().and_then(|given| self.word(given.value));
        let text = text.unwrap_or_default();
        if text.starts_with("${") || matches!(text.as_ref(), "true" | "false") {
            return given.map_or(id, |given| given.value);
        }
        let operators = ["==", "!=", ">", "<", "&&", "||"];
        if text.contains('$') && operators.iter().any(|operator| text.contains(operator)) {
            return self.text(format!("${{ {text} }}"), span);
        }
        match text.starts_with('$') {
            true => given.map_or(id, |given| given.value),
            // As in `ch: Save`.
            false => self.asserted("exists", vec![id], span, timeout),
        }
    }

    fn condition_map(
        &mut self,
        entries: Vec<Entry<'s>>,
        id: NodeId,
        timeout: &mut Vec<Entry<'s>>,
    ) -> NodeId {
        let span = self.span(id);
        if let [only] = entries.as_slice() {
            if only.key == "not" {
                let inner = self.condition(only.value, timeout);
                return self.negated(inner, only.key_span);
            }
            let name = plain(&only.key);
            let values = match &self.tree.node(only.value).content {
                Content::List(items) => items.clone(),
                Content::Scalar(_) => vec![only.value],
                Content::Map(pairs) => match pairs.as_slice() {
                    // `{equals: {"#name": Ada}}`
                    [pair] if !verbs::names_element(&pair.key) => {
                        let pair = pair.clone();
                        let target = self.text(pair.key.clone(), pair.key_span);
                        vec![target, pair.value]
                    }
                    _ => return self.asserted_with(&name, only.clone(), timeout),
                },
            };
            return self.asserted(&name, values, only.key_span, timeout);
        }
        let mut args = Args::named(entries);
        if args.has(&["command"]) {
            let entries = args.rest();
            let commands = self.command(entries, span);
            return self.only_assertion(commands, span, timeout);
        }
        let exists = args.take(&["exists"]);
        if let (true, Some(wanted)) = (args.has(&["variable"]), exists) {
            let name = args.take(&["variable"]);
            let name = self.variable(name).and_then(|name| self.word(name.value));
            let name = name.unwrap_or_default();
            let value = self.text(format!("${name} with default \"\""), span);
            let wanted = self.flag(Some(&wanted));
            return if wanted {
                value
            } else {
                self.negated(value, span)
            };
        }
        let commands = self.verb(Verb {
            name: "assert".to_owned(),
            span,
            args,
        });
        self.only_assertion(commands, span, timeout)
    }

    /// `{equals: {selector: "#name", value: Ada}}`
    fn asserted_with(
        &mut self,
        name: &str,
        given: Entry<'s>,
        timeout: &mut Vec<Entry<'s>>,
    ) -> NodeId {
        let mut args = Args::of(self.tree, given.value);
        let kind = self.plain(name.to_owned(), given.key_span);
        args.push("type", given.key_span, kind);
        let commands = self.verb(Verb {
            name: "assert".to_owned(),
            span: given.key_span,
            args,
        });
        self.only_assertion(commands, given.key_span, timeout)
    }

    /// An assertion by its name and what it is about, with the expected value behind.
    fn asserted(
        &mut self,
        name: &str,
        values: Vec<NodeId>,
        span: Span,
        timeout: &mut Vec<Entry<'s>>,
    ) -> NodeId {
        let mut args = Args::default();
        let mut values = values.into_iter();
        let kind = self.plain(plain(name.trim_start_matches("assert_")), span);
        args.push("type", span, kind);
        let about = values.next();
        let text = about.and_then(|id| self.word(id));
        let variable = text.as_deref().is_some_and(|t| t.starts_with(['$', '{']));
        let is_page = matches!(name, "url" | "title");
        if let Some(about) = about {
            let key = match (variable, is_page) {
                (_, true) => "value",
                (true, _) => "variable",
                _ => "selector",
            };
            args.push(key, span, about);
        }
        if let Some(value) = values.next() {
            args.push("value", self.span(value), value);
        }
        let commands = self.verb(Verb {
            name: "assert".to_owned(),
            span,
            args,
        });
        self.only_assertion(commands, span, timeout)
    }

    /// The one assertion as a condition.
    fn only_assertion(
        &mut self,
        commands: Option<Vec<Out<'s>>>,
        span: Span,
        timeout: &mut Vec<Entry<'s>>,
    ) -> NodeId {
        let Some(mut commands) = commands else {
            return self.plain("true", span);
        };
        let Some(mut out) = commands.pop().filter(|_| commands.is_empty()) else {
            self.error(
                span,
                ErrorReason::MultipleCommands,
                "a condition is one assertion",
                "put an \"if\" into the \"then\" of another",
            );
            return self.plain("true", span);
        };
        timeout.extend(out.flags);
        for field in &mut out.fields {
            // A part of a variable is an expression, no name.
            let path = self.word(field.value).filter(|path| path.contains('.'));
            if let Some(path) = path.filter(|_| field.key == "variable") {
                let value = self.text(format!("${path}"), span);
                *field = entry("expression", field.key_span, value);
            }
        }
        let value = self.map(out.fields, out.span);
        self.map(vec![entry(out.key, out.span, value)], span)
    }
}

/// `gt($total, 100)` as the name and the values.
fn call(text: &str) -> Option<(&str, Vec<String>)> {
    let (name, rest) = text.trim().split_once('(')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let inside = rest.strip_suffix(')').filter(|_| is_name)?;
    Some((name, values(inside)))
}

/// What stands between commas; quotes and brackets hold theirs.
fn values(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut quote = None;
    let mut depth = 0_usize;
    for letter in text.chars() {
        match letter {
            _ if quote == Some(letter) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(letter),
            '(' | '[' if quote.is_none() => depth += 1,
            ')' | ']' if quote.is_none() => depth = depth.saturating_sub(1),
            _ => {}
        }
        match letter {
            ',' if quote.is_none() && depth == 0 => found.push(String::new()),
            _ => found
                .last_mut()
                .into_iter()
                .for_each(|last| last.push(letter)),
        }
    }
    let bare = |text: String| {
        let text = text.trim();
        let quoted = ['\'', '"'].into_iter().find_map(|quote| {
            let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inner.contains(quote)).then_some(inner)
        });
        quoted.unwrap_or(text).to_owned()
    };
    found.into_iter().map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_a_name_and_values() {
        let of = |text| call(text).map(|(name, values)| (name, values.join("|")));
        assert_eq!(of("gt($total, 100)"), Some(("gt", "$total|100".to_owned())));
        assert_eq!(
            of("equals($a, 'x, y')"),
            Some(("equals", "$a|x, y".to_owned()))
        );
        assert_eq!(
            of("exists(a[b=\"c\"]:not(.d, .e))"),
            Some(("exists", "a[b=\"c\"]:not(.d, .e)".to_owned()))
        );
        assert_eq!(of("a b(c)"), None);
        assert_eq!(of("exists(.a"), None);
    }
}
