//! Prints tests in the canonical form, as YAML or JSON.

pub(crate) mod block;
pub(crate) mod command;
pub(crate) mod comments;
pub(crate) mod document;
pub(crate) mod json;
mod record;
mod scalar;
pub(crate) mod test;
pub(crate) mod yaml;

use etude::v1::{self, Diagnostic, DocumentFormat, Severity};

use crate::Brought;

/// Why a test cannot be printed: its mistakes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the test has mistakes: {}", first(.diagnostics))]
pub struct FormatError {
    /// The mistakes, all of severity error.
    pub diagnostics: Vec<Diagnostic>,
}

fn first(diagnostics: &[Diagnostic]) -> &str {
    diagnostics.first().map_or("", |d| d.message.as_str())
}

/// Prints a test in the canonical form: short forms where they carry everything, no defaults, one
/// order of keys. Parsing the result gives the same test, the places of its steps excepted.
///
/// # Errors
///
/// The test has mistakes (see [`crate::validate_test`]), or a data row has a variable called
/// `_name`, which a file cannot spell.
pub fn format(test: &v1::Test, format: DocumentFormat) -> Result<String, FormatError> {
    let mut diagnostics = crate::validate_test(test);
    diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error as i32);
    diagnostics.extend(test::unprintable(test));
    if !diagnostics.is_empty() {
        return Err(FormatError { diagnostics });
    }
    let document = test::document(test);
    Ok(match format {
        DocumentFormat::Json => json::print(&document),
        DocumentFormat::Yaml | DocumentFormat::Unspecified => yaml::print(&document).into_text(),
    })
}

/// Prints a file in the canonical form. From YAML to YAML its comments are kept, and its blank
/// lines, at most one in a row; aliases and merge keys are written out.
///
/// # Errors
///
/// The file has mistakes: all of them, warnings included.
pub fn format_document(
    file_name: &str,
    content: &[u8],
    format: DocumentFormat,
) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let (source, (decoded, mistakes)) = crate::analyse(file_name, content, &Brought::default());
    let decoded = match decoded {
        Some(decoded) if !mistakes.has_errors() => decoded,
        _ => return Err(mistakes.into_diagnostics(&source)),
    };
    let document = test::document(&decoded.test);
    let text = match format {
        DocumentFormat::Json => json::print(&document),
        DocumentFormat::Yaml | DocumentFormat::Unspecified => {
            let mut page = yaml::print(&document);
            comments::keep(&source, &decoded.places, &mut page, true);
            page.into_text()
        }
    };
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests;
