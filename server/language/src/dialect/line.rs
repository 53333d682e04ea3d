//! Steps as command lines: `step-interact click "Log in"`, and `click: Log in` in one text.

use etude::v1::ErrorReason;

use super::args::Args;
use super::build::Commands;
use super::{Rewriter, Verb};
use crate::diagnose::shown;
use crate::source::Span;
use crate::suggest::plain;
use crate::tree::{Content, Entry, NodeId};

/// The first words of a command line, the verb, and the names of what follows.
type Form = (&'static str, &'static str, &'static [&'static str]);

/// What a command line takes in order, by its first words.
const FORMS: [Form; 50] = [
    ("navigate to", "navigate", &["url"]),
    ("navigate scroll-top", "scroll_top", &[]),
    ("navigate scroll-bottom", "scroll_bottom", &[]),
    ("navigate scroll-element", "scroll_element", &["selector"]),
    ("navigate scroll-position", "scroll_position", &["position"]),
    ("navigate scroll-by", "scroll_by", &["by"]),
    ("navigate scroll-up", "scroll_up", &["pixels"]),
    ("navigate scroll-down", "scroll_down", &["pixels"]),
    ("navigate scroll", "scroll", &["to"]),
    ("navigate", "navigate", &["url"]),
    ("interact click", "click", &["selector"]),
    ("interact double-click", "double_click", &["selector"]),
    ("interact right-click", "right_click", &["selector"]),
    ("interact hover", "hover", &["selector"]),
    ("interact write", "write", &["selector", "text"]),
    ("interact key", "key", &["key"]),
    ("interact mouse move-to", "mouse=move_to", &["selector"]),
    ("interact mouse move-by", "mouse=move_by", &["offset"]),
    ("interact mouse move", "mouse=move", &["position"]),
    ("interact mouse down", "mouse=down", &["selector"]),
    ("interact mouse up", "mouse=up", &["selector"]),
    ("interact mouse enter", "mouse=enter", &["selector"]),
    ("interact select option", "select", &["selector", "option"]),
    ("interact select index", "select", &["selector", "index"]),
    ("interact select last", "select=last", &["selector"]),
    ("interact select", "select", &["selector", "option"]),
    ("assert variable", "assert=variable", &["variable", "value"]),
    ("assert matches", "assert=matches", &["selector", "pattern"]),
    ("assert element", "assert", &["selector", "type"]),
    ("wait time", "wait=time", &["time"]),
    ("wait element", "wait=element", &["selector"]),
    ("wait", "wait", &["value"]),
    (
        "data store element-text",
        "store=element_text",
        &["selector", "as"],
    ),
    (
        "data store element-value",
        "store=element_value",
        &["selector", "as"],
    ),
    (
        "data store attribute",
        "store=attribute",
        &["selector", "attribute", "as"],
    ),
    ("data store literal", "store=literal", &["value", "as"]),
    ("data cookie create", "cookie=create", &["name", "value"]),
    ("data cookie delete", "cookie=delete", &["name"]),
    ("data cookie clear", "cookie=clear", &[]),
    ("data cookie clear-all", "cookie=clear", &[]),
    ("window resize", "window=resize", &["size"]),
    ("window maximize", "window=maximize", &[]),
    ("window switch tab index", "switch_tab", &["to"]),
    ("window switch tab", "switch_tab", &["to"]),
    ("window switch iframe", "switch", &["iframe"]),
    ("window switch parent-frame", "switch=parent", &[]),
    ("file upload", "upload", &["selector", "url"]),
    ("file upload-url", "upload", &["selector", "url"]),
    ("misc comment", "comment", &["text"]),
    ("misc execute", "execute", &["script"]),
];

/// A word of a line, and where it stands in it, in characters.
#[derive(Debug, Clone, PartialEq)]
struct Word {
    text: String,
    at: usize,
    length: usize,
}

impl<'s> Rewriter<'_, 's> {
    /// The commands of a line.
    pub(super) fn line(&mut self, text: &str, span: Span) -> Commands<'s> {
        let first = text.split([' ', ':']).next().unwrap_or_default();
        let is_command = first.starts_with("step-") || matches!(first, "api-cli" | "echo");
        if let Some((verb, rest)) = text.split_once(':').filter(|_| !is_command) {
            let value = self.plain(rest.trim().to_owned(), span);
            let key = Entry {
                key: verb.trim().to_owned().into(),
                key_span: span,
                value,
            };
            if let Some(commands) = self.compact(&key, &[], span) {
                return commands;
            }
            let name = plain(verb);
            return self.verb(Verb {
                name,
                span,
                args: Args::single(value, span),
            });
        }
        let mut words = split(text);
        if words.first().is_some_and(|word| word.text == "api-cli") {
            words.remove(0);
        }
        self.command_line(words, span)
    }

    /// A command of a journey template: its name, and its arguments as a list.
    pub(super) fn listed(
        &mut self,
        name: &str,
        action: Option<Entry<'s>>,
        items: Vec<NodeId>,
        options: Option<Entry<'s>>,
        span: Span,
    ) -> Commands<'s> {
        let mut words: Vec<Word> = name
            .split_whitespace()
            .map(|text| Word::new(text, 0))
            .collect();
        let action = action.and_then(|action| self.word(action.value));
        words.extend(action.map(|action| Word::new(&action, 0)));
        words.extend(
            items
                .into_iter()
                .filter_map(|id| Some(Word::new(&self.word(id)?, 0))),
        );
        if let Some(options) = options
            && let Content::Map(entries) = &self.tree.node(options.value).content
        {
            for option in entries.clone() {
                let value = self.word(option.value).unwrap_or_default();
                words.push(Word::new(&format!("--{}={value}", option.key), 0));
            }
        }
        self.command_line(words, span)
    }

    fn command_line(&mut self, mut words: Vec<Word>, span: Span) -> Commands<'s> {
        let mut args = Args::default();
        for option in take_options(&mut words) {
            self.push_option(&option, span, &mut args);
        }
        if let Some(word) = words.first_mut() {
            word.text = word.text.trim_start_matches("step-").to_owned();
        }
        if words.first().is_some_and(|word| word.text == "echo") {
            let text: Vec<_> = words.drain(1..).map(|word| word.text).collect();
            let value = self.text(text.join(" "), span);
            args.push("value", span, value);
            let name = "echo".to_owned();
            return self.verb(Verb { name, span, args });
        }
        if let Some(name) = self.irregular(&words, span, &mut args) {
            let name = name.to_owned();
            return self.verb(Verb { name, span, args });
        }
        match form_of(&words) {
            Some((form, length)) => self.formed(form, words.split_off(length), span, args),
            None => self.unknown_line(&words, span),
        }
    }

    /// A line of a known form; `rest` is what stands behind its first words.
    fn formed(
        &mut self,
        form: &'static Form,
        mut rest: Vec<Word>,
        span: Span,
        mut args: Args<'s>,
    ) -> Commands<'s> {
        let (verb, kind) = match form.1.split_once('=') {
            Some((verb, kind)) => (verb, Some(kind)),
            None => (form.1, None),
        };
        // A comment's words need no quotes.
        if verb == "comment" && !rest.is_empty() {
            let text: Vec<_> = rest.iter().map(|word| word.text.as_str()).collect();
            rest = vec![Word {
                text: text.join(" "),
                ..rest[0].clone()
            }];
        }
        if rest.len() > form.2.len() + usize::from(takes_position(verb)) {
            return self.too_many(&rest[form.2.len()], span);
        }
        for word in rest.iter().skip(form.2.len()) {
            let what = format!("{}, the position of the step", word.text);
            self.mistakes.pass_over(word.span(span), what);
        }
        for (name, word) in form.2.iter().zip(&rest) {
            let at = word.span(span);
            let value = self.text(word.text.clone(), at);
            args.push(name, at, value);
        }
        if let Some(kind) = kind {
            let (name, kind) = match (verb, kind) {
                ("select", "last") | ("switch", "parent") => (kind_name(kind), "true"),
                ("mouse" | "cookie" | "window", kind) => ("action", kind),
                (_, kind) => ("type", kind),
            };
            let value = self.plain(kind, span);
            args.push(name, span, value);
        }
        let name = verb.to_owned();
        self.verb(Verb { name, span, args })
    }

    fn push_option(&mut self, option: &Word, span: Span, args: &mut Args<'s>) {
        let text = option.text.trim_start_matches('-');
        let (name, value) = text.split_once('=').unwrap_or((text, "true"));
        let value = self.plain(value.to_owned(), option.span(span));
        args.put(Entry {
            key: name.to_owned().into(),
            key_span: option.span(span),
            value,
        });
    }

    /// The verb of a line whose words stand in an order of their own.
    fn irregular(
        &mut self,
        words: &[Word],
        span: Span,
        args: &mut Args<'s>,
    ) -> Option<&'static str> {
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let mut push = |rewriter: &mut Self, name: &'static str, word: &Word| {
            let value = rewriter.text(word.text.clone(), word.span(span));
            args.push(name, word.span(span), value);
        };
        let name = match texts.as_slice() {
            ["store", kind, _, "as" | "in", _] => {
                let kind = Word::new(
                    if *kind == "text" {
                        "element_text"
                    } else {
                        kind
                    },
                    words[1].at,
                );
                push(self, "type", &kind);
                push(self, "selector", &words[2]);
                push(self, "as", &words[4]);
                "store"
            }
            ["assert", kind, _, rest @ ..]
                if !matches!(*kind, "element" | "variable" | "matches") =>
            {
                push(self, "type", &words[1]);
                push(self, "selector", &words[2]);
                if !rest.is_empty() {
                    push(self, "value", &words[3]);
                }
                "assert"
            }
            ["dialog", kind, rest @ ..] => {
                let kind = Word::new(kind.trim_start_matches("dismiss-"), words[1].at);
                push(self, "type", &kind);
                if !rest.is_empty() {
                    push(self, "text", &words[2]);
                }
                "dialog"
            }
            _ => return None,
        };
        Some(name)
    }

    fn unknown_line(&mut self, words: &[Word], span: Span) -> Commands<'s> {
        let text: Vec<_> = words
            .iter()
            .take(3)
            .map(|word| word.text.as_str())
            .collect();
        let message = format!("no command line begins with \"{}\"", shown(&text.join(" ")));
        let suggestion = "write the step as a map, such as \"click: Log in\"";
        self.error(span, ErrorReason::UnknownCommand, message, suggestion);
        None
    }

    fn too_many(&mut self, word: &Word, span: Span) -> Commands<'s> {
        let message = format!("\"{}\" is one word too many", shown(&word.text));
        let suggestion = "put a text of several words in quotes";
        self.error(
            word.span(span),
            ErrorReason::InvalidValue,
            message,
            suggestion,
        );
        None
    }
}

fn kind_name(kind: &str) -> &'static str {
    if kind == "last" { "last" } else { "parent" }
}

/// Old tools took the position of the step as one more number.
fn takes_position(verb: &str) -> bool {
    !matches!(verb, "comment" | "write" | "store")
}

/// The form with the most words at the beginning of the line.
fn form_of(words: &[Word]) -> Option<(&'static Form, usize)> {
    FORMS
        .iter()
        .filter_map(|form| {
            let first: Vec<_> = form.0.split(' ').collect();
            let fits =
                first.len() <= words.len() && first.iter().zip(words).all(|(a, b)| *a == b.text);
            fits.then_some((form, first.len()))
        })
        .max_by_key(|(_, length)| *length)
}

/// Takes `--name`, `--name=value` and `--name value` out of the words.
fn take_options(words: &mut Vec<Word>) -> Vec<Word> {
    let mut options = Vec::new();
    let mut index = 0;
    while index < words.len() {
        if !words[index].text.starts_with("--") {
            index += 1;
            continue;
        }
        let mut option = words.remove(index);
        let flag = matches!(
            option.text.as_str(),
            "--accept" | "--reject" | "--new-tab" | "--clear" | "--smooth"
        );
        if !flag && !option.text.contains('=') && index < words.len() {
            let value = words.remove(index);
            option.text = format!("{}={}", option.text, value.text);
        }
        options.push(option);
    }
    options
}

impl Word {
    fn new(text: &str, at: usize) -> Self {
        Self {
            text: text.to_owned(),
            at,
            length: text.chars().count(),
        }
    }

    fn span(&self, line: Span) -> Span {
        line.part(self.at, self.length)
    }
}

/// The words of a line; quotes hold one together.
fn split(line: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<char> = None;
    let mut fresh = true;
    let mut escaped = false;
    for (at, letter) in line.chars().enumerate() {
        if open.is_none() && letter.is_whitespace() {
            fresh = true;
            continue;
        }
        if fresh {
            words.push(Word {
                text: String::new(),
                at,
                length: 0,
            });
            fresh = false;
        }
        let Some(word) = words.last_mut() else {
            continue;
        };
        word.length = at + 1 - word.at;
        match letter {
            _ if escaped => {
                word.text.push(letter);
                escaped = false;
            }
            '\\' if open == Some('"') => escaped = true,
            quote if open == Some(quote) => open = None,
            '"' | '\'' if open.is_none() && word.length == 1 => open = Some(letter),
            _ => word.text.push(letter),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        let texts = |line: &str| split(line).into_iter().map(|w| w.text).collect::<Vec<_>>();
        assert_eq!(texts("a \"b c\" 'd e' f's"), ["a", "b c", "d e", "f's"]);
        assert_eq!(texts("a \"say \\\"b\\\"\" \"\""), ["a", "say \"b\"", ""]);
        assert_eq!(split("ab  cd")[1].at, 4);
    }

    #[test]
    fn the_longest_form_is_taken() {
        let words = split("window switch tab index 2");
        assert_eq!(form_of(&words).unwrap().1, 4);
        let words = split("interact select \"A\" \"B\"");
        assert_eq!(form_of(&words).unwrap().0.2, ["selector", "option"]);
    }
}
