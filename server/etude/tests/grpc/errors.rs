//! Errors carry what a caller needs.

use bytes::Bytes;
use etude::v1::command_service_client::CommandServiceClient;
use etude::v1::run_service_client::RunServiceClient;
use etude::v1::session_service_client::SessionServiceClient;
use etude::v1::test_service_client::TestServiceClient;
use etude::v1::{self, ErrorReason};
use tonic::Code;
use tonic::codec::CompressionEncoding;

use crate::support::{Fixture, call, expect, reason};

#[tokio::test]
async fn what_is_missing_is_named_with_its_kind() {
    let fixture = Fixture::start().await;
    let mut sessions = SessionServiceClient::new(fixture.channel.clone());
    let name = "sessions/none".to_owned();
    let status = sessions
        .get_session(v1::GetSessionRequest { name })
        .await
        .unwrap_err();
    let details = expect(&status, ErrorReason::SessionNotFound);
    let resource = details.resource_info().unwrap();
    assert_eq!(resource.resource_type, "etude.dev/Session");
    assert_eq!(resource.resource_name, "sessions/none");

    let mut commands = CommandServiceClient::new(fixture.channel.clone());
    let name = "commands/interact/clik".to_owned();
    let status = commands
        .get_command(v1::GetCommandRequest { name })
        .await
        .unwrap_err();
    expect(&status, ErrorReason::CommandNotFound);
    assert!(
        status.message().contains("commands/interact/click"),
        "{status:?}"
    );
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_link_leads_to_the_page_of_the_reason() {
    let fixture = Fixture::start().await;
    let mut runs = RunServiceClient::new(fixture.channel.clone());
    let name = "runs/none".to_owned();
    let status = runs.get_run(v1::GetRunRequest { name }).await.unwrap_err();
    let details = expect(&status, ErrorReason::RunNotFound);
    let link = &details.help().unwrap().links[0];
    assert!(
        link.url.ends_with("/docs/errors/RUN_NOT_FOUND.md"),
        "{}",
        link.url
    );
    assert_eq!(link.description, "etude explain RUN_NOT_FOUND");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn mistakes_of_a_file_are_violations_with_file_line_and_column() {
    let fixture = Fixture::start().await;
    let mut tests = TestServiceClient::new(fixture.channel.clone());
    let content = "name: A\ncheckpoints:\n  - name: B\n    steps:\n      - clik: Log in\n";
    let document = v1::TestDocument {
        file_name: "a.yaml".to_owned(),
        content: content.into(),
        files: Vec::new(),
    };
    let request = v1::CompileRequest {
        document: Some(document.clone()),
        ..v1::CompileRequest::default()
    };
    let status = tests.compile(request).await.unwrap_err();
    let details = expect(&status, ErrorReason::TestInvalid);
    let violation = &details.bad_request().unwrap().field_violations[0];
    assert_eq!(violation.field, "a.yaml:5:9");
    assert!(
        violation.description.contains("click"),
        "{}",
        violation.description
    );

    let request = v1::ValidateRequest {
        document: Some(document),
        ..v1::ValidateRequest::default()
    };
    let answer = tests.validate(request).await.unwrap().into_inner();
    assert!(!answer.valid);
    assert_eq!(answer.diagnostics[0].reason, "UNKNOWN_COMMAND");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_file_is_checked_for_an_environment() {
    let fixture = Fixture::start().await;
    let mut tests = TestServiceClient::new(fixture.channel.clone());
    let document = v1::TestDocument {
        file_name: "a.yaml".to_owned(),
        content: "name: A\nsteps:\n  - log: $user $token\n".into(),
        files: Vec::new(),
    };
    let user = v1::EnvironmentVariable {
        name: "user".to_owned(),
        source: None,
    };
    let environment = v1::Environment {
        name: "staging".to_owned(),
        variables: vec![user],
    };
    let request = v1::ValidateRequest {
        document: Some(document.clone()),
        environment: Some(environment.clone()),
    };
    let answer = tests.validate(request).await.unwrap().into_inner();
    let request = v1::CompileRequest {
        document: Some(document),
        environment: Some(environment),
    };
    let compiled = tests.compile(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics, compiled.diagnostics);
    let messages: Vec<_> = answer.diagnostics.iter().map(|d| &d.message).collect();
    let expected = "nothing sets the variable \"$token\" before this, and the environment \
                    \"staging\" does not have it";
    assert_eq!(messages, [expected]);
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn the_format_of_a_file_is_told_and_the_file_compiled() {
    let fixture = Fixture::start().await;
    let mut tests = TestServiceClient::new(fixture.channel.clone());
    let document = v1::TestDocument {
        file_name: "a.yaml".to_owned(),
        content: "test: A\ndo:\n  - c: Log in\n".into(),
        files: Vec::new(),
    };
    let request = v1::DetectFormatRequest {
        document: Some(document.clone()),
    };
    let found = tests.detect_format(request).await.unwrap().into_inner();
    assert_eq!(found.format(), v1::TestFormat::Compact);
    assert_eq!((found.confidence, found.evidence.len()), (100, 3));
    let request = v1::CompileRequest {
        document: Some(document),
        ..v1::CompileRequest::default()
    };
    let compiled = tests.compile(request).await.unwrap().into_inner();
    assert_eq!(compiled.test.unwrap().name, "A");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_file_is_converted_and_what_is_lost_is_told() {
    let fixture = Fixture::start().await;
    let mut tests = TestServiceClient::new(fixture.channel.clone());
    let mut request = v1::ConvertRequest {
        document: Some(v1::TestDocument {
            file_name: "a.yaml".to_owned(),
            content: "name: A\nsteps:\n  - click: Log in\n  - wait_network_idle: 2s\n".into(),
            files: Vec::new(),
        }),
        format: v1::TestFormat::Compact.into(),
        ..v1::ConvertRequest::default()
    };
    let done = tests.convert(request.clone()).await.unwrap().into_inner();
    let content = String::from_utf8(done.content.to_vec()).unwrap();
    assert!(
        content.starts_with("test: A\ndo:\n  - c: Log in\n"),
        "{content}"
    );
    assert_eq!(done.source_format(), v1::TestFormat::Canonical);
    let [note] = done.notes.as_slice() else {
        panic!("{:?}", done.notes);
    };
    assert_eq!(note.kind(), v1::ConversionNoteKind::Loss);
    assert_eq!(note.field, "checkpoints[0].steps[1]");
    assert_eq!(note.location.clone().unwrap().line, 4);

    // Other formats are read and not written.
    request.format = v1::TestFormat::Journey.into();
    let status = tests.convert(request.clone()).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    request.format = v1::TestFormat::Canonical.into();
    request.layout = v1::ConversionLayout::Text.into();
    let status = tests.convert(request.clone()).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    request.layout = v1::ConversionLayout::Yaml.into();
    request.document = Some(v1::TestDocument {
        file_name: "a.yaml".to_owned(),
        content: "name: A\nsteps:\n  - clik: Log in\n".into(),
        files: Vec::new(),
    });
    let status = tests.convert(request).await.unwrap_err();
    assert!(status.message().contains("clik"), "{}", status.message());
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_by_its_reason() {
    let fixture = Fixture::start().await;
    let mut tests = TestServiceClient::new(fixture.channel.clone());
    let request = v1::FormatRequest {
        source: Some(v1::format_request::Source::Document(v1::TestDocument {
            file_name: "a.yaml".to_owned(),
            content: vec![b' '; 2 * 1024 * 1024].into(),
            files: Vec::new(),
        })),
        format: 0,
    };
    let status = tests.format(request.clone()).await.unwrap_err();
    let details = expect(&status, ErrorReason::MessageTooLarge);
    assert!(details.retry_info().is_some());
    // Small on the wire, large when it is unpacked.
    let mut packing = tests.send_compressed(CompressionEncoding::Gzip);
    let status = packing.format(request).await.unwrap_err();
    assert_ne!(status.code(), Code::Ok);
    reason(&status);
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn what_the_server_cannot_read_is_refused_by_its_reason() {
    let fixture = Fixture::start().await;
    let garbage = Bytes::from_static(&[0xff; 16]);
    let path = "/etude.v1.RunService/GetRun";
    let status = call(fixture.channel.clone(), path, garbage)
        .await
        .unwrap_err();
    expect(&status, ErrorReason::InvalidRequest);
    for path in ["/etude.v1.RunService/Nothing", "/etude.v1.Nothing/GetRun"] {
        let status = call(fixture.channel.clone(), path, Bytes::new()).await;
        expect(&status.unwrap_err(), ErrorReason::NotImplemented);
    }
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn both_compressions_work_both_ways() {
    let fixture = Fixture::start().await;
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut commands = CommandServiceClient::new(fixture.channel.clone())
            .send_compressed(encoding)
            .accept_compressed(encoding);
        let request = v1::ListCommandsRequest {
            page_size: 200,
            ..v1::ListCommandsRequest::default()
        };
        let response = commands.list_commands(request).await.unwrap();
        let used = response.metadata().get("grpc-encoding").unwrap();
        assert_eq!(used, &format!("{encoding}"));
        assert!(response.into_inner().total_size > 90);
    }
    fixture.server.shutdown().await;
}
