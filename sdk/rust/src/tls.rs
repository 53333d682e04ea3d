//! Connections over TLS.

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use crate::error::{Error, Result};
use crate::v1::ErrorReason;

/// The endpoint over TLS, for servers whose certificate comes from `authority`, else from one that
/// the machine or Mozilla trusts.
pub(crate) fn secured(endpoint: Endpoint, authority: Option<&str>) -> Result<Endpoint> {
    let config = ClientTlsConfig::new();
    let secured = match authority {
        Some(pem) if !pem.contains("-----BEGIN CERTIFICATE-----") => {
            return Err(wrong("the authority's text holds no certificate in PEM"));
        }
        Some(pem) => endpoint.tls_config(config.ca_certificate(Certificate::from_pem(pem))),
        // A small container may have no certificates of its own.
        None => endpoint
            .clone()
            .tls_config(config.clone().with_enabled_roots())
            .or_else(|_| endpoint.tls_config(config.with_webpki_roots())),
    };
    secured.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        wrong(&cause.unwrap_or_else(|| error.to_string()))
    })
}

fn wrong(why: &str) -> Error {
    Error::new(
        ErrorReason::InvalidRequest,
        format!("TLS cannot be set up: {why}"),
    )
}
