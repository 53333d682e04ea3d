//! What the server logs of a call, and what it never does.

#![allow(clippy::unwrap_used)]

use std::io;
use std::sync::Arc;

use etude::v1;
use etude::v1::interact_service_client::InteractServiceClient;
use etude::v1::session_service_client::SessionServiceClient;
use parking_lot::Mutex;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

#[allow(dead_code)]
#[path = "grpc/support.rs"]
mod support;

use support::Fixture;

/// Typed into a page, so it may be a password.
const CANARY: &str = "correct-horse-battery-staple";

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn write(session: &str) -> v1::WriteRequest {
    v1::WriteRequest {
        context: Some(v1::CommandContext {
            session: session.to_owned(),
            ..v1::CommandContext::default()
        }),
        write: Some(v1::Write {
            target: Some(v1::Target {
                locator: Some(v1::target::Locator::Hint(CANARY.to_owned())),
                ..v1::Target::default()
            }),
            text: CANARY.to_owned(),
            ..v1::Write::default()
        }),
    }
}

fn is_webhook(message: &str) -> bool {
    ["webhook accepted", "webhook refused"].contains(&message)
}

#[tokio::test]
async fn each_call_has_one_line_with_its_method_and_status_and_never_its_arguments() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter("debug")
        .with_writer(lines.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("HOOK"), CANARY).unwrap();
    let fixture = Fixture::start_with(|config| {
        config.secrets.folder = Some(folder.path().to_owned());
        config.platform.webhook_secret = Some("HOOK".to_owned());
    })
    .await;
    for (token, status) in [(CANARY.to_owned(), 202), (CANARY.repeat(2), 401)] {
        let address = format!("{}/webhooks/virtuoso?token={token}", fixture.url);
        let webhook = reqwest::Client::new().post(address).body(CANARY);
        assert_eq!(webhook.send().await.unwrap().status().as_u16(), status);
    }
    let session = fixture.session().await;
    let mut client = InteractServiceClient::new(fixture.channel.clone());
    client.write(write(&session)).await.unwrap();
    client.write(write("sessions/none")).await.unwrap_err();
    let mut sessions = SessionServiceClient::new(fixture.channel.clone());
    let request = v1::CreateSessionRequest {
        display_name: CANARY.repeat(100),
        ..v1::CreateSessionRequest::default()
    };
    sessions.create_session(request).await.unwrap_err();
    fixture.server.shutdown().await;

    let text = String::from_utf8(lines.0.lock().clone()).unwrap();
    assert!(!text.contains(CANARY), "an argument was logged");
    let parsed = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let parsed: Vec<Value> = parsed.collect();
    let webhooks = parsed.iter().map(|line| &line["fields"]["message"]);
    let webhooks = webhooks.filter(|message| message.as_str().is_some_and(is_webhook));
    assert_eq!(webhooks.count(), 2);
    let calls = |method: &str| -> Vec<(String, String)> {
        let ended = parsed
            .iter()
            .filter(|line| line["fields"]["millis"].is_number());
        let of_method = ended.filter(|line| line["span"]["method"] == method);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        of_method
            .map(|line| {
                (
                    text(&line["fields"]["status"]),
                    text(&line["span"]["session"]),
                )
            })
            .collect()
    };
    assert_eq!(
        calls("/etude.v1.InteractService/Write"),
        [
            ("OK".to_owned(), session.clone()),
            ("NotFound".to_owned(), "sessions/none".to_owned()),
        ]
    );
    assert_eq!(
        calls("/etude.v1.SessionService/CreateSession"),
        [
            ("OK".to_owned(), session),
            ("InvalidArgument".to_owned(), String::new()),
        ]
    );
}
