//! The client of the platform's HTTP API: the cloud's, or the local one within this process.
//!
//! [`Client::call`] sends a [`Call`](crate::calls::Call) through the layers of `layers` and reads
//! its answer. Creating calls have methods of their own in `creates`: when the answer to one is
//! lost, they read back what has become of it, so that nothing is made twice and no success is
//! told that did not happen.
//!
//! A client belongs to one token. It is cheap to clone; its clones share connections, limits and
//! cache. Dropping a call's future gives its place free at once and closes its request.

mod account;
mod answer;
mod creates;
mod failure;
mod layers;
mod looks;
mod metrics;
mod options;
mod pictures;
mod settle;
mod transport;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use etude_engine::{Error, Result};

use crate::calls::{Call, Kind};
pub(crate) use failure::Failure;
use layers::{Layer as _, Stack};
pub(crate) use looks::Looks;
pub use metrics::{BreakerState, Metrics};
pub use options::{BreakerOptions, ClientOptions, Limits};
use pictures::Pictures;
use settle::Baselines;
use tokio::sync::OnceCell;
use transport::Transport;
pub(crate) use turns::CheckpointTurn;

/// On the local platform every number is an organization; this is the client's.
const LOCAL_ORGANIZATION: i64 = 1;

/// A client of a platform.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    fresh: bool,
}

struct Shared {
    name: String,
    is_local: bool,
    base_url: String,
    organization: OnceCell<i64>,
    stack: Stack,
    counters: Arc<metrics::Counters>,
    baselines: Baselines,
    turns: turns::Turns,
    first_look: Duration,
    poll_interval: Duration,
    poll_distance: Duration,
    /// Told whenever the platform has told something.
    woken: tokio::sync::watch::Sender<()>,
    pictures: Pictures,
}

impl Client {
    /// A client of a platform behind an address.
    ///
    /// # Errors
    ///
    /// PLATFORM_NOT_CONFIGURED: the token is empty or cannot stand in a header, or the address is
    /// none.
    pub fn remote(options: ClientOptions) -> Result<Self> {
        let transport = Transport::remote(&options)?;
        let pictures = Pictures::remote(&options)?;
        let organization = OnceCell::new_with(options.organization);
        Ok(Self::over(
            options.name,
            transport,
            pictures,
            &options.limits,
            organization,
        ))
    }

    /// A client of the local platform, whose router has its paths below `/api` and asks for no
    /// token.
    pub fn local(router: axum::Router) -> Self {
        let limits = Limits::within_process();
        let organization = OnceCell::new_with(Some(LOCAL_ORGANIZATION));
        let pictures = Pictures::Local(router.clone());
        let name = "local".to_owned();
        let transport = Transport::local(router);
        Self::over(name, transport, pictures, &limits, organization)
    }

    fn over(
        name: String,
        transport: Transport,
        pictures: Pictures,
        limits: &Limits,
        organization: OnceCell<i64>,
    ) -> Self {
        let counters = Arc::new(metrics::Counters::default());
        let shared = Shared {
            name,
            is_local: matches!(transport, Transport::Local(_)),
            base_url: transport.base_url().to_owned(),
            organization,
            stack: layers::stack(transport, limits, &counters),
            counters,
            baselines: Baselines::default(),
            turns: turns::Turns::default(),
            first_look: limits.first_look,
            poll_interval: limits.poll_interval,
            poll_distance: limits.poll_distance,
            woken: tokio::sync::watch::Sender::new(()),
            pictures,
        };
        Self {
            shared: Arc::new(shared),
            fresh: false,
        }
    }

    /// The same client, reading nothing from its cache: for what is read to be certain.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            fresh: true,
        }
    }

    /// Sends a call and reads its answer.
    ///
    /// # Errors
    ///
    /// A reason PLATFORM_…, with the platform's own code and words in the metadata.
    /// PLATFORM_OUTCOME_UNKNOWN: the answer to a creating call was lost.
    pub async fn call<T>(&self, call: Call<T>) -> Result<T> {
        match self.attempt(&call).await {
            Ok(answer) => Ok(answer),
            Err(failure) if call.request.kind == Kind::Create && failure.may_have_happened() => {
                Err(settle::unknown(&call.request, &failure))
            }
            Err(failure) => Err(failure.into_error(&call.request)),
        }
    }

    /// Sends a call once through all layers.
    async fn attempt<T>(&self, call: &Call<T>) -> Result<T, Failure> {
        let answer = if self.fresh && call.request.kind == Kind::Read {
            let mut request = call.request.clone();
            request.kind = Kind::Watch;
            self.shared.stack.send(&request).await?
        } else {
            self.shared.stack.send(&call.request).await?
        };
        call.read(answer).map_err(|error| Failure::BadAnswer {
            success: true,
            what: format!("it lacks what such an answer has: {error}"),
        })
    }

    /// What the client has done so far, and its state.
    pub fn metrics(&self) -> Metrics {
        self.shared.stack.metrics(&self.shared.counters)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("metrics", &self.metrics())
            .finish_non_exhaustive()
    }
}

/// What is wrong with the settings of a client.
fn not_configured(message: impl Into<String>) -> Error {
    Error::new(etude::v1::ErrorReason::PlatformNotConfigured, message)
}

#[cfg(test)]
mod tests;
