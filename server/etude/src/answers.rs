//! What was answered to request ids, so that a repeated call changes nothing again.
//!
//! A note of the request is durable before its work begins, and holds the answer as soon as that is
//! known. A note without one is of work that nobody knows the end of: the server was stopped
//! meanwhile. Then a repetition is told so, instead of doing everything a second time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use etude::v1::ErrorReason;
use etude_engine::records::{self, Record, Records};
use etude_engine::{Error, Result};
use parking_lot::Mutex;
use prost::Message;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The kind of the notes. Their parents are the days on which they were made.
const KIND: &str = "request";

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// How many days back the sweep looks, for a server that was stopped for long.
const SWEPT_DAYS: i64 = 60;

/// Answers to request ids, for at least a day. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Answers {
    inner: Arc<Inner>,
}

struct Inner {
    records: Arc<dyn Records>,
    /// Who carries out a request, of those that are being carried out.
    turns: Mutex<HashMap<String, Weak<Turn>>>,
    /// The day on which old notes were last removed.
    swept: AtomicI64,
}

type Turn = tokio::sync::Mutex<()>;

/// What tells one request from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fingerprint(String);

impl Fingerprint {
    /// Of a method, the platform that it is for, by its name and address, and the whole request.
    pub(crate) fn of(method: &str, platform: [&str; 2], request: &impl Message) -> Self {
        let [name, address] = platform;
        let mut hash = Sha256::new();
        for part in [method, name, address].map(str::as_bytes) {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.update(request.encode_to_vec());
        Self(BASE64_STANDARD.encode(hash.finalize()))
    }
}

/// What is kept of a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Note {
    request: Fingerprint,
    /// The message of the answer. `None`: not known.
    answer: Option<String>,
}

impl Answers {
    /// Answers that are kept in these records.
    pub(crate) fn new(records: Arc<dyn Records>) -> Self {
        Self {
            inner: Arc::new(Inner {
                records,
                turns: Mutex::default(),
                swept: AtomicI64::new(0),
            }),
        }
    }

    /// Does a piece of work once for a request id: a repetition waits for the first and gets its
    /// answer. What has failed is done again. Without an id the work is just done.
    ///
    /// The work goes on when the caller gives up, because a repetition wants its answer.
    ///
    /// # Errors
    ///
    /// Those of the work; `REQUEST_ID_REUSED`; `PLATFORM_OUTCOME_UNKNOWN`: the server was stopped
    /// while an earlier call was carried out.
    pub(crate) async fn once<A: Message + Default + 'static>(
        &self,
        id: &str,
        request: Fingerprint,
        work: impl Future<Output = Result<A>> + Send + 'static,
    ) -> Result<A> {
        if id.is_empty() {
            return work.await;
        }
        let (answers, id) = (self.clone(), id.to_owned());
        let carried = tokio::spawn(async move { answers.carry_out(&id, request, work).await });
        let broken = |error| Error::internal(format!("the request's work broke off: {error}"));
        carried.await.map_err(broken)?
    }

    async fn carry_out<A: Message + Default>(
        &self,
        id: &str,
        request: Fingerprint,
        work: impl Future<Output = Result<A>>,
    ) -> Result<A> {
        let turn = self.turn(id);
        let _turn = turn.lock().await;
        self.sweep().await?;
        let mut record = match self.begin(id, request.clone()).await? {
            Begun::Now(record) => record,
            Begun::Before(note) => return answered(id, &note, &request),
        };
        let result = work.await;
        let kept = match &result {
            Ok(answer) => {
                let answer = Some(BASE64_STANDARD.encode(answer.encode_to_vec()));
                record.body = body(&Note { request, answer })?;
                self.keep(record).await
            }
            Err(error) if error.reason == ErrorReason::PlatformOutcomeUnknown => Ok(()),
            Err(_) => self.forget(record.id).await,
        };
        if let Err(error) = kept {
            tracing::warn!(request_id = id, %error, "the answer to a request id was not kept");
        }
        result
    }

    /// The turn of a request id, shared by all who call with it.
    fn turn(&self, id: &str) -> Arc<Turn> {
        let mut turns = self.inner.turns.lock();
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(id).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::new(Turn::default());
        turns.insert(id.to_owned(), Arc::downgrade(&turn));
        turn
    }

    /// Notes that a request is carried out from now on, unless it was before.
    async fn begin(&self, id: &str, request: Fingerprint) -> Result<Begun> {
        let name = id.to_owned();
        let body = body(&Note {
            request,
            answer: None,
        })?;
        records::write(&*self.inner.records, move |records| {
            let (name, body) = (name.clone(), body.clone());
            Box::pin(async move {
                let today = today();
                for day in [today, today - 1] {
                    if let Some(known) = records.find(KIND, day, &name).await? {
                        return Ok(Begun::Before(note(&known)?));
                    }
                }
                let record = Record {
                    kind: KIND.to_owned(),
                    id: records.next(KIND).await?,
                    parent: today,
                    name: Some(name),
                    body,
                };
                records.put(record.clone()).await?;
                Ok(Begun::Now(record))
            })
        })
        .await
    }

    async fn keep(&self, record: Record) -> Result<()> {
        records::write(&*self.inner.records, move |records| {
            let record = record.clone();
            Box::pin(async move { records.put(record).await })
        })
        .await
    }

    async fn forget(&self, id: i64) -> Result<()> {
        records::write(&*self.inner.records, move |records| {
            Box::pin(async move { records.delete(KIND, id).await.map(drop) })
        })
        .await
    }

    /// Removes the notes of the days before yesterday, once a day.
    async fn sweep(&self) -> Result<()> {
        let today = today();
        if self.inner.swept.swap(today, Ordering::Relaxed) == today {
            return Ok(());
        }
        records::write(&*self.inner.records, move |records| {
            Box::pin(async move {
                for day in today - SWEPT_DAYS..today - 1 {
                    for old in records.list(KIND, day).await? {
                        records.delete(KIND, old.id).await?;
                    }
                }
                Ok(())
            })
        })
        .await
    }
}

/// Whether a request is carried out now, or was before.
enum Begun {
    Now(Record),
    Before(Note),
}

/// The answer that a request was given before.
fn answered<A: Message + Default>(id: &str, note: &Note, request: &Fingerprint) -> Result<A> {
    if note.request != *request {
        let message =
            format!("the request id `{id}` belongs to another request; choose a new UUID");
        return Err(Error::new(ErrorReason::RequestIdReused, message).with("request_id", id));
    }
    let Some(answer) = &note.answer else {
        let message = format!(
            "an earlier call with the request id `{id}` was not carried out to its end, and what \
             became of it is not known; look, and repeat it with a new id if nothing happened"
        );
        let error = Error::new(ErrorReason::PlatformOutcomeUnknown, message);
        return Err(error.with("request_id", id));
    };
    let bytes = BASE64_STANDARD.decode(answer);
    let bytes = bytes.map_err(|error| unreadable(&error))?;
    A::decode(bytes.as_slice()).map_err(|error| unreadable(&error))
}

fn body(note: &Note) -> Result<String> {
    serde_json::to_string(note).map_err(|error| Error::internal(error.to_string()))
}

fn note(record: &Record) -> Result<Note> {
    serde_json::from_str(&record.body).map_err(|error| unreadable(&error))
}

fn unreadable(error: &dyn std::error::Error) -> Error {
    Error::internal(format!("the note of a request cannot be read: {error}"))
}

/// Days since 1970.
fn today() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = now.map_or(0, |now| now.as_secs() / DAY_SECONDS);
    days.cast_signed()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use etude::v1;
    use etude_engine::store::Store as _;
    use etude_store::{Options, SqliteStore};

    use super::*;

    async fn open(folder: &std::path::Path) -> Arc<SqliteStore> {
        let store = SqliteStore::open(Options::new(folder)).await;
        Arc::new(store.unwrap())
    }

    async fn answers(folder: &std::path::Path) -> Answers {
        Answers::new(open(folder).await)
    }

    fn request(name: &str) -> Fingerprint {
        let request = v1::GetProjectRequest { name: name.into() };
        Fingerprint::of("method", ["local", ""], &request)
    }

    /// Work that counts how often it is done.
    fn work(
        count: &Arc<AtomicU32>,
        end: Result<()>,
    ) -> impl Future<Output = Result<v1::Project>> + Send + 'static {
        let count = Arc::clone(count);
        async move {
            tokio::task::yield_now().await;
            let done = count.fetch_add(1, Ordering::SeqCst) + 1;
            end.map(|()| v1::Project {
                name: format!("projects/{done}"),
                ..v1::Project::default()
            })
        }
    }

    #[tokio::test]
    async fn a_repetition_gets_the_answer_and_changes_nothing_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let count = Arc::default();
        let store = open(folder.path()).await;
        let answers_before = Answers::new(store.clone());
        let call = || answers_before.once("id", request("a"), work(&count, Ok(())));
        let (first, second) = tokio::join!(call(), call());
        assert_eq!(first.unwrap().name, "projects/1");
        assert_eq!(second.unwrap().name, "projects/1");
        store.close().await;

        let answers = answers(folder.path()).await;
        let third = answers.once("id", request("a"), work(&count, Ok(())));
        assert_eq!(third.await.unwrap().name, "projects/1");
        let other = answers.once("id", request("b"), work(&count, Ok(())));
        let error = other.await.unwrap_err();
        assert_eq!(error.reason, ErrorReason::RequestIdReused);
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn what_failed_is_done_again_and_what_nobody_knows_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let answers = answers(folder.path()).await;
        let count = Arc::default();
        let fails = |reason| Err(Error::new(reason, "no"));
        let failing = work(&count, fails(ErrorReason::PlatformNotFound));
        answers.once("a", request("a"), failing).await.unwrap_err();
        let again = answers.once("a", request("a"), work(&count, Ok(())));
        assert_eq!(again.await.unwrap().name, "projects/2");

        let lost = work(&count, fails(ErrorReason::PlatformOutcomeUnknown));
        answers.once("b", request("b"), lost).await.unwrap_err();
        let again = answers.once("b", request("b"), work(&count, Ok(())));
        let error = again.await.unwrap_err();
        assert_eq!(error.reason, ErrorReason::PlatformOutcomeUnknown);
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn the_work_is_done_to_its_end_when_the_caller_gives_up() {
        let folder = tempfile::tempdir().unwrap();
        let answers = answers(folder.path()).await;
        let count: Arc<AtomicU32> = Arc::default();
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        let inner = work(&count, Ok(()));
        let slow = async move {
            let _ = wait.await;
            inner.await
        };
        let mut call = Box::pin(answers.once("id", request("a"), slow));
        assert!(futures::poll!(call.as_mut()).is_pending());
        drop(call);
        // A turn of its own for the first: the repetition waits for it.
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        let again = answers.once("id", request("a"), work(&count, Ok(())));
        assert_eq!(again.await.unwrap().name, "projects/1");
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn old_notes_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let answers = answers(folder.path()).await;
        for (id, day) in [(1001, today() - 2), (1002, today() - 1)] {
            let note = Note {
                request: request("a"),
                answer: None,
            };
            let old = Record {
                kind: KIND.to_owned(),
                id,
                parent: day,
                name: Some(format!("{id}")),
                body: body(&note).unwrap(),
            };
            answers.keep(old).await.unwrap();
        }
        let count = Arc::default();
        let other = answers.once("other", request("b"), work(&count, Ok(())));
        other.await.unwrap();
        let yesterday = answers.once("1002", request("a"), work(&count, Ok(())));
        assert!(yesterday.await.is_err());
        let before = answers.once("1001", request("a"), work(&count, Ok(())));
        assert!(before.await.is_ok());
    }
}
