//! Tests that name other files, over gRPC: the files come with the test or are told as missing.

use etude::v1::run_event::Payload;
use etude::v1::run_service_client::RunServiceClient;
use etude::v1::test_service_client::TestServiceClient;
use etude::v1::{self, ErrorReason, Outcome, run_spec::Source};
use etude::{Client, RetryPolicy};
use tonic::transport::Channel;

use crate::support::{Fixture, expect};

const TEST: &str = "\
name: Visit
data: data/pages.csv
imports: [../shared/blocks.yaml]
steps:
  - include: {file: open.yaml, with: {page: $page}}
  - use: say
";

/// What the test names, and what that names.
const FILES: [(&str, &str); 4] = [
    ("data/pages.csv", "page\none\ntwo\n"),
    (
        "../shared/blocks.yaml",
        "define: {say: [{comment: $page}]}\n",
    ),
    (
        "open.yaml",
        "params: [page]\nsteps:\n  - navigate: http://a.test/$page\n  - include: more/end.yaml\n",
    ),
    ("more/end.yaml", "- comment: opened\n"),
];

fn document(test: &str, files: &[(&str, &str)]) -> v1::TestDocument {
    let file = |(path, content): &(&str, &str)| v1::SourceFile {
        path: (*path).to_owned(),
        content: content.to_string().into(),
    };
    v1::TestDocument {
        file_name: "tests/visit.yaml".to_owned(),
        content: test.to_owned().into(),
        files: files.iter().map(file).collect(),
    }
}

async fn validate(channel: &Channel, document: v1::TestDocument) -> v1::ValidateResponse {
    let request = v1::ValidateRequest {
        document: Some(document),
        ..v1::ValidateRequest::default()
    };
    let mut tests = TestServiceClient::new(channel.clone());
    tests.validate(request).await.unwrap().into_inner()
}

/// The reasons and places of what is wrong.
fn told(answer: &v1::ValidateResponse) -> Vec<String> {
    let line = |diagnostic: &v1::Diagnostic| {
        let place = diagnostic.location.clone().unwrap_or_default();
        format!(
            "{} {}:{}:{}",
            diagnostic.reason, place.file, place.line, place.column
        )
    };
    answer.diagnostics.iter().map(line).collect()
}

/// How a run ends, and which pages were visited.
async fn outcome_and_pages(channel: &Channel, source: Source) -> (Outcome, Vec<String>) {
    let request = v1::RunTestRequest {
        spec: Some(v1::RunSpec {
            source: Some(source),
            ..v1::RunSpec::default()
        }),
        ..v1::RunTestRequest::default()
    };
    let mut client = RunServiceClient::new(channel.clone());
    let mut stream = client.run_test(request).await.unwrap().into_inner();
    let mut pages = Vec::new();
    let mut outcome = Outcome::Unspecified;
    while let Some(message) = stream.message().await.unwrap() {
        for event in message.events {
            match event.payload {
                Some(Payload::StepFinished(step)) => {
                    let result = step.result.unwrap_or_default();
                    let is_visit = result.text.starts_with("navigate");
                    pages.extend(is_visit.then(|| result.used_variables["page"].clone()));
                }
                Some(Payload::RunFinished(run)) => outcome = run.outcome(),
                _ => {}
            }
        }
    }
    (outcome, pages)
}

#[tokio::test]
async fn files_come_with_a_test_and_missing_ones_are_told_until_all_are_there() {
    let fixture = Fixture::start().await;
    let answer = validate(&fixture.channel, document(TEST, &[])).await;
    assert!(!answer.valid);
    let named = ["data/pages.csv", "../shared/blocks.yaml", "open.yaml"];
    assert_eq!(answer.missing_files, named);
    let expected = [
        "SOURCE_MISSING tests/visit.yaml:2:7",
        "SOURCE_MISSING tests/visit.yaml:3:11",
        "SOURCE_MISSING tests/visit.yaml:5:21",
    ];
    assert_eq!(told(&answer), expected);
    let answer = validate(&fixture.channel, document(TEST, &FILES[..3])).await;
    assert_eq!(answer.missing_files, ["more/end.yaml"]);
    assert_eq!(told(&answer), ["SOURCE_MISSING tests/open.yaml:4:14"]);
    let answer = validate(&fixture.channel, document(TEST, &FILES)).await;
    assert_eq!((answer.valid, told(&answer)), (true, Vec::new()));
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_test_with_files_is_compiled_and_run() {
    let fixture = Fixture::start().await;
    let request = v1::CompileRequest {
        document: Some(document(TEST, &FILES)),
        ..v1::CompileRequest::default()
    };
    let mut tests = TestServiceClient::new(fixture.channel.clone());
    let test = tests.compile(request).await.unwrap().into_inner().test;
    let test = test.unwrap();
    assert_eq!(test.data_rows.len(), 2);
    assert_eq!(test.data_file, "data/pages.csv");
    let files: Vec<_> = test.definitions.iter().map(|d| d.file.as_str()).collect();
    let named = ["../shared/blocks.yaml", "open.yaml", "more/end.yaml"];
    assert_eq!(files, named);
    let pages = ["one", "two"].map(str::to_owned);
    for source in [
        Source::Document(document(TEST, &FILES)),
        // What was compiled is complete.
        Source::Test(test),
    ] {
        let found = outcome_and_pages(&fixture.channel, source).await;
        assert_eq!(found, (Outcome::Pass, pages.to_vec()));
    }
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_run_is_refused_whose_test_lacks_a_file() {
    let fixture = Fixture::start().await;
    let request = v1::CreateRunRequest {
        spec: Some(document(TEST, &FILES[..3]).into()),
        ..v1::CreateRunRequest::default()
    };
    let mut runs = RunServiceClient::new(fixture.channel.clone());
    let status = runs.create_run(request).await.unwrap_err();
    let details = expect(&status, ErrorReason::TestInvalid);
    let violations = &details.bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "tests/open.yaml:4:14");
    let description = &violations[0].description;
    assert!(description.contains("more/end.yaml"), "{description}");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_server_reads_no_file_of_its_own() {
    let fixture = Fixture::start().await;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.csv");
    std::fs::write(&secret, "page\nsecret\n").unwrap();
    let secret = secret.display().to_string();
    let up = format!("{}{}", "../".repeat(40), secret.trim_start_matches('/'));
    for (path, missing) in [(&secret, vec![]), (&up, vec![up.clone()])] {
        let test = format!("name: t\ndata: {path}\nsteps: [refresh]\n");
        let answer = validate(&fixture.channel, document(&test, &[])).await;
        assert_eq!(told(&answer), ["SOURCE_MISSING tests/visit.yaml:2:7"]);
        assert_eq!(answer.missing_files, missing);
    }
    // An absolute path is none, even when the caller gives such a file.
    let test = format!("name: t\ndata: {secret}\nsteps: [refresh]\n");
    let given = document(&test, &[(&secret, "page\none\n")]);
    let answer = validate(&fixture.channel, given).await;
    assert_eq!(told(&answer), ["SOURCE_MISSING tests/visit.yaml:2:7"]);
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn files_in_a_ring_and_paths_without_a_name_are_refused() {
    let fixture = Fixture::start().await;
    let test = "name: t\nsteps:\n  - include: a.yaml\n";
    let ring = [
        ("a.yaml", "- include: b/b.yaml\n"),
        ("b/b.yaml", "- include: ../a.yaml\n"),
    ];
    let answer = validate(&fixture.channel, document(test, &ring)).await;
    assert_eq!(told(&answer), ["BLOCK_CYCLE tests/visit.yaml:3:14"]);
    let request = v1::ValidateRequest {
        document: Some(document(test, &[("", "- refresh\n")])),
        ..v1::ValidateRequest::default()
    };
    let mut tests = TestServiceClient::new(fixture.channel.clone());
    let status = tests.validate(request).await.unwrap_err();
    let details = expect(&status, ErrorReason::InvalidRequest);
    let violations = &details.bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "document.files[0].path");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn the_sdk_reads_what_a_test_names() {
    let fixture = Fixture::start().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, content: &str| {
        let path = folder.path().join("tests").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    let test = TEST.replace("../shared", "shared");
    write("visit.yaml", &test);
    for (path, content) in FILES {
        write(path.trim_start_matches("../"), content);
    }
    let client = Client::builder(&fixture.url).retry(RetryPolicy::NEVER);
    let client = client.connect().await.unwrap();
    let path = folder.path().join("tests/visit.yaml");
    let document = client.read_document(&path).await.unwrap();
    assert_eq!(document.files.len(), FILES.len());
    let answer = validate(&fixture.channel, document).await;
    assert!(answer.valid, "{:?}", told(&answer));

    std::fs::remove_file(folder.path().join("tests/more/end.yaml")).unwrap();
    let document = client.read_document(&path).await.unwrap();
    let answer = validate(&fixture.channel, document).await;
    assert_eq!(answer.missing_files, ["more/end.yaml"]);
    let error = client.read_document("none/such.yaml").await.unwrap_err();
    let message = error.message();
    assert!(
        message.starts_with("none/such.yaml cannot be read"),
        "{message}"
    );
    fixture.server.shutdown().await;
}
