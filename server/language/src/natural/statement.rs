//! Reads statements: what [`super::text`] prints, and the other forms that people write.
//!
//! The forms are those of the contract, and those of `OTHER_FORMS` for the same commands. A form is
//! compiled once; a statement is tried against those that begin with its first word.

use std::collections::HashMap;
use std::sync::LazyLock;

use etude::catalog::{self, CommandSpec};

use super::forms::OTHER_FORMS;
use super::values::{self, Given};

/// The longest statement that is read, in bytes.
const LONGEST: usize = 64 << 10;

/// A statement that was understood.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) command: &'static CommandSpec,
    /// The fields that it says, by name.
    pub(crate) fields: Vec<(&'static str, Given)>,
}

/// A part of a form.
#[derive(Debug)]
enum Piece {
    Word(String),
    Field(&'static str),
    /// A part that may be left out; of a boolean field the name of it.
    Optional(Vec<Piece>, Option<&'static str>),
}

#[derive(Debug)]
struct Form {
    command: &'static CommandSpec,
    pieces: Vec<Piece>,
}

/// The forms by their first word, in lower case.
static FORMS: LazyLock<HashMap<String, Vec<Form>>> = LazyLock::new(|| {
    let mut forms: HashMap<String, Vec<Form>> = HashMap::new();
    let own = catalog::commands()
        .iter()
        .map(|spec| (spec.yaml.as_str(), spec.natural.as_str()));
    for (key, text) in own.chain(OTHER_FORMS) {
        let Some(command) = catalog::by_yaml(key) else {
            continue;
        };
        let pieces = pieces(command, text);
        if let Some(Piece::Word(first)) = pieces.first() {
            forms
                .entry(first.to_lowercase())
                .or_default()
                .push(Form { command, pieces });
        }
    }
    for list in forms.values_mut() {
        // The more words a form has, the less it can be meant otherwise: `wait for text "a"` waits
        // for a text, not for an element that is found by its text.
        list.sort_by_key(|form| std::cmp::Reverse(rank(form)));
    }
    forms
});

/// How many words a form must have. `assert $v …` is about the variable, and comes before all that
/// is about an element in a variable.
fn rank(form: &Form) -> usize {
    let words = form
        .pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Word(_)));
    let of_variable = matches!(
        form.pieces.get(1),
        Some(Piece::Optional(inner, _)) if matches!(inner.as_slice(), [Piece::Field("variable")])
    );
    words.count() + if of_variable { 100 } else { 0 }
}

/// The command that a statement says. `None`: it has no form that is known.
pub(crate) fn read(text: &str) -> Option<Statement> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    if let Some(comment) = text.strip_prefix("//") {
        let command = catalog::by_yaml("comment")?;
        let fields = vec![("text", Given::Text(comment.trim().to_owned()))];
        return Some(Statement { command, fields });
    }
    let text = text
        .strip_suffix('.')
        .filter(|t| !t.ends_with('.'))
        .unwrap_or(text);
    let first = text.split_whitespace().next()?.to_lowercase();
    FORMS.get(&first)?.iter().find_map(|form| {
        let mut fields = Vec::new();
        let fits = fits(form.command, &[&form.pieces], text, &mut fields);
        fits.then_some(Statement {
            command: form.command,
            fields,
        })
    })
}

/// The forms that begin with the word, as a person would read them.
pub(crate) fn forms_of(word: &str) -> Vec<&'static str> {
    let word = word.to_lowercase();
    let own = catalog::commands().iter().map(|spec| spec.natural.as_str());
    own.chain(OTHER_FORMS.iter().map(|(_, form)| *form))
        .filter(|form| form.split(' ').next() == Some(word.as_str()))
        .collect()
}

// === Compiling forms ===

fn pieces(command: &'static CommandSpec, form: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = form;
    while !rest.is_empty() {
        let (open, close) = match rest.find(['{', '[']) {
            Some(at) if rest[at..].starts_with('{') => (at, '}'),
            Some(at) => (at, ']'),
            None => (rest.len(), ' '),
        };
        let words = rest[..open].split_whitespace();
        pieces.extend(words.map(|word| Piece::Word(word.to_owned())));
        let Some(end) = rest.get(open + 1..).and_then(|inside| inside.find(close)) else {
            break;
        };
        let inside = &rest[open + 1..open + 1 + end];
        if close == '}' {
            pieces.extend(field(command, inside).map(Piece::Field));
        } else {
            pieces.push(optional(command, inside));
        }
        rest = &rest[open + 1 + end + 1..];
    }
    pieces
}

fn field(command: &'static CommandSpec, name: &str) -> Option<&'static str> {
    command.field(name).map(|field| field.name.as_str())
}

/// A bracket; of one that a boolean decides upon, its words stand for `true`.
fn optional(command: &'static CommandSpec, inside: &str) -> Piece {
    let mut inner = pieces(command, inside);
    let flag = match inner.last() {
        Some(Piece::Field(name)) if values::is_flag(command, name) => Some(*name),
        _ => None,
    };
    if flag.is_some() {
        inner.pop();
    }
    Piece::Optional(inner, flag)
}

// === Matching ===

/// Whether the text has the form of the pieces, one list after the other; `fields` are then what it
/// says.
fn fits(
    command: &'static CommandSpec,
    lists: &[&[Piece]],
    text: &str,
    fields: &mut Vec<(&'static str, Given)>,
) -> bool {
    let Some((list, others)) = lists.split_first() else {
        return text.trim().is_empty();
    };
    let Some((piece, rest)) = list.split_first() else {
        return fits(command, others, text, fields);
    };
    let mut after = vec![rest];
    after.extend(others);
    match piece {
        Piece::Word(word) => match behind_word(text, word) {
            Some(text) => fits(command, &after, text, fields),
            None => false,
        },
        Piece::Optional(inner, flag) => {
            let length = fields.len();
            fields.extend(flag.map(|name| (name, Given::Plain("true".to_owned()))));
            let mut with = vec![inner.as_slice()];
            with.extend(&after);
            if fits(command, &with, text, fields) {
                return true;
            }
            fields.truncate(length);
            fits(command, &after, text, fields)
        }
        Piece::Field(name) => {
            let length = fields.len();
            values::read(command, name, text)
                .into_iter()
                .any(|(given, text)| {
                    fields.push((name, given));
                    let fits = fits(command, &after, text, fields);
                    if !fits {
                        fields.truncate(length);
                    }
                    fits
                })
        }
    }
}

/// The text behind a word, whatever its case.
fn behind_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let text = text.trim_start();
    let (first, rest) = text.split_at_checked(word.len())?;
    let is_word = word.ends_with(char::is_alphanumeric);
    let goes_on = is_word && rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (first.eq_ignore_ascii_case(word) && !goes_on).then_some(rest)
}
