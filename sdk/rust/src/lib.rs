//! The contract of Étude, as generated messages and stubs, and the Rust SDK over them.
//!
//! The SDK: [`Client`] connects; [`Session`] has a method for every command; [`RunStream`] is a
//! run's events, taken up again by itself when the connection breaks; [`SourceFiles`] finds the files
//! that a test names; [`Error`] says why a call failed.
//!
//! The contract:
//!
//! - [`v1`]: every message, client and server trait of the package `etude.v1`
//! - [`blocks`]: what stands in blocks of steps
//! - [`catalog`]: the commands, derived from the descriptors
//! - [`command`]: what all commands have in common
//! - [`natural`]: the natural-language form of a command, in parts
//! - [`rpc`]: the unary methods, as a property of their requests
//! - [`json`]: the canonical protobuf JSON of any message
//! - [`texts`]: which texts of a command are templates, expressions or names of variables
//! - [`validate`]: the rules of the contract's annotations, all violations at once
//! - [`reason`]: the reasons of errors, with the gRPC status of each

pub mod blocks;
pub mod catalog;
pub mod codec;
pub mod command;
pub mod json;
pub mod natural;
pub mod reason;
pub mod rpc;
pub mod texts;
pub mod validate;

mod artifacts;
mod client;
mod dynamic;
mod error;
mod pages;
mod result;
mod retry;
mod run_stream;
mod runs;
mod session;
mod sources;
mod target;
mod tls;

pub use client::{Client, ClientOptions};
pub use error::{Error, FieldViolation, Result};
pub use result::NotPassed;
pub use retry::RetryPolicy;
pub use run_stream::RunStream;
pub use session::{Call, Session};
pub use sources::SourceFiles;
pub use target::literal;

use std::sync::LazyLock;
use std::time::Duration;

use prost_reflect::DescriptorPool;

/// Messages, clients and server traits of the package `etude.v1`.
#[allow(
    missing_docs,
    clippy::all,
    unreachable_pub,
    missing_debug_implementations
)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/etude.v1.rs"));
}

/// The encoded descriptors of the contract and of everything it imports, comments included.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/etude_descriptor.bin"));

/// The descriptors of the contract, for reflection; without comments, which are in
/// [`FILE_DESCRIPTOR_SET`].
#[allow(clippy::expect_used)]
pub static DESCRIPTOR_POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    // The bytes were written by this crate's build script; they cannot be anything else.
    let encoded = include_bytes!(concat!(env!("OUT_DIR"), "/etude_pool.bin"));
    DescriptorPool::decode(encoded.as_slice()).expect("the built-in descriptor set is valid")
});

/// The domain of every `google.rpc.ErrorInfo` that this system sends.
pub const ERROR_DOMAIN: &str = "etude.dev";

/// A request id: a random UUID.
fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// `duration` as a message; what a message cannot hold is its longest.
fn duration(duration: Duration) -> Option<prost_types::Duration> {
    const LONGEST: prost_types::Duration = prost_types::Duration {
        seconds: 315_576_000_000,
        nanos: 0,
    };
    Some(prost_types::Duration::try_from(duration).unwrap_or(LONGEST))
}
