//! Commands in words: what a step reads like in events, logs and reports, and what a statement in
//! words means.

mod forms;
mod statement;
mod target;
mod values;

mod blocks;

use etude::natural::{Natural, Part as Piece, Words};
use etude::v1::{self, ElementKind, TargetPosition, target::Locator};

use crate::duration;
use crate::template::{self, Part};
pub use blocks::step;

pub(crate) use statement::{Statement, forms_of, read};
pub(crate) use target::UNSAID;
pub(crate) use values::Given;

/// The most characters of a value that are shown.
const MAX_VALUE: usize = 200;

/// The natural-language text of a command, on one line: `write $user in "Username"`. Empty when
/// the command is.
///
/// Values are shown as written, before variables are resolved, so that no secret can stand in
/// them; a value longer than 200 characters is cut.
pub fn text(command: &v1::Command) -> String {
    let mut sentence = Sentence::default();
    command.parts(&mut |piece| sentence.say(&piece));
    sentence.text
}

/// As [`text`], with every value as long as it is and every letter as it is.
pub(crate) fn statement(command: &v1::Command) -> String {
    let mut sentence = Sentence {
        manner: Manner::Whole,
        ..Sentence::default()
    };
    command.parts(&mut |piece| sentence.say(&piece));
    sentence.text
}

/// How much of a value is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Manner {
    /// Its beginning, on one line.
    #[default]
    Shown,
    /// All of it.
    Whole,
}

/// The words for a target: `top left button "Save"`.
pub fn target(target: &v1::Target) -> String {
    target_words(target, Manner::Shown)
}

fn target_words(target: &v1::Target, manner: Manner) -> String {
    let mut words = Vec::new();
    if target.nth != 0 {
        words.push(ordinal(target.nth));
    }
    words.extend(TargetPosition::words(target.position).map(str::to_owned));
    words.extend(ElementKind::words(target.kind).map(str::to_owned));
    words.extend(target.locator.as_ref().map(|found| locator(found, manner)));
    words.join(" ")
}

fn locator(locator: &Locator, manner: Manner) -> String {
    let named = |word: &str, text: &str| format!("{word} {}", template_text(text, manner));
    match locator {
        Locator::Hint(text) => template_text(text, manner),
        Locator::Css(text) => named("css", text),
        Locator::Xpath(text) => named("xpath", text),
        Locator::Id(text) => named("id", text),
        Locator::TestId(text) => named("test id", text),
        Locator::Label(text) => named("label", text),
        Locator::Placeholder(text) => named("placeholder", text),
        Locator::Text(text) => named("text", text),
        Locator::Variable(name) => format!("${name}"),
        Locator::Role(role) if role.name.is_empty() => {
            format!("role {}", shown(&role.role, manner))
        }
        Locator::Role(role) => named(&shown(&role.role, manner), &role.name),
    }
}

fn ordinal(nth: i32) -> String {
    let count = nth.unsigned_abs();
    let suffix = match (count % 10, count % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    match nth {
        -1 => "last".to_owned(),
        ..=-2 => format!("{count}{suffix} last"),
        _ => format!("{count}{suffix}"),
    }
}

#[derive(Default)]
struct Sentence {
    text: String,
    space: bool,
    manner: Manner,
}

impl Sentence {
    fn say(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Words(words) => self.words(words),
            Piece::Word(word) => self.value(word),
            Piece::Bare(text) => self.value(&shown(text, self.manner)),
            value => self.value(&value_text(value, self.manner)),
        }
    }

    /// Words of the form; the space around a part that is left out is not doubled.
    fn words(&mut self, words: &str) {
        if words.starts_with(' ') {
            self.space = true;
        }
        let trimmed = words.trim();
        if !trimmed.is_empty() {
            self.value(trimmed);
            self.space = words.ends_with(' ');
        }
    }

    fn value(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.space && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.space = false;
    }
}

fn value_text(value: &Piece<'_>, manner: Manner) -> String {
    match value {
        Piece::Words(words) | Piece::Word(words) => (*words).to_owned(),
        Piece::Template(text) => template_text(text, manner),
        Piece::Variable(name) => format!("${}", shown(name, manner)),
        Piece::Expression(text) => format!("${{{}}}", shown(text, manner)),
        Piece::Bare(text) => shown(text, manner),
        Piece::Text(text) => quoted(text, manner),
        Piece::Number(number) => number.to_string(),
        Piece::Duration(time) => duration::words(time),
        Piece::Target(value) => target_words(value, manner),
        Piece::List(items) => {
            let items: Vec<_> = items.iter().map(|item| value_text(item, manner)).collect();
            items.join(" and ")
        }
    }
}

/// A single variable or expression as it is, any other text in quotes.
fn template_text(text: &str, manner: Manner) -> String {
    let alone = text.starts_with('$')
        && (manner == Manner::Whole || text.len() <= MAX_VALUE)
        && template::parse(text).is_ok_and(|template| {
            matches!(
                template.parts.as_slice(),
                [Part::Variable { .. } | Part::Environment { .. } | Part::Expression(_)]
            )
        });
    if alone {
        shown(text, manner)
    } else {
        quoted(text, manner)
    }
}

fn quoted(text: &str, manner: Manner) -> String {
    let mut out = String::from("\"");
    for letter in shown(text, manner).chars() {
        if letter == '"' || letter == '\\' {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
    out
}

fn shown(text: &str, manner: Manner) -> String {
    match manner {
        Manner::Shown => shown_letters(text).collect(),
        Manner::Whole => text.to_owned(),
    }
}

/// The text's beginning on one line.
fn shown_letters(text: &str) -> impl Iterator<Item = char> {
    let more = text.chars().nth(MAX_VALUE).map(|_| '…');
    text.chars()
        .take(MAX_VALUE)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .chain(more)
}

#[cfg(test)]
mod reading;
#[cfg(test)]
mod reflected;
#[cfg(test)]
mod tests;
