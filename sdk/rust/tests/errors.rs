//! What a caller learns from an error.

use std::time::Duration;

use etude::v1::ErrorReason;
use etude::{Client, Error};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::support::status;

#[test]
fn a_status_keeps_all_its_details() {
    let mut details = ErrorDetails::new();
    details
        .set_error_info("TEST_INVALID", etude::ERROR_DOMAIN, [])
        .set_retry_info(Some(Duration::from_secs(3)))
        .add_bad_request_violation("a.yaml:3:5", "unknown key")
        .add_bad_request_violation("a.yaml:9:1", "wrong type");
    let status = Status::with_error_details(Code::InvalidArgument, "two mistakes", details);
    let error = Error::from(status);
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(error.reason(), Some(ErrorReason::TestInvalid));
    assert_eq!(error.message(), "two mistakes");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    assert_eq!(error.violations().len(), 2);
    assert_eq!(error.violations()[1].field, "a.yaml:9:1");
    assert_eq!(
        error.to_string(),
        "two mistakes; a.yaml:3:5: unknown key; a.yaml:9:1: wrong type [TEST_INVALID]"
    );
    assert!(!error.is_transient());
}

#[test]
fn only_what_passes_by_itself_is_transient() {
    let transient = |status: Status| Error::from(status).is_transient();
    assert!(transient(status(
        Code::Unavailable,
        "SERVER_SHUTDOWN",
        None
    )));
    assert!(transient(status(
        Code::Unavailable,
        "FROM_THE_FUTURE",
        None
    )));
    assert!(transient(Status::unavailable("a proxy")));
    assert!(transient(Status::unknown("a proxy")));
    assert!(!transient(status(
        Code::Unavailable,
        "BROWSER_UNAVAILABLE",
        None
    )));
    assert!(!transient(status(Code::Internal, "INTERNAL", None)));
    assert!(!transient(status(Code::Cancelled, "CANCELLED", None)));
    assert!(!transient(Status::unimplemented("an older server")));
    assert!(!transient(Status::permission_denied("a proxy")));
}

#[test]
fn a_reason_of_a_newer_server_is_kept_by_name() {
    let error = Error::from(status(Code::Aborted, "FROM_THE_FUTURE", None));
    assert_eq!(error.reason(), None);
    assert_eq!(error.reason_name(), Some("FROM_THE_FUTURE"));
}

#[tokio::test]
async fn nobody_listening_is_said_with_the_address_and_a_remedy() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = Client::connect(address.to_string()).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::ServerUnreachable));
    assert_eq!(error.code(), Code::Unavailable);
    let message = error.message();
    assert!(message.contains(&address.to_string()), "{message}");
    assert!(message.contains("refused"), "{message}");
    assert!(message.contains("etude serve"), "{message}");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_before_connecting() {
    for url in ["", "http://", "https://", "ftp://localhost:1", "a b"] {
        let error = Client::connect(url).await.unwrap_err();
        assert_eq!(error.reason(), Some(ErrorReason::InvalidRequest), "{url}");
        assert!(error.message().contains("http://HOST:PORT"), "{error}");
    }
}

#[test]
fn a_connection_that_broke_in_the_middle_of_a_call_is_said_so() {
    let broken = std::io::Error::other("broken pipe");
    let error = Error::from(Status::from_error(Box::new(broken)));
    assert_eq!(error.reason(), Some(ErrorReason::ServerUnreachable));
    assert!(error.is_transient());
    let message = error.message();
    assert!(
        message.contains("broke before it had answered"),
        "{message}"
    );
    assert!(message.contains("broken pipe"), "{message}");
}
