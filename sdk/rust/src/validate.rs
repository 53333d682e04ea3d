//! The rules of the contract's `buf.validate` annotations, compiled to Rust by the build script.
//!
//! A check collects every violation; it allocates only when there is one.

use std::fmt;

use crate::command::CommandRequest;
use crate::v1;

/// A message with rules.
pub trait Validate {
    /// Adds the violations of this message, which stands at `at`, to `found`.
    fn check(&self, at: &Path<'_>, found: &mut Violations);

    /// Every violation, in the order of the fields.
    fn violations(&self) -> Vec<Violation> {
        let mut found = Violations::default();
        self.check(&Path::ROOT, &mut found);
        found.list
    }
}

/// A message that keeps the rules of the contract: the proof that it was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Validated<M>(M);

impl<M: Validate> Validated<M> {
    /// Checks a message.
    ///
    /// # Errors
    ///
    /// Every violation.
    pub fn new(message: M) -> Result<Self, Vec<Violation>> {
        let violations = message.violations();
        match violations.is_empty() {
            true => Ok(Self(message)),
            false => Err(violations),
        }
    }
}

impl<M> Validated<M> {
    /// The message, without the proof.
    pub fn into_inner(self) -> M {
        self.0
    }
}

impl<M> std::ops::Deref for Validated<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.0
    }
}

// A request's rules are those of its command as well, and that there is one is among them, so that
// the proof of the one is that of the other.

impl<R: CommandRequest> Validated<R> {
    /// The context and the command of a command's request.
    pub fn into_parts(self) -> (v1::CommandContext, Validated<v1::Command>) {
        let (context, command) = self.0.into_parts();
        (context.unwrap_or_default(), Validated(command))
    }
}

impl Validated<v1::ExecuteBatchRequest> {
    /// The context, when there is one, and the command of one request of a batch.
    pub fn into_parts(self) -> (Option<v1::CommandContext>, Validated<v1::Command>) {
        let Self(request) = self;
        (
            request.context,
            Validated(request.command.unwrap_or_default()),
        )
    }
}

/// One violated rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field from the message on, such as `spec.test.checkpoints[0].steps`.
    pub field: String,
    /// The rule, such as `string.min_len`.
    pub rule: &'static str,
    /// What is wrong, for a person.
    pub description: String,
}

/// The violations found so far.
#[derive(Debug, Default)]
pub struct Violations {
    list: Vec<Violation>,
}

impl Violations {
    /// Most violations that are collected; a list of 10000 wrong steps tells no more than its
    /// first thousand.
    const LIMIT: usize = 1000;

    fn add(&mut self, at: &Path<'_>, rule: &'static str, description: impl Into<String>) {
        if self.list.len() < Self::LIMIT {
            self.list.push(Violation {
                field: at.to_string(),
                rule,
                description: description.into(),
            });
        }
    }
}

/// Where in a message a check stands; built on the stack, printed only for a violation.
#[derive(Debug)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    segment: Segment<'a>,
}

#[derive(Debug)]
enum Segment<'a> {
    Root,
    Field(&'static str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// The message itself.
    pub const ROOT: Path<'static> = Path {
        parent: None,
        segment: Segment::Root,
    };

    /// A field of the message here.
    pub fn field(&'a self, name: &'static str) -> Path<'a> {
        Path {
            parent: Some(self),
            segment: Segment::Field(name),
        }
    }

    /// An item of the list here.
    pub fn index(&'a self, index: usize) -> Path<'a> {
        Path {
            parent: Some(self),
            segment: Segment::Index(index),
        }
    }

    /// A value of the map here.
    pub fn key(&'a self, key: &'a str) -> Path<'a> {
        Path {
            parent: Some(self),
            segment: Segment::Key(key),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below_root = self
            .parent
            .is_some_and(|parent| !matches!(parent.segment, Segment::Root));
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.segment {
            Segment::Root => Ok(()),
            Segment::Field(name) if below_root => write!(f, ".{name}"),
            Segment::Field(name) => f.write_str(name),
            Segment::Index(index) => write!(f, "[{index}]"),
            Segment::Key(key) => write!(f, "[{key:?}]"),
        }
    }
}

mod rules;

#[allow(unused_variables, clippy::all)]
mod generated {
    use std::sync::LazyLock;

    use regex::Regex;

    use super::{Path, Validate, Violations, rules, v1};

    include!(concat!(env!("OUT_DIR"), "/etude_checks.rs"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{
        AssertVariable, Click, ClickRequest, CommandContext, PressKey, SelectIndex, StepFlags,
        Target, WaitTime, target::Locator,
    };

    fn fields(message: &impl Validate) -> Vec<(String, &'static str)> {
        message
            .violations()
            .into_iter()
            .map(|v| (v.field, v.rule))
            .collect()
    }

    fn hint(text: &str) -> Option<Target> {
        Some(Target {
            locator: Some(Locator::Hint(text.to_owned())),
            ..Target::default()
        })
    }

    #[test]
    fn all_violations_are_reported_with_their_paths() {
        let request = ClickRequest {
            context: Some(CommandContext {
                session: "nonsense".to_owned(),
                flags: Some(StepFlags {
                    retries: 11,
                    ..StepFlags::default()
                }),
                ..CommandContext::default()
            }),
            click: Some(Click {
                target: hint(""),
                position: 99,
                modifiers: vec![1, 1, 0],
            }),
        };
        assert_eq!(
            fields(&request),
            [
                ("context.session".to_owned(), "string.pattern"),
                ("context.flags.retries".to_owned(), "uint32.lte"),
                ("click.target.hint".to_owned(), "string.min_len"),
                ("click.position".to_owned(), "enum.defined_only"),
                ("click.modifiers".to_owned(), "repeated.unique"),
                ("click.modifiers[2]".to_owned(), "enum.not_in"),
            ]
        );
    }

    #[test]
    fn a_missing_message_and_a_missing_oneof_are_required() {
        assert_eq!(
            fields(&ClickRequest::default()),
            [
                ("context".to_owned(), "required"),
                ("click".to_owned(), "required")
            ]
        );
        let click = Click {
            target: Some(Target::default()),
            ..Click::default()
        };
        assert_eq!(fields(&click), [("target.locator".to_owned(), "required")]);
    }

    /// What [`Validated::into_parts`] relies on.
    #[test]
    fn the_rules_of_a_request_are_those_of_its_command() {
        let context = Some(CommandContext {
            session: "sessions/a".to_owned(),
            ..Default::default()
        });
        let wrong = v1::Command::from(Click {
            target: hint(""),
            ..Click::default()
        });
        for (command, rule) in [
            (None, "required"),
            (Some(v1::Command::default()), "required"),
            (Some(wrong), "string.min_len"),
        ] {
            let one = v1::ExecuteRequest {
                context: context.clone(),
                command: command.clone(),
            };
            assert_eq!(Validated::new(one).unwrap_err()[0].rule, rule);
            let batch = v1::ExecuteBatchRequest {
                context: None,
                command,
            };
            assert_eq!(Validated::new(batch).unwrap_err()[0].rule, rule);
        }
        let pool = &crate::DESCRIPTOR_POOL;
        let rules = pool.get_extension_by_name("buf.validate.field").unwrap();
        for spec in crate::catalog::commands() {
            let name = format!("{}Request", spec.message.full_name());
            let request = pool.get_message_by_name(&name).unwrap();
            assert_eq!(request.fields().count(), 2, "{name}");
            for field in request.fields() {
                let options = field.options();
                let rules = options.get_extension(&rules);
                let rules = rules.as_message().unwrap();
                let required = rules.get_field_by_name("required").unwrap();
                // A command without fields is the same whether or not it is given.
                let says_nothing = field
                    .kind()
                    .as_message()
                    .is_some_and(|message| message.fields().len() == 0);
                let needed = required.as_bool() == Some(true);
                assert!(needed || says_nothing, "{}", field.full_name());
            }
        }
    }

    #[test]
    fn a_good_message_has_no_violations() {
        let request = ClickRequest {
            context: Some(CommandContext {
                session: "sessions/a".to_owned(),
                ..Default::default()
            }),
            click: Some(Click {
                target: hint("Log in"),
                ..Click::default()
            }),
        };
        assert_eq!(request.violations(), []);
    }

    #[test]
    fn durations_and_excluded_numbers_are_checked() {
        let wait = WaitTime {
            duration: Some(prost_types::Duration {
                seconds: 601,
                nanos: 0,
            }),
        };
        assert_eq!(fields(&wait), [("duration".to_owned(), "duration.lte")]);
        let wait = WaitTime {
            duration: Some(prost_types::Duration {
                seconds: 0,
                nanos: -1,
            }),
        };
        assert_eq!(fields(&wait), [("duration".to_owned(), "duration.gte")]);
        let pick = SelectIndex {
            target: hint("Colour"),
            index: 0,
        };
        assert_eq!(fields(&pick), [("index".to_owned(), "int32.not_in")]);
    }

    #[test]
    fn exactly_one_of_two_fields_is_given() {
        let both = AssertVariable {
            variable: "a".into(),
            expression: "b".into(),
            ..Default::default()
        };
        assert_eq!(fields(&both), [(String::new(), "message.oneof")]);
        assert_eq!(
            fields(&AssertVariable::default()),
            [(String::new(), "message.oneof")]
        );
        let one = AssertVariable {
            variable: "a".into(),
            ..Default::default()
        };
        assert_eq!(one.violations(), []);
    }

    #[test]
    fn a_pattern_is_told_in_words() {
        let step = v1::GetStepRequest {
            name: "steps/0".to_owned(),
        };
        let told = &step.violations()[0];
        assert_eq!(told.rule, "string.pattern");
        assert_eq!(
            told.description,
            "must be a resource name with a number from 1, such as steps/7"
        );
        let session = v1::GetSessionRequest {
            name: "x".to_owned(),
        };
        let told = &session.violations()[0].description;
        assert!(told.starts_with("must be sessions/{id} with"), "{told}");
        let journeys = v1::ListJourneysRequest {
            goal: "goals/1".to_owned(),
            snapshot: "snapshots/1".to_owned(),
            ..v1::ListJourneysRequest::default()
        };
        let told = &journeys.violations()[0].description;
        assert!(
            told.ends_with("such as goals/7/snapshots/7, or be empty"),
            "{told}"
        );
    }

    #[test]
    fn lengths_count_characters() {
        let key = PressKey {
            key: "é".repeat(64),
            ..PressKey::default()
        };
        assert_eq!(key.violations(), []);
        let key = PressKey {
            key: "é".repeat(65),
            ..PressKey::default()
        };
        assert_eq!(fields(&key), [("key".to_owned(), "string.max_len")]);
    }
}
