//! What the browser tells by itself: tabs and frames, navigations, dialogs, console, network and
//! downloads. Kept current by the reader of events, read by commands.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

use crate::protocol::FrameId;

/// At most this many entries of a kind are kept between two steps.
const MOST_ENTRIES: usize = 200;

/// The state that events build up, and a way to wait for its next change.
#[derive(Debug)]
pub(crate) struct Events {
    state: Mutex<EventState>,
    changed: watch::Sender<u64>,
}

/// Everything that events have told.
#[derive(Debug, Default)]
pub(crate) struct EventState {
    /// Tabs and frames by id.
    pub(crate) frames: HashMap<FrameId, FrameInfo>,
    /// The tabs by order of opening.
    pub(crate) tabs: Vec<FrameId>,
    /// Navigations that have started and not ended, by frame.
    pub(crate) navigations: HashMap<FrameId, Navigation>,
    /// How many navigations have started since the session began.
    pub(crate) departures: u64,
    /// Open dialogs; at most one per tab.
    pub(crate) dialogs: Vec<Dialog>,
    /// What the page logged and nobody has fetched yet.
    pub(crate) console: VecDeque<ConsoleLine>,
    /// Errors that the page logged since the last navigation of a tab began.
    pub(crate) console_errors: VecDeque<ConsoleLine>,
    /// Requests that went wrong and nobody has fetched yet.
    pub(crate) network: VecDeque<FailedRequest>,
    /// Requests that are under way, by id.
    pub(crate) requests: HashMap<String, Request>,
    /// When a request last began or ended.
    pub(crate) network_active: Option<Instant>,
    /// Downloads that began, oldest first, until they are taken.
    pub(crate) downloads: Vec<Download>,
}

/// A tab or frame.
#[derive(Clone, Debug)]
pub(crate) struct FrameInfo {
    pub(crate) parent: Option<FrameId>,
    /// How many frames are directly in it.
    pub(crate) children: usize,
    pub(crate) url: String,
}

/// A request under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) begun: Instant,
    /// When its response began. Whoever does not read the body, or reads it for ever, keeps a
    /// request from ending.
    pub(crate) answered: Option<Instant>,
}

/// A navigation under way.
#[derive(Clone, Debug)]
pub(crate) struct Navigation {
    /// The browser's id of it.
    pub(crate) id: Option<String>,
    pub(crate) url: String,
    /// Whether its document is there. A page from the back-forward cache then tells nothing more.
    pub(crate) committed: bool,
    /// When the document was parsed.
    pub(crate) parsed: Option<Instant>,
}

/// An open dialog.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dialog {
    pub(crate) tab: FrameId,
    pub(crate) kind: DialogKind,
    pub(crate) text: String,
    /// What a prompt proposes.
    pub(crate) proposal: Option<String>,
}

/// Kinds of dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DialogKind {
    Alert,
    Confirm,
    Prompt,
    /// "Leave this page?"
    Leave,
    /// The classic protocol does not tell.
    Unknown,
}

/// One line of the console, or an uncaught exception.
#[derive(Clone, Debug)]
pub(crate) struct ConsoleLine {
    /// `debug`, `info`, `warn` or `error`.
    pub(crate) level: String,
    pub(crate) text: String,
    pub(crate) source: String,
    pub(crate) time: SystemTime,
}

impl ConsoleLine {
    /// Warnings and errors are reported with their step.
    pub(crate) fn is_worth_reporting(&self) -> bool {
        self.level == "warn" || self.level == "error"
    }
}

/// A request without response, or with a status of 400 or more.
#[derive(Clone, Debug)]
pub(crate) struct FailedRequest {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) status: u32,
    pub(crate) error: String,
    pub(crate) time: SystemTime,
    pub(crate) duration: Duration,
}

/// A download.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    /// The browser's id of the navigation or download.
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) name: String,
    pub(crate) state: DownloadState,
}

/// How far a download is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DownloadState {
    Running,
    Done(PathBuf),
    Failed,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Events {
    /// Reads the state. Never hold the guard across an await.
    pub(crate) fn read(&self) -> MutexGuard<'_, EventState> {
        self.state.lock()
    }

    /// Changes the state and wakes those who wait for a change.
    pub(crate) fn update(&self, change: impl FnOnce(&mut EventState)) {
        change(&mut self.state.lock());
        self.changed.send_modify(|version| *version += 1);
    }

    /// Forgets everything: the browser gets a new session.
    pub(crate) fn clear(&self) {
        self.update(|state| *state = EventState::default());
    }

    /// Waits until the state gives an answer.
    pub(crate) async fn until<T>(&self, mut ask: impl FnMut(&EventState) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            if let Some(answer) = ask(&self.state.lock()) {
                return answer;
            }
            if changed.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits until a dialog is open in the tab.
    pub(crate) async fn dialog_opened(&self, tab: &FrameId) -> Dialog {
        self.until(|state| state.dialog(tab).cloned()).await
    }
}

impl EventState {
    /// The tab's open dialog.
    pub(crate) fn dialog(&self, tab: &FrameId) -> Option<&Dialog> {
        self.dialogs.iter().find(|dialog| dialog.tab == *tab)
    }

    /// How many requests are still to be answered, or have been answered within `recent`.
    pub(crate) fn active_requests(&self, recent: Duration) -> usize {
        let is_active = |request: &&Request| {
            request
                .answered
                .is_none_or(|answered| answered.elapsed() < recent)
        };
        self.requests.values().filter(is_active).count()
    }

    /// The tab that a frame belongs to.
    pub(crate) fn tab_of(&self, frame: &FrameId) -> FrameId {
        let mut at = frame.clone();
        while let Some(parent) = self.frames.get(&at).and_then(|info| info.parent.clone()) {
            at = parent;
        }
        at
    }

    /// Keeps a console line, dropping the oldest beyond the bound.
    pub(crate) fn log(&mut self, line: ConsoleLine) {
        if line.level == "error" {
            push_bounded(&mut self.console_errors, line.clone());
        }
        push_bounded(&mut self.console, line);
    }

    /// Keeps a failed request, dropping the oldest beyond the bound.
    pub(crate) fn request_failed(&mut self, request: FailedRequest) {
        push_bounded(&mut self.network, request);
    }
}

fn push_bounded<T>(list: &mut VecDeque<T>, entry: T) {
    if list.len() == MOST_ENTRIES {
        list.pop_front();
    }
    list.push_back(entry);
}
