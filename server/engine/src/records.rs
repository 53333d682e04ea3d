//! Records: small JSON documents with ids, of which the local platform's resources consist.
//!
//! A piece of work reads and changes any number of them as one: others see all of it or nothing,
//! and it is durable before its result is known. Work that writes is executed one after another,
//! so two pieces never see each other half done.

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use crate::error::{Error, Result};

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is, such as `project`.
    pub kind: String,
    /// Its id, unique within its kind.
    pub id: i64,
    /// The id of what it belongs to; 0: to nothing.
    pub parent: i64,
    /// A name that no other record of its kind and parent may have, if it is to have one.
    pub name: Option<String>,
    /// The document, as JSON text.
    pub body: String,
}

/// Keeps records.
#[async_trait]
pub trait Records: Send + Sync + 'static {
    /// Executes work that changes nothing, over one state of the records: what others write
    /// meanwhile it does not see.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`, also when the work wants to change something.
    async fn read(&self, work: Work) -> Result<()>;

    /// Executes work that may change records. Its changes are kept when it says so, and are then
    /// durable when this returns. Every other work waits meanwhile, so it must only compute and
    /// call the transaction. It may be executed again when the database failed.
    ///
    /// # Errors
    ///
    /// `STORAGE_FULL`; `STORAGE_FAILED`; `INTERNAL` when the work panicked: nothing was changed.
    async fn write(&self, work: Work) -> Result<()>;
}

/// A piece of work. [`read`] and [`write`] make them of closures with a result.
pub type Work =
    Box<dyn for<'a> FnMut(&'a mut dyn Transaction) -> BoxFuture<'a, Verdict> + Send + 'static>;

/// Whether the changes of a piece of work are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are.
    Keep,
    /// It was as if it had not been executed.
    Undo,
}

/// The records, as a piece of work sees them.
#[async_trait]
pub trait Transaction: Send {
    /// A record by its id.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`, as for all methods.
    async fn get(&mut self, kind: &str, id: i64) -> Result<Option<Record>>;

    /// A record by its name.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn find(&mut self, kind: &str, parent: i64, name: &str) -> Result<Option<Record>>;

    /// All records of a kind and a parent, by rising id.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn list(&mut self, kind: &str, parent: i64) -> Result<Vec<Record>>;

    /// Puts a record in the place of the one with its kind and id, if there is one.
    ///
    /// # Errors
    ///
    /// `STORAGE_FULL`; `STORAGE_FAILED`, also when another record has its name.
    async fn put(&mut self, record: Record) -> Result<()>;

    /// Deletes a record; whether there was one.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    async fn delete(&mut self, kind: &str, id: i64) -> Result<bool>;

    /// The next number of a sequence, from 1 on. No number is given twice, even when what it was
    /// given to has been deleted; that of undone work is given again.
    ///
    /// # Errors
    ///
    /// `STORAGE_FULL`; `STORAGE_FAILED`.
    async fn next(&mut self, sequence: &str) -> Result<i64>;
}

/// Executes work that changes nothing; its result.
///
/// # Errors
///
/// What the work or [`Records::read`] returns.
pub async fn read<T, E, F>(records: &dyn Records, work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: for<'a> FnMut(&'a mut dyn Transaction) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
{
    let (work, slot) = with_slot(work);
    records.read(work).await?;
    taken(&slot)
}

/// Executes work whose changes are kept unless it returns an error; its result.
///
/// # Errors
///
/// What the work or [`Records::write`] returns: nothing was changed.
pub async fn write<T, E, F>(records: &dyn Records, work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: for<'a> FnMut(&'a mut dyn Transaction) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
{
    let (work, slot) = with_slot(work);
    records.write(work).await?;
    taken(&slot)
}

/// Where a piece of work leaves its result: the trait that executes it knows no result types.
type Slot<T, E> = Arc<Mutex<Option<Result<T, E>>>>;

fn with_slot<T, E, F>(mut work: F) -> (Work, Slot<T, E>)
where
    T: Send + 'static,
    E: Send + 'static,
    F: for<'a> FnMut(&'a mut dyn Transaction) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
{
    let slot: Slot<T, E> = Arc::default();
    let kept = Arc::clone(&slot);
    let work: Work = Box::new(move |transaction| {
        let result = work(transaction);
        let slot = Arc::clone(&slot);
        Box::pin(async move {
            let result = result.await;
            let verdict = match &result {
                Ok(_) => Verdict::Keep,
                Err(_) => Verdict::Undo,
            };
            *slot.lock() = Some(result);
            verdict
        })
    });
    (work, kept)
}

fn taken<T, E: From<Error>>(slot: &Slot<T, E>) -> Result<T, E> {
    let result = slot.lock().take();
    result.unwrap_or_else(|| Err(Error::internal("a piece of work left no result").into()))
}
