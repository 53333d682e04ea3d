//! The server of Étude as a library: configuration, transport and one file per gRPC service.
//!
//! The binary and tests start a [`Server`] from a [`config::Config`]; other programs can embed it
//! in the same way.

#![forbid(unsafe_code)]

mod answers;
mod assembly;
pub mod config;
pub mod error_pages;
mod health;
pub mod log;
mod monitor;
mod platforms;
mod server;
mod services;
pub mod status;
mod transport;
mod webhooks;

pub use error_pages::error_page;
pub use server::{Server, StartError};

/// The version, as in the release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The git commit that this was built from; `unknown` outside a checkout.
pub const COMMIT: &str = env!("ETUDE_COMMIT");
