//! Files, the console and the network.

use etude::v1;
use etude::v1::command::Action;

use crate::common::Harness;
use crate::common::commands::*;
use crate::some;

#[tokio::test(flavor = "multi_thread")]
async fn sends_files() {
    let mut harness = Harness::start().await;
    let folder = tempfile::tempdir().unwrap();
    let stored = folder.path().join("0f3a");
    std::fs::write(&stored, "the content").unwrap();
    harness.open("/files.html").await;
    harness.upload(stored, "letter to Ada.txt");
    for text in ["Attachment", "Drop zone"] {
        harness
            .eval("document.getElementById('result').textContent = ''")
            .await;
        let upload = v1::UploadFile {
            target: some(text),
            file: "artifacts/0f3a".to_owned(),
        };
        harness.pass(command(Action::UploadFile(upload))).await;
        harness
            .pass(equals(css("#result"), "letter to Ada.txt: the content"))
            .await;
    }
    harness.upload(folder.path().join("absent"), "absent.txt");
    let upload = v1::UploadUrl {
        target: some("Attachment"),
        url: "https://example.com/a".to_owned(),
    };
    harness
        .error(command(Action::UploadUrl(upload)), "UPLOAD_FAILED")
        .await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receives_files() {
    let mut harness = Harness::start().await;
    harness.open("/files.html").await;
    let download = |text: &str| {
        command(Action::Download(v1::Download {
            target: some(text),
            variable: String::new(),
        }))
    };
    let execution = harness.pass(download("Get the report")).await;
    assert_eq!(execution.downloads.len(), 1);
    assert_eq!(execution.downloads[0].file_name, "report.txt");
    let content = std::fs::read_to_string(&execution.downloads[0].path).unwrap();
    assert_eq!(content, "quarterly figures");
    harness
        .error(download("Drop zone"), "DOWNLOAD_FAILED")
        .await;
    let kept = execution.downloads[0].path.clone();
    harness.close().await;
    assert!(!kept.exists(), "a closed session keeps no files");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_console_and_network() {
    let mut harness = Harness::start().await;
    harness.open("/console.html").await;
    let clean = || {
        command(Action::AssertNoConsoleErrors(
            v1::AssertNoConsoleErrors::default(),
        ))
    };
    harness.pass(clean()).await;
    harness.pass(click(hint("Log warning"))).await;
    harness.pass(clean()).await;
    harness.pass(click(hint("Log error"))).await;
    let failure = harness.fail(clean()).await;
    assert!(
        failure.message.contains("something broke"),
        "{}",
        failure.message
    );
    let ignore = v1::AssertNoConsoleErrors {
        ignore: vec!["some.*broke".to_owned()],
    };
    harness
        .pass(command(Action::AssertNoConsoleErrors(ignore)))
        .await;
    harness.pass(click(hint("Throw"))).await;
    harness.fail(clean()).await;
    harness.open("/console.html").await;
    harness.pass(clean()).await;
    // The response may come during the click or during the step after it.
    let mut network = harness.pass(click(hint("Fetch missing"))).await.network;
    network.extend(
        harness
            .pass(equals(css("#result"), "fetched"))
            .await
            .network,
    );
    let seen = network
        .iter()
        .find(|entry| entry.url.ends_with("/nothing-here"));
    let entry = seen.cloned().unwrap_or_default();
    assert_eq!(
        (entry.status, entry.method.as_str()),
        (404, "GET"),
        "{network:?}"
    );
    harness.pass(click(hint("Flood"))).await;
    let execution = harness.pass(equals(css("#result"), "flooded")).await;
    assert!(execution.console.len() <= 50);
    harness.pass(click(hint("Log warning"))).await;
    harness.close().await;
}
