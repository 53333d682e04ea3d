//! A thousand watchers of one run.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};
use etude::v1::run_event::Payload;
use etude::v1::run_service_client::RunServiceClient;
use etude::v1::{CancelRunRequest, CreateRunRequest, RunEvent, Step, WatchRunRequest};
use futures::future::try_join_all;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use crate::etude_server::EtudeServer;
use crate::machine::resident_kib;
use crate::runs::{spec, wait};
use crate::stats::{Line, percentile};

const WATCHERS: usize = 1000;
const WATCHERS_PER_CONNECTION: usize = 100;
const EVENTS: usize = 1000;
/// A step has two events, so this pace makes 100 events a second.
const STEP: Duration = Duration::from_millis(20);

/// Latency and loss with a live run, memory with a quiet one.
pub(crate) async fn measure(binary: &Path) -> Result<Vec<Line>> {
    let settings = [("ETUDE_BROWSER__WARM", "1")];
    let server = EtudeServer::start(&binary.to_path_buf(), &settings).await?;
    let channels = channels(&server).await?;
    let memory = idle_memory(&server, &channels).await?;
    let (latencies, delivered) = live(&channels).await?;
    server.stop().await?;
    let p99 = percentile(&latencies, 0.99);
    let expected = (WATCHERS * (EVENTS + LIFECYCLE_EVENTS)) as u64;
    Ok(vec![
        Line::new(
            "1000 watchers at 100 events/s, publish to receive, p99",
            format!("{p99:.1} ms (median {:.1} ms)", percentile(&latencies, 0.5)),
            "≤ 50 ms",
            p99 <= 50.0,
        ),
        Line::new(
            "events lost, repeated or out of order",
            format!("{} of {expected}", expected.abs_diff(delivered)),
            "0",
            expected == delivered,
        ),
        Line::new(
            "memory of an idle watcher",
            format!("{memory:.1} KiB"),
            "≤ 8 KiB",
            memory <= 8.0,
        ),
    ])
}

/// Run queued, started and finished; row and checkpoint started and finished.
const LIFECYCLE_EVENTS: usize = 7;

async fn channels(server: &EtudeServer) -> Result<Vec<Channel>> {
    try_join_all((0..WATCHERS / WATCHERS_PER_CONNECTION).map(|_| server.channel())).await
}

async fn idle_memory(server: &EtudeServer, channels: &[Channel]) -> Result<f64> {
    let name = create(&channels[0], vec![wait(Duration::from_secs(60))]).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = resident_kib(server.pid())?;
    let watchers = watch_all(channels, &name);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = resident_kib(server.pid())?;
    let mut client = RunServiceClient::new(channels[0].clone());
    client
        .cancel_run(CancelRunRequest {
            name,
            ..Default::default()
        })
        .await?;
    for watcher in watchers {
        watcher.await??;
    }
    Ok(after.saturating_sub(before) as f64 / WATCHERS as f64)
}

async fn live(channels: &[Channel]) -> Result<(Vec<f64>, u64)> {
    let name = create(&channels[0], vec![wait(STEP); EVENTS / 2]).await?;
    let mut latencies = Vec::new();
    let mut delivered = 0;
    for watcher in watch_all(channels, &name) {
        let seen = watcher.await??;
        delivered += seen.events;
        latencies.extend(seen.latencies);
    }
    Ok((latencies, delivered))
}

async fn create(channel: &Channel, steps: Vec<Step>) -> Result<String> {
    let mut client = RunServiceClient::new(channel.clone());
    let request = CreateRunRequest {
        spec: Some(spec(steps)),
        ..CreateRunRequest::default()
    };
    let run = client.create_run(request).await?.into_inner().run;
    Ok(run.context("the server returned no run")?.name)
}

#[derive(Default)]
struct Seen {
    events: u64,
    latencies: Vec<f64>,
}

fn watch_all(channels: &[Channel], name: &str) -> Vec<JoinHandle<Result<Seen>>> {
    let one = |index: usize| {
        let channel = channels[index / WATCHERS_PER_CONNECTION].clone();
        tokio::spawn(watch(channel, name.to_owned()))
    };
    (0..WATCHERS).map(one).collect()
}

async fn watch(channel: Channel, name: String) -> Result<Seen> {
    let mut client = RunServiceClient::new(channel);
    let request = WatchRunRequest {
        name,
        after_sequence: 0,
    };
    let mut stream = client.watch_run(request).await?.into_inner();
    let mut seen = Seen::default();
    while let Some(message) = stream.message().await? {
        let now = SystemTime::now();
        for event in &message.events {
            seen.events += 1;
            ensure!(
                event.sequence as u64 == seen.events,
                "sequence {} came out of order",
                event.sequence
            );
            if let Some(latency) = latency_of_step(event, now) {
                seen.latencies.push(latency);
            }
        }
    }
    Ok(seen)
}

/// Milliseconds since a step event happened. Events of the run's begin are older than their watchers
/// and do not count.
fn latency_of_step(event: &RunEvent, now: SystemTime) -> Option<f64> {
    const WARM_UP_EVENTS: i64 = 100;
    let step = matches!(
        event.payload,
        Some(Payload::StepStarted(_) | Payload::StepFinished(_))
    );
    let time = SystemTime::try_from(event.event_time?).ok()?;
    let latency = now.duration_since(time).ok()?.as_secs_f64() * 1000.0;
    (step && event.sequence > WARM_UP_EVENTS).then_some(latency)
}
