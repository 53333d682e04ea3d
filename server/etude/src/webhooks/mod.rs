//! Incoming webhooks: `POST /webhooks/{platform}` makes what a platform tells an event.
//!
//! [`Inboxes`] says which platforms may tell something and by which token; [`receive`] answers the
//! requests, and [`layer`] finds them among the calls. A platform without a token of ours is not
//! listened to: nobody can tell who calls.

mod layer;
mod receive;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use etude::v1;
use etude_engine::records::Records;
use etude_engine::secrets::Secrets;
use etude_platform::events::EventLog;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::{ConfigError, LOCAL, PlatformConfig, VIRTUOSO};
use crate::server::StartError;

pub(crate) use layer::WebhookLayer;
pub(crate) use receive::Receiver;

/// The fewest bytes of a token. An address on the internet is found and tried by everybody.
const TOKEN_BYTES: usize = 16;

/// Deliveries of a platform per second, and how many may come at once.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(50).unwrap();
const AT_ONCE: NonZeroU32 = NonZeroU32::new(200).unwrap();

/// The events of all platforms, and how they come in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Inboxes {
    by_platform: Arc<BTreeMap<String, Inbox>>,
}

/// The events of one platform.
struct Inbox {
    log: EventLog,
    /// Absent: there are no webhooks of this platform.
    entrance: Option<Entrance>,
}

/// Where a platform's webhooks come in.
enum Entrance {
    /// Nowhere, as long as this option is not set.
    Closed(String),
    Open(Door),
}

/// Who comes in.
struct Door {
    /// The digest of the token. Digests are compared, so that the time does not even tell how long
    /// the token is.
    token: Digest,
    rate: DefaultDirectRateLimiter,
    counts: Counts,
}

type Digest = [u8; 32];

/// What has come of a platform's webhooks.
#[derive(Default)]
struct Counts {
    accepted: AtomicU64,
    repeated: AtomicU64,
    unauthorized: AtomicU64,
    refused: AtomicU64,
}

impl Inboxes {
    /// Those of a configuration, with the tokens that it names.
    ///
    /// # Errors
    ///
    /// A token is missing, or so short that it can be guessed.
    pub(crate) fn open(
        config: &PlatformConfig,
        secrets: &Secrets,
        records: &Arc<dyn Records>,
    ) -> Result<Self, StartError> {
        let mut by_platform = BTreeMap::new();
        for name in config.names() {
            let inbox = Inbox {
                log: EventLog::new(name, Arc::clone(records)),
                entrance: entrance(config, secrets, name)?,
            };
            by_platform.insert(name.to_owned(), inbox);
        }
        Ok(Self {
            by_platform: Arc::new(by_platform),
        })
    }

    /// The events of a platform. Of one that there is not there are none.
    pub(crate) fn log(&self, platform: &str) -> Option<&EventLog> {
        self.by_platform.get(platform).map(|inbox| &inbox.log)
    }

    /// What has come of a platform's webhooks; `None`: there are none.
    pub(crate) fn metrics(&self, platform: &str) -> Option<v1::WebhookMetrics> {
        match &self.by_platform.get(platform)?.entrance {
            Some(Entrance::Open(door)) => Some(door.counts.metrics()),
            _ => None,
        }
    }
}

fn entrance(
    config: &PlatformConfig,
    secrets: &Secrets,
    name: &str,
) -> Result<Option<Entrance>, StartError> {
    let (option, secret) = match (name, config.accounts.get(name)) {
        (LOCAL, _) => return Ok(None),
        (VIRTUOSO, _) => ("platform.webhook_secret".to_owned(), &config.webhook_secret),
        (_, Some(account)) => (
            format!("platform.accounts.{name}.webhook_secret"),
            &account.webhook_secret,
        ),
        (_, None) => return Ok(None),
    };
    let Some(secret) = secret else {
        return Ok(Some(Entrance::Closed(option)));
    };
    let Some(token) = secrets.get(secret) else {
        let secret = secret.clone();
        return Err(StartError::SecretMissing { option, secret });
    };
    let token = token.expose_secret();
    if token.len() < TOKEN_BYTES {
        let what = format!(
            "names the secret `{secret}`, which has fewer than {TOKEN_BYTES} characters and could \
             be guessed"
        );
        let help = "make a new one, such as with `openssl rand -hex 24`";
        return Err(ConfigError::one(&option, what, help).into());
    }
    Ok(Some(Entrance::Open(Door::new(token))))
}

impl Door {
    fn new(token: &str) -> Self {
        let quota = Quota::per_second(PER_SECOND).allow_burst(AT_ONCE);
        Self {
            token: Sha256::digest(token).into(),
            rate: RateLimiter::direct(quota),
            counts: Counts::default(),
        }
    }

    /// Whether this is the token.
    fn knows(&self, token: &str) -> bool {
        let digest: Digest = Sha256::digest(token).into();
        digest.ct_eq(&self.token).into()
    }
}

impl Counts {
    fn metrics(&self) -> v1::WebhookMetrics {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        v1::WebhookMetrics {
            accepted: of(&self.accepted),
            repeated: of(&self.repeated),
            unauthorized: of(&self.unauthorized),
            refused: of(&self.refused),
        }
    }
}

/// Counts one more.
fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_held_back() {
        let door = Door::new("a token that is long enough");
        let passed = (0..10_000).filter(|_| door.rate.check().is_ok()).count();
        assert!(
            passed >= AT_ONCE.get() as usize && passed < 10_000,
            "{passed}"
        );
    }

    #[test]
    fn only_the_whole_token_is_known() {
        let door = Door::new("a token that is long enough");
        assert!(door.knows("a token that is long enough"));
        for other in [
            "",
            "a token",
            "a token that is long enough ",
            "A token that is long enough",
        ] {
            assert!(!door.knows(other), "{other:?}");
        }
    }
}
