//! The services, put together.

use std::sync::Arc;

use axum::Router;
use etude::FILE_DESCRIPTOR_SET;
use etude::v1;
use etude::v1::api_test_service_server::ApiTestServiceServer;
use etude::v1::artifact_service_server::ArtifactServiceServer;
use etude::v1::checkpoint_service_server::CheckpointServiceServer;
use etude::v1::command_service_server::CommandServiceServer;
use etude::v1::environment_service_server::EnvironmentServiceServer;
use etude::v1::execution_service_server::ExecutionServiceServer;
use etude::v1::extension_service_server::ExtensionServiceServer;
use etude::v1::goal_service_server::GoalServiceServer;
use etude::v1::journey_service_server::JourneyServiceServer;
use etude::v1::library_checkpoint_service_server::LibraryCheckpointServiceServer;
use etude::v1::plan_service_server::PlanServiceServer;
use etude::v1::platform_service_server::PlatformServiceServer;
use etude::v1::project_service_server::ProjectServiceServer;
use etude::v1::run_service_server::RunServiceServer;
use etude::v1::server_service_server::ServerServiceServer;
use etude::v1::session_service_server::SessionServiceServer;
use etude::v1::step_service_server::StepServiceServer;
use etude::v1::test_data_table_service_server::TestDataTableServiceServer;
use etude::v1::test_service_server::TestServiceServer;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::service::Routes;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_reflection::server::Builder as Reflection;

use super::Engine;
use super::artifacts::Artifacts;
use super::catalogue::Catalogue;
use super::commands::Commands;
use super::documents::Documents;
use super::info::ServerInfo;
use super::resources::Resources;
use super::runs::RunCalls;
use super::sessions::SessionCalls;
use crate::server::StartError;

/// Largest message that is accepted, in bytes: 1 MiB of content and room for what is around it.
pub(crate) const MESSAGE_BYTES: usize = 1024 * 1024 + 64 * 1024;

/// Largest message that is sent, in bytes: what every gRPC client accepts. By design none is
/// larger than 1 MiB, but for a compiled test of a file that nearly is.
const SENT_BYTES: usize = 4 * 1024 * 1024;

/// Sets what is the same for every service of the contract.
macro_rules! served {
    ($server:expr) => {
        $server
            .accept_compressed(Gzip)
            .accept_compressed(Zstd)
            .send_compressed(Zstd)
            .send_compressed(Gzip)
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(SENT_BYTES)
    };
}

/// Puts the services together.
pub(crate) fn routes(
    engine: &Engine,
    health: HealthServer<impl Health>,
) -> Result<Router, StartError> {
    let sessions = || engine.sessions.clone();
    let commands = Arc::new(Commands::new(sessions()));
    let catalogue = Catalogue::new(Arc::clone(&commands));
    let mut routes = Routes::new(health)
        .add_service(served!(CommandServiceServer::new(catalogue)))
        .add_service(served!(SessionServiceServer::new(SessionCalls::new(
            sessions()
        ))))
        .add_service(served!(TestServiceServer::new(Documents)))
        .add_service(served!(RunServiceServer::new(RunCalls::new(
            engine.runs.clone()
        ))))
        .add_service(served!(ArtifactServiceServer::new(Artifacts::new(
            Arc::clone(&engine.store)
        ))))
        .add_service(served!(ServerServiceServer::new(ServerInfo::new(
            engine.clone()
        ))));
    let resources = Arc::new(Resources::new(
        engine.platforms.clone(),
        engine.inboxes.clone(),
        engine.answers.clone(),
    ));
    macro_rules! add_resources {
        ($($server:ident)*) => {$(
            let server = $server::from_arc(Arc::clone(&resources));
            routes = routes.add_service(served!(server));
        )*};
    }
    add_resources! {
        ProjectServiceServer
        GoalServiceServer
        JourneyServiceServer
        CheckpointServiceServer
        StepServiceServer
        LibraryCheckpointServiceServer
        EnvironmentServiceServer
        TestDataTableServiceServer
        ExtensionServiceServer
        ApiTestServiceServer
        PlanServiceServer
        PlatformServiceServer
        ExecutionServiceServer
    }
    macro_rules! add {
        ($module:ident, $service:ident, $server:ident, $($method:ident $request:ident $response:ident;)*) => {
            let server = v1::$module::$server::from_arc(Arc::clone(&commands));
            routes = routes.add_service(served!(server));
        };
    }
    etude::for_each_command_service!(add);
    // Many tools know the older protocol only, and newer ones try it when the first fails.
    let v1 = reflection().build_v1();
    let v1alpha = reflection().build_v1alpha();
    let routes = routes
        .add_service(v1.map_err(|error| StartError::defect(&error))?)
        .add_service(v1alpha.map_err(|error| StartError::defect(&error))?);
    Ok(routes.prepare().into_axum_router())
}

fn reflection() -> Reflection<'static> {
    Reflection::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        // The details of errors, so that tools can print them.
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}
