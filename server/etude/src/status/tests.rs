use etude::v1::SourceLocation;
use etude::validate::Violation;

use super::*;

fn details(error: Error) -> (Status, ErrorDetails) {
    let status = to_status(error);
    let details = status.get_error_details();
    (status, details)
}

#[test]
fn every_reason_becomes_a_status_with_one_error_info_and_a_link() {
    for reason in ErrorReason::all() {
        let (status, details) = details(Error::new(reason, "it went wrong"));
        let info = details.error_info().unwrap();
        assert_eq!(info.reason, reason.name());
        assert_eq!(info.domain, "etude.dev");
        assert_eq!(status.code(), reason.code());
        assert_eq!(
            status
                .get_error_details_vec()
                .iter()
                .filter(|detail| { matches!(detail, tonic_types::ErrorDetail::ErrorInfo(_)) })
                .count(),
            1
        );
        assert!(
            details.help().unwrap().links[0]
                .url
                .ends_with(&format!("{}.md", reason.name()))
        );
    }
}

#[test]
fn the_code_decides_which_details_there_are() {
    for reason in ErrorReason::all() {
        let (status, details) = details(Error::new(reason, "it went wrong"));
        let code = status.code();
        let retry = matches!(code, Code::ResourceExhausted | Code::Unavailable);
        assert_eq!(details.retry_info().is_some(), retry, "{reason:?}");
        let resource = matches!(code, Code::NotFound | Code::AlreadyExists);
        assert_eq!(details.resource_info().is_some(), resource, "{reason:?}");
        let precondition = code == Code::FailedPrecondition;
        assert_eq!(
            details.precondition_failure().is_some(),
            precondition,
            "{reason:?}"
        );
    }
}

#[test]
fn mistakes_of_a_file_are_violations_with_their_place() {
    let mut error = Error::new(ErrorReason::TestInvalid, "1 mistake");
    error.diagnostics.push(Diagnostic {
        reason: "UNKNOWN_KEY".into(),
        message: "`clik` has no meaning here".into(),
        suggestion: "did you mean `click`?".into(),
        location: Some(SourceLocation {
            file: "a.yaml".into(),
            line: 3,
            column: 7,
        }),
        ..Diagnostic::default()
    });
    let (_, details) = details(error);
    let violations = &details.bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "a.yaml:3:7");
    assert_eq!(
        violations[0].description,
        "UNKNOWN_KEY: `clik` has no meaning here (did you mean `click`?)"
    );
}

#[test]
fn a_status_fits_into_the_headers_of_every_client() {
    let violations = (0..1000).map(|index| Violation {
        field: format!("spec.test.checkpoints[{index}].steps"),
        rule: "required",
        description: "é".repeat(400),
    });
    let mut error = Error::violated(violations.collect());
    error.message = "ü".repeat(5000);
    error = error.with("text", "x".repeat(5000)).resource("runs/a");
    let (status, details) = details(error);
    assert!(
        status.details().len() < 5 * 1024,
        "{}",
        status.details().len()
    );
    assert!(status.message().len() <= MESSAGE_BYTES);
    let shown = details.bad_request().unwrap().field_violations.len();
    let omitted = &details.error_info().unwrap().metadata["omitted_violations"];
    assert_eq!(shown + omitted.parse::<usize>().unwrap(), 1000);
}

#[test]
fn tonics_own_errors_get_details() {
    let cases = [
        (
            Code::OutOfRange,
            "Error, decoded message length too large: found 9 bytes",
            "MESSAGE_TOO_LARGE",
            Code::ResourceExhausted,
        ),
        (
            Code::Unimplemented,
            "",
            "NOT_IMPLEMENTED",
            Code::Unimplemented,
        ),
        (
            Code::Internal,
            "failed to decode Protobuf message: x",
            "INVALID_REQUEST",
            Code::InvalidArgument,
        ),
        (
            Code::NotFound,
            "service not registered",
            "INVALID_REQUEST",
            Code::NotFound,
        ),
        (
            Code::Internal,
            "Missing request message.",
            "INTERNAL",
            Code::Internal,
        ),
    ];
    for (code, message, reason, expected) in cases {
        let status = complete(code, message);
        assert_eq!(status.code(), expected, "{message}");
        assert!(!status.message().is_empty());
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, reason);
    }
}

#[test]
fn texts_are_cut_between_characters() {
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(cut("ääää", 6), "ä…");
}
