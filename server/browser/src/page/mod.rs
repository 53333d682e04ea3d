//! The page that commands act on: its tab, frame, dialogs and what its events have told.

mod events;
mod find;
mod input;
mod ready;
mod step;
mod tabs;

pub(crate) use events::{
    ConsoleLine, Dialog, DialogKind, Download, DownloadState, EventState, Events, FailedRequest,
    FrameInfo, Navigation, Request,
};
pub(crate) use find::{Checks, Found, Query, Reply};
pub(crate) use input::{Button, PointerAction, clicks};
pub(crate) use step::{Outcome, StepError};
pub(crate) use tabs::Page;
