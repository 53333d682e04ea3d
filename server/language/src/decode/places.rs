//! Where the fields of a decoded test stand in the file.

use std::collections::{HashMap, HashSet};

use foldhash::quality::RandomState;

use crate::source::Span;

/// Places by the path of the field, such as `checkpoints[0].steps[3].command.click.target`.
#[derive(Debug, Default)]
pub(crate) struct Places {
    spans: HashMap<String, Span, RandomState>,
    keys: HashMap<String, Span, RandomState>,
    refused: HashSet<String>,
}

impl Places {
    pub(super) fn add(&mut self, path: &str, span: Span) {
        self.spans.insert(path.to_owned(), span);
    }

    /// Notes where the key of a field stands, when its value stands elsewhere.
    pub(super) fn add_key(&mut self, path: String, span: Span) {
        self.keys.insert(path, span);
    }

    /// Notes that a mistake about this field is reported already.
    pub(super) fn refuse(&mut self, path: &str) {
        self.refused.insert(path.to_owned());
    }

    /// Whether the field is given.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.spans.contains_key(path)
    }

    /// The place of a field.
    pub(crate) fn of(&self, path: &str) -> Option<Span> {
        self.spans.get(path).copied()
    }

    /// The place of a field, else of the nearest field around it.
    pub(crate) fn find(&self, path: &str) -> Span {
        around(path)
            .find_map(|path| self.spans.get(path))
            .copied()
            .unwrap_or(Span::START)
    }

    /// Every field that stands in the test file itself with the line on which it begins: that of its key, if it has one.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&str, u32)> {
        let own = self.spans.iter().filter(|(_, span)| span.is_own());
        own.map(|(path, span)| {
            let begins = self.keys.get(path).unwrap_or(span);
            (path.as_str(), begins.line)
        })
    }

    /// Whether a mistake about this field, or about one around it, is reported already.
    pub(crate) fn is_refused(&self, path: &str) -> bool {
        around(path).any(|path| self.refused.contains(path))
    }
}

/// The path and the paths around it, from the inside out; the test's own is empty.
fn around(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match path.rfind(['.', '[']) {
        Some(end) => path.get(..end),
        None => path.get(..0).filter(|_| !path.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_without_a_place_has_that_of_the_field_around_it() {
        let mut places = Places::default();
        let step = Span::START.part(2, 5);
        places.add("checkpoints[0].steps[1]", step);
        assert_eq!(places.find("checkpoints[0].steps[1].command.click"), step);
        assert_eq!(places.find("checkpoints[0].steps[2]"), Span::START);
        places.refuse("checkpoints[0].steps[1].command");
        assert!(places.is_refused("checkpoints[0].steps[1].command.click.target"));
        assert!(!places.is_refused("checkpoints[0].steps[1]"));
        assert_eq!(
            around("a.b[0]").collect::<Vec<_>>(),
            ["a.b[0]", "a.b", "a", ""]
        );
    }
}
