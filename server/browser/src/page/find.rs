//! Finding a target: in the current frame first, then in the frames inside it, again and again
//! until it is ready or the step's time is up.

use std::time::{Duration, Instant};

use etude::v1::{ErrorReason, WarningKind};
use serde_json::{Value, json};

use super::step::StepError;
use super::tabs::Page;
use crate::protocol::{FrameId, ProtocolError};
use crate::target;

/// How long one call may wait in the page before frames and dialogs are looked at again.
const SLICE: Duration = Duration::from_millis(500);

/// The same where frames must be searched in turn.
const SLICE_WITH_FRAMES: Duration = Duration::from_millis(60);

/// How long a click waits for what covers its target to go, before it is sent by script.
const COVER_PATIENCE: Duration = Duration::from_secs(3);

/// What must hold before an element is acted on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Checks {
    pub(crate) visible: bool,
    pub(crate) stable: bool,
    pub(crate) enabled: bool,
    pub(crate) editable: bool,
    pub(crate) hit: bool,
    /// Watch whether the press of the pointer reaches the element.
    pub(crate) guard: bool,
}

/// A question about a target.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// The target as the script takes it.
    pub(crate) target: Value,
    /// What kind of element the command needs: `write`, `click`, `any` …
    pub(crate) need: &'static str,
    /// The operation of operations.js.
    pub(crate) operation: &'static str,
    pub(crate) params: Value,
    pub(crate) checks: Checks,
    /// Holds when nothing matches (`any`) or nothing visible does (`visible`).
    pub(crate) absent: Option<&'static str>,
    /// Counts the matches instead.
    pub(crate) count: bool,
}

impl Query {
    /// A question about a target, with no checks.
    pub(crate) fn new(target: Value, need: &'static str, operation: &'static str) -> Self {
        Self {
            target,
            need,
            operation,
            params: json!({}),
            checks: Checks::default(),
            absent: None,
            count: false,
        }
    }

    /// The request for one look, without waiting.
    pub(crate) fn request_once(&self) -> Value {
        self.to_request(Duration::ZERO, Duration::ZERO, false)
    }

    /// Whether it matters which of several matches is taken.
    fn acts_on_one(&self) -> bool {
        self.absent.is_none() && !self.count && self.operation != "exists"
    }

    fn to_request(&self, wait: Duration, cover_wait: Duration, last: bool) -> Value {
        let Checks {
            visible,
            stable,
            enabled,
            editable,
            hit,
            guard,
        } = self.checks;
        let checks = json!({
            "visible": visible, "stable": stable, "enabled": enabled,
            "editable": editable, "hit": hit, "guard": guard,
        });
        let mut params = self.params.clone();
        params["checks"] = checks.clone();
        params["coverWaitMs"] = json!(cover_wait.as_millis() as u64);
        json!({
            "target": self.target, "need": self.need, "op": self.operation, "params": params,
            "checks": checks, "absent": self.absent, "count": self.count,
            "waitMs": wait.as_millis() as u64, "suggest": last,
        })
    }
}

/// An element that was found and was ready.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The frame it is in.
    pub(crate) frame: FrameId,
    /// The way to that frame from the current one.
    pub(crate) path: Vec<u32>,
    /// What the operation gave.
    pub(crate) data: Value,
    /// The name by which the script remembers the element.
    pub(crate) handle: u64,
}

/// The script's answer, and the frame it is from.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) frame: FrameId,
    pub(crate) path: Vec<u32>,
    pub(crate) body: Value,
}

impl Reply {
    /// `done`, `blocked` or `none`.
    pub(crate) fn status(&self) -> &str {
        self.body["status"].as_str().unwrap_or_default()
    }

    /// Why it was blocked.
    pub(crate) fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or_default()
    }

    /// The same for people.
    pub(crate) fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }

    /// Whether frames inside may hold something better.
    fn leaves_frames_open(&self) -> bool {
        self.status() == "none" || self.reason() == "NOT_VISIBLE"
    }
}

impl Page {
    /// Finds the target and does the operation, or gives the last answer once the time is up.
    pub(crate) async fn find(&mut self, query: &Query) -> Result<Result<Found, Reply>, StepError> {
        let mut covered: Option<Instant> = None;
        loop {
            self.settle().await?;
            let left = self.time_left();
            let cover_left = covered.map_or(COVER_PATIENCE.min(left / 4), |since| {
                COVER_PATIENCE.saturating_sub(since.elapsed())
            });
            match self.search(query, left, cover_left).await {
                Ok(reply) if reply.status() == "done" => return Ok(Ok(self.found(query, reply))),
                Ok(reply) if left.is_zero() || reply.body["final"] == true => {
                    self.note_target(&reply);
                    return Ok(Err(reply));
                }
                Ok(reply) if reply.reason() == "COVERED" => {
                    covered.get_or_insert_with(Instant::now);
                }
                Ok(_) => covered = None,
                Err(error) if self.can_try_again(&error) && !left.is_zero() => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(ProtocolError::DialogOpen) => self.settle().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// One round through the frames, waiting a little where nothing is ready.
    async fn search(
        &self,
        query: &Query,
        left: Duration,
        cover: Duration,
    ) -> Result<Reply, ProtocolError> {
        let frame = self.frame().clone();
        let alone = self.protocol.is_without_frames(&frame);
        let wait = if alone {
            SLICE.min(left)
        } else {
            Duration::ZERO
        };
        let last = left <= SLICE;
        let body = self
            .ask(&frame, &query.to_request(wait, cover, last))
            .await?;
        let here = Reply {
            frame: frame.clone(),
            path: Vec::new(),
            body,
        };
        if alone {
            return Ok(here);
        }
        let best = self.search_frames(query, here, cover, last).await?;
        let holds = best.status() == "done";
        if holds || left.is_zero() || best.body["final"] == true {
            return Ok(best);
        }
        let wait = SLICE_WITH_FRAMES.min(left);
        let body = self
            .ask(&best.frame, &query.to_request(wait, cover, last))
            .await?;
        let again = Reply {
            body,
            ..best.clone()
        };
        // An absence must hold in every frame at the same time: look again all round.
        Ok(if query.absent.is_some() { best } else { again })
    }

    /// Asks the frames inside, in document order, for something better than `best`.
    async fn search_frames(
        &self,
        query: &Query,
        mut best: Reply,
        cover: Duration,
        last: bool,
    ) -> Result<Reply, ProtocolError> {
        if is_decided(query, &best) {
            return Ok(best);
        }
        let children = self.protocol.children(&best.frame).await?;
        let mut open: Vec<(FrameId, Vec<u32>)> = places(children, &[]);
        while let Some((frame, path)) = open.pop() {
            if is_decided(query, &best) {
                break;
            }
            let request = query.to_request(Duration::ZERO, cover, last);
            let body = match self.ask(&frame, &request).await {
                Ok(body) => body,
                // A frame that goes or has no script world yet is as good as empty.
                Err(ProtocolError::PageLeft(_) | ProtocolError::Refused { .. }) => continue,
                Err(error) => return Err(error),
            };
            let inner = self.protocol.children(&frame).await.unwrap_or_default();
            open.extend(places(inner, &path));
            let reply = Reply { frame, path, body };
            if is_better(query, &reply, &best) {
                best = reply;
            }
        }
        Ok(best)
    }

    fn found(&mut self, query: &Query, reply: Reply) -> Found {
        self.note_target(&reply);
        self.warn_of_fallback(&reply);
        if query.acts_on_one() {
            self.warn_if_ambiguous(&reply);
        }
        Found {
            data: reply.body["data"].clone(),
            handle: reply.body["handle"].as_u64().unwrap_or(0),
            frame: reply.frame,
            path: reply.path,
        }
    }

    /// Keeps how the target was found for the step's result.
    fn note_target(&mut self, reply: &Reply) {
        self.notes.target = Some(target::resolution(&reply.body, &reply.path));
    }

    /// A target that only a fallback finds wants to be mended before that one goes too.
    fn warn_of_fallback(&mut self, reply: &Reply) {
        let report = &reply.body["report"];
        if report["fallback"] == true {
            self.warn(WarningKind::Fallback, target::by_fallback(report));
        }
    }

    fn warn_if_ambiguous(&mut self, reply: &Reply) {
        let report = &reply.body["report"];
        if report["ambiguous"] == true {
            let (equal, element) = (
                &report["equal"],
                report["element"].as_str().unwrap_or_default(),
            );
            let message =
                format!("{equal} elements match equally well; the first was taken: {element}");
            self.warn(WarningKind::Ambiguous, message);
        }
    }

    /// The error of a target that was not found or was not ready in time.
    pub(crate) fn not_ready(&self, query: &Query, reply: &Reply) -> StepError {
        match reply.status() {
            "none" => target::not_found(&query.target, &reply.body),
            _ => StepError::new(blocked_reason(reply.reason()), reply.detail()),
        }
    }

    /// Like [`Self::find`], with everything but success as an error.
    pub(crate) async fn require(&mut self, query: &Query) -> Result<Found, StepError> {
        match self.find(query).await? {
            Ok(found) => Ok(found),
            Err(reply) => Err(self.not_ready(query, &reply)),
        }
    }
}

fn blocked_reason(reason: &str) -> ErrorReason {
    match reason {
        "NO_ATTRIBUTE" => ErrorReason::AttributeNotFound,
        "NO_OPTION" => ErrorReason::OptionNotFound,
        "NO_VALUE" | "WRONG_KIND" => ErrorReason::WrongElement,
        "BAD_PATTERN" => ErrorReason::InvalidPattern,
        "NOT_A_NUMBER" => ErrorReason::NotANumber,
        _ => ErrorReason::TargetNotActionable,
    }
}

/// Frames with their paths, the first on top of the stack.
fn places(frames: Vec<FrameId>, path: &[u32]) -> Vec<(FrameId, Vec<u32>)> {
    let placed = frames
        .into_iter()
        .zip(0u32..)
        .map(|(frame, index)| (frame, path.iter().copied().chain([index]).collect()));
    let mut list: Vec<_> = placed.collect();
    list.reverse();
    list
}

/// Whether further frames cannot change the answer.
fn is_decided(query: &Query, best: &Reply) -> bool {
    match query.absent {
        Some(_) => best.status() != "done",
        None if query.count => best.body["data"]["value"] != 0,
        None => !best.leaves_frames_open(),
    }
}

fn is_better(query: &Query, reply: &Reply, best: &Reply) -> bool {
    match query.absent {
        Some(_) => reply.status() != "done",
        None if query.count => reply.body["data"]["value"] != 0,
        None => reply.status() == "done" || (best.status() == "none" && reply.status() != "none"),
    }
}
