//! The example client, against the real server and the real shop.

use etude::v1::Outcome;
use etude::{Client, RetryPolicy};

use crate::support::{Serving, Shop};

// Its own `main` is not called here.
#[allow(dead_code)]
#[path = "../../../../examples/rust-client/main.rs"]
mod rust_client;

#[tokio::test]
async fn the_example_client_does_what_it_says() {
    let (shop, serving) = (Shop::start(), Serving::start());
    let client = Client::builder(&serving.url)
        .retry(RetryPolicy::NEVER)
        .connect()
        .await
        .unwrap();
    let found = rust_client::search(&client, &shop.url).await.unwrap();
    assert_eq!(found, "12 products");
    let outcome = rust_client::run_login_test(&client, &shop.url)
        .await
        .unwrap();
    assert_eq!(outcome, Outcome::Pass);
}

#[tokio::test]
async fn a_watcher_takes_up_where_a_killed_server_left_off() {
    use etude::v1::{RunSpec, run_event::Payload};
    use futures::StreamExt as _;

    let shop = Shop::start();
    let mut serving = Serving::start();
    let client = Client::builder(&serving.url).connect().await.unwrap();
    let steps = "  - comment: one\n  - wait: 10m\n";
    let test = format!("name: Slow\nstarting_url: /terms.html\nsteps:\n{steps}");
    let spec = RunSpec::document("slow.yaml", test).base_url(&shop.url);
    let mut events = client.run_test(spec).await.unwrap();
    let mut sequences = Vec::new();
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        sequences.push(event.sequence);
        match event.payload {
            // The long wait has begun: the server dies and comes back at its address.
            Some(Payload::StepStarted(step)) if step.text.starts_with("wait") => {
                serving.kill_and_restart()
            }
            Some(Payload::RunFinished(run)) => {
                assert_eq!(run.outcome(), Outcome::Error);
                assert_eq!(run.failure.unwrap().reason, "SERVER_RESTARTED");
            }
            _ => {}
        }
    }
    let expected: Vec<_> = (1..=sequences.len() as i64).collect();
    assert_eq!(sequences, expected);
}
