//! How a browser is spoken to: BiDi, or the classic protocol where BiDi is not granted.
//!
//! Both do the same things for the same pages; what only events can tell (console, network, the
//! moment of a navigation) exists over BiDi alone and is found empty over classic.

mod bidi;
mod bidi_events;
mod classic;
mod connection;
mod cookies;
mod devtools;
mod error;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use serde_json::Value;

pub(crate) use bidi::Bidi;
pub(crate) use classic::Classic;
pub(crate) use connection::Connection;
pub(crate) use cookies::Cookie;
pub(crate) use error::ProtocolError;

use crate::page::{Button, Dialog};

/// A tab or a frame in one: a BiDi browsing context, or classic's window handle and the indexes of
/// the frames on the way down.
pub(crate) type FrameId = Arc<str>;

/// The result of one exchange with the browser.
pub(crate) type Reply<T> = Result<T, ProtocolError>;

/// Whose variables a script sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// Our own, apart from the page's: the page can neither see nor break it. Over classic there is
    /// only one world.
    Ours,
    /// The page's.
    Page,
}

/// How far a page must have loaded before a navigation counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// The new document is there.
    Committed,
    /// The document is parsed.
    Parsed,
    /// Everything is loaded.
    Complete,
}

/// What a screenshot shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shot {
    /// The viewport.
    Viewport,
    /// The whole page.
    FullPage,
    /// A box in page coordinates: x, y, width, height.
    Box(f64, f64, f64, f64),
}

/// One browser session, by whichever protocol.
#[async_trait]
pub(crate) trait Protocol: Send + Sync {
    /// Whether this is BiDi.
    fn is_bidi(&self) -> bool;

    /// Calls a JavaScript function of one text with a text, awaits its promise and returns the
    /// text it gives.
    async fn call(
        &self,
        frame: &FrameId,
        world: World,
        function: &str,
        argument: &str,
    ) -> Reply<String>;

    /// Performs input actions in the W3C format; coordinates are relative to the frame's viewport.
    async fn perform(&self, frame: &FrameId, actions: Value) -> Reply<()>;

    /// Clicks at a point of the tab's viewport, `count` times in a row, where the browser has a way
    /// that is faster than [`Self::perform`].
    fn click(
        &self,
        tab: &FrameId,
        point: (f64, f64),
        button: Button,
        count: u8,
    ) -> Option<BoxFuture<'static, Reply<()>>> {
        let _ = (tab, point, button, count);
        None
    }

    /// Releases every key and button that is still down.
    async fn release(&self, frame: &FrameId) -> Reply<()>;

    /// Loads an address in a tab. Over classic, the driver itself must know the limit.
    async fn navigate(&self, tab: &FrameId, url: &str, load: Load, limit: Duration) -> Reply<()>;

    /// Loads the tab's page again.
    async fn reload(&self, tab: &FrameId) -> Reply<()>;

    /// Goes back (-1) or forward (1) in the tab's history.
    async fn traverse(&self, tab: &FrameId, delta: i32) -> Reply<()>;

    /// A PNG screenshot of a tab.
    async fn screenshot(&self, tab: &FrameId, shot: Shot) -> Reply<Vec<u8>>;

    /// Opens a tab.
    async fn open_tab(&self) -> Reply<FrameId>;

    /// Closes a tab.
    async fn close_tab(&self, tab: &FrameId) -> Reply<()>;

    /// Brings a tab to the front.
    async fn activate(&self, tab: &FrameId) -> Reply<()>;

    /// The tabs by order of opening.
    async fn tabs(&self) -> Reply<Vec<FrameId>>;

    /// Whether a tab or frame is known to have no frames in it, without asking.
    fn is_without_frames(&self, _frame: &FrameId) -> bool {
        false
    }

    /// The frames directly in a tab or frame, in document order.
    async fn children(&self, frame: &FrameId) -> Reply<Vec<FrameId>>;

    /// Sets files on the file input that the resolver remembers under `handle`.
    async fn set_files(&self, frame: &FrameId, handle: u64, files: &[String]) -> Reply<()>;

    /// The open dialog, if any.
    async fn dialog(&self, tab: &FrameId) -> Reply<Option<Dialog>>;

    /// Presses OK or Cancel of the open dialog, after writing `text` into a prompt.
    async fn answer(&self, tab: &FrameId, accept: bool, text: Option<&str>) -> Reply<()>;

    /// The cookies that the tab's page gets.
    async fn cookies(&self, tab: &FrameId) -> Reply<Vec<Cookie>>;

    /// Creates or replaces a cookie.
    async fn set_cookie(&self, tab: &FrameId, cookie: &Cookie) -> Reply<()>;

    /// Deletes the page's cookies of a name, or every cookie of the session.
    async fn delete_cookies(&self, tab: &FrameId, name: Option<&str>) -> Reply<()>;

    /// Sets the size of the viewport in CSS pixels.
    async fn resize(&self, tab: &FrameId, width: u32, height: u32) -> Reply<()>;

    /// Maximizes the window.
    async fn maximize(&self, tab: &FrameId) -> Reply<()>;
}

/// The longest that one exchange may take when it does not itself wait for the page.
pub(crate) const EXCHANGE_LIMIT: Duration = Duration::from_secs(30);
