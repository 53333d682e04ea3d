//! Group commit: one task writes, and writes of the same moment share a transaction.
//!
//! A write that arrives while nothing else is being written is committed at once. What arrives
//! during a commit waits for its end and is then committed together. So the latency of a single
//! write is one commit, and many writers share the cost of the disk's sync.
//!
//! No write of a group fails because of another: a refused write has changed nothing, and when
//! the database fails, the group is rolled back and its writes are tried one by one.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use etude::v1;
use etude_engine::store::CommitListener;
use etude_engine::{Error, Result};
use futures::future::BoxFuture;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use crate::error::{Failure, database, failed};
use crate::lock::FolderLock;

/// Most writes of one transaction.
const GROUP: usize = 256;
/// Most writes that wait.
const WAITING: usize = 1024;

/// Hands writes to the task that writes.
#[derive(Clone)]
pub(crate) struct Writer {
    sender: mpsc::Sender<Message>,
    listener: Arc<OnceLock<Arc<dyn CommitListener>>>,
}

impl Writer {
    /// Starts the task. It holds `lock` until it has closed the database.
    pub(crate) fn start(connection: SqliteConnection, lock: FolderLock) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let listener = Arc::new(OnceLock::new());
        let task = Task {
            listener: Arc::clone(&listener),
            tx: Tx {
                connection,
                committed: Vec::new(),
            },
        };
        tokio::spawn(task.run(receiver, lock));
        Self { sender, listener }
    }

    /// Applies a write; when this returns, it is durable.
    pub(crate) async fn write<W: Write>(&self, write: W) -> Result<W::Output> {
        let (reply, result) = oneshot::channel();
        let job = Job {
            write,
            output: None,
            reply,
        };
        let sent = self.sender.send(Message::Job(Box::new(job))).await;
        sent.map_err(|_| closed())?;
        result.await.map_err(|_| closed())?
    }

    /// Names who hears of committed events. Only the first call counts.
    pub(crate) fn listen(&self, listener: Arc<dyn CommitListener>) {
        if self.listener.set(listener).is_err() {
            tracing::warn!("a second commit listener was ignored");
        }
    }

    /// Finishes what waits and closes the database. Further writes are refused.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.sender.send(Message::Close(done)).await.is_ok() {
            // An error means that the task has ended, which is what was asked.
            closed.await.ok();
        }
    }
}

/// One change of the database.
pub(crate) trait Write: Send + 'static {
    /// What the caller is told.
    type Output: Send + 'static;

    /// Applies the change. It is refused before anything is changed, or not at all. When a
    /// transaction fails, its changes are applied again.
    fn apply(&mut self, tx: &mut Tx) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

/// The open transaction.
pub(crate) struct Tx {
    /// Where statements are executed.
    pub(crate) connection: SqliteConnection,
    committed: Vec<Committed>,
}

struct Committed {
    run: String,
    events: Vec<Arc<v1::RunEvent>>,
}

impl Tx {
    /// Tells the listener about events once the transaction is committed.
    pub(crate) fn announce(&mut self, run: &str, events: Vec<Arc<v1::RunEvent>>) {
        if !events.is_empty() {
            self.committed.push(Committed {
                run: run.to_owned(),
                events,
            });
        }
    }
}

enum Message {
    Job(Box<dyn AnyJob>),
    Close(oneshot::Sender<()>),
}

/// A write together with who waits for it.
struct Job<W: Write> {
    write: W,
    output: Option<Result<W::Output>>,
    reply: oneshot::Sender<Result<W::Output>>,
}

trait AnyJob: Send {
    fn apply<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, sqlx::Result<()>>;
    fn reply(self: Box<Self>, committed: Result<()>);
}

impl<W: Write> AnyJob for Job<W> {
    fn apply<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, sqlx::Result<()>> {
        Box::pin(async move {
            self.output = Some(match self.write.apply(tx).await {
                Ok(output) => Ok(output),
                Err(Failure::Refused(error)) => Err(error),
                Err(Failure::Database(error)) => return Err(error),
            });
            Ok(())
        })
    }

    fn reply(self: Box<Self>, committed: Result<()>) {
        let output = self.output.unwrap_or_else(|| Err(closed()));
        // The caller may have given up waiting.
        self.reply.send(committed.and(output)).ok();
    }
}

/// The task that writes.
struct Task {
    listener: Arc<OnceLock<Arc<dyn CommitListener>>>,
    tx: Tx,
}

impl Task {
    async fn run(mut self, mut receiver: mpsc::Receiver<Message>, lock: FolderLock) {
        let mut waiting = Vec::with_capacity(GROUP);
        let mut closing = Vec::new();
        while receiver.recv_many(&mut waiting, GROUP).await > 0 {
            let mut group = Vec::with_capacity(waiting.len());
            for message in waiting.drain(..) {
                match message {
                    Message::Job(job) => group.push(job),
                    Message::Close(done) => {
                        receiver.close();
                        closing.push(done);
                    }
                }
            }
            self.commit(group).await;
        }
        if let Err(error) = self.tx.connection.close().await {
            tracing::warn!(%error, "the database was not closed in good order");
        }
        lock.release();
        for done in closing {
            done.send(()).ok();
        }
    }

    async fn commit(&mut self, mut group: Vec<Box<dyn AnyJob>>) {
        if group.len() > 1 && self.transact(&mut group).await.is_ok() {
            return group.into_iter().for_each(|job| job.reply(Ok(())));
        }
        for mut job in group {
            let committed = self.transact(std::slice::from_mut(&mut job)).await;
            job.reply(committed.map_err(|error| {
                let error = database(error);
                tracing::warn!(%error, "a write failed");
                error
            }));
        }
    }

    /// Applies all jobs in one transaction, or none of them.
    async fn transact(&mut self, jobs: &mut [Box<dyn AnyJob>]) -> sqlx::Result<()> {
        let result = self.apply(jobs).await;
        match &result {
            Ok(()) => self.notify(),
            Err(_) => self.roll_back().await,
        }
        result
    }

    async fn apply(&mut self, jobs: &mut [Box<dyn AnyJob>]) -> sqlx::Result<()> {
        // Plain statements instead of sqlx's transactions: SQLite ends a transaction by itself
        // when the disk is full, and sqlx's own count of open transactions would then be wrong
        // for ever.
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut self.tx.connection)
            .await?;
        for job in jobs {
            job.apply(&mut self.tx).await?;
        }
        sqlx::query("COMMIT")
            .execute(&mut self.tx.connection)
            .await?;
        Ok(())
    }

    fn notify(&mut self) {
        let listener = self.listener.get();
        for Committed { run, events } in self.tx.committed.drain(..) {
            if let Some(listener) = listener {
                listener.committed(&run, &events);
            }
        }
    }

    async fn roll_back(&mut self) {
        self.tx.committed.clear();
        let rolled_back = sqlx::query("ROLLBACK")
            .execute(&mut self.tx.connection)
            .await;
        if let Err(error) = rolled_back {
            // SQLite ends the transaction by itself when the disk is full, and it never began
            // when that failed.
            tracing::debug!(%error, "there was nothing to roll back");
        }
    }
}

fn closed() -> Error {
    failed("the store is closed")
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
