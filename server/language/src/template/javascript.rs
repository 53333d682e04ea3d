//! Just enough JavaScript to know what is code and what is a literal or a comment.

use super::{is_name_part, is_name_start, name_end};

/// The names of the variables (`$name`) that an expression uses, without `$`, each once, in order
/// of their first use. What stands in string literals, comments and regular expressions is no use;
/// what stands in the `${…}` of a template literal is one.
pub fn variables_of(expression: &str) -> Vec<&str> {
    let mut names = Vec::new();
    walk(expression, |at| {
        if let Some(name) = variable_at(expression, at)
            && !names.contains(&name)
        {
            names.push(name);
        }
    });
    names
}

/// Where the `}` stands that closes the braces in which `text` begins.
pub(super) fn closing_brace(text: &str) -> Option<usize> {
    walk(text, |_| {})
}

/// `$el` is a variable; `$$`, `$(…)`, `a$b` and the property `.$el` are JavaScript's own.
fn variable_at(code: &str, dollar: usize) -> Option<&str> {
    let before = &code.as_bytes()[..dollar];
    let joined = before
        .last()
        .is_some_and(|byte| is_name_part(*byte) || *byte == b'$');
    let property = before.ends_with(b".") && !before.ends_with(b"...");
    let start = dollar + 1;
    let begins = code
        .as_bytes()
        .get(start)
        .is_some_and(|byte| is_name_start(*byte));
    let end = name_end(code, start);
    let goes_on = code.as_bytes().get(end) == Some(&b'$');
    (begins && !joined && !property && !goes_on).then(|| &code[start..end])
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// `{ … }`, of a block, an object or a template literal's `${ … }`.
    Braces,
    /// The text of a template literal.
    TemplateLiteral,
}

/// Visits every `$` that is code; returns the place of a `}` that closes more than was opened.
fn walk(code: &str, mut dollar: impl FnMut(usize)) -> Option<usize> {
    let bytes = code.as_bytes();
    let mut open = Vec::new();
    // The last byte of code that is not white space: tells a division from a regular expression.
    let mut last = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if open.last() == Some(&Inside::TemplateLiteral) {
            at = literal_part(bytes, at, &mut open);
            last = Some(b'`').filter(|_| open.last() != Some(&Inside::Braces));
            continue;
        }
        match byte {
            b'`' => open.push(Inside::TemplateLiteral),
            b'{' => open.push(Inside::Braces),
            b'}' if open.pop().is_none() => return Some(at),
            b'$' => dollar(at),
            _ => {}
        }
        let is_comment = byte == b'/' && matches!(bytes.get(at + 1), Some(b'/' | b'*'));
        at = token_end(bytes, at, last);
        if !byte.is_ascii_whitespace() && !is_comment {
            last = Some(byte);
        }
    }
    None
}

/// Where the text of a template literal goes on behind `at`, with what opens or closes there.
fn literal_part(bytes: &[u8], at: usize, open: &mut Vec<Inside>) -> usize {
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'`'), _) => {
            open.pop();
            at + 1
        }
        (Some(b'$'), Some(b'{')) => {
            open.push(Inside::Braces);
            at + 2
        }
        (Some(b'\\'), _) => at + 2,
        _ => at + 1,
    }
}

/// Where the string, comment, regular expression or single sign that begins at `at` ends.
fn token_end(bytes: &[u8], at: usize, last: Option<u8>) -> usize {
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(quote @ (b'"' | b'\'')), _) => literal_end(bytes, at + 1, *quote),
        (Some(b'/'), Some(b'/')) => line_end(bytes, at),
        (Some(b'/'), Some(b'*')) => comment_end(bytes, at + 2),
        (Some(b'/'), _) if begins_regex(last) => regex_end(bytes, at + 1),
        _ => at + 1,
    }
}

/// After a value comes a division; after an operator or at the start, a regular expression.
fn begins_regex(last: Option<u8>) -> bool {
    last.is_none_or(|byte| b"(,=:[!&|?{;+-*%<>~^".contains(&byte))
}

fn literal_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            _ if byte == quote => break,
            _ => {}
        }
    }
    at.min(bytes.len())
}

fn regex_end(bytes: &[u8], mut at: usize) -> usize {
    let mut class = false;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => break,
            b'\n' => break,
            _ => {}
        }
    }
    at.min(bytes.len())
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    let length = bytes[at..].iter().position(|byte| *byte == b'\n');
    length.map_or(bytes.len(), |length| at + length)
}

fn comment_end(bytes: &[u8], at: usize) -> usize {
    let length = bytes
        .get(at..)
        .and_then(|rest| rest.windows(2).position(|pair| pair == b"*/"));
    length.map_or(bytes.len(), |length| at + length + 2)
}
