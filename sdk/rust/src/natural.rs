//! The parts of a command's natural-language form, compiled from the contract's options by the
//! build script.
//!
//! What the parts read like together, such as `write $user in "Username"`, is decided by who says
//! them: it takes knowledge of templates, which is no matter of the contract.

use prost_types::Duration;

use crate::v1::{self, command::Action};

/// One part of a command's form, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Part<'a> {
    /// Words of the form itself; spaces at either end part them from their neighbours.
    Words(&'static str),
    /// A template.
    Template(&'a str),
    /// The name of a variable, without `$`.
    Variable(&'a str),
    /// JavaScript evaluated in the page.
    Expression(&'a str),
    /// A text that is said without quotes.
    Bare(&'a str),
    /// A text that is said in quotes.
    Text(&'a str),
    /// The words for a value of an enum, or for a boolean. Empty: none.
    Word(&'static str),
    /// A number.
    Number(i64),
    /// A duration.
    Duration(&'a Duration),
    /// A target.
    Target(&'a v1::Target),
    /// Several values of a field.
    List(Vec<Part<'a>>),
}

/// What can be said in words.
pub trait Natural {
    /// Says every part of the form; a bracket whose field has its default value is left out.
    fn parts<'a>(&'a self, say: &mut dyn FnMut(Part<'a>));
}

/// An enum whose values can be said.
pub trait Words {
    /// How the natural language says the value with this number: its own words, else its name in
    /// lower case with spaces. `None` when there is no such value, or it is the unspecified one
    /// without words.
    fn words(number: i32) -> Option<&'static str>;
}

/// What is said of a duration that is not set.
const NO_TIME: Duration = Duration {
    seconds: 0,
    nanos: 0,
};

include!(concat!(env!("OUT_DIR"), "/etude_natural.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(command: &v1::Command) -> Vec<Part<'_>> {
        let mut said = Vec::new();
        command.parts(&mut |part| said.push(part));
        said
    }

    #[test]
    fn values_of_enums_have_natural_words() {
        assert_eq!(v1::Comparison::words(0), Some("equals"));
        assert_eq!(v1::Comparison::words(1), Some("equals"));
        assert_eq!(v1::Comparison::words(4), Some("is less than or equal to"));
        assert_eq!(v1::Comparison::words(99), None);
        assert_eq!(v1::TargetPosition::words(5), Some("top left"));
        assert_eq!(v1::TargetPosition::words(0), None);
    }

    #[test]
    fn brackets_are_said_when_their_field_is_given() {
        let mut navigate = v1::Navigate {
            url: "/a".to_owned(),
            ..v1::Navigate::default()
        };
        let form = [Part::Words("navigate to "), Part::Template("/a")];
        let command = v1::Command::from(navigate.clone());
        let said = parts(&command);
        assert_eq!(said[..2], form);
        assert!(!said.contains(&Part::Words("in new tab")), "{said:?}");
        navigate.new_tab = true;
        let command = v1::Command::from(navigate);
        let said = parts(&command);
        assert!(said.contains(&Part::Words("in new tab")), "{said:?}");
        assert_eq!(parts(&v1::Command::default()), []);
    }
}
