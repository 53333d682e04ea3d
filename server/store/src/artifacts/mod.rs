//! Artifacts: files, kept once per content, with a row per artifact.
//!
//! A file is complete and synced before its row is committed, and it is removed after its last
//! row. So a row always has its file; a file without a row can be left by a crash, and the next
//! start removes it.

mod content;
mod files;
mod incoming;
pub(crate) mod rows;
mod upload;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use etude::v1::{self, ErrorReason};
use etude_engine::store::{ArtifactSink, NewArtifact, Page, PageRequest};
use etude_engine::{Error, Result};
use sqlx::SqlitePool;
use tokio::sync::RwLock;

use self::content::Hash;
use self::files::Files;
use self::incoming::Incoming;
use self::rows::{Insert, Removed};
use self::upload::Upload;
use crate::Options;
use crate::page::Tokens;
use crate::tasks::{blocking, detached};
use crate::writer::Writer;

/// Stores, reads and removes artifacts.
#[derive(Clone)]
pub(crate) struct Artifacts {
    files: Arc<Files>,
    writer: Writer,
    readers: SqlitePool,
    /// Shared by who makes a file known by a row, exclusive for who removes files without rows:
    /// nobody removes a file that is about to get its row.
    gate: Arc<RwLock<()>>,
    max_bytes: u64,
}

impl Artifacts {
    /// Opens the folder of artifacts.
    pub(crate) async fn open(
        options: &Options,
        writer: Writer,
        readers: SqlitePool,
    ) -> Result<Self> {
        let root = options.artifacts();
        let files = Arc::new(blocking(move || Files::open(root)).await?);
        let max_bytes = options.max_artifact_bytes;
        Ok(Self {
            files,
            writer,
            readers,
            gate: Arc::default(),
            max_bytes,
        })
    }

    /// Stores a file that is in memory.
    pub(crate) async fn put(&self, new: NewArtifact, content: Bytes) -> Result<v1::Artifact> {
        if let Some(known) = rows::by_request(&self.readers, &new.request_id).await? {
            return Ok(known);
        }
        let size = content.len() as u64;
        self.check_size(size)?;
        let this = self.clone();
        detached(async move {
            let _shared = this.gate.read().await;
            let files = Arc::clone(&this.files);
            let announced = new.sha256.clone();
            let hash = blocking(move || {
                let hash = Hash::of(&content);
                hash.check(&announced)?;
                files.keep_bytes(&hash, &content)?;
                Ok(hash)
            });
            let hash = hash.await?;
            this.insert(new, hash, size).await
        })
        .await
    }

    /// Begins to store a file that arrives in pieces.
    pub(crate) async fn begin(&self, new: NewArtifact) -> Result<ArtifactSink> {
        if let Some(known) = rows::by_request(&self.readers, &new.request_id).await? {
            return Ok(ArtifactSink::Known(known));
        }
        let files = Arc::clone(&self.files);
        let incoming = blocking(move || files.begin()).await?;
        let upload = Upload::new(self.clone(), new, incoming);
        Ok(ArtifactSink::Open(Box::new(upload)))
    }

    /// Stores a file that has arrived.
    async fn keep(&self, new: NewArtifact, incoming: Incoming) -> Result<v1::Artifact> {
        let this = self.clone();
        detached(async move {
            let _shared = this.gate.read().await;
            let files = Arc::clone(&this.files);
            let size = incoming.size();
            let hash = incoming.hash();
            hash.check(&new.sha256)?;
            blocking(move || files.keep(incoming, &hash)).await?;
            this.insert(new, hash, size).await
        })
        .await
    }

    /// Makes a kept file known. The caller holds the gate.
    async fn insert(&self, new: NewArtifact, hash: Hash, size: u64) -> Result<v1::Artifact> {
        let insert = Insert::new(new, hash, size);
        let name = insert.name().to_owned();
        let stored = self.writer.write(insert).await;
        let used = stored.as_ref().is_ok_and(|artifact| artifact.name == name);
        if !used {
            // The row was not written, or the same request wrote one in the meantime.
            let this = self.clone();
            tokio::spawn(async move { this.remove_unused(vec![hash]).await });
        }
        stored
    }

    /// What is known of an artifact.
    pub(crate) async fn get(&self, name: &str) -> Result<v1::Artifact> {
        Ok(rows::get(&self.readers, name).await?.0)
    }

    /// One page of the artifacts of a parent, or of all.
    pub(crate) async fn list(
        &self,
        tokens: &Tokens,
        parent: &str,
        request: PageRequest,
    ) -> Result<Page<v1::Artifact>> {
        rows::list(&self.readers, tokens, parent, request).await
    }

    /// A piece of the content.
    pub(crate) async fn read(&self, name: &str, offset: u64, length: usize) -> Result<Bytes> {
        let (artifact, hash) = rows::get(&self.readers, name).await?;
        let size = u64::try_from(artifact.size_bytes).unwrap_or(0);
        if offset > size {
            return Err(out_of_range(name, offset, size));
        }
        let files = Arc::clone(&self.files);
        match blocking(move || files.read(&hash, offset, length)).await? {
            Some(piece) => Ok(piece),
            None => Err(self.damaged(name).await),
        }
    }

    /// Where the content lies, under the artifact's own file name.
    pub(crate) async fn path(&self, name: &str) -> Result<PathBuf> {
        let (artifact, hash) = rows::get(&self.readers, name).await?;
        let files = Arc::clone(&self.files);
        let path =
            blocking(move || files.named(rows::id(&artifact.name), &artifact.file_name, &hash));
        match path.await? {
            Some(path) => Ok(path),
            None => Err(self.damaged(name).await),
        }
    }

    /// Why an artifact has no intact file: it was deleted just now, or it is damaged.
    async fn damaged(&self, name: &str) -> Error {
        match rows::get(&self.readers, name).await {
            Ok(_) => corrupt(name),
            Err(error) => error,
        }
    }

    /// Deletes an artifact.
    pub(crate) async fn delete(&self, name: &str) -> Result<()> {
        let this = self.clone();
        let delete = rows::Delete {
            name: name.to_owned(),
        };
        detached(async move {
            let removed = this.writer.write(delete).await?;
            this.release(vec![removed]).await;
            Ok(())
        })
        .await
    }

    /// Removes the files of artifacts whose rows have been removed.
    pub(crate) async fn release(&self, removed: Vec<Removed>) {
        if removed.is_empty() {
            return;
        }
        let hashes = removed.iter().map(|removed| removed.hash).collect();
        let files = Arc::clone(&self.files);
        let names = blocking(move || {
            removed
                .iter()
                .try_for_each(|removed| files.remove_named(rows::id(&removed.name)))
        });
        if let Err(error) = names.await {
            tracing::warn!(%error, "a deleted artifact's file name remains");
        }
        self.remove_unused(hashes).await;
    }

    /// Removes the files that a process left which ended before it had written or removed their
    /// rows.
    pub(crate) async fn sweep(self) {
        for folder in 0..=u8::MAX {
            let files = Arc::clone(&self.files);
            let found = match blocking(move || files.list(folder)).await {
                Ok(found) if found.is_empty() => continue,
                Ok(found) => found,
                Err(error) => return tracing::warn!(%error, "artifacts could not be swept"),
            };
            self.remove_unused(found).await;
        }
    }

    /// Removes those files that no row refers to. What cannot be removed now, is removed by the
    /// sweep after a crash; nobody has to wait for it.
    async fn remove_unused(&self, hashes: Vec<Hash>) {
        let _exclusive = self.gate.write().await;
        let unused = match rows::unused(&self.readers, hashes).await {
            Ok(unused) => unused,
            Err(error) => return tracing::warn!(%error, "files of artifacts were not removed"),
        };
        let files = Arc::clone(&self.files);
        let removed = blocking(move || unused.iter().try_for_each(|hash| files.remove(hash)));
        if let Err(error) = removed.await {
            tracing::warn!(%error, "an artifact's file was not removed");
        }
    }

    /// Checks that files can be written.
    pub(crate) async fn check(&self) -> Result<()> {
        let files = Arc::clone(&self.files);
        blocking(move || files.begin()?.write(b"check")).await
    }

    fn check_size(&self, size: u64) -> Result<()> {
        if size <= self.max_bytes {
            return Ok(());
        }
        let limit = self.max_bytes;
        let message = format!("the file has more than the {limit} bytes that an artifact may have");
        Err(Error::new(ErrorReason::ArtifactTooLarge, message).with("limit", limit))
    }
}

fn out_of_range(name: &str, offset: u64, size: u64) -> Error {
    let message = format!("{name} has {size} bytes; {offset} lies behind its end");
    Error::new(ErrorReason::ArtifactOutOfRange, message)
        .with("size_bytes", size)
        .resource(name)
}

fn corrupt(name: &str) -> Error {
    let message = format!("the stored content of {name} is missing or does not have its SHA-256");
    Error::new(ErrorReason::ArtifactCorrupt, message).resource(name)
}
