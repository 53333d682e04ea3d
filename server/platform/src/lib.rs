//! The Virtuoso platform over its HTTP API.
//!
//! [`model`] holds the platform's resources as they stand on the wire; [`calls`] are its endpoints;
//! [`codec`] turns typed steps into the platform's and back; [`client`] sends calls; [`local`] is a
//! server that is compatible with it; [`resources`] are the methods of the contract; [`authoring`]
//! adds commands to checkpoints; [`deploy`] brings tests to the platform, and [`pull`] back;
//! [`remote`] lets it execute whole tests; [`events`] keep what it tells by itself; [`quotes`] checks
//! CSV before it is read.

pub mod authoring;
pub mod calls;
pub mod client;
pub mod codec;
pub mod deploy;
pub mod events;
pub mod local;
mod lookup;
pub mod model;
pub mod pull;
pub mod quotes;
pub mod remote;
pub mod resources;
