//! `PlatformService`.

use std::time::Duration;

use etude::v1::{self, ErrorReason, TokenState};
use etude_engine::Result;

use crate::calls::organization;
use crate::client::{BreakerState, Client, Metrics};
use crate::lookup;

/// How long the platform may take to say whether it takes the token.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a platform is like, and whether it takes the client's token. The caller says what it is
/// called.
pub async fn present(client: &Client) -> v1::Platform {
    let (token, detail) = token(client).await;
    let organization = match token {
        TokenState::Valid | TokenState::NotNeeded => client.organization().await.ok(),
        _ => None,
    };
    v1::Platform {
        url: client.base_url().to_owned(),
        organization: organization.unwrap_or_default(),
        token: token.into(),
        detail,
        metrics: Some(metrics(client.metrics())),
        ..v1::Platform::default()
    }
}

/// Finds a resource by its path.
///
/// # Errors
///
/// `PLATFORM_NOT_FOUND`; `PLATFORM_IDENTIFIER_AMBIGUOUS`; those of [`Client::call`].
pub async fn resolve_name(
    client: &Client,
    request: v1::ResolveNameRequest,
) -> Result<v1::ResolveNameResponse> {
    let found = lookup::resolve(client, &request.path, &request.collections, &request.parent);
    Ok(v1::ResolveNameResponse { name: found.await? })
}

/// Whether the platform takes the token, and why not.
async fn token(client: &Client) -> (TokenState, String) {
    if client.is_local() {
        return (TokenState::NotNeeded, String::new());
    }
    let client = client.fresh();
    let asked = tokio::time::timeout(PATIENCE, client.call(organization::user())).await;
    match asked {
        Ok(Ok(_)) => (TokenState::Valid, String::new()),
        Ok(Err(error)) if error.reason == ErrorReason::PlatformUnauthenticated => {
            (TokenState::Refused, error.message)
        }
        Ok(Err(error)) => (TokenState::Unknown, error.message),
        Err(_) => {
            let detail = format!("the platform has not answered within {PATIENCE:?}");
            (TokenState::Unknown, detail)
        }
    }
}

fn metrics(metrics: Metrics) -> v1::PlatformMetrics {
    let breaker = match metrics.breaker {
        BreakerState::Closed => v1::BreakerState::Closed,
        BreakerState::Open => v1::BreakerState::Open,
        BreakerState::HalfOpen => v1::BreakerState::HalfOpen,
    };
    v1::PlatformMetrics {
        requests: metrics.requests,
        retries: metrics.retries,
        failures: metrics.failures,
        throttled: metrics.throttled,
        rate_limited: metrics.rate_limited,
        queue_refused: metrics.queue_refused,
        breaker: breaker.into(),
        breaker_refused: metrics.breaker_refused,
        breaker_opened: metrics.breaker_opened,
        settled: metrics.settled,
        cache_hits: metrics.cache_hits,
        cache_misses: metrics.cache_misses,
        in_flight: metrics.in_flight,
        queued: metrics.queued,
    }
}
