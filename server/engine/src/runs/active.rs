//! The runs that this process executes.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::interrupt::{Cause, Interrupt};

/// The runs that are executed here, by name.
#[derive(Default)]
pub(super) struct Active {
    runs: Arc<Mutex<HashMap<String, ActiveRun>>>,
}

/// A run that is executed here.
#[derive(Clone)]
pub(super) struct ActiveRun {
    pub(super) interrupt: Arc<Interrupt>,
    /// Thrown when its execution has ended.
    pub(super) ended: CancellationToken,
}

/// Keeps a run active; when it is dropped, the run is no longer.
pub(super) struct Entry {
    runs: Arc<Mutex<HashMap<String, ActiveRun>>>,
    name: String,
    ended: CancellationToken,
}

impl Active {
    pub(super) fn enter(&self, name: &str) -> (Entry, Arc<Interrupt>) {
        let run = ActiveRun {
            interrupt: Arc::default(),
            ended: CancellationToken::new(),
        };
        let entry = Entry {
            runs: Arc::clone(&self.runs),
            name: name.to_owned(),
            ended: run.ended.clone(),
        };
        let interrupt = Arc::clone(&run.interrupt);
        self.runs.lock().insert(name.to_owned(), run);
        (entry, interrupt)
    }

    pub(super) fn get(&self, name: &str) -> Option<ActiveRun> {
        self.runs.lock().get(name).cloned()
    }

    /// Tells every run that the server is shutting down.
    pub(super) fn interrupt_all(&self) {
        for run in self.runs.lock().values() {
            run.interrupt.throw(Cause::Shutdown);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.runs.lock().remove(&self.name);
        self.ended.cancel();
    }
}
