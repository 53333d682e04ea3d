//! How a store is opened.

use std::path::PathBuf;

/// How a [`SqliteStore`](crate::SqliteStore) is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The folder that holds everything; created when it does not exist. One process at a time
    /// can use it.
    pub folder: PathBuf,
    /// Most bytes that the database file may have; `None`: as the disk allows. Artifacts are not
    /// counted.
    pub max_database_bytes: Option<u64>,
    /// Most bytes of one artifact. Default 100 MiB.
    pub max_artifact_bytes: u64,
    /// Connections that read, at least 1. Default 3. Each is opened when it is first needed.
    pub readers: u32,
}

impl Options {
    /// A store in a folder, with the defaults.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            max_database_bytes: None,
            max_artifact_bytes: 100 << 20,
            readers: 3,
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("etude.db")
    }

    pub(crate) fn artifacts(&self) -> PathBuf {
        self.folder.join("artifacts")
    }
}
