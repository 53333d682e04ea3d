//! Which texts of a command are templates, expressions or names of variables, compiled from the
//! contract's field options by the build script.

use crate::v1;

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// A template: `$name`, `$name with default "x"` and `${expression}` are substituted.
    Template,
    /// JavaScript evaluated in the page, in which `$name` stands for a variable.
    Expression,
    /// The name of a variable that the command sets.
    Sets,
    /// The name of a variable that the command reads.
    Reads,
}

/// A message with such texts.
pub trait Texts {
    /// Visits every such text, in the order of the fields.
    fn visit_texts<'a>(&'a self, visit: &mut dyn FnMut(TextKind, &'a str));

    /// As [`Texts::visit_texts`], in the same order, for changing them.
    fn visit_texts_mut(&mut self, visit: &mut dyn FnMut(TextKind, &mut String));
}

impl v1::Command {
    /// Name of the variable that the command sets; `None` when it sets none.
    pub fn sets_variable(&self) -> Option<&str> {
        let mut name = None;
        self.visit_texts(&mut |kind, text| {
            if kind == TextKind::Sets && !text.is_empty() {
                name = Some(text);
            }
        });
        name
    }
}

include!(concat!(env!("OUT_DIR"), "/etude_texts.rs"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{
        AssertVariable, CallApi, Comment, RoleLocator, StoreText, Target, Write, target::Locator,
    };

    fn texts(command: &v1::Command) -> Vec<(TextKind, &str)> {
        let mut found = Vec::new();
        command.visit_texts(&mut |kind, text| found.push((kind, text)));
        found
    }

    fn target(locator: Locator) -> Option<Target> {
        Some(Target {
            locator: Some(locator),
            ..Target::default()
        })
    }

    #[test]
    fn texts_of_targets_maps_and_fields_are_visited() {
        let write: v1::Command = Write {
            target: target(Locator::Role(RoleLocator {
                role: "textbox".into(),
                name: "$label".into(),
            })),
            text: "$user".into(),
            ..Write::default()
        }
        .into();
        assert_eq!(
            texts(&write),
            [
                (TextKind::Template, "$label"),
                (TextKind::Template, "$user")
            ]
        );
        let call: v1::Command = CallApi {
            url: "u".into(),
            headers: [("A".to_owned(), "1".to_owned())].into(),
            variable: "v".into(),
            ..CallApi::default()
        }
        .into();
        assert_eq!(
            texts(&call),
            [
                (TextKind::Template, "u"),
                (TextKind::Template, "1"),
                (TextKind::Template, ""),
                (TextKind::Sets, "v"),
            ]
        );
    }

    #[test]
    fn names_of_variables_and_expressions_are_told_apart() {
        let store: v1::Command = StoreText {
            target: target(Locator::Variable("button".into())),
            variable: "label".into(),
        }
        .into();
        assert_eq!(
            texts(&store),
            [(TextKind::Reads, "button"), (TextKind::Sets, "label")]
        );
        assert_eq!(store.sets_variable(), Some("label"));
        let check: v1::Command = AssertVariable {
            expression: "$a + 1".into(),
            ..AssertVariable::default()
        }
        .into();
        assert!(texts(&check).contains(&(TextKind::Expression, "$a + 1")));
        let comment: v1::Command = Comment::default().into();
        assert_eq!(texts(&comment), []);
        assert_eq!(comment.sets_variable(), None);
    }

    #[test]
    fn changes_reach_the_command() {
        let mut write: v1::Command = Write {
            target: target(Locator::Hint("$a".into())),
            text: "$b".into(),
            ..Write::default()
        }
        .into();
        write.visit_texts_mut(&mut |_, text| text.push('!'));
        assert_eq!(
            texts(&write),
            [(TextKind::Template, "$a!"), (TextKind::Template, "$b!")]
        );
    }
}
