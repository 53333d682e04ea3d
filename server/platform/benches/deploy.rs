//! How long a test of 500 steps takes to a platform that is 20 ms away.
//!
//! `make bench-platform` runs it against the local platform, over a real socket, with the delay before
//! every answer.

#![allow(missing_docs)]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use etude::v1;
use etude_platform::client::{Client, ClientOptions};
use etude_platform::deploy::{Deployment, deploy};
use etude_platform::local::{Local, Options, router};
use etude_store::SqliteStore;
use secrecy::SecretString;

type Outcome<T> = Result<T, Box<dyn Error>>;

const STEPS: usize = 500;
const DELAY: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() -> Outcome<()> {
    // `cargo test --benches` only asks whether it is there.
    if !std::env::args().any(|word| word == "--bench") {
        return Ok(());
    }
    for checkpoints in [50, 10, 5] {
        let folder = tempfile::tempdir()?;
        let store = SqliteStore::open(etude_store::Options::new(folder.path())).await?;
        let client = client(upstream(Arc::new(store)).await?)?;
        let deployment = Deployment {
            test: test(checkpoints, STEPS / checkpoints),
            project: "Shop".to_owned(),
            goal: "Web".to_owned(),
            ..Deployment::default()
        };
        let start = Instant::now();
        let deployed = deploy(&client, &deployment, |_| ()).await?;
        let first = start.elapsed();
        let start = Instant::now();
        deploy(&client, &deployment, |_| ()).await?;
        println!(
            "{STEPS} steps in {checkpoints} checkpoints, {DELAY:?} away: {first:.2?} for {} \
             changes, {:.2?} for none",
            deployed.changes,
            start.elapsed()
        );
    }
    Ok(())
}

/// A test of so many checkpoints with so many steps each.
fn test(checkpoints: usize, steps: usize) -> v1::Test {
    let step = |number: usize| {
        let click = v1::Click {
            target: Some(v1::Target::hint(format!("Button {number}"))),
            ..Default::default()
        };
        v1::Step {
            command: Some(click.into()),
            ..Default::default()
        }
    };
    let checkpoint = |number: usize| v1::Checkpoint {
        name: format!("Checkpoint {number}"),
        steps: (0..steps).map(step).collect(),
        ..Default::default()
    };
    v1::Test {
        name: "Large".to_owned(),
        starting_url: "https://shop.example.com/".to_owned(),
        checkpoints: (0..checkpoints).map(checkpoint).collect(),
        ..Default::default()
    }
}

fn client(address: SocketAddr) -> Outcome<Client> {
    let token = SecretString::from("token");
    let mut options = ClientOptions::new(format!("http://{address}/api"), token);
    options.organization = Some(1);
    Ok(Client::remote(options)?)
}

/// A local platform whose answers take this much longer.
async fn upstream(store: Arc<SqliteStore>) -> Outcome<SocketAddr> {
    let late = from_fn(|request: Request, next: Next| async move {
        tokio::time::sleep(DELAY).await;
        next.run(request).await
    });
    let app = router(Local::new(Options::default(), store)).layer(late);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}
