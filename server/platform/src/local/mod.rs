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
mod goals;
mod journeys;
mod library;
mod people;
mod projects;
mod request;
mod routes;
mod scripts;
mod steps;
mod steps_list;
mod test_data;

use std::sync::Arc;

use etude_engine::records::Records;
use secrecy::SecretString;

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
    parts: Arc<Parts>,
}

struct Parts {
    options: Options,
    records: Arc<dyn Records>,
}

impl Local {
    /// A platform whose resources are kept in `records`.
    pub fn new(options: Options, records: Arc<dyn Records>) -> Self {
        Self {
            parts: Arc::new(Parts { options, records }),
        }
    }

    fn token(&self) -> Option<&SecretString> {
        self.parts.options.token.as_ref()
    }

    fn records(&self) -> &dyn Records {
        &*self.parts.records
    }
}
