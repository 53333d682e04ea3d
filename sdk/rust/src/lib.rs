//! The contract of Étude, as generated messages and stubs, and the Rust SDK over them.
//!
//! - [`v1`]: every message, client and server trait of the package `etude.v1`
//! - [`catalog`]: the commands, derived from the descriptors
//! - [`command`]: what all commands have in common
//! - [`json`]: the canonical protobuf JSON of any message
//! - [`texts`]: which texts of a command are templates, expressions or names of variables
//! - [`validate`]: the rules of the contract's annotations, all violations at once
//! - [`reason`]: the reasons of errors, with the gRPC status of each

pub mod catalog;
pub mod codec;
pub mod command;
pub mod json;
pub mod reason;
pub mod texts;
pub mod validate;

use std::sync::LazyLock;

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

/// The descriptors of the contract, for reflection.
#[allow(clippy::expect_used)]
pub static DESCRIPTOR_POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    // The bytes were written by this crate's build script; they cannot be anything else.
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the built-in descriptor set is valid")
});

/// The domain of every `google.rpc.ErrorInfo` that this system sends.
pub const ERROR_DOMAIN: &str = "etude.dev";
