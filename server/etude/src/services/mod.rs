//! The gRPC services, one file each.

use axum::Router;
use etude::FILE_DESCRIPTOR_SET;
use tonic::service::Routes;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_reflection::server::Builder as Reflection;

use crate::server::StartError;

/// Puts the services together.
pub(crate) fn routes(health: HealthServer<impl Health>) -> Result<Router, StartError> {
    let (v1, v1alpha) = (reflection(), reflection());
    // Many tools know the older protocol only, and newer ones try it when the first fails.
    let v1 = v1.build_v1().map_err(|error| StartError::defect(&error))?;
    let v1alpha = v1alpha
        .build_v1alpha()
        .map_err(|error| StartError::defect(&error))?;
    let routes = Routes::new(health).add_service(v1).add_service(v1alpha);
    Ok(routes.prepare().into_axum_router())
}

fn reflection() -> Reflection<'static> {
    Reflection::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
