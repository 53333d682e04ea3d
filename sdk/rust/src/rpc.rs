//! The unary methods of the contract, as a property of their requests.

use crate::v1;

/// The request of a unary method. Every request message belongs to one method.
pub trait Rpc: prost::Message + Clone + 'static {
    /// Path of the method, such as `/etude.v1.RunService/GetRun`.
    const METHOD: &'static str;

    /// The response of the method.
    type Response: prost::Message + Default + 'static;
}

include!(concat!(env!("OUT_DIR"), "/etude_rpcs.rs"));
