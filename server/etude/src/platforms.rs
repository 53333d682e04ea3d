//! The platforms that a server knows.

use std::sync::Arc;

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};
use etude_platform::client::Client;

use crate::config::PlatformName;

/// The platforms that a server knows. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Platforms {
    inner: Arc<Inner>,
}

struct Inner {
    local: Client,
    /// `None`: there is no token.
    virtuoso: Option<Client>,
    default: PlatformName,
}

/// The platform that a call is for.
pub(crate) struct Chosen {
    pub(crate) name: PlatformName,
    /// Whether calls go there that name none.
    pub(crate) is_default: bool,
    /// `PLATFORM_NOT_CONFIGURED`: there is no token for it.
    pub(crate) client: Result<Client>,
}

impl Platforms {
    /// The local platform and, with a token, the cloud.
    pub(crate) fn new(
        local: Client,
        virtuoso: Option<Client>,
        default: Option<PlatformName>,
    ) -> Self {
        let usual = match virtuoso {
            Some(_) => PlatformName::Virtuoso,
            None => PlatformName::Local,
        };
        Self {
            inner: Arc::new(Inner {
                local,
                virtuoso,
                default: default.unwrap_or(usual),
            }),
        }
    }

    /// The client of a platform; `None` or empty: of the default one.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`: there is no platform of this name. `PLATFORM_NOT_CONFIGURED`: there is no
    /// token for it.
    pub(crate) fn client(&self, name: Option<&str>) -> Result<Client> {
        self.chosen(name)?.client
    }

    /// The platform of a name; `None` or empty: the default one.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`: there is no platform of this name.
    pub(crate) fn chosen(&self, name: Option<&str>) -> Result<Chosen> {
        let platform = match name {
            None | Some("") => self.inner.default,
            Some("local") => PlatformName::Local,
            Some("virtuoso") => PlatformName::Virtuoso,
            Some(other) => {
                let message = format!("`{other}` is no platform; write local or virtuoso");
                return Err(Error::invalid("etude-platform", "in", message));
            }
        };
        Ok(Chosen {
            name: platform,
            is_default: platform == self.inner.default,
            client: match platform {
                PlatformName::Local => Ok(self.inner.local.clone()),
                PlatformName::Virtuoso => self.inner.virtuoso.clone().ok_or_else(no_token),
            },
        })
    }
}

fn no_token() -> Error {
    let message = "there is no token for the Virtuoso cloud; keep one with `etude platform login`, \
                   or set VIRTUOSO_API_TOKEN or platform.token_file, or use the local platform \
                   (metadata etude-platform: local)";
    Error::new(ErrorReason::PlatformNotConfigured, message)
}
