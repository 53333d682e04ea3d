//! A WebDriver endpoint that somebody else has started: a Selenium Grid, a driver on another machine.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::Harness;
use common::commands::*;
use etude::v1;
use etude::v1::command::Action;
use etude_browser::ProtocolChoice;
use etude_engine::backend::{Backend, Health, SessionSpec};

/// A chromedriver of its own; its browsers lie where `TMPDIR` says.
struct Driver {
    process: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl Driver {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed: apt-get install -y chromium chromium-driver");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| {
                let line = line.unwrap();
                Some(
                    line.split_once("successfully on port ")?
                        .1
                        .trim_end_matches('.')
                        .to_owned(),
                )
            })
            .unwrap();
        Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            folder,
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_driver_is_used_and_left_clean() {
    let driver = Driver::start();
    let url = driver.url.clone();
    let mut harness = Harness::with(|config| config.remote_url = Some(url)).await;
    assert!(harness.session().is_bidi());
    harness.open("/plain.html").await;
    harness.pass(click(hint("Go on"))).await;
    assert_eq!(harness.result().await, "clicked");

    // The browser cannot read our files: their content is sent.
    harness.open("/files.html").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "far away").unwrap();
    harness.upload(folder.path().join("a"), "note.txt");
    let upload = v1::UploadFile {
        target: Some(hint("Attachment")),
        file: "artifacts/a".to_owned(),
    };
    harness.pass(command(Action::UploadFile(upload))).await;
    harness
        .pass(equals(css("#result"), "note.txt: far away"))
        .await;

    let browsers = || common::processes_naming(driver.folder.path()).len();
    assert!(browsers() > 1);
    harness.session.take().unwrap().close().await;
    let begun = std::time::Instant::now();
    while browsers() > 1 {
        assert!(begun.elapsed() < common::LONG, "the remote browser is left");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_driver_is_used_over_classic_too() {
    let driver = Driver::start();
    let url = driver.url.clone();
    let mut harness = Harness::with(|config| {
        config.remote_url = Some(url);
        config.protocol = ProtocolChoice::Classic;
    })
    .await;
    assert!(!harness.session().is_bidi());
    harness.open("/plain.html").await;
    harness.pass(click(hint("Go on"))).await;
    assert_eq!(harness.result().await, "clicked");
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_browsers_downloads_are_refused() {
    let driver = Driver::start();
    let url = driver.url.clone();
    let mut harness = Harness::with(|config| config.remote_url = Some(url)).await;
    harness.open("/files.html").await;
    let download = v1::Download {
        target: Some(hint("Get the report")),
        ..Default::default()
    };
    harness
        .error(command(Action::Download(download)), "COMMAND_UNSUPPORTED")
        .await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_driver_that_is_not_there_is_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let state = tempfile::tempdir().unwrap();
    let mut config = common::config(state.path());
    config.remote_url = Some(format!("http://user:secret@{free}"));
    let backend = etude_browser::BrowserBackend::open(config).unwrap();
    let Err(error) = backend.open(SessionSpec::default()).await else {
        panic!("it opened")
    };
    assert_eq!(error.reason, v1::ErrorReason::BrowserUnavailable);
    assert!(
        error.message.contains(&free.to_string()),
        "{}",
        error.message
    );
    assert!(!error.message.contains("secret"), "{}", error.message);
    assert!(matches!(*backend.health().borrow(), Health::NotServing(_)));
    backend.shutdown().await;
}
