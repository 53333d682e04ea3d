//! What holds for any input. The tests call it with generated files, `fuzz/` with those of
//! libFuzzer.

use etude::v1::{ConversionLayout, Diagnostic, DocumentFormat, Severity, TestFormat};

use crate::lint::meaning;
use crate::{ConvertError, duration, template};

/// The formats that files are converted to.
const CONVERTED: [TestFormat; 5] = [
    TestFormat::Canonical,
    TestFormat::Simplified,
    TestFormat::Compact,
    TestFormat::Extended,
    TestFormat::NaturalLanguage,
];

/// Parses and prints a file in YAML, JSON or any dialect of them, and checks what must hold
/// whatever it is.
///
/// # Panics
///
/// Something does not hold: that is a defect of this crate.
pub fn check(content: &[u8]) {
    check_file("fuzz.yaml", content);
}

/// The same for a file of statements in words.
///
/// # Panics
///
/// As [`check`].
pub fn check_statements(content: &[u8]) {
    check_file("fuzz.txt", content);
}

/// Converts a file to every format that is written: what comes out holds the test, or the notes
/// say what it does not.
///
/// # Panics
///
/// As [`check`].
pub fn check_conversions(content: &[u8]) {
    let has_test = crate::parse_alone("fuzz.yaml", content).test.is_some();
    for format in CONVERTED {
        let conversion = crate::Conversion {
            format,
            layout: ConversionLayout::Unspecified,
        };
        match crate::convert("fuzz.yaml", content, conversion) {
            Ok(_) => assert!(has_test, "{format:?} of a file that is refused"),
            Err(ConvertError::Mistakes(mistakes)) => assert!(!mistakes.is_empty()),
            Err(error) => panic!("{format:?}: {error}"),
        }
    }
}

/// Lints a file and applies the safe fixes, after which nothing is left to fix and the test is the
/// one that it was.
///
/// # Panics
///
/// As [`check`].
pub fn check_lint(content: &[u8]) {
    let levels = crate::lint::Levels::default();
    let findings = crate::lint::lint("fuzz.yaml", content, &levels);
    let diagnostics: Vec<_> = findings.into_iter().filter_map(|f| f.diagnostic).collect();
    check_diagnostics(&diagnostics);
    let errors = |d: &Diagnostic| d.severity == Severity::Error as i32;
    let before = crate::parse_alone("fuzz.yaml", content);
    assert!(before.test.is_some() || diagnostics.iter().any(errors));
    let fixed = crate::lint::fix("fuzz.yaml", content, &levels);
    if let Some(fixed) = fixed.content {
        let again = crate::lint::fix("fuzz.yaml", &fixed, &levels);
        assert_eq!(again.content, None, "{}", String::from_utf8_lossy(&fixed));
        if let Some(test) = before.test {
            let after = crate::parse_alone("fuzz.yaml", &fixed).test;
            assert_eq!(after.as_ref().map(meaning), Some(meaning(&test)));
        }
    }
}

/// Reads a file of environments.
///
/// # Panics
///
/// As [`check`].
pub fn check_environments(content: &[u8]) {
    let parsed = crate::parse_environments("fuzz.yaml", content);
    let errors = |d: &Diagnostic| d.severity == Severity::Error as i32;
    assert_eq!(
        parsed.environments.is_none(),
        parsed.diagnostics.iter().any(errors)
    );
    check_diagnostics(&parsed.diagnostics);
}

/// Scans a text for `$variables` and `${expressions}`, and checks what must hold.
///
/// # Panics
///
/// As [`check`].
pub fn check_template(text: &str) {
    let plain = template::parse(&template::escape(text)).map(|t| t.parts);
    let expected = match text {
        "" => vec![],
        _ => vec![template::Part::Text(text.to_owned())],
    };
    assert_eq!(plain, Ok(expected), "an escaped text stands for itself");
    match template::parse(text) {
        Ok(read) => {
            let texts =
                |pair: &[template::Part]| pair.iter().all(|p| matches!(p, template::Part::Text(_)));
            assert!(!read.parts.windows(2).any(texts), "{:?}", read.parts);
            assert!(read.variables().all(|name| !name.is_empty()));
        }
        Err(error) => assert!(text[error.offset..].starts_with('$'), "{error:?}"),
    }
    if let Ok(read) = duration::parse(text) {
        let printed = duration::format(&read).unwrap_or_default();
        assert_eq!(duration::parse(&printed), Ok(read), "{printed}");
    }
}

fn check_file(name: &str, content: &[u8]) {
    crate::detect(name, content);
    let text = std::str::from_utf8(content).ok();
    if let Some(repaired) = text.and_then(crate::repair) {
        assert_eq!(crate::repair(&repaired), None, "repaired once is repaired");
    }
    let parsed = crate::parse(name, content);
    let errors = |d: &Diagnostic| d.severity == Severity::Error as i32;
    assert_eq!(parsed.test.is_none(), parsed.diagnostics.iter().any(errors));
    check_diagnostics(&parsed.diagnostics);
    let Some(test) = parsed.test else {
        return;
    };
    assert!(!crate::validate_test(&test).iter().any(errors));
    for format in [DocumentFormat::Yaml, DocumentFormat::Json] {
        let printed = crate::format_document(name, content, format);
        let printed = printed.unwrap_or_default();
        let again = crate::parse("fuzz.yaml", &printed);
        // A file near the bound can be printed longer than it was.
        let too_large = |d: &Diagnostic| d.reason == "FILE_TOO_LARGE";
        if !again.diagnostics.iter().any(too_large) {
            let twice = crate::format_document("fuzz.yaml", &printed, format);
            assert_eq!(twice.as_deref(), Ok(printed.as_slice()));
            let again = again.test.map(without_places);
            assert_eq!(again, Some(without_places(test.clone())));
        }
    }
}

/// Each says what and where, in order, and there are not too many.
fn check_diagnostics(diagnostics: &[Diagnostic]) {
    assert!(diagnostics.len() <= 1000);
    let mut last = (0, 0);
    for diagnostic in diagnostics {
        assert!(!diagnostic.message.is_empty() && !diagnostic.reason.is_empty());
        assert!(diagnostic.length > 0);
        assert!(diagnostic.source_line.chars().count() <= 512);
        let place = diagnostic.location.clone().unwrap_or_default();
        assert!(place.line > 0 && place.column > 0, "{diagnostic:?}");
        assert!(last <= (place.line, place.column), "{diagnostic:?}");
        last = (place.line, place.column);
    }
}

/// The test without the places of its steps.
pub(crate) fn without_places(mut test: etude::v1::Test) -> etude::v1::Test {
    test.visit_steps_mut(&mut |step| step.location = None);
    test
}

/// Takes the place out of a step, and of those in it.
pub(crate) fn forget_place(step: &mut etude::v1::Step) {
    step.location = None;
    let inner = step.block.as_mut().map(etude::v1::Block::steps_mut);
    inner.into_iter().flatten().for_each(forget_place);
}
