mod answers;
mod chaos;
mod faults;
mod protection;
mod upstream;

use std::time::Duration;

use etude::v1::ErrorReason;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::calls::{journeys, projects, steps};
use upstream::{Reply, Upstream};

const TOKEN: &str = "0f2e-very-secret";

/// Limits under which a test need not wait.
fn quick() -> Limits {
    Limits {
        first_delay: Duration::from_millis(1),
        first_look: Duration::from_millis(1),
        ..Limits::default()
    }
}

fn client(upstream: &Upstream, limits: Limits) -> Client {
    let token = SecretString::from(TOKEN);
    let options = ClientOptions {
        limits,
        ..ClientOptions::new(format!("http://{}/api", upstream.address), token)
    };
    Client::remote(options).unwrap()
}

/// A client of a platform that always answers like this, and what it makes of that.
async fn failing(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Error {
    let upstream = Upstream::start(move |_, _| reply()).await;
    let limits = Limits {
        retries: 1,
        ..quick()
    };
    let client = client(&upstream, limits);
    client.call(projects::get(12)).await.unwrap_err()
}

/// Gives a call up once the platform has got so many requests of this method.
async fn give_up<T>(
    call: impl Future<Output = T>,
    upstream: &Upstream,
    method: &str,
    count: usize,
) {
    tokio::select! {
        _ = call => panic!("the call ended by itself"),
        () = upstream.reached(method, count) => {}
    }
}

fn item(value: Value) -> Reply {
    Reply::json(200, json!({"success": true, "item": value}))
}
