//! One process at a time uses a folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};

use crate::error::disk;

/// The exclusive right to a folder. The operating system ends it with the process, however that
/// ends.
#[derive(Debug)]
pub(crate) struct FolderLock {
    file: File,
    /// Whether the process before this one ended without [`FolderLock::release`].
    pub(crate) after_crash: bool,
}

impl FolderLock {
    /// Takes the lock, or says who holds it.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join("etude.lock");
        let in_file = |error| disk(&format!("the lock file {}", path.display()), &error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(in_file)?;
        let locked = file.try_lock();
        let mut holder = String::new();
        // A holder that is just starting has written nothing or, after a crash of its
        // predecessor, not yet its own number; only the message suffers.
        file.read_to_string(&mut holder).map_err(in_file)?;
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(folder, holder.trim())),
            Err(TryLockError::Error(error)) => return Err(in_file(error)),
        }
        let after_crash = !holder.is_empty();
        let mut lock = Self { file, after_crash };
        lock.write(&std::process::id().to_string())
            .map_err(in_file)?;
        Ok(lock)
    }

    /// Gives the folder up in good order.
    pub(crate) fn release(mut self) {
        if let Err(error) = self.write("") {
            tracing::warn!(%error, "the lock file could not be cleared");
        }
    }

    fn write(&mut self, content: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(content.as_bytes())
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Closing the file would not be enough: a program that is being started at this moment
        // has a copy of it for an instant, and the lock would last as long.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the folder was not unlocked");
        }
    }
}

fn in_use(folder: &Path, holder: &str) -> Error {
    let who = match holder {
        "" => "another process".to_owned(),
        pid => format!("the process {pid}"),
    };
    let folder = PathBuf::from(folder);
    let message = format!(
        "the folder {} is used by {who}; stop it or choose another folder",
        folder.display()
    );
    Error::new(ErrorReason::DatabaseInUse, message).with("pid", holder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_told_the_first_ones_number() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        assert!(!first.after_crash);
        let error = FolderLock::take(folder.path()).unwrap_err();
        assert_eq!(error.reason, ErrorReason::DatabaseInUse);
        let pid = std::process::id().to_string();
        assert_eq!(error.metadata.get("pid"), Some(&pid));
        assert!(error.message.contains(&pid), "{error}");
    }

    #[test]
    fn a_released_lock_can_be_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        FolderLock::take(folder.path()).unwrap().release();
        assert!(!FolderLock::take(folder.path()).unwrap().after_crash);
    }

    #[test]
    fn a_lock_that_was_only_dropped_tells_of_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        drop(FolderLock::take(folder.path()).unwrap());
        assert!(FolderLock::take(folder.path()).unwrap().after_crash);
    }
    #[test]
    fn a_released_folder_is_free_while_programs_are_started() {
        let folder = tempfile::tempdir().unwrap();
        let starting = std::thread::spawn(|| {
            for _ in 0..200 {
                std::process::Command::new("true").status().unwrap();
            }
        });
        while !starting.is_finished() {
            FolderLock::take(folder.path()).unwrap().release();
        }
        starting.join().unwrap();
    }
}
