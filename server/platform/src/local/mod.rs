//! A server that is compatible with the platform: the same HTTP API below `/api`, over records.
//!
//! One file of handlers a resource; [`router`] is the list of all routes. A handler reads or
//! changes everything that it needs in one transaction, so that a request is done wholly or not
//! at all.

mod accept;
mod answer;
mod api_tests;
mod checkpoints;
mod csv;
mod entity;
mod environments;
mod executions;
mod goals;
mod journeys;
mod library;
mod people;
mod plans;
mod projects;
mod request;
mod routes;
mod scripts;
mod steps;
mod steps_list;
mod test_data;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use etude_engine::records::Records;
use etude_engine::runs::Runs;
use etude_engine::store::Store;
use http::StatusCode;
use secrecy::SecretString;

use self::answer::Problem;
use self::executions::Progresses;

pub use routes::router;

/// How the server behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The token that callers must send; none: anybody on this machine may call.
    pub token: Option<SecretString>,
}

/// What handlers work with. Clones share everything.
#[derive(Clone)]
pub struct Local {
    options: Arc<Options>,
    records: Arc<dyn Records>,
    engine: Option<Engine>,
    /// Where the router is served.
    address: Arc<OnceLock<String>>,
}

/// What executes journeys.
#[derive(Clone)]
struct Engine {
    runs: Runs,
    store: Arc<dyn Store>,
    progress: Progresses,
}

impl Local {
    /// A platform whose resources are kept in `records`. It executes nothing.
    pub fn new(options: Options, records: Arc<dyn Records>) -> Self {
        Self {
            options: Arc::new(options),
            records,
            engine: None,
            address: Arc::default(),
        }
    }

    /// The same platform, behaving in another way.
    #[must_use]
    pub fn with(&self, options: Options) -> Self {
        Self {
            options: Arc::new(options),
            ..self.clone()
        }
    }

    /// Says where the router is served, so that callers in this process get addresses that open. The
    /// first call counts.
    pub fn serve_at(&self, address: SocketAddr) {
        // A second call changes nothing.
        let _ = self.address.set(format!("http://{address}"));
    }

    fn address(&self) -> Option<&String> {
        self.address.get()
    }

    /// The same, executing journeys as `runs`, which `store` keeps.
    #[must_use]
    pub fn executing(self, runs: Runs, store: Arc<dyn Store>) -> Self {
        Self {
            engine: Some(Engine {
                runs,
                store,
                progress: Progresses::default(),
            }),
            ..self
        }
    }

    fn token(&self) -> Option<&SecretString> {
        self.options.token.as_ref()
    }

    fn records(&self) -> &dyn Records {
        &*self.records
    }

    fn engine(&self) -> Result<&Engine, Problem> {
        self.engine.as_ref().ok_or_else(|| {
            let message = "this server executes nothing: it was started without an engine";
            Problem::new(StatusCode::NOT_IMPLEMENTED, "501", message)
        })
    }
}
