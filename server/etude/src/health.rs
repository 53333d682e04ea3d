//! `grpc.health.v1`: the true state of every service, published when it changes.

use std::collections::BTreeMap;
use std::pin::Pin;

use etude::DESCRIPTOR_POOL;
use futures::{Stream, stream};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// The state of each service by full name; the empty name stands for the server as a whole.
type States = BTreeMap<String, ServingStatus>;

/// Publishes the state of the services.
#[derive(Debug)]
pub(crate) struct HealthBoard {
    states: watch::Sender<States>,
}

/// Parts of the server that services need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Browsers can be started.
    pub(crate) browser: bool,
    /// The store can be written.
    pub(crate) store: bool,
}

impl HealthBoard {
    /// A board, and the service that tells what is published on it.
    pub(crate) fn new() -> (Self, HealthServer<HealthCalls>) {
        let states = watch::Sender::default();
        let calls = HealthCalls {
            states: states.subscribe(),
        };
        (Self { states }, HealthServer::new(calls))
    }

    /// Publishes what follows from the state of the parts. The server as a whole serves when all
    /// of its services do.
    pub(crate) fn publish(&self, parts: Parts) {
        let all = parts.browser && parts.store;
        let each = services().map(|service| {
            let serving = serves(&service, parts);
            (service, status(serving))
        });
        self.set(each.chain([(String::new(), status(all))]).collect());
    }

    /// Publishes that nothing serves any more.
    pub(crate) fn close(&self) {
        let all = services().chain([String::new()]);
        self.set(all.map(|service| (service, status(false))).collect());
    }

    fn set(&self, states: States) {
        self.states.send_if_modified(|published| {
            let changed = *published != states;
            *published = states;
            changed
        });
    }
}

fn status(serving: bool) -> ServingStatus {
    match serving {
        true => ServingStatus::Serving,
        false => ServingStatus::NotServing,
    }
}

/// Answers questions for the state of services.
#[derive(Debug, Clone)]
pub(crate) struct HealthCalls {
    states: watch::Receiver<States>,
}

#[tonic::async_trait]
impl Health for HealthCalls {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        let state = self.states.borrow().get(&service).copied();
        match state {
            Some(state) => Ok(Response::new(response(state))),
            None => Err(Status::not_found(format!(
                "no service is called {service:?}; reflection lists them"
            ))),
        }
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    /// The state of a service, then every change. A name that is no service is told as
    /// SERVICE_UNKNOWN and watched like any other, as the protocol has it.
    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let watcher = Watcher {
            service: request.into_inner().service,
            states: self.states.clone(),
            told: None,
        };
        let changes = stream::unfold(watcher, async |mut watcher| {
            let state = watcher.next().await;
            Some((Ok(response(state)), watcher))
        });
        Ok(Response::new(Box::pin(changes)))
    }
}

struct Watcher {
    service: String,
    states: watch::Receiver<States>,
    told: Option<ServingStatus>,
}

impl Watcher {
    /// The next state that differs from the one that was told.
    async fn next(&mut self) -> ServingStatus {
        loop {
            let state = self.states.borrow_and_update().get(&self.service).copied();
            let state = state.unwrap_or(ServingStatus::ServiceUnknown);
            if self.told.replace(state) != Some(state) {
                return state;
            }
            if self.states.changed().await.is_err() {
                // The last word was told; the shutdown ends the stream.
                std::future::pending::<()>().await;
            }
        }
    }
}

fn response(state: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: state.into(),
    }
}

/// The services of the contract, by full name.
fn services() -> impl Iterator<Item = String> {
    let services = DESCRIPTOR_POOL.services();
    services.map(|service| service.full_name().to_owned())
}

fn serves(service: &str, parts: Parts) -> bool {
    match service {
        // They work on texts and descriptors alone.
        "etude.v1.TestService" | "etude.v1.ServerService" => true,
        "etude.v1.ArtifactService" => parts.store,
        // Sessions, runs and every command act on a browser and leave traces in the store.
        _ => parts.browser && parts.store,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHOUT_BROWSER: Parts = Parts {
        browser: false,
        store: true,
    };

    #[test]
    fn commands_sessions_and_runs_need_a_browser() {
        for service in [
            "RunService",
            "SessionService",
            "InteractService",
            "CommandService",
        ] {
            assert!(
                !serves(&format!("etude.v1.{service}"), WITHOUT_BROWSER),
                "{service}"
            );
        }
        assert!(serves("etude.v1.ArtifactService", WITHOUT_BROWSER));
        assert!(serves("etude.v1.TestService", WITHOUT_BROWSER));
    }

    #[test]
    fn artifacts_need_the_store() {
        let parts = Parts {
            browser: true,
            store: false,
        };
        assert!(!serves("etude.v1.ArtifactService", parts));
        assert!(!serves("etude.v1.RunService", parts));
    }

    #[test]
    fn every_service_of_the_contract_is_known() {
        assert!(services().count() >= 15);
        assert!(services().all(|service| service.starts_with("etude.v1.")));
    }
}
