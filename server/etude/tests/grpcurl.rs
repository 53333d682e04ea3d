//! Executes every call of docs/grpcurl.md with the real grpcurl, against a real server with a real
//! browser and the bundled shop.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use axum::Router;
use etude_server::Server;
use etude_server::config::Config;
use tower_http::services::ServeDir;

const INSTALL: &str = "grpcurl is missing; install it with: \
    go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3";

/// A call of the page with the lines that its output must contain.
struct Example {
    script: String,
    expected: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut block: Option<(&str, String)> = None;
    for line in page.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(language)) => block = Some((language, String::new())),
            (Some(_), Some(_)) => match block.take().unwrap() {
                ("sh", script) => examples.push(Example {
                    script,
                    expected: Vec::new(),
                }),
                ("text", text) => {
                    let lines = text.lines().map(|line| line.trim().to_owned());
                    examples.last_mut().unwrap().expected.extend(lines);
                }
                _ => {}
            },
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    examples
}

/// The folder of grpcurl: that of the project's tools, or any of PATH.
fn grpcurl() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = vec![root().join("target/tools/bin")];
    folders.extend(std::env::split_paths(&path));
    let found = folders
        .into_iter()
        .find(|folder| folder.join("grpcurl").is_file());
    found.unwrap_or_else(|| panic!("{INSTALL}"))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Serves the shop on a free port.
async fn shop() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let files = Router::new().fallback_service(ServeDir::new(root().join("examples/shop")));
    tokio::spawn(async move { axum::serve(listener, files).await });
    format!("http://{address}")
}

async fn server() -> Server {
    let mut config = Config::embedded();
    config.browser.no_sandbox = is_root();
    let server = Server::start(config).await.unwrap();
    let url = format!("http://{}", server.local_addr());
    let channel = tonic::transport::Endpoint::from_shared(url)
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
    let request = tonic_health::pb::HealthCheckRequest::default();
    let mut states = health.watch(request).await.unwrap().into_inner();
    let serving = async { while states.message().await.unwrap().unwrap().status != 1 {} };
    let waited = tokio::time::timeout(Duration::from_secs(60), serving).await;
    assert!(
        waited.is_ok(),
        "no browser could be started; install Chromium and its driver: apt install chromium chromium-driver"
    );
    server
}

/// All scripts as one, because later ones use variables of earlier ones.
fn script(examples: &[Example], server: &str, shop: &str) -> String {
    let mut script = "set -euo pipefail\n".to_owned();
    for (index, example) in examples.iter().enumerate() {
        script.push_str(&format!("echo '=== {index}'\n"));
        script.push_str(&example.script);
    }
    script
        .replace("localhost:50051", server)
        .replace("http://127.0.0.1:8000", shop)
}

async fn run(script: String, tools: PathBuf, scratch: PathBuf) -> Output {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).unwrap();
    let work = move || {
        Command::new("bash")
            .args(["-c", &script])
            .current_dir(root())
            .env("PATH", path)
            .env("TMPDIR", scratch)
            .output()
            .unwrap()
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_the_page_works() {
    let tools = grpcurl();
    let page = std::fs::read_to_string(root().join("docs/grpcurl.md")).unwrap();
    let examples = examples(&page);
    assert!(examples.len() > 10, "{}", examples.len());
    let shop = shop().await;
    let server = server().await;
    let scratch = tempfile::tempdir().unwrap();
    let script = script(&examples, &server.local_addr().to_string(), &shop);
    let output = run(script, tools, scratch.path().to_owned()).await;
    server.shutdown().await;

    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    for (index, example) in examples.iter().enumerate() {
        let (_, answer) = text.split_once(&format!("=== {index}\n")).unwrap();
        let answer = answer.split("\n=== ").next().unwrap();
        for line in &example.expected {
            assert!(
                answer.contains(line.as_str()),
                "`{line}` is not in the answer of:\n{}\nbut this is:\n{answer}\n{errors}",
                example.script
            );
        }
    }
}
