//! What holds for any input. The tests call it with generated files; a fuzzer can as well:
//! `fuzz_target!(|data: &[u8]| etude_language::fuzz::check(data));`

use etude::v1::{Diagnostic, DocumentFormat, Severity};

/// Parses and prints `content`, and checks what must hold whatever it is.
///
/// # Panics
///
/// Something does not hold: that is a defect of this crate.
pub fn check(content: &[u8]) {
    let parsed = crate::parse("fuzz.yaml", content);
    let errors = |d: &Diagnostic| d.severity == Severity::Error as i32;
    assert_eq!(parsed.test.is_none(), parsed.diagnostics.iter().any(errors));
    assert!(parsed.diagnostics.len() <= 1000);
    let mut last = (0, 0);
    for diagnostic in &parsed.diagnostics {
        assert!(!diagnostic.message.is_empty() && !diagnostic.reason.is_empty());
        assert!(diagnostic.length > 0);
        assert!(diagnostic.source_line.chars().count() <= 512);
        let place = diagnostic.location.clone().unwrap_or_default();
        assert!(place.line > 0 && place.column > 0, "{diagnostic:?}");
        assert!(last <= (place.line, place.column), "{diagnostic:?}");
        last = (place.line, place.column);
    }
    let Some(test) = parsed.test else {
        return;
    };
    assert!(!crate::validate_test(&test).iter().any(errors));
    for format in [DocumentFormat::Yaml, DocumentFormat::Json] {
        let printed = crate::format_document("fuzz.yaml", content, format);
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

/// The test without the places of its steps.
pub(crate) fn without_places(mut test: etude::v1::Test) -> etude::v1::Test {
    let checkpoints = test.checkpoints.iter_mut().flat_map(|c| &mut c.steps);
    let outer = test.setup.iter_mut().chain(&mut test.teardown);
    for step in outer.chain(checkpoints) {
        forget_place(step);
    }
    test
}

fn forget_place(step: &mut etude::v1::Step) {
    step.location = None;
    let inner = step.block.as_mut().map(etude::v1::Block::steps_mut);
    inner.into_iter().flatten().for_each(forget_place);
}
