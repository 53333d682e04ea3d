//! When something that changes by itself is read again: after a while, or sooner when the platform
//! has told that something has happened there.

use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};

use super::Client;

/// One reader's looks at one thing.
///
/// However often the platform tells something, a reader looks again at most once meanwhile: calls that
/// wake it while it looks or waits become one look, and two looks have a distance.
pub(crate) struct Looks {
    interval: Duration,
    distance: Duration,
    woken: Receiver<()>,
    /// When the last look ended; while there is one: when it began.
    last: Instant,
    is_looking: bool,
}

impl Client {
    /// Makes everybody look who waits for something of this platform to change. It only saves
    /// time: without it they look after a while.
    pub fn wake(&self) {
        self.shared.woken.send_replace(());
    }

    /// The looks of one reader, whose first begins now.
    pub(crate) fn looks(&self) -> Looks {
        Looks {
            interval: self.shared.poll_interval,
            distance: self.shared.poll_distance,
            woken: self.shared.woken.subscribe(),
            last: Instant::now(),
            is_looking: true,
        }
    }
}

impl Looks {
    /// Waits until it is time to look again. One that gives up and comes back has lost nothing.
    pub(crate) async fn due(&mut self) {
        self.due_within(self.interval).await;
    }

    /// As [`Looks::due`], and no later than after this time.
    pub(crate) async fn due_within(&mut self, limit: Duration) {
        if std::mem::take(&mut self.is_looking) {
            self.last = Instant::now();
        }
        // A copy is waited on, so that a call that is dropped leaves it as it was.
        let mut woken = self.woken.clone();
        let sooner = async {
            match woken.changed().await {
                Ok(()) => sleep_until(self.last + self.distance).await,
                // Nobody can wake it any more.
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep_until(self.last + self.interval.min(limit)) => {}
            () = sooner => {}
        }
        // What is told from now on may be later than what the look will see.
        self.woken.mark_unchanged();
        self.last = Instant::now();
        self.is_looking = true;
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use tokio::time::timeout;

    use super::*;

    /// Longer than a test takes that does not hang.
    const GUARD: Duration = Duration::from_secs(60);

    /// A client, and the looks of one that waits for an hour.
    fn looks() -> (Client, Looks) {
        let client = Client::local(Router::new());
        let looks = Looks {
            interval: Duration::from_secs(3600),
            distance: Duration::from_millis(20),
            ..client.looks()
        };
        (client, looks)
    }

    async fn is_due(looks: &mut Looks) -> bool {
        timeout(GUARD, looks.due()).await.is_ok()
    }

    async fn is_not_due(looks: &mut Looks) -> bool {
        timeout(Duration::from_millis(100), looks.due())
            .await
            .is_err()
    }

    #[tokio::test]
    async fn many_calls_are_one_look_and_two_looks_have_a_distance() {
        let (client, mut looks) = looks();
        let began = Instant::now();
        for _ in 0..1000 {
            client.wake();
        }
        assert!(is_due(&mut looks).await);
        // One that comes while it looks is not lost.
        client.wake();
        assert!(is_due(&mut looks).await);
        assert!(began.elapsed() >= 2 * looks.distance);
        assert!(is_not_due(&mut looks).await, "each call was heard before");
    }

    #[tokio::test]
    async fn who_gives_up_and_comes_back_has_lost_nothing() {
        let (client, mut looks) = looks();
        looks.distance = looks.interval;
        client.wake();
        // It has heard the call and keeps the distance, when it is dropped.
        assert!(is_not_due(&mut looks).await);
        looks.distance = Duration::ZERO;
        assert!(is_due(&mut looks).await);
    }

    #[tokio::test]
    async fn without_a_call_it_looks_after_the_interval() {
        let (_client, mut looks) = looks();
        looks.interval = Duration::from_millis(1);
        assert!(is_due(&mut looks).await);
    }
}
