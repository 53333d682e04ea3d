//! The real `etude` command: bad input, exit codes, outputs, and what reaches the page.

// A test may fail by panicking, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod browsers;
mod careful;
mod convert;
mod deploying;
mod disk;
mod exec;
mod input;
mod lint;
mod offline;
mod on_platform;
mod platform;
mod reference;
mod resources;
mod running;
mod sdk;
mod selecting;
mod serving;
mod sources;
mod support;
mod terminal;
mod tls;
