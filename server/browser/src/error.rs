//! Why a browser cannot be started or reached, and why it stopped answering.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use etude::v1::ErrorReason;

/// The space, in MiB, that the profile of a browser without pages takes: with less, none is started.
const LEAST_MIB: u64 = 2;

/// The space, in MiB, with which a browser that does not start is believed to lack something else.
const ENOUGH_MIB: u64 = 8;

/// A browser that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// No browser is installed where the backend looks.
    #[error("no {name} was found (looked for {looked_for}); {install}")]
    BrowserNotFound {
        /// What was looked for, for people.
        name: &'static str,
        /// The program names and places.
        looked_for: String,
        /// What to do.
        install: &'static str,
    },
    /// No driver is installed where the backend looks.
    #[error("no {name} was found (looked for {looked_for}); {install}")]
    DriverNotFound {
        /// What was looked for, for people.
        name: &'static str,
        /// The program names and places.
        looked_for: String,
        /// What to do.
        install: &'static str,
    },
    /// The browser and its driver are of different major versions.
    #[error(
        "{browser} is version {browser_version} but {driver} is version {driver_version}; \
         install the same major version of both, or set both paths in the configuration"
    )]
    VersionMismatch {
        /// The browser's program.
        browser: PathBuf,
        /// Its version.
        browser_version: String,
        /// The driver's program.
        driver: PathBuf,
        /// Its version.
        driver_version: String,
    },
    /// A program could not be started or ended at once.
    #[error("cannot start {program}: {cause}")]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system or the program says.
        cause: String,
    },
    /// Chromium gave up, as it does when root starts it with its sandbox on.
    #[error(
        "Chromium does not start as root with its sandbox on; run the server as another user, or, \
         in a container that isolates it, set browser.no_sandbox (flag --browser-no-sandbox): {cause}"
    )]
    SandboxedRoot {
        /// The driver's words.
        cause: String,
    },
    /// The driver runs and refuses a session.
    #[error("the driver at {url} gave no browser: {cause}")]
    Session {
        /// The driver's address, without credentials.
        url: String,
        /// The driver's words.
        cause: String,
    },
    /// The browser did not come up in time.
    #[error("the browser was not ready after {seconds} s; look at the machine's load and memory")]
    Timeout {
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// A browser did not start, and its disk has no room for a profile.
    #[error(
        "no browser starts: only {free_mib} MiB free on the disk of {path}, and a browser's \
         profile needs {ENOUGH_MIB}; free space there, or set `data_dir` to a folder on another disk"
    )]
    DiskFull {
        /// The folder of the profiles.
        path: PathBuf,
        /// The free space, in MiB.
        free_mib: u64,
    },
    /// A folder or file of the backend cannot be used.
    #[error("cannot use {path}: {cause}; check `state_dir` and its permissions")]
    Storage {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
}

impl LaunchError {
    /// Refuses to start a browser in a folder whose disk has no room for its profile: it would not
    /// end by itself, and nobody would learn why.
    pub(crate) fn unless_room(folder: &Path) -> Result<(), Self> {
        Self::disk_full(folder, LEAST_MIB).map_or(Ok(()), Err)
    }

    /// The lack of space, where there is one: that a browser does not start only follows of it.
    pub(crate) fn or_disk_full(self, folder: &Path) -> Self {
        Self::disk_full(folder, ENOUGH_MIB).unwrap_or(self)
    }

    fn disk_full(folder: &Path, needed_mib: u64) -> Option<Self> {
        let disk = rustix::fs::statvfs(folder).ok()?;
        let free_mib = disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024);
        (free_mib < needed_mib).then(|| Self::DiskFull {
            path: folder.to_path_buf(),
            free_mib,
        })
    }

    /// The reason by which clients tell these errors apart.
    pub fn reason(&self) -> ErrorReason {
        match self {
            Self::BrowserNotFound { .. } => ErrorReason::BrowserNotFound,
            Self::DriverNotFound { .. } | Self::VersionMismatch { .. } => {
                ErrorReason::DriverNotFound
            }
            Self::DiskFull { .. } => ErrorReason::StorageFull,
            Self::Storage { cause, .. } if cause.kind() == ErrorKind::StorageFull => {
                ErrorReason::StorageFull
            }
            _ => ErrorReason::BrowserUnavailable,
        }
    }
}
