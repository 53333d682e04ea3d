//! Admits calls: limits how many are answered at the same time, and closes for shutdown.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use etude::DESCRIPTOR_POOL;
use etude::v1::ErrorReason;
use etude_engine::Error;
use tokio_util::sync::CancellationToken;

use crate::config::ServerConfig;

/// Services that answer during shutdown: who asks after the server's health must hear of it.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// Methods with a response stream that are not of the contract.
const FOREIGN_STREAMS: [&str; 3] = [
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// Decides whether a call is admitted.
#[derive(Debug)]
pub(crate) struct Gate {
    calls: Arc<Places>,
    streams: Arc<Places>,
    streaming: HashSet<String>,
    /// New calls are refused, and streams that know their cursor end.
    draining: CancellationToken,
    /// Streams that are still open are ended.
    ending: CancellationToken,
}

impl Gate {
    pub(crate) fn new(config: &ServerConfig, draining: CancellationToken) -> Self {
        let methods = DESCRIPTOR_POOL.services().flat_map(|service| {
            let methods: Vec<_> = service.methods().collect();
            methods
        });
        let streaming = methods
            .filter(prost_reflect::MethodDescriptor::is_server_streaming)
            .map(|method| format!("/{}/{}", method.parent_service().full_name(), method.name()));
        Self {
            calls: Places::new(config.max_concurrent_calls),
            streams: Places::new(config.max_concurrent_streams),
            streaming: streaming
                .chain(FOREIGN_STREAMS.map(str::to_owned))
                .collect(),
            draining,
            ending: CancellationToken::new(),
        }
    }

    /// Ends the streams that are still open.
    pub(crate) fn end_streams(&self) {
        self.ending.cancel();
    }

    /// Is cancelled when streams must end.
    pub(crate) fn ending(&self) -> CancellationToken {
        self.ending.clone()
    }

    /// Whether the method at this path answers with a stream.
    pub(crate) fn is_stream(&self, path: &str) -> bool {
        self.streaming.contains(path)
    }

    /// Takes a place for a call.
    ///
    /// # Errors
    ///
    /// `SERVER_SHUTDOWN`; `SERVER_OVERLOADED`.
    pub(crate) fn admit(&self, path: &str, stream: bool) -> Result<Place, Error> {
        if self.draining.is_cancelled() && !path.starts_with(HEALTH) {
            return Err(shutdown());
        }
        let (places, what) = match stream {
            true => (&self.streams, "streams are open"),
            false => (&self.calls, "calls are being answered"),
        };
        Places::take(places).ok_or_else(|| {
            let message = format!("as many {what} as the server allows; try again");
            Error::new(ErrorReason::ServerOverloaded, message).with("limit", places.limit)
        })
    }
}

/// The error of everything that the shutdown ends.
pub(crate) fn shutdown() -> Error {
    Error::new(
        ErrorReason::ServerShutdown,
        "the server is shutting down; call again, here or on another server",
    )
}

#[derive(Debug)]
struct Places {
    limit: usize,
    taken: AtomicUsize,
}

impl Places {
    fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            taken: AtomicUsize::new(0),
        })
    }

    fn take(this: &Arc<Self>) -> Option<Place> {
        // The place gives itself back, also when it turns out to be one too many.
        let before = this.taken.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(this));
        (before < this.limit).then_some(place)
    }
}

/// One admitted call's place; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(calls: usize, draining: &CancellationToken) -> Gate {
        let config = ServerConfig {
            max_concurrent_calls: calls,
            max_concurrent_streams: 1,
            ..ServerConfig::default()
        };
        Gate::new(&config, draining.clone())
    }

    #[test]
    fn a_place_is_free_again_when_its_call_has_ended() {
        let gate = gate(2, &CancellationToken::new());
        let first = gate.admit("/a/B", false).unwrap();
        let _second = gate.admit("/a/B", false).unwrap();
        let error = gate.admit("/a/B", false).unwrap_err();
        assert_eq!(error.reason, ErrorReason::ServerOverloaded);
        assert!(
            gate.admit("/a/B", true).is_ok(),
            "streams have places of their own"
        );
        drop(first);
        assert!(gate.admit("/a/B", false).is_ok());
    }

    #[test]
    fn a_closing_gate_admits_questions_for_health_only() {
        let draining = CancellationToken::new();
        let gate = gate(2, &draining);
        draining.cancel();
        let error = gate
            .admit("/etude.v1.RunService/GetRun", false)
            .unwrap_err();
        assert_eq!(error.reason, ErrorReason::ServerShutdown);
        assert!(gate.admit("/grpc.health.v1.Health/Check", false).is_ok());
    }

    #[test]
    fn streams_are_known_by_the_descriptors() {
        let gate = gate(1, &CancellationToken::new());
        assert!(gate.is_stream("/etude.v1.RunService/WatchRun"));
        assert!(gate.is_stream("/grpc.health.v1.Health/Watch"));
        assert!(!gate.is_stream("/etude.v1.RunService/GetRun"));
    }
}
