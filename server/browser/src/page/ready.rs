//! Waiting until the page can be acted on: navigations done, dialogs out of the way.

use std::time::{Duration, Instant};

use etude::v1::{ErrorReason, WarningKind};
use serde_json::json;

use super::events::{Dialog, DialogKind, EventState};
use super::step::StepError;
use super::tabs::Page;
use crate::protocol::{FrameId, ProtocolError};

/// A page that has been parsed for so long can be acted on, although something in it still loads:
/// its own scripts have run, and what a step looks for is waited for anyway.
const LOAD_GRACE: Duration = Duration::from_millis(50);

/// How often a navigation that tells nothing is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long after its announcement a navigation may start.
const DEPARTURE_LIMIT: Duration = Duration::from_secs(1);

impl Page {
    /// Waits until the current frame can be acted on. Time spent on a navigation does not count as
    /// the step's own.
    pub(crate) async fn settle(&mut self) -> Result<(), StepError> {
        self.clear_dialog().await?;
        if self.protocol.is_bidi() {
            if self.is_tab_closed() {
                self.leave_closed_tab().await?;
            }
            self.wait_for_navigation().await?;
            self.leave_lost_frames();
        }
        Ok(())
    }

    fn is_tab_closed(&self) -> bool {
        !self.events.read().frames.contains_key(self.tab())
    }

    /// A navigation of the page takes its frames away: the main frame becomes current again.
    fn leave_lost_frames(&mut self) {
        let lost = {
            let state = self.events.read();
            self.entered()
                .iter()
                .position(|(frame, _)| !state.frames.contains_key(frame))
        };
        if let Some(lost) = lost {
            while self.entered().len() > lost {
                self.leave_frame();
            }
            self.warn(
                WarningKind::Navigated,
                "the current frame is gone; its parent is current",
            );
        }
    }

    /// Waits for the navigation of the tab and the current frame that is under way.
    pub(crate) async fn wait_for_navigation(&mut self) -> Result<(), StepError> {
        if !self.is_navigating() {
            return Ok(());
        }
        let begun = Instant::now();
        let limit = begun + self.navigation_timeout;
        while self.is_navigating() {
            if Instant::now() >= limit {
                return Err(self.navigation_timed_out());
            }
            if !self.has_navigation_news(limit).await {
                self.look_at_committed().await;
            }
            self.clear_dialog().await?;
        }
        self.notes.deadline += begun.elapsed();
        Ok(())
    }

    /// How many navigations have started in this session.
    pub(crate) fn departures(&self) -> u64 {
        self.events.read().departures
    }

    /// Waits until a navigation that the page has announced has started, so that the next command
    /// meets the next document. A page that never goes is stayed on.
    pub(crate) async fn wait_for_departure(&self, before: u64) {
        if !self.protocol.is_bidi() {
            return;
        }
        let departed = self
            .events
            .until(|state| (state.departures > before).then_some(()));
        let _ = tokio::time::timeout(DEPARTURE_LIMIT, departed).await;
    }

    /// Whether a navigation of the tab or the current frame is under way.
    pub(crate) fn is_navigating(&self) -> bool {
        let state = self.events.read();
        is_navigating(&state, self)
    }

    fn parsed(&self) -> Option<Instant> {
        parsed_in(&self.events.read(), self)
    }

    /// Waits for the end of the navigation, a dialog, or the time at which to look again: then
    /// there are no news.
    async fn has_navigation_news(&self, limit: Instant) -> bool {
        let parsed = self.parsed();
        let graced = parsed.map_or(limit, |parsed| parsed + LOAD_GRACE);
        let until = limit.min(graced).min(Instant::now() + LOOK_EVERY);
        let news = self.events.until(|state| {
            let is_news = !is_navigating(state, self)
                || state.dialog(self.tab()).is_some()
                || parsed_in(state, self) != parsed;
            is_news.then_some(())
        });
        tokio::time::timeout_at(until.into(), news).await.is_ok()
    }

    /// Some navigations end without an event, such as one to a page in the back-forward cache: the
    /// document itself tells.
    async fn look_at_committed(&self) {
        let frames: Vec<FrameId> = {
            let state = self.events.read();
            let committed =
                |frame: &&FrameId| state.navigations.get(*frame).is_some_and(|n| n.committed);
            [self.tab(), self.frame()]
                .into_iter()
                .filter(committed)
                .cloned()
                .collect()
        };
        let request = json!({ "page": "state" });
        for frame in frames {
            let state = self.ask(&frame, &request);
            let answer = tokio::time::timeout(Duration::from_secs(1), state).await;
            if answer.is_ok_and(|answer| answer.is_ok_and(|a| a["data"]["ready"] == "complete")) {
                self.events.read().navigations.remove(&frame);
            }
        }
    }

    fn navigation_timed_out(&self) -> StepError {
        let url = {
            let mut state = self.events.read();
            let tab = self.tab();
            let url = state
                .navigations
                .get(tab)
                .map(|navigation| navigation.url.clone());
            // Forgotten, so that the next step may try on the page as it is.
            state.navigations.remove(tab);
            let frame = self.frame();
            state.navigations.remove(frame);
            url.unwrap_or_default()
        };
        StepError::new(
            ErrorReason::NavigationTimeout,
            format!(
                "{url} has not loaded within {} s",
                self.navigation_timeout.as_secs()
            ),
        )
    }

    /// Gets a dialog out of the way that no command has answered, or reports that it blocks.
    async fn clear_dialog(&mut self) -> Result<(), StepError> {
        let Some(dialog) = self.open_dialog().await? else {
            return Ok(());
        };
        let accept = dialog.kind == DialogKind::Leave;
        if self.keep_dialogs && !accept {
            return Err(unexpected(&dialog));
        }
        match self.protocol.answer(self.tab(), accept, None).await {
            Ok(()) | Err(ProtocolError::NoDialog) => {}
            Err(error) => return Err(error.into()),
        }
        if !accept {
            let message = format!(
                "a dialog was closed that no step answered: “{}”",
                dialog.text
            );
            self.warn(WarningKind::DialogDismissed, message);
        }
        Ok(())
    }

    /// The open dialog, as far as is known without asking at every step.
    pub(crate) async fn open_dialog(&mut self) -> Result<Option<Dialog>, StepError> {
        if self.protocol.is_bidi() || self.dialog_suspected {
            self.dialog_suspected = false;
            return Ok(self.protocol.dialog(self.tab()).await?);
        }
        Ok(None)
    }

    /// Gets dialogs out of the way, whatever state the page itself is in.
    pub(crate) async fn clear_way(&mut self) -> Result<(), StepError> {
        self.clear_dialog().await?;
        if self.protocol.is_bidi() && self.is_tab_closed() {
            self.leave_closed_tab().await?;
        }
        Ok(())
    }

    /// Gives a navigation up that has taken too long.
    pub(crate) fn forget_navigation(&self) {
        self.events.read().navigations.remove(self.tab());
    }

    /// The next step looks for a dialog that no event has told of.
    pub(crate) fn suspect_dialog(&mut self) {
        self.dialog_suspected = true;
    }

    /// Takes note of a refusal: whether trying again on the settled page makes sense.
    pub(crate) fn can_try_again(&mut self, error: &ProtocolError) -> bool {
        match error {
            ProtocolError::DialogOpen => {
                self.dialog_suspected = true;
                true
            }
            ProtocolError::PageLeft(_) => true,
            _ => false,
        }
    }
}

/// When the last of the documents that are waited for was parsed.
fn parsed_in(state: &EventState, page: &Page) -> Option<Instant> {
    let parsed = |frame: &FrameId| state.navigations.get(frame)?.parsed;
    parsed(page.tab()).max(parsed(page.frame()))
}

fn is_navigating(state: &EventState, page: &Page) -> bool {
    [page.tab(), page.frame()].into_iter().any(|frame| {
        state.navigations.get(frame).is_some_and(|navigation| {
            navigation
                .parsed
                .is_none_or(|parsed| parsed.elapsed() < LOAD_GRACE)
        })
    })
}

fn unexpected(dialog: &Dialog) -> StepError {
    let message = format!("a dialog blocks the page: “{}”", dialog.text);
    StepError::new(ErrorReason::UnexpectedDialog, message)
        .hint("answer it with `dismiss_alert`, `dismiss_confirm` or `answer_prompt`")
}
