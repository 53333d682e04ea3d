//! `grpc.health.v1`: the true state of every service, published when it changes.

use std::collections::BTreeMap;

use etude::DESCRIPTOR_POOL;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// Publishes the state of the services.
#[derive(Debug)]
pub(crate) struct HealthBoard {
    reporter: HealthReporter,
    published: BTreeMap<String, bool>,
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
    pub(crate) fn new(reporter: HealthReporter) -> Self {
        Self {
            reporter,
            published: BTreeMap::new(),
        }
    }

    /// Publishes what follows from the state of the parts. The server as a whole serves when all
    /// of its services do.
    pub(crate) async fn publish(&mut self, parts: Parts) {
        for service in services() {
            let serving = serves(&service, parts);
            self.set(service, serving).await;
        }
        self.set(String::new(), parts.browser && parts.store).await;
    }

    /// Publishes that nothing serves any more.
    pub(crate) async fn close(&mut self) {
        for service in services().chain([String::new()]) {
            self.set(service, false).await;
        }
    }

    async fn set(&mut self, service: String, serving: bool) {
        if self.published.insert(service.clone(), serving) == Some(serving) {
            return;
        }
        let status = match serving {
            true => ServingStatus::Serving,
            false => ServingStatus::NotServing,
        };
        self.reporter.set_service_status(service, status).await;
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
