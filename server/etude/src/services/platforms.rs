//! `PlatformService`.

use etude::v1;
use etude::v1::platform_service_server::PlatformService;
use etude_platform::resources::platforms;
use tonic::{Request, Response, Status};

use super::answer;
use super::resources::Resources;
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
                    id: chosen.name.word().to_owned(),
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
}
