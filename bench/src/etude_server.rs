//! The measured server: the release binary in a process of its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use etude::v1::session_service_client::SessionServiceClient;
use etude::v1::{CreateSessionRequest, DeleteSessionRequest, ScreenshotPolicy};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::echo::connect;

const START_LIMIT: Duration = Duration::from_secs(20);

/// A server with a data folder of its own; both go when it is dropped.
pub(crate) struct EtudeServer {
    process: Child,
    pub(crate) url: String,
    /// From the start of the process until health said SERVING.
    pub(crate) started_after: Duration,
    pub(crate) data: TempDir,
}

impl EtudeServer {
    /// Starts `binary serve` with settings given as environment variables.
    pub(crate) async fn start(binary: &PathBuf, settings: &[(&str, &str)]) -> Result<Self> {
        let data = TempDir::new()?;
        let port = free_port()?;
        let begin = Instant::now();
        let process = Command::new(binary)
            .arg("serve")
            .env("ETUDE_SERVER__LISTEN", format!("127.0.0.1:{port}"))
            .env("ETUDE_DATA_DIR", data.path())
            .env("ETUDE_BROWSER__NO_SANDBOX", "true")
            .env("ETUDE_LOG__LEVEL", "warn")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} does not start", binary.display()))?;
        let url = format!("http://127.0.0.1:{port}");
        await_serving(&url, begin).await?;
        Ok(Self {
            process,
            url,
            started_after: begin.elapsed(),
            data,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id().unwrap_or_default()
    }

    pub(crate) async fn channel(&self) -> Result<Channel> {
        connect(&self.url).await
    }

    /// Opens a session without screenshots and returns its name.
    pub(crate) async fn session(&self) -> Result<String> {
        let mut client = SessionServiceClient::new(self.channel().await?);
        let request = CreateSessionRequest {
            screenshots: ScreenshotPolicy::Never.into(),
            ..CreateSessionRequest::default()
        };
        let session = client.create_session(request).await?.into_inner().session;
        Ok(session.context("the server returned no session")?.name)
    }

    pub(crate) async fn end_session(&self, name: String) -> Result<()> {
        let mut client = SessionServiceClient::new(self.channel().await?);
        client
            .delete_session(DeleteSessionRequest {
                name,
                ..Default::default()
            })
            .await?;
        Ok(())
    }

    /// Asks the process to stop and waits, so that its browsers are gone before the next one.
    pub(crate) async fn stop(mut self) -> Result<()> {
        Command::new("kill")
            .arg(self.pid().to_string())
            .status()
            .await?;
        self.process.wait().await?;
        Ok(())
    }
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}

async fn await_serving(url: &str, begin: Instant) -> Result<()> {
    while begin.elapsed() < START_LIMIT {
        if let Ok(channel) = connect(url).await
            && let Ok(answer) = HealthClient::new(channel)
                .check(HealthCheckRequest::default())
                .await
            && answer.into_inner().status() == ServingStatus::Serving
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bail!("the server did not become SERVING within {START_LIMIT:?}")
}
