//! Measures Étude beside its peers in one run and prints a table with ratios.
//!
//! Times hold for the machine and the moment; ratios are what can be compared. See
//! `docs/benchmarks.md`.

mod browser;
mod echo;
mod etude_server;
mod machine;
mod peers;
mod runs;
mod site;
mod stats;
mod watchers;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand, ValueEnum};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::etude_server::EtudeServer;
use crate::stats::Line;

/// Benchmarks of Étude.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: What,
}

#[derive(Subcommand)]
enum What {
    /// Run the benchmarks.
    Run {
        /// Only these; all when none is given.
        only: Vec<Suite>,
        #[command(flatten)]
        paths: Paths,
    },
    /// Serve the yardstick of the throughput benchmark.
    Echo,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Suite {
    Browser,
    Runs,
    Throughput,
    Watchers,
    Idle,
}

/// Where things are.
#[derive(Clone, clap::Args)]
pub(crate) struct Paths {
    /// The project's root folder.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// The release binary.
    #[arg(long, default_value = "target/release/etude")]
    etude: PathBuf,
    /// The browser of all drivers.
    #[arg(long, default_value = "/usr/bin/chromium")]
    chromium: PathBuf,
    /// The driver of Étude and selenium-webdriver.
    #[arg(long, default_value = "/usr/bin/chromedriver")]
    chromedriver: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        What::Echo => echo::serve().await,
        What::Run { only, paths } => run(&only, &paths).await,
    }
}

async fn run(only: &[Suite], paths: &Paths) -> Result<()> {
    machine::print();
    let wanted = |suite| only.is_empty() || only.contains(&suite);
    let mut lines = Vec::new();
    if wanted(Suite::Browser) {
        lines.extend(browser::measure(paths).await.context("browser")?);
    }
    if wanted(Suite::Runs) {
        lines.extend(runs::accept(&paths.etude).await.context("runs")?);
        lines.push(runs::first_step(&paths.etude).await.context("first step")?);
    }
    if wanted(Suite::Throughput) {
        lines.extend(throughput(&paths.etude).await.context("throughput")?);
    }
    if wanted(Suite::Watchers) {
        lines.extend(watchers::measure(&paths.etude).await.context("watchers")?);
    }
    if wanted(Suite::Idle) {
        lines.extend(idle(&paths.etude).await.context("idle")?);
    }
    stats::print(&lines);
    Ok(())
}

/// Étude's no-op commands against a bare tonic server, each measured twice in turn; the better
/// of each counts.
async fn throughput(binary: &Path) -> Result<Vec<Line>> {
    let (_echo, echo) = start_echo().await?;
    let settings = [
        ("ETUDE_BROWSER__WARM", "0"),
        ("ETUDE_SESSIONS__IDLE_TIMEOUT", "10m"),
    ];
    let server = EtudeServer::start(&binary.to_path_buf(), &settings).await?;
    let sessions = vec![server.session().await?, server.session().await?];
    let mut best = [[0.0_f64; 2]; 2];
    for _ in 0..2 {
        best[0][0] = best[0][0].max(echo::unary_rate(&echo, &["sessions/none".to_owned()]).await?);
        best[0][1] = best[0][1].max(echo::unary_rate(&server.url, &sessions).await?);
        best[1][0] = best[1][0].max(echo::batch_rate(&echo, "sessions/none").await?);
        best[1][1] = best[1][1].max(echo::batch_rate(&server.url, &sessions[0]).await?);
    }
    server.stop().await?;
    let line = |name, [bare, ours]: [f64; 2]| {
        let measured = format!(
            "{:.0} % ({ours:.0} to {bare:.0} commands/s)",
            100.0 * ours / bare
        );
        Line::new(name, measured, "≥ 60 %", ours >= 0.6 * bare)
    };
    Ok(vec![
        line("unary Execute of a no-op, to a bare tonic echo", best[0]),
        line("ExecuteBatch of a no-op, to a bare tonic echo", best[1]),
    ])
}

async fn start_echo() -> Result<(Child, String)> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("echo")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().context("no standard output")?;
    let url = BufReader::new(output)
        .lines()
        .next_line()
        .await?
        .context("the yardstick ended")?;
    Ok((child, url))
}

async fn idle(binary: &Path) -> Result<Vec<Line>> {
    const STARTS: usize = 5;
    let mut starts = Vec::with_capacity(STARTS);
    let mut resident = 0;
    for _ in 0..STARTS {
        let server = EtudeServer::start(&binary.to_path_buf(), &[]).await?;
        starts.push(stats::millis(server.started_after));
        tokio::time::sleep(Duration::from_secs(3)).await;
        resident = resident.max(machine::resident_kib(server.pid())?);
        server.stop().await?;
    }
    let (start, resident) = (stats::median(&starts), resident as f64 / 1024.0);
    Ok(vec![
        Line::new(
            "start of the process to SERVING",
            format!("{start:.0} ms"),
            "< 300 ms",
            start < 300.0,
        ),
        Line::new(
            "idle server, resident",
            format!("{resident:.1} MiB"),
            "≤ 40 MiB",
            resident <= 40.0,
        ),
    ])
}
