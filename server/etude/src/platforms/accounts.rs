//! Opens the platforms of a configuration, with their tokens.

use std::collections::BTreeMap;
use std::path::Path;

use etude_engine::Error;
use etude_engine::secrets::Secrets;
use etude_platform::client::{Client, ClientOptions};
use etude_platform::local::{self, Local};
use secrecy::SecretString;

use super::{Account, Platforms};
use crate::config::{AccountConfig, ConfigError, PlatformConfig, VIRTUOSO};
use crate::server::StartError;

/// The variable in which other programs expect the cloud's token.
const TOKEN_VARIABLE: &str = "VIRTUOSO_API_TOKEN";

/// The platforms that calls can be for: the local one, the cloud, and its further accounts.
pub(crate) fn open(
    config: &PlatformConfig,
    secrets: &Secrets,
    local: Local,
) -> Result<Platforms, StartError> {
    let mut accounts = BTreeMap::from([(VIRTUOSO.to_owned(), cloud(config, secrets)?)]);
    for (name, account) in &config.accounts {
        let opened = further(config, secrets, name, account)?;
        accounts.insert(name.clone(), opened);
    }
    let local = Client::local(local::router(local));
    Ok(Platforms::new(local, accounts, config.default.clone()))
}

/// The account that is configured without a name.
fn cloud(config: &PlatformConfig, secrets: &Secrets) -> Result<Account, StartError> {
    match token(config, secrets)? {
        Some(token) => reach(config.client_options(token)),
        None => Ok(Account::Closed(
            "there is no token for the Virtuoso cloud; keep one with `etude platform login`, or \
             set VIRTUOSO_API_TOKEN or platform.token_file, or use the local platform (metadata \
             etude-platform: local)"
                .to_owned(),
        )),
    }
}

/// An account with a name. One whose secret is missing keeps no other from its work.
fn further(
    config: &PlatformConfig,
    secrets: &Secrets,
    name: &str,
    account: &AccountConfig,
) -> Result<Account, StartError> {
    let secret = account.token_secret.as_deref().unwrap_or_default();
    let token = match &account.token_file {
        Some(path) => {
            let option = format!("platform.accounts.{name}.token_file");
            Some(token_in(&option, path)?)
        }
        None => secrets.get(secret),
    };
    match token {
        Some(token) => reach(config.account_options(name, account, token)),
        None => Ok(Account::Closed(format!(
            "there is no token for the account {name}; set the secret {secret}, by the variable \
             ETUDE_SECRET_{secret} or as a file of that name in secrets.folder, and start the \
             server again"
        ))),
    }
}

fn reach(options: ClientOptions) -> Result<Account, StartError> {
    let name = options.name.clone();
    let client = Client::remote(options).map_err(|error| Error {
        message: format!("the platform {name} cannot be used: {}", error.message),
        ..error
    });
    Ok(Account::Open(client.map_err(StartError::Part)?))
}

/// The token of the cloud: from its file, else the secret, else the variable of other programs, else
/// what `etude platform login` has kept.
fn token(config: &PlatformConfig, secrets: &Secrets) -> Result<Option<SecretString>, StartError> {
    const OPTION: &str = "platform.token_file";
    if let Some(path) = &config.token_file {
        return token_in(OPTION, path).map(Some);
    }
    let variable = || {
        std::env::var(TOKEN_VARIABLE)
            .ok()
            .filter(|token| !token.is_empty())
    };
    let secret = secrets.get(&config.token_secret);
    match secret.or_else(|| variable().map(SecretString::from)) {
        Some(token) => Ok(Some(token)),
        None => {
            let kept = config.login_file.as_deref();
            kept.map(|path| token_in(OPTION, path)).transpose()
        }
    }
}

/// The token that a file holds, which an option names.
fn token_in(option: &str, path: &Path) -> Result<SecretString, StartError> {
    let text = std::fs::read_to_string(path).map_err(|cause| {
        let help = "name a readable file that holds the token and nothing else";
        let what = format!("{} cannot be read: {cause}", path.display());
        ConfigError::one(option, what, help)
    })?;
    Ok(text.trim().to_owned().into())
}
