//! Playwright and selenium-webdriver, each in a process of its own.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::Paths;

/// A driver that answers requests line by line; see `bench/peers/driver.mjs`.
pub(crate) struct Peer {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

#[derive(Deserialize)]
struct Answer {
    steps: Vec<f64>,
}

impl Peer {
    pub(crate) async fn start(script: PathBuf, paths: &Paths) -> Result<Self> {
        let mut process = Command::new("node")
            .arg(script)
            .args([&paths.chromium, &paths.chromedriver])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("node does not start; install Node.js 20 or newer")?;
        let input = process.stdin.take().context("no standard input")?;
        let output = process.stdout.take().context("no standard output")?;
        let mut peer = Self {
            process,
            input,
            output: BufReader::new(output).lines(),
        };
        peer.line().await?;
        Ok(peer)
    }

    /// Times of the steps that `request` asks for, in milliseconds.
    pub(crate) async fn ask(&mut self, request: &Value) -> Result<Vec<f64>> {
        self.input
            .write_all(format!("{request}\n").as_bytes())
            .await?;
        let answer: Answer = serde_json::from_str(&self.line().await?)?;
        Ok(answer.steps)
    }

    /// Ends the peer and the browser that it started.
    pub(crate) async fn stop(mut self) -> Result<()> {
        drop(self.input);
        self.process.wait().await?;
        Ok(())
    }

    async fn line(&mut self) -> Result<String> {
        self.output
            .next_line()
            .await?
            .context("the peer ended; its error stands above")
    }
}
