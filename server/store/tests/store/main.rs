//! Tests of the store through its public surface: the engine's `Store` trait over a folder.

// A test may fail by panicking: that is how a test fails.
#![allow(clippy::unwrap_used)]

mod common;
mod runs;
