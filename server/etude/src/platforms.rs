//! The platforms that a server knows.

mod accounts;
mod port;

use std::collections::BTreeMap;
use std::sync::Arc;

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};
use etude_platform::client::Client;

use crate::config::{LOCAL, VIRTUOSO, either};
pub(crate) use accounts::open;
pub(crate) use port::PlatformPort;

/// The platforms that a server knows. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Platforms {
    inner: Arc<Inner>,
}

struct Inner {
    local: Client,
    /// The cloud and its further accounts, by their names.
    accounts: BTreeMap<String, Account>,
    default: String,
}

/// An account of the cloud.
pub(crate) enum Account {
    Open(Client),
    /// There is no token for it; what to do.
    Closed(String),
}

/// The platform that a call is for.
pub(crate) struct Chosen {
    pub(crate) name: String,
    /// Whether calls go there that name none.
    pub(crate) is_default: bool,
    /// `PLATFORM_NOT_CONFIGURED`: there is no token for it.
    pub(crate) client: Result<Client>,
}

impl Platforms {
    /// The local platform, the cloud, which `accounts` must have, and its further accounts.
    pub(crate) fn new(
        local: Client,
        accounts: BTreeMap<String, Account>,
        default: Option<String>,
    ) -> Self {
        let usual = match accounts.get(VIRTUOSO) {
            Some(Account::Open(_)) => VIRTUOSO,
            _ => LOCAL,
        };
        Self {
            inner: Arc::new(Inner {
                local,
                accounts,
                default: default.unwrap_or_else(|| usual.to_owned()),
            }),
        }
    }

    /// The client of a platform that `field` of a request names; empty: of the default one.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`: there is no platform of this name. `PLATFORM_NOT_CONFIGURED`: there is no
    /// token for it.
    pub(crate) fn client(&self, field: &str, name: &str) -> Result<Client> {
        self.chosen(field, name)?.client
    }

    /// The platform that `field` of a request names; empty: the default one.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`: there is no platform of this name.
    pub(crate) fn chosen(&self, field: &str, name: &str) -> Result<Chosen> {
        let name = match name {
            "" => &self.inner.default,
            name => name,
        };
        let client = match (name, self.inner.accounts.get(name)) {
            (LOCAL, _) => Ok(self.inner.local.clone()),
            (_, Some(Account::Open(client))) => Ok(client.clone()),
            (_, Some(Account::Closed(why))) => {
                Err(Error::new(ErrorReason::PlatformNotConfigured, why.clone()))
            }
            (other, None) => return Err(self.unknown(field, other)),
        };
        Ok(Chosen {
            name: name.to_owned(),
            is_default: name == self.inner.default,
            client,
        })
    }

    /// Makes everybody look who waits for something on a platform to change.
    pub(crate) fn wake(&self, name: &str) {
        if let Some(Account::Open(client)) = self.inner.accounts.get(name) {
            client.wake();
        }
    }

    fn unknown(&self, field: &str, name: &str) -> Error {
        let accounts = self.inner.accounts.keys().map(String::as_str);
        let known = either(std::iter::once(LOCAL).chain(accounts));
        let message = format!("`{name}` is no platform of this server; write {known}");
        Error::invalid(field, "in", message)
    }
}
