//! Turns: what callers of one client do one after another.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use super::Client;

/// A checkpoint's turn: whoever holds it changes its steps. It holds how many there are; `None`: not
/// known.
pub(crate) type CheckpointTurn = tokio::sync::Mutex<Option<i32>>;

/// The turns of a client.
#[derive(Debug, Default)]
pub(super) struct Turns {
    making: Arc<tokio::sync::Mutex<()>>,
    goals: Keyed<i64, ()>,
    checkpoints: Keyed<i64, Option<i32>>,
    tests: Keyed<[String; 3], ()>,
}

impl Client {
    /// Waits until nobody else makes projects and goals by their names.
    pub(crate) async fn turn_to_make(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.shared.turns.making).lock_owned().await
    }

    /// Waits until nobody else changes which journeys and checkpoints a goal has.
    pub(crate) async fn turn_on_goal(&self, goal: i64) -> OwnedMutexGuard<()> {
        self.shared.turns.goals.turn(goal).lock_owned().await
    }

    /// Waits until nobody else deploys and starts the test with this project, goal and name.
    pub(crate) async fn turn_on_test(&self, place: [String; 3]) -> OwnedMutexGuard<()> {
        self.shared.turns.tests.turn(place).lock_owned().await
    }

    /// The turn of a checkpoint, shared with all who change its steps.
    pub(crate) fn turn_on_checkpoint(&self, checkpoint: i64) -> Arc<CheckpointTurn> {
        self.shared.turns.checkpoints.turn(checkpoint)
    }
}

/// Turns by key, as long as somebody has one.
#[derive(Debug)]
struct Keyed<K, T>(Mutex<HashMap<K, Weak<tokio::sync::Mutex<T>>>>);

impl<K, T> Default for Keyed<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, T: Default> Keyed<K, T> {
    fn turn(&self, key: K) -> Arc<tokio::sync::Mutex<T>> {
        let mut all = self.0.lock();
        all.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = all.get(&key).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        all.insert(key, Arc::downgrade(&turn));
        turn
    }
}
