//! Creating runs: how soon they are accepted, how soon they begin, how many a second.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use etude::v1::run_event::Payload;
use etude::v1::run_service_client::RunServiceClient;
use etude::v1::{
    Checkpoint, Comment, CreateRunRequest, RunSpec, RunTestRequest, Step, Test, WaitTime, run_spec,
};
use futures::future::try_join_all;
use tonic::transport::Channel;

use crate::etude_server::EtudeServer;
use crate::machine::fsync_millis;
use crate::stats::{Line, median, millis};

const CONNECTIONS: usize = 4;
const CALLS_PER_CONNECTION: usize = 32;
const SECONDS: f64 = 4.0;

/// Acceptance and throughput on a server whose only browser is busy, so that nothing but the
/// acceptance is measured.
pub(crate) async fn accept(binary: &Path) -> Result<Vec<Line>> {
    let settings = [
        ("ETUDE_RUNS__MAX_PARALLEL", "1"),
        ("ETUDE_RUNS__MAX_QUEUED", "10000000"),
    ];
    let server = EtudeServer::start(&binary.to_path_buf(), &settings).await?;
    occupy_the_browser(server.channel().await?).await?;
    let latency = create_latency(server.channel().await?).await?;
    let rate = create_rate(&server).await?;
    let fsync = fsync_millis(server.data.path())?;
    server.stop().await?;
    Ok(vec![
        Line::new(
            "CreateRun accepted, median",
            format!("{latency:.2} ms"),
            "< 5 ms",
            latency < 5.0,
        ),
        Line::new(
            "CreateRun acknowledged durably",
            format!("{rate:.0}/s (fsync of the disk {fsync:.2} ms)"),
            "≥ 3000/s",
            rate >= 3000.0,
        ),
    ])
}

async fn occupy_the_browser(channel: Channel) -> Result<()> {
    let request = RunTestRequest {
        spec: Some(spec(vec![wait(Duration::from_secs(600))])),
        ..RunTestRequest::default()
    };
    let mut events = RunServiceClient::new(channel)
        .run_test(request)
        .await?
        .into_inner();
    while let Some(message) = events.message().await? {
        let mut payloads = message
            .events
            .iter()
            .filter_map(|event| event.payload.as_ref());
        if payloads.any(|payload| matches!(payload, Payload::StepStarted(_))) {
            return Ok(());
        }
    }
    anyhow::bail!("the run that should keep the browser busy ended")
}

async fn create_latency(channel: Channel) -> Result<f64> {
    const CALLS: usize = 300;
    let mut client = RunServiceClient::new(channel);
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let start = Instant::now();
        client.create_run(create_request()).await?;
        times.push(millis(start.elapsed()));
    }
    Ok(median(&times))
}

async fn create_rate(server: &EtudeServer) -> Result<f64> {
    let deadline = Instant::now() + Duration::from_secs_f64(SECONDS);
    let mut callers = Vec::new();
    for _ in 0..CONNECTIONS {
        let channel = server.channel().await?;
        callers.extend((0..CALLS_PER_CONNECTION).map(|_| create_until(deadline, channel.clone())));
    }
    let start = Instant::now();
    let created: u64 = try_join_all(callers).await?.iter().sum();
    Ok(created as f64 / start.elapsed().as_secs_f64())
}

async fn create_until(deadline: Instant, channel: Channel) -> Result<u64> {
    let mut client = RunServiceClient::new(channel);
    let mut created = 0;
    while Instant::now() < deadline {
        client.create_run(create_request()).await?;
        created += 1;
    }
    Ok(created)
}

/// Time from the call of RunTest to the first step's event, with a warm pool.
pub(crate) async fn first_step(binary: &Path) -> Result<Line> {
    const ROUNDS: usize = 10;
    let settings = [("ETUDE_BROWSER__WARM", "1")];
    let server = EtudeServer::start(&binary.to_path_buf(), &settings).await?;
    let mut client = RunServiceClient::new(server.channel().await?);
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..=ROUNDS {
        // Let the pool fill again; only a warm one is measured.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let time = time_to_first_step(&mut client).await?;
        if round > 0 {
            times.push(time);
        }
    }
    server.stop().await?;
    let middle = median(&times);
    let worst = times.iter().copied().fold(0.0, f64::max);
    let measured = format!("{middle:.1} ms median, {worst:.1} ms at most of {ROUNDS}");
    Ok(Line::new(
        "first step event after CreateRun, warm pool",
        measured,
        "< 100 ms",
        middle < 100.0,
    ))
}

async fn time_to_first_step(client: &mut RunServiceClient<Channel>) -> Result<f64> {
    let request = RunTestRequest {
        spec: Some(spec(vec![comment()])),
        ..RunTestRequest::default()
    };
    let start = Instant::now();
    let mut first = None;
    let mut stream = client.run_test(request).await?.into_inner();
    while let Some(message) = stream.message().await? {
        let began = |payload: &Payload| matches!(payload, Payload::StepStarted(_));
        if first.is_none()
            && message
                .events
                .iter()
                .filter_map(|e| e.payload.as_ref())
                .any(began)
        {
            first = Some(millis(start.elapsed()));
        }
    }
    first.context("the run ended without a step")
}

fn create_request() -> CreateRunRequest {
    CreateRunRequest {
        request_id: uuid::Uuid::new_v4().to_string(),
        spec: Some(spec((0..20).map(|_| comment()).collect())),
        ..CreateRunRequest::default()
    }
}

/// A run of one checkpoint.
pub(crate) fn spec(steps: Vec<Step>) -> RunSpec {
    let test = Test {
        name: "benchmark".to_owned(),
        checkpoints: vec![Checkpoint {
            steps,
            ..Checkpoint::default()
        }],
        ..Test::default()
    };
    RunSpec {
        source: Some(run_spec::Source::Test(test)),
        ..RunSpec::default()
    }
}

fn comment() -> Step {
    Step {
        command: Some(
            Comment {
                text: "nothing".to_owned(),
            }
            .into(),
        ),
        ..Step::default()
    }
}

/// A step that takes this long.
pub(crate) fn wait(time: Duration) -> Step {
    let duration = prost_types::Duration {
        seconds: time.as_secs() as i64,
        nanos: time.subsec_nanos() as i32,
    };
    Step {
        command: Some(
            WaitTime {
                duration: Some(duration),
            }
            .into(),
        ),
        ..Step::default()
    }
}
