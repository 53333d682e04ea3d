//! The user and the organizations. There is one user, and an organization is whatever number the
//! caller names: projects are kept apart by it.

use axum::extract::State;
use serde_json::{Value, json};

use super::Local;
use super::answer::{Answer, Reply};
use super::request::{Ids, Params};

/// The id of the one user.
pub(super) const USER: i64 = 1001;

/// The organization of whoever names none. There may be others: whoever names one is in it.
const ORGANIZATION: i64 = 1;

/// The one user, as executions name who started them.
pub(super) fn user() -> Value {
    json!({"userId": USER, "email": "local@localhost", "name": "Local user", "active": true})
}

/// A date as RFC 3339, of milliseconds since 1970.
pub(super) fn rfc3339(milliseconds: i64) -> Option<String> {
    let nanos = i128::from(milliseconds).checked_mul(1_000_000)?;
    let date = time::OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
    date.format(&time::format_description::well_known::Rfc3339)
        .ok()
}

/// GET /user
pub(super) async fn me() -> Reply {
    let mut me = user();
    me["id"] = USER.into();
    me["organizationId"] = ORGANIZATION.into();
    Answer::item(me)
}

/// GET /auth/sso, which needs no token: how people sign in. Here nobody does, neither at a provider nor
/// with a password.
pub(super) async fn sign_on() -> Reply {
    Answer::item(json!({"ssoAuthenticationInfo": {}, "allowPassword": false}))
}

/// GET /user/tokens: none are kept here.
pub(super) async fn tokens() -> Reply {
    Answer::items(json!([]))
}

/// GET /organizations/{id}
pub(super) async fn organization(Ids([id]): Ids<1>) -> Reply {
    Answer::item(json!({"id": id, "name": "Local organization"}))
}

/// GET /organizations/{id}/users
pub(super) async fn users(Ids([_]): Ids<1>) -> Reply {
    let mut user = user();
    user["id"] = USER.into();
    Answer::map([(USER, user)])
}

/// GET /organizations/{id}/project-roles
pub(super) async fn roles(Ids([_]): Ids<1>) -> Reply {
    Answer::items(json!([]))
}

/// GET /limits: this server has none of its own.
pub(super) async fn limits(State(_): State<Local>, params: Params) -> Reply {
    let organizations = params.ids("organizationIds")?;
    Answer::map(organizations.into_iter().map(|id| (id, json!({}))))
}

/// GET /bridges, /integrations and /integrations/installations: there are none.
pub(super) async fn none() -> Reply {
    Answer::items(json!([]))
}
