//! `NAME=VALUE` on the command line.

use etude::v1::{Variable, variable};

/// A variable and its value.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    name: String,
    value: String,
}

impl Assignment {
    /// The variable's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl From<Assignment> for Variable {
    fn from(assignment: Assignment) -> Self {
        Self {
            name: assignment.name,
            source: Some(variable::Source::Value(assignment.value)),
        }
    }
}

/// Reads a variable; the value may be empty and may contain `=`.
pub(crate) fn assignment(text: &str) -> Result<Assignment, String> {
    let (name, value) = split(text)?;
    let mut letters = name.chars();
    let first = letters
        .next()
        .is_some_and(|l| l.is_ascii_alphabetic() || l == '_');
    if !first || !letters.all(|l| l.is_ascii_alphanumeric() || l == '_') {
        return Err(format!(
            "{name:?} is no name of a variable: letters, digits and _, not a digit first, no $"
        ));
    }
    Ok(Assignment { name, value })
}

/// Reads a label.
pub(crate) fn label(text: &str) -> Result<(String, String), String> {
    split(text)
}

fn split(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}
