//! The gRPC surface, over real connections.

#![allow(clippy::unwrap_used)]

mod accounts;
mod artifacts;
mod batch;
mod browser;
mod coverage;
mod deadlines;
mod deploying;
mod errors;
mod health;
mod limits;
mod lint;
mod platforms;
mod reflection;
mod resources;
mod runs;
mod shutdown;
mod sources;
mod support;
mod surface;
mod transport;
mod web;
mod webhooks;
