//! `PlatformService`.

use etude::v1;
use etude::v1::platform_service_server::PlatformService;
use etude_engine::Error;
use etude_platform::deploy::deploy_test;
use etude_platform::events::EventLog;
use etude_platform::pull::pull_tests;
use etude_platform::resources::platforms;
use tonic::{Request, Response, Status};

use super::resources::{Messages, Resources, messages};
use super::{answer, check};
use crate::status::to_status;

#[tonic::async_trait]
impl PlatformService for Resources {
    async fn get_platform(
        &self,
        request: Request<v1::GetPlatformRequest>,
    ) -> Result<Response<v1::GetPlatformResponse>, Status> {
        let chosen = self.chosen(&request).map_err(to_status)?;
        answer(request, async |_| {
            let platform = match &chosen.client {
                Ok(client) => platforms::present(client).await,
                Err(error) => v1::Platform {
                    token: v1::TokenState::Missing.into(),
                    detail: error.message.clone(),
                    ..v1::Platform::default()
                },
            };
            Ok(v1::GetPlatformResponse {
                platform: Some(v1::Platform {
                    webhooks: self.inboxes.metrics(&chosen.name),
                    id: chosen.name,
                    is_default: chosen.is_default,
                    ..platform
                }),
            })
        })
        .await
    }

    async fn resolve_name(
        &self,
        request: Request<v1::ResolveNameRequest>,
    ) -> Result<Response<v1::ResolveNameResponse>, Status> {
        let client = self.client(&request)?;
        answer(request, async |request| {
            platforms::resolve_name(&client, request).await
        })
        .await
    }

    type DeployTestStream = Messages<v1::DeployTestResponse>;

    async fn deploy_test(
        &self,
        request: Request<v1::DeployTestRequest>,
    ) -> Result<Response<Self::DeployTestStream>, Status> {
        let client = self.client(&request)?;
        let request = check(request)?;
        messages(deploy_test(&client, request).await)
    }

    type PullTestsStream = Messages<v1::PullTestsResponse>;

    async fn pull_tests(
        &self,
        request: Request<v1::PullTestsRequest>,
    ) -> Result<Response<Self::PullTestsStream>, Status> {
        let client = self.client(&request)?;
        let request = check(request)?;
        messages(pull_tests(&client, request).await)
    }

    async fn list_platform_events(
        &self,
        request: Request<v1::ListPlatformEventsRequest>,
    ) -> Result<Response<v1::ListPlatformEventsResponse>, Status> {
        let events = self.events(&request)?;
        answer(request, async |request| events.list(request).await).await
    }

    type WatchPlatformEventsStream = Messages<v1::WatchPlatformEventsResponse>;

    async fn watch_platform_events(
        &self,
        request: Request<v1::WatchPlatformEventsRequest>,
    ) -> Result<Response<Self::WatchPlatformEventsStream>, Status> {
        let events = self.events(&request)?;
        let request = check(request)?;
        messages(events.watch(request).await)
    }
}

impl Resources {
    /// The events of the platform that a call is for. They can be read without a token for it.
    fn events<M>(&self, request: &Request<M>) -> Result<EventLog, Status> {
        let chosen = self.chosen(request).map_err(to_status)?;
        let log = self.inboxes.log(&chosen.name).cloned();
        log.ok_or_else(|| to_status(Error::internal(format!("{} has no log", chosen.name))))
    }
}
