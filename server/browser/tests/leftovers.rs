//! Nothing of a session survives it: not in the next session, not on the machine.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::commands::*;
use common::{Harness, LONG};
use etude_browser::BrowserBackend;
use etude_engine::backend::{Backend, Health, SessionSpec};

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_session_leaves_no_process_and_no_folder() {
    for harness in [Harness::start().await, Harness::classic().await] {
        let mut harness = harness;
        harness.open("/plain.html").await;
        assert!(!harness.browser_processes().is_empty());
        let state = harness.state_dir().to_path_buf();
        harness.session.take().unwrap().close().await;
        assert_eq!(harness.browser_processes(), Vec::<i32>::new());
        assert_eq!(files_below(&state), Vec::<String>::new());
        harness.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_session_leaves_nothing_either() {
    let mut harness = Harness::start().await;
    drop(harness.session.take());
    harness.until_gone().await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_opening_leaves_nothing() {
    let mut harness = Harness::start().await;
    harness.session.take().unwrap().close().await;
    for delay in [20, 150, 400] {
        let opening = harness.backend.open(SessionSpec::default());
        let _ = tokio::time::timeout(Duration::from_millis(delay), opening).await;
    }
    harness.until_gone().await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_ends_the_browsers_of_open_sessions() {
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    harness.backend.shutdown().await;
    assert_eq!(harness.browser_processes(), Vec::<i32>::new());
    assert_eq!(files_below(harness.state_dir()), Vec::<String>::new());
    harness.error(click(hint("Go on")), "BROWSER_CRASHED").await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_session_in_a_browser_sees_nothing_of_the_last() {
    let mut harness = Harness::with(|config| config.warm = 1).await;
    let visit = "document.cookie = 'left=over; max-age=1000'; localStorage.setItem('left', 'over'); \
                 sessionStorage.setItem('left', 'over'); indexedDB.open('left');";
    let visit = etude::v1::ExecuteScript {
        script: visit.to_owned(),
        ..Default::default()
    };
    let look = "[document.cookie, localStorage.length, sessionStorage.length]";
    harness.open("/files.html").await;
    harness
        .pass(command(etude::v1::command::Action::ExecuteScript(visit)))
        .await;
    assert_eq!(
        harness.eval(look).await,
        serde_json::json!(["left=over", 1, 1])
    );
    let download = etude::v1::Download {
        target: Some(hint("Get the report")),
        variable: String::new(),
    };
    let download = command(etude::v1::command::Action::Download(download));
    let kept = harness.pass(download).await.downloads[0].path.clone();
    harness.pass(navigate("/tabs.html")).await;
    harness.pass(click(hint("Open plain"))).await;
    let before = harness.browser_processes().len();

    harness.session.take().unwrap().close().await;
    assert!(!kept.exists());
    harness.session = Some(harness.backend.open(SessionSpec::default()).await.unwrap());
    assert!(
        harness.browser_processes().len() <= before + 2,
        "the browser was not used again"
    );
    harness.open("/files.html").await;
    assert_eq!(harness.eval(look).await, serde_json::json!(["", 0, 0]));
    assert_eq!(
        harness
            .eval("indexedDB.databases().then((list) => list.length)")
            .await,
        0
    );
    assert_eq!(harness.session().state().await.tabs.len(), 1);
    let execution = harness.pass(exists(hint("Attachment"))).await;
    assert!(execution.downloads.is_empty() && execution.network.is_empty());
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_browser_that_dies_is_replaced() {
    let mut harness = Harness::with(|config| config.warm = 1).await;
    harness.session.take().unwrap().close().await;
    harness.kill_browsers();
    harness.session = Some(harness.backend.open(SessionSpec::default()).await.unwrap());
    harness.open("/plain.html").await;
    harness.pass(click(hint("Go on"))).await;
    harness.close().await;
}

/// Plays a server that is killed: the process that owns the browsers is this test, started again
/// with a name that makes it open a session and then be killed.
#[tokio::test(flavor = "multi_thread")]
async fn the_next_start_ends_what_a_killed_server_has_left() {
    let state = tempfile::tempdir().unwrap();
    let mut server = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["victim_of_a_kill", "--exact", "--ignored", "--nocapture"])
        .env("ETUDE_TEST_STATE", state.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !state.path().join("ready").exists() {
        assert!(
            begun.elapsed() < 4 * LONG,
            "the other server has not started"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(
        !common::processes_naming(state.path()).is_empty(),
        "nothing is left to be ended"
    );

    let backend = BrowserBackend::open(common::config(state.path())).unwrap();
    let mut health = backend.health();
    let _ = health.wait_for(|health| *health != Health::Starting).await;
    common::until_none_names(state.path()).await;
    assert_eq!(
        files_below(&state.path().join("drivers")),
        Vec::<String>::new()
    );
    backend.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by the_next_start_ends_what_a_killed_server_has_left"]
async fn victim_of_a_kill() {
    let state = std::env::var_os("ETUDE_TEST_STATE").unwrap();
    let backend = BrowserBackend::open(common::config(Path::new(&state))).unwrap();
    let _session = backend.open(SessionSpec::default()).await.unwrap();
    std::fs::write(Path::new(&state).join("ready"), "").unwrap();
    tokio::time::sleep(10 * LONG).await;
}

/// Names of all files and of all folders but `drivers` itself.
fn files_below(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "drivers" {
            found.push(name);
        }
        found.extend(files_below(&entry.path()));
    }
    found
}
