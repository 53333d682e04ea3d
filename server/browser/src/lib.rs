//! Executes commands in a real browser over W3C WebDriver: BiDi where it is granted, the classic
//! protocol elsewhere.
//!
//! [`BrowserBackend`] implements the engine's [`Backend`](etude_engine::backend::Backend). The way
//! of a command through this crate:
//!
//! * `session.rs` takes it, and reports what came of it;
//! * `commands/` does it, one file per group of the catalogue;
//! * `page/` finds its target, waits for the page, and moves the pointer and the keyboard;
//! * `js/` is the script in the page that decides which element is meant and whether it is ready;
//! * `protocol/` speaks to the browser;
//! * `pool.rs`, `browser.rs` and `launch/` have the browser ready, and leave nothing behind.

#![forbid(unsafe_code)]

mod backend;
mod browser;
mod commands;
mod config;
mod error;
mod launch;
mod page;
mod pool;
mod protocol;
mod script;
mod session;
mod target;

pub use backend::BrowserBackend;
pub use config::{BrowserConfig, BrowserKind, ProtocolChoice};
pub use error::LaunchError;
