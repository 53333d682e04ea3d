//! What the client adds to a command, and how many commands it carries at once.
//!
//! `make bench-platform` runs it against an upstream in the same process, over a real socket:
//! first without delay, beside the same request sent by reqwest alone, then with 200 ms.

#![allow(missing_docs)]

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use etude_platform::client::{Client, ClientOptions};
use etude_platform::codec;
use etude_platform::model::ParsedStep;
use secrecy::SecretString;
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Commands of the measurement without delay, and before it.
const COMMANDS: i32 = 2000;
const WARM_UP: i32 = 200;

const CLIENTS: i64 = 64;
const DELAY: Duration = Duration::from_millis(200);
const PERIOD: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Outcome<()> {
    // `cargo test --benches` only asks whether it is there.
    if !std::env::args().any(|word| word == "--bench") {
        return Ok(());
    }
    added().await?;
    throughput().await
}

/// What the client adds to one command.
async fn added() -> Outcome<()> {
    let address = upstream(Duration::ZERO).await?;
    let (client, step) = (client(address)?, step()?);
    let http = reqwest::Client::new();
    let url = format!("http://{address}/api/teststeps");
    let body = json!({"checkpointId": 1, "stepIndex": 0, "parsedStep": step}).to_string();
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    // In turns, so that both see the same machine.
    for index in 0..WARM_UP + COMMANDS {
        let start = Instant::now();
        let sent = http.post(&url).header("content-type", "application/json");
        let answer = sent.body(body.clone()).send().await?.bytes().await?;
        serde_json::from_slice::<Value>(&answer)?;
        let between = Instant::now();
        client.create_step(1, index, &step).await?;
        if index >= WARM_UP {
            bare.push(between - start);
            ours.push(between.elapsed());
        }
    }
    let (bare, ours) = (median(bare), median(ours));
    println!("no delay: reqwest alone {bare:?}, client {ours:?} (median of {COMMANDS})");
    println!("  added: {:?}", ours.saturating_sub(bare));
    Ok(())
}

/// How many commands a second 64 clients get through with an upstream that is slow.
async fn throughput() -> Outcome<()> {
    let address = upstream(DELAY).await?;
    let (client, step) = (client(address)?, step()?);
    let until = Instant::now() + PERIOD;
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|checkpoint| {
            let (client, step) = (client.clone(), step.clone());
            tokio::spawn(async move {
                let mut taken = Vec::new();
                while Instant::now() < until {
                    let start = Instant::now();
                    let index = i32::try_from(taken.len()).unwrap_or(i32::MAX);
                    client.create_step(checkpoint, index, &step).await?;
                    taken.push(start.elapsed());
                }
                Ok::<_, etude_engine::Error>(taken)
            })
        })
        .collect();
    let mut taken = Vec::new();
    for task in tasks {
        taken.extend(task.await??);
    }
    let each = taken.len() as f64 / PERIOD.as_secs_f64();
    let most = CLIENTS as f64 / DELAY.as_secs_f64();
    println!("{CLIENTS} clients, {DELAY:?}: {each:.0} commands/s of {most:.0} that are possible");
    println!("  median {:?}", median(taken));
    println!("  {:?}", client.metrics());
    Ok(())
}

fn median(mut taken: Vec<Duration>) -> Duration {
    taken.sort_unstable();
    taken.get(taken.len() / 2).copied().unwrap_or_default()
}

fn client(address: SocketAddr) -> Outcome<Client> {
    let token = SecretString::from("token");
    Ok(Client::remote(ClientOptions::new(
        format!("http://{address}/api"),
        token,
    ))?)
}

fn step() -> Outcome<ParsedStep> {
    let click = etude::v1::Click {
        target: Some(etude::v1::Target::hint("Log in")),
        ..Default::default()
    };
    let step = etude::v1::Step {
        command: Some(click.into()),
        ..Default::default()
    };
    Ok(codec::encode(&step)?)
}

/// A platform that takes this long for every answer.
async fn upstream(delay: Duration) -> Outcome<SocketAddr> {
    let added = json!({"testStep": {"id": 9001, "canonicalId": "c", "action": "CLICK",
        "meta": {"kind": "CLICK"}}, "checkpoint": {"id": 1, "steps": []}});
    let added = json!({"success": true, "item": added}).to_string();
    let create = post(move |_: String| {
        let added = added.clone();
        async move {
            tokio::time::sleep(delay).await;
            added
        }
    });
    let read = get(move |Path(id): Path<i64>| async move {
        tokio::time::sleep(delay).await;
        json!({"success": true, "item": {"id": id, "steps": []}}).to_string()
    });
    let router = Router::new()
        .route("/api/teststeps", create)
        .route("/api/testcases/{id}", read);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
