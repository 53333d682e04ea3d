//! Who a token belongs to.

use serde_json::Value;

use super::Call;

/// The user whose token it is: an object with `id`, and `organizationId` or `organizations`.
pub fn user() -> Call<Value> {
    Call::get("/user".to_owned())
}
