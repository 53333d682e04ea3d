//! Looks after sessions: ends those whose time has come, closes those that end, and forgets those
//! that ended long ago.

use std::sync::{Arc, Weak};
use std::time::Duration;

use etude::v1::ErrorReason;
use tokio::time::Instant;

use super::Inner;
use super::entry::Entry;
use super::registry::Slot;

/// How often a session is looked after at least: so late, at the latest, the death of an idle
/// session's browser is noticed.
const LOOK: Duration = Duration::from_secs(1);

/// How long the closing of a browser is waited for. The backend's own shutdown ends what is left.
const CLOSE_LIMIT: Duration = Duration::from_secs(15);

/// How often old sessions are forgotten.
const CLEAN_UP: Duration = Duration::from_secs(60);

/// Keeps one session until its browser is gone. The slot is given back then.
pub(super) async fn keep(inner: Arc<Inner>, entry: Arc<Entry>, slot: Slot) {
    let reason = watch_over(&entry).await;
    entry.end(reason);
    entry.set_ended(reason);
    if let Some(scope) = entry.take_away().await
        && tokio::time::timeout(CLOSE_LIMIT, scope.close())
            .await
            .is_err()
    {
        tracing::warn!(session = entry.name(), "the browser was not closed in time");
    }
    entry.set_closed(reason);
    if let Err(error) = inner.store.save_session(&entry.snapshot()).await {
        tracing::error!(session = entry.name(), %error, "the session's end could not be stored");
    }
    inner.registry.ended(entry.name());
    drop(slot);
    entry.announce_closed();
}

/// Waits until the session ends.
async fn watch_over(entry: &Entry) -> ErrorReason {
    loop {
        let due = match entry.due() {
            Ok(due) => due.min(Instant::now() + LOOK),
            // Someone else may have given a reason just before.
            Err(reason) => return entry.end_reason().unwrap_or(reason),
        };
        tokio::select! {
            reason = entry.ends() => return reason,
            () = tokio::time::sleep_until(due) => {}
        }
    }
}

/// Forgets old sessions, as long as there is anyone to do it for.
pub(super) async fn clean_up(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(CLEAN_UP).await;
        let Some(inner) = inner.upgrade() else {
            return;
        };
        let age = inner.options.keep_ended;
        inner.registry.forget(age);
        inner.registry.drop_idle_creations();
        if let Err(error) = inner.store.forget_sessions(age).await {
            tracing::warn!(%error, "old sessions could not be removed from the store");
        }
    }
}
