//! Templates: texts in which `$name` and `${expression}` stand for values.
//!
//! - `$name` is a variable; `$user.name` looks into one that holds JSON (see [`select`])
//! - `{{name}}` and `{{user.name}}` are the same, for a name that letters follow
//! - `$name with default "text"` is the text when the variable has no value
//! - `${ENV:NAME}` is an environment variable of whoever submits the test
//! - `${ expression }` is JavaScript that the page evaluates
//! - `$$` is a dollar sign, and so is a `$` before anything else: `$5` costs five dollars
//! - `{{"text"}}` is the text: `{{"{{"}}` writes the braces themselves

mod javascript;

use std::borrow::Cow;

pub use javascript::variables_of;

const WITH_DEFAULT: &str = " with default \"";

const BRACES: &str = "{{";

const ENVIRONMENT: &str = "ENV:";

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
    /// An environment variable of whoever submits the test.
    Environment {
        /// Its name.
        name: String,
        /// The text to take when it is not set.
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
    /// `${ENV:` without the name of an environment variable.
    #[error("no name of an environment variable stands after \"${{ENV:\"")]
    EnvironmentName,
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
            Self::EnvironmentName => "write \"${ENV:NAME}\", with letters, digits and \"_\"",
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
            Part::Text(_) | Part::Environment { .. } | Part::Variable { .. } => Vec::new(),
        })
    }

    /// The environment variables that it uses, each with whether it has a default.
    pub fn environment(&self) -> impl Iterator<Item = (&str, bool)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Environment { name, default } => Some((name.as_str(), default.is_some())),
            _ => None,
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
    while let Some(found) = mark(&text[at..]) {
        parser.literal.push_str(&text[at..at + found]);
        at = match text.as_bytes()[at + found] {
            b'$' => parser.dollar(at + found)?,
            _ => parser.braces(at + found),
        };
    }
    parser.literal.push_str(&text[at..]);
    parser.flush();
    Ok(Template {
        parts: parser.parts,
    })
}

/// Where the first `$` or `{{` stands.
fn mark(text: &str) -> Option<usize> {
    let mut start = 0;
    while let Some(at) = text[start..].find(['$', '{']) {
        let at = start + at;
        if text[at..].starts_with('$') || text[at..].starts_with(BRACES) {
            return Some(at);
        }
        start = at + 1;
    }
    None
}

/// Whether the text stands for itself, so that it needs no [`parse`].
pub fn is_literal(text: &str) -> bool {
    mark(text).is_none()
}

/// Where a text first uses a variable without a default, inside expressions too, and how long that
/// is: `$name`, or `{{name}}` with its braces.
pub(crate) fn find_use(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    while let Some(found) = mark(&text[at..]) {
        at += found;
        let rest = &text[at..];
        if rest.starts_with("$$") {
            at += 2;
            continue;
        }
        let read = match rest.strip_prefix('$') {
            Some(inner) if inner.bytes().next().is_some_and(is_name_start) => named(rest, 1)
                .ok()
                .map(|(part, _)| (part, name_end(rest, 1))),
            Some(_) => None,
            None => in_braces(rest),
        };
        match read {
            Some((part, length)) if part.needs(name) => return Some((at, length)),
            Some((_, length)) => at += length,
            None => at += 1,
        }
    }
    None
}

impl Part {
    /// Whether it is this variable, without a default.
    fn needs(&self, wanted: &str) -> bool {
        matches!(self, Self::Variable { name, default: None, .. } if name == wanted)
    }
}

/// The template that stands for exactly this text.
pub fn escape(text: &str) -> Cow<'_, str> {
    if is_literal(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = mark(rest) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let taken = match in_braces(after) {
            _ if after.starts_with('$') => {
                out.push_str("$$");
                1
            }
            Some(_) => {
                out.push_str("{{\"{{\"}}");
                BRACES.len()
            }
            None => {
                out.push('{');
                1
            }
        };
        rest = &after[taken..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What `{{…}}`, with which a text begins, stands for, and its length. `None` when nothing but
/// text stands there: `{{ 1 + 1 }}` belongs to some other tool.
fn in_braces(text: &str) -> Option<(Part, usize)> {
    let start = text.strip_prefix(BRACES)?;
    let start = text.len() - start.trim_start_matches(' ').len();
    let (part, end) = match text.as_bytes().get(start)? {
        b'"' => {
            let (inner, end) = quoted(text, start + 1)?;
            (Part::Text(inner), end)
        }
        byte if is_name_start(*byte) => named(text, start).ok()?,
        _ => return None,
    };
    let rest = text[end..].trim_start_matches(' ');
    let after = rest.strip_prefix("}}")?;
    Some((part, text.len() - after.len()))
}

/// The variable whose name begins at `start`, with its path and default, and where it ends.
fn named(text: &str, start: usize) -> Result<(Part, usize), Problem> {
    let mut end = name_end(text, start);
    let name = text[start..end].to_owned();
    let mut path = Vec::new();
    while text[end..].starts_with('.') {
        let next = name_end(text, end + 1);
        if next == end + 1 {
            break;
        }
        path.push(text[end + 1..next].to_owned());
        end = next;
    }
    let (default, end) = default_at(text, end)?;
    let part = Part::Variable {
        name,
        path,
        default,
    };
    Ok((part, end))
}

/// The default that follows at `start`, if one does, and where it ends.
fn default_at(text: &str, start: usize) -> Result<(Option<String>, usize), Problem> {
    if !text[start..].starts_with(WITH_DEFAULT) {
        return Ok((None, start));
    }
    let (default, end) = quoted(text, start + WITH_DEFAULT.len()).ok_or(Problem::OpenDefault)?;
    Ok((Some(default), end))
}

/// The name in a text that is `${ENV:NAME}` and nothing else.
pub(crate) fn environment_name(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${ENV:")?.strip_suffix('}')?;
    is_name(name).then_some(name)
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
            Some(first) if is_name_start(first) => {
                let (part, end) = named(self.text, at + 1).map_err(|problem| TemplateError {
                    offset: at,
                    problem,
                })?;
                self.push(part);
                Ok(end)
            }
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
        let end = at + 2 + end + 1;
        let Some(name) = expression.strip_prefix(ENVIRONMENT) else {
            self.push(Part::Expression(expression.to_owned()));
            return Ok(end);
        };
        if !is_name(name) {
            return Err(error(Problem::EnvironmentName));
        }
        let (default, end) = default_at(self.text, end).map_err(error)?;
        self.push(Part::Environment {
            name: name.to_owned(),
            default,
        });
        Ok(end)
    }

    /// Reads what stands at the `{{` at `at`; returns where the text goes on.
    fn braces(&mut self, at: usize) -> usize {
        match in_braces(&self.text[at..]) {
            Some((Part::Text(text), length)) => {
                self.literal.push_str(&text);
                at + length
            }
            Some((part, length)) => {
                self.push(part);
                at + length
            }
            None => {
                self.literal.push('{');
                at + 1
            }
        }
    }

    fn push(&mut self, part: Part) {
        self.flush();
        self.parts.push(part);
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

/// Whether a text can name a variable.
pub(crate) fn is_name(text: &str) -> bool {
    text.bytes().next().is_some_and(is_name_start) && text.bytes().all(is_name_part)
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
