//! The local platform: `etude serve --platform-port`, used as docs/platform.md shows.

use std::process::Command;

use crate::support::{Running, Shop, root, run, sandbox, word};

/// A server with the platform's port.
fn serving(rest: &[&str]) -> (Running, String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--platform-port", "0"];
    arguments.extend(["--data-dir", folder.path().to_str().unwrap()]);
    arguments.extend(sandbox());
    arguments.extend(rest);
    let process = Running::start(arguments);
    let line = process.line_with("the local platform is at");
    let api = word(&line, "http://127.0.0.1:");
    (process, api, folder)
}

/// The commands of the page, without the first, which starts a server.
fn commands() -> String {
    let page = std::fs::read_to_string(root().join("docs/platform.md")).unwrap();
    let blocks: Vec<&str> = page
        .split("```sh\n")
        .skip(2)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(blocks.len(), 2, "the page has other commands");
    blocks.concat()
}

#[test]
fn the_commands_of_the_page_reach_a_result_in_a_real_browser() {
    for tool in ["curl", "jq"] {
        let found = Command::new(tool).arg("--version").output();
        assert!(
            found.is_ok(),
            "{tool} is missing: apt-get install -y {tool}"
        );
    }
    let shop = Shop::start();
    let (_server, api, _folder) = serving(&[]);
    let done = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &commands()])
        .env("API", &api)
        .env("SHOP", &shop.url)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    let problems = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{text}\n{problems}");
    let mut lines = text.lines();
    assert_eq!(
        (lines.next(), lines.next()),
        (Some("FINISHED"), Some("PASS")),
        "{text}"
    );
    assert_eq!(text.matches("\"outcome\": \"PASS\"").count(), 2, "{text}");
    let picture = text.split("\"screenshotFullPath\": \"").nth(1).unwrap();
    let picture = picture.split('"').next().unwrap();
    let png = Command::new("curl")
        .args(["-sS", "-f", picture])
        .output()
        .unwrap();
    assert!(
        png.status.success() && png.stdout.starts_with(b"\x89PNG"),
        "{picture}"
    );
}

#[test]
fn a_token_of_the_platform_must_be_a_secret_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let set = "platform.port_token_secret=NOT_THERE";
    let done = run([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--platform-port",
        "0",
        "--data-dir",
        path,
        "--set",
        set,
    ]);
    done.complains(
        3,
        &["platform.port_token_secret", "NOT_THERE", "CONFIG_INVALID"],
    );
}

#[test]
fn a_port_in_use_is_told_with_its_option() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let done = run([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--platform-port",
        &port,
        "--data-dir",
        path,
    ]);
    done.complains(
        3,
        &["another program listens", "platform.port", "PORT_IN_USE"],
    );
}
