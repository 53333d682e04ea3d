//! A driver process and everything it starts, owned as one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::registry::{Entry, Registry, end_group, end_profile_users};
use crate::config::BrowserKind;
use crate::error::LaunchError;

/// A running chromedriver or geckodriver. Dropping it ends the driver, the browser and all their
/// children, and removes the profile folder.
#[derive(Debug)]
pub(crate) struct DriverProcess {
    group: i32,
    url: String,
    entry: Option<Entry>,
    ended: watch::Receiver<bool>,
}

/// How often a driver is started that ends at once. The port that it chooses may be taken by somebody
/// else before it listens there, on one of the loopback's two addresses; then it gives up.
const STARTS: usize = 3;

/// The most of a driver's last words that an error tells, in characters.
const LAST_WORDS: usize = 300;

impl DriverProcess {
    /// Starts the driver on a free loopback port, in a process group of its own.
    pub(crate) async fn start(
        program: &Path,
        kind: BrowserKind,
        registry: &Registry,
        timeout: Duration,
    ) -> Result<Self, LaunchError> {
        let mut words = String::new();
        for _ in 0..STARTS {
            match Self::start_once(program, kind, registry, timeout).await? {
                Ok(process) => return Ok(process),
                Err(last_words) => words = last_words,
            }
            tracing::warn!(program = %program.display(), %words, "a driver ended at once");
        }
        let cause = match words.as_str() {
            "" => format!("it ended without naming a port, {STARTS} times"),
            words => format!("it ended without naming a port, {STARTS} times: {words}"),
        };
        Err(LaunchError::Start {
            program: program.to_path_buf(),
            cause,
        })
    }

    /// The inner error: the last words of a driver that ended before it named its port.
    async fn start_once(
        program: &Path,
        kind: BrowserKind,
        registry: &Registry,
        timeout: Duration,
    ) -> Result<Result<Self, String>, LaunchError> {
        let failed = |cause: String| LaunchError::Start {
            program: program.to_path_buf(),
            cause,
        };
        let entry = registry.enter()?;
        let mut child = spawn(program, kind, entry.profile()).map_err(|error| {
            entry.remove();
            failed(error.to_string())
        })?;
        let group = child.id().map_or(0, |id| id as i32);
        let stdout = child.stdout.take();
        // From here on the value's drop cleans up, whatever fails.
        let mut process = Self {
            group,
            url: String::new(),
            ended: watch_end(child),
            entry: Some(entry),
        };
        if let Some(entry) = &process.entry {
            entry.started(group)?;
        }
        let stdout = stdout.ok_or_else(|| failed("it has no output to read".to_owned()))?;
        let named = tokio::time::timeout(timeout, read_port(stdout)).await;
        let named = named.map_err(|_| LaunchError::Timeout {
            seconds: timeout.as_secs(),
        })?;
        Ok(named.map(|port| {
            process.url = format!("http://127.0.0.1:{port}");
            process
        }))
    }

    /// The address at which the driver listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The folder that the browser must use as its profile.
    pub(crate) fn profile(&self) -> PathBuf {
        self.entry
            .as_ref()
            .map(|entry| entry.profile().to_path_buf())
            .unwrap_or_default()
    }

    /// Becomes true when the driver ends.
    pub(crate) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.clone()
    }

    /// Ends everything now and waits until it is gone.
    pub(crate) async fn stop(mut self) {
        if let Some(entry) = self.entry.take() {
            let group = self.group;
            let ended = tokio::task::spawn_blocking(move || clear(group, &entry)).await;
            if let Err(error) = ended {
                tracing::warn!(%error, "a browser could not be ended in order");
            }
        }
    }
}

impl Drop for DriverProcess {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            let group = self.group;
            if entry.stands() {
                end_group(group);
            }
            std::thread::spawn(move || clear(group, &entry));
        }
    }
}

fn clear(group: i32, entry: &Entry) {
    // Once the record is cleared, the group's number may be somebody else's.
    if entry.stands() {
        end_group(group);
    }
    end_profile_users(entry.profile());
    entry.remove();
}

/// The name of the environment variable by which every process of a browser can be found, even one
/// that leaves the group: a crash handler does.
pub(super) const PROFILE_VARIABLE: &str = "ETUDE_BROWSER_PROFILE";

fn spawn(program: &Path, kind: BrowserKind, profile: &Path) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    if kind == BrowserKind::Firefox {
        // geckodriver gives every Firefox the same BiDi port, unless it is told another.
        command.arg(format!("--websocket-port={}", free_port()?));
    }
    command
        .arg("--port=0")
        .env(PROFILE_VARIABLE, profile)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

/// A loopback port that nobody uses now.
fn free_port() -> std::io::Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.port())
}

/// Collects the driver when it ends, so that it leaves no zombie, and tells it.
fn watch_end(mut child: Child) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        let _ = child.wait().await;
        let _ = sender.send(true);
    });
    receiver
}

/// Reads the port from the line in which the driver names it, and goes on emptying the pipe so that
/// the driver never blocks on it. The error: the last line, of a driver that ended before.
async fn read_port(stdout: impl AsyncRead + Unpin + Send + 'static) -> Result<u16, String> {
    let mut lines = BufReader::new(stdout).lines();
    let mut last = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(port) = port_in(&line) {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(port);
        }
        if !line.trim().is_empty() {
            last = line.chars().take(LAST_WORDS).collect();
        }
    }
    Err(last)
}

/// "ChromeDriver was started successfully on port 41245." or "… Listening on 127.0.0.1:41245".
fn port_in(line: &str) -> Option<u16> {
    let after = line.split_once("successfully on port ").or_else(|| {
        line.split_once("Listening on ")
            .and_then(|(_, rest)| rest.split_once(':'))
    })?;
    after.1.trim().trim_end_matches('.').parse().ok()
}

/// When a process started, in clock ticks since boot; none if it does not run. A zombie does not
/// run.
pub(super) fn proc_start_time(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name is in parentheses and may contain anything; the fields follow the last.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if state == "Z" || state == "X" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_port_of_both_drivers() {
        assert_eq!(
            port_in("ChromeDriver was started successfully on port 41245."),
            Some(41245)
        );
        let geckodriver = "1700000000000\tgeckodriver\tINFO\tListening on 127.0.0.1:4444";
        assert_eq!(port_in(geckodriver), Some(4444));
        assert_eq!(port_in("Starting ChromeDriver 156.0.8078.79"), None);
    }

    /// A driver that does what a script says; `$0.starts` counts how often it was started.
    fn driver(folder: &Path, script: &str) -> PathBuf {
        let program = folder.join("driver");
        let counting = format!("#!/bin/sh\necho x >> $0.starts\n{script}\n");
        // Written by another process: what another test starts would inherit a file that is open
        // for writing here, and no such file can be executed.
        let write = "printf '%s' \"$2\" > \"$1\" && chmod 755 \"$1\"";
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", write, "sh"]).arg(&program).arg(counting);
        assert!(shell.status().unwrap().success());
        program
    }

    async fn started(folder: &Path, script: &str) -> (Result<DriverProcess, LaunchError>, usize) {
        let program = driver(folder, script);
        let registry = Registry::open(folder).unwrap();
        let limit = Duration::from_secs(60);
        let process = DriverProcess::start(&program, BrowserKind::Chromium, &registry, limit);
        let process = process.await;
        let starts = std::fs::read_to_string(program.with_extension("starts"));
        (process, starts.unwrap_or_default().lines().count())
    }

    #[tokio::test]
    async fn a_driver_whose_port_was_taken_is_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let script = "[ $(wc -l < $0.starts) = 1 ] && { echo 'port not available'; exit 1; }\n\
            echo 'ChromeDriver was started successfully on port 4321.'\nexec sleep 600";
        let (process, starts) = started(folder.path(), script).await;
        let process = process.unwrap();
        assert_eq!((process.url(), starts), ("http://127.0.0.1:4321", 2));
        process.stop().await;
        let left = std::fs::read_dir(folder.path().join("drivers")).unwrap();
        assert_eq!(left.count(), 0, "no record and no profile");
    }

    #[tokio::test]
    async fn a_driver_that_always_ends_at_once_is_told_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let script = "echo 'Starting'\necho 'IPv4 port not available. Exiting...'\necho\nexit 1";
        let (process, starts) = started(folder.path(), script).await;
        let error = process.unwrap_err().to_string();
        assert_eq!(starts, STARTS);
        let expected =
            "it ended without naming a port, 3 times: IPv4 port not available. Exiting...";
        assert!(error.ends_with(expected), "{error}");
    }

    #[test]
    fn a_process_has_a_start_time_while_it_runs() {
        assert!(proc_start_time(std::process::id() as i32).is_some());
        assert_eq!(proc_start_time(i32::MAX), None);
    }
}
