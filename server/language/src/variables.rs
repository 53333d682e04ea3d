//! Which variables a test sets and uses, and the mistakes in its templates.

use std::collections::HashSet;

use etude::v1::{self, VariableUse};
use prost_reflect::{DynamicMessage, Value};

use crate::builtins::Builtin;
use crate::diagnose::MAX_DIAGNOSTICS;
use crate::model::{Field, Message};
use crate::suggest;
use crate::template::{self, TemplateError};

/// What one step, or the test's own fields, do with variables.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// The variables that have to be set before, in order.
    pub(crate) reads: Vec<Read>,
    /// The variables that are set.
    pub(crate) sets: Vec<String>,
    /// The environment variables that are read, and whether with a default.
    pub(crate) environment: Vec<(String, bool)>,
    /// Templates that cannot be read.
    pub(crate) mistakes: Vec<BrokenTemplate>,
}

/// One use of a variable.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) name: String,
    /// The path of the field that uses it.
    pub(crate) path: String,
}

/// A template that cannot be read.
#[derive(Debug)]
pub(crate) struct BrokenTemplate {
    pub(crate) path: String,
    pub(crate) error: TemplateError,
    /// The text from the mistake on.
    pub(crate) rest: String,
}

impl Uses {
    /// Adds what the fields of a message, which stands at `path`, do.
    pub(crate) fn read(&mut self, message: &DynamicMessage, model: &Message, path: &str) {
        self.read_at(message, model, &mut path.to_owned());
    }

    fn read_at(&mut self, message: &DynamicMessage, model: &Message, path: &mut String) {
        for field in &model.fields {
            let is_text = field.spec.template
                || field.spec.expression
                || field.spec.variable != VariableUse::Unspecified;
            let inner = field.message();
            if !is_text && inner.is_none() || !message.has_field(&field.descriptor) {
                continue;
            }
            let value = message.get_field(&field.descriptor);
            let length = path.len();
            if length > 0 {
                path.push('.');
            }
            path.push_str(field.name());
            match (value.as_ref(), inner) {
                (Value::Message(message), Some(model)) => self.read_at(message, model, path),
                (Value::String(text), _) => self.text(field, text, path),
                (Value::Map(entries), _) => {
                    for text in entries.values().filter_map(Value::as_str) {
                        self.text(field, text, path);
                    }
                }
                (Value::List(items), _) => {
                    for text in items.iter().filter_map(Value::as_str) {
                        self.text(field, text, path);
                    }
                }
                _ => {}
            }
            path.truncate(length);
        }
    }

    fn text(&mut self, field: &Field, text: &str, path: &str) {
        match field.spec.variable {
            VariableUse::Sets => self.sets.push(text.to_owned()),
            VariableUse::Reads => self.add_read(text, path),
            VariableUse::Unspecified if field.spec.expression => {
                for name in template::variables_of(text) {
                    self.add_read(name, path);
                }
            }
            VariableUse::Unspecified if template::is_literal(text) => {}
            VariableUse::Unspecified => match template::parse(text) {
                Ok(template) => {
                    let environment = template.environment();
                    self.environment
                        .extend(environment.map(|(name, default)| (name.to_owned(), default)));
                    template
                        .variables()
                        .for_each(|name| self.add_read(name, path));
                }
                Err(error) => self.mistakes.push(BrokenTemplate {
                    path: path.to_owned(),
                    rest: text[error.offset..].to_owned(),
                    error,
                }),
            },
        }
    }

    fn add_read(&mut self, name: &str, path: &str) {
        self.reads.push(Read {
            name: name.to_owned(),
            path: path.to_owned(),
        });
    }
}

/// A variable that is used and that nothing sets before.
#[derive(Debug)]
pub(crate) struct Undefined<'u> {
    pub(crate) read: &'u Read,
    /// What was probably meant, or why it has no value yet.
    pub(crate) suggestion: String,
}

/// The first use of every variable that nothing before it sets; `uses` are in the order of
/// execution.
pub(crate) fn undefined<'u>(test: &'u v1::Test, uses: &'u [Uses]) -> Vec<Undefined<'u>> {
    let rows = test.data_rows.iter().flat_map(|row| &row.variables);
    let mut set: HashSet<&str> = test
        .variables
        .iter()
        .chain(rows)
        .map(|variable| variable.name.as_str())
        .collect();
    let ever: HashSet<&str> = uses
        .iter()
        .flat_map(|uses| uses.sets.iter().map(String::as_str))
        .chain(set.iter().copied())
        .collect();
    let mut known: Vec<&str> = ever.iter().copied().collect();
    known.sort_unstable();
    let mut reported = HashSet::new();
    let mut found = Vec::new();
    for uses in uses {
        for read in &uses.reads {
            let name = read.name.as_str();
            let enough = found.len() >= MAX_DIAGNOSTICS;
            let known_already = set.contains(name) || Builtin::parse(name).is_some();
            if enough || known_already || !reported.insert(name) {
                continue;
            }
            let suggestion = if ever.contains(name) {
                "a later step sets it; move that step before this one".to_owned()
            } else if let Some(nearest) = suggest::nearest(name, known.iter().copied()) {
                format!("did you mean \"${nearest}\"?")
            } else if let Some(nearest) = Builtin::nearest(name) {
                format!("did you mean \"${nearest}\"?")
            } else {
                format!("add it to \"variables:\", or write \"$${name}\" for the plain text")
            };
            found.push(Undefined { read, suggestion });
        }
        set.extend(uses.sets.iter().map(String::as_str));
    }
    found
}
