//! Durable state in SQLite: runs with their event logs, sessions, artifacts, records.
//!
//! [`SqliteStore`] implements the engine's [`Store`] and its `Records` over one folder:
//!
//! ```text
//! etude.db     the database, with its write-ahead log beside it
//! etude.lock   which process uses the folder
//! artifacts/   the contents of artifacts, each in a file named by its SHA-256
//! ```
//!
//! What a method has answered survives a crash of the process and of the machine: the log is
//! synced at every commit, and so are files before their rows are written. One task writes, and
//! writes of the same moment share a commit (`writer`); reads have connections of their own and
//! never wait for it.

mod artifacts;
mod clock;
mod error;
mod lock;
mod options;
mod page;
mod records;
mod runs;
mod schema;
mod sessions;
mod tasks;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1;
use etude_engine::Result;
use etude_engine::store::{
    ArtifactSink, ClaimedRun, CommitListener, NewArtifact, NewEvent, NewRun, Page, PageRequest,
    Pool, RunCounts, RunQuery, RunUpdate, Store,
};
use sqlx::SqlitePool;

pub use options::Options;

use crate::artifacts::Artifacts;
use crate::error::{Failure, database, disk};
use crate::lock::FolderLock;
use crate::page::Tokens;
use crate::tasks::{blocking, detached};
use crate::writer::{Tx, Write, Writer};

/// A store in a folder.
///
/// Dropping it finishes what is being written some time later; [`Store::close`] waits for that,
/// and the folder can be opened again.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    artifacts: Artifacts,
    tokens: Tokens,
}

impl SqliteStore {
    /// Opens a store, and makes it when the folder has none.
    ///
    /// # Errors
    ///
    /// `DATABASE_IN_USE` with the `pid` of the process that uses the folder; `DATABASE_TOO_NEW`
    /// with `database_version` and `program_version`, the files being left as they are;
    /// `STORAGE_FULL`; `STORAGE_FAILED`.
    pub async fn open(options: Options) -> Result<Self> {
        let folder = options.folder.clone();
        let lock = blocking(move || lock_folder(&folder)).await?;
        let after_crash = lock.after_crash;
        let mut connection = schema::prepare(&options).await?;
        let page_key = sqlx::query_scalar("SELECT page_key FROM store").fetch_one(&mut connection);
        let tokens = Tokens::new(page_key.await.map_err(database)?);
        let readers = schema::readers(&options);
        let writer = Writer::start(connection, lock);
        let artifacts = Artifacts::open(&options, writer.clone(), readers.clone()).await?;
        if after_crash {
            tokio::spawn(artifacts.clone().sweep());
        }
        Ok(Self {
            writer,
            readers,
            artifacts,
            tokens,
        })
    }
}

fn lock_folder(folder: &Path) -> Result<FolderLock> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    // Pages, screenshots and uploads are nobody else's business on this machine.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| disk(&format!("the folder {}", folder.display()), &error))?;
    FolderLock::take(folder)
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_run(&self, run: NewRun) -> Result<v1::Run> {
        runs::create::create(&self.writer, run).await
    }

    async fn run(&self, name: &str) -> Result<v1::Run> {
        runs::get(&self.readers, name).await
    }

    async fn run_spec(&self, name: &str) -> Result<v1::RunSpec> {
        runs::spec(&self.readers, name).await
    }

    async fn list_runs(&self, query: RunQuery) -> Result<Page<v1::Run>> {
        runs::list::list(&self.readers, &self.tokens, query).await
    }

    async fn claim_run(
        &self,
        pool: Pool,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<ClaimedRun>> {
        runs::claim::claim(&self.writer, pool, worker, lease).await
    }

    async fn renew_leases(&self, worker: &str, lease: Duration) -> Result<()> {
        runs::claim::renew(&self.writer, worker, lease).await
    }

    async fn abandoned_runs(&self, worker: &str) -> Result<Vec<v1::Run>> {
        runs::claim::abandoned(&self.readers, worker).await
    }

    async fn append(&self, run: &str, events: Vec<NewEvent>, update: RunUpdate) -> Result<i64> {
        runs::append::append(&self.writer, run, events, update).await
    }

    async fn events(&self, run: &str, after: i64, limit: usize) -> Result<Vec<Arc<v1::RunEvent>>> {
        runs::events::read(&self.readers, run, after, limit).await
    }

    async fn delete_run(&self, name: &str) -> Result<()> {
        let (writer, artifacts) = (self.writer.clone(), self.artifacts.clone());
        let name = name.to_owned();
        detached(async move {
            let removed = runs::remove::delete(&writer, &name).await?;
            artifacts.release(removed).await;
            Ok(())
        })
        .await
    }

    async fn compact_events(&self, age: Duration) -> Result<u64> {
        runs::remove::compact(&self.writer, age).await
    }

    async fn run_counts(&self) -> Result<RunCounts> {
        runs::counts(&self.readers).await
    }

    fn set_commit_listener(&self, listener: Arc<dyn CommitListener>) {
        self.writer.listen(listener);
    }

    async fn save_session(&self, session: &v1::Session) -> Result<()> {
        sessions::save(&self.writer, session).await
    }

    async fn session(&self, name: &str) -> Result<v1::Session> {
        sessions::get(&self.readers, name).await
    }

    async fn list_sessions(
        &self,
        page: PageRequest,
        show_ended: bool,
    ) -> Result<Page<v1::Session>> {
        sessions::list(&self.readers, &self.tokens, page, show_ended).await
    }

    async fn end_active_sessions(&self, reason: &str) -> Result<u64> {
        sessions::end_active(&self.writer, reason).await
    }

    async fn forget_sessions(&self, age: Duration) -> Result<u64> {
        let (writer, artifacts) = (self.writer.clone(), self.artifacts.clone());
        detached(async move {
            let (forgotten, removed) = sessions::forget(&writer, age).await?;
            artifacts.release(removed).await;
            Ok(forgotten)
        })
        .await
    }

    async fn put_artifact(&self, artifact: NewArtifact, content: Bytes) -> Result<v1::Artifact> {
        self.artifacts.put(artifact, content).await
    }

    async fn begin_artifact(&self, artifact: NewArtifact) -> Result<ArtifactSink> {
        self.artifacts.begin(artifact).await
    }

    async fn artifact(&self, name: &str) -> Result<v1::Artifact> {
        self.artifacts.get(name).await
    }

    async fn list_artifacts(&self, parent: &str, page: PageRequest) -> Result<Page<v1::Artifact>> {
        self.artifacts.list(&self.tokens, parent, page).await
    }

    async fn read_artifact(&self, name: &str, offset: u64, length: usize) -> Result<Bytes> {
        self.artifacts.read(name, offset, length).await
    }

    async fn artifact_path(&self, name: &str) -> Result<PathBuf> {
        self.artifacts.path(name).await
    }

    async fn delete_artifact(&self, name: &str) -> Result<()> {
        self.artifacts.delete(name).await
    }

    async fn check(&self) -> Result<String> {
        self.artifacts.check().await?;
        self.writer.write(Check).await
    }

    async fn close(&self) {
        // The writer comes last: the last connection brings the write-ahead log home.
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Writes a row to see whether that can be done.
struct Check;

impl Write for Check {
    type Output = String;

    async fn apply(&mut self, tx: &mut Tx) -> Result<String, Failure> {
        const CHECK: &str = "\
            UPDATE store SET checked_time = ? RETURNING sqlite_version()";
        let version: String = sqlx::query_scalar(CHECK)
            .bind(clock::nanos(&clock::now()))
            .fetch_one(&mut tx.connection)
            .await?;
        Ok(format!("SQLite {version}, schema {}", schema::version()))
    }
}
