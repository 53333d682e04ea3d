//! A small Rust client: it drives a live session, then runs a test and shows its steps live.
//!
//! ```sh
//! etude serve &
//! etude demo --serve-shop --port 8000 &
//! cargo run --example rust-client -- http://127.0.0.1:50051 http://127.0.0.1:8000
//! ```

use std::error::Error;
use std::time::Duration;

use etude::Client;
use etude::v1::run_event::Payload;
use etude::v1::{Click, CreateSessionRequest, Outcome, RunSpec, Target};
use futures::StreamExt as _;

const LOGIN_TEST: &str = include_str!("../tests/login.yaml");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let server = arguments
        .next()
        .unwrap_or("http://127.0.0.1:50051".to_owned());
    let shop = arguments
        .next()
        .unwrap_or("http://127.0.0.1:8000".to_owned());
    let client = Client::connect(server).await?;
    println!("the search finds {}", search(&client, &shop).await?);
    println!(
        "the test ended {}",
        run_login_test(&client, &shop).await?.word()
    );
    Ok(())
}

/// Drives a browser of its own, command by command.
pub(crate) async fn search(client: &Client, shop: &str) -> Result<String, Box<dyn Error>> {
    let session = client
        .create_session(CreateSessionRequest {
            starting_url: format!("{shop}/index.html"),
            ..Default::default()
        })
        .await?;
    // Every command is a method, with the words of its natural-language form in their order …
    session
        .write("kazoo", "Search the shop")
        .await?
        .into_pass()?;
    session
        .assert_visible("Nothing here matches")
        .await?
        .into_pass()?;
    // … and a message, for whoever wants to set more than that.
    let click = Click::new(Target::role("button", "Clear the filters"));
    let call = session
        .step(click)
        .timeout(Duration::from_secs(5))
        .retries(1);
    call.await?.into_pass()?;
    let stored = session
        .store_text(Target::test_id("count"), "count")
        .await?;
    let count = stored.into_pass()?.output.and_then(|value| value.kind);
    session.close().await?;
    match count {
        Some(prost_types::value::Kind::StringValue(text)) => Ok(text),
        other => Err(format!("a text was expected, not {other:?}").into()),
    }
}

/// Runs a test file; its events arrive once and in order, even when the connection breaks.
pub(crate) async fn run_login_test(client: &Client, shop: &str) -> Result<Outcome, Box<dyn Error>> {
    let spec = RunSpec::document("login.yaml", LOGIN_TEST).base_url(shop);
    let mut events = client.run_test(spec).await?;
    let mut outcome = Outcome::Unspecified;
    while let Some(event) = events.next().await {
        match event?.payload {
            Some(Payload::StepFinished(step)) => {
                let result = step.result.unwrap_or_default();
                println!("{:<12}{}", result.outcome().word(), result.text);
            }
            Some(Payload::RunFinished(run)) => outcome = run.outcome(),
            _ => {}
        }
    }
    Ok(outcome)
}
