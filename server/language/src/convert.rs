//! Test files in another format.
//!
//! A file is decoded, whatever its format; its typed test is written step by step in the other
//! format, each step as the first of its forms that is read back as it was; and at last the whole
//! result is read back and compared with the source. So a result holds the test, except for what
//! the notes say that it does not.

mod anchors;
mod blocks;
mod compact;
mod draft;
mod extended;
mod form;
mod head;
mod notes;
mod simplified;
mod step;
#[cfg(test)]
mod tests;
mod text;
mod unread;
mod verify;

use std::collections::HashSet;

use etude::v1::{ConversionLayout, ConversionNote, Diagnostic, ErrorReason, Severity, TestFormat};

use crate::Brought;
use crate::decode::Decoded;
use crate::diagnose::PassedOver;
use crate::source::Source;
use anchors::Anchors;
use draft::Draft;

/// How often a step that reads otherwise among others than alone is given up.
const ROUNDS: usize = 5;

/// What is written of a file.
#[derive(Debug, Clone, Copy)]
pub struct Conversion {
    /// The format: canonical, simplified, compact, extended or natural language.
    pub format: TestFormat,
    /// How it is laid out; unspecified: text for natural language, else YAML.
    pub layout: ConversionLayout,
}

/// A file in another format.
#[derive(Debug, Clone, PartialEq)]
pub struct Converted {
    /// The file.
    pub content: String,
    /// What it does not hold, or holds in another way, by place in the source.
    pub notes: Vec<ConversionNote>,
    /// The format of the source.
    pub source_format: TestFormat,
    /// Warnings about the source, by place; at most 1000.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a file cannot be converted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConvertError {
    /// The source has mistakes.
    #[error("the test has mistakes: {}", first(.0))]
    Mistakes(Vec<Diagnostic>),
    /// The format is none that is written, or it cannot be laid out so.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The result does not hold what it should, and the notes do not say so: a defect of this
    /// program.
    #[error("the converted test would not be the same, which is a defect of the converter: {0}")]
    Unfaithful(String),
}

fn first(diagnostics: &[Diagnostic]) -> &str {
    let error = diagnostics.iter().find(|d| d.severity() == Severity::Error);
    error.map_or("", |error| error.message.as_str())
}

/// A source that has been read.
struct Read<'s> {
    source: &'s Source<'s>,
    decoded: &'s Decoded,
    passed_over: Vec<PassedOver>,
    anchors: Anchors,
}

/// Writes a test file in another format.
///
/// # Errors
///
/// The file has mistakes; or there is no such form of the format; or the result would not hold
/// what it should, which is a defect of this crate.
pub fn convert(
    file_name: &str,
    content: &[u8],
    conversion: Conversion,
) -> Result<Converted, ConvertError> {
    let conversion = conversion.checked()?;
    let source_format = crate::detect(file_name, content).format();
    let (source, (decoded, mut mistakes)) = crate::analyse(file_name, content, &Brought::default());
    let passed_over = mistakes.take_passed_over();
    let decoded = match decoded {
        Some(decoded) if !mistakes.has_errors() => decoded,
        _ => return Err(ConvertError::Mistakes(mistakes.into_diagnostics(&source))),
    };
    if let Some(mistake) = unprintable(&decoded) {
        return Err(ConvertError::Mistakes(vec![mistake]));
    }
    let read = Read {
        source: &source,
        decoded: &decoded,
        passed_over,
        anchors: Anchors::of(&source),
    };
    let (content, notes) = faithful(&read, conversion)?;
    Ok(Converted {
        content,
        notes,
        source_format,
        diagnostics: mistakes.into_diagnostics(&source),
    })
}

fn unprintable(decoded: &Decoded) -> Option<Diagnostic> {
    crate::format::test::unprintable(&decoded.test)
        .into_iter()
        .next()
}

/// A result that is read back as it should be.
fn faithful(
    read: &Read<'_>,
    conversion: Conversion,
) -> Result<(String, Vec<ConversionNote>), ConvertError> {
    let mut given_up = HashSet::new();
    let mut marked = false;
    let mut anchored = !read.anchors.is_empty();
    let mut message = String::new();
    for _ in 0..ROUNDS {
        let draft = Draft::write(read, conversion, &given_up, (marked, anchored));
        if !marked && !draft.is_of(conversion) {
            marked = true;
            continue;
        }
        match draft.check(&read.decoded.test) {
            Ok(content) => return Ok((content, draft.into_notes())),
            Err(_) if anchored => anchored = false,
            Err(differences) => {
                message = differences.message;
                given_up.extend(differences.steps);
            }
        }
    }
    Err(ConvertError::Unfaithful(message))
}

impl Conversion {
    /// The conversion with its layout.
    fn checked(self) -> Result<Self, ConvertError> {
        let layout = match (self.format, self.layout) {
            (TestFormat::NaturalLanguage, ConversionLayout::Unspecified) => ConversionLayout::Text,
            (TestFormat::NaturalLanguage, layout) => layout,
            (_, ConversionLayout::Text) => {
                let message = "only natural language is laid out as text";
                return Err(ConvertError::Unsupported(message));
            }
            (_, ConversionLayout::Unspecified) => ConversionLayout::Yaml,
            (_, layout) => layout,
        };
        match self.format {
            TestFormat::Canonical
            | TestFormat::Simplified
            | TestFormat::Compact
            | TestFormat::Extended
            | TestFormat::NaturalLanguage => Ok(Self { layout, ..self }),
            _ => Err(ConvertError::Unsupported(
                "a file is written as canonical, simplified, compact, extended or natural language",
            )),
        }
    }
}

impl ConvertError {
    /// The reason, as errors of the service have one.
    pub fn reason(&self) -> ErrorReason {
        match self {
            Self::Mistakes(_) => ErrorReason::TestInvalid,
            Self::Unsupported(_) => ErrorReason::InvalidRequest,
            Self::Unfaithful(_) => ErrorReason::Internal,
        }
    }
}
