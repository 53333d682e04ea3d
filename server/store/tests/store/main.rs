//! Tests of the store through its public surface: the engine's `Store` trait over a folder.

// A test may fail by panicking: that is how a test fails.
#![allow(clippy::unwrap_used)]

mod artifacts;
mod common;
mod crash;
mod full;
mod lists;
mod model;
mod opening;
mod records;
mod runs;
mod sessions;
