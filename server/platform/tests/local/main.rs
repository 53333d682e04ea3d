//! Tests of the local platform through its HTTP API.

// A test may fail by panicking: that is how a test fails.
#![allow(clippy::unwrap_used)]

mod adding;
mod authoring;
mod bad_input;
mod bench;
mod common;
mod deploying;
#[path = "../../../engine/tests/common/mod.rs"]
mod engine;
mod exchanges;
mod executions;
mod foreign;
mod plans;
mod poller;
mod reference_cli;
mod resources;
mod tables;
mod whole_tests;
