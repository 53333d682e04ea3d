//! Files of environments: named sets of variables that inherit from each other.
//!
//! ```yaml
//! environments:
//!   base:
//!     variables: {currency: EUR}
//!   staging:
//!     extends: base
//!     base_url: https://staging.example.com
//!     variables:
//!       user: ada
//!       password: {hidden: not-so-secret}
//! ```

use etude::v1::{
    self, Diagnostic, EnvironmentVariable, ErrorReason, environment_variable::Source as From,
};

use crate::diagnose::{Mistake, Mistakes};
use crate::source::{Source, Span};
use crate::tree::{self, Content, Entry, Node, NodeId, Tree};
use crate::{suggest, template};

/// The only key of the file.
const ENVIRONMENTS: &str = "environments";

/// The keys of an environment.
const KEYS: [&str; 4] = ["extends", "description", "base_url", "variables"];

/// The longest name of an environment, in bytes.
const MAX_NAME: usize = 128;

/// The environments of a file.
#[derive(Debug, Clone, Default)]
pub struct Environments {
    list: Vec<Named>,
}

/// A file of environments.
#[derive(Debug)]
pub struct ParsedEnvironments {
    /// The environments; absent when a diagnostic is an error.
    pub environments: Option<Environments>,
    /// Every mistake, by place; at most 1000.
    pub diagnostics: Vec<Diagnostic>,
}

/// An environment with what it inherits.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedEnvironment {
    /// Its name and variables.
    pub environment: v1::Environment,
    /// The address that relative addresses are completed with: a template. Empty: the tests' own.
    pub base_url: String,
    /// Environment variables that it needs and that are not set, by name.
    pub missing: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Named {
    name: String,
    /// The name of the one it inherits from, and where that stands.
    extends: Option<(String, Span)>,
    base_url: Option<String>,
    variables: Vec<(String, Given)>,
}

/// Where the value of a variable comes from.
#[derive(Debug, Clone)]
enum Given {
    Source(From),
    /// An environment variable.
    Env(String),
}

/// Parses a file of environments, YAML 1.2 or JSON. `file_name` names it in places.
pub fn parse_environments(file_name: &str, content: &[u8]) -> ParsedEnvironments {
    let (source, mistake) = Source::read(file_name, content);
    let mut mistakes = Mistakes::default();
    let environments = match mistake {
        Some(mistake) => {
            mistakes.add(mistake);
            Environments::default()
        }
        None => read(&source, &mut mistakes),
    };
    ParsedEnvironments {
        environments: (!mistakes.has_errors()).then_some(environments),
        diagnostics: mistakes.into_diagnostics(&source),
    }
}

impl Environments {
    /// Their names, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|named| named.name.as_str())
    }

    /// The name that was probably meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        suggest::nearest(name, self.names())
    }

    /// An environment with what it inherits; `env` gives the values of environment variables.
    /// `None`: there is none of this name.
    pub fn resolve(
        &self,
        name: &str,
        env: impl Fn(&str) -> Option<String>,
    ) -> Option<ResolvedEnvironment> {
        let mut line = vec![self.find(name)?];
        // No environment inherits from itself, so this ends.
        while let Some(parent) = line.last().and_then(|last| self.parent(last)) {
            line.push(parent);
        }
        let mut resolved = ResolvedEnvironment {
            environment: v1::Environment {
                name: name.to_owned(),
                variables: Vec::new(),
            },
            base_url: String::new(),
            missing: Vec::new(),
        };
        for named in line.iter().rev() {
            if let Some(base_url) = &named.base_url {
                resolved.base_url.clone_from(base_url);
            }
        }
        for (name, given) in effective(&line) {
            let source = match given {
                Given::Source(source) => source.clone(),
                Given::Env(variable) => match env(variable) {
                    Some(value) => From::Hidden(value),
                    None => {
                        resolved.missing.push(variable.clone());
                        continue;
                    }
                },
            };
            resolved.environment.variables.push(EnvironmentVariable {
                name: name.to_owned(),
                source: Some(source),
            });
        }
        Some(resolved)
    }

    fn find(&self, name: &str) -> Option<&Named> {
        self.list.iter().find(|named| named.name == name)
    }

    fn parent(&self, named: &Named) -> Option<&Named> {
        self.find(&named.extends.as_ref()?.0)
    }
}

/// The variables of a line of descent, the youngest first: those of the younger hide the elder's.
fn effective<'a>(line: &[&'a Named]) -> Vec<(&'a str, &'a Given)> {
    let mut all: Vec<(&str, &Given)> = Vec::new();
    for named in line {
        for (name, given) in &named.variables {
            if !all.iter().any(|(other, _)| other == name) {
                all.push((name, given));
            }
        }
    }
    all
}

// === Reading ===

fn read(source: &Source<'_>, mistakes: &mut Mistakes) -> Environments {
    let is_blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if source.numbered_lines().all(|(_, line)| is_blank(line)) {
        let message = "the file holds no environment".to_owned();
        let mistake = Mistake::error(Span::START, ErrorReason::FileEmpty, message);
        mistakes.add(mistake.suggest(EXAMPLE));
        return Environments::default();
    }
    let Some((tree, root)) = tree::build(source, mistakes) else {
        return Environments::default();
    };
    let mut reader = Reader {
        tree: &tree,
        mistakes,
    };
    let environments = Environments {
        list: reader.file(root),
    };
    reader.check_parents(&environments);
    environments
}

const EXAMPLE: &str = "write \"environments:\" and under it \"staging: {variables: {user: ada}}\"";

struct Reader<'r, 's> {
    tree: &'r Tree<'s>,
    mistakes: &'r mut Mistakes,
}

impl<'r> Reader<'r, '_> {
    fn node(&self, id: NodeId) -> &'r Node<'r> {
        self.tree.node(id)
    }

    fn file(&mut self, root: NodeId) -> Vec<Named> {
        let Some(entries) = self.map(root, EXAMPLE) else {
            return Vec::new();
        };
        let mut list = Vec::new();
        for entry in entries {
            if entry.key != ENVIRONMENTS {
                self.unknown_key(entry, &[ENVIRONMENTS]);
                continue;
            }
            let named = self.map(entry.value, EXAMPLE).unwrap_or_default();
            list.extend(named.iter().map(|entry| self.environment(entry)));
        }
        if list.is_empty() && !self.mistakes.has_errors() {
            let place = self.node(root).span;
            self.error(
                place,
                ErrorReason::MissingKey,
                "the file names no environment",
                EXAMPLE,
            );
        }
        list
    }

    fn environment(&mut self, entry: &Entry<'_>) -> Named {
        let mut named = Named {
            name: entry.key.clone().into_owned(),
            ..Named::default()
        };
        if named.name.is_empty() || named.name.len() > MAX_NAME {
            let message = format!("an environment has a name of 1 to {MAX_NAME} bytes");
            let what = "give it a short one";
            self.error(entry.key_span, ErrorReason::InvalidValue, &message, what);
        }
        if self.node(entry.value).content.is_null() {
            return named;
        }
        let keys = self.map(entry.value, "write {extends: …, base_url: …, variables: …}");
        for key in keys.unwrap_or_default() {
            match key.key.as_ref() {
                "extends" => {
                    let span = self.node(key.value).span;
                    named.extends = self.text(key.value).map(|name| (name, span));
                }
                "description" => drop(self.text(key.value)),
                "base_url" => named.base_url = self.base_url(key.value),
                "variables" => named.variables = self.variables(key.value),
                _ => self.unknown_key(key, &KEYS),
            }
        }
        named
    }

    fn base_url(&mut self, id: NodeId) -> Option<String> {
        let text = self.text(id)?;
        if let Err(error) = template::parse(&text) {
            let what = error.problem.suggestion();
            let span = self.node(id).span;
            self.error(
                span,
                ErrorReason::InvalidExpression,
                &error.to_string(),
                what,
            );
        }
        Some(text)
    }

    fn variables(&mut self, id: NodeId) -> Vec<(String, Given)> {
        if self.node(id).content.is_null() {
            return Vec::new();
        }
        let what = "write \"name: value\" for each variable";
        let entries = self.map(id, what).unwrap_or_default();
        let mut variables = Vec::with_capacity(entries.len());
        for entry in entries {
            if !template::is_name(&entry.key) {
                let message = format!("\"{}\" cannot name a variable", entry.key);
                let what = "use letters, digits and \"_\" only, and no digit at the beginning";
                self.error(entry.key_span, ErrorReason::InvalidValue, &message, what);
            }
            if let Some(given) = self.given(entry.value) {
                variables.push((entry.key.clone().into_owned(), given));
            }
        }
        variables
    }

    /// A text, or a map that says where the text comes from.
    fn given(&mut self, id: NodeId) -> Option<Given> {
        let node = self.node(id);
        let (key, value) = match &node.content {
            Content::Scalar(scalar) => {
                let text = scalar.text.clone().into_owned();
                return Some(match template::environment_name(&scalar.text) {
                    Some(name) => Given::Env(name.to_owned()),
                    None => Given::Source(From::Value(text)),
                });
            }
            Content::Map(entries) => match entries.as_slice() {
                [only] => (only.key.as_ref(), only.value),
                _ => ("", id),
            },
            Content::List(_) => ("", id),
        };
        let name = |reader: &mut Self| reader.name(value);
        match key {
            "hidden" => Some(Given::Source(From::Hidden(self.text(value)?))),
            "secret" => Some(Given::Source(From::Secret(name(self)?))),
            "env" => Some(Given::Env(name(self)?)),
            _ => {
                let message = format!(
                    "a text, {{hidden: TEXT}}, {{secret: NAME}} or {{env: NAME}} must stand here, \
                     not {}",
                    node.content.name()
                );
                let what = "write JSON as a text in single quotes";
                self.error(node.span, ErrorReason::WrongType, &message, what);
                None
            }
        }
    }

    /// The name of a secret or of an environment variable.
    fn name(&mut self, id: NodeId) -> Option<String> {
        let name = self.text(id)?;
        if template::is_name(&name) {
            return Some(name);
        }
        let span = self.node(id).span;
        let what = "use letters, digits and \"_\" only, and no digit at the beginning";
        self.error(span, ErrorReason::InvalidValue, "this must be a name", what);
        None
    }

    fn text(&mut self, id: NodeId) -> Option<String> {
        let node = self.node(id);
        match &node.content {
            Content::Scalar(scalar) if !scalar.is_null() => Some(scalar.text.clone().into_owned()),
            content => {
                let message = format!("a text must stand here, not {}", content.name());
                let what = "write a text, in quotes where it begins with a sign";
                self.error(node.span, ErrorReason::WrongType, &message, what);
                None
            }
        }
    }

    fn map(&mut self, id: NodeId, what_to_do: &str) -> Option<&'r [Entry<'r>]> {
        let node = self.node(id);
        match &node.content {
            Content::Map(entries) => Some(entries),
            content => {
                let message = format!("a map must stand here, not {}", content.name());
                self.error(node.span, ErrorReason::WrongType, &message, what_to_do);
                None
            }
        }
    }

    /// Every environment inherits from one that exists, and none from itself.
    fn check_parents(&mut self, environments: &Environments) {
        for (index, named) in environments.list.iter().enumerate() {
            let Some((parent, span)) = &named.extends else {
                continue;
            };
            if environments.find(parent).is_none() {
                let message = format!("no environment is called \"{parent}\"");
                let known: Vec<_> = environments.names().collect();
                let what = match environments.nearest(parent) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("the file has {}", known.join(", ")),
                };
                self.error(*span, ErrorReason::EnvironmentNotFound, &message, &what);
            } else if let Some(circle) = circle(environments, index) {
                let message = format!("\"{}\" inherits from itself: {circle}", named.name);
                let what = "leave out one \"extends\"";
                self.error(*span, ErrorReason::EnvironmentCycle, &message, what);
            }
        }
    }

    fn unknown_key(&mut self, entry: &Entry<'_>, known: &[&str]) {
        let message = format!("the key \"{}\" has no meaning here", entry.key);
        let what = match suggest::nearest(&entry.key, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.error(entry.key_span, ErrorReason::UnknownKey, &message, &what);
    }

    fn error(&mut self, span: Span, reason: ErrorReason, message: &str, what_to_do: &str) {
        let mistake = Mistake::error(span, reason, message.to_owned());
        self.mistakes.add(mistake.suggest(what_to_do));
    }
}

/// The circle in which an environment stands, told once: by its first in the file.
fn circle(environments: &Environments, index: usize) -> Option<String> {
    let list = &environments.list;
    let start = &list[index];
    let mut names = vec![start.name.as_str()];
    let mut current = start;
    for _ in list {
        current = environments.parent(current)?;
        names.push(&current.name);
        if current.name == start.name {
            return Some(names.join(" → "));
        }
        let place = list.iter().position(|named| named.name == current.name);
        if place.is_some_and(|place| place < index) {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests;
