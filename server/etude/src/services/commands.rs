//! The services of which every method executes one command.

use etude::command::CommandRequest;
use etude::v1;
use etude::validate::Validate;
use etude_engine::sessions::Sessions;
use tonic::{Request, Response, Status};

use super::{answer, note_session};

/// Executes the command of any of these methods.
#[derive(Clone)]
pub(super) struct Commands {
    sessions: Sessions,
}

impl Commands {
    pub(super) fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }

    async fn call<R>(&self, request: Request<R>) -> Result<Response<R::Response>, Status>
    where
        R: CommandRequest + Validate,
    {
        answer(request, async |request: R| {
            let (context, command) = request.into_parts();
            let context = context.unwrap_or_default();
            note_session(&context.session);
            let result = self.sessions.execute(context, command).await?;
            Ok(result.into())
        })
        .await
    }
}

macro_rules! implement {
    ($module:ident, $service:ident, $server:ident, $($method:ident $request:ident $response:ident;)*) => {
        #[tonic::async_trait]
        impl v1::$module::$service for Commands {
            $(async fn $method(
                &self,
                request: Request<v1::$request>,
            ) -> Result<Response<v1::$response>, Status> {
                self.call(request).await
            })*
        }
    };
}

etude::for_each_command_service!(implement);
