//! Sessions, runs, the queue and the shared executor.
//!
//! This crate knows *what* happens to a command, a session and a run. *How* a command acts on a
//! page and how state is kept is behind two traits: [`backend::Backend`] and [`store::Store`].
//! Their implementations live in crates of their own and are wired together in the binary.

pub mod backend;
pub mod error;
pub mod executor;
mod headers;
pub mod mask;
pub mod records;
pub mod remote;
mod reports;
pub mod runs;
pub mod secrets;
pub mod sessions;
pub mod store;
#[cfg(test)]
mod testing;
pub mod variables;

pub use error::{Error, Result};
