//! The current tab and frame of a session, and calls into them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use etude::v1::{self, ErrorReason, WarningKind};
use serde_json::Value;

use super::events::Events;
use super::step::StepError;
use crate::protocol::{FrameId, Protocol, ProtocolError, World};
use crate::script::{RESOLVER, RUN};

/// The page that commands act on.
pub(crate) struct Page {
    pub(crate) protocol: Arc<dyn Protocol>,
    pub(crate) events: Arc<Events>,
    /// The current tab.
    tab: FrameId,
    /// Tabs that were current before, the latest last.
    earlier: Vec<FrameId>,
    /// The frames that were entered, outermost first, with their places among their siblings.
    entered: Vec<(FrameId, u32)>,
    /// Where the pointer is, in the viewport of the main frame.
    pub(crate) pointer: (f64, f64),
    /// Leave dialogs open that no command answers.
    pub(crate) keep_dialogs: bool,
    /// A call was refused because of a dialog that no event has told of.
    pub(super) dialog_suspected: bool,
    /// The longest that a navigation may take.
    pub(crate) navigation_timeout: Duration,
    /// What the present step has brought so far.
    pub(crate) notes: Notes,
}

/// What one step brings besides its outcome.
#[derive(Debug)]
pub(crate) struct Notes {
    /// When the step must be done.
    pub(crate) deadline: Instant,
    /// How its target was found.
    pub(crate) target: Option<v1::TargetResolution>,
    pub(crate) warnings: Vec<v1::Warning>,
    /// Screenshots by command.
    pub(crate) shots: Vec<Vec<u8>>,
}

impl Notes {
    fn new(deadline: Instant) -> Self {
        Self {
            deadline,
            target: None,
            warnings: Vec::new(),
            shots: Vec::new(),
        }
    }
}

impl Page {
    /// A page whose only tab is `tab`.
    pub(crate) fn new(
        protocol: Arc<dyn Protocol>,
        events: Arc<Events>,
        tab: FrameId,
        keep_dialogs: bool,
    ) -> Self {
        Self {
            protocol,
            events,
            tab,
            earlier: Vec::new(),
            entered: Vec::new(),
            pointer: (0.0, 0.0),
            keep_dialogs,
            dialog_suspected: false,
            navigation_timeout: Duration::from_secs(30),
            notes: Notes::new(Instant::now()),
        }
    }

    /// Begins a step that must be done within `timeout`.
    pub(crate) fn begin(&mut self, timeout: Duration) {
        self.notes = Notes::new(Instant::now() + timeout);
    }

    /// The current tab.
    pub(crate) fn tab(&self) -> &FrameId {
        &self.tab
    }

    /// The current frame, or the tab itself.
    pub(crate) fn frame(&self) -> &FrameId {
        self.entered.last().map_or(&self.tab, |(frame, _)| frame)
    }

    /// The way to the current frame as places among siblings.
    pub(crate) fn frame_path(&self) -> Vec<u32> {
        self.entered.iter().map(|(_, index)| *index).collect()
    }

    /// Makes a tab current and leaves all frames.
    pub(crate) async fn switch_tab(&mut self, tab: FrameId) -> Result<(), StepError> {
        self.protocol.activate(&tab).await?;
        self.entered.clear();
        if tab != self.tab {
            let left = std::mem::replace(&mut self.tab, tab);
            self.earlier.retain(|earlier| *earlier != self.tab);
            self.earlier.push(left);
        }
        Ok(())
    }

    /// Goes to the tab that was current before, after the current one was closed.
    pub(crate) async fn leave_closed_tab(&mut self) -> Result<(), StepError> {
        let open = self.protocol.tabs().await?;
        let next = self
            .earlier
            .iter()
            .rev()
            .find(|tab| open.contains(tab))
            .or(open.last());
        let Some(next) = next.cloned() else {
            return Err(
                StepError::new(ErrorReason::TabNotFound, "every tab has been closed")
                    .hint("open a tab with `new_tab`, or a new session"),
            );
        };
        let closed = std::mem::replace(&mut self.tab, next.clone());
        self.earlier.retain(|tab| *tab != closed && *tab != next);
        self.entered.clear();
        Ok(self.protocol.activate(&next).await?)
    }

    /// Enters a frame of the current frame.
    pub(crate) fn enter_frame(&mut self, frame: FrameId, index: u32) {
        self.entered.push((frame, index));
    }

    /// Goes one frame up; false in the main frame.
    pub(crate) fn leave_frame(&mut self) -> bool {
        self.entered.pop().is_some()
    }

    /// Leaves all frames.
    pub(crate) fn leave_frames(&mut self) {
        self.entered.clear();
    }

    /// The frames that were entered, outermost first.
    pub(super) fn entered(&self) -> &[(FrameId, u32)] {
        &self.entered
    }

    /// The frames around the one that lies down `path` from the current frame, outermost first,
    /// each with the place of the next one in it.
    pub(crate) async fn frames_around(
        &self,
        path: &[u32],
    ) -> Result<Vec<(FrameId, u32)>, ProtocolError> {
        let outer = std::iter::once(&self.tab).chain(self.entered.iter().map(|(frame, _)| frame));
        let mut frames: Vec<_> = outer
            .cloned()
            .zip(self.entered.iter().map(|(_, index)| *index))
            .collect();
        let mut at = self.frame().clone();
        for (depth, index) in path.iter().enumerate() {
            frames.push((at.clone(), *index));
            if depth + 1 < path.len() {
                let children = self.protocol.children(&at).await?;
                let gone = || ProtocolError::PageLeft("a frame on the way is gone".to_owned());
                at = children.get(*index as usize).cloned().ok_or_else(gone)?;
            }
        }
        Ok(frames)
    }

    /// How much of the step's time is left.
    pub(crate) fn time_left(&self) -> Duration {
        self.notes
            .deadline
            .saturating_duration_since(Instant::now())
    }

    /// Notes a deviation, once.
    pub(crate) fn warn(&mut self, kind: WarningKind, message: impl Into<String>) {
        let warning = v1::Warning {
            kind: kind.into(),
            message: message.into(),
        };
        if !self.notes.warnings.contains(&warning) {
            self.notes.warnings.push(warning);
        }
    }

    /// Calls a function in a frame, unless a dialog opens meanwhile: it would block the answer.
    pub(crate) async fn call(
        &self,
        frame: &FrameId,
        world: World,
        function: &str,
        argument: &str,
    ) -> Result<String, ProtocolError> {
        tokio::select! {
            biased;
            answer = self.protocol.call(frame, world, function, argument) => answer,
            _ = self.events.dialog_opened(&self.tab) => Err(ProtocolError::DialogOpen),
        }
    }

    /// Sends a request to our script in a frame, installing the script where it is missing.
    pub(crate) async fn ask(
        &self,
        frame: &FrameId,
        request: &Value,
    ) -> Result<Value, ProtocolError> {
        let request = request.to_string();
        let mut answer = self.call(frame, World::Ours, RUN, &request).await?;
        if answer.is_empty() {
            self.call(frame, World::Ours, RESOLVER, "").await?;
            answer = self.call(frame, World::Ours, RUN, &request).await?;
        }
        serde_json::from_str(&answer).map_err(|error| {
            ProtocolError::Script(format!("the page's answer is unreadable: {error}"))
        })
    }
}
