//! A full disk: what the command says, and that the server goes on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use etude::v1::{ErrorReason, RunSpec};
use etude::{Client, RetryPolicy};

use crate::support::{Done, Running, file, of_environment, sandbox, word};

/// Mounts a small file system in memory, where only the program sees it, and becomes the program.
const MOUNT: &str = r#"mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@""#;

/// The command, for which `folder` is a disk of this size.
#[track_caller]
fn on_small_disk(size: &str, folder: &Path, arguments: &[&str]) -> Command {
    let flag = ["-m", "-rm"].into_iter().find(|flag| {
        let probe = small_disk(flag, size, folder, Path::new("true")).status();
        probe.is_ok_and(|status| status.success())
    });
    let flag = flag.expect(
        "this test needs a disk of its own, and the system lets nobody mount one; \
         run it as root, or allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1`)",
    );
    let program = Path::new(env!("CARGO_BIN_EXE_etude"));
    let mut command = small_disk(flag, size, folder, program);
    command.args(arguments);
    command
}

fn small_disk(flag: &str, size: &str, folder: &Path, program: &Path) -> Command {
    let mut command = of_environment("unshare");
    command
        .args([flag, "sh", "-c", MOUNT, "sh", size])
        .args([folder, program])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn a_browser_without_room_for_its_profile_is_told_with_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let test = file("a.yaml", "name: A\nsteps:\n  - comment: a\n");
    let mut arguments = vec!["run", test.path.to_str().unwrap(), "--data-dir", path];
    arguments.extend(["--base-url", "http://127.0.0.1:1"]);
    arguments.extend(sandbox());
    let output = on_small_disk("1m", folder.path(), &arguments).output();
    let done = Done::from(output.unwrap()).expect(3);
    for part in ["STORAGE_FULL", "free on the disk of", path, "data_dir"] {
        assert!(done.stdout.contains(part), "no {part:?} in {}", done.stdout);
    }
}

#[test]
fn a_disk_without_room_for_the_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir", path];
    let output = on_small_disk("32k", folder.path(), &arguments).output();
    Done::from(output.unwrap()).complains(3, &["STORAGE_FULL", "no space is left"]);
}

/// A server on a small disk, without a browser: nothing but runs takes space.
struct SmallServer {
    client: Client,
    process: Running,
    folder: tempfile::TempDir,
}

impl SmallServer {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let browser = "browser.path=/nonexistent/chromium";
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir", path];
        let arguments = [&arguments[..], &["--set", browser]].concat();
        let process = Running::of(on_small_disk("4m", folder.path(), &arguments));
        let line = process.line_with("etude serves at");
        let client = Client::builder(word(&line, "127.0.0.1:")).retry(RetryPolicy::NEVER);
        Self {
            client: client.connect().await.unwrap(),
            process,
            folder,
        }
    }

    /// The folder as the server sees it.
    fn disk(&self) -> PathBuf {
        let root = format!("/proc/{}/root", self.process.id());
        Path::new(&root).join(self.folder.path().strip_prefix("/").unwrap())
    }

    async fn create(&self) -> etude::Result<String> {
        let description = "x".repeat(20_000);
        let test = format!("name: A\ndescription: {description}\nsteps:\n  - comment: a\n");
        let spec = RunSpec::document("a.yaml", test).base_url("http://127.0.0.1:1");
        Ok(self.client.create_run(spec).await?.name)
    }
}

#[tokio::test]
async fn runs_are_refused_while_the_disk_is_full_and_none_that_was_accepted_is_lost() {
    let server = SmallServer::start().await;
    let ballast = server.disk().join("ballast");
    std::fs::write(&ballast, vec![0; 1024 * 1024]).unwrap();

    let mut accepted = Vec::new();
    let error = loop {
        match server.create().await {
            Ok(name) => accepted.push(name),
            Err(error) => break error,
        }
        assert!(accepted.len() < 10_000, "the disk is not bounded");
    };
    assert_eq!(error.reason(), Some(ErrorReason::StorageFull), "{error}");
    assert_eq!(error.code(), tonic::Code::ResourceExhausted);
    assert!(error.retry_after().is_some(), "{error}");
    assert!(!accepted.is_empty());
    for name in &accepted {
        assert_eq!(&server.client.run(name).await.unwrap().name, name);
    }

    std::fs::remove_file(&ballast).unwrap();
    accepted.push(server.create().await.unwrap());
    for name in &accepted {
        assert_eq!(&server.client.run(name).await.unwrap().name, name);
    }
}
