//! Platforms that hold projects, goals, journeys and steps: the local one, the cloud, and further
//! accounts there.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use etude_platform::client::{ClientOptions, Limits};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{ConfigError, is_web_address, span};

/// The platform in the server itself.
pub(crate) const LOCAL: &str = "local";

/// The cloud, with the account that `platform.url` and its neighbours tell of.
pub(crate) const VIRTUOSO: &str = "virtuoso";

/// The most characters in the name of an account.
const MAX_NAME: usize = 63;

/// Platforms that hold projects, goals, journeys and steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformConfig {
    /// The loopback port of the local platform's HTTP API; 0 takes any free one, and `None` serves
    /// none.
    pub port: Option<u16>,
    /// Name of the secret that callers of that port must send as their token.
    pub port_token_secret: Option<String>,
    /// The platform of calls that name none: `local`, `virtuoso` or the name of an account.
    pub default: Option<String>,
    /// Base address of the Virtuoso cloud's API.
    pub url: String,
    /// Number of the organization in the cloud.
    pub organization: Option<u64>,
    /// A file that holds the cloud's API token.
    pub token_file: Option<PathBuf>,
    /// Where `etude platform login` has kept a token; it comes after all else.
    #[serde(skip)]
    pub login_file: Option<PathBuf>,
    /// Name of the secret that is the cloud's API token.
    pub token_secret: String,
    /// Name of the secret that webhooks of the cloud must bring; `None`: none are accepted.
    pub webhook_secret: Option<String>,
    /// Requests to the cloud that may be under way at the same time, for each account.
    pub max_concurrent: usize,
    /// Requests to the cloud that may wait, for each account.
    pub max_queued: usize,
    /// How long a request to the cloud may take.
    #[serde(with = "span")]
    pub timeout: Duration,
    /// How long until an execution in the cloud that somebody waits for is read again.
    #[serde(with = "span")]
    pub poll_interval: Duration,
    /// Further accounts of the cloud, by the names that calls use.
    pub accounts: BTreeMap<String, AccountConfig>,
}

impl Default for PlatformConfig {
    fn default() -> Self {
        Self {
            port: None,
            port_token_secret: None,
            default: None,
            url: "https://api-app2.virtuoso.qa/api".to_owned(),
            organization: None,
            token_file: None,
            login_file: None,
            token_secret: "VIRTUOSO_API_TOKEN".to_owned(),
            webhook_secret: None,
            max_concurrent: 64,
            max_queued: 1024,
            timeout: Duration::from_secs(30),
            poll_interval: Duration::from_secs(2),
            accounts: BTreeMap::new(),
        }
    }
}

/// An account of the cloud.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountConfig {
    /// Base address of the API; `None`: that of the cloud.
    pub url: Option<String>,
    /// Number of the organization.
    pub organization: Option<u64>,
    /// A file that holds the token.
    pub token_file: Option<PathBuf>,
    /// Name of the secret that is the token.
    pub token_secret: Option<String>,
    /// Name of the secret that its webhooks must bring; `None`: none are accepted.
    pub webhook_secret: Option<String>,
}

impl PlatformConfig {
    /// How the cloud is reached with a token.
    pub fn client_options(&self, token: SecretString) -> ClientOptions {
        self.options(VIRTUOSO, &self.url, self.organization, token)
    }

    /// How an account is reached with its token.
    pub fn account_options(
        &self,
        name: &str,
        account: &AccountConfig,
        token: SecretString,
    ) -> ClientOptions {
        let url = account.url.as_ref().unwrap_or(&self.url);
        self.options(name, url, account.organization, token)
    }

    fn options(
        &self,
        name: &str,
        url: &str,
        organization: Option<u64>,
        token: SecretString,
    ) -> ClientOptions {
        ClientOptions {
            name: name.to_owned(),
            organization: organization.map(u64::cast_signed),
            limits: Limits {
                timeout: self.timeout,
                slow_timeout: self.timeout * 10,
                concurrency: self.max_concurrent,
                queue: self.max_queued,
                poll_interval: self.poll_interval,
                ..Limits::default()
            },
            ..ClientOptions::new(url, token)
        }
    }

    /// The names of all platforms, the local one first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let accounts = self.accounts.keys().map(String::as_str);
        [LOCAL, VIRTUOSO].into_iter().chain(accounts)
    }

    pub(super) fn check(&self, error: &mut ConfigError) {
        check_url("platform.url", &self.url, error);
        for (name, account) in &self.accounts {
            account.check(name, error);
        }
        let Some(default) = &self.default else { return };
        if !self.names().any(|name| name == default) {
            error.add(
                "platform.default",
                format!("`{default}` is no platform"),
                format!("write {}", either(self.names())),
            );
        }
    }
}

impl AccountConfig {
    fn check(&self, name: &str, error: &mut ConfigError) {
        let place = format!("platform.accounts.{name}");
        if !is_platform_name(name) || [LOCAL, VIRTUOSO].contains(&name) {
            error.add(
                &place,
                format!("`{name}` cannot be the name of an account"),
                "take another, of 1 to 63 lower-case letters, digits and hyphens, with a letter \
                 first; local and virtuoso have their meanings already",
            );
        }
        if let Some(url) = &self.url {
            check_url(&format!("{place}.url"), url, error);
        }
        if self.token_file.is_some() == self.token_secret.is_some() {
            let what = match self.token_file {
                Some(_) => "has its token in two places",
                None => "does not say where its token is",
            };
            error.add(&place, what, "set one of token_file and token_secret");
        }
    }
}

fn check_url(place: &str, url: &str, error: &mut ConfigError) {
    if !is_web_address(url) {
        error.add(
            place,
            "is not an address of http or https",
            "write it like https://api.virtuoso.qa/api",
        );
    }
}

/// Whether this may be the name of a platform: `local`, `virtuoso`, or that of an account, which is
/// 1 to 63 lower-case letters, digits and hyphens with a letter first.
pub fn is_platform_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= MAX_NAME
        && name.bytes().all(is_part)
}

/// `a, b or c`.
pub(crate) fn either<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
