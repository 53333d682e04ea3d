//! The platforms that a server knows, and what it has answered to request ids.

use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};
use etude_platform::client::Client;
use moka::future::Cache;
use prost::Message;

use crate::config::PlatformName;

/// How long an answer to a request id is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// The most answers that are remembered.
const MOST_REMEMBERED: u64 = 10_000;

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
    answers: Cache<String, Answer>,
}

/// The platform that a call is for.
pub(crate) struct Chosen {
    pub(crate) name: PlatformName,
    /// Whether calls go there that name none.
    pub(crate) is_default: bool,
    /// `PLATFORM_NOT_CONFIGURED`: there is no token for it.
    pub(crate) client: Result<Client>,
}

/// What was answered to a request id.
#[derive(Clone)]
struct Answer {
    /// Of the request, to tell a repetition from a reuse.
    fingerprint: u64,
    message: Arc<dyn Any + Send + Sync>,
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
        let answers = Cache::builder()
            .max_capacity(MOST_REMEMBERED)
            .time_to_live(REMEMBERED)
            .build();
        Self {
            inner: Arc::new(Inner {
                local,
                virtuoso,
                default: default.unwrap_or(usual),
                answers,
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

    /// What tells one request from another: its method, platform and content, without its id.
    pub(crate) fn fingerprint(&self, method: &str, client: &Client, request: &impl Message) -> u64 {
        let mut hasher = DefaultHasher::new();
        (method, client.is_local()).hash(&mut hasher);
        request.encode_to_vec().hash(&mut hasher);
        hasher.finish()
    }

    /// Does a piece of work once for a request id: a repetition waits for the first and gets its
    /// answer. What failed is done again.
    ///
    /// # Errors
    ///
    /// Those of the work; `REQUEST_ID_REUSED`.
    pub(crate) async fn once<A: Clone + Send + Sync + 'static>(
        &self,
        id: String,
        fingerprint: u64,
        work: impl Future<Output = Result<A>>,
    ) -> Result<A> {
        if id.is_empty() {
            return work.await;
        }
        let kept = async {
            let message = Arc::new(work.await?);
            Ok(Answer {
                fingerprint,
                message,
            })
        };
        let answer = self.inner.answers.try_get_with(id.clone(), kept).await;
        let answer = answer.map_err(|error: Arc<Error>| Error::clone(&error))?;
        let known = answer.message.downcast_ref::<A>();
        match known.filter(|_| answer.fingerprint == fingerprint) {
            Some(message) => Ok(message.clone()),
            None => Err(reused(&id)),
        }
    }
}

fn no_token() -> Error {
    let message = "there is no token for the Virtuoso cloud; keep one with `etude platform login`, \
                   or set VIRTUOSO_API_TOKEN or platform.token_file, or use the local platform \
                   (metadata etude-platform: local)";
    Error::new(ErrorReason::PlatformNotConfigured, message)
}

fn reused(id: &str) -> Error {
    let message = format!("the request id `{id}` belongs to another request; choose a new UUID");
    Error::new(ErrorReason::RequestIdReused, message).with("request_id", id)
}
