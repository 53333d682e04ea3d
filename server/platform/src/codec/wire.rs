//! A step on the wire: written field by field, and read without trust.

use etude::v1;
use serde_json::Value;

use super::target;
use super::text::{self, Held};
use super::unsupported::{Refusal, Refused};
use crate::model::{Object, ParsedStep, Target};

/// A step that is being written.
#[derive(Debug)]
pub(super) struct Draft(ParsedStep);

impl Draft {
    /// A step whose `meta` begins with its kind.
    pub(super) fn new(action: &str, kind: &str) -> Self {
        Self::bare(action).meta("kind", kind)
    }

    /// A step whose `meta` is empty.
    pub(super) fn bare(action: &str) -> Self {
        Self(ParsedStep {
            action: action.to_owned(),
            value: Some(String::new()),
            ..ParsedStep::default()
        })
    }

    /// A value of `meta`.
    pub(super) fn meta(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.meta.insert(key.to_owned(), value.into());
        self
    }

    /// A value that stands for itself.
    pub(super) fn value(mut self, value: impl ToString) -> Self {
        self.0.value = Some(value.to_string());
        self
    }

    /// A value that a template gives.
    pub(super) fn template(mut self, template: &str) -> Refused<Self> {
        match text::hold(template)? {
            Held::Text(text) => self.0.value = Some(text),
            Held::Variable(name) => self.0.variable = Some(name),
            Held::Expression(javascript) => self.0.expression = Some(javascript),
        }
        Ok(self)
    }

    /// The variable that the step reads or sets.
    pub(super) fn variable(mut self, name: &str) -> Self {
        self.0.variable = Some(name.to_owned());
        self
    }

    /// JavaScript that the step evaluates.
    pub(super) fn expression(mut self, javascript: &str) -> Self {
        self.0.expression = Some(javascript.to_owned());
        self
    }

    /// The element that the step acts on.
    pub(super) fn target(mut self, target: Option<&v1::Target>) -> Refused<Self> {
        let missing = || Refusal::part("its target is missing", "name an element");
        self.0.target = Some(target::encode(target.ok_or_else(missing)?)?);
        Ok(self)
    }

    /// The element that the step acts on, if it names one.
    pub(super) fn optional_target(self, target: Option<&v1::Target>) -> Refused<Self> {
        match target {
            Some(target) => self.target(Some(target)),
            None => Ok(self),
        }
    }

    pub(super) fn flags(mut self, flags: &v1::StepFlags) -> Self {
        let yes = |flag: bool| flag.then_some(true);
        self.0.optional = yes(flags.optional);
        self.0.ignore_outcome = yes(flags.ignore_outcome);
        self.0.skip = yes(flags.skip);
        self
    }

    /// The text that the draft holds, to check it.
    pub(super) fn text(&self) -> &str {
        self.0.value.as_deref().unwrap_or_default()
    }

    pub(super) fn has_variable_or_expression(&self) -> bool {
        self.0.variable.is_some() || self.0.expression.is_some()
    }

    pub(super) fn into_step(self) -> ParsedStep {
        self.0
    }
}

/// A step that is being read, wherever its parts stood. Empty and absent mean the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire<'a> {
    pub(super) action: &'a str,
    pub(super) value: &'a str,
    pub(super) variable: &'a str,
    pub(super) expression: &'a str,
    pub(super) target: Option<&'a Target>,
    pub(super) meta: &'a Object,
    pub(super) optional: bool,
    pub(super) ignore_outcome: bool,
    pub(super) skip: bool,
    /// Whether it is read to be executed, and not to be written again: what is known counts, and
    /// what is not is passed over.
    pub(super) lenient: bool,
}

impl<'a> Wire<'a> {
    pub(super) fn sent(step: &'a ParsedStep) -> Self {
        Self {
            lenient: false,
            action: &step.action,
            value: step.value.as_deref().unwrap_or_default(),
            variable: step.variable.as_deref().unwrap_or_default(),
            expression: step.expression.as_deref().unwrap_or_default(),
            target: step.target().filter(|target| !target::is_empty(target)),
            meta: &step.meta,
            optional: step.optional.unwrap_or_default(),
            ignore_outcome: step.ignore_outcome.unwrap_or_default(),
            skip: step.skip.unwrap_or_default(),
        }
    }

    /// Its `meta`, if that is of this kind, or of none, and holds nothing else than these keys.
    pub(super) fn meta(&self, kind: &str, keys: &[&str]) -> Option<Meta<'a>> {
        let known = |key: &str| ["kind", "type", "poll"].contains(&key) || keys.contains(&key);
        let all_known = self
            .meta
            .iter()
            .all(|(key, value)| value.is_null() || known(key));
        let meta = Meta(self.meta);
        let right_kind = [None, Some(kind)].contains(&meta.text("kind"));
        ((all_known || self.lenient) && right_kind).then_some(meta)
    }

    /// Its target, if it can be read.
    pub(super) fn target(&self) -> Option<v1::Target> {
        let target = self.target?;
        match self.lenient {
            true => target::decode_all(target),
            false => target::decode(target),
        }
    }

    /// Its target, if there is one; `None` when that cannot be read.
    pub(super) fn optional_target(&self) -> Option<Option<v1::Target>> {
        match self.target {
            None => Some(None),
            Some(_) => self.target().map(Some),
        }
    }

    /// Its value as a template, from wherever it stands.
    pub(super) fn template(&self) -> Option<String> {
        text::read(self.value, self.variable, self.expression)
    }

    /// Passes when the step acts on no element.
    pub(super) fn without_target(&self) -> Option<()> {
        (self.lenient || self.target.is_none()).then_some(())
    }

    /// Passes when the step has neither variable nor expression.
    pub(super) fn literal(&self) -> Option<&'a str> {
        (self.variable.is_empty() && self.expression.is_empty()).then_some(self.value)
    }
}

/// The `meta` of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meta<'a>(&'a Object);

impl<'a> Meta<'a> {
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str()
    }

    /// A whole number, which may stand in quotes.
    pub(super) fn number<N: TryFrom<i64>>(&self, key: &str) -> Option<N> {
        let value = self.0.get(key)?;
        let number = match value {
            Value::String(text) => text.trim().parse().ok()?,
            value => value.as_i64()?,
        };
        N::try_from(number).ok()
    }

    /// A flag; false when it is absent.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.0.get(key) {
            None | Some(Value::Null) => Some(false),
            Some(value) => value.as_bool(),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// The `type`; empty when it is absent.
    pub(super) fn kind(&self) -> &'a str {
        self.text("type").unwrap_or_default()
    }
}
