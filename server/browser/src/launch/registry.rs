//! The drivers that run, on disk, so that a server that was killed leaves no orphans behind.
//!
//! A record is written before a driver is started and removed after everything it started is gone.
//! The next start of a server reads the records, and what they name is ended, unless the server
//! that wrote them still lives: several servers may share a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};

use super::process::proc_start_time;
use crate::error::LaunchError;

/// The folder of records, one file per driver.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    folder: Arc<PathBuf>,
}

/// One driver, its profile folder and the server that started it.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// The server's process id and start time: ids are used again, pairs are not.
    owner: (i32, u64),
    /// The driver's process id, which is also its group's, and start time. Absent until it runs.
    driver: Option<(i32, u64)>,
    /// The profile folder; removed with the driver.
    profile: PathBuf,
}

/// A driver's record; [`Registry::reap`] finds it until [`Entry::remove`].
#[derive(Debug)]
pub(crate) struct Entry {
    file: PathBuf,
    profile: PathBuf,
}

impl Registry {
    /// Uses `state_dir/drivers`, creating it.
    pub(crate) fn open(state_dir: &Path) -> Result<Self, LaunchError> {
        let folder = state_dir.join("drivers");
        std::fs::create_dir_all(&folder).map_err(|cause| LaunchError::Storage {
            path: folder.clone(),
            cause,
        })?;
        Ok(Self {
            folder: Arc::new(folder),
        })
    }

    /// The folder in which the profiles are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Records that a driver is about to be started, with a fresh profile folder.
    pub(crate) fn enter(&self) -> Result<Entry, LaunchError> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let entry = Entry {
            file: self.folder.join(format!("{id}.json")),
            profile: self.folder.join(format!("{id}.profile")),
        };
        entry.write(None)?;
        std::fs::create_dir_all(&entry.profile).map_err(|cause| LaunchError::Storage {
            path: entry.profile.clone(),
            cause,
        })?;
        Ok(entry)
    }

    /// Ends what servers that are gone have left running, and removes their folders. Returns how
    /// many records were cleared.
    pub(crate) fn reap(&self) -> usize {
        self.clear(|record| !is_running(record.owner))
    }

    /// Ends everything that this process has started.
    pub(crate) fn end_own(&self) -> usize {
        self.clear(|record| record.owner.0 == std::process::id() as i32)
    }

    /// Clears the records that are chosen; returns how many.
    fn clear(&self, choose: impl Fn(&Record) -> bool) -> usize {
        let Ok(files) = std::fs::read_dir(&*self.folder) else {
            return 0;
        };
        let paths = files.flatten().map(|file| file.path());
        let chosen = paths.filter_map(|path| {
            let record: Record = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
            choose(&record).then_some((path, record))
        });
        chosen.map(|(path, record)| clear(path, record)).count()
    }
}

impl Entry {
    /// The driver's profile folder.
    pub(crate) fn profile(&self) -> &Path {
        &self.profile
    }

    /// Whether nobody else has cleared the record.
    pub(crate) fn stands(&self) -> bool {
        self.file.exists()
    }

    /// Adds the running driver to the record.
    pub(crate) fn started(&self, driver: i32) -> Result<(), LaunchError> {
        self.write(Some((driver, proc_start_time(driver).unwrap_or(0))))
    }

    /// Removes the profile folder and the record.
    pub(crate) fn remove(&self) {
        remove_folder(&self.profile);
        let _ = std::fs::remove_file(&self.file);
    }

    fn write(&self, driver: Option<(i32, u64)>) -> Result<(), LaunchError> {
        let pid = std::process::id() as i32;
        let owner = (pid, proc_start_time(pid).unwrap_or(0));
        let record = Record {
            owner,
            driver,
            profile: self.profile.clone(),
        };
        let failed = |cause| LaunchError::Storage {
            path: self.file.clone(),
            cause,
        };
        let text = serde_json::to_vec(&record).map_err(|error| failed(error.into()))?;
        let fresh = self.file.with_extension("new");
        std::fs::write(&fresh, text).map_err(failed)?;
        std::fs::rename(&fresh, &self.file).map_err(failed)
    }
}

/// Ends what a record names and removes it.
fn clear(file: PathBuf, record: Record) {
    if let Some(driver) = record.driver.filter(|driver| is_running(*driver)) {
        end_group(driver.0);
    }
    end_profile_users(&record.profile);
    Entry {
        file,
        profile: record.profile,
    }
    .remove();
}

fn is_running((pid, start): (i32, u64)) -> bool {
    proc_start_time(pid).is_some_and(|now| now == start)
}

/// Ends every process of the group at once.
pub(super) fn end_group(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

/// Ends processes that use the profile from outside the driver's group. A browser that is ending
/// may start one more child, so it looks again until there is none.
pub(super) fn end_profile_users(profile: &Path) {
    for _ in 0..50 {
        let users = profile_users(profile);
        if users.is_empty() {
            return;
        }
        for pid in users.into_iter().filter_map(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    tracing::warn!(profile = %profile.display(), "a browser process could not be ended");
}

/// Running processes whose environment or command line names the profile folder.
pub(super) fn profile_users(profile: &Path) -> Vec<i32> {
    let Some(needle) = profile.to_str() else {
        return Vec::new();
    };
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let own = std::process::id() as i32;
    pids.filter(|pid: &i32| *pid != own)
        .filter(|pid| names(*pid, "environ", needle) || names(*pid, "cmdline", needle))
        .filter(|pid| proc_start_time(*pid).is_some())
        .collect()
}

fn names(pid: i32, file: &str, needle: &str) -> bool {
    std::fs::read(format!("/proc/{pid}/{file}"))
        .is_ok_and(|text| String::from_utf8_lossy(&text).contains(needle))
}

/// A browser that is ending still writes: removing its folder may need a second try.
fn remove_folder(folder: &Path) {
    for _ in 0..50 {
        match std::fs::remove_dir_all(folder) {
            Ok(()) => return,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    }
    tracing::warn!(folder = %folder.display(), "a browser's profile could not be removed");
}
