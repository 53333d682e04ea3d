//! Templates: texts in which `$name` and `${expression}` stand for values.
//!
//! - `$name` is a variable; `$user.name` looks into one that holds JSON (see [`select`])
//! - `$name with default "text"` is the text when the variable has no value
//! - `${ expression }` is JavaScript that the page evaluates
//! - `$$` is a dollar sign, and so is a `$` before anything else: `$5` costs five dollars

mod javascript;

use std::borrow::Cow;

pub use javascript::variables_of;

const WITH_DEFAULT: &str = " with default \"";

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// Its parts, in order; two texts never follow each other.
    pub parts: Vec<Part>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that stands for itself.
    Text(String),
    /// A variable.
    Variable {
        /// Its name, without `$`.
        name: String,
        /// What follows after dots: `["address", "city"]` for `$user.address.city`.
        path: Vec<String>,
        /// The text to take when the variable has no value.
        default: Option<String>,
    },
    /// JavaScript to evaluate in the page, without `${` and `}`.
    Expression(String),
}

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct TemplateError {
    /// Where the wrong part begins, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// `${` without its `}`.
    #[error("the expression after \"${{\" has no closing \"}}\"")]
    OpenExpression,
    /// `${}`.
    #[error("the expression between \"${{\" and \"}}\" is empty")]
    EmptyExpression,
    /// ` with default "` without its second quote.
    #[error("the text after \"with default\" has no closing quote")]
    OpenDefault,
}

impl Problem {
    /// What to write instead.
    pub fn suggestion(self) -> &'static str {
        match self {
            Self::OpenExpression => "close it with \"}\", or write \"$${\" for the plain text",
            Self::EmptyExpression => {
                "write JavaScript between the braces, or \"$${}\" for the plain text"
            }
            Self::OpenDefault => "end the default with \" (write \\\" for a quote inside it)",
        }
    }
}

impl Template {
    /// Names of the variables that it uses and that have no default, those inside expressions
    /// included; a name may come several times.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|part| match part {
            Part::Variable {
                name,
                default: None,
                ..
            } => vec![name.as_str()],
            Part::Expression(expression) => variables_of(expression),
            Part::Text(_) | Part::Variable { .. } => Vec::new(),
        })
    }
}

/// Parses a template.
///
/// A text without `$` is one part and costs one scan; [`is_literal`] tells without any copy.
///
/// # Errors
///
/// An expression or a default is not closed, or an expression is empty.
pub fn parse(text: &str) -> Result<Template, TemplateError> {
    let mut parser = Parser {
        text,
        parts: Vec::new(),
        literal: String::new(),
    };
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        parser.literal.push_str(&text[at..at + found]);
        at = parser.dollar(at + found)?;
    }
    parser.literal.push_str(&text[at..]);
    parser.flush();
    Ok(Template {
        parts: parser.parts,
    })
}

/// Whether the text stands for itself, so that it needs no [`parse`].
pub fn is_literal(text: &str) -> bool {
    !text.contains('$')
}

/// The template that stands for exactly this text.
pub fn escape(text: &str) -> Cow<'_, str> {
    if is_literal(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.replace('$', "$$"))
    }
}

/// What `$variable.path` stands for when the variable has this value.
///
/// A value that is a JSON object or array is looked into; a text found there is taken as it is,
/// anything else as JSON. Of any other value, the path is plain text: `$host.example.com` is the
/// host's name and `.example.com`. `None`: the object has no such key, the array no such index.
pub fn select(value: &str, path: &[String]) -> Option<String> {
    let looks_like_json = value.trim_start().starts_with(['{', '[']);
    let root = if path.is_empty() || !looks_like_json {
        None
    } else {
        serde_json::from_str::<serde_json::Value>(value).ok()
    };
    let Some(root) = root else {
        return Some(with_tail(value.to_owned(), path));
    };
    let mut current = &root;
    for (index, key) in path.iter().enumerate() {
        current = match current {
            serde_json::Value::Object(fields) => fields.get(key)?,
            serde_json::Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
            scalar => return Some(with_tail(json_text(scalar), &path[index..])),
        };
    }
    Some(json_text(current))
}

fn with_tail(mut text: String, path: &[String]) -> String {
    for key in path {
        text.push('.');
        text.push_str(key);
    }
    text
}

fn json_text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Where the variable or expression with which a text begins ends; `None` when it begins with
/// neither.
pub(crate) fn end_of_first(text: &str) -> Option<usize> {
    if !text.starts_with('$') {
        return None;
    }
    let mut parser = Parser {
        text,
        parts: Vec::new(),
        literal: String::new(),
    };
    let end = parser.dollar(0).ok()?;
    parser.literal.is_empty().then_some(end)
}

struct Parser<'a> {
    text: &'a str,
    parts: Vec<Part>,
    literal: String,
}

impl Parser<'_> {
    /// Reads what stands at the `$` at `at`; returns where the text goes on.
    fn dollar(&mut self, at: usize) -> Result<usize, TemplateError> {
        let rest = &self.text[at + 1..];
        match rest.bytes().next() {
            Some(b'$') => {
                self.literal.push('$');
                Ok(at + 2)
            }
            Some(b'{') => self.expression(at),
            Some(first) if is_name_start(first) => self.variable(at),
            _ => {
                self.literal.push('$');
                Ok(at + 1)
            }
        }
    }

    fn expression(&mut self, at: usize) -> Result<usize, TemplateError> {
        let error = |problem| TemplateError {
            offset: at,
            problem,
        };
        let inside = &self.text[at + 2..];
        let end = javascript::closing_brace(inside).ok_or(error(Problem::OpenExpression))?;
        let expression = inside[..end].trim();
        if expression.is_empty() {
            return Err(error(Problem::EmptyExpression));
        }
        let part = Part::Expression(expression.to_owned());
        self.flush();
        self.parts.push(part);
        Ok(at + 2 + end + 1)
    }

    fn variable(&mut self, at: usize) -> Result<usize, TemplateError> {
        let mut end = name_end(self.text, at + 1);
        let name = self.text[at + 1..end].to_owned();
        let mut path = Vec::new();
        while self.text[end..].starts_with('.') {
            let next = name_end(self.text, end + 1);
            if next == end + 1 {
                break;
            }
            path.push(self.text[end + 1..next].to_owned());
            end = next;
        }
        let mut default = None;
        if self.text[end..].starts_with(WITH_DEFAULT) {
            let (text, after) =
                quoted(self.text, end + WITH_DEFAULT.len()).ok_or(TemplateError {
                    offset: at,
                    problem: Problem::OpenDefault,
                })?;
            default = Some(text);
            end = after;
        }
        self.flush();
        self.parts.push(Part::Variable {
            name,
            path,
            default,
        });
        Ok(end)
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.parts
                .push(Part::Text(std::mem::take(&mut self.literal)));
        }
    }
}

/// The text up to its closing quote, and the place after that; `\"` and `\\` stand for `"` and `\`.
fn quoted(text: &str, start: usize) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut letters = text[start..].char_indices();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '"' => return Some((out, start + index + 1)),
            '\\' => match letters.next()?.1 {
                escaped @ ('"' | '\\') => out.push(escaped),
                other => out.extend(['\\', other]),
            },
            other => out.push(other),
        }
    }
    None
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where the name that begins at `start` ends; `start` when there is none.
fn name_end(text: &str, start: usize) -> usize {
    let length = text[start..]
        .bytes()
        .take_while(|byte| is_name_part(*byte))
        .count();
    start + length
}

#[cfg(test)]
mod tests;
