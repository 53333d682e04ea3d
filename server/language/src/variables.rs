//! Which variables a test sets and uses, and the mistakes in its templates.

use std::collections::HashSet;

use etude::v1::{self, VariableUse};
use prost_reflect::{DynamicMessage, Value};

use crate::Brought;
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
    /// The definition whose steps follow.
    pub(crate) call: Option<String>,
}

/// What a whole test does with variables.
#[derive(Debug, Default)]
pub(crate) struct AllUses {
    /// In the order of execution.
    pub(crate) order: Vec<Uses>,
    /// What the definitions do.
    pub(crate) bodies: Vec<Body>,
}

/// What a definition does with variables.
#[derive(Debug)]
pub(crate) struct Body {
    name: String,
    parameters: Vec<String>,
    uses: Vec<Uses>,
}

impl Body {
    /// What a definition does: its defaults, then its steps.
    pub(crate) fn new(definition: &v1::Definition, uses: Vec<Uses>) -> Self {
        let parameters = definition.parameters.iter();
        Self {
            name: definition.name.clone(),
            parameters: parameters.map(|p| p.name.clone()).collect(),
            uses,
        }
    }
}

impl AllUses {
    /// Each once, those of definitions behind.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Uses> {
        let bodies = self.bodies.iter().flat_map(|body| &body.uses);
        self.order.iter().chain(bodies)
    }
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
                (Value::List(items), Some(model)) => {
                    let length = path.len();
                    for (index, item) in items.iter().enumerate() {
                        if let Some(message) = item.as_message() {
                            path.push_str(&format!("[{index}]"));
                            self.read_at(message, model, path);
                            path.truncate(length);
                        }
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

/// The first use of every variable that nothing before it sets.
pub(crate) fn undefined<'u>(
    test: &'u v1::Test,
    uses: &'u AllUses,
    brought: &'u Brought,
) -> Vec<Undefined<'u>> {
    let rows = test.data_rows.iter().flat_map(|row| &row.variables);
    let of_test = test.variables.iter().chain(rows);
    let set: HashSet<&str> = of_test
        .map(|variable| variable.name.as_str())
        .chain(brought.variables.iter().map(String::as_str))
        .collect();
    let ever: HashSet<&str> = uses
        .iter()
        .flat_map(|uses| uses.sets.iter().map(String::as_str))
        .chain(set.iter().copied())
        .collect();
    let mut known: Vec<&str> = ever.iter().copied().collect();
    known.sort_unstable();
    let mut search = Search {
        all: uses,
        set,
        ever,
        known,
        environment: &brought.environment,
        entered: HashSet::new(),
        reported: HashSet::new(),
        found: Vec::new(),
    };
    search.walk(&uses.order);
    search.found
}

/// The search for undefined variables.
struct Search<'u> {
    all: &'u AllUses,
    /// The variables that are set by now.
    set: HashSet<&'u str>,
    /// Those that anything sets.
    ever: HashSet<&'u str>,
    known: Vec<&'u str>,
    /// Name of the environment; empty: none.
    environment: &'u str,
    /// The definitions that were used already; a second use tells nothing new.
    entered: HashSet<&'u str>,
    reported: HashSet<&'u str>,
    found: Vec<Undefined<'u>>,
}

impl<'u> Search<'u> {
    fn walk(&mut self, uses: &'u [Uses]) {
        for uses in uses {
            for read in &uses.reads {
                self.read(read);
            }
            self.set.extend(uses.sets.iter().map(String::as_str));
            if let Some(name) = &uses.call {
                self.enter(name);
            }
        }
    }

    /// Goes through a definition, whose parameters are set in it alone.
    fn enter(&mut self, name: &str) {
        let all = self.all;
        let Some(body) = all.bodies.iter().find(|body| body.name == name) else {
            return;
        };
        if !self.entered.insert(&body.name) {
            return;
        }
        let own: Vec<&str> = body.parameters.iter().map(String::as_str).collect();
        let own: Vec<_> = own
            .into_iter()
            .filter(|name| self.set.insert(name))
            .collect();
        self.walk(&body.uses);
        for name in own {
            self.set.remove(name);
        }
    }

    fn read(&mut self, read: &'u Read) {
        let name = read.name.as_str();
        let enough = self.found.len() >= MAX_DIAGNOSTICS;
        let is_known = self.set.contains(name) || Builtin::parse(name).is_some();
        if enough || is_known || !self.reported.insert(name) {
            return;
        }
        let suggestion = if self.ever.contains(name) {
            "a later step sets it; move that step before this one".to_owned()
        } else if let Some(nearest) = suggest::nearest(name, self.known.iter().copied()) {
            format!("did you mean \"${nearest}\"?")
        } else if let Some(nearest) = Builtin::nearest(name) {
            format!("did you mean \"${nearest}\"?")
        } else {
            let mut places = "\"variables:\"".to_owned();
            if !self.environment.is_empty() {
                places += " or to the environment";
            }
            format!("add it to {places}, or write \"$${name}\" for the plain text")
        };
        self.found.push(Undefined { read, suggestion });
    }
}
