//! The server and a real Chromium.

use std::process::Command;

use etude::v1;
use etude::v1::server_service_client::ServerServiceClient;
use etude_server::Server;
use etude_server::config::Config;

use crate::support::{GUARD, connect};

const INSTALL: &str = "install Chromium and its driver: apt install chromium chromium-driver";

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// The state of the browser after it was tried.
async fn browser_of(config: Config) -> v1::ComponentStatus {
    let server = Server::start(config).await.unwrap();
    let channel = connect(&format!("http://{}", server.local_addr())).await;
    let mut client = ServerServiceClient::new(channel.clone());
    let mut sessions = v1::session_service_client::SessionServiceClient::new(channel);
    // It makes the server start a browser, whatever comes of it.
    let _ = sessions
        .create_session(v1::CreateSessionRequest::default())
        .await;
    let info = client.get_server_info(v1::GetServerInfoRequest {}).await;
    let components = info.unwrap().into_inner().components;
    server.shutdown().await;
    let browser = components.into_iter().find(|part| part.name == "browser");
    browser.unwrap()
}

#[tokio::test]
async fn as_root_the_error_names_the_option_that_chromium_needs() {
    let browser = tokio::time::timeout(GUARD, browser_of(Config::embedded()));
    let browser = browser.await.unwrap();
    match is_root() {
        true => {
            assert!(!browser.serving);
            assert!(
                browser.detail.contains("browser.no_sandbox"),
                "{}",
                browser.detail
            );
        }
        false => assert!(browser.serving, "{}; {INSTALL}", browser.detail),
    }
}

#[tokio::test]
async fn a_browser_that_is_not_there_is_told_with_what_to_install() {
    let mut config = Config::embedded();
    config.browser.path = Some("/does/not/exist/chromium".into());
    let browser = tokio::time::timeout(GUARD, browser_of(config))
        .await
        .unwrap();
    assert!(!browser.serving);
    assert!(
        browser.detail.contains("/does/not/exist/chromium"),
        "{}",
        browser.detail
    );
}
