//! Watches the parts that services need, and publishes what follows for their health.

use std::sync::Arc;
use std::time::Duration;

use etude_engine::backend::{Backend, Health};
use etude_engine::store::Store;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::health::{HealthBoard, Parts};
use crate::services::Info;

/// How often the store is checked.
const STORE_INTERVAL: Duration = Duration::from_secs(10);

/// The longest that a check of the store may take.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// Publishes the state of the parts.
pub(crate) struct Monitor {
    pub(crate) board: HealthBoard,
    pub(crate) info: Arc<Info>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) browser: watch::Receiver<Health>,
}

impl Monitor {
    pub(crate) fn new(
        board: HealthBoard,
        info: Arc<Info>,
        store: Arc<dyn Store>,
        backend: &dyn Backend,
    ) -> Self {
        Self {
            board,
            info,
            store,
            browser: backend.health(),
        }
    }

    /// Publishes the present state, before the first call is answered.
    pub(crate) async fn start(&mut self) {
        self.look_at_browser();
        self.look_at_store().await;
        self.publish();
    }

    /// Publishes every change until `stop`; then, that nothing serves any more.
    pub(crate) async fn watch(mut self, stop: CancellationToken) {
        let mut ticks = interval(STORE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        // A store that does not answer must not hold the shutdown up.
        while stop
            .run_until_cancelled(self.next_look(&mut ticks))
            .await
            .is_some()
        {
            self.publish();
        }
        self.board.close();
    }

    /// Looks at what has changed, or at the store when it is time to.
    async fn next_look(&mut self, ticks: &mut Interval) {
        tokio::select! {
            // Fails when the backend has gone; its last word holds.
            Ok(()) = self.browser.changed() => self.look_at_browser(),
            _ = ticks.tick() => self.look_at_store().await,
        }
    }

    fn publish(&self) {
        let parts = Parts {
            browser: self.info.is_serving("browser"),
            store: self.info.is_serving("store"),
        };
        self.board.publish(parts);
    }

    fn look_at_browser(&mut self) {
        let (serving, detail) = match &*self.browser.borrow_and_update() {
            Health::Starting => {
                // Every start passes through this; nothing is wrong, so nothing is logged.
                self.info.set("browser", false, "looking for the browser");
                return;
            }
            Health::Serving(version) => (true, version.clone()),
            Health::NotServing(reason) => (false, reason.clone()),
        };
        self.note("browser", serving, &detail);
    }

    async fn look_at_store(&mut self) {
        match tokio::time::timeout(STORE_PATIENCE, self.store.check()).await {
            Ok(Ok(version)) => self.note("store", true, &version),
            Ok(Err(error)) => self.note("store", false, &error.message),
            Err(_) => self.note("store", false, "the disk does not answer; look after it"),
        }
    }

    /// Keeps a part's state, and logs a change.
    fn note(&self, part: &str, serving: bool, detail: &str) {
        if !self.info.set(part, serving, detail) {
            return;
        }
        match serving {
            true => info!(part, detail, "serving"),
            false => error!(part, detail, "not serving"),
        }
    }
}

#[cfg(test)]
mod tests {
    use etude_store::{Options, SqliteStore};

    use super::*;

    #[tokio::test]
    async fn a_store_that_fails_is_told_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(Options::new(folder.path()))
            .await
            .unwrap();
        let mut monitor = Monitor {
            board: HealthBoard::new().0,
            info: Info::new(etude::v1::ServerLimits::default()),
            store: Arc::new(store),
            browser: watch::Sender::new(Health::Serving("Fake".into())).subscribe(),
        };
        monitor.start().await;
        assert!(monitor.info.is_serving("store"));
        assert!(monitor.info.is_serving("browser"));
        monitor.store.close().await;
        monitor.look_at_store().await;
        assert!(!monitor.info.is_serving("store"));
        assert!(monitor.info.is_serving("browser"));
    }

    #[tokio::test]
    async fn a_browser_that_is_looked_for_does_not_serve_yet() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(Options::new(folder.path()))
            .await
            .unwrap();
        let browser = watch::Sender::new(Health::Starting);
        let mut monitor = Monitor {
            board: HealthBoard::new().0,
            info: Info::new(etude::v1::ServerLimits::default()),
            store: Arc::new(store),
            browser: browser.subscribe(),
        };
        monitor.start().await;
        assert!(!monitor.info.is_serving("browser"));
        browser.send_replace(Health::Serving("Fake".into()));
        monitor.look_at_browser();
        assert!(monitor.info.is_serving("browser"));
    }
}
