//! Whose token it is, and errors that do not come from one call.

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};
use serde_json::Value;

use super::{Client, not_configured};
use crate::calls::organization;

impl Client {
    /// The organization: the configured one, else the only one that the token's user belongs to.
    ///
    /// # Errors
    ///
    /// PLATFORM_NOT_CONFIGURED: the user belongs to none or to several. Otherwise as
    /// [`Client::call`].
    pub async fn organization(&self) -> Result<i64> {
        let kept = &self.shared.organization;
        let found = kept.get_or_try_init(|| async {
            let user = self.call(organization::user()).await?;
            organization_of(&user).ok_or_else(|| {
                let option = match self.name() {
                    "virtuoso" => "platform.organization (VIRTUOSO_ORG_ID)".to_owned(),
                    name => format!("platform.accounts.{name}.organization"),
                };
                not_configured(format!(
                    "the platform does not tell one organization of the token's user; set the \
                     organization's id, {option}"
                ))
            })
        });
        found.await.copied()
    }

    /// What the platform is called here: `local`, `virtuoso`, or the name of an account.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Whether the platform is the one within this process.
    pub fn is_local(&self) -> bool {
        self.shared.is_local
    }

    /// The base address of the platform's API; empty for the one within this process.
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// An answer of the platform lacks something that every such answer has.
    pub fn incomplete(&self, what: &str) -> Error {
        let message = format!("the platform's answer lacks {what}");
        Error::new(ErrorReason::PlatformBadResponse, message)
    }

    /// A resource was changed since it was read.
    pub fn conflict(&self, name: &str) -> Error {
        let message = format!("{name} has changed since it was read; read it again and repeat");
        Error::new(ErrorReason::PlatformConflict, message).resource(name)
    }

    /// The platform has no such resource.
    pub fn not_found(&self, name: &str) -> Error {
        let message = format!("the platform has no {name}, or the token cannot see it");
        Error::new(ErrorReason::PlatformNotFound, message).resource(name)
    }
}

/// The one organization of a user.
fn organization_of(user: &Value) -> Option<i64> {
    let number = |value: &Value| {
        let id = value.get("id").unwrap_or(value);
        id.as_i64().or_else(|| id.as_str()?.parse().ok())
    };
    if let Some(id) = user.get("organizationId").and_then(number) {
        return Some(id);
    }
    let all: Vec<i64> = match user.get("organizations")? {
        Value::Array(items) => items.iter().filter_map(number).collect(),
        Value::Object(map) => map.keys().filter_map(|key| key.parse().ok()).collect(),
        _ => Vec::new(),
    };
    match all.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}
