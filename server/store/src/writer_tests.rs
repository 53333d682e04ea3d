use etude::v1::ErrorReason;
use futures::future::join;
use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::*;
use crate::{Options, schema};

async fn start() -> (TempDir, Writer, SqlitePool) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(folder.path());
    let lock = FolderLock::take(folder.path()).unwrap();
    let connection = schema::prepare(&options).await.unwrap();
    let readers = schema::readers(&options);
    (folder, Writer::start(connection, lock), readers)
}

/// Inserts a state to be counted, and may stop at a place or end badly.
#[derive(Default)]
struct Count {
    state: i64,
    /// Told when the statement has been executed.
    reached: Option<Arc<Notify>>,
    /// Awaited then.
    proceed: Option<Arc<Notify>>,
    /// Executed then.
    then: Option<&'static str>,
}

impl Write for Count {
    type Output = ();

    async fn apply(&mut self, tx: &mut Tx) -> Result<(), Failure> {
        sqlx::query("INSERT INTO run_counts (state, runs) VALUES (?, 0)")
            .bind(self.state)
            .execute(&mut tx.connection)
            .await?;
        if let Some(reached) = &self.reached {
            reached.notify_one();
        }
        if let Some(proceed) = &self.proceed {
            proceed.notified().await;
        }
        if let Some(then) = self.then {
            sqlx::query(then).execute(&mut tx.connection).await?;
        }
        Ok(())
    }
}

fn count(state: i64) -> Count {
    Count {
        state,
        ..Count::default()
    }
}

async fn counted(readers: &SqlitePool) -> Vec<i64> {
    let states = "SELECT state FROM run_counts WHERE state >= 100 ORDER BY state";
    sqlx::query_scalar(states).fetch_all(readers).await.unwrap()
}

#[tokio::test]
async fn writes_that_wait_are_committed_together_and_a_single_one_at_once() {
    let (_folder, writer, readers) = start().await;
    writer.write(count(100)).await.unwrap();
    assert_eq!(
        counted(&readers).await,
        [100],
        "alone, nothing is waited for"
    );

    let (busy, go_on, last) = <(Arc<Notify>, Arc<Notify>, Arc<Notify>)>::default();
    let finish = Arc::new(Notify::new());
    let first = Count {
        reached: Some(Arc::clone(&busy)),
        proceed: Some(Arc::clone(&go_on)),
        ..count(101)
    };
    let fourth = Count {
        reached: Some(Arc::clone(&last)),
        proceed: Some(Arc::clone(&finish)),
        ..count(104)
    };
    let first = tokio::spawn({
        let writer = writer.clone();
        async move { writer.write(first).await }
    });
    busy.notified().await;
    let others = async {
        let (second, third) = (writer.write(count(102)), writer.write(count(103)));
        let (two, four) = join(join(second, third), writer.write(fourth)).await;
        (two.0, two.1, four)
    };
    let watch = async {
        tokio::task::yield_now().await;
        go_on.notify_one();
        last.notified().await;
        // The second and third write have been applied: they were sent before the fourth.
        let visible = counted(&readers).await;
        finish.notify_one();
        visible
    };
    let ((second, third, fourth), visible) = join(others, watch).await;
    assert_eq!(
        visible,
        [100, 101],
        "the others share a transaction that is open"
    );
    for result in [first.await.unwrap(), second, third, fourth] {
        result.unwrap();
    }
    assert_eq!(counted(&readers).await, [100, 101, 102, 103, 104]);
}

#[tokio::test]
async fn a_transaction_that_the_database_ended_harms_nobody_else() {
    let (_folder, writer, readers) = start().await;
    // What SQLite does by itself when the disk is full: the transaction ends, then the statement
    // fails.
    let ended = Count {
        then: Some("ROLLBACK; INSERT INTO missing VALUES (1)"),
        ..count(100)
    };
    let (failed, fine) = join(writer.write(ended), writer.write(count(101))).await;
    assert_eq!(failed.unwrap_err().reason, ErrorReason::StorageFailed);
    fine.unwrap();
    writer.write(count(102)).await.unwrap();
    assert_eq!(counted(&readers).await, [101, 102]);
}

#[tokio::test]
async fn closing_finishes_what_waits() {
    let (_folder, writer, readers) = start().await;
    let writes = (100..120).map(|state| writer.write(count(state)));
    let (written, ()) = join(futures::future::join_all(writes), writer.close()).await;
    written.into_iter().for_each(|result| result.unwrap());
    let refused = writer.write(count(120)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::StorageFailed);
    assert_eq!(counted(&readers).await, (100..120).collect::<Vec<_>>());
}
