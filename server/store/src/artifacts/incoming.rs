//! A file that is being written. Dropping it removes it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use etude_engine::Result;
use sha2::{Digest, Sha256};

use super::content::Hash;
use super::files::in_files;

/// A file that is being written, hashed on its way.
#[derive(Debug)]
pub(crate) struct Incoming {
    file: File,
    path: PathBuf,
    hasher: Sha256,
    size: u64,
}

impl Incoming {
    /// Creates it.
    pub(crate) fn create(path: PathBuf) -> Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(in_files)?;
        Ok(Self {
            file,
            path,
            hasher: Sha256::new(),
            size: 0,
        })
    }

    /// Adds bytes.
    pub(crate) fn write(&mut self, data: &[u8]) -> Result<()> {
        self.file.write_all(data).map_err(in_files)?;
        self.hasher.update(data);
        self.size += data.len() as u64;
        Ok(())
    }

    /// Bytes so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The hash of the bytes so far.
    pub(crate) fn hash(&self) -> Hash {
        Hash::finish(self.hasher.clone())
    }

    /// Makes it durable under its final name, in place of what lies there.
    pub(crate) fn keep(self, target: &Path) -> Result<()> {
        self.file.sync_all().map_err(in_files)?;
        fs::rename(&self.path, target).map_err(in_files)?;
        let folder = target.parent().unwrap_or(target);
        sync_folder(folder)
        // Dropping `self` finds nothing to remove under the old name.
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // A file that was kept has another name by now.
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "an unfinished artifact was not removed");
        }
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(in_files)
}
