//! What is said of a conversion.

use etude::v1::{ConversionNote, ConversionNoteKind, SourceLocation};

use super::Read;
use crate::source::Span;

/// The notes so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    all: Vec<ConversionNote>,
}

/// What a note is about.
#[derive(Debug)]
pub(super) struct About {
    pub(super) location: Option<SourceLocation>,
    pub(super) field: String,
    pub(super) construct: String,
}

impl About {
    /// A field of the test, at its place in the source.
    pub(super) fn field(read: &Read<'_>, field: &str, construct: impl Into<String>) -> Self {
        let span = read.decoded.places.find(field);
        Self {
            field: field.to_owned(),
            ..Self::place(read, span, construct)
        }
    }

    /// Something that is no field of the test.
    pub(super) fn place(read: &Read<'_>, span: Span, construct: impl Into<String>) -> Self {
        Self {
            location: Some(read.source.location(span)),
            field: String::new(),
            construct: construct.into(),
        }
    }
}

impl Notes {
    /// Something that the format cannot hold.
    pub(super) fn loss(&mut self, about: About, reason: &str, written: &str) {
        self.add(ConversionNoteKind::Loss, about, reason, written);
    }

    /// Something that is held in another way.
    pub(super) fn change(&mut self, about: About, reason: &str, written: &str) {
        self.add(ConversionNoteKind::Change, about, reason, written);
    }

    fn add(&mut self, kind: ConversionNoteKind, about: About, reason: &str, written: &str) {
        self.all.push(ConversionNote {
            kind: kind.into(),
            location: about.location,
            field: about.field,
            construct: about.construct,
            reason: reason.to_owned(),
            written: written.to_owned(),
        });
    }

    /// Whether a note is about a field, or about one in it or around it.
    pub(super) fn are_about(&self, field: &str) -> bool {
        let is_part = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.all.iter().any(|note| {
            let named = !note.field.is_empty();
            named && (is_part(&note.field, field) || is_part(field, &note.field))
        })
    }

    /// All of them, by place.
    pub(super) fn into_sorted(mut self) -> Vec<ConversionNote> {
        self.all.sort_by_key(|note| {
            let place = note.location.as_ref();
            place.map_or((0, 0), |place| (place.line, place.column))
        });
        self.all
    }
}
