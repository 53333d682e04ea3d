//! The SDK against servers that misbehave: they cut streams, repeat and skip events, fall silent,
//! restart, and answer with every kind of error.

// A test may fail by panicking, in its helpers too.
#![allow(clippy::unwrap_used)]

mod artifacts;
mod errors;
mod run_stream;
mod session;
mod support;
mod tls;
