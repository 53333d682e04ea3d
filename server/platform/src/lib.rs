//! The Virtuoso platform over its HTTP API.
//!
//! [`model`] holds the platform's resources as they stand on the wire; [`calls`] are its endpoints.

pub mod calls;
pub mod model;
