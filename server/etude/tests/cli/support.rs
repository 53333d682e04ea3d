//! Starting the command, and what its tests share.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A guard against hanging, not a measure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The command in an environment of its own: no configuration, no session, no colours asked for.
pub(crate) fn etude<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = of_environment(env!("CARGO_BIN_EXE_etude"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A program in that environment.
pub(crate) fn of_environment(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("ETUDE_") || name_text.starts_with("XDG_") {
            command.env_remove(&name);
        }
    }
    command
        .env("HOME", "/nonexistent")
        .env_remove("NO_COLOR")
        .env_remove("LOG_LEVEL");
    command
}

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn complains(self, code: i32, parts: &[&str]) -> Self {
        let done = self.expect(code);
        for part in parts {
            assert!(
                done.stderr.contains(part),
                "no {part:?} in:\n{}",
                done.stderr
            );
        }
        done
    }
}

pub(crate) fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Done {
    etude(arguments).output().unwrap().into()
}

pub(crate) fn run_with_stdin<S: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = S>,
    input: &[u8],
) -> Done {
    let mut child = etude(arguments).stdin(Stdio::piped()).spawn().unwrap();
    // It may have ended before it read all.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap().into()
}

/// A file in a fresh folder.
pub(crate) struct File {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    File {
        _folder: folder,
        path,
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

pub(crate) fn example(name: &str) -> PathBuf {
    root().join("examples/tests").join(name)
}

/// The option without which Chromium does not start as root.
pub(crate) fn sandbox() -> Vec<&'static str> {
    let id = Command::new("id").arg("-u").output().unwrap();
    match id.stdout.trim_ascii() == b"0" {
        true => vec!["--browser-no-sandbox"],
        false => Vec::new(),
    }
}

/// A command that goes on until it is dropped.
pub(crate) struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    pub(crate) fn start<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of(etude(arguments))
    }

    /// The lines of stdout and stderr are read as they come.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let other = sender.clone();
        std::thread::spawn(move || forward(BufReader::new(out), &sender));
        std::thread::spawn(move || forward(BufReader::new(err), &other));
        Self { child, lines }
    }

    /// The next line with this text.
    #[track_caller]
    pub(crate) fn line_with(&self, text: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!(
                    "no line with {text:?} ({error}) after:\n{}",
                    seen.join("\n")
                ),
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// The exit code and the remaining lines.
    #[track_caller]
    pub(crate) fn end(&mut self) -> (Option<i32>, Vec<String>) {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), self.lines.iter().collect());
            }
            assert!(
                std::time::Instant::now() < deadline,
                "the command does not end"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn forward(reader: impl std::io::Read, sender: &mpsc::Sender<String>) {
    for line in BufReader::new(reader).lines() {
        let Ok(line) = line else { return };
        let _ = sender.send(line);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.signal("TERM");
            let _ = self.child.wait();
        }
    }
}

/// The word of a line that begins like this.
pub(crate) fn word(line: &str, beginning: &str) -> String {
    let found = line
        .split_whitespace()
        .find(|word| word.starts_with(beginning));
    found
        .unwrap_or_else(|| panic!("no {beginning} in {line:?}"))
        .to_owned()
}

/// A server of its own folder, on a free port.
pub(crate) struct Serving {
    pub(crate) url: String,
    pub(crate) process: Running,
    folder: tempfile::TempDir,
    options: Vec<&'static str>,
}

impl Serving {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(options: &[&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = Self::process("127.0.0.1:0", folder.path(), options);
        let line = process.line_with("etude serves at");
        Self {
            url: format!("http://{}", word(&line, "127.0.0.1:")),
            process,
            folder,
            options: options.to_owned(),
        }
    }

    /// Ends the server in the middle of its work, and starts it anew on the same data.
    pub(crate) fn kill_and_restart(&mut self) {
        self.process.signal("KILL");
        self.process.end();
        let address = self.url.trim_start_matches("http://");
        self.process = Self::process(address, self.folder.path(), &self.options);
        self.process.line_with("etude serves at");
    }

    fn process(address: &str, folder: &Path, options: &[&str]) -> Running {
        let mut arguments = vec!["serve", "--listen", address, "--data-dir"];
        arguments.push(folder.to_str().unwrap());
        arguments.extend(options);
        arguments.extend(sandbox());
        Running::start(arguments)
    }
}

/// The bundled shop.
pub(crate) struct Shop {
    pub(crate) url: String,
    _process: Running,
}

impl Shop {
    pub(crate) fn start() -> Self {
        let process = Running::start(["demo", "--serve-shop"]);
        let line = process.line_with("the shop is at");
        Self {
            url: word(&line, "http://"),
            _process: process,
        }
    }
}
